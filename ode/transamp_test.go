package ode

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
)

// transistorAmplifier is the transistor amplifier of Hairer, Lubich and Roche, of index 1 with a singular M (Test Set for IVP Solvers, release 2.4).
func transistorAmplifier() (p *Problem, y0, end []float64) {
	const ub, uf, alpha, beta, r0, r = 6, 0.026, 0.99, 1e-6, 1000, 9000
	g := func(x float64) float64 { return beta * math.Expm1(x/uf) }
	p = Func(8, func(dst []float64, t float64, y []float64) {
		a, b := g(y[1]-y[2]), g(y[4]-y[5])
		dst[0] = (y[0] - 0.1*math.Sin(200*math.Pi*t)) / r0
		dst[1] = -ub/float64(r) + y[1]*2/r - (alpha-1)*a
		dst[2] = -a + y[2]/r
		dst[3] = (y[3]-ub)/r + alpha*a
		dst[4] = -ub/float64(r) + y[4]*2/r - (alpha-1)*b
		dst[5] = -b + y[5]/r
		dst[6] = (y[6]-ub)/r + alpha*b
		dst[7] = y[7] / r
	})
	m := make([]float64, 64)
	pair := func(i int, c float64) {
		m[i*8+i], m[i*8+i+1], m[(i+1)*8+i], m[(i+1)*8+i+1] = -c, c, c, -c
	}
	pair(0, 1e-6)
	pair(3, 3e-6)
	pair(6, 5e-6)
	m[2*8+2], m[5*8+5] = -2e-6, -4e-6
	p.Mass = Mass{Dense: m}
	y0 = []float64{0, ub / 2, ub / 2, ub, ub / 2, ub / 2, ub, 0}
	end = []float64{
		-0.5562145012262709e-2, 0.3006522471903042e1, 0.2849958788608128e1, 0.2926422536206241e1, 0.2704617865010554e1, 0.2761837778393145e1,
		0.4770927631616772e1, 0.1236995868091548e1,
	}
	return p, y0, end
}

// With differences in y and in t it is solved; and where a method cannot, the failure says why and does not advise what is in use.
func TestTransistorAmplifier(t *testing.T) {
	p, y0, end := transistorAmplifier()
	for _, m := range []Method{Rodas4, Rodas5P, Radau, KenCarp4, Auto} {
		for _, rtol := range []float64{1e-4, 1e-6} {
			sol, err := Solve(context.Background(), p, 0, 0.2, y0, Options{Method: m, RTol: rtol, ATol: []float64{rtol}, SaveAt: []float64{0.2}})
			if err != nil {
				t.Errorf("%s at %g: %v", m.Info().Name, rtol, err)
				continue
			}
			for i, v := range end {
				if e := math.Abs(sol.YEnd[i] - v); !(e <= 30*rtol*(1+math.Abs(v))) {
					t.Errorf("%s at %g: y%d is off by %.2e", m.Info().Name, rtol, i+1, e)
				}
			}
		}
	}
	hint := func(m Method, rtol, t1 float64, want string) {
		t.Helper()
		_, err := Solve(context.Background(), p, 0, t1, y0, Options{Method: m, RTol: rtol, ATol: []float64{rtol}, SaveAt: []float64{t1}, MaxSteps: 1_000_000})
		var f *Failure
		if err == nil {
			return // better still
		}
		if !errors.As(err, &f) || !strings.Contains(f.Advice, want) || strings.Contains(f.Advice, "FiniteDifference") {
			t.Errorf("%s at %g: %v, want advice with %q", m.Info().Name, rtol, err, want)
		}
	}
	hint(BDF, 1e-4, 0.2, "give its own")
	if !testing.Short() {
		hint(Rosenbrock23, 1e-8, 0.03, "give its own")
	}
}
