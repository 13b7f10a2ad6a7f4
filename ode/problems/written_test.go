package problems

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
)

// What is written out must be what the laws say, for any rate constants.
func TestWrittenOut(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, c := range []struct {
		problem *Problem
		laws    *powerLaw
	}{{POLLU(), newPowerLaw(polluNames, polluParams(), 0, polluLaws)}} {
		written, laws := c.problem.IVP.New().(ode.ParamField), c.laws.newField().(ode.ParamField)
		n, m := c.laws.n, c.laws.m
		y, k := make([]float64, n), make([]float64, m)
		a, b := ode.NewJacobian(n, c.problem.IVP.Jacobian), ode.NewJacobian(n, c.problem.IVP.Jacobian)
		fa, fb := make([]float64, n), make([]float64, n)
		for range 20 {
			for i := range y {
				y[i] = math.Exp(r.NormFloat64())
			}
			for i := range k {
				k[i] = math.Exp(r.NormFloat64())
			}
			written.Bind(k)
			laws.Bind(k)
			if err := written.EvalJacobian(fa, a, nil, 0, y); err != nil {
				t.Fatal(err)
			}
			if err := laws.EvalJacobian(fb, b, nil, 0, y); err != nil {
				t.Fatal(err)
			}
			for i, v := range fb {
				if math.Abs(fa[i]-v) > 1e-12*(1+math.Abs(v)) {
					t.Fatalf("%s: f%d = %g, want %g", c.problem.Name, i+1, fa[i], v)
				}
			}
			for i, v := range b.Data {
				if math.Abs(a.Data[i]-v) > 1e-12*(1+math.Abs(v)) {
					t.Fatalf("%s: ∂f%d/∂y%d = %g, want %g", c.problem.Name, i/n+1, i%n+1, a.Data[i], v)
				}
			}
		}
	}
}
