package bench

import (
	"context"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// BenchmarkSolve is a solve of known problems at three tolerances.
func BenchmarkSolve(b *testing.B) {
	for _, name := range []string{"ROBER", "POLLU", "HIRES"} {
		p, err := problems.ByName(name)
		if err != nil {
			b.Fatal(err)
		}
		for _, m := range []ode.Method{ode.BDF, ode.Radau, ode.Rodas5P, ode.KenCarp4} {
			for _, rtol := range []float64{1e-3, 1e-7} {
				b.Run(name+"/"+m.Info().Name+"/"+sci(rtol), func(b *testing.B) {
					s, err := ode.NewSolver(p.IVP, ode.Options{Method: m, RTol: rtol, ATol: p.AbsTol(rtol), SaveAt: p.Times})
					if err != nil {
						b.Fatal(err)
					}
					b.ReportAllocs()
					for b.Loop() {
						if _, err := s.Solve(context.Background(), p.T0, p.T1, p.Y0); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}
