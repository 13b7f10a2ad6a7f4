package train

import (
	"fmt"
	"math"
	"slices"

	"github.com/stiffnode/stiffnode/data"
)

// HoldoutAuto, the default of data.holdout, lets Split choose: a tenth of the rows where there are enough of them, nothing otherwise, and nothing where
// states jump between two rows, since then every row counts.
const HoldoutAuto = -1

// Numbers of rows from which on some are held out unasked, in all and on average in a trajectory, and their part.
const (
	rowsToHoldOut = 60
	rowsEach      = 20
	partHeldOut   = 0.1
)

// chooseHoldout replaces HoldoutAuto.
func (c *Config) chooseHoldout(set *data.Set) {
	if c.Data.Holdout != HoldoutAuto {
		return
	}
	c.Data.Holdout = 0
	if rows := set.Rows(); rows >= rowsToHoldOut && rows >= rowsEach*len(set.Trajectories) && !hasJumps(set, c.stats(set)) {
		c.Data.Holdout, c.Data.HoldoutOf = partHeldOut, "rows"
	}
}

// fewTrajectories is the number of trajectories below which rows are held out instead.
const fewTrajectories = 5

// Split takes the part data.holdout out of a set, for judging the model on what it was not trained on: whole trajectories where there are at least
// five, rows of every trajectory otherwise, or as data.holdout_of says. held is nil where nothing is to be held out. Training does not do this by itself: Resolve and New
// are to be given the first set. HoldoutAuto is replaced by what is chosen, which is always rows.
func (c *Config) Split(set *data.Set) (train, held *data.Set, err error) {
	c.chooseHoldout(set)
	part := c.Data.Holdout
	if part == 0 {
		return set, nil, nil
	}
	n := len(set.Trajectories)
	if c.Data.HoldoutOf == "trajectories" || c.Data.HoldoutOf == "" && n >= fewTrajectories {
		return set.SplitTrajectories(max(1, int(math.Round(part*float64(n)))), c.Train.Seed)
	}
	const never = 1 << 30 // every so many rows: more than there are
	train, held, err = set.SplitTimes(int(math.Round(math.Min(1/part, never))), c.Train.Seed)
	if err == nil && held.Rows() == len(held.Trajectories) {
		err = &data.Error{Msg: fmt.Sprintf("data.holdout = %g leaves no row to judge the model by", part), Remedy: "hold out more, or nothing"}
	}
	return train, held, err
}

// stats describes a set, with the measurement errors that the configuration knows in the place of those estimated. Estimates that cannot be are
// left out.
func (c *Config) stats(set *data.Set) *data.Stats {
	st := set.Stats()
	for j := range st.States {
		if !plausibleNoise(set, j, st.States[j].Noise) {
			st.States[j].Noise = 0
		}
		switch len(c.Loss.Noise) {
		case 1:
			st.States[j].Noise = c.Loss.Noise[0]
		case len(st.States):
			st.States[j].Noise = c.Loss.Noise[j]
		}
	}
	return st
}

// meanOfNormal is the mean of |x| for a standard normal x.
const meanOfNormal = 0.7978845608028654 // √(2/π)

// plausibleNoise says whether errors of measurement of a standard deviation may be in a state: they cannot leave more than there is between the values
// and their median. An estimate that says so has taken doses or undersampled swings for errors.
func plausibleNoise(set *data.Set, state int, deviation float64) bool {
	if deviation == 0 {
		return true
	}
	const slack = 1.15
	values := observedValues(set, state, 0)
	return deviation*meanOfNormal <= slack*deviationFromMedian(values)/float64(len(values))
}

// observedValues are the values of a state from row first of each trajectory on, in increasing order.
func observedValues(set *data.Set, state, first int) (out []float64) {
	k := len(set.States)
	for i := range set.Trajectories {
		tr := &set.Trajectories[i]
		for at := first*k + state; at < len(tr.Values); at += k {
			if v := tr.Values[at]; !math.IsNaN(v) {
				out = append(out, v)
			}
		}
	}
	slices.Sort(out)
	return out
}

// deviationFromMedian is Σ |v − median| of values in increasing order.
func deviationFromMedian(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += math.Abs(v - values[len(values)/2])
	}
	return sum
}
