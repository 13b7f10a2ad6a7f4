package ode_test

import (
	"context"
	"math"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
)

// rotation is y' = A (y − g(t)) + g'(t) with eigenvalues decay ± i·rate and g = amplitude·(sin t, cos t).
type rotation struct{ decay, rate, amplitude float64 }

var _ ode.LaneField = rotation{}

func (f rotation) problem() *ode.Problem {
	return &ode.Problem{Dim: 2, New: func() ode.Field { return f }}
}

func (f rotation) Eval(dst []float64, t float64, y []float64) error {
	s, c := math.Sincos(t)
	s, c = f.amplitude*s, f.amplitude*c
	a, b := y[0]-s, y[1]-c
	dst[0], dst[1] = f.decay*a+f.rate*b+c, -f.rate*a+f.decay*b-s
	return nil
}

func (f rotation) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	jac.Set(0, 0, f.decay)
	jac.Set(0, 1, f.rate)
	jac.Set(1, 0, -f.rate)
	jac.Set(1, 1, f.decay)
	if dfdt != nil {
		s, c := math.Sincos(t)
		s, c = f.amplitude*s, f.amplitude*c
		dfdt[0], dfdt[1] = -f.decay*c+f.rate*s-s, f.rate*c+f.decay*s-c
	}
	return f.Eval(dst, t, y)
}

func (f rotation) EvalLanes(dst, t, y []float64) {
	for l, x := range t {
		var d, at [2]float64
		at[0], at[1] = y[l], y[ode.Lanes+l]
		_ = f.Eval(d[:], x, at[:])
		dst[l], dst[ode.Lanes+l] = d[0], d[1]
	}
}

func (f rotation) EvalJacobianLanes(dst, jac, dfdt, t, y []float64) {
	f.EvalLanes(dst, t, y)
	for l, x := range t {
		jac[l], jac[ode.Lanes+l], jac[2*ode.Lanes+l], jac[3*ode.Lanes+l] = f.decay, -f.rate, f.rate, f.decay
		if dfdt != nil {
			s, c := math.Sincos(x)
			s, c = f.amplitude*s, f.amplitude*c
			dfdt[l], dfdt[ode.Lanes+l] = -f.decay*c+f.rate*s-s, f.rate*c+f.decay*s-c
		}
	}
}

// TestOscillationsDoNotGrow: an oscillation of three thousand periods that the equation damps is magnified by no method, however loose the tolerance. Where a method loses it, it
// must vanish.
func TestOscillationsDoNotGrow(t *testing.T) {
	f := rotation{decay: -1e-3, rate: 1e4}
	for _, m := range append(ode.Solvers(), ode.Auto, ode.AutoDOP853Radau) {
		if m.Info().Split || m == ode.BDF {
			continue
		}
		for _, rtol := range []float64{1e-1, 1e-2, 1e-3} {
			sol, err := ode.Solve(context.Background(), f.problem(), 0, 2, []float64{1, 0}, ode.Options{Method: m, RTol: rtol, MaxSteps: 60000, SaveAt: []float64{1, 2}})
			if err != nil {
				continue // at the bound of steps: a failure is no wrong answer
			}
			for i := range sol.Times {
				if r := math.Hypot(sol.State(i)[0], sol.State(i)[1]); !(r <= 2) {
					t.Errorf("%s at rtol %g: an amplitude of %g, from 1", m.Info().Name, rtol, r)
				}
			}
		}
	}
}

// TestForcedOscillation: the solution is slow, and an oscillation would be fast, undamped and is not excited. A pair sees that its explicit method is limited by the oscillation's
// stability, and no method lets it grow.
func TestForcedOscillation(t *testing.T) {
	f := rotation{rate: 1e3, amplitude: 1}
	for _, m := range append(ode.Solvers(), ode.AutoDOP853Radau) {
		if m.Info().Split {
			continue
		}
		for _, rtol := range []float64{1e-1, 1e-3, 1e-5} {
			sol, err := ode.Solve(context.Background(), f.problem(), 0, 10, []float64{0, 1}, ode.Options{Method: m, RTol: rtol, SaveAt: []float64{5, 10}})
			if err != nil {
				t.Fatal(m.Info().Name, rtol, err)
			}
			for i, x := range sol.Times {
				s, c := math.Sincos(x)
				if e := math.Hypot(sol.State(i)[0]-s, sol.State(i)[1]-c); !(e <= 300*rtol) {
					t.Errorf("%s at rtol %g: off by %.3g at t = %g", m.Info().Name, rtol, e, x)
				}
			}
			if m.Info().Family == "switching pair" && m != ode.AutoTsit5Rosenbrock23 && rtol < 1e-1 && sol.Stats.Steps > 2000 {
				t.Errorf("%s at rtol %g: %d steps: the pair did not see that oscillations limit its explicit method", m.Info().Name, rtol, sol.Stats.Steps)
			}
		}
	}
}

// TestLanesDoNotLetOscillationsGrow is the same in lanes.
func TestLanesDoNotLetOscillationsGrow(t *testing.T) {
	for _, f := range []rotation{{decay: -1e-3, rate: 1e4}, {rate: 1e3, amplitude: 1}} {
		for _, m := range []ode.Method{nil, ode.Tsit5, ode.AutoTsit5Rodas5P} {
			for _, rtol := range []float64{1e-1, 1e-2} {
				s, err := ode.NewLaneSolver(f.problem(), f, ode.Options{Method: m, RTol: rtol, MaxSteps: 90000})
				if err != nil {
					t.Fatal(err)
				}
				tr := &ode.Trajectory{Y0: []float64{1, 0}, Times: []float64{1, 2}}
				if f.amplitude > 0 {
					tr.Y0 = []float64{0, 1}
				}
				once := tr
				if err := s.Solve(context.Background(), func() *ode.Trajectory { next := once; once = nil; return next }); err != nil || tr.Err != nil {
					t.Fatal(err, tr.Err)
				}
				for i, v := range tr.Y {
					if !(math.Abs(v) <= 2) {
						t.Errorf("rate %g at rtol %g: state %d is %g at t = %g", f.rate, rtol, i%2, v, tr.Times[i/2])
					}
				}
			}
		}
	}
}
