//go:build amd64 && !purego

package kernel

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// A processor with AVX-512 computes the same bits as one without: the wider registers only hold more of the numbers, each of which is made by the same
// operations.
func TestWideRegistersGiveTheSameBits(t *testing.T) {
	if !useAVX512 {
		t.Skip("this processor has no AVX-512")
	}
	rng := rand.New(rand.NewPCG(5, 12))
	both := func(what string, compute func() []float64) {
		t.Helper()
		var got [2][]float64
		for i, impl := range []string{"avx2", "avx512"} {
			restore := useImpl(impl)
			got[i] = append([]float64(nil), compute()...)
			restore()
		}
		for i, want := range got[0] {
			if math.Float64bits(got[1][i]) != math.Float64bits(want) {
				t.Fatalf("%s: number %d is %g, with AVX2 %g", what, i, got[1][i], want)
			}
		}
	}
	x := append(normals(rng, 97), 0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), 1e300, -1e300, 5e-324, 30, -30, 800, -800)
	for i := range 60 {
		x[i] *= math.Exp(float64(i) / 5)
	}
	out := make([]float64, 3*len(x))
	both("exp", func() []float64 { Exp(out[:len(x)], x); return out[:len(x)] })
	for f := range NumFuncs {
		both(f.String(), func() []float64 {
			f.Apply(2, out[:len(x)], out[len(x):2*len(x)], out[2*len(x):], x)
			return out
		})
	}
	for _, sizes := range netShapes(rng) {
		for f := range NumFuncs {
			n := randomNet(sizes, f, Identity, rng)
			for pairs := range MaxPairs + 1 {
				seed := rng.Uint64()
				both(f.String(), func() []float64 {
					results := n.run(pairs, rand.New(rand.NewPCG(seed, 1)))
					var all []float64
					for _, name := range slices.Sorted(maps.Keys(results)) {
						all = append(all, results[name]...)
					}
					return all
				})
			}
		}
	}
	for _, sizes := range netShapes(rng) {
		n := NewLaneNet(sizes, SiLU, Tanh)
		copy(n.Params(), normals(rng, len(n.params)))
		copy(n.Inputs(), normals(rng, len(n.Inputs())))
		n.forwardGo(1)
		w := normals(rng, len(n.Adjoints()))
		both("reverse mode in lanes", func() []float64 {
			copy(n.Adjoints(), w)
			sums := make([]float64, len(n.params)*SumLanes)
			return append(sums, n.Backward(sums, true)...)
		})
	}
	for m := 1; m < 9; m++ {
		for n := 4; n <= 52; n += 4 {
			a, p, y := normals(rng, m*7), normals(rng, 7*n), make([]float64, m*n)
			both("product of panels", func() []float64 {
				MulPanel(y, n, a, 7, 1, p, n, m, 7, n, nil, nil, nil, 0)
				return y
			})
		}
	}
	for n := 1; n <= 9; n++ {
		for c := 1; c <= 45; c++ {
			a, b := normals(rng, n*n), normals(rng, n*c)
			for i := range n {
				a[i*n+i] += 4
			}
			both("substitution", func() []float64 {
				lower, upper := append([]float64(nil), b...), append([]float64(nil), b...)
				SolveLower(a, n, 1, true, lower, c, n, c)
				SolveUpper(a, n, 1, false, upper, c, n, c)
				return append(lower, upper...)
			})
		}
	}
	for n := columnsFrom; n <= columnsTo; n++ {
		matrix, b, inv := normals(rng, n*n), normals(rng, n), normals(rng, n)
		both("solution by columns", func() []float64 {
			stride := ColumnStride(n)
			x, columns, d := make([]float64, stride), make([]float64, n*stride), make([]float64, stride)
			for k := range n {
				copy(columns[k*stride:], matrix[k*n:(k+1)*n])
			}
			copy(x, b)
			copy(d, inv)
			SolveColumns(x, columns, d, n, stride)
			return x[:n]
		})
		both("factors by columns", func() []float64 {
			stride := ColumnStride(n)
			columns, d := make([]float64, n*stride), make([]float64, stride)
			for k := range n {
				copy(columns[k*stride:], matrix[k*n:(k+1)*n])
			}
			FactorColumns(columns, d, make([]int64, stride), make([]int32, n), n, stride)
			all := d[:n:n]
			for k := range n {
				all = append(all, columns[k*stride:k*stride+n]...)
			}
			return all
		})
	}
}
