package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The solution, multiplied by U and then by L, gives the right-hand side back; nothing is written beyond it.
func TestSolveColumns(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 9))
	for _, impl := range impls() {
		restore := useImpl(impl)
		for n := columnsFrom; n <= columnsTo; n++ {
			stride := ColumnStride(n)
			if (stride == 0) != (impl == "go") {
				t.Fatalf("%s: stride %d for %d unknowns", impl, stride, n)
			}
			stride = max(stride, n)
			columns, inv := make([]float64, n*stride), make([]float64, stride)
			for k := range n {
				for i := range n {
					columns[k*stride+i] = rng.NormFloat64() / 4
				}
				inv[k] = math.Exp2(rng.NormFloat64())
			}
			x, want := make([]float64, stride), normals(rng, n)
			copy(x, want)
			SolveColumns(x, columns, inv, n, stride)
			for _, v := range x[n:] {
				if v != 0 {
					t.Fatalf("%s, %d unknowns: the padding holds %g", impl, n, v)
				}
			}
			ux, size := make([]float64, n), make([]float64, n)
			for i := range n {
				ux[i] = x[i] / inv[i]
				size[i] = math.Abs(ux[i])
				for k := i + 1; k < n; k++ {
					ux[i] += columns[k*stride+i] * x[k]
					size[i] += math.Abs(columns[k*stride+i] * x[k])
				}
			}
			for i := range n {
				got, scale := ux[i], size[i]
				for k := range i {
					got += columns[k*stride+i] * ux[k]
					scale += math.Abs(columns[k*stride+i]) * size[k]
				}
				if d := math.Abs(got - want[i]); !(d <= 1e-14*float64(n)*scale) {
					t.Fatalf("%s, %d unknowns: residual %g of %g in row %d", impl, n, d, scale, i)
				}
			}
		}
		restore()
	}
}
