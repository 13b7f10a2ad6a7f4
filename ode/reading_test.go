package ode_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
)

// stiffSine is y' = −λ(y − sin t) + cos t, whose solution through zero at t = 0 is sin t.
type stiffSine struct{ lambda float64 }

var _ ode.LaneField = stiffSine{}

func (f stiffSine) problem() *ode.Problem {
	return &ode.Problem{Dim: 1, New: func() ode.Field { return f }}
}

func (f stiffSine) Eval(dst []float64, t float64, y []float64) error {
	s, c := math.Sincos(t)
	dst[0] = -f.lambda*(y[0]-s) + c
	return nil
}

func (f stiffSine) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	s, c := math.Sincos(t)
	jac.Set(0, 0, -f.lambda)
	if dfdt != nil {
		dfdt[0] = f.lambda*c - s
	}
	return f.Eval(dst, t, y)
}

func (f stiffSine) EvalLanes(dst, t, y []float64) {
	for l, x := range t {
		_ = f.Eval(dst[l:], x, y[l:])
	}
}

func (f stiffSine) EvalJacobianLanes(dst, jac, dfdt, t, y []float64) {
	f.EvalLanes(dst, t, y)
	for l, x := range t {
		s, c := math.Sincos(x)
		jac[l] = -f.lambda
		if dfdt != nil {
			dfdt[l] = f.lambda*c - s
		}
	}
}

// readingFactor is how far a value between the ends of steps may be off, in units of what was asked.
const readingFactor = 100

// stiffSolvers are the methods that solve stiff problems without a splitting, at tolerances that they can serve in a test.
func stiffSolvers(t *testing.T, each func(t *testing.T, m ode.Method, rtol float64)) {
	for _, m := range append(ode.Solvers(), ode.Auto, ode.AutoDOP853Radau) {
		info := m.Info()
		if !info.Implicit || info.Split {
			continue
		}
		t.Run(info.Name, func(t *testing.T) {
			for _, rtol := range []float64{1e-3, 1e-6, 1e-8} {
				if info.Order > 2 || rtol > 1e-7 {
					each(t, m, rtol)
				}
			}
		})
	}
}

func grid(t1 float64, n int) []float64 {
	at := make([]float64, n+1)
	for i := range at {
		at[i] = t1 * float64(i) / float64(n)
	}
	return at
}

// TestStiffComponentsBetweenStepEnds: steps are long here, and right at their ends; what is read between them must be as good, in whatever way it is read.
func TestStiffComponentsBetweenStepEnds(t *testing.T) {
	f := stiffSine{1e6}
	solve := func(t *testing.T, what string, rtol float64, opt ode.Options) *ode.Solution {
		opt.RTol, opt.ATol = rtol, []float64{rtol}
		sol, err := ode.Solve(context.Background(), f.problem(), 0, 10, []float64{0}, opt)
		if err != nil {
			t.Fatalf("rtol %g, %s: %v", rtol, what, err)
		}
		return sol
	}
	off := func(t *testing.T, what string, rtol, got, want float64) {
		if e := math.Abs(got - want); !(e <= readingFactor*rtol) {
			t.Errorf("rtol %g, %s: %.10g is off by %.2g, %.3g times the tolerance", rtol, what, got, e, e/rtol)
		}
	}
	stiffSolvers(t, func(t *testing.T, m ode.Method, rtol float64) {
		for _, at := range [][]float64{grid(10, 200), grid(10, 37), {0.7, 3.3, 6.1, 9.2, 9.3}} {
			sol := solve(t, "times to save", rtol, ode.Options{Method: m, SaveAt: at})
			for i, x := range at {
				off(t, "times to save", rtol, sol.Y[i], math.Sin(x))
			}
		}
		var y [1]float64
		sol := solve(t, "dense output", rtol, ode.Options{Method: m, Dense: true})
		for _, x := range grid(10, 501) {
			sol.Dense.At(y[:], x)
			off(t, "dense output", rtol, y[0], math.Sin(x))
		}
		solve(t, "observer", rtol, ode.Options{Method: m, Observer: func(s *ode.Step) error {
			for _, theta := range []float64{0.13, 0.4, 0.85} {
				x := s.T + theta*s.H
				s.At(y[:], x)
				off(t, "observer", rtol, y[0], math.Sin(x))
			}
			return nil
		}})
		sol = solve(t, "event", rtol, ode.Options{Method: m, Events: []ode.Event{{Value: func(_ float64, y []float64) float64 { return y[0] - 0.5 }}}})
		if want := []float64{1, 5, 13, 17}; len(sol.Events) != len(want) {
			t.Errorf("rtol %g: %d events, not %d", rtol, len(sol.Events), len(want))
		} else {
			for i, e := range sol.Events {
				off(t, "event", rtol, e.T, want[i]*math.Pi/6)
			}
		}
		sol = solve(t, "quadrature", rtol, ode.Options{Method: m, Quadrature: &ode.Quadrature{N: 1, ErrorTest: true, Eval: func(dst []float64, _ float64, y []float64) error {
			dst[0] = y[0]
			return nil
		}}})
		off(t, "quadrature", rtol, sol.Quadrature[0], 1-math.Cos(10))
	})
}

