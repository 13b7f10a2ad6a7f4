package odetest

import (
	"math"

	"github.com/stiffnode/stiffnode/ode"
)

// A relaxation oscillation: van der Pol's equation with a smooth forcing and one that jumps,
//
//	y1' = y2,   ε y2' = (1 − y1²) y2 − y1 + A(t) + ε/2 sin t,
//
// where A jumps at relaxationJumps from 0 to 0.2 and back. It is stiff and non-stiff in turn, and steps are rejected where it turns. The last term is the
// explicit part of the split right-hand side.
const relaxationEpsilon = 1e-3

// relaxationJumps are the times at which A jumps; at a jump it has the value of the right side.
var relaxationJumps = []float64{0.25, 1.125, 2.5}

// What is done to the value of f, once at each of harmTimes.
type harm int

const (
	harmless harm = iota
	refuse        // an *ode.Rejection
	spoil         // NaN
	ruin          // NaN ever after
)

// harmTimes are the times from which on the next evaluation of f goes wrong, once.
var harmTimes = []float64{0.1, 0.4, 0.75, 1.3, 2, 2.7}

// relaxation is the problem as f evaluates it.
func relaxation(f *relaxationField) *ode.Problem {
	return &ode.Problem{Dim: 2, New: func() ode.Field { return f }}
}

// A relaxationField does its harm at the times given, of which it forgets those that are done.
type relaxationField struct {
	harm  harm
	times []float64
}

var _ ode.SplitField = (*relaxationField)(nil)

// jump is A(t).
func (f *relaxationField) jump(t float64) float64 {
	a := 0.0
	for _, at := range relaxationJumps {
		if t >= at {
			a = 0.2 - a
		}
	}
	return a
}

// hurt does harm where it is due.
func (f *relaxationField) hurt(dst []float64, t float64) error {
	if f.harm == harmless || len(f.times) == 0 || t < f.times[0] {
		return nil
	}
	if f.harm != ruin {
		f.times = f.times[1:]
	}
	if f.harm == refuse {
		return &ode.Rejection{}
	}
	dst[1] = math.NaN()
	return nil
}

// Eval implements ode.Field.
func (f *relaxationField) Eval(dst []float64, t float64, y []float64) error {
	f.implicit(dst, nil, t, y)
	dst[1] += math.Sin(t) / 2
	return f.hurt(dst, t)
}

// EvalJacobian implements ode.Field.
func (f *relaxationField) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	f.implicit(dst, jac, t, y)
	dst[1] += math.Sin(t) / 2
	if dfdt != nil {
		dfdt[0], dfdt[1] = 0, math.Cos(t)/2
	}
	return nil
}

// EvalImplicit implements ode.SplitField.
func (f *relaxationField) EvalImplicit(dst []float64, jac *ode.Jacobian, t float64, y []float64) error {
	f.implicit(dst, jac, t, y)
	if jac != nil {
		return nil
	}
	return f.hurt(dst, t)
}

func (f *relaxationField) implicit(dst []float64, jac *ode.Jacobian, t float64, y []float64) {
	a, b := y[0], y[1]
	dst[0], dst[1] = b, ((1-a*a)*b-a+f.jump(t))/relaxationEpsilon
	if jac != nil {
		jac.Set(0, 0, 0)
		jac.Set(0, 1, 1)
		jac.Set(1, 0, (-2*a*b-1)/relaxationEpsilon)
		jac.Set(1, 1, (1-a*a)/relaxationEpsilon)
	}
}

// EvalExplicit implements ode.SplitField.
func (f *relaxationField) EvalExplicit(dst []float64, t float64, _ []float64) error {
	dst[0], dst[1] = 0, math.Sin(t)/2
	return nil
}
