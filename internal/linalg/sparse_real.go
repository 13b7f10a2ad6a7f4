package linalg

import (
	"math"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// A Sparse is the factorisation L·U of square matrices W = z·M − γ·A with the same few entries, M being diagonal. Factor returns an error where
// W cannot safely be factorised without exchanging rows. Of small matrices it makes the inverse too, by whole rows in vector registers: a solve that
// walks along lists spends most of its time waiting, and costs several times as much as all n² multiplications.
type Sparse struct {
	sparsity
	l, u, inv []float64
	row, x    []float64 // row of W by columns; right-hand side
	largest   []float64 // of the entries of W in a column
	bad       SingularError

	// transposed is W⁻ᵀ row by row, or nil. It is made by operations on rows (destination, source): upper ones, then lower ones
	transposed               []float64
	upperPlaces, lowerPlaces []int32
	values, zero             []float64
}

// The inverse is made of matrices of at most inverseMost rows of which at least one entry in inverseFill belongs to L or U (measured).
const (
	inverseMost = 48
	inverseFill = 8
)

// NewSparse returns a workspace for matrices of size n whose entries outside the diagonal are zero except at (rows[e], cols[e]), no place being
// named twice. Entry e of A is found at place at[e] of the values given to Factor.
func NewSparse(n int, rows, cols, at []int) *Sparse {
	f := &Sparse{sparsity: newSparsity(n, rows, cols, at), inv: make([]float64, n), row: make([]float64, n), x: make([]float64, n), largest: make([]float64, n)}
	f.l, f.u = make([]float64, len(f.lower.cols)), make([]float64, len(f.upper.cols))
	if n <= inverseMost && n*n <= inverseFill*f.Entries() {
		f.prepareInverse()
	}
	return f
}

// prepareInverse lists the operations that take the identity to W⁻ᵀ: those of SolveTransposed, on rows in the order of the matrix.
func (f *Sparse) prepareInverse() {
	n := f.n
	f.transposed, f.zero, f.values = make([]float64, n*n), make([]float64, n), make([]float64, max(len(f.u), len(f.l)))
	for k := range n {
		for _, c := range f.upper.of(k) {
			f.upperPlaces = append(f.upperPlaces, f.order[c], f.order[k])
		}
	}
	for e := n - 1; e >= 0; e-- {
		for _, c := range f.lower.of(e) {
			f.lowerPlaces = append(f.lowerPlaces, f.order[c], f.order[e])
		}
	}
}

// invert makes W⁻ᵀ from the factors.
func (f *Sparse) invert() {
	n, x := f.n, f.transposed
	clear(x)
	for i := range n {
		x[i*n+i] = 1
	}
	// rows are divided by the pivots at the end, the multipliers in their place here
	e := 0
	for k, d := range f.inv {
		for ; e < int(f.upper.start[k+1]); e++ {
			f.values[e] = f.u[e] * d
		}
	}
	kernel.SubtractRows(x, n, f.upperPlaces, f.values[:len(f.u)])
	for k, d := range f.inv {
		i := int(f.order[k]) * n
		kernel.Scale(x[i:i+n], d)
	}
	to := 0
	for k := n - 1; k >= 0; k-- {
		to += copy(f.values[to:], f.l[f.lower.start[k]:f.lower.start[k+1]])
	}
	kernel.SubtractRows(x, n, f.lowerPlaces, f.values[:len(f.l)])
}

// Factor factorises z·M − γ·A, where diagonal holds M (nil for the identity) and values hold A. The error is an UnstableError or, where a pivot is zero or
// not finite, a *SingularError.
func (f *Sparse) Factor(z float64, diagonal []float64, gamma float64, values []float64) error {
	row, largest := f.row, f.largest
	clear(largest)
	steep, p, q, g := false, 0, 0, 0
	for k := range f.n {
		p1, q1, g1 := int(f.lower.start[k+1]), int(f.upper.start[k+1]), int(f.given.start[k+1])
		below, above := f.lower.cols[p:p1], f.upper.cols[q:q1]
		for _, c := range below {
			row[c] = 0
		}
		for _, c := range above {
			row[c] = 0
		}
		row[k] = z
		if diagonal != nil {
			row[k] *= diagonal[f.order[k]]
		}
		at := f.at[g:g1]
		for e, c := range f.given.cols[g:g1] {
			v := row[c] - gamma*values[at[e]]
			row[c] = v
			if m := math.Abs(v); m > largest[c] {
				largest[c] = m
			}
		}
		for e, c := range below {
			v := row[c] * f.inv[c]
			f.l[p+e] = v
			if !(math.Abs(v) <= sparseMultiplier) { // NaN too
				steep = true
			}
			from := f.upper.start[c]
			cols := f.upper.cols[from:f.upper.start[c+1]]
			u := f.u[from:][:len(cols)]
			for e, c := range cols {
				row[c] -= v * u[e]
			}
		}
		pivot := row[k]
		// the comparison is written so that NaN fails it
		if m := math.Abs(pivot); !(m > 0 && m <= math.MaxFloat64) {
			f.bad = SingularError{Column: int(f.order[k]), Pivot: m}
			return &f.bad
		}
		f.inv[k] = 1 / pivot
		u := f.u[q:q1]
		for e, c := range above {
			u[e] = row[c]
		}
		p, q, g = p1, q1, g1
	}
	if steep {
		return errUnstable
	}
	for e, c := range f.upper.cols {
		if !(math.Abs(f.u[e]) <= sparseGrowth*largest[c]) {
			return errUnstable
		}
	}
	if f.transposed != nil {
		f.invert()
	}
	return nil
}

// Solve overwrites b with the solution of W x = b.
func (f *Sparse) Solve(b []float64) {
	if f.transposed != nil {
		kernel.Combine(f.x, f.zero, 1, b[:f.n], f.transposed)
		copy(b, f.x)
		return
	}
	substitute(&f.sparsity, f.l, f.u, f.inv, f.x, b)
}

// SolveTransposed overwrites b with the solution of Wᵀ x = b.
func (f *Sparse) SolveTransposed(b []float64) {
	substituteTransposed(&f.sparsity, f.l, f.u, f.inv, f.x, b)
}

// SolveBlock overwrites the n×cols row-major block b with the solution of W X = B, each row of the block as one vector.
func (f *Sparse) SolveBlock(b []float64, cols int) {
	row := func(k int32) []float64 {
		i := int(f.order[k]) * cols
		return b[i : i+cols]
	}
	for k := range f.n {
		p, to := int(f.lower.start[k]), row(int32(k))
		for e, c := range f.lower.of(k) {
			l := f.l[p+e]
			for j, v := range row(c) {
				to[j] -= l * v
			}
		}
	}
	for k := f.n - 1; k >= 0; k-- {
		q, to := int(f.upper.start[k]), row(int32(k))
		for e, c := range f.upper.of(k) {
			u := f.u[q+e]
			for j, v := range row(c) {
				to[j] -= u * v
			}
		}
		for j := range to {
			to[j] *= f.inv[k]
		}
	}
}