// TestAlgebraicStatesBetweenStepEnds: x' = −x, 0 = z − sin x is as stiff as can be.
func TestAlgebraicStatesBetweenStepEnds(t *testing.T) {
	p := &ode.Problem{Dim: 2, Mass: ode.Mass{Diagonal: []float64{1, 0}}, New: func() ode.Field { return algebraicSine{} }}
	at := grid(6, 100)
	stiffSolvers(t, func(t *testing.T, m ode.Method, rtol float64) {
		if !m.Info().Mass {
			t.Skip("no mass matrix")
		}
		sol, err := ode.Solve(context.Background(), p, 0, 6, []float64{0, 0}, ode.Options{Method: m, RTol: rtol, ATol: []float64{rtol}, SaveAt: at})
		if err != nil {
			t.Fatal(err)
		}
		for i, x := range at {
			if e := math.Abs(sol.State(i)[1] - math.Sin(5*x)); !(e <= readingFactor*rtol) {
				t.Fatalf("rtol %g: at t = %g off by %.2g, %.3g times the tolerance", rtol, x, e, e/rtol)
			}
		}
	})
}

// algebraicSine is x' = 1, 0 = z − sin 5x.
type algebraicSine struct{}

func (algebraicSine) Eval(dst []float64, _ float64, y []float64) error {
	dst[0], dst[1] = 1, y[1]-math.Sin(5*y[0])
	return nil
}

func (f algebraicSine) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	jac.Zero()
	jac.Set(1, 0, -5*math.Cos(5*y[0]))
	jac.Set(1, 1, 1)
	clear(dfdt)
	return f.Eval(dst, t, y)
}

