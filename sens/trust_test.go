package sens

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// endState is the gradient of one state at the end of a classical problem.
func endState(t *testing.T, name string, state int, m Method, solver ode.Method, rtol float64) (*Gradient, []float64, error) {
	t.Helper()
	p, err := problems.ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	var params []float64
	for _, q := range p.Params {
		params = append(params, q.Value)
	}
	atol := make([]float64, p.IVP.Dim)
	for i := range atol {
		atol[i] = 1e-3 * rtol
		if p.IVP.Scale != nil {
			atol[i] *= p.IVP.Scale[i]
		}
	}
	ev, err := m.New(Setup{Problem: p.IVP, Options: ode.Options{Method: solver, RTol: rtol, ATol: atol, MaxSteps: 500_000}})
	if err != nil {
		t.Fatal(err)
	}
	g := &Gradient{}
	err = ev.Gradient(context.Background(), g, params, p.Y0, p.T0, p.T1, []float64{p.T1}, LossFunc(func(_ int, _ float64, y, grad []float64) float64 {
		if grad != nil {
			clear(grad)
			grad[state] = 1
		}
		return y[state]
	}))
	return g, params, err
}

// relativeChange is ‖p∘(a − b)‖/‖p∘b‖.
func relativeChange(p, a, b []float64) float64 {
	num, den := 0.0, 0.0
	for i, v := range b {
		num += p[i] * (a[i] - v) * p[i] * (a[i] - v)
		den += p[i] * v * p[i] * v
	}
	return math.Sqrt(num / den)
}

// The integral for the parameters is held to the tolerance by every continuous adjoint, also where the loss is one value of a relaxation oscillation (two
// of three derivatives had the wrong sign) and where the adjoint's first steps are so small that times within them are hardly told apart.
func TestContinuousAdjointsControlTheIntegral(t *testing.T) {
	many := ReverseOptions{MaxSteps: 500_000}
	methods := []Method{GaussAdjoint{Reverse: many}, GaussAdjoint{Reverse: many, Nodes: 4}, QuadratureAdjoint{Reverse: many}, QuadratureAdjoint{Reverse: many, Adaptive: true}, IMEXAdjoint{Reverse: many}}
	for _, c := range []struct {
		problem string
		state   int
		limit   float64
	}{{"OREGO", 0, 1e-3}, {"POLLU", 15, 1e-7}} {
		// the reference is of another kind and family
		want, p, err := endState(t, c.problem, c.state, ContinuousForward{}, ode.Radau, 1e-10)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range methods {
			for _, solver := range []ode.Method{ode.Rodas5P, ode.Radau, ode.KenCarp4, ode.BDF} {
				g, _, err := endState(t, c.problem, c.state, m, solver, 1e-8)
				if err != nil {
					t.Errorf("%s, %s with %s: %v", c.problem, m.Info().Name, solver.Info().Name, err)
					continue
				}
				if e := relativeChange(p, g.Params, want.Params); !(e <= c.limit) {
					t.Errorf("%s, %s with %s: error %.2g, limit %.2g", c.problem, m.Info().Name, solver.Info().Name, e, c.limit)
				}
			}
		}
	}
}

// A reverse method that does not show its stages is refused where the integral needs them.
func TestReverseMethodShowsItsStages(t *testing.T) {
	var refused *RefusedError
	for _, m := range []Method{GaussAdjoint{Reverse: ReverseOptions{Method: ode.BDF}}, QuadratureAdjoint{Reverse: ReverseOptions{Method: ode.BDF}}} {
		if _, err := m.New(Setup{Problem: probe(ode.Radau)}); !errors.As(err, &refused) {
			t.Errorf("%s: %v", m.Info().Name, err)
		}
	}
	if _, err := (InterpolatingAdjoint{Reverse: ReverseOptions{Method: ode.BDF}}).New(Setup{Problem: probe(ode.Radau)}); err != nil {
		t.Error(err)
	}
}

