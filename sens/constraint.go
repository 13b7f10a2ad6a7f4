package sens

import (
	"errors"
	"fmt"

	"github.com/stiffnode/stiffnode/internal/linalg"
	"github.com/stiffnode/stiffnode/ode"
)

// constraint handles the mass matrix of M y′ = f, singular or not. With an orthonormal basis P of the left null space of M the
// algebraic equations are Pᵀf = 0, and where the problem is of index 1 the matrix K = M + PPᵀJ is regular (the form in which package ode
// makes values consistent). Consistent variations satisfy
//
//	K δy = M δy − PPᵀ ∂f/∂p δp,
//
// so that a covector ℓ of the state acts through x = K⁻ᵀℓ: as xᵀM on what the differential equations carry, and as −(PPᵀx)ᵀ ∂f/∂p on the
// parameters. This makes adjoint values consistent at the end and at every jump (Cao, Li, Petzold, Serban, SIAM J. Sci.
// Comput. 24, 1076, 2003, sec. 3). For a regular M there is no P and K = M.
type constraint struct {
	mass *ode.Mass
	null [][]float64
	lu   *linalg.LU
	w    []float64
	k    int
	made bool // the factors of a regular M are made once
}

// newConstraint returns nil for M = I.
func newConstraint(p *ode.Problem) *constraint {
	if p.Mass.IsIdentity() {
		return nil
	}
	k := p.Dim
	c := &constraint{mass: &p.Mass, lu: linalg.NewLU(k), w: make([]float64, k), k: k}
	if p.Mass.Dense != nil {
		c.null = linalg.LeftNullSpace(p.Mass.Dense, k)
		return c
	}
	for i, d := range p.Mass.Diagonal {
		if d == 0 {
			v := make([]float64, k)
			v[i] = 1
			c.null = append(c.null, v)
		}
	}
	return c
}

// singular says that there are algebraic equations.
func (c *constraint) singular() bool { return c != nil && len(c.null) > 0 }

// errIndex explains a K that cannot be factorised.
var errIndex = errors.New("the algebraic equations do not determine the algebraic states (index above 1)")

// factor makes the factors of K for the dense Jacobian at a point; a regular M needs none.
func (c *constraint) factor(jac []float64) error {
	if c.made {
		return nil
	}
	k, w := c.k, c.lu.Matrix()
	clear(w)
	for _, p := range c.null {
		clear(c.w)
		addTransposed(c.w, jac, p)
		for i, x := range p {
			for j, v := range c.w {
				w[i*k+j] += x * v
			}
		}
	}
	addMass(w, k, c.mass)
	if err := c.lu.FactorInPlace(); err != nil {
		return fmt.Errorf("%w: %w", errIndex, err)
	}
	c.made = len(c.null) == 0
	return nil
}

// addMass adds M to a dense row-major matrix.
func addMass(w []float64, k int, mass *ode.Mass) {
	switch {
	case mass.Diagonal != nil:
		for i, d := range mass.Diagonal {
			w[i*k+i] += d
		}
	case mass.Dense != nil:
		for i, v := range mass.Dense {
			w[i] += v
		}
	default:
		for i := range k {
			w[i*k+i]++
		}
	}
}

// algebraic writes PPᵀv into dst, which must not overlap v.
func (c *constraint) algebraic(dst, v []float64) {
	clear(dst)
	for _, p := range c.null {
		s := 0.0
		for i, x := range p {
			s += x * v[i]
		}
		for i, x := range p {
			dst[i] += s * x
		}
	}
}

// separate replaces the covector l of a state by x = K⁻ᵀl and returns −PPᵀx, the covector that is to be multiplied by ∂f/∂p; it is valid
// until the next call. factor must have been called.
func (c *constraint) separate(l []float64) []float64 {
	c.lu.SolveTransposed(l)
	c.algebraic(c.w, l)
	negate(c.w)
	return c.w
}
