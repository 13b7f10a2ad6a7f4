package data

import (
	"fmt"
	"slices"
	"strings"
)

// idNames are names of columns that tell runs apart, in small letters with single blanks.
var idNames = map[string]bool{
	"replicate": true, "rep": true, "run": true, "id": true, "subject": true, "experiment": true, "exp": true, "batch": true, "sample": true, "well": true, "series": true, "block": true,
	"group": true, "patient": true, "animal": true, "simulation": true, "sim": true, "traj": true, "trajectory id": true, "run id": true, "experiment id": true, "replicate id": true, "sample id": true,
	"subject id": true, "sim id": true, "condition": true, "realization": true, "trial": true, "lauf": true, "versuch": true, "simulationconditionid": true,
}

func isID(name string) bool {
	return idNames[strings.ToLower(cleanName(strings.NewReplacer("_", " ", "-", " ").Replace(name)))]
}

// trajectoryColumns finds the columns that are asked for, or the column trajectory.
func (tb *table) trajectoryColumns(lay *layout, find func(string) int, ignored []bool) error {
	for _, asked := range lay.opt.Trajectory {
		c := find(asked)
		switch {
		case c < 0:
			return unknownName(tb.file, asked, "--trajectory", tb.names)
		case c == lay.time:
			return tb.fail(-1, c, "the time column cannot name trajectories", "leave it out of --trajectory")
		case ignored[c]:
			return tb.fail(-1, c, "the column is both named by --trajectory and left out by --ignore", "")
		case slices.Contains(lay.ids, c):
			return tb.fail(-1, c, "--trajectory names the column twice", "")
		}
		lay.ids = append(lay.ids, c)
	}
	if len(lay.ids) > 0 {
		return nil
	}
	for c, name := range tb.names {
		if c == lay.time || ignored[c] || !strings.EqualFold(name, trajectoryColumn) {
			continue
		}
		if len(lay.ids) > 0 {
			return tb.fail(-1, c, fmt.Sprintf("columns %d and %d both name trajectories", lay.ids[0]+1, c+1), "leave one out with --ignore")
		}
		lay.ids = append(lay.ids, c)
	}
	return nil
}

// guessTrajectories takes a column of a known name, such as replicate, for the trajectories' where the times increase for each of its names, but not without
// it; or where it has one name alone.
func (tb *table) guessTrajectories(lay *layout) error {
	if len(lay.ids) > 0 || tb.numRows() == 0 || lay.wells != "" {
		return nil
	}
	var candidates []int
	for _, c := range lay.states {
		if isID(tb.names[c]) && !slices.Contains(lay.opt.States, tb.names[c]) {
			candidates = append(candidates, c)
		}
	}
	if len(candidates) == 0 || len(candidates) == len(lay.states) {
		return nil
	}
	ordered := tb.increasesWithin(lay.times, nil)
	for _, c := range candidates {
		if ordered && !tb.same(c) || !tb.increasesWithin(lay.times, []int{c}) {
			continue
		}
		lay.ids = append(lay.ids, c)
		at := slices.Index(lay.states, c)
		lay.states, lay.weights = slices.Delete(lay.states, at, at+1), slices.Delete(lay.weights, at, at+1)
		tb.say("the trajectories are named by the column %s", tb.names[c])
		return nil
	}
	return nil
}

// same says whether a column has the same text in all rows.
func (tb *table) same(c int) bool {
	for r := range tb.numRows() {
		if tb.cell(r, c) != tb.cell(0, c) {
			return false
		}
	}
	return true
}

// increasesWithin says whether the times increase within the rows that have the same names in some columns.
func (tb *table) increasesWithin(times []float64, columns []int) bool {
	last := map[string]float64{}
	var key []byte
	for r, t := range times {
		key = key[:0]
		for _, c := range columns {
			key = append(append(key, tb.cell(r, c)...), 0)
		}
		if before, ok := last[string(key)]; ok && t <= before {
			return false
		}
		last[string(key)] = t
	}
	return true
}

// adviseRuns names the columns that would tell the runs apart, for the complaint that times do not increase.
func (tb *table) adviseRuns(lay *layout) string {
	const most = 64 // columns tried
	for i, c := range lay.states {
		if i == most {
			break
		}
		distinct := map[string]bool{}
		for r := 0; r < tb.numRows() && len(distinct) <= tb.numRows()/2; r++ {
			distinct[tb.cell(r, c)] = true
		}
		if len(lay.states) > 1 && len(distinct) > 1 && len(distinct) <= tb.numRows()/2 && tb.increasesWithin(lay.times, []int{c}) {
			return fmt.Sprintf("; if the column %s tells them apart: --trajectory %s", tb.names[c], shellQuote(tb.names[c]))
		}
	}
	return ""
}

// trajectoryName is the name of a row's trajectory: that of the columns, joined by strokes.
func (tb *table) trajectoryName(lay *layout, row int) (string, error) {
	name := ""
	for i, c := range lay.ids {
		part := cleanName(tb.cell(row, c))
		if part == "" && lay.blankID {
			part = "none"
		}
		if part == "" {
			return "", tb.fail(row, c, "the row belongs to no trajectory", "name the trajectory in every row")
		}
		if strings.IndexFunc(part, invisible) >= 0 {
			return "", tb.fail(row, c, fmt.Sprintf("the name %s has invisible characters", quote(part)), "remove them")
		}
		if i > 0 {
			if strings.Contains(part, "/") {
				return "", tb.fail(row, c, fmt.Sprintf("the name %s has a stroke, by which several names are joined", quote(part)), "rename it, or name the trajectories in one column")
			}
			name += "/"
		}
		name += part
	}
	return name, nil
}
