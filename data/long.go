package data

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// longColumns are the columns of a long table: every row has the value of one state.
type longColumns struct{ name, value int }

// longNames are pairs of names under which programs write long tables, in small letters: the name of the state, and its value. An empty value is the only column of numbers.
var longNames = [][2]string{
	{"observableid", "measurement"}, {"variable", "value"}, {"name", "value"}, {"key", "value"}, {"species", ""}, {"analyte", ""}, {"observable", ""}, {"compound", ""}, {"metabolite", ""},
	{"variable", ""}, {"quantity", ""}, {"state", ""}, {"signal", ""}, {"substance", ""}, {"component", ""}, {"parameter", "value"}, {"gene", ""}, {"protein", ""}, {"chemical", ""},
}

const (
	mostLongStates = 10_000
	mostLongValues = 1 << 27
)

// longLayout finds the columns of a long table: those that are asked for, or those whose names leave no doubt.
func (tb *table) longLayout(lay *layout, find func(string) int, ignored []bool) (bool, error) {
	switch {
	case len(lay.opt.Long) > 0:
		if len(lay.opt.Long) != 2 {
			return false, &Error{File: tb.file, Msg: fmt.Sprintf("--long names %d columns", len(lay.opt.Long)), Remedy: "it names two: the one with the names of the states, and the one with their values"}
		}
		l := longColumns{}
		for i, at := range []*int{&l.name, &l.value} {
			asked := lay.opt.Long[i]
			if *at = find(asked); *at < 0 {
				return false, unknownName(tb.file, asked, "--long", tb.names)
			}
			if *at == lay.time || slices.Contains(lay.ids, *at) || ignored[*at] {
				return false, tb.fail(-1, *at, "the column cannot be used by --long: it holds times or trajectory names, or is ignored", "")
			}
		}
		if l.name == l.value {
			return false, tb.fail(-1, l.name, "--long names the column twice", "it names two: the one with the names of the states, and the one with their values")
		}
		lay.long = &l
	case lay.opt.Wells != "" || tb.numRows() == 0:
		return false, nil
	default:
		if lay.long = tb.guessLong(lay, ignored); lay.long == nil {
			return false, nil
		}
		tb.say("this is a long table: %s names the states, %s holds their values", tb.names[lay.long.name], tb.names[lay.long.value])
	}
	if len(lay.ids) == 0 {
		tb.longTrajectories(lay, ignored)
	}
	var out []string
	for c, name := range tb.names {
		if c != lay.time && c != lay.long.name && c != lay.long.value && !slices.Contains(lay.ids, c) && !ignored[c] {
			out = append(out, name)
		}
	}
	if len(out) > 0 {
		tb.say("left out: %s", list(out))
	}
	return true, nil
}

// guessLong finds the columns by their names. The names of states are text; where the column of values is not named, no other column holds numbers.
func (tb *table) guessLong(lay *layout, ignored []bool) *longColumns {
	at := map[string]int{}
	for c, name := range tb.names {
		if !ignored[c] {
			at[strings.ToLower(name)] = c
		}
	}
	for _, pair := range longNames {
		name, ok := at[pair[0]]
		if !ok || name == lay.time || slices.Contains(lay.ids, name) || slices.Contains(lay.opt.States, tb.names[name]) || !tb.isText(name) {
			continue
		}
		value, ok := at[pair[1]]
		if pair[1] == "" {
			value, ok = tb.onlyNumbers(lay, name, ignored)
		}
		if ok && value != name && value != lay.time {
			return &longColumns{name, value}
		}
	}
	return nil
}

// isText says whether no cell of a column is a number.
func (tb *table) isText(c int) bool {
	for r := range tb.numRows() {
		if _, _, err := parseNumber(tb.cell(r, c)); !errors.Is(err, errText) {
			return false
		}
	}
	return true
}

// onlyNumbers is the only column of numbers that is left; columns that tell runs apart do not count.
func (tb *table) onlyNumbers(lay *layout, name int, ignored []bool) (int, bool) {
	found := -1
	for c, n := range tb.names {
		if c == lay.time || c == name || ignored[c] || slices.Contains(lay.ids, c) || isID(n) || !tb.isNumeric(c) {
			continue
		}
		if found >= 0 {
			return 0, false
		}
		found = c
	}
	return found, found >= 0
}

// longTrajectories finds the columns that tell the trajectories of a long table apart by their names: PEtab's conditions, or one of the usual ones.
func (tb *table) longTrajectories(lay *layout, ignored []bool) {
	for c, name := range tb.names {
		if c == lay.time || c == lay.long.name || c == lay.long.value || ignored[c] {
			continue
		}
		pre := name == "preequilibrationConditionId"
		if (pre || isID(name)) && !tb.same(c) {
			lay.ids = append(lay.ids, c)
			lay.blankID = lay.blankID || pre
			tb.say("the trajectories are named by the column %s", name)
		}
	}
}

