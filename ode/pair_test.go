package ode

import (
	"context"
	"math"
	"testing"
)

// quadratureOfRelaxation is y' = −k(y − sin t), z' = y, from (0, 0); z takes up every error of y.
func quadratureOfRelaxation(k float64) (p *Problem, z func(t float64) float64) {
	p = FuncJacobian(2,
		func(dst []float64, t float64, y []float64) { dst[0], dst[1] = -k*(y[0]-math.Sin(t)), y[0] },
		func(j *Jacobian, _ float64, _ []float64) {
			j.Set(0, 0, -k)
			j.Set(1, 0, 1)
		})
	// y = k/(k² + 1) (k sin t − cos t + exp(−kt)), integrated
	return p, func(t float64) float64 {
		return k / (k*k + 1) * (k*(1-math.Cos(t)) - math.Sin(t) - math.Expm1(-k*t)/k)
	}
}

// Every pair controls its error with the implicit method in use: below rtol 1e-7, where Auto takes the pair with Radau, as well.
func TestPairsControlTheErrorWhenStiff(t *testing.T) {
	p, exact := quadratureOfRelaxation(1000)
	if z := exact(10); math.Abs(z-1.8396147106) > 1e-10 {
		t.Fatalf("closed form %.12g", z)
	}
	methods := []Method{Auto, AutoDOP853Radau, AutoTsit5Rodas5P, AutoTsit5KenCarp4}
	for _, implicit := range []Method{Radau, Rodas4, TRBDF2} {
		for _, explicit := range []Method{Tsit5, DOP853} {
			m, err := AutoSwitch(explicit, implicit)
			if err != nil {
				t.Fatal(err)
			}
			methods = append(methods, m)
		}
	}
	for _, m := range methods {
		for _, rtol := range []float64{1e-5, 9e-8, 1e-9} {
			sol, err := Solve(context.Background(), p, 0, 10, []float64{0, 0}, Options{Method: m, RTol: rtol, ATol: []float64{rtol}})
			if err != nil {
				t.Fatal(m.Info().Name, err)
			}
			if sol.Stats.StiffSteps == 0 {
				t.Errorf("%s at %g: no step of the implicit method", m.Info().Name, rtol)
			}
			most := 100 * rtol
			if m.Info().Order <= 2 {
				most = 1000 * rtol // a thousand steps and more, whose errors have one sign
			}
			if e := math.Abs(sol.YEnd[1] - exact(10)); !(e <= most) {
				t.Errorf("%s at %g: z(10) off by %.3g", m.Info().Name, rtol, e)
			}
		}
	}
}
