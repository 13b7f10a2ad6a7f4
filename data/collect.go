package data

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// collector turns rows into trajectories.
type collector struct {
	tb       *table
	lay      *layout
	set      *Set
	index    map[string]int
	rows     [][]int // of the table, per trajectory
	weighted bool
	current  int // trajectory of the row before
	name     string
	blocks   int
}

// collect turns the rows into trajectories.
func (tb *table) collect(lay *layout) (*Set, error) {
	switch {
	case tb.numRows() == 0:
		return nil, tb.fail(-1, -1, "there are no rows below the header", "a trajectory needs two rows or more")
	case lay.long != nil:
		return tb.collectLong(lay)
	}
	c := &collector{tb: tb, lay: lay, set: tb.newSet(lay), index: map[string]int{}, current: -1}
	c.weighted = slices.ContainsFunc(lay.weights, func(c int) bool { return c >= 0 })
	if len(lay.ids) == 0 {
		if err := c.checkRepeats(); err != nil {
			return nil, err
		}
	}
	for r := range tb.numRows() {
		if err := tb.canceled(r); err != nil {
			return nil, err
		}
		if err := c.add(r); err != nil {
			return nil, err
		}
	}
	if err := lay.num.settle(); err != nil {
		return nil, err
	}
	if err := c.mergeReplicates(); err != nil {
		return nil, err
	}
	if err := c.checkLengths(); err != nil {
		return nil, err
	}
	if lay.wells != "" {
		return c.set.fromWells(lay.wells)
	}
	return c.set, nil
}

// add appends a row to its trajectory.
func (c *collector) add(r int) error {
	tb, lay := c.tb, c.lay
	if err := c.choose(r); err != nil {
		return err
	}
	tr := &c.set.Trajectories[c.current]
	t := lay.times[r]
	if n := len(tr.Times); n > 0 && t < tr.Times[n-1] {
		return c.orderError(r, c.rows[c.current][n-1], tr.Times[n-1], t)
	}
	tr.Times = append(tr.Times, t)
	c.rows[c.current] = append(c.rows[c.current], r)
	for _, col := range lay.states {
		x, err := lay.num.at(r, col)
		if err != nil {
			return err
		}
		tr.Values = append(tr.Values, x)
	}
	if !c.weighted {
		return nil
	}
	for _, col := range lay.weights {
		w := 1.0
		if col >= 0 && strings.TrimSpace(tb.cell(r, col)) != "" {
			var err error
			if w, err = lay.num.at(r, col); err != nil {
				return err
			}
			if !(w >= 0) {
				return tb.fail(r, col, fmt.Sprintf("%s cannot be a weight", quote(tb.cell(r, col))), "weights are 0 or larger, and 1 where the cell is empty")
			}
		}
		tr.Weights = append(tr.Weights, w)
	}
	return nil
}

// choose finds the trajectory that a row belongs to, or begins one.
func (c *collector) choose(r int) error {
	name, err := c.tb.trajectoryName(c.lay, r)
	if err != nil {
		return err
	}
	if len(c.lay.ids) == 0 && c.current >= 0 {
		if !c.restarts(r) {
			return nil
		}
		if c.blocks == 0 {
			c.blocks = 1
			c.set.Trajectories[0].Name = "1"
		}
		c.blocks++
		name = fmt.Sprint(c.blocks)
	} else if c.current >= 0 && name == c.name {
		return nil
	}
	k, known := c.index[name]
	if !known {
		k = len(c.set.Trajectories)
		c.index[name] = k
		c.set.Trajectories = append(c.set.Trajectories, Trajectory{Name: name})
		c.rows = append(c.rows, nil)
	}
	c.current, c.name = k, name
	return nil
}

// restarts says whether a row without a trajectory's name begins another block: behind the header, or behind a blank line when the time
// is back at its first.
func (c *collector) restarts(r int) bool {
	t, before := c.lay.times[r], c.lay.times[r-1]
	if t >= before && (t > before || c.set.Trajectories[c.current].Times[0] != t) {
		return false
	}
	if _, ok := slices.BinarySearch(c.tb.repeats, r); ok {
		return true
	}
	_, ok := slices.BinarySearch(c.tb.gaps, r)
	return ok && t <= c.set.Trajectories[c.current].Times[0] && t < before
}

// checkRepeats notes the blocks of a file, and refuses headers behind which the time goes on in one place and starts again in another.
func (c *collector) checkRepeats() error {
	again, on := 0, 0
	for _, r := range c.tb.repeats {
		if r >= c.tb.numRows() {
			continue
		}
		if c.lay.times[r] > c.lay.times[r-1] {
			on++
			if _, apart := slices.BinarySearch(c.tb.gaps, r); apart {
				return c.tb.fail(r, -1, "an empty line and the header stand before this line, and the time goes on: this may be another block or the same one", "take the empty line and the header out if it is the same trajectory; otherwise name the trajectory of every row in a column called "+trajectoryColumn)
			}
		} else {
			again++
		}
	}
	if again > 0 && on > 0 {
		return c.tb.fail(c.tb.repeats[0], -1, "the header stands again here; behind some such lines the time goes on, and behind others it starts again", "name the trajectory of every row in a column called "+trajectoryColumn)
	}
	if on > 0 {
		c.tb.say("the header stands again, in %d places, and the time goes on behind it: one trajectory", on)
	}
	if again > 0 {
		c.tb.say("the header stands again, in %d places, and the time starts again behind it: every block is a trajectory", again)
	}
	return nil
}

