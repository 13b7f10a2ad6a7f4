package ode

import "math"

// Radau is the Radau IIA method of order 5.
var Radau Method = radauMethod{radauIIA5()}

// radauMethod is a Method given by a FIRKTableau.
type radauMethod struct{ tab *FIRKTableau }

// Info implements Method.
func (m radauMethod) Info() Info { return m.tab.Info }

func (m radauMethod) newStepper(c *core) (stepper, error) {
	return newCollocationStepper(c, m.tab.collocation()), nil
}

// The rules of the family (Hairer and Wanner II, sec. IV.8): the iterations allowed for one system, and the rate of convergence from which a Jacobian
// is not kept.
const (
	radauNewtonMax = 10
	radauRefresh   = 0.001
)

// Radau9 is the Radau IIA method of order 9, for tight tolerances. Its error estimate, of order 5, is far larger than its error; the error test is
// relaxed as in the program RADAU of Hairer and Wanner, so that the error, not the estimate, behaves like the tolerance. It cannot be recorded
// on a Tape, nor shown to Options.Judge.
var Radau9 Method = radau9Method{}

type radau9Method struct{}

// Info implements Method.
func (radau9Method) Info() Info {
	return Info{
		Name: "Radau9", Family: "fully implicit Runge–Kutta", Order: 9, Embedded: 5, DenseOrder: 6, StiffDense: radau9Stages, Stages: radau9Stages, Implicit: true, Mass: true, Stability: "L-stable",
		Source: "Hairer and Wanner, Stiff differential equations solved by Radau methods, J. Comput. Appl. Math. 111:93, 1999 (Radau IIA; program RADAU)",
	}
}

func (radau9Method) newStepper(c *core) (stepper, error) {
	if c.recorded {
		return nil, &InputError{What: "method", Msg: "Radau9 cannot be recorded: its derivative is not known; choose Radau"}
	}
	return newCollocationStepper(c, radauIIA9()), nil
}

// The iterations allowed for one system, and the relaxation of the error test: rtol counts as 0.1·rtol^0.6 (program RADAU).
const (
	radau9NewtonMax = 12
	radau9Strict    = 0.1
	radau9Exponent  = (radau9Stages + 1) / (2. * radau9Stages)
)

// radau9Relaxation is the factor of the error norm.
func radau9Relaxation(rtol float64) float64 {
	return min(1, rtol/(radau9Strict*math.Pow(rtol, radau9Exponent)))
}
