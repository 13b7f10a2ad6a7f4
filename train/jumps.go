package train

import (
	"math"
	"slices"

	"github.com/stiffnode/stiffnode/data"
)

// Relaxation oscillations and ignitions rest for long and then move within one or two sampling intervals: the data have jumps. The states'
// sizes and rates of change then span decades though the times do not, and training goes another way: see courses, shooting and
// leastSquares.

const (
	jumpRatio = 100 // of the largest to the middle difference quotient
	jumpRows  = 20  // difference quotients from which on that is asked
)

// hasJumps says whether some state, observed without noise at times that are not logarithmic, jumps.
func hasJumps(set *data.Set, stats *data.Stats) bool {
	if stats.LogTimes {
		return false
	}
	jumps := false
	for j, s := range stats.States {
		if s.Noise > 0 {
			return false
		}
		q := quotients(set, j)
		jumps = jumps || len(q) >= jumpRows && q[len(q)-1] > jumpRatio*q[len(q)/2]
	}
	return jumps
}

// quotients are the magnitudes of a state's difference quotients between successive observations, in increasing order. Those that vanish and
// those from the initial row are left out.
func quotients(set *data.Set, state int) []float64 {
	var out []float64
	k := len(set.States)
	for i := range set.Trajectories {
		tr := &set.Trajectories[i]
		last := 0
		for n := 1; n < len(tr.Times); n++ {
			v := tr.Values[n*k+state]
			if math.IsNaN(v) {
				continue
			}
			if last > 0 {
				if q := math.Abs(v-tr.Values[last*k+state]) / (tr.Times[n] - tr.Times[last]); q > 0 {
					out = append(out, q)
				}
			}
			last = n
		}
	}
	slices.Sort(out)
	return out
}

// slow is the place in an increasing list of what is small but typical.
func slow(n int) int { return n / 10 }

// restingRates are typical rates of change of the states at rest; 0 where none is known.
func restingRates(set *data.Set) []float64 {
	out := make([]float64, len(set.States))
	for j := range out {
		if q := quotients(set, j); len(q) > 0 {
			out[j] = q[slow(len(q))]
		}
	}
	return out
}

// restingSizes are magnitudes of the states that are small but typical, below which a logarithmic scale of them may become linear.
func restingSizes(set *data.Set, stats *data.Stats) []float64 {
	out := stats.Scale(data.ScaleRange)
	k := len(set.States)
	for j := range out {
		var sizes []float64
		for i := range set.Trajectories {
			for at := j; at < len(set.Trajectories[i].Values); at += k {
				if v := math.Abs(set.Trajectories[i].Values[at]); v > 0 {
					sizes = append(sizes, v)
				}
			}
		}
		if len(sizes) > 0 {
			slices.Sort(sizes)
			out[j] = max(sizes[slow(len(sizes))], 1e-290)
		}
	}
	return out
}

// logResiduals says whether residuals are differences of asinh(value/size).
func (t *task) logResiduals() bool { return t.cfg.LeastSquares.Residuals == "log" }
