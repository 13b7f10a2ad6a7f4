package linalg

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// random returns an n×n matrix with rows of very different size, so that pivoting matters, and a vector.
func random(r *rand.Rand, n int) (a, x []float64) {
	a, x = make([]float64, n*n), make([]float64, n)
	for i := range n {
		scale := math.Pow(10, 6*r.Float64()-3)
		for j := range n {
			a[i*n+j] = scale * r.NormFloat64()
		}
		x[i] = r.NormFloat64()
	}
	return a, x
}

func mul(a, x []float64, transposed bool) []float64 {
	n := len(x)
	y := make([]float64, n)
	for i := range n {
		for j := range n {
			if transposed {
				y[j] += a[i*n+j] * x[i]
			} else {
				y[i] += a[i*n+j] * x[j]
			}
		}
	}
	return y
}

// backward is the largest component-wise backward error of x as a solution of A x = b (or Aᵀ x = b).
func backward(a, x, b []float64, transposed bool) float64 {
	n := len(x)
	abs := make([]float64, n)
	for i := range n {
		for j := range n {
			if transposed {
				abs[j] += math.Abs(a[i*n+j] * x[i])
			} else {
				abs[i] += math.Abs(a[i*n+j] * x[j])
			}
		}
	}
	worst := 0.0
	for i, v := range mul(a, x, transposed) {
		worst = max(worst, math.Abs(v-b[i])/(abs[i]+math.Abs(b[i])))
	}
	return worst
}

var sizes = []int{1, 2, 3, 4, 5, 7, 8, 11, 12, 13, 16, 20, 31, 50, 67}

func TestLUSolves(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range sizes {
		a, x := random(r, n)
		f := NewLU(n)
		if err := f.Factor(a); err != nil {
			t.Fatal(err)
		}
		g := NewLU(n)
		saved := make([]float64, FloatsPerFactor(n))
		f.Save(saved)
		g.Load(saved)
		for _, lu := range []*LU{f, g} {
			for _, transposed := range []bool{false, true} {
				b := append([]float64(nil), x...)
				if transposed {
					lu.SolveTransposed(b)
				} else {
					lu.Solve(b)
				}
				if e := backward(a, b, x, transposed); e > 1e-13*float64(n) {
					t.Errorf("n = %d, transposed %v: backward error %.2g", n, transposed, e)
				}
			}
		}
		const cols = 3
		block := make([]float64, n*cols)
		for i := range block {
			block[i] = r.NormFloat64()
		}
		want := append([]float64(nil), block...)
		f.SolveBlock(block, cols)
		for c := range cols {
			b, y := make([]float64, n), make([]float64, n)
			for i := range n {
				b[i], y[i] = want[i*cols+c], block[i*cols+c]
			}
			if e := backward(a, y, b, false); e > 1e-13*float64(n) {
				t.Errorf("n = %d, column %d of a block: backward error %.2g", n, c, e)
			}
		}
	}
}

// Panels must not change a bit: what is computed must not depend on which of the two eliminations was chosen. In vector registers, where products are
// fused, panels are not used.
func TestPanelsAreColumnByColumn(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, n := range sizes {
		a, _ := random(r, n)
		f, g := NewLU(n), NewLU(n)
		copy(f.Matrix(), a)
		if err := f.factorColumns(); err != nil {
			t.Fatal(err)
		}
		copy(g.Matrix(), a)
		if err := g.factorPanels(); err != nil {
			t.Fatal(err)
		}
		for i, v := range f.a {
			if v != g.a[i] && !(kernel.Vectorised() && math.Abs(v-g.a[i]) <= 1e-9*(1+math.Abs(v))) {
				t.Fatalf("n = %d: entry %d differs: %g and %g", n, i, v, g.a[i])
			}
		}
	}
}

