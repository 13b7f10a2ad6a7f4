package data

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// ReadOptions choose among the columns of a file. Columns are named with or without their unit.
type ReadOptions struct {
	Time   string   // the time column; if empty, t or time
	States []string // the states, in this order; if empty, every column that is nothing else
	Ignore []string // columns that are left out
}

const (
	trajectoryColumn = "trajectory"
	weightPrefix     = "weight:"
)

// ReadCSV reads a set from r; name stands for the file in messages. The package's documentation describes the format.
// What is wrong with the data is returned as an *Error.
func ReadCSV(r io.Reader, name string, opt ReadOptions) (*Set, error) {
	tb, err := readTable(r, name)
	if err != nil {
		return nil, err
	}
	lay, err := tb.layout(opt, true)
	if err != nil {
		return nil, err
	}
	set, err := tb.collect(lay)
	if err != nil {
		return nil, err
	}
	set.describe()
	return set, nil
}

// layout says which column of a table is what.
type layout struct {
	time, trajectory int // −1: there is none
	states           []int
	weights          []int // of the states; −1: there are none
}

// names returns the columns' names, checked. Column numbers stand for those that have none.
func (tb *table) names() ([]string, error) {
	names := make([]string, len(tb.header))
	for c, cell := range tb.header {
		name, _ := splitUnit(cell)
		if name == "" {
			return nil, tb.fail(-1, c, "the column has no name", "name it in the header, or remove it (a table saved by pandas has such a column unless index=False)")
		}
		if strings.IndexFunc(cleanName(cell), invisible) >= 0 {
			return nil, tb.fail(-1, -1, fmt.Sprintf("the name %s of column %d has invisible characters", quote(name), c+1), "remove them")
		}
		if i := slices.Index(names[:c], name); i >= 0 {
			return nil, tb.fail(-1, c, fmt.Sprintf("columns %d and %d have the same name", i+1, c+1), "rename one of them")
		}
		names[c] = name
	}
	return names, nil
}

// find returns the column that a person calls so: by its name, or with the unit.
func (tb *table) find(asked string, names []string) int {
	asked = cleanName(asked)
	for c, cell := range tb.header {
		if asked == names[c] || asked == cleanName(cell) {
			return c
		}
	}
	return -1
}

// layout finds the columns. With strict, it is an error if Ignore names a column that is not there.
func (tb *table) layout(opt ReadOptions, strict bool) (*layout, error) {
	names, err := tb.names()
	if err != nil {
		return nil, err
	}
	lay := &layout{trajectory: -1}
	if lay.time, err = tb.timeColumn(opt, names); err != nil {
		return nil, err
	}
	if lay.time < 0 {
		return nil, tb.noTime(names)
	}
	ignored := make([]bool, len(names))
	for _, asked := range opt.Ignore {
		c := tb.find(asked, names)
		switch {
		case c < 0 && strict:
			return nil, unknownName(tb.file, asked, "--ignore", names)
		case c < 0:
		case c == lay.time:
			return nil, tb.fail(-1, c, "the time column cannot be ignored", "")
		default:
			ignored[c] = true
		}
	}
	weightOf := map[string]int{}
	for c, name := range names {
		switch {
		case c == lay.time || ignored[c]:
		case strings.EqualFold(name, trajectoryColumn):
			if lay.trajectory >= 0 {
				return nil, tb.fail(-1, c, fmt.Sprintf("columns %d and %d both name trajectories", lay.trajectory+1, c+1), "leave one out with --ignore")
			}
			lay.trajectory = c
		case strings.HasPrefix(name, weightPrefix):
			state := strings.TrimSpace(name[len(weightPrefix):])
			if first, ok := weightOf[state]; ok {
				return nil, tb.fail(-1, c, fmt.Sprintf("columns %d and %d both weight %s", first+1, c+1, state), "leave one out with --ignore")
			}
			weightOf[state] = c
		default:
			lay.states = append(lay.states, c)
		}
	}
	for _, state := range sortedKeys(weightOf) {
		if tb.find(state, names) < 0 {
			return nil, unknownName(tb.file, state, "the header's "+weightPrefix, names)
		}
	}
	if len(opt.States) > 0 {
		if lay.states, err = tb.selected(opt, lay, names, ignored); err != nil {
			return nil, err
		}
	}
	if len(lay.states) == 0 {
		return nil, tb.fail(-1, -1, "there is no state left: every column is time, trajectory or ignored", "the columns are: "+list(names))
	}
	lay.weights = make([]int, len(lay.states))
	for j, c := range lay.states {
		lay.weights[j] = -1
		if w, ok := weightOf[names[c]]; ok {
			lay.weights[j] = w
		}
	}
	return lay, nil
}

