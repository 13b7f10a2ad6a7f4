package train

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stiffnode/stiffnode/data"
)

// Local polynomials through n points are exact for polynomials of degree n − 1, with their slopes, wherever they are asked.
func TestPolynomialIsExact(t *testing.T) {
	x := []float64{0, 0.3, 1, 1.2, 2.5, 3, 4.1}
	for n := 2; n <= 6; n++ {
		y := make([]float64, len(x))
		for i, v := range x {
			y[i] = math.Pow(v-1, float64(n-1))
		}
		for at := 0.0; at <= 4; at += 0.17 {
			value, slope := polynomial(x, y, at, n)
			want, wantSlope := math.Pow(at-1, float64(n-1)), float64(n-1)*math.Pow(at-1, float64(n-2))
			if math.Abs(value-want) > 1e-12*(1+math.Abs(want)) || math.Abs(slope-wantSlope) > 1e-11*(1+math.Abs(wantSlope)) {
				t.Errorf("%d points at %g: %g and %g, want %g and %g", n, at, value, slope, want, wantSlope)
			}
		}
	}
}

// The smoothing spline leaves residuals of the size of the errors, is closer to the truth than the data are, reproduces straight
// lines, and its slope is the derivative of its value.
func TestSpline(t *testing.T) {
	const n, noise = 80, 0.05
	rng := rand.New(rand.NewPCG(1, 2))
	x, y, line := make([]float64, n), make([]float64, n), make([]float64, n)
	raw := 0.0
	for i := range x {
		x[i] = float64(i)/n + 0.3/n*rng.Float64()
		e := noise * rng.NormFloat64()
		raw += e * e
		y[i] = math.Sin(6*x[i]) + e
		line[i] = 2 - 3*x[i]
	}
	s := newSpline(x, y, noise)
	left, off := 0.0, 0.0
	for i, at := range x {
		v, _ := s.at(at)
		left += (v - y[i]) * (v - y[i])
		off += (v - math.Sin(6*at)) * (v - math.Sin(6*at))
	}
	if got := math.Sqrt(left / n); math.Abs(got-noise) > 1e-3*noise {
		t.Errorf("residuals of %g, errors of %g", got, noise)
	}
	if off > raw/4 {
		t.Errorf("squared distance from the truth %g, that of the data %g", off, raw)
	}
	for _, at := range []float64{x[0], 0.111, 0.5, x[n-1] - 2e-5} {
		const h = 1e-6
		a, _ := s.at(at)
		b, _ := s.at(at + h)
		_, slope := s.at(at + h/2)
		if d := (b - a) / h; math.Abs(d-slope) > 1e-4*(1+math.Abs(d)) {
			t.Errorf("slope %g at %g, differences give %g", slope, at, d)
		}
	}
	straight := newSpline(x, line, noise)
	for _, at := range []float64{x[0], 0.4, x[n-1]} {
		if v, d := straight.at(at); math.Abs(v-(2-3*at)) > 1e-8 || math.Abs(d+3) > 1e-6 {
			t.Errorf("a straight line is %g with slope %g at %g", v, d, at)
		}
	}
}

// Derivatives of exact data on logarithmic times are estimated to a few percent across ten decades.
func TestCoursesOverDecades(t *testing.T) {
	tr := data.Trajectory{Times: append([]float64{0}, data.LogSpace(1e-5, 1e5, 60)...)}
	f := func(t float64) (y, dy float64) {
		for k := -4.0; k <= 4; k += 2 {
			a := math.Pow(10, k)
			y += t / (t + a)
			dy += a / ((t + a) * (t + a))
		}
		return y, dy
	}
	for _, at := range tr.Times {
		y, _ := f(at)
		tr.Values = append(tr.Values, y)
	}
	set := &data.Set{States: []string{"y"}, Trajectories: []data.Trajectory{tr}}
	stats := set.Stats()
	if !stats.LogTimes {
		t.Fatal("times are not taken for logarithmic")
	}
	stats.States[0].Noise = 0
	c := courses(set, stats)[0]
	for i, at := range c.times {
		if y, dy := f(at); c.y[i] != y && math.Abs(c.y[i]-y) > 1e-12*y || math.Abs(c.dy[i]-dy) > 0.05*dy {
			t.Errorf("at %g: %g and %g, want %g and %g", at, c.y[i], c.dy[i], y, dy)
		}
	}
}