// Factors by columns are those by rows, and give them.
func TestFactorsByColumns(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for n := registersFrom; kernel.ColumnStride(n) > 0; n++ {
		a, _ := random(r, n)
		f, g, h := NewLU(n), NewLU(n), NewLU(n)
		copy(f.Matrix(), a)
		if !f.factorRegisters() {
			t.Fatalf("n = %d: no factors", n)
		}
		copy(g.Matrix(), a)
		if err := g.factorColumns(); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(f.piv, g.piv) {
			t.Fatalf("n = %d: exchanges %v, by rows %v", n, f.piv, g.piv)
		}
		saved := make([]float64, FloatsPerFactor(n))
		f.Save(saved)
		h.Load(saved)
		for i, v := range g.a {
			if d := math.Abs(f.a[i] - v); !(d <= 1e-9*(1+math.Abs(v))) {
				t.Fatalf("n = %d: entry %d is %g, by rows %g", n, i, f.a[i], v)
			}
		}
		x, y := make([]float64, n), make([]float64, n)
		for i := range x {
			x[i] = r.NormFloat64()
		}
		copy(y, x)
		f.Solve(x)
		h.Solve(y)
		if !slices.Equal(x, y) {
			t.Fatalf("n = %d: solution %v, after loading %v", n, x, y)
		}
		for i := range n {
			f.Matrix()[i*n+n/2] = 0
		}
		var singular *SingularError
		if err := f.FactorInPlace(); !errors.As(err, &singular) || singular.Column != n/2 {
			t.Fatalf("n = %d: a matrix with a column of zeros gave %v", n, err)
		}
		if err := f.Factor(a); err != nil {
			t.Fatal(err)
		}
		f.Solve(y)
		g.staleColumns = true
		g.Solve(x)
		for i, want := range x {
			if d := math.Abs(y[i] - want); !(d <= 1e-6*(1+math.Abs(want))) {
				t.Fatalf("n = %d: unknown %d is %g, by rows %g", n, i, y[i], want)
			}
		}
	}
}

func TestSingularMatricesAreReported(t *testing.T) {
	for _, n := range []int{2, 5, 20} {
		for _, bad := range []float64{0, math.NaN(), math.Inf(1)} {
			f, c, b := NewLU(n), NewComplexLU(n), NewBand[float64](n, 1, 1)
			for i := range n {
				v := 1.0
				if i == n/2 {
					v = bad
				}
				f.Matrix()[i*n+i], c.Matrix()[i*n+i], b.Matrix()[i*b.Stride()+1] = v, complex(v, 0), v
			}
			for name, err := range map[string]error{"dense": f.FactorInPlace(), "complex": c.FactorInPlace(), "banded": b.FactorInPlace()} {
				var s *SingularError
				if !errors.As(err, &s) {
					t.Fatalf("%s, n = %d, pivot %g: no SingularError but %v", name, n, bad, err)
				}
				if bad == 0 && s.Column != n/2 {
					t.Errorf("%s, n = %d: column %d reported instead of %d", name, n, s.Column, n/2)
				}
			}
		}
	}
}

// A complex system is a real one of twice the size, which LU solves.
func TestComplexLUAgreesWithRealEmbedding(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, n := range sizes {
		re, x := random(r, n)
		im, y := random(r, n)
		f := NewComplexLU(n)
		for i := range re {
			f.Matrix()[i] = complex(re[i], im[i])
		}
		if err := f.FactorInPlace(); err != nil {
			t.Fatal(err)
		}
		for _, transposed := range []bool{false, true} {
			m := 2 * n
			e := make([]float64, m*m)
			for i := range n {
				for j := range n {
					a, b := re[i*n+j], im[i*n+j]
					if transposed {
						a, b = re[j*n+i], im[j*n+i]
					}
					e[i*m+j], e[i*m+n+j], e[(n+i)*m+j], e[(n+i)*m+n+j] = a, -b, b, a
				}
			}
			b, rhs := make([]complex128, n), make([]float64, m)
			for i := range n {
				b[i] = complex(x[i], y[i])
				rhs[i], rhs[n+i] = x[i], y[i]
			}
			if transposed {
				f.SolveTransposed(b)
			} else {
				f.Solve(b)
			}
			sol := make([]float64, m)
			for i, z := range b {
				sol[i], sol[n+i] = real(z), imag(z)
			}
			if e := backward(e, sol, rhs, false); e > 1e-13*float64(n) {
				t.Errorf("n = %d, transposed %v: backward error %.2g", n, transposed, e)
			}
		}
	}
}