func (tb *table) timeColumn(opt ReadOptions, names []string) (int, error) {
	if opt.Time != "" {
		c := tb.find(opt.Time, names)
		if c < 0 {
			return -1, unknownName(tb.file, opt.Time, "--time", names)
		}
		return c, nil
	}
	found := -1
	for c, name := range names {
		if name, _ = splitRoundUnit(name); !isTime(name) {
			continue
		}
		if found >= 0 {
			return -1, tb.fail(-1, c, fmt.Sprintf("columns %d and %d could both be the time", found+1, c+1), "say which it is with --time")
		}
		found = c
	}
	return found, nil
}

// noTime words the complaint that no column is the time.
func (tb *table) noTime(names []string) error {
	numbers := 0
	for _, cell := range tb.header {
		if _, _, err := parseNumber(cell); err == nil {
			numbers++
		}
	}
	switch {
	case numbers == len(names):
		return tb.fail(-1, -1, "the first line holds numbers instead of names", "put a header above it, such as t,y1,y2 (a header behind a # is taken for a comment)")
	case len(names) == 1 && strings.ContainsAny(names[0], " ,;|"):
		return tb.fail(-1, -1, fmt.Sprintf("the header %s was read as one single name", quote(names[0])), "separate the cells by commas, semicolons or tabs")
	}
	return tb.fail(-1, -1, "there is no time column: no column is called t or time", "say which it is with --time; the columns are: "+list(names))
}

// selected returns the columns that ReadOptions.States asks for.
func (tb *table) selected(opt ReadOptions, lay *layout, names []string, ignored []bool) ([]int, error) {
	var states []int
	for _, asked := range opt.States {
		c := tb.find(asked, names)
		switch {
		case c < 0:
			return nil, unknownName(tb.file, asked, "--states", names)
		case ignored[c]:
			return nil, tb.fail(-1, c, "the column is both selected by --states and left out by --ignore", "")
		case !slices.Contains(lay.states, c):
			return nil, tb.fail(-1, c, "the column cannot be a state: it holds times, trajectory names or weights", "leave it out of --states")
		case slices.Contains(states, c):
			return nil, tb.fail(-1, c, "--states names the column twice", "")
		}
		states = append(states, c)
	}
	return states, nil
}

// collect turns the rows into trajectories.
func (tb *table) collect(lay *layout) (*Set, error) {
	set := tb.newSet(lay)
	if len(tb.rows) == 0 {
		return nil, tb.fail(-1, -1, "there are no rows below the header", "a trajectory needs two rows or more")
	}
	weighted := slices.ContainsFunc(lay.weights, func(c int) bool { return c >= 0 })
	index := map[string]int{}
	var last []int // the row that a trajectory had last
	num := numbers{tb: tb}
	for r, rec := range tb.rows {
		name, err := tb.trajectoryName(lay, r)
		if err != nil {
			return nil, err
		}
		k, known := index[name]
		if !known {
			k = len(set.Trajectories)
			index[name] = k
			set.Trajectories = append(set.Trajectories, Trajectory{Name: name})
			last = append(last, -1)
		}
		tr := &set.Trajectories[k]
		t, err := num.time(r, lay.time)
		if err != nil {
			return nil, err
		}
		if i := last[k]; i >= 0 {
			if err := tb.checkOrder(lay, r, i, tr.Times[len(tr.Times)-1], t); err != nil {
				return nil, err
			}
		}
		last[k] = r
		tr.Times = append(tr.Times, t)
		for _, c := range lay.states {
			x, err := num.at(r, c)
			if err != nil {
				return nil, err
			}
			tr.Values = append(tr.Values, x)
		}
		if !weighted {
			continue
		}
		for _, c := range lay.weights {
			w := 1.0
			if c >= 0 && strings.TrimSpace(rec[c]) != "" {
				if w, err = num.at(r, c); err != nil {
					return nil, err
				}
				if !(w >= 0) {
					return nil, tb.fail(r, c, fmt.Sprintf("%s cannot be a weight", quote(rec[c])), "weights are 0 or larger, and 1 where the cell is empty")
				}
			}
			tr.Weights = append(tr.Weights, w)
		}
	}
	for k := range set.Trajectories {
		if tr := &set.Trajectories[k]; len(tr.Times) < 2 {
			what := "there is only one row"
			if lay.trajectory >= 0 {
				what = fmt.Sprintf("trajectory %s has only one row", quote(tr.Name))
			}
			return nil, tb.fail(last[k], -1, what, "a trajectory needs two rows or more: its initial state, and what became of it")
		}
	}
	if num.style == commaed {
		set.Notes = append(set.Notes, fmt.Sprintf("%s: decimal commas were read as decimal points", tb.file))
	}
	return set, nil
}

