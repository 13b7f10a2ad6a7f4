package ode

import (
	"math"

	"github.com/stiffnode/stiffnode/internal/linalg"
)

// The rules by which one-step methods reuse the Jacobian and the factors of Newton's simplified iteration (Hairer and Wanner
// II, sec. IV.8).
const (
	// maxJacobianAge is the number of steps that a Jacobian may serve.
	maxJacobianAge = 20
	// a step that would grow by less than this factor keeps its size, and with it the factors
	growthDeadband = 1.2
)

// iterationMatrix is the matrix M − γJ of Newton's simplified iteration over the steps of a solve: when J is evaluated, when
// M − γJ is factorised, and when both are kept.
type iterationMatrix struct {
	c     *core
	split SplitField // evaluates fI and its Jacobian in place of f, if not nil
	jac   *Jacobian
	lin   linearSolver
	// pairs factorise the complex matrices (α + iβ) M − hJ of a fully implicit method along with M − γJ; nil for others
	pairs  []complexSolver
	shifts []complex128 // α + iβ
	ratio  float64      // h/γ
	// sideBySide factorises all of these matrices at once and says whether it could; nil for most
	sideBySide func(h float64) bool

	// a Jacobian is kept for the next step while the convergence rate stays below refresh, and the factors are kept while γ has
	// changed by no more than the fraction tolerance
	refresh, tolerance float64

	gamma float64 // of the factors, or 0 when there are none
	// haveJ: there is a Jacobian; current: it belongs to (t, y); stale: it has served and a new one is wanted for the next step
	haveJ, current, stale bool
	age                   int
	f                     []float64 // fI at the point of the Jacobian
}

func newIterationMatrix(c *core, split SplitField, refresh, tolerance float64) *iterationMatrix {
	return &iterationMatrix{
		c: c, split: split, jac: NewJacobian(c.n, c.p.Jacobian), lin: newLinearSolver(c.p, c.recorded), f: make([]float64, c.n),
		refresh: refresh, tolerance: tolerance,
	}
}

// couple adds a complex matrix for each of the shifts, which are in units of h as that of M − γJ is ratio.
func (m *iterationMatrix) couple(ratio float64, shifts ...complex128) {
	m.ratio, m.shifts = ratio, shifts
	for range shifts {
		m.pairs = append(m.pairs, newComplexSolver(m.c.p, m.c.recorded))
	}
}

// reset forgets everything, as at a discontinuity.
func (m *iterationMatrix) reset() {
	m.haveJ, m.current, m.stale, m.age, m.gamma = false, false, false, 0, 0
}

// prepare makes the factors fit for steps with M − γJ. The factors in use may belong to a slightly different γ.
func (m *iterationMatrix) prepare(gamma float64) *stepError {
	if !m.haveJ || m.stale && !m.current || m.age >= maxJacobianAge {
		if bad := m.evaluate(); bad != nil {
			return bad
		}
	}
	if m.gamma != 0 && math.Abs(gamma/m.gamma-1) <= m.tolerance {
		return nil
	}
	return m.factor(gamma)
}

// evaluate makes the Jacobian belong to (t, y).
func (m *iterationMatrix) evaluate() *stepError {
	c := m.c
	m.gamma = 0
	m.haveJ = false
	var bad *stepError
	if m.split != nil {
		bad = c.evalImplicit(m.split, m.f, m.jac, c.t, c.y)
	} else {
		bad = c.evalJacobian(c.f0, m.jac, nil, c.t, c.y)
		c.haveF = bad == nil
	}
	if bad != nil {
		return bad
	}
	m.haveJ, m.current, m.stale, m.age = true, true, false, 0
	return nil
}

func (m *iterationMatrix) factor(gamma float64) *stepError {
	m.gamma = 0
	if m.sideBySide != nil && m.sideBySide(gamma*m.ratio) {
		m.c.stats.Factorisations += 1 + len(m.pairs)
		m.gamma = gamma
		return nil
	}
	if err := m.lin.factor(gamma, &m.c.p.Mass, m.jac); err != nil {
		return m.c.factorError(err)
	}
	m.c.stats.Factorisations++
	for i, pair := range m.pairs {
		if err := pair.factor(m.shifts[i], gamma*m.ratio, &m.c.p.Mass, m.jac); err != nil {
			return m.c.factorError(err)
		}
		m.c.stats.Factorisations++
	}
	m.gamma = gamma
	return nil
}

