package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// W·(W⁻¹b) is b, also where rows trade places; nothing is written beyond x.
func TestInverse(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	for _, impl := range impls() {
		restore := useImpl(impl)
		for trial := range 400 {
			n := 1 + trial%InverseSize
			a, b := normals(rng, n*n), normals(rng, n)
			if trial%3 == 0 { // a permutation of rows dominates
				for i, p := range rng.Perm(n) {
					a[i*n+p] += 20
				}
			}
			inv := make([]float64, InverseSize*InverseSize)
			shift, factor := rng.NormFloat64(), rng.NormFloat64()
			if k := Invert(inv, a, n, shift, factor); k >= 0 {
				t.Fatalf("%s, size %d: no pivot in column %d", impl, n, k)
			}
			for i := range a {
				a[i] *= factor
			}
			for i := range n {
				a[i*n+i] += shift
			}
			x := append(append([]float64(nil), b...), 7)
			TimesInverse(x, inv, n)
			if x[n] != 7 {
				t.Fatalf("%s, size %d: wrote beyond x", impl, n)
			}
			size := 0.0 // of A⁻¹
			for i, v := range inv {
				if (i%InverseSize >= n || i/InverseSize >= n) && v != 0 {
					t.Fatalf("%s, size %d: %g beyond the inverse", impl, n, v)
				}
				size = max(size, math.Abs(v))
			}
			for i := range n {
				got, scale := 0.0, 0.0
				for j := range n {
					got += a[i*n+j] * x[j]
					scale += math.Abs(a[i*n+j]) * size
				}
				if d := math.Abs(got - b[i]); !(d <= 1e-14*float64(n)*(1+scale)) {
					t.Fatalf("%s, size %d: row %d of the product is off by %g at scale %g", impl, n, i, d, scale)
				}
			}
		}
		restore()
	}
}

// A column without a pivot is named, whatever makes it so.
func TestInverseSingular(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 9))
	for _, impl := range impls() {
		restore := useImpl(impl)
		for n := 1; n <= InverseSize; n++ {
			for k := range n {
				for _, bad := range []float64{0, math.NaN(), math.Inf(1), math.Inf(-1)} {
					a := normals(rng, n*n)
					for i := range n {
						a[i*n+k] = bad
					}
					inv := make([]float64, InverseSize*InverseSize)
					if got := Invert(inv, a, n, 0, 1); got != k {
						t.Errorf("%s, size %d: column %d of %g's is reported as %d", impl, n, k, bad, got)
					}
				}
			}
		}
		restore()
	}
}

func BenchmarkInverse(b *testing.B) {
	rng := rand.New(rand.NewPCG(8, 10))
	n := InverseSize
	a, x, inv := normals(rng, n*n), normals(rng, n), make([]float64, n*n)
	for i := range n {
		a[i*n+i] += 10
	}
	for _, impl := range impls() {
		b.Run(fmt.Sprintf("invert/impl=%s", impl), func(b *testing.B) {
			defer useImpl(impl)()
			for b.Loop() {
				Invert(inv, a, n, 0, 1)
			}
		})
		b.Run(fmt.Sprintf("multiply/impl=%s", impl), func(b *testing.B) {
			defer useImpl(impl)()
			for b.Loop() {
				TimesInverse(x, inv, n)
			}
		})
	}
}
