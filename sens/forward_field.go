package sens

import "github.com/stiffnode/stiffnode/ode"

// A forwardField evaluates f and its derivatives along the forward solution, read off its dense output.
type forwardField struct {
	ode.ParamField
	k     int
	sol   *ode.Dense
	step  int // the step looked at last
	y, f  []float64
	jac   *ode.Jacobian // that at time at, if known
	at    float64
	known bool
	// scratch of slope, and of source
	before, after, grad []float64
	integral            IntegralLoss // nil without an integral cost
	sign                float64      // of t1 − t0
}

// state writes the forward solution at t into dst. Successive times are close to each other, so the search starts at the latest step.
func (f *forwardField) state(dst []float64, t float64) {
	for range 4 {
		at, h := f.sol.Step(f.step)
		switch th := (t - at) / h; {
		case th < 0 && f.step > 0:
			f.step--
		case th > 1 && f.step < f.sol.Steps()-1:
			f.step++
		default:
			f.sol.AtStep(dst, f.step, t)
			return
		}
	}
	f.step = f.sol.Find(t)
	f.sol.AtStep(dst, f.step, t)
}

// visit evaluates f at time t of the forward solution, so that products can be asked for.
func (f *forwardField) visit(t float64) error {
	f.known = false // so that y belongs to the same time as the Jacobian
	f.state(f.y, t)
	return f.Eval(f.f, t, f.y)
}

// look gives the dense output to be read from now on.
func (f *forwardField) look(sol *ode.Dense) { f.sol, f.step, f.known = sol, 0, false }

// linearize evaluates f with its Jacobian at time t.
func (f *forwardField) linearize(t float64) error {
	f.state(f.y, t)
	err := f.EvalJacobian(f.f, f.jac, nil, t, f.y)
	f.at, f.known = t, err == nil
	return err
}

// few says that there are so few states that the Jacobian costs about as much as one product with it.
func (f *forwardField) few() bool { return f.k <= batchStates && !f.jac.Layout.Banded }

// slope returns y′(t) of the dense output, by a central difference within its step. It is not f(t, y(t)): on a stiff problem f magnifies
// the error of the dense output by the largest eigenvalue of the Jacobian.
func (f *forwardField) slope(t float64) []float64 {
	_, h := f.sol.Step(f.step)
	d := slopeIncrement * h
	f.sol.AtStep(f.after, f.step, t+d)
	f.sol.AtStep(f.before, f.step, t-d)
	for i, v := range f.after {
		f.after[i] = (v - f.before[i]) / (2 * d)
	}
	return f.after
}

// addSource subtracts ∂g/∂y of an integral cost from the right-hand side of the adjoint equation, at the point (t, y) of the latest visit.
func (f *forwardField) addSource(dst []float64, t float64) {
	if f.integral == nil {
		return
	}
	clear(f.grad)
	f.integral.Integrand(t, f.y, f.grad)
	for i, v := range f.grad {
		dst[i] -= f.sign * v
	}
}

// addSourceSlope subtracts the derivative of ∂g/∂y along the solution, by a central difference.
func (f *forwardField) addSourceSlope(dst []float64, t float64) {
	if f.integral == nil {
		return
	}
	_, h := f.sol.Step(f.step)
	d := slopeIncrement * h
	for _, sign := range [2]float64{1, -1} {
		f.sol.AtStep(f.after, f.step, t+sign*d)
		clear(f.grad)
		f.integral.Integrand(t+sign*d, f.after, f.grad)
		for i, v := range f.grad {
			dst[i] -= f.sign * sign * v / (2 * d)
		}
	}
}

// slopeIncrement is the increment of a central difference relative to the step size: exact for dense output of degree 2, and with an
// error of about its square relative to the slope beyond.
const slopeIncrement = 1.0 / 1024
