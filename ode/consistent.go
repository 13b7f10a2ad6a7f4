package ode

import (
	"errors"
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/internal/linalg"
)

// constraints are the algebraic equations hidden in M y' = f: with an orthonormal basis P of the vectors that M maps to zero from
// the left, they are Pᵀf(t, y) = 0. The problem is of index 1 where
//
//	K = M + P Pᵀ ∂f/∂y
//
// is regular. Then K δ = −P Pᵀf is Newton's step towards consistent values that leaves M y alone (multiply by I − P Pᵀ), and
// K y' = (I − P Pᵀ) f − P Pᵀ ∂f/∂t is the derivative of the solution (multiply by P Pᵀ: the constraints
// differentiated once). For a regular M there are no constraints and K = M.
type constraints struct {
	c    *core
	null [][]float64
	jac  *Jacobian
	dfdt []float64 // zero for an autonomous problem
	lu   *linalg.LU
	row  []float64 // scales of the rows and columns of K
	col  []float64
	step []float64
	try  []float64
}

func newConstraints(c *core) *constraints {
	n := c.n
	k := &constraints{c: c, jac: NewJacobian(n, c.p.Jacobian), lu: linalg.NewLU(n)}
	for _, v := range []*[]float64{&k.dfdt, &k.row, &k.col, &k.step, &k.try} {
		*v = make([]float64, n)
	}
	m := &c.p.Mass
	if m.Dense != nil {
		k.null = linalg.LeftNullSpace(m.Dense, n)
	}
	for i, d := range m.Diagonal {
		if d == 0 {
			p := make([]float64, n)
			p[i] = 1
			k.null = append(k.null, p)
		}
	}
	return k
}

// project replaces v by P Pᵀv, or by (I − P Pᵀ)v.
func (k *constraints) project(v []float64, complement bool) {
	sign, out := 1.0, k.try
	clear(out)
	if complement {
		copy(out, v)
		sign = -1
	}
	for _, p := range k.null {
		dot := 0.0
		for i, x := range p {
			dot += x * v[i]
		}
		for i, x := range p {
			out[i] += sign * dot * x
		}
	}
	copy(v, out)
}

// smallPivot is the size of a pivot of K, its rows and columns scaled to 1, below which K counts as singular.
const smallPivot = 1e-13

// factor evaluates f and its derivatives at (t, y) and factorises K there; singular says that it is not regular.
func (k *constraints) factor() (singular bool, bad *stepError) {
	c, n := k.c, k.c.n
	dfdt := k.dfdt
	if c.p.Autonomous {
		dfdt = nil
	}
	if bad := c.evalJacobian(c.f0, k.jac, dfdt, c.t, c.y); bad != nil {
		return false, bad
	}
	c.haveF = true
	w := k.lu.Matrix()
	clear(w)
	for _, p := range k.null {
		clear(k.try)
		k.jac.AddMulVecTransposed(k.try, p)
		for i, x := range p {
			if x != 0 {
				for j, v := range k.try {
					w[i*n+j] += x * v
				}
			}
		}
	}
	addMass(w, n, &c.p.Mass)
	for i := range n {
		k.row[i] = inverseLargest(w[i*n:(i+1)*n], 1)
		for j := range n {
			w[i*n+j] *= k.row[i]
		}
	}
	for j := range n {
		k.col[j] = inverseLargest(w[j:], n)
		for i := range n {
			w[i*n+j] *= k.col[j]
		}
	}
	if err := k.lu.FactorInPlace(); err != nil {
		return true, nil
	}
	for i := range n {
		if math.Abs(w[i*n+i]) < smallPivot {
			return true, nil
		}
	}
	c.stats.Factorisations++
	return false, nil
}

// inverseLargest is 1 over the largest modulus of v[0], v[stride], …, or 1 if all are zero.
func inverseLargest(v []float64, stride int) float64 {
	m := 0.0
	for i := 0; i < len(v); i += stride {
		m = max(m, math.Abs(v[i]))
	}
	if m == 0 || !(m <= math.MaxFloat64) {
		return 1
	}
	return 1 / m
}

// solve overwrites v with K⁻¹v.
func (k *constraints) solve(v []float64) {
	for i, s := range k.row {
		v[i] *= s
	}
	k.lu.Solve(v)
	for i, s := range k.col {
		v[i] *= s
	}
	k.c.stats.Solves++
}

// newton writes Newton's step from the values of f into dst.
func (k *constraints) newton(dst, f []float64) {
	copy(dst, f)
	k.project(dst, false)
	scale(dst, -1)
	k.solve(dst)
	for i, d := range k.c.p.Mass.Diagonal {
		if d != 0 {
			dst[i] = 0 // exactly
		}
	}
}

const (
	// initial values whose Newton step is smaller than consistentEnough, in units of the error tolerance, are left as they are
	consistentEnough = 1e-3
	consistentSteps  = 30
	consistentHalves = 10
)