// newSet returns a set with the names of the states and no trajectories.
func (tb *table) newSet(lay *layout) *Set {
	set := &Set{}
	for _, c := range lay.states {
		name, unit := splitUnit(tb.header[c])
		set.States, set.Units = append(set.States, name), append(set.Units, unit)
	}
	if lay.time >= 0 {
		set.TimeName, set.TimeUnit = splitUnit(tb.header[lay.time])
		if n, u := splitRoundUnit(set.TimeName); set.TimeUnit == "" && isTime(n) {
			set.TimeName, set.TimeUnit = n, u
		}
	}
	return set
}

func (tb *table) trajectoryName(lay *layout, row int) (string, error) {
	if lay.trajectory < 0 {
		return "", nil
	}
	name := cleanName(tb.rows[row][lay.trajectory])
	if name == "" {
		return "", tb.fail(row, lay.trajectory, "the row belongs to no trajectory", "name the trajectory in every row")
	}
	if strings.IndexFunc(name, invisible) >= 0 {
		return "", tb.fail(row, lay.trajectory, fmt.Sprintf("the name %s has invisible characters", quote(name)), "remove them")
	}
	return name, nil
}

// checkOrder complains unless time t of a row is after time before of row prev.
func (tb *table) checkOrder(lay *layout, row, prev int, before, t float64) error {
	if t > before {
		return nil
	}
	named := "name each in a column called " + trajectoryColumn
	if lay.trajectory >= 0 {
		named = "give each a name of its own in the column " + trajectoryColumn
	}
	if t == before {
		return tb.fail(row, lay.time, fmt.Sprintf("time %g occurs twice, here and in line %d", t, tb.lines[prev]),
			"times must increase; if these are repeated measurements or several runs, "+named)
	}
	return tb.fail(row, lay.time, fmt.Sprintf("time %g follows time %g of line %d", t, before, tb.lines[prev]),
		"times must increase: sort the rows; if they are several runs, "+named)
}

// numbers reads the cells of a table and sees to it that all of them mark fractions in the same way.
type numbers struct {
	tb       *table
	style    numberStyle
	row, col int // where the style was first seen
}

// at returns the value in a cell.
func (n *numbers) at(row, col int) (float64, error) {
	const missing = "leave the cell empty if the value is missing"
	remedy := missing + ", or leave the column out with --ignore"
	if name, _ := splitUnit(n.tb.header[col]); len(name) <= maxShown {
		remedy += " " + shellQuote(name)
	}
	return n.read(row, col, remedy, missing)
}

// time returns the time in a cell.
func (n *numbers) time(row, col int) (float64, error) {
	t, err := n.read(row, col, "times are plain numbers, counted from a common start", "times are finite")
	if err == nil && math.IsNaN(t) {
		err = n.tb.fail(row, col, "the time is missing", "every row needs a time")
	}
	return t, err
}

func (n *numbers) read(row, col int, remedyText, remedyRange string) (float64, error) {
	cell := n.tb.rows[row][col]
	x, style, err := parseNumber(cell)
	switch {
	case errors.Is(err, errText):
		return 0, n.tb.fail(row, col, fmt.Sprintf("%s %v", quote(cell), err), remedyText)
	case err != nil:
		return 0, n.tb.fail(row, col, fmt.Sprintf("%s %v", quote(cell), err), remedyRange)
	case style == commaed && n.tb.comma != ';':
		return 0, n.tb.fail(row, col, fmt.Sprintf("%s has a comma, which could mark the fraction or the thousands", quote(cell)),
			"write a decimal point, or separate the cells by semicolons to use decimal commas")
	case style != plain && n.style == plain:
		n.style, n.row, n.col = style, row, col
	case style != plain && style != n.style:
		first := n.tb.rows[n.row][n.col]
		return 0, n.tb.fail(row, col, fmt.Sprintf("%s does not agree with %s in line %d: one has a decimal comma, the other a decimal point",
			quote(cell), quote(first), n.tb.lines[n.row]), "use the same mark in the whole file")
	}
	return x, nil
}

// isTime says whether a column of this name is the time without being named by ReadOptions.Time.
func isTime(name string) bool { return name == "t" || strings.EqualFold(name, "time") } // T is a temperature

// splitRoundUnit takes "t (s)" apart.
func splitRoundUnit(name string) (string, string) {
	if i := strings.LastIndexByte(name, '('); i > 0 && strings.HasSuffix(name, ")") {
		return strings.TrimSpace(name[:i]), strings.TrimSpace(name[i+1 : len(name)-1])
	}
	return name, ""
}

// shellQuote puts a name that a shell would split into quotes.
func shellQuote(name string) string {
	if strings.ContainsAny(name, " \t'\"$&|;<>()*?[]{}\\!#~`") {
		return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
	}
	return name
}

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
