package linalg

import "math"

// A ComplexSparse is Sparse with a complex shift z.
type ComplexSparse struct {
	sparsity
	l, u, inv []complex128
	row, x    []complex128
	largest   []float64
	bad       SingularError
}

// NewComplexSparse is NewSparse for a complex shift.
func NewComplexSparse(n int, rows, cols, at []int) *ComplexSparse {
	f := &ComplexSparse{sparsity: newSparsity(n, rows, cols, at), inv: make([]complex128, n), row: make([]complex128, n), x: make([]complex128, n), largest: make([]float64, n)}
	f.l, f.u = make([]complex128, len(f.lower.cols)), make([]complex128, len(f.upper.cols))
	return f
}

// Factor factorises z·M − γ·A, where diagonal holds M (nil for the identity) and values hold A. The error is an UnstableError or, where a pivot is zero or
// not finite, a *SingularError.
func (f *ComplexSparse) Factor(z complex128, diagonal []float64, gamma float64, values []float64) error {
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
			row[k] *= complex(diagonal[f.order[k]], 0)
		}
		at := f.at[g:g1]
		for e, c := range f.given.cols[g:g1] {
			v := row[c] - complex(gamma*values[at[e]], 0)
			row[c] = v
			if m := modulus(v); m > largest[c] {
				largest[c] = m
			}
		}
		for e, c := range below {
			v := row[c] * f.inv[c]
			f.l[p+e] = v
			if !(modulus(v) <= sparseMultiplier) { // NaN too
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
		if m := modulus(pivot); !(m > 0 && m <= math.MaxFloat64) {
			f.bad = SingularError{Column: int(f.order[k]), Pivot: m}
			return &f.bad
		}
		f.inv[k] = reciprocal(pivot)
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
		if !(modulus(f.u[e]) <= sparseGrowth*largest[c]) {
			return errUnstable
		}
	}
	return nil
}

// Solve overwrites b with the solution of W x = b.
func (f *ComplexSparse) Solve(b []complex128) { substitute(&f.sparsity, f.l, f.u, f.inv, f.x, b) }

// SolveTransposed overwrites b with the solution of Wᵀ x = b (no conjugation).
func (f *ComplexSparse) SolveTransposed(b []complex128) {
	substituteTransposed(&f.sparsity, f.l, f.u, f.inv, f.x, b)
}
