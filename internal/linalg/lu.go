// Package linalg holds the factorisations that the solvers stand on: LU with partial pivoting for small and middling
// dense matrices (real, transposed, many right-hand sides), its complex twin, banded LU, and LU of matrices with few entries, along an
// order of pivots chosen once.
// Nothing here allocates after construction.
package linalg

import (
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// SingularError says that a matrix could not be factorised: its pivot in column Column (from 0) is zero or not finite.
type SingularError struct {
	Column int
	Pivot  float64
}

func (e *SingularError) Error() string {
	return fmt.Sprintf("matrix is singular to working precision: pivot %g in column %d", e.Pivot, e.Column)
}

// LU is the factorisation P·A = L·U of a square matrix with row interchanges (Golub and Van Loan, Matrix Computations,
// 4th ed., algorithm 3.4.1). The zero value is of size 0; use NewLU or Reset.
type LU struct {
	n   int
	a   []float64 // L below the diagonal (unit diagonal not stored), U on and above, row-major
	inv []float64 // 1/U[i][i]
	piv []int32   // row i was exchanged with row piv[i]
	// work holds some rows of a product of panels
	work []float64
	byColumns
	bad SingularError
}

// NewLU returns a workspace for matrices of size n.
func NewLU(n int) *LU {
	f := &LU{n: n, a: make([]float64, n*n), piv: make([]int32, n), byColumns: newByColumns(n)}
	f.inv = make([]float64, max(n, f.stride))[:n]
	if n >= blockFrom {
		f.work = make([]float64, blockRows*n)
	}
	return f
}

// N is the size of the matrix.
func (f *LU) N() int { return f.n }

// Matrix returns the storage into which the matrix is written (row-major) before a call of FactorInPlace.
func (f *LU) Matrix() []float64 { return f.a }

// Factor factorises a copy of the row-major matrix a. The error is a *SingularError.
func (f *LU) Factor(a []float64) error {
	copy(f.a, a[:f.n*f.n])
	return f.FactorInPlace()
}

// FactorInPlace factorises what was written into Matrix. The error is a *SingularError.
func (f *LU) FactorInPlace() error {
	f.staleRows, f.staleColumns = false, true
	switch {
	case f.factorRegisters():
		return nil
	case f.n >= blockFrom:
		return f.factorBlocks()
	case f.n >= panelFrom && !kernel.Vectorised():
		return f.factorPanels()
	}
	return f.factorColumns()
}

// factorColumns eliminates column by column.
func (f *LU) factorColumns() error {
	n, a := f.n, f.a
	for k := 0; k < n; k++ {
		rowk := a[k*n : k*n+n]
		p, best := k, math.Abs(rowk[k])
		for i := k + 1; i < n; i++ {
			if v := math.Abs(a[i*n+k]); v > best {
				p, best = i, v
			}
		}
		f.piv[k] = int32(p)
		if p != k {
			rowp := a[p*n : p*n+n]
			for j, v := range rowk {
				rowk[j], rowp[j] = rowp[j], v
			}
		}
		pivot := rowk[k]
		// the comparison is written so that NaN fails it
		if !(best > 0) || best > math.MaxFloat64 || math.IsNaN(pivot) {
			f.bad = SingularError{Column: k, Pivot: pivot}
			return &f.bad
		}
		d := 1 / pivot
		f.inv[k] = d
		if n-k > kernel.Lanes {
			kernel.Eliminate(a, n, k, d)
			continue
		}
		for i := k + 1; i < n; i++ {
			row := a[i*n : i*n+n]
			l := row[k] * d
			row[k] = l
			for j := k + 1; j < n; j++ {
				row[j] -= l * rowk[j]
			}
		}
	}
	return nil
}

// Solve overwrites b with the solution of A x = b.
func (f *LU) Solve(b []float64) {
	n, a := f.n, f.a
	b = b[:n]
	switch {
	case n == 2:
		f.solve2(b)
		return
	case n == 3:
		f.solve3(b)
		return
	case f.stride > 0:
		f.solveColumns(b)
		return
	}
	for i, p := range f.piv {
		if int(p) != i {
			b[i], b[p] = b[p], b[i]
		}
	}
	switch {
	case n == 8:
		f.solve8(b)
		return
	case n >= tileFrom:
		f.solveTiles(b)
		return
	}
	for i := 1; i < n; i++ {
		s := b[i]
		for j, v := range a[i*n : i*n+i] {
			s -= v * b[j]
		}
		b[i] = s
	}
	for i := n - 1; i >= 0; i-- {
		row := a[i*n : i*n+n]
		s := b[i]
		for j := i + 1; j < n; j++ {
			s -= row[j] * b[j]
		}
		b[i] = s * f.inv[i]
	}
}

// SolveTransposed overwrites b with the solution of Aᵀ x = b.
func (f *LU) SolveTransposed(b []float64) {
	n, a := f.n, f.rows()
	b = b[:n]
	for i := 0; i < n; i++ { // Uᵀ z = b, column-oriented so that rows of U are read in order
		row := a[i*n : i*n+n]
		z := b[i] * f.inv[i]
		b[i] = z
		for j := i + 1; j < n; j++ {
			b[j] -= row[j] * z
		}
	}
	for i := n - 1; i > 0; i-- { // Lᵀ x = z
		row := a[i*n : i*n+i]
		x := b[i]
		for j, v := range row {
			b[j] -= v * x
		}
	}
	for i := n - 1; i >= 0; i-- {
		if p := int(f.piv[i]); p != i {
			b[i], b[p] = b[p], b[i]
		}
	}
}

// SolveBlock overwrites the n×cols row-major block b with the solution of A X = B: one factorisation, many right-hand
// sides, each row of the block processed as one vector.
func (f *LU) SolveBlock(b []float64, cols int) {
	n, a := f.n, f.rows()
	for i, p := range f.piv {
		if int(p) != i {
			ri, rp := b[i*cols:(i+1)*cols], b[int(p)*cols:(int(p)+1)*cols]
			for j, v := range ri {
				ri[j], rp[j] = rp[j], v
			}
		}
	}
	kernel.SolveLower(a, n, 1, true, b, cols, n, cols)
	kernel.SolveUpper(a, n, 1, false, b, cols, n, cols)
}

// subScaled computes dst -= s·x.
func subScaled(dst []float64, s float64, x []float64) {
	if s == 0 {
		return
	}
	x = x[:len(dst)]
	for i, v := range x {
		dst[i] -= s * v
	}
}

// FloatsPerFactor is the number of float64 values that Save writes for a matrix of size n.
func FloatsPerFactor(n int) int { return n*n + 2*n }

// Save writes the factors into dst (FloatsPerFactor(n) values), so that a step can be replayed or transposed later.
func (f *LU) Save(dst []float64) {
	n := f.n
	copy(dst, f.rows())
	copy(dst[n*n:], f.inv)
	for i, p := range f.piv {
		dst[n*n+n+i] = float64(p)
	}
}

// Load restores factors written by Save.
func (f *LU) Load(src []float64) {
	f.staleRows, f.staleColumns = false, true
	n := f.n
	copy(f.a, src[:n*n])
	copy(f.inv, src[n*n:n*n+n])
	for i := range f.piv {
		f.piv[i] = int32(src[n*n+n+i])
	}
}
