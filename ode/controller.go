package ode

import (
	"math"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// A Controller chooses the factor by which the step size of a one-step method changes. It is a value: the history that it
// needs is handed to it.
type Controller interface {
	// Accept returns the factor after an accepted step, whose Err is at most 1.
	Accept(a *Attempt) float64
	// Reject returns the factor (< 1) after a step that failed the error test, whose Err is greater than 1.
	Reject(a *Attempt) float64
}

// An Attempt is what a Controller knows of the step just attempted and of the accepted step before it.
type Attempt struct {
	// H is the size of the step and Err the norm of its error estimate.
	H, Err float64
	// PrevH and PrevErr belong to the accepted step before it; PrevH is 0 at the start and after a discontinuity.
	PrevH, PrevErr float64
	// Order is the order of the error estimate plus one.
	Order int
	// AfterReject says that an attempt from the same point failed before this one.
	AfterReject bool
	// Newton is the largest number of iterations that a system of this step took, of NewtonMax allowed ones; both are 0
	// for a method that iterates not.
	Newton, NewtonMax int
	// log is the logarithm of logOf, an error norm: that of an accepted step is wanted again after the next one
	logOf, log float64
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

// The error norms are kept away from zero, so that the logarithms of a controller stay finite when a step makes no error
// at all, and so that a lucky step does not hold back the one after it.
const (
	errFloor     = 1e-10
	prevErrFloor = 1e-4
)

// lnPrevErrFloor is the natural logarithm of prevErrFloor.
var lnPrevErrFloor = math.Log(prevErrFloor)

// Accept implements Controller. Powers are exponentials of logarithms, which take half the time of a general power.
func (c PI) Accept(a *Attempt) float64 {
	c = c.defaults()
	prev := 0.0
	if a.PrevH != 0 {
		if a.PrevErr != a.logOf || a.log == 0 {
			a.log = math.Log(max(a.PrevErr, errFloor))
		}
		prev = max(a.log, lnPrevErrFloor)
	}
	a.logOf, a.log = a.Err, math.Log(max(a.Err, errFloor))
	f := c.Safety * kernel.ExpOf((c.Beta*prev-c.Alpha*a.log)/float64(a.Order))
	return limitGrowth(f, c.MinFactor, c.MaxFactor, c.Deadband, a.AfterReject)
}

// Reject implements Controller.
func (c PI) Reject(a *Attempt) float64 {
	c = c.defaults()
	return min(max(c.Safety*math.Pow(a.Err, -1/float64(a.Order)), c.MinFactor), 0.9)
}

// Predictive is the predictive controller of Gustafsson (ACM TOMS 20, 496, 1994) in the form of Hairer and Wanner II,
// eqs. IV.8.21 and IV.8.25: the smaller of the elementary proposal and of one that extrapolates how the error constant
// changed from the step before, both with a safety factor that shrinks when Newton's iteration had to work hard.
type Predictive struct {
	// Safety; 0 means 0.9.
	Safety float64
	// MinFactor and MaxFactor bound the change; 0 means 0.2 and 8.
	MinFactor, MaxFactor float64
	// Deadband is the factor below which a growing step is left alone, so that factors can be kept; 0 means no band.
	Deadband float64
}

func (c Predictive) defaults() Predictive {
	if c.Safety == 0 {
		c.Safety = 0.9
	}
	if c.MinFactor == 0 {
		c.MinFactor = 0.2
	}
	if c.MaxFactor == 0 {
		c.MaxFactor = 8
	}
	return c
}

func (c Predictive) safety(a *Attempt) float64 {
	m := float64(2 * a.NewtonMax)
	return c.Safety * (m + 1) / (m + float64(max(a.Newton, 1)))
}

// Accept implements Controller.
func (c Predictive) Accept(a *Attempt) float64 {
	c = c.defaults()
	err := max(a.Err, errFloor)
	f := c.safety(a) / nthRoot(err, a.Order)
	if a.PrevH != 0 {
		// the error norm counts as at least 1e-2 here (as in the program of Hairer and Wanner), since the trend of tiny errors means little
		g := c.Safety * math.Abs(a.H/a.PrevH) * nthRoot(max(a.PrevErr, 1e-2)/(err*err), a.Order)
		f = min(f, g)
	}
	return limitGrowth(f, c.MinFactor, c.MaxFactor, c.Deadband, a.AfterReject)
}

// Reject implements Controller.
func (c Predictive) Reject(a *Attempt) float64 {
	c = c.defaults()
	return min(max(c.safety(a)*math.Pow(a.Err, -1/float64(a.Order)), c.MinFactor), 0.9)
}

func limitGrowth(f, least, most, deadband float64, afterReject bool) float64 {
	f = min(max(f, least), most)
	if afterReject {
		f = min(f, 1)
	}
	if f > 1 && f < deadband {
		f = 1
	}
	return f
}