// consistent makes the values at (t, y) satisfy the constraints, by a damped Newton iteration on the algebraic equations (Brown,
// Hindmarsh and Petzold, SIAM J. Sci. Comput. 19, 1495, 1998), and computes the derivative of the solution there.
func (s *Solver) consistent() error {
	c := s.c
	if s.constraints == nil {
		s.constraints = newConstraints(c)
		c.slope = make([]float64, c.n)
	}
	k := s.constraints
	c.setWeights()
	from := s.from[:0]
	from = append(from, c.y...)
	s.from = from
	off := false // the equations do not hold at the values given
	for iteration := 0; ; iteration++ {
		singular, bad := k.factor()
		if bad != nil {
			return s.fail(CauseRightHandSide, 0, bad.err, "the right-hand side cannot be evaluated at the starting point")
		}
		if i := firstNonFinite(c.f0); i >= 0 {
			return s.fail(CauseNonFiniteStart, 0, nil, "check the initial values and the parameters").blame(s.c, i)
		}
		if singular {
			if len(k.null) == 0 {
				return s.fail(CauseInconsistent, 0, errSingularMass, "a mass matrix so close to singular cannot be inverted: scale the equations, or set what is meant to be zero to zero")
			}
			return s.fail(CauseInconsistent, 0, errHigherIndex, "the algebraic equations do not determine the algebraic states: differentiate constraints until they do (index reduction), or check the Jacobian")
		}
		if len(k.null) == 0 {
			break
		}
		k.newton(k.step, c.f0)
		size := c.norm(k.step)
		if size <= consistentEnough {
			break
		}
		off = true
		if iteration == consistentSteps {
			return s.inconsistent()
		}
		if moved := s.damped(size); !moved {
			return s.inconsistent()
		}
	}
	if off && s.opt.Initialize == InitializeRefuse {
		return s.refuse(from)
	}
	for i, v := range from {
		// less is roundoff of the linear systems, in states that the constraints leave alone
		if math.Abs(c.y[i]-v)*c.invW[i] > consistentEnough {
			s.sol.Initialized = append(s.sol.Initialized, Adjustment{T: c.t, State: i, Name: s.p.Name(i), From: v, To: c.y[i]})
		}
	}
	// K y' = (I − P Pᵀ) f − P Pᵀ ∂f/∂t
	copy(c.slope, c.f0)
	k.project(c.slope, true)
	if !c.p.Autonomous {
		k.project(k.dfdt, false)
		for i, v := range k.dfdt {
			c.slope[i] -= v
		}
	}
	k.solve(c.slope)
	return nil
}

var (
	errSingularMass = fmt.Errorf("the mass matrix is singular to working precision")
	errHigherIndex  = fmt.Errorf("the problem is not of index 1 here: the algebraic equations have a singular Jacobian with respect to the algebraic states")
)

// refuse goes back to the values given and names the one that is farthest, in units of its tolerance, from the consistent ones just found.
func (s *Solver) refuse(from []float64) error {
	c := s.c
	found := c.scaled
	copy(found, c.y)
	copy(c.y, from)
	c.setWeights()
	for i, v := range from {
		c.ynew[i] = found[i] - v
	}
	i := c.worst(c.ynew)
	return s.fail(CauseInconsistent, 0, fmt.Errorf("the algebraic equations do not hold: they do with %s = %.8g in place of %.8g", s.p.Name(i), found[i], from[i]),
		"give consistent initial values, or allow them to be adjusted (InitializeAlgebraic)").blame(c, i)
}

func (s *Solver) inconsistent() error {
	c := s.c
	i := c.worst(s.constraints.step)
	return s.fail(CauseInconsistent, 0, errors.New("the algebraic equations: Newton's iteration did not converge"),
		"give initial values closer to consistent ones").blame(s.c, i)
}

// damped takes Newton's step, halved until the next step with the same factors would be smaller (Deuflhard's natural
// monotonicity test); it says whether it could.
func (s *Solver) damped(size float64) bool {
	c, k := s.c, s.constraints
	lambda := 1.0
	for range consistentHalves {
		for i, v := range k.step {
			c.ynew[i] = c.y[i] + lambda*v
		}
		bad := c.eval(c.f0, c.t, c.ynew)
		if bad == nil && finite(c.f0) {
			k.newton(c.scaled, c.f0)
			if c.norm(c.scaled) <= (1-lambda/4)*size {
				copy(c.y, c.ynew)
				c.setWeights()
				return true
			}
		}
		lambda /= 2
	}
	return false
}

// firstNonFinite returns the first entry that is NaN or infinite, or -1.
func firstNonFinite(v []float64) int {
	for i, x := range v {
		if !(math.Abs(x) <= math.MaxFloat64) {
			return i
		}
	}
	return -1
}