// collectLong makes trajectories of the rows of a long table. Rows of the same trajectory, state and time are replicates.
func (tb *table) collectLong(lay *layout) (*Set, error) {
	set := &Set{TimeName: tb.names[lay.time], TimeUnit: tb.units[lay.time]}
	states, err := tb.longStates(lay, set)
	if err != nil {
		return nil, err
	}
	wanted := positions(set.States)
	n := len(set.States)
	index := map[string]int{}
	var parts []longPart
	for r, t := range lay.times {
		if err := tb.canceled(r); err != nil {
			return nil, err
		}
		name, err := tb.trajectoryName(lay, r)
		if err != nil {
			return nil, err
		}
		j, ok := wanted[states[r]]
		if !ok {
			continue
		}
		k, known := index[name]
		if !known {
			k = len(parts)
			index[name] = k
			parts = append(parts, longPart{name: name})
		}
		x, err := lay.num.at(r, lay.long.value)
		if err != nil {
			return nil, err
		}
		parts[k].times = append(parts[k].times, t)
		parts[k].states = append(parts[k].states, j)
		parts[k].values = append(parts[k].values, x)
		parts[k].line = r
	}
	if err := lay.num.settle(); err != nil {
		return nil, err
	}
	replicates, total := 0, 0
	for k := range parts {
		p := &parts[k]
		if total += len(p.values) * n; total > mostLongValues {
			return nil, tb.fail(p.line, lay.long.name, fmt.Sprintf("%d states at all the times need more than %d values", n, mostLongValues), "check which columns --long names: first the names, then the values")
		}
		tr, repeated := p.trajectory(n)
		if len(tr.Times) < 2 {
			return nil, tb.fail(p.line, -1, fmt.Sprintf("trajectory %s has only one time", quote(p.name)), "a trajectory needs two times or more: its initial state, and what became of it")
		}
		replicates += repeated
		set.Trajectories = append(set.Trajectories, tr)
	}
	set.dropEqualWeights()
	if replicates > 0 {
		tb.say("values of equal time and state are replicates: %d were averaged with others", replicates)
	}
	return set, nil
}

// longStates returns the state's name of every row, and gives the set those that are wanted, in the order of their first appearance.
func (tb *table) longStates(lay *layout, set *Set) ([]string, error) {
	out := make([]string, tb.numRows())
	clean, seen := map[string]string{}, map[string]bool{}
	wanted := map[string]bool{}
	for _, s := range lay.opt.States {
		wanted[cleanName(s)] = true
	}
	for r := range out {
		cell := tb.cell(r, lay.long.name)
		name, ok := clean[cell]
		if !ok {
			name = cleanName(cell)
			if err := checkName(name); err != nil {
				return nil, tb.fail(r, lay.long.name, fmt.Sprintf("%s cannot be the name of a state", quote(cell)), "name the state in every row")
			}
			clean[cell] = name
		}
		if out[r] = name; seen[name] {
			continue
		}
		if seen[name] = true; len(lay.opt.States) == 0 {
			set.States = append(set.States, name)
		}
		if len(set.States) > mostLongStates {
			return nil, tb.fail(r, lay.long.name, fmt.Sprintf("the column has more than %d names of states", mostLongStates), "check which columns --long names: first the names, then the values")
		}
	}
	for _, s := range lay.opt.States {
		name := cleanName(s)
		if !seen[name] {
			return nil, unknownName(tb.file, s, "--states", sortedNames(seen))
		}
		if slices.Contains(set.States, name) {
			return nil, tb.fail(-1, -1, fmt.Sprintf("--states names %s twice", quote(name)), "")
		}
		set.States = append(set.States, name)
	}
	if slices.Contains(set.States, set.TimeName) || len(set.States) == 0 {
		return nil, tb.fail(-1, lay.long.name, fmt.Sprintf("a state is called %s, as the time is", quote(set.TimeName)), "rename one of them")
	}
	unit := tb.units[lay.long.value]
	set.Units = slices.Repeat([]string{unit}, len(set.States))
	return out, nil
}

func sortedNames(set map[string]bool) []string {
	out := make([]string, 0, len(set))
	for n := range set {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// longPart is what a long table has of one trajectory.
type longPart struct {
	name   string
	times  []float64
	states []int
	values []float64
	line   int // the row that came last
}

// trajectory puts the values in their places and returns how many were averaged.
func (p *longPart) trajectory(n int) (Trajectory, int) {
	tr := Trajectory{Name: p.name, Times: slices.Compact(slices.Sorted(slices.Values(p.times)))}
	tr.Values = slices.Repeat([]float64{math.NaN()}, len(tr.Times)*n)
	counts := make([]float64, len(tr.Values))
	at := make(map[float64]int, len(tr.Times))
	for i, t := range tr.Times {
		at[t] = i
	}
	repeated := 0
	for i, x := range p.values {
		if math.IsNaN(x) {
			continue
		}
		cell := at[p.times[i]]*n + p.states[i]
		if counts[cell]++; counts[cell] == 1 {
			tr.Values[cell] = x
			continue
		}
		repeated++
		tr.Values[cell] += (x - tr.Values[cell]) / counts[cell]
	}
	tr.Weights = counts
	return tr, repeated
}
