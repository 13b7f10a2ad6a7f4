package train

import (
	"math"
	"testing"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/internal/simulate"
)

// A monotone interpolant goes through its points, stays between neighbouring ones, has the slope of its value, and reproduces straight lines.
func TestMonotone(t *testing.T) {
	x := []float64{0, 1, 1.5, 3, 3.2, 5, 6}
	z := []float64{0, 0.1, 0.15, 8, 8, 7.9, -3}
	m := newMonotone(x, z)
	for i := range len(x) - 1 {
		lo, hi := min(z[i], z[i+1]), max(z[i], z[i+1])
		if v, _ := m.at(x[i]); math.Abs(v-z[i]) > 1e-14 {
			t.Errorf("%g at %g, want %g", v, x[i], z[i])
		}
		for u := 0.02; u < 0.99; u += 0.03 {
			at := x[i] + u*(x[i+1]-x[i])
			v, d := m.at(at)
			if v < lo-1e-12 || v > hi+1e-12 {
				t.Errorf("%g at %g, between %g and %g", v, at, lo, hi)
			}
			const h = 1e-6
			a, _ := m.at(at - h)
			b, _ := m.at(at + h)
			if slope := (b - a) / (2 * h); math.Abs(slope-d) > 1e-6*(1+math.Abs(slope)) {
				t.Errorf("slope %g at %g, differences give %g", d, at, slope)
			}
		}
	}
	line := make([]float64, len(x))
	for i, v := range x {
		line[i] = 2 - 3*v
	}
	if v, d := newMonotone(x, line).at(2.2); math.Abs(v+4.6) > 1e-12 || math.Abs(d+3) > 1e-12 {
		t.Errorf("a straight line is %g with slope %g", v, d)
	}
	if v, _ := m.at(7); !math.IsNaN(v) {
		t.Errorf("%g beyond the points", v)
	}
}

// Relaxation oscillations are told from smooth ones and from noise, and change the choices that follow from it.
func TestJumps(t *testing.T) {
	for _, c := range []struct {
		problem string
		options simulate.Options
		want    bool
	}{
		{"VanDerPol", simulate.Options{Times: data.LinSpace(0, 250, 201)}, true},
		{"OREGO", simulate.Options{Times: data.LinSpace(0, 30, 101)}, true},
		{"LotkaVolterra", simulate.Options{Times: data.LinSpace(0, 10, 101)}, false},
		{"POLLU", simulate.Options{Times: data.LinSpace(0, 60, 20)}, false},
		{"ROBER", simulate.Options{Times: data.LogSpace(1e-5, 1e5, 50)}, false},
	} {
		set := simulated(t, c.problem, c.options)
		cfg := Default()
		cfg.Resolve(set)
		if got := cfg.Model.YScale == "rate" && cfg.Model.Input == "log" && cfg.LeastSquares.Residuals == "log"; got != c.want {
			t.Errorf("%s: jumps: %v", c.problem, got)
		}
	}
}

// The Jacobian of logarithmic residuals is their derivative, and the metric is that of the differences.
func TestLogResiduals(t *testing.T) {
	set := simulated(t, "LotkaVolterra", simulate.Options{Times: data.LinSpace(0, 2, 9)})
	c := least(set)
	c.LeastSquares.Residuals, c.Solver.RTol = "log", 1e-11
	l := leastTask(t, c, set)
	s, err := newShooting(l.t, l.whole().curves, l.whole().rows, 1, 1e-11)
	if err != nil {
		t.Fatal(err)
	}
	theta := make([]float64, l.t.total)
	l.t.start(theta, 3)
	rows, cols := s.Dims()
	r, jac, a, b := make([]float64, rows), make([]float64, rows*cols), make([]float64, rows), make([]float64, rows)
	if err := s.ResidualJacobian(t.Context(), r, jac, theta); err != nil {
		t.Fatal(err)
	}
	const h = 1e-5
	for p := range cols {
		at := theta[p]
		theta[p] = at + h
		errA := s.Residual(t.Context(), a, theta)
		theta[p] = at - h
		errB := s.Residual(t.Context(), b, theta)
		theta[p] = at
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		for i := range rows {
			if d := (a[i] - b[i]) / (2 * h); math.Abs(d-jac[i*cols+p]) > 1e-5*(1+math.Abs(d)) {
				t.Fatalf("residual %d by parameter %d: %g, differences give %g", i, p, jac[i*cols+p], d)
			}
		}
	}
	plain := least(set)
	plain.LeastSquares.Residuals = "relative"
	p := leastTask(t, plain, set)
	q, err := newShooting(p.t, p.whole().curves, p.whole().rows, 1, 1e-11)
	if err != nil {
		t.Fatal(err)
	}
	rq := make([]float64, p.whole().rows)
	if err := q.Residual(t.Context(), rq, theta); err != nil {
		t.Fatal(err)
	}
	if x, y := s.metric(r), q.metric(rq); math.Abs(x-y) > 1e-9*y {
		t.Errorf("the metric is %g and %g", x, y)
	}
}

// A budget ends the epoch under way, and leaves a model.
func TestBudgetEndsAnEpoch(t *testing.T) {
	set := simulated(t, "LotkaVolterra", simulate.Options{Times: data.LinSpace(0, 10, 101)})
	c := Default()
	c.Train.Budget = 0.05
	c.Resolve(set)
	res := mustRun(t, mustNew(t, c, set))
	if !res.Finished || res.Model == nil || len(res.History) == 0 || len(res.History) > 200 {
		t.Errorf("finished %v after %d epochs", res.Finished, len(res.History))
	}
}