// Frozen explicit steps at the edge of stability amplify what the equation damps: the gradient of a slow state that a fast one
// drives is wrong by many orders of magnitude at a tolerance at which the states are right. It is made again at a tighter one, or refused; never returned.
func TestDerivativeOfPoorSolve(t *testing.T) {
	prob, p, y0 := roberProblem()
	loss := LossFunc(func(_ int, _ float64, y, grad []float64) float64 {
		if grad != nil {
			clear(grad)
			grad[0] = 1
		}
		return y[0]
	})
	times := []float64{0.1, 1, 10}
	gradient := func(m Method, solver ode.Method, rtol float64) (*Gradient, error) {
		ev, err := m.New(Setup{Problem: prob, Options: ode.Options{Method: solver, RTol: rtol, ATol: []float64{1e-6 * rtol}, MaxSteps: 500_000}})
		if err != nil {
			t.Fatal(err)
		}
		g := &Gradient{}
		return g, ev.Gradient(context.Background(), g, p, y0, 0, 10, times, loss)
	}
	want, err := gradient(DiscreteReverse{}, ode.Radau, 1e-10)
	if err != nil {
		t.Fatal(err)
	}
	tightened := 0
	for _, m := range []Method{DiscreteReverse{}, DiscreteReverse{MemoryLimit: 1 << 20}, DiscreteForward{Workers: 1}} {
		for _, solver := range []ode.Method{ode.Tsit5, ode.DOP853, ode.Rosenbrock23, ode.Rodas5P, ode.AutoTsit5Rosenbrock23} {
			for _, rtol := range []float64{1e-1, 1e-2, 1e-3} {
				g, err := gradient(m, solver, rtol)
				if err != nil {
					var poor errPoor
					if !errors.As(err, &poor) {
						t.Errorf("%s with %s at %g: %v", m.Info().Name, solver.Info().Name, rtol, err)
					}
					continue
				}
				if g.Tightened > 0 {
					tightened++
				}
				if e := relativeChange(p, g.Params, want.Params); !(e <= 0.5) {
					t.Errorf("%s with %s at rtol %g: error %.2g, solved at %g", m.Info().Name, solver.Info().Name, rtol, e, g.Tightened)
				}
			}
		}
	}
	if tightened == 0 {
		t.Error("nothing was tightened")
	}
	for _, solver := range []ode.Method{ode.Radau, ode.KenCarp4, ode.Rodas5P, ode.Rosenbrock23} {
		if g, err := gradient(DiscreteReverse{}, solver, 1e-6); err != nil || g.Tightened != 0 {
			t.Errorf("%s at 1e-6: tightened to %g, %v", solver.Info().Name, g.Tightened, err)
		}
	}
}

// What Verified states is within a factor of ten of the error, whatever the method.
func TestVerified(t *testing.T) {
	want, p, err := endState(t, "HIRES", 0, ContinuousForward{}, ode.Radau, 1e-11)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range gradientMethods() {
		for _, solver := range []ode.Method{ode.Rodas5P, ode.KenCarp4} {
			for _, rtol := range []float64{1e-4, 1e-6} {
				g, _, err := endState(t, "HIRES", 0, Verified{Method: m}, solver, rtol)
				if err != nil {
					t.Errorf("%s with %s: %v", m.Info().Name, solver.Info().Name, err)
					continue
				}
				e := relativeChange(p, g.Params, want.Params)
				if s := g.Error.Relative; !(e <= 10*s) || !(s <= 1e3*rtol) {
					t.Errorf("%s with %s at %g: error %.2g, stated %.2g", m.Info().Name, solver.Info().Name, rtol, e, s)
				}
				for i, v := range g.Params {
					if d := math.Abs(v - want.Params[i]); !(d <= 10*g.Error.Params[i]) {
						t.Errorf("%s with %s at %g: component %d off by %.2g, stated %.2g", m.Info().Name, solver.Info().Name, rtol, i, d, g.Error.Params[i])
					}
				}
			}
		}
	}
	for _, m := range []Method{Verified{}, Verified{Method: DiscreteReverse{}, Factor: 2}} {
		if _, err := m.New(Setup{Problem: probe(ode.Radau)}); err == nil {
			t.Error("an impossible request was not refused")
		}
	}
}
