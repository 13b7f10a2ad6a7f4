package train

import (
	"math"
	"slices"

	"github.com/stiffnode/stiffnode/data"
)

// Long tables repeat themselves: what thousands of rows say of a few hundred parameters, hundreds say too, and an iteration costs in proportion.
const (
	mostRows  = 2000 // of all trajectories together, from which on rows are left out of the residuals
	leastRows = 60   // of each trajectory, which always stay

	// mostWork bounds residuals × parameters², the multiplications of an iteration, where a table is long or wide.
	mostWork = 2e10
	// manyStates is the number of states that vary beyond which networks get no wider but narrower.
	manyStates = 32
)

// affordableRows is the number of rows of each trajectory that a least-squares run can afford, 0 if it can afford all.
func affordableRows(set *data.Set, learned, params int) int {
	longest := 0
	for i := range set.Trajectories {
		longest = max(longest, len(set.Trajectories[i].Times))
	}
	rows := longest
	if set.Rows() > mostRows {
		rows = max(leastRows, mostRows/len(set.Trajectories))
	}
	if learned > manyStates {
		const perRow = 2 // one of the data, one between
		work := perRow * float64(learned) * float64(params) * float64(params) * float64(len(set.Trajectories))
		rows = min(rows, max(leastRows, int(mostWork/work)))
	}
	if rows >= longest {
		return 0
	}
	return rows
}

// thinned returns the set with at most rows rows of each trajectory, which share its memory where nothing is left out. The first two and the last
// are kept, and the others lie the closer together the more the states change, beyond what errors of measurement do, so that a fast transient in
// a long table is not lost.
func thinned(set *data.Set, stats *data.Stats, rows int) *data.Set {
	rows = max(rows, 3)
	k := len(set.States)
	out := *set
	out.Trajectories = slices.Clone(set.Trajectories)
	for n := range out.Trajectories {
		tr := &out.Trajectories[n]
		if len(tr.Times) <= rows {
			continue
		}
		kept := data.Trajectory{Name: tr.Name}
		for _, i := range chooseRows(tr, stats, rows) {
			kept.Times = append(kept.Times, tr.Times[i])
			kept.Values = append(kept.Values, tr.Row(i, k)...)
			if tr.Weights != nil {
				kept.Weights = append(kept.Weights, tr.Weights[i*k:(i+1)*k]...)
			}
		}
		*tr = kept
	}
	return &out
}

// chooseRows returns the places of rows rows of a longer trajectory, in order. Half of them are even in number, half in the length of the curve.
func chooseRows(tr *data.Trajectory, stats *data.Stats, rows int) []int {
	const clear = 4 // standard deviations of the error that a change must exceed to count
	k, n := len(stats.States), len(tr.Times)
	length := make([]float64, n)
	last := slices.Clone(tr.Row(0, k))
	for i := 1; i < n; i++ {
		step := 0.0
		for j, v := range tr.Row(i, k) {
			span := stats.States[j].Range()
			if math.IsNaN(v) || span == 0 {
				continue
			}
			if change := math.Abs(v-last[j]) - clear*stats.States[j].Noise; change > 0 {
				step = max(step, change/span)
			}
			last[j] = v
		}
		length[i] = length[i-1] + step
	}
	total := length[n-1]
	place := func(i int) float64 {
		even := float64(i) / float64(n-1)
		if total == 0 {
			return even
		}
		return (even + length[i]/total) / 2
	}
	chosen := []int{0, 1}
	for i := 2; i < n-1; i++ {
		// the row at which the next mark is passed
		if mark := float64(len(chosen)) / float64(rows-1); place(i+1) > mark && len(chosen) < rows-1 {
			chosen = append(chosen, i)
		}
	}
	return append(chosen, n-1)
}