func TestBandAgreesWithDense(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, s := range [][3]int{{1, 0, 0}, {5, 0, 0}, {6, 1, 1}, {9, 2, 0}, {9, 0, 2}, {20, 3, 1}, {20, 1, 4}, {7, 6, 6}} {
		n, lower, upper := s[0], s[1], s[2]
		a := make([]float64, n*n)
		f, c := NewBand[float64](n, lower, upper), NewBand[complex128](n, lower, upper)
		for i := range n {
			for j := max(0, i-lower); j <= min(n-1, i+upper); j++ {
				v := r.NormFloat64()
				a[i*n+j], f.Matrix()[i*f.Stride()+j-i+lower], c.Matrix()[i*c.Stride()+j-i+lower] = v, v, complex(0, v)
			}
		}
		if err := f.FactorInPlace(); err != nil {
			t.Fatal(err)
		}
		if err := c.FactorInPlace(); err != nil {
			t.Fatal(err)
		}
		x := make([]float64, n)
		for i := range x {
			x[i] = r.NormFloat64()
		}
		name := fmt.Sprintf("n = %d, bandwidths %d and %d", n, lower, upper)
		check := func(what string, y []float64, transposed bool) {
			if e := backward(a, y, x, transposed); e > 1e-12 {
				t.Errorf("%s, %s: backward error %.2g", name, what, e)
			}
		}
		y := append([]float64(nil), x...)
		f.Solve(y)
		check("solve", y, false)
		copy(y, x)
		f.SolveTransposed(y)
		check("transposed", y, true)
		// (iA) z = x has the solution z = −i A⁻¹ x
		z := make([]complex128, n)
		for i, v := range x {
			z[i] = complex(v, 0)
		}
		c.Solve(z)
		for i, v := range z {
			y[i] = -imag(v)
		}
		check("complex", y, false)
		for i, v := range x {
			z[i] = complex(v, 0)
		}
		c.SolveTransposed(z)
		for i, v := range z {
			y[i] = -imag(v)
		}
		check("complex transposed", y, true)
		block := make([]float64, 2*n)
		for i, v := range x {
			block[2*i], block[2*i+1] = v, 2*v
		}
		f.SolveBlock(block, 2)
		for i := range n {
			y[i] = block[2*i+1] / 2
		}
		check("second column of a block", y, false)
	}
}

func BenchmarkFactor(b *testing.B) {
	for _, n := range []int{3, 6, 8, 10, 12, 16, 20, 50, 100, 200, 400} {
		a, _ := random(rand.New(rand.NewPCG(9, 10)), n)
		f := NewLU(n)
		b.Run(fmt.Sprintf("columns/n=%d", n), func(b *testing.B) {
			for b.Loop() {
				copy(f.a, a)
				if err := f.factorColumns(); err != nil {
					b.Fatal(err)
				}
			}
		})
		if f.stride > 0 {
			b.Run(fmt.Sprintf("registers/n=%d", n), func(b *testing.B) {
				for b.Loop() {
					copy(f.a, a)
					if !f.factorRegisters() {
						b.Skip("not of this size")
					}
				}
			})
		}
		b.Run(fmt.Sprintf("panels/n=%d", n), func(b *testing.B) {
			for b.Loop() {
				copy(f.a, a)
				if err := f.factorPanels(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestLeftNullSpace(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for _, n := range []int{1, 2, 5, 9} {
		for rank := 0; rank <= n; rank++ {
			// a product of n×rank and rank×n factors
			a := make([]float64, n*n)
			for range rank {
				u, w := make([]float64, n), make([]float64, n)
				for i := range n {
					u[i], w[i] = r.NormFloat64(), 1e3*r.NormFloat64()
				}
				for i := range n {
					for j := range n {
						a[i*n+j] += u[i] * w[j]
					}
				}
			}
			basis := LeftNullSpace(a, n)
			if len(basis) != n-rank {
				t.Fatalf("n = %d, rank %d: %d null vectors", n, rank, len(basis))
			}
			for k, p := range basis {
				for _, v := range mul(a, p, true) {
					if math.Abs(v) > 1e-10 {
						t.Errorf("n = %d, rank %d: pᵀA has an entry %g", n, rank, v)
					}
				}
				for l, q := range basis {
					dot := 0.0
					for i := range p {
						dot += p[i] * q[i]
					}
					want := 0.0
					if k == l {
						want = 1
					}
					if math.Abs(dot-want) > 1e-13 {
						t.Errorf("n = %d, rank %d: pᵀq = %g for vectors %d and %d", n, rank, dot, k, l)
					}
				}
			}
		}
	}
}

func BenchmarkSolve(b *testing.B) {
	for _, n := range []int{2, 3, 6, 10, 20, 50, 100} {
		a, x := random(rand.New(rand.NewPCG(9, 10)), n)
		f := NewLU(n)
		if err := f.Factor(a); err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			y := make([]float64, n)
			for b.Loop() {
				copy(y, x)
				f.Solve(y)
			}
		})
	}
}
