package data

import (
	"math"
	"slices"
)

// Noise estimates, for every state, the standard deviation of additive measurement errors, and is 0 where none can be told
// from the curvature of the data.
//
// Divided differences of neighbouring observations, scaled so that independent errors keep their variance (Gasser, Sroka and
// Jennen-Steinmetz, Biometrika 73 (1986) 625, for three points), remove a smooth course of the state and leave the errors; their
// size is taken from the median of their magnitudes, which bends and jumps do not carry away. Over m = 3 … 6 points they remove
// polynomials of degree m − 2, in log t where the times are logarithmic; the smallest estimate has the least of the state's own course in it. Errors
// make successive differences change sign (in 73 % of cases for equal steps and m = 3), a smooth course does not: estimates
// with fewer changes than every other are taken for curvature.
func (s *Set) Noise() []float64 {
	noise := make([]float64, len(s.States))
	logTimes := s.LogTimes()
	for j := range noise {
		noise[j] = s.noise(j, logTimes)
	}
	return noise
}

func (s *Set) noise(state int, logTimes bool) float64 {
	const (
		minDifferences = 8
		normalMAD      = 0.6744897501960817 // median of |x| for a standard normal x
	)
	best := math.Inf(1)
	var x, y, diffs []float64
	for m := 3; m <= 6; m++ {
		diffs = diffs[:0]
		changes, pairs := 0, 0
		for k := range s.Trajectories {
			x, y = s.Trajectories[k].observed(state, len(s.States), logTimes, x[:0], y[:0])
			first := len(diffs)
			diffs = appendDifferences(diffs, x, y, m)
			for i := first + 1; i < len(diffs); i++ {
				if diffs[i] == 0 || diffs[i-1] == 0 {
					continue
				}
				pairs++
				if diffs[i] > 0 != (diffs[i-1] > 0) {
					changes++
				}
			}
		}
		if len(diffs) < minDifferences || 2*changes < pairs || pairs == 0 {
			continue
		}
		for i, d := range diffs {
			diffs[i] = math.Abs(d)
		}
		slices.Sort(diffs)
		best = min(best, diffs[len(diffs)/2]/normalMAD)
	}
	if math.IsInf(best, 0) || math.IsNaN(best) {
		return 0
	}
	return best
}

// observed appends the times (or their logarithms) and values at which a state was observed.
func (tr *Trajectory) observed(state, n int, logTimes bool, x, y []float64) ([]float64, []float64) {
	for i, t := range tr.Times {
		v := tr.Values[i*n+state]
		if math.IsNaN(v) || logTimes && t <= 0 {
			continue
		}
		if logTimes {
			t = math.Log(t)
		}
		x, y = append(x, t), append(y, v)
	}
	return x, y
}

// appendDifferences appends the divided differences over m points, each divided by the 2-norm of its coefficients.
func appendDifferences(dst, x, y []float64, m int) []float64 {
	for i := 0; i+m <= len(x); i++ {
		span := x[i+m-1] - x[i]
		sum, norm := 0.0, 0.0
		for a := i; a < i+m; a++ {
			c := 1.0
			for b := i; b < i+m; b++ {
				if b != a {
					c *= span / (x[a] - x[b])
				}
			}
			sum += c * y[a]
			norm += c * c
		}
		if d := sum / math.Sqrt(norm); !math.IsNaN(d) && !math.IsInf(d, 0) {
			dst = append(dst, d)
		}
	}
	return dst
}
