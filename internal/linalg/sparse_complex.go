package linalg

import (
	"math"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// A ComplexSparse is Sparse with a complex shift z.
type ComplexSparse struct {
	sparsity
	steps        kernel.Elimination
	w, l, u, inv []complex128
	x            []complex128
	largest      []float64
	bad          SingularError
}

// NewComplexSparse is NewSparse for a complex shift.
func NewComplexSparse(n int, rows, cols, at []int, diagonal []float64) *ComplexSparse {
	f := &ComplexSparse{sparsity: newSparsity(n, rows, cols, at), inv: make([]complex128, n), x: make([]complex128, n), largest: make([]float64, n)}
	f.steps = f.elimination(1, diagonal)
	below, off := f.entries()
	f.w = make([]complex128, off+n)
	f.l, f.u = f.w[:below], f.w[below:off]
	return f
}

// Factor factorises z·M − γ·A, where values hold A. The error is an UnstableError or, where a pivot is zero or
// not finite, a *SingularError.
func (f *ComplexSparse) Factor(z complex128, gamma float64, values []float64) error {
	_, off := f.entries()
	w, d, largest := f.w, f.w[off:], f.largest
	clear(w[:off])
	clear(largest)
	for k, m := range f.steps.Mass {
		d[k] = z * complex(m, 0)
	}
	for given := f.steps.Given; len(given) > 0; given = given[3:] {
		p, c := given[1], given[2]
		v := w[p] - complex(gamma*values[given[0]], 0)
		w[p] = v
		if m := modulus(v); m > largest[c] {
			largest[c] = m
		}
	}
	steep, e, rows := false, 0, f.steps.Rows
	for k := range d {
		count := rows[0]
		rows = rows[1:]
		for range count {
			l := w[e] * f.inv[rows[0]]
			w[e] = l
			e++
			if !(modulus(l) <= kernel.SteepestMultiplier) { // NaN too
				steep = true
			}
			u := f.u[rows[1]:][:rows[2]]
			to := rows[3:][:len(u)]
			rows = rows[3+len(u):]
			for j, v := range u {
				w[to[j]] -= l * v
			}
		}
		pivot := d[k]
		// the comparison is written so that NaN fails it
		if m := modulus(pivot); !(m > 0 && m <= math.MaxFloat64) {
			f.bad = SingularError{Column: int(f.order[k]), Pivot: m}
			return &f.bad
		}
		f.inv[k] = reciprocal(pivot)
	}
	if steep {
		return errUnstable
	}
	for e, c := range f.upper.cols {
		if !(modulus(f.u[e]) <= kernel.LargestGrowth*largest[c]) {
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
