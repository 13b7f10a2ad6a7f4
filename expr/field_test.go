package expr_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stiffnode/stiffnode/expr"
	"github.com/stiffnode/stiffnode/internal/formulas"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// products is what a field makes at one point, all of it.
func products(t *testing.T, f ode.ParamField, dim int, layout ode.JacobianLayout, time float64, y, par []float64) map[string][]float64 {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 4))
	random := func(n int) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = rng.NormFloat64()
		}
		return v
	}
	k, m := dim, f.NumParams()
	out := map[string][]float64{}
	zero := func(name string, n int) []float64 {
		out[name] = make([]float64, n)
		return out[name]
	}
	f.Bind(par)
	jac := ode.NewJacobian(k, layout)
	dfdt := zero("df/dt", k)
	if err := f.EvalJacobian(zero("f", k), jac, dfdt, time, y); err != nil {
		t.Fatal(err)
	}
	j := zero("J", k*k)
	for i := range k {
		for c := range k {
			j[i*k+c] = jac.At(i, c)
		}
	}
	w, v, q := random(k), random(3*k), random(3*m)
	f.VJP(zero("VJP y", k), zero("VJP p", m), w)
	f.JVP(zero("JVP", 3*k), v, q, 3)
	f.ParamJacobian(zero("dp", k*m), 0, m)
	w, u, tau := random(2*k), random(2*k), random(2)
	f.SecondOrder(zero("second y", k), zero("second p", m), w, u, tau, 2)
	f.SecondOrderJacobian(zero("second dy", k*k), zero("second dp", k*m), u[:k], tau[0], 0, m)
	return out
}

// TestShipped holds every product of the shipped problems' programs to those written by hand.
func TestShipped(t *testing.T) {
	for _, name := range formulas.Names {
		t.Run(name, func(t *testing.T) {
			prog, p, err := formulas.Program(name)
			if err != nil {
				t.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(1, 2))
			y, par := make([]float64, p.IVP.Dim), make([]float64, len(p.Params))
			for i := range y {
				y[i] = p.IVP.Scale[i] * (0.3 + 0.5*rng.Float64())
			}
			for i, q := range p.Params {
				par[i] = q.Value * (0.8 + 0.4*rng.Float64())
			}
			ivp, err := prog.Problem(expr.Setup{Params: par})
			if err != nil {
				t.Fatal(err)
			}
			if ivp.Autonomous != p.IVP.Autonomous {
				t.Errorf("autonomous: %t", ivp.Autonomous)
			}
			want := products(t, p.IVP.New().(ode.ParamField), p.IVP.Dim, p.IVP.Jacobian, 0.3, y, par)
			got := products(t, ivp.New().(ode.ParamField), p.IVP.Dim, ivp.Jacobian, 0.3, y, par)
			for what, w := range want {
				size := 0.0
				for _, x := range w {
					size = max(size, math.Abs(x))
				}
				for i, x := range got[what] {
					if d := math.Abs(x - w[i]); !(d <= 1e-13*size) {
						t.Errorf("%s[%d]: %g, want %g", what, i, x, w[i])
						break
					}
				}
			}
		})
	}
}

func TestSolve(t *testing.T) {
	prog, p, err := formulas.Program("ROBER")
	if err != nil {
		t.Fatal(err)
	}
	ivp, err := prog.Problem(expr.Setup{Params: []float64{0.04, 3e7, 1e4}, Scale: p.IVP.Scale})
	if err != nil {
		t.Fatal(err)
	}
	sol, err := ode.Solve(context.Background(), ivp, 0, 40, p.Y0, ode.Options{RTol: 1e-8, SaveAt: []float64{40}})
	if err != nil {
		t.Fatal(err)
	}
	want := make([]float64, 3)
	p.Solution(want, 40)
	for i, v := range want {
		if got := sol.Y[len(sol.Y)-3+i]; math.Abs(got-v) > 1e-6*math.Abs(v) {
			t.Errorf("y%d: %g, want %g", i+1, got, v)
		}
	}
}

var _ = problems.ROBER
