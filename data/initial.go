package data

import (
	"context"
	"fmt"
	"io"
	"math"
	"strconv"
)

// ReadInitial reads initial states for a system with the given states from CSV text of the same kind as ReadCSV's. Without
// a time column every row is an initial state, at time NaN ("not given"); with one, the first row of every trajectory is. The
// columns may stand in any order; others than the states are passed over. The result has trajectories of one row, named by the
// column trajectory, or numbered from 1 if there are several. It is an error if a state has no column or a value is missing.
func ReadInitial(r io.Reader, name string, states []string) (*Set, error) {
	tb, err := readTable(context.Background(), r, name, ReadOptions{}, false)
	if err != nil {
		return nil, err
	}
	if err := tb.checkNames(); err != nil {
		return nil, err
	}
	if tb.headerLine == 0 && tb.format == textFormat {
		return nil, tb.fail(-1, -1, "the first line holds numbers instead of names", "put a header above it that names the states: "+list(states))
	}
	lay := &layout{}
	if lay.time, err = tb.timeColumn(ReadOptions{}); err != nil {
		return nil, err
	}
	at := positions(tb.names)
	if c, ok := at[trajectoryColumn]; ok {
		lay.ids = []int{c}
	}
	for _, s := range states {
		c, ok := at[s]
		if !ok {
			return nil, tb.fail(-1, -1, fmt.Sprintf("there is no column %s", quote(s)), "the system's states are "+list(states)+"; the columns are "+list(tb.names))
		}
		lay.states = append(lay.states, c)
	}
	set := tb.newSet(lay)
	seen := map[string]bool{}
	num := numbers{tb: tb}
	for r := range tb.numRows() {
		who, err := tb.trajectoryName(lay, r)
		if err != nil {
			return nil, err
		}
		if seen[who] && lay.time >= 0 {
			continue
		}
		if len(lay.ids) == 0 {
			who = strconv.Itoa(r + 1)
			seen[""] = true
		}
		if seen[who] {
			return nil, tb.fail(r, lay.ids[0], fmt.Sprintf("trajectory %s has a second initial state", quote(who)), "give each row a name of its own")
		}
		seen[who] = true
		tr := Trajectory{Name: who, Times: []float64{math.NaN()}}
		if lay.time >= 0 {
			if tr.Times[0], err = num.time(r, lay.time); err != nil {
				return nil, err
			}
		}
		for _, c := range lay.states {
			x, err := num.at(r, c)
			if err == nil && math.IsNaN(x) {
				err = tb.fail(r, c, "the value is missing", "an initial state needs a value for every state")
			}
			if err != nil {
				return nil, err
			}
			tr.Values = append(tr.Values, x)
		}
		set.Trajectories = append(set.Trajectories, tr)
	}
	if err := num.settle(); err != nil {
		return nil, err
	}
	if len(set.Trajectories) == 0 {
		return nil, tb.fail(-1, -1, "there are no rows below the header", "each row is an initial state")
	}
	if len(set.Trajectories) == 1 && len(lay.ids) == 0 {
		set.Trajectories[0].Name = ""
	}
	return set, nil
}
