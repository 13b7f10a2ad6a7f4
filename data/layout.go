package data

import (
	"fmt"
	"slices"
	"strings"
)

// checkNames complains of names that are empty, invisible or occur twice.
func (tb *table) checkNames() error {
	first := make(map[string]int, len(tb.names))
	for c, name := range tb.names {
		if name == "" {
			return tb.fail(-1, c, "the column has no name", "name it in the header, or remove it")
		}
		if strings.IndexFunc(cleanName(tb.header[c]), invisible) >= 0 {
			return tb.fail(-1, -1, fmt.Sprintf("the name %s of column %d has invisible characters", quote(name), c+1), "remove them")
		}
		if i, twice := first[name]; twice {
			return tb.fail(-1, c, fmt.Sprintf("columns %d and %d have the same name", i+1, c+1), "rename one of them")
		}
		first[name] = c
	}
	return nil
}

// finder finds columns as a person calls them: by the name, or with the unit.
func (tb *table) finder() func(asked string) int {
	at := make(map[string]int, 2*len(tb.names))
	for c, cell := range tb.header {
		at[cleanName(cell)] = c
	}
	for c := len(tb.names) - 1; c >= 0; c-- {
		at[tb.names[c]] = c
	}
	return func(asked string) int {
		if c, ok := at[cleanName(asked)]; ok {
			return c
		}
		return -1
	}
}

// layout finds the columns. With strict, it is an error if Ignore names a column that is not there.
func (tb *table) layout(opt ReadOptions, strict bool) (*layout, error) {
	if err := tb.known(); err != nil {
		return nil, err
	}
	lay := &layout{opt: opt}
	if err := tb.dropIndex(opt); err != nil {
		return nil, err
	}
	if err := tb.checkNames(); err != nil {
		return nil, err
	}
	var err error
	if lay.time, err = tb.timeColumn(opt); err != nil {
		return nil, err
	}
	if lay.time < 0 {
		return nil, tb.noTime()
	}
	find := tb.finder()
	ignored := make([]bool, len(tb.names))
	for _, asked := range opt.Ignore {
		c := find(asked)
		switch {
		case c < 0 && strict:
			return nil, unknownName(tb.file, asked, "--ignore", tb.names)
		case c < 0:
		case c == lay.time:
			return nil, tb.fail(-1, c, "the time column cannot be ignored", "")
		default:
			ignored[c] = true
		}
	}
	if err := tb.setTimes(lay); err != nil {
		return nil, err
	}
	if err := tb.trajectoryColumns(lay, find, ignored); err != nil {
		return nil, err
	}
	if done, err := tb.longLayout(lay, find, ignored); done || err != nil {
		return lay, err
	}
	if err := tb.stateColumns(lay, find, ignored); err != nil {
		return nil, err
	}
	if err := tb.wellColumns(lay); err != nil {
		return nil, err
	}
	return lay, tb.guessTrajectories(lay)
}

// stateColumns finds the states of a wide table and their weights.
func (tb *table) stateColumns(lay *layout, find func(string) int, ignored []bool) error {
	weightOf := map[string]int{}
	role := slices.Clone(ignored)
	role[lay.time] = true
	for _, c := range lay.ids {
		role[c] = true
	}
	for c, name := range tb.names {
		switch {
		case role[c]:
		case strings.HasPrefix(name, weightPrefix):
			role[c] = true
			state := strings.TrimSpace(name[len(weightPrefix):])
			if first, ok := weightOf[state]; ok {
				return tb.fail(-1, c, fmt.Sprintf("columns %d and %d both weight %s", first+1, c+1, state), "leave one out with --ignore")
			}
			weightOf[state] = c
		default:
			lay.states = append(lay.states, c)
		}
	}
	for _, state := range sortedKeys(weightOf) {
		if find(state) < 0 {
			return unknownName(tb.file, state, "the header's "+weightPrefix, tb.names)
		}
	}
	if len(lay.opt.States) > 0 {
		if err := tb.selected(lay, find, ignored, role); err != nil {
			return err
		}
	} else {
		tb.leaveOut(lay)
	}
	if len(lay.states) == 0 {
		return tb.fail(-1, -1, "there is no state left: every column is time, trajectory or ignored", "the columns are: "+list(tb.names))
	}
	lay.weights = make([]int, len(lay.states))
	for j, c := range lay.states {
		lay.weights[j] = -1
		if w, ok := weightOf[tb.names[c]]; ok {
			lay.weights[j] = w
		}
	}
	return nil
}

// selected takes the columns that ReadOptions.States asks for.
func (tb *table) selected(lay *layout, find func(string) int, ignored, role []bool) error {
	lay.states = lay.states[:0]
	taken := make([]bool, len(tb.names))
	for _, asked := range lay.opt.States {
		c := find(asked)
		switch {
		case c < 0:
			return unknownName(tb.file, asked, "--states", tb.names)
		case ignored[c]:
			return tb.fail(-1, c, "the column is both selected by --states and left out by --ignore", "")
		case role[c]:
			return tb.fail(-1, c, "the column cannot be a state: it holds times, trajectory names or weights", "leave it out of --states")
		case taken[c]:
			return tb.fail(-1, c, "--states names the column twice", "")
		}
		taken[c] = true
		lay.states = append(lay.states, c)
	}
	return nil
}

// leaveOut drops columns that cannot be states whoever wrote the file: derivatives of other columns, and empty columns for remarks.
func (tb *table) leaveOut(lay *layout) {
	at := positions(tb.names)
	var derivatives, remarks []string
	lay.states = slices.DeleteFunc(lay.states, func(c int) bool {
		name := tb.names[c]
		if inner, ok := strings.CutPrefix(name, "der("); ok {
			if _, ok := at[strings.TrimSuffix(inner, ")")]; ok {
				derivatives = append(derivatives, name)
				return true
			}
		}
		switch strings.ToLower(name) {
		case "comment", "comments", "note", "notes", "remark", "remarks":
			for r := range tb.numRows() {
				if tb.cell(r, c) != "" {
					return false
				}
			}
			remarks = append(remarks, name)
			return true
		}
		return false
	})
	if len(derivatives) > 0 {
		tb.say("derivatives are no states: left out %s", list(derivatives))
	}
	if len(remarks) > 0 {
		tb.say("empty columns for remarks are no states: left out %s", list(remarks))
	}
}
