package data

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
)

// ReadInitial reads initial states for a system with the given states from CSV text of the same kind as ReadCSV's. Without
// a time column every row is an initial state, at time NaN ("not given"); with one, the first row of every trajectory is. The
// columns may stand in any order; others than the states are passed over. The result has trajectories of one row, named by the
// column trajectory, or numbered from 1 if there are several. It is an error if a state has no column or a value is missing.
func ReadInitial(r io.Reader, name string, states []string) (*Set, error) {
	tb, err := readTable(r, name)
	if err != nil {
		return nil, err
	}
	names, err := tb.names()
	if err != nil {
		return nil, err
	}
	lay := &layout{trajectory: slices.Index(names, trajectoryColumn)}
	if lay.time, err = tb.timeColumn(ReadOptions{}, names); err != nil {
		return nil, err
	}
	for _, s := range states {
		c := slices.Index(names, s)
		if c < 0 {
			return nil, tb.fail(-1, -1, fmt.Sprintf("there is no column %s", quote(s)), "the system's states are "+list(states)+"; the columns are "+list(names))
		}
		lay.states = append(lay.states, c)
	}
	set := tb.newSet(lay)
	seen := map[string]bool{}
	num := numbers{tb: tb}
	for r := range tb.rows {
		who, err := tb.trajectoryName(lay, r)
		if err != nil {
			return nil, err
		}
		if seen[who] && lay.time >= 0 {
			continue
		}
		if lay.trajectory < 0 {
			who = strconv.Itoa(r + 1)
			seen[""] = true
		}
		if seen[who] {
			return nil, tb.fail(r, lay.trajectory, fmt.Sprintf("trajectory %s has a second initial state", quote(who)), "give each row a name of its own")
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
	if len(set.Trajectories) == 0 {
		return nil, tb.fail(-1, -1, "there are no rows below the header", "each row is an initial state")
	}
	if len(set.Trajectories) == 1 && lay.trajectory < 0 {
		set.Trajectories[0].Name = ""
	}
	return set, nil
}
