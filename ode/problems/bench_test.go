package problems

import (
	"testing"

	"github.com/stiffnode/stiffnode/ode"
)

func BenchmarkEvaluation(b *testing.B) {
	for _, p := range []*Problem{ROBER(), POLLU(), Brusselator(brusselatorPoints)} {
		f := p.IVP.New().(ode.ParamField)
		dst, jac := make([]float64, p.IVP.Dim), ode.NewJacobian(p.IVP.Dim, p.IVP.Jacobian)
		b.Run(p.Name+"/f", func(b *testing.B) {
			for b.Loop() {
				_ = f.Eval(dst, 0, p.IVP.Scale)
			}
		})
		b.Run(p.Name+"/f and J", func(b *testing.B) {
			for b.Loop() {
				_ = f.EvalJacobian(dst, jac, nil, 0, p.IVP.Scale)
			}
		})
		gy, gp := make([]float64, p.IVP.Dim), make([]float64, f.NumParams())
		b.Run(p.Name+"/VJP", func(b *testing.B) {
			for b.Loop() {
				f.VJP(gy, gp, p.Y0)
			}
		})
	}
}