// renew is called when Newton's iteration failed: it replaces a Jacobian from an earlier point and says whether it did, so that
// another try with the same step makes sense.
func (m *iterationMatrix) renew(gamma float64) (bool, *stepError) {
	if m.current && m.gamma == gamma {
		return false, nil
	}
	if !m.current {
		if bad := m.evaluate(); bad != nil {
			return false, bad
		}
	}
	if bad := m.factor(gamma); bad != nil {
		return false, bad
	}
	return true, nil
}

// accepted is told that the step has been accepted, with the worst convergence rate seen in it.
func (m *iterationMatrix) accepted(rate float64) {
	m.current = false
	m.age++
	m.stale = rate > m.refresh
}

// correction is the factor by which an increment from factors of another γ is multiplied: it halves the largest
// contraction factor (Kennedy and Carpenter, NASA/TM-2016-219173, sec. 2.1.7; Hindmarsh et al. 2005).
func (m *iterationMatrix) correction(gamma float64) float64 {
	if m.gamma == gamma {
		return 1
	}
	return 2 / (1 + gamma/m.gamma)
}

// keep writes Jacobian and factors behind the step just recorded, where both are dense.
func (m *iterationMatrix) keep(tape *Tape) {
	if d, ok := m.lin.(*denseSolver); ok && tape.KeepFactors && !m.jac.Layout.Banded {
		n := m.c.n
		dst := tape.keep(n*n + linalg.FloatsPerFactor(n))
		copy(dst, m.jac.Data)
		d.lu.Save(dst[n*n:])
	}
}

// tightNewton is the tolerance of Newton's iteration below which every system takes at least two iterations.
const tightNewton = 1e-5

// A convergence monitor judges Newton's simplified iteration from the sizes of its increments, in the norm in which the error
// tolerance is 1 (Hairer and Wanner II, eqs. IV.8.10 and 11).
type convergence struct {
	limit int     // iterations allowed for one system
	tol   float64 // stop when the error left is estimated to be smaller
	noise float64 // increments of this size may be roundoff
	eta   float64 // rate/(1−rate) of the latest system with these factors
	rate  float64 // worst rate of the attempt
	most  int     // largest number of iterations of the attempt
	k     int
	prev  float64
}

// begin starts an attempt; fresh says that the factors are new.
func (m *convergence) begin(c *core, fresh bool) {
	m.tol = max(c.newtonTol, 10*unitRound/c.rtol)
	m.noise = max(100*unitRound/c.rtol, 0.1*c.newtonTol)
	m.rate, m.most = 0, 0
	if fresh {
		m.eta = 1
	}
}

// system starts a system of equations.
func (m *convergence) system() { m.k = 0 }

// The verdicts of a convergence monitor.
type verdict int

const (
	goOn verdict = iota
	converged
	failed
)

// trusts says whether the rate of the system before lets a first increment be the last.
func (m *convergence) trusts(size float64) bool {
	if m.eta <= 1 && m.eta*size > m.tol {
		return false // without the power, which is larger than η
	}
	return math.Pow(max(m.eta, unitRound), 0.8)*size <= m.tol
}

// judge is told the size of the increment just added.
func (m *convergence) judge(size float64) verdict {
	m.k++
	m.most = max(m.most, m.k)
	if !(size <= math.MaxFloat64) {
		return failed
	}
	if m.k == 1 {
		m.prev = size
		// one increment tells nothing about the rate; that of the system before is trusted, with caution, for small increments only, and
		// not where the equations are to be solved to roundoff
		if size == 0 || m.tol > tightNewton && size <= 1 && m.trusts(size) {
			return converged
		}
		return goOn
	}
	rate := size / m.prev
	m.prev = size
	if m.k > 2 || rate < 1 {
		m.rate = max(m.rate, rate)
	}
	if rate >= 1 {
		if size <= m.noise {
			return converged
		}
		if m.k > 2 || rate > 2 {
			return failed
		}
		return goOn
	}
	m.eta = rate / (1 - rate)
	if m.eta*size <= m.tol {
		return converged
	}
	left := m.limit - m.k
	if left <= 0 || m.k > 2 && m.eta*size*math.Pow(rate, float64(left)) > m.tol {
		if size <= m.noise {
			return converged
		}
		return failed
	}
	return goOn
}
