package ode_test

import (
	"context"
	"math"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// The differenced Jacobian along trajectories with components down to 1e-18 against the exact one. An entry counts in the scale of the states:
// J_ij·|y_j| beside the largest such product of its row.
func TestDifferencedJacobian(t *testing.T) {
	for _, name := range []string{"ROBER", "POLLU", "HIRES", "OREGO", "VDPOL", "Brusselator", "CHEMAKZO"} {
		p, err := problems.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		times := p.Checks
		if len(times) > 8 {
			times = times[:8]
		}
		sol, err := ode.Solve(context.Background(), p.IVP, p.T0, times[len(times)-1], p.Y0, ode.Options{Method: ode.BDF, RTol: 1e-5, ATol: p.AbsTol(1e-5), SaveAt: times})
		if err != nil {
			t.Fatal(err)
		}
		n := p.IVP.Dim
		exact, approx := p.IVP.New(), ode.FiniteDifference(p.IVP).New()
		want, got := ode.NewJacobian(n, p.IVP.Jacobian), ode.NewJacobian(n, p.IVP.Jacobian)
		f := make([]float64, n)
		for i, at := range times {
			y := sol.State(i)
			if err := exact.EvalJacobian(f, want, nil, at, y); err != nil {
				t.Fatal(err)
			}
			// the increments are adapted from one call to the next
			for range 10 {
				if err := approx.EvalJacobian(f, got, nil, at, y); err != nil {
					t.Fatal(err)
				}
			}
			for r := range n {
				size := 0.0
				for c := range n {
					size = max(size, math.Abs(want.At(r, c)*y[c]))
				}
				for c := range n {
					if e := math.Abs(got.At(r, c)-want.At(r, c)) * math.Abs(y[c]); e > 1e-5*size {
						t.Errorf("%s at %g: ∂f%d/∂y%d = %g, want %g", name, at, r+1, c+1, got.At(r, c), want.At(r, c))
					}
				}
			}
		}
	}
}

// Wrapping must not lose what a field can do.
func TestDifferencingKeepsCapabilities(t *testing.T) {
	p, err := problems.ByName("ROBER")
	if err != nil {
		t.Fatal(err)
	}
	plain, wrapped := p.IVP.New().(ode.ParamField), ode.FiniteDifference(p.IVP).New()
	f, ok := wrapped.(ode.ParamField)
	if !ok {
		t.Fatal("a ParamField has lost its derivative products")
	}
	// the point of the products is that of the Jacobian, although other points have been evaluated for it
	y, w := []float64{0.9, 2e-5, 0.1}, []float64{1, -2, 3}
	dst := make([]float64, 3)
	jac := ode.NewJacobian(3, p.IVP.Jacobian)
	if err := plain.EvalJacobian(dst, jac, nil, 0, y); err != nil {
		t.Fatal(err)
	}
	if err := f.EvalJacobian(dst, jac, nil, 0, y); err != nil {
		t.Fatal(err)
	}
	a, b := make([]float64, 3), make([]float64, 3)
	plain.VJP(a, nil, w)
	f.VJP(b, nil, w)
	for i := range a {
		if a[i] != b[i] {
			t.Errorf("wᵀJ has %g in place of %g", b[i], a[i])
		}
	}
	split := &ode.Problem{Dim: 1, New: func() ode.Field { return splitDecay{} }}
	s, ok := ode.FiniteDifference(split).New().(ode.SplitField)
	if !ok {
		t.Fatal("a SplitField has lost its parts")
	}
	j := ode.NewJacobian(1, split.Jacobian)
	if err := s.EvalImplicit(dst[:1], j, 0, y[:1]); err != nil {
		t.Fatal(err)
	}
	if e := math.Abs(j.At(0, 0) + 100); e > 1e-4 {
		t.Errorf("the implicit part has the derivative %g, not −100", j.At(0, 0))
	}
}

// splitDecay is y' = −100 y + cos t without a Jacobian, the first term stiff.
type splitDecay struct{}

func (splitDecay) Eval(dst []float64, t float64, y []float64) error {
	dst[0] = -100*y[0] + math.Cos(t)
	return nil
}

func (splitDecay) EvalJacobian([]float64, *ode.Jacobian, []float64, float64, []float64) error {
	return ode.ErrNoJacobian
}

func (splitDecay) EvalImplicit(dst []float64, jac *ode.Jacobian, _ float64, y []float64) error {
	if jac != nil {
		return ode.ErrNoJacobian
	}
	dst[0] = -100 * y[0]
	return nil
}

func (splitDecay) EvalExplicit(dst []float64, t float64, _ []float64) error {
	dst[0] = math.Cos(t)
	return nil
}

// The pairs on a split problem, against its solution.
func TestIMEXPairs(t *testing.T) {
	p := ode.FiniteDifference(&ode.Problem{Dim: 1, New: func() ode.Field { return splitDecay{} }})
	// y = (100 cos t + sin t)/10001 + c e^{−100 t}
	exact := func(t float64) float64 { return (100*math.Cos(t) + math.Sin(t)) / 10001 }
	for _, m := range []ode.Method{ode.KenCarp3IMEX, ode.KenCarp4IMEX, ode.KenCarp5IMEX} {
		times := []float64{1, 1.7, 2}
		sol, err := ode.Solve(context.Background(), p, 0, 2, []float64{1}, ode.Options{Method: m, RTol: 1e-7, ATol: []float64{1e-10}, SaveAt: times})
		if err != nil {
			t.Fatal(err)
		}
		for i, at := range times {
			if e := math.Abs(sol.Y[i] - exact(at)); e > 1e-7 {
				t.Errorf("%s at %g: error %g", m.Info().Name, at, e)
			}
		}
		if _, err := ode.Solve(context.Background(), ode.Func(1, func(dst []float64, _ float64, y []float64) { dst[0] = -y[0] }), 0, 1, []float64{1}, ode.Options{Method: m}); err == nil {
			t.Errorf("%s: a field that is not split was accepted", m.Info().Name)
		}
	}
}

// What a solver did before must not change a bit of what it does.
func TestSolverHasNoMemory(t *testing.T) {
	p, err := problems.ByName("ROBER")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range ode.Methods() {
		if m.Info().Split {
			continue
		}
		for _, ivp := range []*ode.Problem{p.IVP, ode.FiniteDifference(p.IVP)} {
			s, err := ode.NewSolver(ivp, ode.Options{Method: m, RTol: 1e-3, MaxSteps: 3000})
			if err != nil {
				t.Fatal(err)
			}
			// a method that runs out of steps has a memory too
			first, _ := s.Solve(context.Background(), 0, 100, p.Y0)
			first = first.Clone()
			s.Solve(context.Background(), 0, 1e4, []float64{0.2, 1e-6, 0.8})
			second, _ := s.Solve(context.Background(), 0, 100, p.Y0)
			if first.Stats != second.Stats {
				t.Errorf("%s: %s, and then %s", m.Info().Name, &first.Stats, &second.Stats)
			}
			for i, v := range first.YEnd {
				if second.YEnd[i] != v {
					t.Errorf("%s: y%d = %.17g, and then %.17g", m.Info().Name, i+1, v, second.YEnd[i])
				}
			}
		}
	}
}
