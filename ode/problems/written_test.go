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
	for _, problem := range []*Problem{ROBER(), POLLU(), HIRES(), OREGO(), VDPOL(), VDPOLMild(), VanDerPol()} {
		written := problem.IVP.New().(*powerLawField)
		if written.p.evaluate == nil || written.p.jacobian == nil {
			t.Fatalf("%s is not written out", problem.Name)
		}
		interpreted := *written.p
		interpreted.evaluate, interpreted.jacobian = nil, nil
		laws := interpreted.newField().(ode.ParamField)
		n, m := interpreted.n, interpreted.m
		y, k := make([]float64, n), make([]float64, m)
		a, b := ode.NewJacobian(n, problem.IVP.Jacobian), ode.NewJacobian(n, problem.IVP.Jacobian)
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
					t.Fatalf("%s: f%d = %g, want %g", problem.Name, i+1, fa[i], v)
				}
			}
			for i, v := range b.Data {
				if math.Abs(a.Data[i]-v) > 1e-12*(1+math.Abs(v)) {
					t.Fatalf("%s: ∂f%d/∂y%d = %g, want %g", problem.Name, i/n+1, i%n+1, a.Data[i], v)
				}
			}
		}
	}
}
