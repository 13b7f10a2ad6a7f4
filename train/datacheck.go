package train

import (
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/data"
)

// Magnitudes that training can calculate with: squares of values, and of what they are divided by, must neither overflow nor vanish.
const (
	largestValue   = 1e150
	longestTime    = 1e150
	shortestTime   = 1e-150
	largestWeights = 1e150
)

// CheckData refuses what cannot be trained on whatever the configuration is: sets that are not sound (see data.Set.Check), and numbers so large or
// small that their squares overflow or vanish. The error is a *data.Error. New calls it too.
func CheckData(set *data.Set) error {
	if err := set.Check(); err != nil {
		return err
	}
	k := len(set.States)
	span, shortest := 0.0, math.Inf(1)
	for n := range set.Trajectories {
		tr := &set.Trajectories[n]
		for i, v := range tr.Values {
			if math.Abs(v) > largestValue {
				return &data.Error{Column: set.States[i%k], Msg: fmt.Sprintf("the value at t = %.6g%s is %.3g, too large to calculate with", tr.Times[i/k], of(tr), v), Remedy: fmt.Sprintf("write it in a larger unit, so that values stay below %.0e", largestValue)}
			}
		}
		for i, t := range tr.Times {
			if math.Abs(t) > longestTime {
				return &data.Error{Msg: fmt.Sprintf("the time %.3g%s is too large to calculate with", t, of(tr)), Remedy: fmt.Sprintf("write times in a larger unit, so that they stay below %.0e", longestTime)}
			}
			if i > 0 {
				span, shortest = max(span, t-tr.Times[0]), min(shortest, t-tr.Times[i-1])
			}
		}
	}
	if span > 0 && (span < shortestTime || shortest < shortestTime*shortestTime) {
		return &data.Error{Msg: fmt.Sprintf("the times are too close together to calculate with: %.3g in all, steps from %.3g", span, shortest), Remedy: fmt.Sprintf("write times in a smaller unit, so that they span more than %.0e", shortestTime)}
	}
	return nil
}

// checkWeights refuses weights of which nothing counts, or whose sum overflows.
func (t *task) checkWeights() error {
	sum := 0.0
	for i := range t.trajectories {
		w := t.trajectories[i].weight
		sum += w[len(w)-1]
	}
	switch {
	case sum == 0:
		return &data.Error{Msg: "all weights of the states that vary are 0, so that nothing counts", Remedy: "give what is to be learned a weight above 0, or leave the weights out"}
	case !(sum <= largestWeights):
		return &data.Error{Msg: fmt.Sprintf("the weights add up to %.3g, too large to calculate with", sum), Remedy: "divide all of them by the largest"}
	}
	return nil
}
