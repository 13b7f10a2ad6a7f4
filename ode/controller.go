package ode

import "math"

// A Controller chooses the factor by which the step size of a one-step method changes. It is a value: the history that it
// needs is handed to it.
type Controller interface {
	// Accept returns the factor after an accepted step with error norm err ≤ 1; prev is the error norm of the accepted
	// step before it (1 at the start), order the order of the error estimate plus one.
	Accept(err, prev float64, order int, afterReject bool) float64
	// Reject returns the factor (< 1) after a step that failed the error test with error norm err > 1.
	Reject(err float64, order int) float64
}

// PI is the proportional-integral controller of Gustafsson (ACM TOMS 17, 533, 1991) in the form of Hairer and Wanner II,
// sec. IV.2: h_new = h · Safety · err^(−Alpha/order) · prev^(Beta/order).
type PI struct {
	// Safety; 0 means 0.9.
	Safety float64
	// Alpha and Beta are the exponents, to be divided by the order; if both are 0 they are 0.7 and 0.4.
	Alpha, Beta float64
	// MinFactor and MaxFactor bound the change; 0 means 0.2 and 10.
	MinFactor, MaxFactor float64
	// Deadband is the factor below which a growing step is left alone, so that factors can be kept; 0 means no band.
	Deadband float64
}

func (c PI) defaults() PI {
	if c.Safety == 0 {
		c.Safety = 0.9
	}
	if c.Alpha == 0 && c.Beta == 0 {
		c.Alpha, c.Beta = 0.7, 0.4
	}
	if c.MinFactor == 0 {
		c.MinFactor = 0.2
	}
	if c.MaxFactor == 0 {
		c.MaxFactor = 10
	}
	return c
}

// errFloor keeps the logarithms of the controller finite when a step makes no error at all.
const errFloor = 1e-10

// Accept implements Controller.
func (c PI) Accept(err, prev float64, order int, afterReject bool) float64 {
	c = c.defaults()
	k := float64(order)
	f := c.Safety * math.Pow(max(err, errFloor), -c.Alpha/k) * math.Pow(max(prev, errFloor), c.Beta/k)
	f = min(max(f, c.MinFactor), c.MaxFactor)
	if afterReject {
		f = min(f, 1)
	}
	if c.Deadband > 0 && f > 1 && f < c.Deadband {
		f = 1
	}
	return f
}

// Reject implements Controller.
func (c PI) Reject(err float64, order int) float64 {
	c = c.defaults()
	return min(max(c.Safety*math.Pow(err, -1/float64(order)), c.MinFactor), 0.9)
}
