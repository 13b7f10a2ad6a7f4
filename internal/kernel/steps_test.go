package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Every operation is held to its definition, in both implementations, at lengths with and without a tail. What lies behind the end must stay.
func TestSteps(t *testing.T) {
	for _, impl := range impls() {
		restore := useImpl(impl)
		r := rand.New(rand.NewPCG(7, 8))
		vector := func(n int) []float64 {
			v := make([]float64, n+Lanes)
			for i := range v {
				v[i] = r.NormFloat64()
			}
			return v
		}
		for n := 1; n <= 29; n++ {
			near := func(what string, got, want, size float64) {
				t.Helper()
				if !(math.Abs(got-want) <= 1e-14*(size+math.Abs(want))) {
					t.Fatalf("%s, n = %d: %g, want %g", what, n, got, want)
				}
			}
			y, z, e, f, d, atol, w := vector(n), vector(n), vector(n), vector(n), vector(n), vector(n), vector(n)
			for i := range atol {
				atol[i] = math.Abs(atol[i])
			}
			y[n-1], z[n-1], atol[n-1] = 0, 0, 0 // no scale
			behind := w[n]
			Weights(w[:n], y, atol, 0.25)
			for i := range n - 1 {
				near("weight", w[i], 1/(atol[i]+0.25*math.Abs(y[i])), 0)
			}
			if w[n-1] != 0 || w[n] != behind {
				t.Fatalf("n = %d: weight %g of a component without scale, %g behind the end", n, w[n-1], w[n]-behind)
			}
			squares := 0.0
			for i := range n {
				w[i] = 1 / max(atol[i]+0.25*max(math.Abs(y[i]), math.Abs(z[i])), WeightFloor)
				if i < n-1 {
					squares += e[i] * w[i] * e[i] * w[i]
				}
			}
			e[n-1] = 0
			near("weighted squares", WeightedSquares(e[:n], w), squares, 0)
			near("squares of errors", ErrorSquares(e[:n], y, z, atol, 0.25), squares, 0)

			a, x := []float64{0.5, 0, -2, 3}, vector(4*n)
			for i := range n {
				x[n+i] = math.NaN()
			}
			behind = f[n]
			Combine(f[:n], y, 0.125, a, x)
			for i := range n {
				near("combination", f[i], y[i]+0.125*(0.5*x[i]-2*x[2*n+i]+3*x[3*n+i]), 1)
			}
			if f[n] != behind {
				t.Fatalf("n = %d: a number behind the combination changed", n)
			}
			square := vector(n * n)
			for k := range n {
				eliminated := append([]float64(nil), square...)
				Eliminate(eliminated, n, k, 0.75)
				for i := range square {
					r, c, want := i/n, i%n, square[i]
					switch {
					case i >= n*n || r <= k || c < k:
					case c == k:
						want *= 0.75
					default:
						want -= square[r*n+k] * 0.75 * square[k*n+c]
					}
					near("elimination", eliminated[i], want, 10)
					if (i >= n*n || r <= k || c < k) && eliminated[i] != square[i] {
						t.Fatalf("n = %d: elimination of column %d changed place %d", n, k, i)
					}
				}
			}
			var sums [4]float64
			m := vector(4 * n)
			DotRows(&sums, d[:n], m[:3*n+n], n)
			for k, got := range sums {
				want, size := 0.0, 0.0
				for i := range n {
					want += d[i] * m[k*n+i]
					size += math.Abs(d[i] * m[k*n+i])
				}
				near("product of a row", got, want, size)
			}
			Combine(f[:n], f, 1, nil, nil)
			for i := range n {
				near("empty combination", f[i], f[i], 0)
			}
		}
		// a number that is not finite must show in a norm
		for i := range 12 {
			v, one := make([]float64, 12), make([]float64, 12)
			for j := range one {
				one[j] = 1
			}
			v[i] = math.NaN()
			for what, s := range map[string]float64{
				"weighted squares": WeightedSquares(v, one), "squares of errors": ErrorSquares(v, one, one, one, 1),
				"tolerance that is NaN": ErrorSquares(one, one, v, one, 1),
			} {
				if !math.IsNaN(s) {
					t.Errorf("%s with NaN in place %d: %g", what, i, s)
				}
			}
		}
		restore()
	}
}
