package odetest

import (
	"math"

	"github.com/stiffnode/stiffnode/ode"
)

// eccentricity of the orbit that keplerProblem follows.
const eccentricity = 0.3

// keplerProblem is the motion of two bodies (Hairer, Nørsett, Wanner I, sec. II.10, class D of DETEST): states x, y, x', y', from the
// pericentre on. For an IMEX method positions follow velocities implicitly, and velocities gravity explicitly.
func keplerProblem() known {
	k := known{name: "Kepler", t1: 2, coarsest: 8, at: keplerOrbit, y0: make([]float64, 4)}
	keplerOrbit(k.y0, 0)
	k.ivp = &ode.Problem{Dim: 4, Autonomous: true, New: func() ode.Field { return kepler{} }}
	return k
}

// keplerOrbit solves Kepler's equation t = E − e sin E by Newton's iteration.
func keplerOrbit(dst []float64, t float64) {
	const e = eccentricity
	anomaly := t
	for range 20 {
		anomaly -= (anomaly - e*math.Sin(anomaly) - t) / (1 - e*math.Cos(anomaly))
	}
	s, c := math.Sincos(anomaly)
	b := math.Sqrt(1 - e*e)
	dst[0], dst[1] = c-e, b*s
	dst[2], dst[3] = -s/(1-e*c), b*c/(1-e*c)
}

type kepler struct{}

var _ ode.SplitField = kepler{}

// Eval implements ode.Field.
func (k kepler) Eval(dst []float64, t float64, y []float64) error {
	if err := k.EvalExplicit(dst, t, y); err != nil {
		return err
	}
	dst[0], dst[1] = y[2], y[3]
	return nil
}

// EvalJacobian implements ode.Field.
func (k kepler) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	if err := k.EvalImplicit(dst, jac, t, y); err != nil {
		return err
	}
	clear(dfdt)
	r2 := y[0]*y[0] + y[1]*y[1]
	r3 := 1 / (r2 * math.Sqrt(r2))
	r5 := 3 * r3 / r2
	jac.Set(2, 0, r5*y[0]*y[0]-r3)
	jac.Set(2, 1, r5*y[0]*y[1])
	jac.Set(3, 0, r5*y[0]*y[1])
	jac.Set(3, 1, r5*y[1]*y[1]-r3)
	return k.Eval(dst, t, y)
}

// EvalImplicit implements ode.SplitField.
func (kepler) EvalImplicit(dst []float64, jac *ode.Jacobian, _ float64, y []float64) error {
	dst[0], dst[1], dst[2], dst[3] = y[2], y[3], 0, 0
	if jac != nil {
		jac.Zero()
		jac.Set(0, 2, 1)
		jac.Set(1, 3, 1)
	}
	return nil
}

// EvalExplicit implements ode.SplitField.
func (kepler) EvalExplicit(dst []float64, _ float64, y []float64) error {
	r2 := y[0]*y[0] + y[1]*y[1]
	r3 := r2 * math.Sqrt(r2)
	dst[0], dst[1], dst[2], dst[3] = 0, 0, -y[0]/r3, -y[1]/r3
	return nil
}
