package linalg

import (
	"math"
	"slices"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// A Sparse is the factorisation L·U of square matrices W = z·M − γ·A with the same few entries, M being diagonal. Factor returns an error where
// W cannot safely be factorised without exchanging rows. Of small matrices it makes the inverse too, by whole rows in vector registers: a solve that
// walks along lists spends most of its time waiting, and costs several times as much as all n² multiplications.
type Sparse struct {
	sparsity
	steps        kernel.Elimination
	w, l, u, inv []float64 // all entries, those of L and of U, and the inverse pivots
	x            []float64 // right-hand side
	largest      []float64 // of the entries of W in a column
	bad          SingularError

	// columns are those of W⁻¹, stride apart, or nil: they are made along the lists, beginning with the identity
	columns, identity []float64
	stride            int
	lists             []int32
}

// The inverse is made, where there are vector registers, of matrices of at most inverseMost rows of which at least one entry in inverseFill belongs to L or U (measured).
const (
	inverseMost = 48
	inverseFill = 8
)

// NewSparse returns a workspace for matrices of size n whose entries outside the diagonal are zero except at (rows[e], cols[e]), no place being
// named twice. Entry e of A is found at place at[e] of the values given to Factor, and diagonal holds M, nil for the identity.
func NewSparse(n int, rows, cols, at []int, diagonal []float64) *Sparse {
	f := &Sparse{sparsity: newSparsity(n, rows, cols, at), inv: make([]float64, n), x: make([]float64, n), largest: make([]float64, n)}
	f.steps = f.elimination(1, diagonal)
	below, off := f.entries()
	f.w = make([]float64, off+n)
	f.l, f.u = f.w[:below], f.w[below:off]
	if kernel.Vectorised() && n <= inverseMost && n*n <= inverseFill*f.Entries() {
		f.prepareInverse()
	}
	return f
}

// prepareInverse lists the operations that take the identity to W⁻¹, column by column: those of SolveTransposed, on whole columns.
func (f *Sparse) prepareInverse() {
	n := f.n
	f.stride = kernel.RowStride(n)
	f.columns, f.identity = make([]float64, max(n*f.stride, kernel.InverseSize*kernel.InverseSize)), make([]float64, n*f.stride)
	f.x = make([]float64, f.stride)
	place := func(k int) int32 { return f.order[k] * int32(f.stride) }
	list := func(k int, terms []int32) {
		f.lists = append(append(f.lists, place(k), int32(len(terms)/2)), terms...)
	}
	below := len(f.l)
	var terms []int32
	for c := range n {
		f.identity[int(place(c))+int(f.order[c])] = 1
		terms = terms[:0]
		for k := range c {
			if at, ok := slices.BinarySearch(f.upper.of(k), int32(c)); ok {
				terms = append(terms, int32(below+at)+f.upper.start[k], place(k))
			}
		}
		list(c, terms)
	}
	for c := n - 1; c >= 0; c-- {
		terms = terms[:0]
		for k := c + 1; k < n; k++ {
			if at, ok := slices.BinarySearch(f.lower.of(k), int32(c)); ok {
				terms = append(terms, int32(at)+f.lower.start[k], place(k))
			}
		}
		list(c, terms)
	}
}

// Factor factorises z·M − γ·A, where values hold A. The error is an UnstableError or, where a pivot is zero or
// not finite, a *SingularError.
func (f *Sparse) Factor(z, gamma float64, values []float64) error {
	_, off := f.entries()
	clear(f.w[:off])
	status := f.steps.EliminateReal(f.w, f.inv, f.largest, values, gamma, z)
	if status != kernel.Eliminated {
		return f.outcome(status, func(k int) float64 { return math.Abs(f.w[off+k]) }, &f.bad)
	}
	if f.columns != nil {
		kernel.InvertLists(f.columns, f.identity, f.w[:off], f.inv, f.lists, f.n, f.stride)
	}
	return nil
}

// Solve overwrites b with the solution of W x = b.
func (f *Sparse) Solve(b []float64) {
	if f.columns != nil {
		f.timesInverse(b)
		return
	}
	substitute(&f.sparsity, f.l, f.u, f.inv, f.x, b)
}

// timesInverse overwrites b with W⁻¹ b.
func (f *Sparse) timesInverse(b []float64) {
	switch n := f.n; {
	case kernel.InversePays(n) && n <= kernel.InverseSize:
		kernel.TimesInverse(b, f.columns, n)
	case kernel.InversePays(n):
		kernel.TimesColumns(b, f.columns, n, f.stride)
	default:
		clear(f.x)
		kernel.Combine(f.x, f.x, 1, b[:n], f.columns)
		copy(b, f.x[:n])
	}
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
