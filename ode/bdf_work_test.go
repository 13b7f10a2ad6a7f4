package ode_test

import (
	"context"
	"math"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// Statistics, so that a silent loss of efficiency is seen. The yardstick are the evaluations and Jacobians of CVODE 6.4.1 (BDF,
// dense, analytic Jacobian, defaults) at the same tolerances.
func TestBDFWork(t *testing.T) {
	type work struct {
		rtol, atol         float64
		steps, evals, facs int // expected within 10 %
		cvode, cvodeJac    int
	}
	for _, c := range []struct {
		p    *problems.Problem
		t1   float64
		work []work
	}{
		{problems.ROBER(), 1e5, []work{{1e-3, 1e-9, 170, 275, 39, 364, 5}, {1e-6, 1e-12, 450, 725, 62, 1035, 13}, {1e-9, 1e-15, 1143, 1554, 103, 2314, 31}}},
		{problems.POLLU(), 60, []work{{1e-3, 1e-11, 127, 188, 33, 222, 4}, {1e-6, 1e-14, 380, 521, 53, 563, 8}, {1e-9, 1e-17, 919, 1069, 82, 1091, 17}}},
	} {
		for _, w := range c.work {
			sol, err := ode.Solve(context.Background(), c.p.IVP, 0, c.t1, c.p.Y0, ode.Options{Method: ode.BDF, RTol: w.rtol, ATol: []float64{w.atol}})
			if err != nil {
				t.Fatal(err)
			}
			s := &sol.Stats
			within := func(what string, got, want int) {
				if math.Abs(float64(got-want)) > 0.1*float64(want)+2 {
					t.Errorf("%s, rtol %g: %d %s, expected about %d (%v)", c.p.Name, w.rtol, got, what, want, s)
				}
			}
			within("steps", s.Steps, w.steps)
			within("evaluations", s.Evals, w.evals)
			within("factorisations", s.Factorisations, w.facs)
			if s.Evals > w.cvode || s.Jacobians > w.cvodeJac+3 {
				t.Errorf("%s, rtol %g: %d evaluations and %d Jacobians, CVODE needs %d and %d", c.p.Name, w.rtol, s.Evals, s.Jacobians, w.cvode, w.cvodeJac)
			}
		}
	}
}
