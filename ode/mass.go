package ode

import (
	"fmt"
	"math"
)

// Mass is the constant matrix M of M y' = f(t, y). The zero value is the identity. M may be singular: the problem is then a
// differential-algebraic one, which must be of index 1.
type Mass struct {
	// Diagonal holds the diagonal of a diagonal M.
	Diagonal []float64
	// Dense holds a full M, row-major. At most one of Diagonal and Dense may be given.
	Dense []float64
}

// DiagonalMass is M = diag(d).
func DiagonalMass(d ...float64) Mass { return Mass{Diagonal: d} }

// IsIdentity says that no mass matrix was given.
func (m Mass) IsIdentity() bool { return m.Diagonal == nil && m.Dense == nil }

func (m Mass) check(dim int) error {
	bad := func(msg string) error { return &InputError{What: "mass matrix", Msg: msg} }
	if m.Diagonal != nil && m.Dense != nil {
		return bad("is given both as a diagonal and as a dense matrix")
	}
	if m.Diagonal != nil && len(m.Diagonal) != dim {
		return bad(fmt.Sprintf("has %d diagonal entries for %d states", len(m.Diagonal), dim))
	}
	if m.Dense != nil && len(m.Dense) != dim*dim {
		return bad(fmt.Sprintf("has %d entries; %d states need %d", len(m.Dense), dim, dim*dim))
	}
	for i, v := range m.entries() {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return bad(fmt.Sprintf("entry %d is %g", i, v))
		}
	}
	return nil
}

func (m Mass) entries() []float64 {
	if m.Diagonal != nil {
		return m.Diagonal
	}
	return m.Dense
}

// MulVec writes M·v into dst; dst and v must not overlap unless they are the same slice and M is diagonal.
func (m Mass) MulVec(dst, v []float64) {
	switch {
	case m.Diagonal != nil:
		for i, d := range m.Diagonal {
			dst[i] = d * v[i]
		}
	case m.Dense != nil:
		n := len(v)
		for i := range n {
			row := m.Dense[i*n : i*n+n]
			s := 0.0
			for j, x := range v {
				s += row[j] * x
			}
			dst[i] = s
		}
	default:
		copy(dst, v)
	}
}

// MulVecTransposed writes Mᵀ·v into dst, which must not overlap v for a dense M.
func (m Mass) MulVecTransposed(dst, v []float64) {
	if m.Dense == nil {
		m.MulVec(dst, v)
		return
	}
	n := len(v)
	clear(dst[:n])
	for i, x := range v {
		row := m.Dense[i*n : i*n+n]
		for j, a := range row {
			dst[j] += a * x
		}
	}
}

// Algebraic returns for each state whether its column of M is zero, that is, whether M does not see its derivative.
func (m Mass) Algebraic(dim int) []bool {
	out := make([]bool, dim)
	switch {
	case m.Diagonal != nil:
		for i, d := range m.Diagonal {
			out[i] = d == 0
		}
	case m.Dense != nil:
		for j := range dim {
			out[j] = true
			for i := range dim {
				if m.Dense[i*dim+j] != 0 {
					out[j] = false
				}
			}
		}
	}
	return out
}
