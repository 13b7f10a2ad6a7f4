package train

import (
	"fmt"
	"math"

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
	if c.Data.HoldoutOf == "trajectories" || c.Data.HoldoutOf == auto && n >= fewTrajectories {
		return set.SplitTrajectories(max(1, int(math.Round(part*float64(n)))), c.Train.Seed)
	}
	train, held, err = set.SplitTimes(int(math.Round(1/part)), c.Train.Seed)
	if err == nil && held.Rows() == len(held.Trajectories) {
		err = &data.Error{Msg: fmt.Sprintf("data.holdout = %g leaves no row to judge the model by", part), Remedy: "hold out more, or nothing"}
	}
	return train, held, err
}

// stats describes a set, with the measurement errors that the configuration knows in the place of those estimated.
func (c *Config) stats(set *data.Set) *data.Stats {
	st := set.Stats()
	for j := range st.States {
		switch len(c.Loss.Noise) {
		case 1:
			st.States[j].Noise = c.Loss.Noise[0]
		case len(st.States):
			st.States[j].Noise = c.Loss.Noise[j]
		}
	}
	return st
}
