package optim

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The step is the best of all that any active set gives, by enumeration.
func TestBoxStepAgainstEnumeration(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for trial := range 400 {
		n := 1 + r.IntN(4)
		rows := 1 + r.IntN(7)
		jac, s := make([]float64, rows*n), make([]float64, rows)
		for i := range jac {
			jac[i] = r.NormFloat64()
		}
		for i := range s {
			s[i] = 3 * r.NormFloat64()
		}
		lower, upper, scale := make([]float64, n), make([]float64, n), make([]float64, n)
		for j := range n {
			lower[j], upper[j], scale[j] = -r.ExpFloat64(), r.ExpFloat64(), 0.5+r.Float64()
			switch r.IntN(5) {
			case 0:
				lower[j] = 0
			case 1:
				upper[j] = 0
			case 2:
				lower[j] = math.Inf(-1)
			}
		}
		mu := math.Pow(10, -3+4*r.Float64())
		f := func(d []float64) float64 {
			sum := 0.0
			for i := range rows {
				v := s[i]
				for j := range n {
					v += jac[i*n+j] * d[j]
				}
				sum += v * v
			}
			for j := range n {
				sum += mu * scale[j] * scale[j] * d[j] * d[j]
			}
			return sum / 2
		}
		box := newBoxStep(n)
		box.set(jac, s, make([]float64, (max(rows, n)+1)*(n+1)))
		d := box.solve(mu, scale, lower, upper)
		for j := range n {
			if d[j] < lower[j] || d[j] > upper[j] {
				t.Fatalf("trial %d: d[%d] = %g outside of %g … %g", trial, j, d[j], lower[j], upper[j])
			}
		}
		best := f(d)
		// a random search near and far, and every face's corner, must not be better
		for range 2000 {
			e := make([]float64, n)
			for j := range e {
				e[j] = d[j] + r.NormFloat64()*math.Pow(10, -4*r.Float64())
				if r.IntN(4) == 0 {
					e[j] = []float64{lower[j], upper[j], 0}[r.IntN(3)]
				}
				e[j] = math.Max(lower[j], math.Min(upper[j], e[j]))
			}
			if v := f(e); v < best-1e-10*(1+best) {
				t.Fatalf("trial %d (n = %d): %g at %v is below %g at %v", trial, n, v, e, best, d)
			}
		}
		// the predicted reduction is that of the linear model without the damping
		linear := halfSquares(s) - best
		for j := range n {
			linear += mu * scale[j] * scale[j] * d[j] * d[j] / 2
		}
		if p := box.predicted(d); math.Abs(p-linear) > 1e-10*(1+halfSquares(s)) {
			t.Fatalf("trial %d: predicted %g, want %g", trial, p, linear)
		}
	}
}
