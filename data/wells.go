package data

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
)

// wellName is a well of a plate of 6 to 1536: A1, H12, P24, AF48.
var wellName = regexp.MustCompile(`^([A-P]|A[A-F])0?([1-9]|[1-3][0-9]|4[0-8])$`)

// wellColumns refuses a plate, whose columns are runs of one state each, and not states of one run, unless it is said to be one.
func (tb *table) wellColumns(lay *layout) error {
	const fewest = 8
	var wells, others []string
	for _, c := range lay.states {
		if wellName.MatchString(tb.names[c]) {
			wells = append(wells, tb.names[c])
		} else {
			others = append(others, tb.names[c])
		}
	}
	if lay.opt.Wells != "" {
		name := cleanName(lay.opt.Wells)
		switch {
		case name == "":
			return &Error{File: tb.file, Msg: fmt.Sprintf("--wells: %s is no name of a state", quote(lay.opt.Wells)), Remedy: "write what was measured, as OD"}
		case len(lay.ids) > 0:
			return tb.fail(-1, lay.ids[0], "the wells of a plate are the trajectories, and this column names others", "leave it out with --ignore")
		case len(lay.opt.States) == 0 && len(others) > 0 && len(wells) > 0:
			return tb.fail(-1, -1, "not every column is a well: "+list(others), "leave these out with --ignore")
		case checkName(name) != nil || name == tb.names[lay.time]:
			return &Error{File: tb.file, Msg: fmt.Sprintf("--wells: %s cannot be the name of a state", quote(name))}
		}
		lay.wells = name
		return nil
	}
	if len(lay.opt.States) > 0 || len(wells) < fewest || 10*len(others) > len(wells) {
		return nil
	}
	return tb.fail(-1, -1, fmt.Sprintf("the columns %s are wells of a plate: runs of one state, and not states of one run", list(wells)),
		"read every well as a trajectory with --wells NAME, where NAME is what was measured; or make the table long (columns well, "+tb.names[lay.time]+" and what was measured) and name the runs with --trajectory well; or, if they are states after all, name them with --states")
}

// fromWells makes a trajectory of every state.
func (s *Set) fromWells(name string) (*Set, error) {
	out := &Set{States: []string{name}, Units: []string{""}, TimeName: s.TimeName, TimeUnit: s.TimeUnit, Notes: s.Notes}
	if u := slices.Compact(slices.Clone(s.Units)); len(u) == 1 {
		out.Units[0] = u[0]
	}
	n := len(s.States)
	for k := range s.Trajectories {
		tr := &s.Trajectories[k]
		for j, well := range s.States {
			w := Trajectory{Name: well}
			if tr.Name != "" {
				w.Name = tr.Name + "/" + well
			}
			for i, t := range tr.Times {
				x := tr.Values[i*n+j]
				if math.IsNaN(x) {
					continue
				}
				w.Times, w.Values = append(w.Times, t), append(w.Values, x)
				if tr.Weights != nil {
					w.Weights = append(w.Weights, tr.Weights[i*n+j])
				}
			}
			if len(w.Times) < 2 {
				return nil, &Error{Column: well, Msg: "the well has fewer than two values", Remedy: "leave it out with --ignore"}
			}
			out.Trajectories = append(out.Trajectories, w)
		}
	}
	return out, nil
}

// known refuses kinds of tables that say more than states and times.
func (tb *table) known() error {
	at := map[string]int{}
	for c, name := range tb.names {
		at[strings.ToUpper(name)] = c
	}
	_, time := at["TIME"]
	_, value := at["DV"]
	for _, dose := range []string{"AMT", "EVID"} {
		if c, ok := at[dose]; ok && time && value {
			return tb.fail(-1, c, "this is a NONMEM table, with doses among its rows, and doses are not known yet",
				"write a table of the observations alone, each trajectory beginning after its last dose, with the columns trajectory, time and one for every state")
		}
	}
	return nil
}
