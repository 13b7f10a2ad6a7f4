package linalg

import (
	"fmt"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// Inverse is the explicit inverse of a matrix so small that its columns are registers: a solution is a product then, no part of which waits for
// another. Its error is that of a solution with factors of partial pivoting, to a small factor, relative to the condition of the matrix.
type Inverse struct {
	n   int
	a   []float64
	inv []float64 // by columns
	bad SingularError
}

// InversePays says whether systems of size n are solved fastest by an Inverse on this processor.
func InversePays(n int) bool { return kernel.InversePays(n) }

// NewInverse returns a workspace for matrices of size n, up to kernel.InverseSize.
func NewInverse(n int) *Inverse {
	if n > kernel.InverseSize {
		panic(fmt.Sprintf("linalg: an inverse of size %d", n))
	}
	return &Inverse{n: n, a: make([]float64, n*n), inv: make([]float64, kernel.InverseSize*kernel.InverseSize)}
}

// Matrix returns the storage into which the matrix is written (row-major) before a call of Invert.
func (f *Inverse) Matrix() []float64 { return f.a }

// Invert inverts what was written into Matrix. The error is a *SingularError.
func (f *Inverse) Invert() error {
	k := kernel.Invert(f.inv, f.a, f.n)
	if k < 0 {
		return nil
	}
	f.bad = SingularError{Column: k}
	for _, v := range f.a {
		f.bad.Pivot += 0 * v // not finite where an element is not
	}
	return &f.bad
}

// Solve overwrites b with the solution of A x = b.
func (f *Inverse) Solve(b []float64) { kernel.TimesInverse(b, f.inv, f.n) }

// SolveTransposed overwrites b with the solution of Aᵀ x = b.
func (f *Inverse) SolveTransposed(b []float64) {
	var x [kernel.InverseSize]float64
	for j := range f.n {
		column := f.inv[kernel.InverseSize*j:][:f.n]
		for i, v := range column {
			x[j] += v * b[i]
		}
	}
	copy(b[:f.n], x[:])
}

// SolveBlock overwrites the n×cols row-major block b with the solution of A X = B.
func (f *Inverse) SolveBlock(b []float64, cols int) {
	var x [kernel.InverseSize]float64
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
