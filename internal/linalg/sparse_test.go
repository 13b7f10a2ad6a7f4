package linalg

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

// sparseCase is a random matrix z·M − γ·A with few entries whose columns are dominated by their diagonals.
func sparseCase(r *rand.Rand, n int) (rows, cols, at []int, diagonal, values, dense []float64, gamma float64) {
	gamma = math.Exp(4 * r.NormFloat64())
	diagonal, values, dense = make([]float64, n), make([]float64, n*n), make([]float64, n*n)
	for j := range n {
		diagonal[j] = 1 + r.Float64()
		sum := 0.0
		for range r.IntN(4) {
			i := r.IntN(n)
			if i == j || values[i*n+j] != 0 {
				continue
			}
			v := math.Exp(3 * r.NormFloat64())
			sum += v
			values[i*n+j] = v
			rows, cols, at = append(rows, i), append(cols, j), append(at, i*n+j)
		}
		if sum > 0 {
			values[j*n+j] = -sum
			rows, cols, at = append(rows, j), append(cols, j), append(at, j*n+j)
		}
	}
	for i := range n {
		for j := range n {
			dense[i*n+j] = -gamma * values[i*n+j]
		}
		dense[i*n+i] += diagonal[i]
	}
	return rows, cols, at, diagonal, values, dense, gamma
}

func TestSparse(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for trial := range 200 {
		n := 1 + r.IntN(30)
		rows, cols, at, diagonal, values, dense, gamma := sparseCase(r, n)
		f, want := NewSparse(n, rows, cols, at, diagonal), NewLU(n)
		if err := f.Factor(1, gamma, values); err != nil {
			t.Fatalf("trial %d: %v", trial, err)
		}
		if err := want.Factor(dense); err != nil {
			t.Fatal(err)
		}
		const width = 3
		a, b := make([]float64, n), make([]float64, n)
		block := make([]float64, n*width)
		for i := range a {
			a[i] = r.NormFloat64()
			b[i] = a[i]
			block[i*width], block[i*width+1] = a[i], -2*a[i]
		}
		transposed := append([]float64(nil), a...)
		f.Solve(a)
		want.Solve(b)
		close := func(what string, got, want []float64) {
			t.Helper()
			scale := 0.0
			for _, v := range want {
				scale = max(scale, math.Abs(v))
			}
			for i, v := range want {
				if !(math.Abs(got[i]-v) <= 1e-11*scale) {
					t.Fatalf("trial %d, n %d: %s has %g at %d, dense elimination %g", trial, n, what, got[i], i, v)
				}
			}
		}
		close("solution", a, b)
		f.SolveBlock(block, width)
		first, second := make([]float64, n), make([]float64, n)
		for i := range a {
			first[i], second[i] = block[i*width], -block[i*width+1]/2
		}
		close("first column of a block", first, b)
		close("second column of a block", second, b)
		got := append([]float64(nil), transposed...)
		f.SolveTransposed(got)
		want.SolveTransposed(transposed)
		close("transposed solution", got, transposed)

		// the complex twin with a complex shift, by its residual
		z := complex(1.5, 2)
		c := NewComplexSparse(n, rows, cols, at, diagonal)
		cb := make([]complex128, n)
		for i := range cb {
			cb[i] = complex(r.NormFloat64(), r.NormFloat64())
		}
		x, y := append([]complex128(nil), cb...), append([]complex128(nil), cb...)
		if err := c.Factor(z, gamma, values); err != nil {
			t.Fatal(err)
		}
		c.Solve(x)
		c.SolveTransposed(y)
		for i := range n {
			res, resT, size, sizeT := cb[i]-z*complex(diagonal[i], 0)*x[i], cb[i]-z*complex(diagonal[i], 0)*y[i], magnitude(z*complex(diagonal[i], 0)*x[i]), magnitude(z*complex(diagonal[i], 0)*y[i])
			for j := range n {
				res += complex(gamma*values[i*n+j], 0) * x[j]
				resT += complex(gamma*values[j*n+i], 0) * y[j]
				size += gamma * math.Abs(values[i*n+j]) * magnitude(x[j])
				sizeT += gamma * math.Abs(values[j*n+i]) * magnitude(y[j])
			}
			if !(magnitude(res) <= 1e-11*size) || !(magnitude(resT) <= 1e-11*sizeT) {
				t.Fatalf("trial %d: complex residuals %g of %g and %g of %g", trial, magnitude(res), size, magnitude(resT), sizeT)
			}
		}
	}
}

// Elimination along an arrow that points the right way fills nothing, and the order must find that out.
func TestSparseOrder(t *testing.T) {
	const n = 40
	var rows, cols, at []int
	for i := 1; i < n; i++ {
		rows, cols, at = append(rows, 0, i), append(cols, i, 0), append(at, i, i*n)
	}
	f := NewSparse(n, rows, cols, at, nil)
	if got, want := f.Entries(), 3*n-2; got != want {
		t.Errorf("%d entries, want %d: without fill", got, want)
	}
}

// What cannot be eliminated along the diagonal must be refused, not solved wrongly.
func TestSparseRefuses(t *testing.T) {
	f := NewSparse(2, []int{0, 0, 1, 1}, []int{0, 1, 0, 1}, []int{0, 1, 2, 3}, nil)
	var unstable UnstableError
	var singular *SingularError
	for _, c := range []struct {
		values []float64
		target any
	}{
		{[]float64{1e-3, 1, 1, 1}, &unstable},
		{[]float64{0, 1, 1, 0}, &singular},
		{[]float64{math.NaN(), 1, 1, 1}, &singular},
		{[]float64{1, math.Inf(1), 1, 1}, &singular},
		{[]float64{1, 1, 1, 1}, &singular},
	} {
		if err := f.Factor(0, -1, c.values); !errors.As(err, c.target) {
			t.Errorf("%v: error %v, want a %T", c.values, err, c.target)
		}
	}
	// multipliers of 9, 9, …: each is allowed, together they grow beyond the limit
	const n = 6
	rows, cols, at, values := []int{}, []int{}, []int{}, make([]float64, n*n)
	for i := range n {
		for j := range n {
			if j > i && j < n-1 {
				continue
			}
			values[i*n+j] = -9
			if i == j || j == n-1 {
				values[i*n+j] = 1
			}
			rows, cols, at = append(rows, i), append(cols, j), append(at, i*n+j)
		}
	}
	if err := NewSparse(n, rows, cols, at, nil).Factor(0, -1, values); !errors.As(err, &unstable) {
		t.Errorf("growth of 9⁵: error %v", err)
	}
}

// Values that are fewer than the lists name are refused before assembly reads beyond them.
func TestSparseTooFewValues(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	_ = NewSparse(2, []int{0, 1}, []int{0, 1}, []int{0, 3}, nil).Factor(1, 1, []float64{1, 2, 3})
}
