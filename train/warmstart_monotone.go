package train

import (
	"math"
	"slices"

	"github.com/stiffnode/stiffnode/data"
)

// monotone is a piecewise cubic Hermite interpolant without overshoot: between two points it stays between their values.
type monotone struct {
	x, z []float64
	s    []float64 // slopes at the points
}

// newMonotone takes the slopes of local polynomials of the fourth degree where these keep the interpolant monotone, which slopes
// of the secants' sign and at most three times as steep do (Fritsch and Carlson, SIAM Journal on Numerical Analysis 17 (1980) 238), and elsewhere the
// harmonic mean of the two secants (Fritsch and Butland, SIAM Journal on Scientific and Statistical Computing 5 (1984) 300).
func newMonotone(x, z []float64) *monotone {
	n := len(x)
	m := &monotone{x: x, z: z, s: make([]float64, n)}
	secant := func(i int) float64 { return (z[i+1] - z[i]) / (x[i+1] - x[i]) }
	for i := range x {
		before, after := secant(max(i-1, 0)), secant(min(i, n-2))
		_, d := polynomial(x, z, x[i], 5)
		steepest := 3 * min(math.Abs(before), math.Abs(after))
		switch {
		case before*after <= 0:
			if math.Abs(d) > steepest {
				d = 0
			}
		case d*before <= 0 || math.Abs(d) > steepest:
			d = 2 * before * after / (before + after)
		}
		m.s[i] = d
	}
	return m
}

// at returns value and slope at t, NaN outside the points.
func (m *monotone) at(t float64) (value, slope float64) {
	n := len(m.x)
	if n == 0 || t < m.x[0] || t > m.x[n-1] {
		return math.NaN(), math.NaN()
	}
	i, _ := slices.BinarySearch(m.x, t)
	i = min(max(i-1, 0), n-2)
	h := m.x[i+1] - m.x[i]
	u := (t - m.x[i]) / h
	v := 1 - u
	a, b, da, db := m.z[i], m.z[i+1], h*m.s[i], h*m.s[i+1]
	value = v*v*((1+2*u)*a+u*da) + u*u*((3-2*u)*b-v*db)
	slope = (6*u*v*(b-a) + v*(1-3*u)*da + u*(3*u-2)*db) / h
	return value, slope
}

const (
	finest   = 0.04 // part of a state's range, on its asinh scale, that lies between two points of a course
	mostFine = 12   // points between two rows
)

// monotoneCourses estimates states and derivatives where the data have jumps: of asinh(y/size), by monotone interpolants. In a jump no
// polynomial tells the derivative, but how it leads from one row to the next can be guessed, and points within the jump are given
// too, so that a model which is fitted to them jumps.
func monotoneCourses(set *data.Set, sizes []float64) []course {
	out := make([]course, len(set.Trajectories))
	k := len(set.States)
	for n := range set.Trajectories {
		tr := &set.Trajectories[n]
		states, ranges := make([]*monotone, k), make([]float64, k)
		for j := range states {
			var x, z []float64
			for i := 1; i < len(tr.Times); i++ {
				if v := tr.Values[i*k+j]; !math.IsNaN(v) {
					x, z = append(x, tr.Times[i]), append(z, math.Asinh(v/sizes[j]))
				}
			}
			states[j] = &monotone{}
			if len(x) > 1 {
				states[j], ranges[j] = newMonotone(x, z), slices.Max(z)-slices.Min(z)
			}
		}
		c := &out[n]
		add := func(t float64) {
			c.times = append(c.times, t)
			for j, s := range states {
				z, dz := s.at(t)
				c.y, c.dy = append(c.y, sizes[j]*math.Sinh(z)), append(c.dy, sizes[j]*math.Cosh(z)*dz)
				c.doubt = append(c.doubt, 0)
			}
		}
		for i := 1; i < len(tr.Times); i++ {
			add(tr.Times[i])
			if i == len(tr.Times)-1 {
				break
			}
			change := 0.0
			for j, s := range states {
				a, _ := s.at(tr.Times[i])
				b, _ := s.at(tr.Times[i+1])
				if d := math.Abs(b-a) / ranges[j]; d > change {
					change = d
				}
			}
			for m, count := 1, int(min(mostFine, change/finest)); m <= count; m++ {
				u := float64(m) / float64(count+1)
				add((1-u)*tr.Times[i] + u*tr.Times[i+1])
			}
		}
	}
	return out
}
