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
	w, l, u, inv []float64 // all entries, those of L and of U, and the inverse pivots
	x            []float64 // right-hand side
	largest      []float64 // of the entries of W in a column
	bad          SingularError

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
	f := &Sparse{sparsity: newSparsity(n, rows, cols, at), inv: make([]float64, n), x: make([]float64, n), largest: make([]float64, n)}
	below, off := f.entries()
	f.w = make([]float64, off+n)
	f.l, f.u = f.w[:below], f.w[below:off]
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
	// by rows scaled by their pivots: each is solved for as it is reached
	for k, d := range f.inv {
		i := int(f.order[k])
		x[i*n+i] = d
	}
	for e, c := range f.upper.cols {
		f.values[e] = f.u[e] * f.inv[c]
	}
	kernel.SubtractRows(x, n, f.upperPlaces, f.values[:len(f.u)])
	to := 0
	for k := n - 1; k >= 0; k-- {
		to += copy(f.values[to:], f.l[f.lower.start[k]:f.lower.start[k+1]])
	}
	kernel.SubtractRows(x, n, f.lowerPlaces, f.values[:len(f.l)])
}

// Factor factorises z·M − γ·A, where diagonal holds M (nil for the identity) and values hold A. The error is an UnstableError or, where a pivot is zero or
// not finite, a *SingularError.
func (f *Sparse) Factor(z float64, diagonal []float64, gamma float64, values []float64) error {
	_, off := f.entries()
	w, d, largest := f.w, f.w[off:], f.largest
	clear(w[:off])
	clear(largest)
	for k := range d {
		d[k] = z
	}
	for k, i := range f.order[:len(diagonal)] {
		d[k] *= diagonal[i]
	}
	places, given := f.places[:len(f.at)], f.given[:len(f.at)]
	for e, from := range f.at {
		p, c := places[e], given[e]
		v := w[p] - gamma*values[from]
		w[p] = v
		if m := math.Abs(v); m > largest[c] {
			largest[c] = m
		}
	}
	steep, e, targets := false, 0, f.targets
	for k := range d {
		for ; e < int(f.lower.start[k+1]); e++ {
			c := int(f.lower.cols[e])
			l := w[e] * f.inv[c]
			w[e] = l
			if !(math.Abs(l) <= sparseMultiplier) { // NaN too
				steep = true
			}
			u := f.u[f.upper.start[c]:f.upper.start[c+1]]
			to := targets[:len(u)]
			targets = targets[len(u):]
			for j, v := range u {
				w[to[j]] -= l * v
			}
		}
		pivot := d[k]
		// the comparison is written so that NaN fails it
		if m := math.Abs(pivot); !(m > 0 && m <= math.MaxFloat64) {
			f.bad = SingularError{Column: int(f.order[k]), Pivot: m}
			return &f.bad
		}
		f.inv[k] = 1 / pivot
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
