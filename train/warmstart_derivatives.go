package train

import (
	"math"
	"slices"

	"github.com/stiffnode/stiffnode/data"
)

// course is one trajectory as smooth functions of time: states and derivatives at some times. Unknown values are NaN.
type course struct {
	times []float64
	y, dy []float64 // len(times)×k
	// doubt is the difference of two estimates of the derivative, of different order.
	doubt []float64
}

// state returns the state at a time, nil if some part of it is not known.
func (c *course) state(t float64, k int) []float64 {
	i, ok := slices.BinarySearch(c.times, t)
	if !ok {
		return nil
	}
	y := c.y[i*k : (i+1)*k]
	if slices.ContainsFunc(y, math.IsNaN) {
		return nil
	}
	return y
}

// courses estimates states and derivatives in the way that suits the data.
func (t *task) courses() []course {
	if t.jumps {
		return monotoneCourses(t.set, t.sizes)
	}
	return courses(t.set, t.stats)
}

// courses estimates states and derivatives at the observed times. The independent variable is τ = log(t − t0) where times are
// logarithmic, and then the first row has no place; otherwise τ = t. States with measurement errors are smoothed by a spline, others go
// through local polynomials of the fourth degree.
func courses(set *data.Set, stats *data.Stats) []course {
	out := make([]course, len(set.Trajectories))
	k := len(set.States)
	for n := range set.Trajectories {
		tr := &set.Trajectories[n]
		first := firstSmooth(tr.Times, stats)
		c := course{times: tr.Times[first:]}
		rows := len(c.times)
		c.y, c.dy, c.doubt = nans(rows*k), nans(rows*k), nans(rows*k)
		tau := make([]float64, rows)
		for i, t := range c.times {
			tau[i] = t
			if stats.LogTimes {
				tau[i] = math.Log(t - tr.Times[0])
			}
		}
		for j := range k {
			estimate(&c, tau, tr.Values[first*k:], j, k, stats.States[j].Noise)
			if !stats.LogTimes {
				continue
			}
			for i, t := range c.times {
				c.dy[i*k+j] /= t - tr.Times[0]
				c.doubt[i*k+j] /= t - tr.Times[0]
			}
		}
		out[n] = c
	}
	return out
}

// firstSmooth is the first row of a trajectory that lies on a smooth course. The initial row often does not: what is fast has settled by
// the first observation, and a polynomial through both would bend wildly. It is used where there are few rows and times are not logarithmic.
func firstSmooth(times []float64, stats *data.Stats) int {
	const few = 8
	if !stats.LogTimes && len(times) < few {
		return 0
	}
	return 1
}

// nans returns n numbers that are unknown.
func nans(n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = math.NaN()
	}
	return v
}

// smoothed is the number of intervals over which a smoothing spline tells a slope: its error is about the measurement error over so long a
// time. On logarithmic times, where early slopes are multiplied by 1/t, it exceeds the slope by decades.
const smoothed = 3

// estimate fills in one state, within the span of its observations.
func estimate(c *course, tau, values []float64, state, k int, noise float64) {
	var x, y []float64
	for i, t := range tau {
		if v := values[i*k+state]; !math.IsNaN(v) {
			x, y = append(x, t), append(y, v)
		}
	}
	const least = 3
	if len(x) < least {
		return
	}
	var smooth *spline
	slopeDoubt := 0.0
	if noise > 0 && len(x) > least {
		smooth = newSpline(x, y, noise)
		slopeDoubt = noise / (smoothed * (x[len(x)-1] - x[0]) / float64(len(x)-1))
	}
	for i, t := range tau {
		if t < x[0] || t > x[len(x)-1] {
			continue
		}
		at := i*k + state
		if smooth != nil {
			c.y[at], c.dy[at] = smooth.at(t)
			c.doubt[at] = slopeDoubt
			continue
		}
		var low float64
		_, low = polynomial(x, y, t, 3)
		c.y[at], c.dy[at] = polynomial(x, y, t, 5)
		c.doubt[at] = math.Abs(c.dy[at] - low)
	}
}

// polynomial returns value and derivative at t of the polynomial through the n points nearest to t in rank.
func polynomial(x, y []float64, t float64, n int) (value, slope float64) {
	n = min(n, len(x))
	near, _ := slices.BinarySearch(x, t)
	if near > 0 && (near == len(x) || t-x[near-1] <= x[near]-t) {
		near--
	}
	a := min(max(0, near-n/2), len(x)-n)
	x, y = x[a:a+n], y[a:a+n]
	// Lagrange's basis and its derivatives
	for m := range x {
		v, d := 1.0, 0.0
		for q := range x {
			if q == m {
				continue
			}
			w := 1 / (x[m] - x[q])
			d = d*(t-x[q])*w + v*w
			v *= (t - x[q]) * w
		}
		value += v * y[m]
		slope += d * y[m]
	}
	return value, slope
}
