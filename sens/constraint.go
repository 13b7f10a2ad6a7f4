package sens

import (
	"errors"
	"fmt"

	"github.com/stiffnode/stiffnode/internal/linalg"
	"github.com/stiffnode/stiffnode/ode"
)

// constraint handles the algebraic part of a problem M y′ = f of index 1 with singular diagonal M. With rows and states split into
// differential (d) and algebraic (a), variations satisfy f_ad δy_d + f_aa δy_a + f_ap δp = 0, so a covector ℓ of the state acts through
// (μ, ν) with
//
//	M_dd μ + f_adᵀ ν = ℓ_d,    f_aaᵀ ν = ℓ_a:    ℓᵀδy = μᵀ M_dd δy_d − νᵀ f_ap δp,
//
// which is what makes adjoint values consistent at the end and at every jump (Cao, Li, Petzold, Serban, SIAM J. Sci. Comput. 24, 1076,
// 2003, sec. 3).
type constraint struct {
	mass      *ode.Mass
	algebraic []bool // nil for a regular M
	lu        *linalg.LU
	b         []float64
	k         int
}

// errSingularDense says what is not handled.
var errSingularDense = errors.New("its dense mass matrix is singular; write the constraints as rows of a diagonal mass matrix with zeros")

// newConstraint returns nil for M = I.
func newConstraint(p *ode.Problem) (*constraint, error) {
	if p.Mass.IsIdentity() {
		return nil, nil
	}
	c := &constraint{mass: &p.Mass, lu: linalg.NewLU(p.Dim), b: make([]float64, p.Dim), k: p.Dim}
	if p.Mass.Dense != nil {
		t := transposedMass(p)
		if err := c.lu.Factor(t.Dense); err != nil {
			return nil, errSingularDense
		}
		return c, nil
	}
	for _, d := range p.Mass.Diagonal {
		if d == 0 {
			c.algebraic = p.Mass.Algebraic(p.Dim)
			break
		}
	}
	return c, nil
}

// split factorises the system for (μ, ν) with the Jacobian at a point.
func (c *constraint) split(jac *ode.Jacobian) error {
	w := c.lu.Matrix()
	for i := range c.k {
		for j := range c.k {
			switch {
			case c.algebraic[j]: // column j of the system belongs to ν_j: row j of f
				w[i*c.k+j] = jac.At(j, i)
			case i == j:
				w[i*c.k+j] = c.mass.Diagonal[i]
			default:
				w[i*c.k+j] = 0
			}
		}
	}
	if err := c.lu.FactorInPlace(); err != nil {
		return fmt.Errorf("the constraints do not determine the algebraic states (index above 1): %w", err)
	}
	return nil
}

// separate turns the covector l of a state, overwritten, into μ on the differential rows and −ν, the covector of f on the algebraic ones,
// given the Jacobian there. The second is zero unless M is singular: it is to be multiplied by ∂f/∂p.
func (c *constraint) separate(l []float64, jac *ode.Jacobian) (w []float64, err error) {
	if c.algebraic == nil {
		if c.mass.Dense != nil {
			c.lu.Solve(l)
			return nil, nil
		}
		for i, d := range c.mass.Diagonal {
			l[i] /= d
		}
		return nil, nil
	}
	if err := c.split(jac); err != nil {
		return nil, err
	}
	c.lu.Solve(l)
	for i, a := range c.algebraic {
		c.b[i] = 0
		if a {
			c.b[i], l[i] = -l[i], 0
		}
	}
	return c.b, nil
}

// consistent sets the algebraic components of an adjoint λ so that (J^T λ)_a = 0, after separate at the same point.
func (c *constraint) consistent(lam []float64, jac *ode.Jacobian) {
	if c.algebraic == nil {
		return
	}
	for i, a := range c.algebraic {
		if a {
			lam[i] = 0
		}
	}
	clear(c.b)
	jac.AddMulVecTransposed(c.b, lam)
	negate(c.b)
	c.lu.Solve(c.b)
	for i, a := range c.algebraic {
		if a {
			lam[i] = c.b[i]
		}
	}
}

// initial writes the derivative with respect to y0, Mᵀλ, into dst; algebraic initial values have none.
func (c *constraint) initial(dst, lam []float64) { c.mass.MulVecTransposed(dst, lam) }
