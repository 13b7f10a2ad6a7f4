package ode_test

import (
	"context"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// The classical differential-algebraic problems to eight digits, at every time at which they are judged.
func TestDAEToEightDigits(t *testing.T) {
	const rtol, due = 1e-10, 8
	for _, p := range []*problems.Problem{problems.ROBERDAE(), problems.CHEMAKZO()} {
		for _, m := range []ode.Method{ode.Rodas5P, ode.Radau, ode.BDF} {
			sol, err := ode.Solve(context.Background(), p.IVP, p.T0, p.T1, p.Y0, ode.Options{Method: m, RTol: rtol, ATol: p.AbsTol(rtol), SaveAt: p.Checks})
			if err != nil {
				t.Errorf("%s, %s: %v", p.Name, m.Info().Name, err)
				continue
			}
			for i, at := range p.Checks {
				if digits, ok := p.Mescd(sol.State(i), at); !ok || !(digits >= due) {
					t.Errorf("%s, %s: %.2f digits at t = %g, %d are due", p.Name, m.Info().Name, digits, at, due)
				}
			}
		}
	}
}
