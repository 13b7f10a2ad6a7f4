package linalg

import (
	"fmt"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// Inverse is the explicit inverse of a matrix so small that its columns are a few registers: a solution is a product then, no part of which waits for
// another. Its error is that of a solution with factors of partial pivoting, to a small factor, relative to the condition of the matrix.
type Inverse struct {
	n, stride int
	a         []float64
	inv       []float64 // by columns, stride apart
	columns   []float64 // where columns are more than a register, the matrix by columns
	order     []int64
	bad       SingularError
}

// InversePays says whether systems of size n are solved fastest by an Inverse on this processor.
func InversePays(n int) bool { return kernel.InversePays(n) }

// NewInverse returns a workspace for matrices of size n, up to kernel.LargestInverse.
func NewInverse(n int) *Inverse {
	if n > kernel.LargestInverse {
		panic(fmt.Sprintf("linalg: an inverse of size %d", n))
	}
	f := &Inverse{n: n, stride: kernel.InverseSize, a: make([]float64, n*n)}
	if n <= kernel.InverseSize {
		f.inv = make([]float64, kernel.InverseSize*kernel.InverseSize)
		return f
	}
	f.stride = max(n, kernel.ColumnStride(n))
	f.inv, f.columns, f.order = make([]float64, n*f.stride), make([]float64, n*f.stride), make([]int64, f.stride)
	return f
}

// Matrix returns the storage into which the matrix is written (row-major) before a call of Invert.
func (f *Inverse) Matrix() []float64 { return f.a }

// Invert inverts what was written into Matrix. The error is a *SingularError.
func (f *Inverse) Invert() error {
	if f.columns == nil {
		return f.outcome(kernel.Invert(f.inv, f.a, f.n, 0, 1), f.a)
	}
	kernel.Transpose(f.columns, f.stride, f.a, f.n, f.n, f.n)
	singular := kernel.InvertColumns(f.inv, f.columns, f.order, f.n, f.stride)
	if singular >= 0 {
		clear(f.columns) // of NaN beyond the matrix
	}
	return f.outcome(singular, f.a)
}

// InvertShifted inverts shift·I + scale·A for the row-major matrix a.
func (f *Inverse) InvertShifted(shift, scale float64, a []float64) error {
	if f.columns == nil {
		return f.outcome(kernel.Invert(f.inv, a, f.n, shift, scale), a)
	}
	clear(f.a)
	kernel.AddScaled(f.a, scale, a)
	for i := 0; i < len(f.a); i += f.n + 1 {
		f.a[i] += shift
	}
	return f.Invert()
}

// outcome is the error of a matrix made from a that has no pivot in column k, nil for a negative k.
func (f *Inverse) outcome(k int, a []float64) error {
	if k < 0 {
		return nil
	}
	f.bad = SingularError{Column: k}
	for _, v := range a {
		f.bad.Pivot += 0 * v // not finite where an element is not
	}
	return &f.bad
}

// Solve overwrites b with the solution of A x = b.
func (f *Inverse) Solve(b []float64) {
	if f.columns == nil {
		kernel.TimesInverse(b, f.inv, f.n)
	} else {
		kernel.TimesColumns(b, f.inv, f.n, f.stride)
	}
}

// SolveTransposed overwrites b with the solution of Aᵀ x = b.
func (f *Inverse) SolveTransposed(b []float64) {
	var x [kernel.LargestInverse]float64
	for j := range f.n {
		column := f.inv[f.stride*j:][:f.n]
		for i, v := range column {
			x[j] += v * b[i]
		}
	}
	copy(b[:f.n], x[:])
}

// SolveBlock overwrites the n×cols row-major block b with the solution of A X = B.
func (f *Inverse) SolveBlock(b []float64, cols int) {
	var x [kernel.LargestInverse]float64
	for c := range cols {
		for i := range f.n {
			x[i] = b[i*cols+c]
		}
		f.Solve(x[:f.n])
		for i := range f.n {
			b[i*cols+c] = x[i]
		}
	}
}

// Columns returns the columns of the inverse and how far they lie apart.
func (f *Inverse) Columns() (columns []float64, stride int) { return f.inv, f.stride }

// Columns returns the columns of the inverse and how far they lie apart, or nil where only factors are made.
func (f *Sparse) Columns() (columns []float64, stride int) { return f.columns, f.stride }
