package kernel

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
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

// Factors are those of the definition: the same pivots, entries to rounding, and where a pivot is missing neither finds one.
func TestFactorColumns(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	fill := map[string]func(a []float64, n int){
		"random": func([]float64, int) {},
		"ties, zeros": func(a []float64, n int) {
			for i := range a {
				a[i] = float64(rng.IntN(3) - 1)
			}
		},
		"ties": func(a []float64, n int) {
			for i := range a {
				a[i] = math.Copysign(1, a[i])
			}
		},
		"Hadamard": func(a []float64, n int) { // ties in every step, and no rounding; of other sizes the identity is the rest
			clear(a)
			size := 1 << (bits.Len(uint(n)) - 1)
			for i := range n {
				a[i*n+i] = 1
				for j := range size {
					if i < size {
						a[i*n+j] = float64(1 - 2*(bits.OnesCount(uint(i&j))&1))
					}
				}
			}
		},
		"permuted diagonal": func(a []float64, n int) {
			clear(a)
			for i, j := range rng.Perm(n) {
				a[i*n+j] = -float64(1 + i)
			}
		},
		"zero column": func(a []float64, n int) { clear(a[(n-2)*n : (n-1)*n]) },
		"zero row": func(a []float64, n int) {
			for j := range n {
				a[j*n+3] = 0
			}
		},
		"NaN":      func(a []float64, n int) { a[rng.IntN(n*n)] = math.NaN() },
		"infinite": func(a []float64, n int) { a[rng.IntN(n*n)] = math.Inf(-1) },
		"large, small": func(a []float64, n int) {
			for i := range a {
				a[i] *= math.Exp(20 * rng.NormFloat64())
			}
		},
		"negative zero": func(a []float64, n int) {
			for i := 1; i < n; i++ {
				a[i] = math.Copysign(0, -1)
			}
		},
	}
	for _, impl := range impls() {
		restore := useImpl(impl)
		for name, change := range fill {
			for n := columnsFrom; n <= columnsTo; n++ {
				stride := max(ColumnStride(n), n)
				a := normals(rng, n*n)
				change(a, n)
				var columns, inv [2][]float64
				var order [2][]int64
				var exchanged [2][]int32
				var ok [2]bool
				for i, factor := range []func(columns, inv []float64, order []int64, exchanged []int32, n, stride int) bool{FactorColumns, factorColumnsGo} {
					columns[i], inv[i], order[i], exchanged[i] = make([]float64, n*stride), make([]float64, stride), make([]int64, stride), make([]int32, n)
					for k := range n {
						copy(columns[i][k*stride:], a[k*n:(k+1)*n])
					}
					ok[i] = factor(columns[i], inv[i], order[i], exchanged[i], n, stride)
				}
				exact := n // steps without rounding, or whose pivots rounding does not change
				if strings.HasPrefix(name, "ties") {
					exact = 3
				}
				if ok[0] != ok[1] && exact == n {
					t.Fatalf("%s, %s, %d: factors %t, by definition %t", impl, name, n, ok[0], ok[1])
				}
				if !ok[0] || !ok[1] {
					continue
				}
				if !slices.Equal(exchanged[0][:exact], exchanged[1][:exact]) {
					t.Fatalf("%s, %s, %d: exchanges %v, by definition %v", impl, name, n, exchanged[0], exchanged[1])
				}
				want := make([]int64, stride)
				for i := range want {
					want[i] = int64(i)
				}
				for i, p := range exchanged[0] {
					want[i], want[p] = want[p], want[i]
				}
				if !slices.Equal(order[0], want) {
					t.Fatalf("%s, %s, %d: rows %v by exchanges %v", impl, name, n, order[0], exchanged[0])
				}
				for i, want := range append(columns[1], inv[1]...) {
					got := append(columns[0], inv[0]...)[i]
					if d := math.Abs(got - want); !(d <= 1e-9*(1+math.Abs(want))) && exact == n && name != "large, small" {
						t.Fatalf("%s, %s, %d: number %d is %g, by definition %g", impl, name, n, i, got, want)
					}
				}
				for k := range n {
					for i, v := range columns[0][k*stride+n : (k+1)*stride] {
						if v != 0 {
							t.Fatalf("%s, %s, %d: the padding of column %d holds %g at %d", impl, name, n, k, v, i)
						}
					}
					// (L·U)_ik is that row of the matrix
					for i := range n {
						sum, size := 0.0, 0.0
						for j := range min(i, k) + 1 {
							l := 1.0
							if j < i {
								l = columns[0][j*stride+i]
							}
							sum += l * columns[0][k*stride+j]
							size += math.Abs(l * columns[0][k*stride+j])
						}
						if want := a[k*n+int(order[0][i])]; !(math.Abs(sum-want) <= 1e-14*float64(n)*size) {
							t.Fatalf("%s, %s, %d: L·U has %g in row %d and column %d, not %g", impl, name, n, sum, i, k, want)
						}
					}
				}
			}
		}
		restore()
	}
}

// The inverse times the matrix is the identity, whatever rows trade places; a matrix without one is named, and nothing is written beyond a product.
func TestInvertColumns(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2))
	for _, impl := range impls() {
		restore := useImpl(impl)
		for trial := range 40 * (LargestInverse - columnsFrom + 1) {
			n := columnsFrom + trial%(LargestInverse-columnsFrom+1)
			stride := max(ColumnStride(n), n)
			a := normals(rng, n*n)
			if trial%3 == 0 { // a permutation of rows dominates
				for i, p := range rng.Perm(n) {
					a[i*n+p] += 20
				}
			}
			columns, inv, order := make([]float64, n*stride), make([]float64, n*stride), make([]int64, stride)
			load := func() {
				for k := range n {
					copy(columns[k*stride:], a[k*n:(k+1)*n])
				}
			}
			load()
			if k := InvertColumns(inv, columns, order, n, stride); k >= 0 {
				t.Fatalf("%s, %d: no pivot in column %d", impl, n, k)
			}
			size := 0.0
			for _, v := range inv {
				size = max(size, math.Abs(v))
			}
			for k := range n {
				for i, v := range inv[k*stride+n : (k+1)*stride] {
					if v != 0 {
						t.Fatalf("%s, %d: the padding of column %d holds %g at %d", impl, n, k, v, i)
					}
				}
				x := append(append([]float64(nil), a[k*n:(k+1)*n]...), 7)
				TimesColumns(x, inv, n, stride)
				if x[n] != 7 {
					t.Fatalf("%s, %d: wrote beyond the product", impl, n)
				}
				for i, v := range x[:n] {
					if i == k {
						v--
					}
					if !(math.Abs(v) <= 1e-13*float64(n)*(1+size)) {
						t.Fatalf("%s, %d: A⁻¹A is off by %g in row %d, column %d; A⁻¹ is of size %g", impl, n, v, i, k, size)
					}
				}
			}
			for _, bad := range []float64{0, math.NaN(), math.Inf(1), math.Inf(-1)} {
				k := rng.IntN(n)
				load()
				for i := range n {
					columns[k*stride+i] = bad
				}
				if got := InvertColumns(inv, columns, order, n, stride); got < k || got >= n {
					t.Fatalf("%s, %d: column %d of %g's is reported as %d", impl, n, k, bad, got)
				}
				load()
				columns[k*stride+rng.IntN(n)] = bad
				if got := InvertColumns(inv, columns, order, n, stride); bad != 0 && (got < 0 || got >= n) {
					t.Fatalf("%s, %d: %g in column %d is reported as %d", impl, n, bad, k, got)
				}
			}
		}
		restore()
	}
}
