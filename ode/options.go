package ode

import (
	"fmt"
	"math"
)

// Options say how a problem is solved. The zero value is a sound default.
type Options struct {
	// Method; nil means Auto.
	Method Method
	// RTol is the relative tolerance of the local error; 0 means 1e-6.
	RTol float64
	// ATol is the absolute tolerance: one value for all states or one per state; nil means 1e-3·RTol·Problem.Scale.
	ATol []float64
	// FirstStep is the size of the first step; 0 means that it is chosen (Hairer, Nørsett, Wanner I, sec. II.4).
	FirstStep float64
	// MaxStep bounds the step size; 0 means no bound.
	MaxStep float64
	// MinStep ends the solve when the step size falls below it; 0 means the spacing of numbers at t.
	MinStep float64
	// MaxSteps bounds the number of attempted steps; 0 means 100 000.
	MaxSteps int
	// SaveAt are the times at which the solution is wanted, in the direction of integration; they are read off the dense
	// output and never stepped on. nil means that every step is saved.
	SaveAt []float64
	// Hit are times that a step must end on exactly, such as discontinuities of f, in the direction of integration.
	Hit []float64
	// Dense keeps the dense output of every step in Solution.Dense.
	Dense bool
	// Events are looked for in the dense output of every step.
	Events []Event
	// Lower and Upper bound the states (nil: no bound; ±Inf for single states). A step whose result violates a bound by
	// more than the error weight of that state is rejected and repeated with a smaller step; nothing is ever clipped,
	// so smaller violations, equivalent to the bound at the tolerance asked for, remain visible.
	Lower, Upper []float64
	// Quadrature integrates further functions along the solution, outside the Newton matrix.
	Quadrature *Quadrature
	// Controller chooses step sizes for one-step methods; nil means the one that suits the method.
	Controller Controller
	// NewtonTol bounds the estimated error that Newton's iteration leaves in a stage, as a fraction of the error
	// tolerance; 0 means 0.01. A value such as 1e-8 solves the stage equations to roundoff, which a
	// derivative of the numerical solution presupposes. Rosenbrock and explicit methods do not iterate.
	NewtonTol float64
	// Observer is called after every accepted step with a view that is valid during the call only. An error ends the solve.
	Observer func(*Step) error
	// ObserveEnds says that Observer reads no step between its ends, so that dense output need not be controlled for it.
	ObserveEnds bool
	// Judge is shown every attempted step that passed the error test, as the only step of a tape that is valid during the call, and returns a
	// further error norm, which rejects the step if it exceeds 1. Quantities that are integrated along with the solution take
	// part in the choice of steps in this way. An error that is a *Rejection asks for a smaller step; any other ends the solve.
	Judge func(*Tape) (norm float64, err error)
	// Tape records what a discrete sensitivity method needs of every accepted step; it is reset at the start.
	Tape *Tape
	// Initialize says what happens to inconsistent initial values of a differential-algebraic problem.
	Initialize Initialize
}

// Initialize is a policy for inconsistent initial values of a differential-algebraic problem.
type Initialize int

const (
	// InitializeAlgebraic changes the algebraic states so that the constraints hold, keeps the others, and says so in
	// Solution.Initialized. It is the default.
	InitializeAlgebraic Initialize = iota
	// InitializeRefuse fails when the constraints do not hold to the tolerance.
	InitializeRefuse
)

// Defaults of Options.
const (
	DefaultRTol     = 1e-6
	defaultMaxSteps = 100_000
	// Hairer and Wanner II, sec. IV.8, recommend 1e-2 … 1e-1; the sharp end, since at a loose rtol a lax iteration is what
	// lets a trajectory go wrong unnoticed
	defaultNewtonTol = 0.01
)

// minRTol is the smallest relative tolerance that double precision can serve (Hairer and Wanner's codes use 10·u).
const minRTol = 1e-14

// resolve checks the options against the problem and fills the per-state tolerances.
func (o *Options) resolve(p *Problem, atol []float64) error {
	bad := func(what, format string, a ...any) error {
		return &InputError{What: what, Msg: fmt.Sprintf(format, a...)}
	}
	if o.RTol == 0 {
		o.RTol = DefaultRTol
	}
	if !(o.RTol >= minRTol) || o.RTol > 1 {
		return bad("relative tolerance", "is %g; choose a value between %g and 1", o.RTol, minRTol)
	}
	switch len(o.ATol) {
	case 0:
		for i := range atol {
			atol[i] = 1e-3 * o.RTol
			if p.Scale != nil {
				atol[i] *= math.Abs(p.Scale[i])
			}
		}
	case 1:
		for i := range atol {
			atol[i] = o.ATol[0]
		}
	case p.Dim:
		copy(atol, o.ATol)
	default:
		return bad("absolute tolerance", "has %d values; give one, or one for each of the %d states", len(o.ATol), p.Dim)
	}
	for i, a := range atol {
		if !(a >= 0) || math.IsInf(a, 0) {
			return bad("absolute tolerance", "of state %s is %g; it must be finite and not negative", p.Name(i), a)
		}
	}
	for i, v := range [...]float64{o.FirstStep, o.MaxStep, o.MinStep, o.NewtonTol} {
		if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
			return bad([...]string{"first step", "maximum step", "minimum step", "Newton tolerance"}[i], "is %g; it must be finite and not negative (0 leaves the choice to the solver)", v)
		}
	}
	if o.NewtonTol == 0 {
		o.NewtonTol = defaultNewtonTol
	}
	if o.MaxSteps < 0 {
		return bad("maximum number of steps", "is %d", o.MaxSteps)
	}
	if o.MaxSteps == 0 {
		o.MaxSteps = defaultMaxSteps
	}
	if o.Lower != nil && len(o.Lower) != p.Dim || o.Upper != nil && len(o.Upper) != p.Dim {
		return bad("bounds", "have %d and %d values for %d states", len(o.Lower), len(o.Upper), p.Dim)
	}
	for i := range p.Dim {
		lo, hi := math.Inf(-1), math.Inf(1)
		if o.Lower != nil {
			lo = o.Lower[i]
		}
		if o.Upper != nil {
			hi = o.Upper[i]
		}
		if !(lo <= hi) {
			return bad("bounds", "of state %s are %g and %g", p.Name(i), lo, hi)
		}
	}
	return nil
}

// checkTimes reports times that are not finite, not sorted in direction dir or outside [t0, t1].
func checkTimes(what string, ts []float64, t0, t1, dir float64) error {
	for i, t := range ts {
		if math.IsNaN(t) || math.IsInf(t, 0) || (t-t0)*dir < 0 || (t1-t)*dir < 0 {
			return &InputError{What: what, Msg: fmt.Sprintf("contain %g (number %d), which is outside the interval from %g to %g", t, i, t0, t1)}
		}
		if i > 0 && (t-ts[i-1])*dir < 0 {
			return &InputError{What: what, Msg: fmt.Sprintf("are not sorted in the direction of integration: %g (number %d) follows %g", t, i, ts[i-1])}
		}
	}
	return nil
}
