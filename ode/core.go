package ode

import (
	"errors"
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/internal/kernel"
	"github.com/stiffnode/stiffnode/internal/linalg"
)

// core is what the loop and the steppers share: the problem, its field, the current state, tolerances and statistics.
type core struct {
	p     *Problem
	field Field
	n     int

	t, t1, dir float64
	y, ynew    []float64
	// f is evaluated from first to last only; h is the size of the attempt in hand
	first, last, h float64
	// f0 is f(t, y) where haveF says so; a stepper that evaluates f at the new point leaves it for the next step.
	f0    []float64
	haveF bool
	// slope is y' at (t, y) where there is a mass matrix; nil otherwise
	slope []float64
	// wantDense says that the dense output of the attempt to come will be asked for.
	wantDense bool
	// recorded says that a tape, or Options.Judge, sees the steps.
	recorded bool
	// ownWeights says that the stepper computes invW itself, and provesFinite that its error norm is NaN where ynew is not finite.
	ownWeights, provesFinite bool
	// newtonTol is Options.NewtonTol.
	newtonTol float64

	rtol   float64
	atol   []float64
	invW   []float64 // 1/(atol + rtol·|y|) at the start of the step
	scaled []float64 // scratch
	dydt   []float64 // see setDerivative
	mass   *MassInverse

	stats  Stats
	failed stepError
	// suspect is the vector whose largest weighted component stood in the way of the latest attempt; component, if not
	// negative, is known to be the one.
	suspect   []float64
	component int
	// the user's function that is being called, and where, for the report of a panic
	calling callee
	callT   float64
	callY   []float64
}

// newCore makes the workspace; the error is about the problem's New.
func newCore(p *Problem) (*core, error) {
	field, err := newField(p)
	if err != nil {
		return nil, err
	}
	n := p.Dim
	v := kernel.Vectors(7, n)
	c := &core{p: p, field: field, n: n, y: v[0], ynew: v[1], f0: v[2], atol: v[3], invW: v[4], scaled: v[5], dydt: v[6], component: -1, first: math.Inf(-1), last: math.Inf(1)}
	if !p.Mass.IsIdentity() {
		c.mass = NewMassInverse(p.Mass, n)
	}
	return c, nil
}

// newField calls the problem's New, whose panic is an error in the problem.
func newField(p *Problem) (f Field, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &InputError{What: "problem", Msg: fmt.Sprintf("has a function New that panics: %v", r)}
		}
	}()
	if f = p.New(); f == nil {
		return nil, &InputError{What: "problem", Msg: "has a function New that returns nil"}
	}
	return f, nil
}

// enter notes that a function of the user is being called, leave that it has returned.
func (c *core) enter(f callee, t float64, y []float64) { c.calling, c.callT, c.callY = f, t, y }
func (c *core) leave()                                 { c.calling = inSolver }

// setWeights computes the error weights at the start of a step. A state that is zero and has no absolute tolerance has no
// scale yet: it does not count in norms at the start of the step; errorNorm judges it by its new value.
func (c *core) setWeights() { kernel.Weights(c.invW, c.y, c.atol, c.rtol) }

// setDerivative writes M⁺ f(t, y) into dydt: y', or for a singular M a solution of M y' = f whose algebraic states rest.
func (c *core) setDerivative(f []float64) {
	if c.mass == nil {
		copy(c.dydt, f)
		return
	}
	c.mass.Apply(c.dydt, f)
}

// weightFloor replaces a weight of zero (atol = 0 at y = 0): the component is then held to the smallest normal number.
const weightFloor = kernel.WeightFloor

// norm is the weighted root-mean-square norm of v with the weights at the start of the step.
func (c *core) norm(v []float64) float64 { return weightedNorm(v, c.invW) }

// weightedNorm is the root mean square of v_i w_i.
func weightedNorm(v, w []float64) float64 {
	return math.Sqrt(kernel.WeightedSquares(v[:len(w)], w) / float64(len(w)))
}

// errorNorm is the weighted norm of an error estimate, the weights taken at the larger of old and new state.
// A difference that exceeds every number is the largest number, so that the step fails its error test.
func (c *core) errorNorm(e []float64) float64 {
	c.suspect, c.component = e, -1
	s := kernel.ErrorSquares(e, c.y, c.ynew, c.atol, c.rtol)
	if math.IsInf(s, 1) && finite(e) {
		return math.MaxFloat64
	}
	return math.Sqrt(s / float64(c.n))
}

