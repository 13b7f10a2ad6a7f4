package problems

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/stiffnode/stiffnode/internal/testutil"
	"github.com/stiffnode/stiffnode/ode"
)

// The references come from a program of its own, in extended precision; two methods of package ode, of different families, arrive at
// the same values: one at rows all over the table, each solved for on its own, the other at the end.
func TestReferencesAgreeWithTwoMethods(t *testing.T) {
	const rtol, digits = 1e-9, 6
	for _, p := range All() {
		if p.Exact() {
			continue
		}
		one, other := ode.Radau, ode.BDF
		if !p.Stiff {
			one, other = ode.DOP853, ode.Radau
		}
		check := func(m ode.Method, s *ode.Solver, at float64) {
			sol, err := s.Solve(context.Background(), p.T0, at, p.Y0)
			if err != nil {
				t.Errorf("%s, %s: %v", p.Name, m.Info().Name, err)
				return
			}
			if d, ok := p.Mescd(sol.YEnd, at); !ok || !(d > digits) {
				t.Errorf("%s, %s, t = %g: %.2f digits", p.Name, m.Info().Name, at, d)
			}
		}
		solver := func(m ode.Method) *ode.Solver {
			s, err := ode.NewSolver(p.IVP, ode.Options{Method: m, RTol: rtol, ATol: p.AbsTol(rtol), SaveAt: []float64{}})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		s := solver(one)
		for i := 0; i < len(p.Reference); i += 1 + len(p.Reference)/12 {
			check(one, s, p.Reference[i].T)
		}
		check(one, s, p.T1)
		check(other, solver(other), p.T1)
	}
}

// withSensitivities is a problem together with S = ∂y/∂p, S' = ∂f/∂y S + ∂f/∂p: row-major k×m behind the state.
func withSensitivities(p *Problem) *ode.Problem {
	k, m := p.IVP.Dim, len(p.Params)
	return ode.FiniteDifference(&ode.Problem{Dim: k + k*m, Autonomous: true, New: func() ode.Field {
		return &variational{f: p.IVP.New().(ode.ParamField), k: k, m: m, jp: make([]float64, k*m)}
	}})
}

type variational struct {
	f    ode.ParamField
	k, m int
	jp   []float64
}

func (v *variational) Eval(dst []float64, t float64, y []float64) error {
	if err := v.f.Eval(dst[:v.k], t, y[:v.k]); err != nil {
		return err
	}
	s := dst[v.k:]
	v.f.JVP(s, y[v.k:], nil, v.m)
	v.f.ParamJacobian(v.jp, 0, v.m)
	for i, x := range v.jp {
		s[i] += x
	}
	return nil
}

func (v *variational) EvalJacobian([]float64, *ode.Jacobian, []float64, float64, []float64) error {
	return ode.ErrNoJacobian
}

// Derivatives of end values with respect to the logarithms of the parameters, against independently computed ones.
func TestParameterDerivatives(t *testing.T) {
	data, err := os.ReadFile(testutil.Shared(t, "reference", "gradient_reference.json"))
	if err != nil {
		t.Fatal(err)
	}
	type entry struct {
		T1    float64              `json:"t1"`
		Slope map[string][]float64 `json:"dy_dlogp"`
	}
	var published struct{ ROBER_40, OREGO_30 entry }
	if err := json.Unmarshal(data, &published); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		p *Problem
		e entry
	}{{ROBER(), published.ROBER_40}, {OREGO(), published.OREGO_30}} {
		k, m := c.p.IVP.Dim, len(c.p.Params)
		y0 := make([]float64, k+k*m)
		copy(y0, c.p.Y0)
		// sensitivities in units of the state per parameter
		atol := make([]float64, len(y0))
		for i := range k {
			atol[i] = 1e-11 * c.p.IVP.Scale[i]
			for j, q := range c.p.Params {
				atol[k+i*m+j] = 1e-11 * c.p.IVP.Scale[i] / q.Value
			}
		}
		sol, err := ode.Solve(context.Background(), withSensitivities(c.p), c.p.T0, c.e.T1, y0, ode.Options{Method: ode.Radau, RTol: 1e-9, ATol: atol})
		if err != nil {
			t.Fatal(err)
		}
		for j, q := range c.p.Params {
			for i := range k {
				got, want := sol.YEnd[k+i*m+j]*q.Value, c.e.Slope[q.Name][i]
				if math.Abs(got-want) > 1e-6*math.Abs(want) {
					t.Errorf("%s: ∂%s/∂log %s = %.12g, want %.12g", c.p.Name, c.p.IVP.Names[i], q.Name, got, want)
				}
			}
		}
	}
}