// TestLanesBetweenStepEnds is the same in lanes, where neighbours must not matter.
func TestLanesBetweenStepEnds(t *testing.T) {
	f := stiffSine{1e6}
	for _, m := range []ode.Method{nil, ode.Rosenbrock23, ode.Rodas4, ode.Rodas5P, ode.AutoTsit5Rodas5P} {
		for _, rtol := range []float64{1e-3, 1e-5, 1e-7} {
			if m == ode.Rosenbrock23 && rtol < 1e-5 {
				continue
			}
			s, err := ode.NewLaneSolver(f.problem(), f, ode.Options{Method: m, RTol: rtol, ATol: []float64{rtol}})
			if err != nil {
				t.Fatal(err)
			}
			var all []*ode.Trajectory
			for k := range 20 {
				t0 := 0.1 * float64(k)
				tr := &ode.Trajectory{T0: t0, Y0: []float64{math.Sin(t0)}}
				for _, x := range grid(10, 10+9*k)[1:] {
					tr.Times = append(tr.Times, t0+x)
				}
				all = append(all, tr)
			}
			solve := func(all []*ode.Trajectory) {
				err := s.Solve(context.Background(), func() *ode.Trajectory {
					if len(all) == 0 {
						return nil
					}
					tr := all[0]
					all = all[1:]
					return tr
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			solve(all)
			for k, tr := range all {
				if tr.Err != nil {
					t.Fatal(tr.Err)
				}
				for i, x := range tr.Times {
					if e := math.Abs(tr.Y[i] - math.Sin(x)); !(e <= readingFactor*rtol) {
						t.Errorf("rtol %g, trajectory %d: at t = %g off by %.2g, %.3g times the tolerance", rtol, k, x, e, e/rtol)
					}
				}
			}
			alone := &ode.Trajectory{T0: all[7].T0, Y0: all[7].Y0, Times: all[7].Times}
			solve([]*ode.Trajectory{alone})
			for i, v := range alone.Y {
				if v != all[7].Y[i] {
					t.Fatalf("rtol %g: a trajectory depends on its neighbours: %g, alone %g", rtol, all[7].Y[i], v)
				}
			}
		}
	}
}

// TestReadingCostsLittle: without stiff components to control it changes no step, and takes at most one evaluation for a step that is read.
func TestReadingCostsLittle(t *testing.T) {
	p := stiffSine{1}
	for _, m := range ode.Solvers() {
		if i := m.Info(); i.Split || strings.HasPrefix(i.Family, "linear multistep") {
			continue
		}
		run := func(opt ode.Options) *ode.Solution {
			opt.Method, opt.RTol = m, 1e-5
			sol, err := ode.Solve(context.Background(), p.problem(), 0, 10, []float64{0.5}, opt)
			if err != nil {
				t.Fatal(m.Info().Name, err)
			}
			return sol
		}
		plain, read := run(ode.Options{}), run(ode.Options{SaveAt: grid(10, 1000)})
		if plain.Stats.Steps != read.Stats.Steps || read.Stats.RejectedDense != 0 {
			t.Errorf("%s: %d steps, %d where values between their ends are read (%d rejected for them)", m.Info().Name, plain.Stats.Steps, read.Stats.Steps, read.Stats.RejectedDense)
		}
		extra := 1
		if m == ode.DOP853 {
			extra = 3 // the further stages of its dense output
		}
		if most := plain.Stats.Evals + extra*read.Stats.Steps; read.Stats.Evals > most {
			t.Errorf("%s: %d evaluations, more than %d", m.Info().Name, read.Stats.Evals, most)
		}
	}
}

// TestStiffDenseOrder holds what Info says of the dense output in stiff components to what it does at fixed steps.
func TestStiffDenseOrder(t *testing.T) {
	f := stiffSine{1e9}
	for _, m := range ode.Solvers() {
		info := m.Info()
		if info.StiffDense == 0 || info.Split || info.Family == "switching pair" {
			continue
		}
		largest := func(h float64) (e float64) {
			sol, err := ode.Solve(context.Background(), f.problem(), 0, 4, []float64{0},
				ode.Options{Method: m, RTol: 1, ATol: []float64{1e6}, FirstStep: h, MaxStep: h, Dense: true, NewtonTol: 1e-14})
			if err != nil {
				t.Fatal(info.Name, err)
			}
			var y [1]float64
			for i := range sol.Dense.Steps() {
				t0, step := sol.Dense.Step(i)
				for _, theta := range grid(1, 20) {
					x := t0 + theta*step
					sol.Dense.AtStep(y[:], i, x)
					e = max(e, math.Abs(y[0]-math.Sin(x)))
				}
			}
			return e
		}
		coarse, fine := largest(0.4), largest(0.2)
		if order := math.Log2(coarse/fine) - 1; math.Abs(order-float64(info.StiffDense)) > 0.35 {
			t.Errorf("%s: dense output in stiff components of order %.2f, not %d", info.Name, order, info.StiffDense)
		}
	}
}
