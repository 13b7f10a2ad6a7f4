package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/internal/durable"
	"github.com/stiffnode/stiffnode/ode"
)

// solverFlags choose a solver.
type solverFlags struct {
	Method string    `help:"Method (see stiffnode methods)." placeholder:"NAME"`
	RTol   *float64  `name:"rtol" help:"Relative tolerance." placeholder:"X"`
	ATol   []float64 `name:"atol" help:"Absolute tolerance, one or one per state." placeholder:"X"`
}

// apply changes what was given.
func (f *solverFlags) apply(o *ode.Options) error {
	if f.Method != "" {
		m, err := ode.MethodByName(f.Method)
		if err != nil {
			return err
		}
		o.Method = m
	}
	if f.RTol != nil {
		if !(*f.RTol > 0) {
			return usageError(fmt.Sprintf("--rtol: is %g; it must be above 0", *f.RTol))
		}
		o.RTol, o.ATol = *f.RTol, nil
	}
	if len(f.ATol) > 0 {
		o.ATol = f.ATol
	}
	return nil
}

// assignments reads "A=1,B=0".
func assignments(flag, s string) (map[string]float64, error) {
	out := map[string]float64{}
	for part := range strings.SplitSeq(s, ",") {
		name, value, ok := strings.Cut(part, "=")
		v, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		name = strings.TrimSpace(name)
		if !ok || err != nil || name == "" || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, usageError(fmt.Sprintf("%s: %q is not of the form NAME=NUMBER", flag, part))
		}
		if _, twice := out[name]; twice {
			return nil, usageError(fmt.Sprintf("%s: %s is given twice", flag, name))
		}
		out[name] = v
	}
	return out, nil
}

// bareNumbers says that a text is numbers without names, such as 1,0,0.
func bareNumbers(s string) bool {
	for part := range strings.SplitSeq(s, ",") {
		if _, err := strconv.ParseFloat(strings.TrimSpace(part), 64); err != nil {
			return false
		}
	}
	return true
}

// named writes numbers without names as one writes them with names.
func named(names []string, numbers string) string {
	parts := strings.Split(numbers, ",")
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = n + "=…"
		if len(parts) == len(names) {
			out[i] = n + "=" + strings.TrimSpace(parts[i])
		}
	}
	return strings.Join(out, ",")
}

// vector takes the values of all names from assignments.
func vector(flag string, names []string, values map[string]float64) ([]float64, error) {
	out := make([]float64, len(names))
	for i, n := range names {
		v, ok := values[n]
		if !ok {
			return nil, usageError(fmt.Sprintf("%s: the value of %s is missing; the states are %s", flag, n, strings.Join(names, ", ")))
		}
		out[i] = v
	}
	for n := range values {
		if !slices.Contains(names, n) {
			return nil, usageError(fmt.Sprintf("%s: there is no state %s; the states are %s", flag, n, strings.Join(names, ", ")))
		}
	}
	return out, nil
}

// writeSet writes CSV to a file that must not exist, or to standard output. The file is there whole or not at all.
func (a *app) writeSet(set *data.Set, path string) error {
	if path == "" {
		return set.WriteCSV(a.out)
	}
	err := durable.Create(path, set.WriteCSV)
	if errors.Is(err, fs.ErrExist) {
		return existsAlready(path)
	}
	return err
}

// free complains about a file that is to be written and exists, before anything is computed for it.
func free(path string) error {
	if path == "" {
		return nil
	}
	if _, err := os.Lstat(path); err == nil {
		return existsAlready(path)
	}
	return nil
}

func existsAlready(path string) error {
	return usageError(path + " exists already; name another file, or remove it")
}

// table writes rows in columns, the first to the left and the others to the right.
func table(w io.Writer, rows [][]string) { columns(w, rows, true) }

// leftTable writes rows in columns that all begin at the left.
func leftTable(w io.Writer, rows [][]string) { columns(w, rows, false) }

func columns(w io.Writer, rows [][]string, right bool) {
	var width []int
	for _, r := range rows {
		for i, c := range r {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	for _, r := range rows {
		var b strings.Builder
		for i, c := range r {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(c))
			if i > 0 {
				b.WriteString("  ")
			}
			if right && i > 0 {
				b.WriteString(pad + c)
			} else {
				b.WriteString(c + pad)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}
