package data

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// ReadFiles reads files and joins them into one set; the path - is standard input. The files must have the same states, in any order, and units
// that can be converted to those of the first file that gives them, which is noted. A trajectory that its file does not name is called after the file; names that occur in
// several files are told apart by the file's name in front: "run1/a".
func ReadFiles(paths []string, opt ReadOptions) (*Set, error) {
	return ReadFilesContext(context.Background(), paths, opt)
}

// ReadFilesContext is ReadFiles that ends soon, with the context's error, when the context does: while a pipe has nothing to give, too.
func ReadFilesContext(ctx context.Context, paths []string, opt ReadOptions) (*Set, error) {
	if len(paths) == 0 {
		return nil, &Error{Msg: "there is no file to read"}
	}
	sets := make([]*Set, len(paths))
	columns, seen := map[string]bool{}, map[string]bool{}
	for i, path := range paths {
		if clean := filepath.Clean(path); seen[clean] {
			return nil, &Error{File: path, Msg: "the file is named twice"}
		} else {
			seen[clean] = true
		}
		source, raw, err := readSource(ctx, path)
		if err != nil {
			return nil, err
		}
		tb, err := parseTable(ctx, raw, fileLabel(path), opt, true)
		if err != nil {
			return nil, err
		}
		for c, cell := range tb.header {
			columns[tb.names[c]], columns[cleanName(cell)] = true, true
		}
		if sets[i], err = tb.set(opt, false); err != nil {
			return nil, err
		}
		sets[i].Sources = []Source{source}
	}
	for _, asked := range opt.Ignore { // a column may be left out that only one of the files has
		if !columns[cleanName(asked)] {
			return nil, unknownName("", asked, "--ignore", sortedNames(columns))
		}
	}
	set, err := join(paths, sets)
	if err != nil {
		return nil, err
	}
	set.describe()
	return set, nil
}

// join puts sets together; the first decides the order of the states.
func join(paths []string, sets []*Set) (*Set, error) {
	all := sets[0]
	weighted := false
	for i, s := range sets {
		if err := agree(paths[0], all, paths[i], s); err != nil {
			return nil, err
		}
		for k := range s.Trajectories {
			weighted = weighted || s.Trajectories[k].Weights != nil
		}
	}
	if len(sets) > 1 {
		nameTrajectories(paths, sets)
	}
	for i, s := range sets {
		if i > 0 {
			order, where := make([]int, len(all.States)), positions(s.States)
			for j, name := range all.States {
				order[j] = where[name]
			}
			for k := range s.Trajectories {
				tr := &s.Trajectories[k]
				tr.Values = reorder(tr.Values, order)
				tr.Weights = reorder(tr.Weights, order)
			}
			all.Trajectories = append(all.Trajectories, s.Trajectories...)
			all.Notes = append(all.Notes, s.Notes...)
			all.Sources, all.Readings = append(all.Sources, s.Sources...), append(all.Readings, s.Readings...)
		}
	}
	for k := range all.Trajectories {
		tr := &all.Trajectories[k]
		if weighted && tr.Weights == nil {
			tr.Weights = slices.Repeat([]float64{1}, len(tr.Values))
		}
	}
	return all, nil
}

// positions says where each name stands.
func positions(names []string) map[string]int {
	at := make(map[string]int, len(names))
	for i, n := range names {
		at[n] = i
	}
	return at
}

func reorder(values []float64, order []int) []float64 {
	n := len(order)
	out := make([]float64, len(values))
	for i := range values {
		out[i] = values[i/n*n+order[i%n]]
	}
	if values == nil {
		return nil
	}
	return out
}

// agree complains unless b has the states of a and no other, and brings it to the units of a.
func agree(fileA string, a *Set, fileB string, b *Set) error {
	var missing, surplus []string
	where, known := positions(b.States), positions(a.States)
	for _, n := range a.States {
		if _, ok := where[n]; !ok {
			missing = append(missing, n)
		}
	}
	for _, n := range b.States {
		if _, ok := known[n]; !ok {
			surplus = append(surplus, n)
		}
	}
	if len(missing)+len(surplus) > 0 {
		var parts []string
		if len(missing) > 0 {
			parts = append(parts, "it lacks "+list(missing))
		}
		if len(surplus) > 0 {
			parts = append(parts, "it alone has "+list(surplus))
		}
		return &Error{File: fileB, Msg: fmt.Sprintf("its states are not those of %s: %s", fileA, strings.Join(parts, ", and ")),
			Remedy: "files that are read together have the same states: select those with --states or --ignore"}
	}
	// The first file that has a unit decides.
	for i, n := range a.States {
		if a.Units[i] == "" {
			a.Units[i] = b.Units[where[n]]
		}
	}
	if a.TimeUnit == "" {
		a.TimeUnit = b.TimeUnit
	}
	notes, err := b.ConvertTo(a.States, a.Units, a.TimeUnit)
	var e *Error
	if errors.As(err, &e) {
		e.File = fileB
		return e
	}
	for i := range notes {
		notes[i] = fileB + ": " + notes[i]
	}
	b.Notes = append(b.Notes[:len(b.Notes)-len(notes)], notes...)
	return err
}

// nameTrajectories gives every trajectory of several files a name of its own.
func nameTrajectories(paths []string, sets []*Set) {
	names, first := make([]string, len(paths)), map[string]int{}
	for i, p := range paths {
		base := strings.TrimSuffix(filepath.Base(fileLabel(p)), ".gz")
		names[i] = cleanName(strings.TrimSuffix(base, filepath.Ext(base)))
		if _, twice := first[names[i]]; !twice {
			first[names[i]] = i
		}
	}
	for i := range names {
		if first[names[i]] != i || names[i] == "" || checkName(names[i]) != nil { // tell them apart by the whole path
			for j, p := range paths {
				names[j] = strings.ToValidUTF8(cleanName(filepath.ToSlash(p)), "?")
			}
			break
		}
	}
	count := map[string]int{}
	for _, s := range sets {
		for k := range s.Trajectories {
			count[s.Trajectories[k].Name]++
		}
	}
	for i, s := range sets {
		for k := range s.Trajectories {
			switch tr := &s.Trajectories[k]; {
			case tr.Name == "":
				tr.Name = names[i]
			case count[tr.Name] > 1:
				tr.Name = names[i] + "/" + tr.Name
			}
		}
	}
	// A file may be called like a trajectory of another one.
	seen := map[string]bool{}
	for _, s := range sets {
		for k := range s.Trajectories {
			tr := &s.Trajectories[k]
			for base, n := tr.Name, 2; seen[tr.Name]; n++ {
				tr.Name = fmt.Sprintf("%s (%d)", base, n)
			}
			seen[tr.Name] = true
		}
	}
}