// worst returns the component that contributes most to a weighted norm of v, preferring one that is not finite, or −1.
func (c *core) worst(v []float64) int {
	at, most := -1, 0.0
	for i, x := range v {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return i
		}
		if s := math.Abs(x) * c.invW[i]; s > most {
			at, most = i, s
		}
	}
	return at
}

// culprit returns the component that stood in the way of the latest attempt, or −1.
func (c *core) culprit() int {
	if c.component >= 0 || c.suspect == nil {
		return c.component
	}
	return c.worst(c.suspect)
}

// eval evaluates f and counts it.
func (c *core) eval(dst []float64, t float64, y []float64) *stepError {
	c.stats.Evals++
	t = c.inside(t)
	c.enter(inField, t, y)
	err := c.field.Eval(dst, t, y)
	c.leave()
	if err != nil {
		return c.fieldError(err)
	}
	return nil
}

// evalJacobian evaluates f and its Jacobian in one pass and counts both.
func (c *core) evalJacobian(dst []float64, jac *Jacobian, dfdt []float64, t float64, y []float64) *stepError {
	c.stats.Evals++
	c.stats.Jacobians++
	t = c.inside(t)
	if dfdt != nil {
		c.setTimeIncrement(t)
	}
	c.enter(inJacobian, t, y)
	err := c.field.EvalJacobian(dst, jac, dfdt, t, y)
	c.leave()
	if err != nil {
		return c.fieldError(err)
	}
	if jac.stray != 0 {
		return c.reject(0, jac.lost())
	}
	c.countDifferences()
	return nil
}

// countDifferences counts the evaluations of f that a Jacobian by differences took.
func (c *core) countDifferences() {
	if d, ok := c.field.(interface{ spent() int }); ok {
		c.stats.JacobianEvals += d.spent()
	}
}

// evalImplicit evaluates the implicit part of a split right-hand side and, where jac is not nil, its Jacobian.
func (c *core) evalImplicit(f SplitField, dst []float64, jac *Jacobian, t float64, y []float64) *stepError {
	c.stats.Evals++
	what := inField
	if jac != nil {
		c.stats.Jacobians++
		what = inJacobian
	}
	t = c.inside(t)
	c.enter(what, t, y)
	err := f.EvalImplicit(dst, jac, t, y)
	c.leave()
	if err != nil {
		return c.fieldError(err)
	}
	if jac != nil && jac.stray != 0 {
		return c.reject(0, jac.lost())
	}
	c.countDifferences()
	return nil
}

// evalExplicit evaluates the explicit part of a split right-hand side.
func (c *core) evalExplicit(f SplitField, dst []float64, t float64, y []float64) *stepError {
	c.stats.Evals++
	t = c.inside(t)
	c.enter(inField, t, y)
	err := f.EvalExplicit(dst, t, y)
	c.leave()
	if err != nil {
		return c.fieldError(err)
	}
	return nil
}

// startF makes sure that f0 is f(t, y).
func (c *core) startF() *stepError {
	if c.haveF {
		return nil
	}
	if err := c.eval(c.f0, c.t, c.y); err != nil {
		return err
	}
	c.haveF = true
	return nil
}

// factorError makes a failed factorisation a rejected step: the matrix is singular, or the Jacobian not finite.
func (c *core) factorError(err error) *stepError {
	if s, ok := err.(*linalg.SingularError); ok && !(math.Abs(s.Pivot) <= math.MaxFloat64) {
		return c.reject(RejectNonFinite, errJacobian)
	}
	if d, ok := c.field.(interface {
		widen(atol []float64, rtol float64)
	}); ok {
		d.widen(c.atol, c.rtol)
	}
	return c.reject(RejectSingular, err)
}

// errJacobian explains a step rejected for its Jacobian.
var errJacobian = errors.New("the Jacobian is not finite")

// finite reports whether every entry is finite: a product with zero is zero then, and NaN otherwise.
func finite(v []float64) bool {
	var s [4]float64
	for len(v) >= len(s) {
		s[0] += v[0] * 0
		s[1] += v[1] * 0
		s[2] += v[2] * 0
		s[3] += v[3] * 0
		v = v[len(s):]
	}
	for i, x := range v {
		s[i] += x * 0
	}
	return s[0]+s[1]+s[2]+s[3] == 0
}
