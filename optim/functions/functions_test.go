package functions

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// Jacobians agree with differences of fourth order at points around the start.
func TestJacobians(t *testing.T) {
	for _, p := range All() {
		t.Run(fmt.Sprintf("%s %d", p.Name, p.N), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, uint64(p.Number)))
			x, y := make([]float64, p.N), make([]float64, p.N)
			r, d := make([]float64, p.M), make([]float64, p.M)
			jac := make([]float64, p.M*p.N)
			for range 3 {
				for j := range x {
					x[j] = p.Start[j] + 0.1*rng.Float64()*(1e-2+math.Abs(p.Start[j]))
				}
				clear(jac)
				p.Eval(r, jac, x)
				var size float64
				for _, v := range r {
					size = math.Max(size, math.Abs(v))
				}
				for j := range x {
					h := 1e-3 * (1e-2 + math.Abs(x[j]))
					clear(d)
					for _, c := range []struct{ at, weight float64 }{{1, 8}, {-1, -8}, {2, -1}, {-2, 1}} {
						copy(y, x)
						y[j] += c.at * h
						p.Eval(r, nil, y)
						for i, v := range r {
							d[i] += c.weight * v / (12 * h)
						}
					}
					for i := range r {
						// The last term is the rounding error of the differences.
						if got := jac[i*p.N+j]; math.Abs(got-d[i]) > 1e-7*math.Abs(d[i])+1e-8+1e-14*size/h {
							t.Errorf("∂f%d/∂x%d = %.10g, differences give %.10g", i, j, got, d[i])
						}
					}
				}
			}
		})
	}
}

// The published minima are stationary points with the published values.
func TestMinima(t *testing.T) {
	for _, p := range All() {
		for _, m := range p.Minima {
			if m.X == nil {
				continue
			}
			r, jac := make([]float64, p.M), make([]float64, p.M*p.N)
			p.Eval(r, jac, m.X)
			var f float64
			for _, v := range r {
				f += v * v
			}
			// Points are published with about six digits, which leaves the value right to about as many.
			if math.Abs(f-m.F) > 1e-4*m.F+1e-6 {
				t.Errorf("%s: Σf² = %.8g at the minimum, published %.8g", p.Name, f, m.F)
			}
		}
	}
}

func TestOutsideTheDomain(t *testing.T) {
	for _, how := range []Failure{FailWithNaN, FailWithInf, FailWithError} {
		f := &Failing{Problem: Rosenbrock(2), Failure: how, Inside: func(x []float64) bool { return x[0] < 1.05 }}
		r, jac := make([]float64, 2), make([]float64, 4)
		errIn := f.ResidualJacobian(t.Context(), r, jac, []float64{1, 1})
		if errIn != nil || f.Count != 0 || r[0] != 0 {
			t.Errorf("%v: inside: %v %v", how, r, errIn)
		}
		err := f.Residual(t.Context(), r, []float64{2, 1})
		finite := r[0]-r[0] == 0
		if f.Count != 1 || (how == FailWithError) != (err != nil) || (how != FailWithError) == finite {
			t.Errorf("%v: outside: %v %v", how, r, err)
		}
	}
}