// orderError complains that time t of a row is before that of row prev.
func (c *collector) orderError(row, prev int, before, t float64) error {
	return c.tb.fail(row, c.lay.time, fmt.Sprintf("time %g follows time %g of line %d", t, before, c.tb.lines[prev]),
		"times must increase: sort the rows; if they are several runs, "+c.nameThem())
}

func (c *collector) nameThem() string {
	if len(c.lay.ids) > 0 {
		return "give each a name of its own in the column " + c.tb.names[c.lay.ids[0]] + c.tb.adviseRuns(c.lay)
	}
	return "name each in a column called " + trajectoryColumn + c.tb.adviseRuns(c.lay)
}

func (c *collector) checkLengths() error {
	for k := range c.set.Trajectories {
		if tr := &c.set.Trajectories[k]; len(tr.Times) < 2 {
			what := "there is only one row"
			if len(c.lay.ids) > 0 {
				what = fmt.Sprintf("trajectory %s has only one row", quote(tr.Name))
			}
			return c.tb.fail(c.rows[k][0], -1, what, "a trajectory needs two rows or more: its initial state, and what became of it")
		}
	}
	if c.blocks > 0 && len(c.tb.repeats) == 0 {
		c.tb.say("behind blank lines the time starts again: every block is a trajectory")
	}
	return nil
}

// newSet returns a set with the names of the states and no trajectories.
func (tb *table) newSet(lay *layout) *Set {
	set := &Set{}
	for _, c := range lay.states {
		set.States, set.Units = append(set.States, tb.names[c]), append(set.Units, tb.units[c])
	}
	if lay.time >= 0 {
		set.TimeName, set.TimeUnit = tb.names[lay.time], tb.units[lay.time]
	}
	return set
}

// mergeReplicates makes one row of the rows of equal time of a trajectory: their mean, weighted by their number where that differs. Two rows at a few times alone, with
// different values, may as well be the two sides of a jump, and are refused.
func (c *collector) mergeReplicates() error {
	times, repeated, most, differ := 0, 0, 1, -1
	n := len(c.set.States)
	for k := range c.set.Trajectories {
		tr := &c.set.Trajectories[k]
		for i := 0; i < len(tr.Times); {
			end := i + 1
			for ; end < len(tr.Times) && tr.Times[end] == tr.Times[i]; end++ {
				if differ < 0 && !sameRow(tr.Row(i, n), tr.Row(end, n)) {
					differ = c.rows[k][end]
				}
			}
			times++
			if end > i+1 {
				repeated++
			}
			most = max(most, end-i)
			i = end
		}
	}
	switch {
	case repeated == 0:
		return nil
	case differ >= 0 && !c.lay.opt.Replicates && (times < 2 || most < 3 && 2*repeated <= times):
		return c.tb.fail(differ, c.lay.time, fmt.Sprintf("time %g occurs twice, here and in line %d", c.lay.times[differ], c.tb.lines[c.lineBefore(differ)]),
			"times must increase; if the rows are repeated measurements of one run, read them with --replicates; if they are several runs, "+c.nameThem())
	case differ < 0:
		c.tb.say("rows that occur twice were left out")
	default:
		c.tb.say("rows of equal time are replicates: %d rows became %d, each the mean of up to %d", c.tb.numRows(), times, most)
	}
	for k := range c.set.Trajectories {
		c.set.Trajectories[k].merge(n, differ >= 0)
	}
	if !c.weighted {
		c.set.dropEqualWeights()
	}
	return nil
}

// lineBefore is the row of the same time that came before a row.
func (c *collector) lineBefore(row int) int {
	for _, rows := range c.rows {
		if i, ok := slices.BinarySearch(rows, row); ok {
			return rows[i-1]
		}
	}
	return row
}

func sameRow(a, b []float64) bool {
	for j, x := range a {
		if x != b[j] && !(math.IsNaN(x) && math.IsNaN(b[j])) {
			return false
		}
	}
	return true
}

// merge makes one row of the rows of equal time. counted says that every row counts: the weight of a mean is the sum of the weights in it.
func (tr *Trajectory) merge(n int, counted bool) {
	var times, values, weights []float64
	sum, weight := make([]float64, n), make([]float64, n)
	for i := 0; i < len(tr.Times); {
		clear(sum)
		clear(weight)
		end := i
		for ; end < len(tr.Times) && tr.Times[end] == tr.Times[i]; end++ {
			if !counted && end > i {
				continue
			}
			for j := range n {
				w := 1.0
				if tr.Weights != nil {
					w = tr.Weights[end*n+j]
				}
				if x := tr.Values[end*n+j]; !math.IsNaN(x) && w > 0 {
					weight[j] += w
					sum[j] += x*(w/weight[j]) - sum[j]*(w/weight[j]) // never overflows
				}
			}
		}
		times = append(times, tr.Times[i])
		for j := range n {
			x := sum[j]
			if weight[j] == 0 { // nothing was observed, or nothing that counts
				x = tr.Values[i*n+j]
			}
			values, weights = append(values, x), append(weights, weight[j])
		}
		i = end
	}
	tr.Times, tr.Values, tr.Weights = times, values, weights
}

// dropEqualWeights leaves weights out where all observed values have the same.
func (s *Set) dropEqualWeights() {
	first := 0.0
	for k := range s.Trajectories {
		for i, w := range s.Trajectories[k].Weights {
			if first == 0 {
				first = w
			}
			if w != first && !math.IsNaN(s.Trajectories[k].Values[i]) {
				return
			}
		}
	}
	for k := range s.Trajectories {
		s.Trajectories[k].Weights = nil
	}
}
