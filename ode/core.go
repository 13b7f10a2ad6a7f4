package ode

import (
	"math"
)

// core is what the loop and the steppers share: the problem, its field, the current state, tolerances and statistics.
type core struct {
	p     *Problem
	field Field
	n     int

	t, t1, dir float64
	y, ynew    []float64
	// f0 is f(t, y) where haveF says so; a stepper that evaluates f at the new point leaves it for the next step.
	f0    []float64
	haveF bool
	// wantDense says that the dense output of the attempt to come will be asked for.
	wantDense bool
	// newtonTol is Options.NewtonTol.
	newtonTol float64

	rtol   float64
	atol   []float64
	invW   []float64 // 1/(atol + rtol·|y|) at the start of the step
	scaled []float64 // scratch

	stats  Stats
	failed stepError
}

func newCore(p *Problem) *core {
	n := p.Dim
	buf := make([]float64, 6*n)
	next := func() []float64 {
		s := buf[:n:n]
		buf = buf[n:]
		return s
	}
	return &core{p: p, field: p.New(), n: n, y: next(), ynew: next(), f0: next(), atol: next(), invW: next(), scaled: next()}
}

// setWeights computes the error weights at the start of a step.
func (c *core) setWeights() {
	for i, v := range c.y {
		c.invW[i] = 1 / (c.atol[i] + c.rtol*math.Abs(v))
	}
}

// weightFloor replaces a weight of zero (atol = 0 at y = 0): the component is then held to the smallest normal number.
const weightFloor = 2.2250738585072014e-308

// norm is the weighted root-mean-square norm of v with the weights at the start of the step.
func (c *core) norm(v []float64) float64 {
	s := 0.0
	for i, w := range c.invW {
		x := v[i] * w
		s += x * x
	}
	return math.Sqrt(s / float64(c.n))
}

// errorNorm is the weighted norm of an error estimate, the weights taken at the larger of old and new state.
func (c *core) errorNorm(e []float64) float64 {
	s := 0.0
	for i, v := range e {
		w := c.atol[i] + c.rtol*max(math.Abs(c.y[i]), math.Abs(c.ynew[i]))
		if w < weightFloor {
			if v == 0 {
				continue
			}
			w = weightFloor
		}
		x := v / w
		s += x * x
	}
	return math.Sqrt(s / float64(c.n))
}

// worst returns the component that contributes most to a weighted norm of v, preferring one that is not finite.
func (c *core) worst(v []float64) int {
	at, most := -1, -1.0
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

// eval evaluates f and counts it.
func (c *core) eval(dst []float64, t float64, y []float64) *stepError {
	c.stats.Evals++
	if err := c.field.Eval(dst, t, y); err != nil {
		return c.fieldError(err)
	}
	return nil
}

// evalJacobian evaluates f and its Jacobian in one pass and counts both.
func (c *core) evalJacobian(dst []float64, jac *Jacobian, dfdt []float64, t float64, y []float64) *stepError {
	c.stats.Evals++
	c.stats.Jacobians++
	if err := c.field.EvalJacobian(dst, jac, dfdt, t, y); err != nil {
		return c.fieldError(err)
	}
	if d, ok := c.field.(*differenced); ok {
		c.stats.JacobianEvals += d.evals
		d.evals = 0
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

// factorError counts a failed factorisation as a rejected step.
func (c *core) factorError(err error) *stepError { return c.reject(RejectSingular, err) }

// finite reports whether every entry is finite.
func finite(v []float64) bool {
	for _, x := range v {
		if !(math.Abs(x) <= math.MaxFloat64) {
			return false
		}
	}
	return true
}
