package ode

import (
	"context"
	"math"
	"testing"
)

// robertson is ROBER with its analytic Jacobian (Robertson 1966; Hairer and Wanner II, eq. IV.1.4).
func robertson() *Problem {
	p := FuncJacobian(3,
		func(dst []float64, _ float64, y []float64) {
			a, b, c := 0.04*y[0], 1e4*y[1]*y[2], 3e7*y[1]*y[1]
			dst[0], dst[1], dst[2] = b-a, a-b-c, c
		},
		func(j *Jacobian, _ float64, y []float64) {
			j.Set(0, 0, -0.04)
			j.Set(0, 1, 1e4*y[2])
			j.Set(0, 2, 1e4*y[1])
			j.Set(1, 0, 0.04)
			j.Set(1, 1, -1e4*y[2]-6e7*y[1])
			j.Set(1, 2, -1e4*y[1])
			j.Set(2, 1, 6e7*y[1])
		})
	p.Autonomous = true
	return p
}

func TestRobertsonAtForty(t *testing.T) {
	// reference: 30-digit arithmetic
	want := []float64{0.7158270687194044, 9.185534764557756e-06, 0.28416374574583037}
	for _, m := range []Method{Rosenbrock23, AutoTsit5Rosenbrock23} {
		for _, p := range []*Problem{robertson(), FiniteDifference(robertson())} {
			sol, err := Solve(context.Background(), p, 0, 40, []float64{1, 0, 0}, Options{Method: m, RTol: 1e-8, ATol: []float64{1e-12}})
			if err != nil {
				t.Fatal(err)
			}
			for i, w := range want {
				if e := math.Abs(sol.YEnd[i]/w - 1); e > 2e-6 {
					t.Errorf("%s: y%d = %.15g, want %.15g (relative error %.2g)", m.Info().Name, i+1, sol.YEnd[i], w, e)
				}
			}
			t.Log(m.Info().Name, sol.Stats.String())
		}
	}
}

func TestExponentialDecayBothDirections(t *testing.T) {
	p := Func(1, func(dst []float64, _ float64, y []float64) { dst[0] = -y[0] })
	for _, m := range Methods() {
		if m.Info().Split {
			continue
		}
		tol := 1e-5
		if m.Info().Order == 1 {
			tol = 1e-3
		}
		for _, t1 := range []float64{2, -2} {
			times := []float64{0, t1 / 7, t1 / 2, t1}
			sol, err := Solve(context.Background(), p, 0, t1, []float64{1}, Options{Method: m, RTol: 1e-8, SaveAt: times})
			if err != nil {
				t.Fatal(err)
			}
			for i, tt := range times {
				if e := math.Abs(sol.Y[i]/math.Exp(-tt) - 1); e > tol {
					t.Errorf("%s at %g: error %g", m.Info().Name, tt, e)
				}
			}
		}
	}
}
