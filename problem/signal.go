package problem

import (
	"math"
	"sort"
)

// A Signal is an input over the time: knots with values, and how it runs between them. Before the first knot it has the first value, after the last the last one. A Signal is
// immutable.
type Signal struct {
	Kind          Interpolation
	Times, Values []float64
	slopes        []float64 // of pchip, at the knots
}

// NewSignal makes a signal; times increase strictly, and there is at least one.
func NewSignal(kind Interpolation, times, values []float64) *Signal {
	s := &Signal{Kind: kind, Times: times, Values: values}
	if kind == PchipInterpolation {
		s.slopes = pchipSlopes(times, values)
	}
	return s
}

// At returns the value and the derivative at t, on the right of a jump.
func (s *Signal) At(t float64) (u, du float64) {
	n := len(s.Times)
	if n == 1 || s.Kind == ConstantInterpolation || t < s.Times[0] {
		return s.Values[0], 0
	}
	if t >= s.Times[n-1] {
		return s.Values[n-1], 0
	}
	i := sort.SearchFloat64s(s.Times, t)
	if i == n || s.Times[i] > t {
		i--
	}
	if s.Kind == StepInterpolation {
		return s.Values[i], 0
	}
	h := s.Times[i+1] - s.Times[i]
	x, d := (t-s.Times[i])/h, s.Values[i+1]-s.Values[i]
	if s.Kind == LinearInterpolation {
		return s.Values[i] + x*d, d / h
	}
	// cubic Hermite
	a, b := s.slopes[i]*h, s.slopes[i+1]*h
	c2, c3 := 3*d-2*a-b, a+b-2*d
	return s.Values[i] + x*(a+x*(c2+x*c3)), (a + x*(2*c2+x*3*c3)) / h
}

// Before is the value on the left of a jump at t.
func (s *Signal) Before(t float64) float64 {
	if s.Kind == StepInterpolation {
		if i := sort.SearchFloat64s(s.Times, t); i > 0 && i < len(s.Times) && s.Times[i] == t {
			return s.Values[i-1]
		}
	}
	u, _ := s.At(t)
	return u
}

// Knots are the times inside of (t0, t1) at which the signal or its first derivative jumps: steps end there.
func (s *Signal) Knots(t0, t1 float64) []float64 {
	if s.Kind == ConstantInterpolation || len(s.Times) == 1 {
		return nil
	}
	var out []float64
	for i, t := range s.Times {
		if t <= t0 || t >= t1 {
			continue
		}
		switch s.Kind {
		case StepInterpolation:
			if i > 0 && s.Values[i] == s.Values[i-1] {
				continue
			}
		case LinearInterpolation:
			if i > 0 && i+1 < len(s.Times) {
				l := (s.Values[i] - s.Values[i-1]) / (t - s.Times[i-1])
				r := (s.Values[i+1] - s.Values[i]) / (s.Times[i+1] - t)
				if l == r {
					continue
				}
			}
		case PchipInterpolation:
			// the second derivative jumps at every knot, the first at the ends alone
			if i > 0 && i+1 < len(s.Times) {
				continue
			}
		}
		out = append(out, t)
	}
	return out
}

// pchipSlopes are the derivatives at the knots: weighted harmonic means of the slopes beside them, zero where these differ in sign (Fritsch and Butland, SIAM J. Sci. Stat. Comput. 5, 300, 1984), and one-sided
// three-point formulas at the ends, limited so that the curve stays monotone.
func pchipSlopes(x, y []float64) []float64 {
	n := len(x)
	d := make([]float64, n)
	if n < 2 {
		return d
	}
	h, m := make([]float64, n-1), make([]float64, n-1)
	for i := range n - 1 {
		h[i] = x[i+1] - x[i]
		m[i] = (y[i+1] - y[i]) / h[i]
	}
	if n == 2 {
		d[0], d[1] = m[0], m[0]
		return d
	}
	for i := 1; i < n-1; i++ {
		if m[i-1]*m[i] > 0 {
			a, b := 2*h[i]+h[i-1], h[i]+2*h[i-1]
			d[i] = (a + b) / (a/m[i-1] + b/m[i])
		}
	}
	end := func(h0, h1, m0, m1 float64) float64 {
		v := ((2*h0+h1)*m0 - h0*m1) / (h0 + h1)
		switch {
		case v*m0 <= 0:
			return 0
		case m0*m1 <= 0 && math.Abs(v) > 3*math.Abs(m0):
			return 3 * m0
		}
		return v
	}
	d[0], d[n-1] = end(h[0], h[1], m[0], m[1]), end(h[n-2], h[n-3], m[n-2], m[n-3])
	return d
}
