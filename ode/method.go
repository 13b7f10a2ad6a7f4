package ode

// A Method is a numerical method with its coefficients: data, which one stepper per family interprets. Methods are values
// that may be shared; the workspace belongs to a Solver.
type Method interface {
	// Info describes the method.
	Info() Info
	// newStepper makes the workspace for one solver.
	newStepper(c *core) (stepper, error)
}

// Info describes a method.
type Info struct {
	// Name as used on the command line.
	Name string
	// Family of formulas.
	Family string
	// Order of the solution that is propagated; Embedded of the one it is compared with; DenseOrder of the dense output
	// (the error at any time of a step is of that order plus one locally).
	Order, Embedded, DenseOrder int
	// StiffDense is the order of the dense output in stiff components, where it is lower: values read between the ends of steps are then controlled,
	// and steps made smaller, or made to end there, for their sake. 0 says that these are as good as at the ends of steps.
	StiffDense int
	// Stages per step (0 where it varies).
	Stages int
	// Implicit methods need a Jacobian.
	Implicit bool
	// Stability in words: A-stable, L-stable, ….
	Stability string
	// Mass says whether M y' = f can be solved, with M singular.
	Mass bool
	// Split says whether f = fI + fE is treated as such.
	Split bool
	// Source is the publication.
	Source string
}

// A stepper advances one family by one step. The loop owns time, step size, acceptance, output, events, failure and
// statistics; the stepper owns formulas and their workspace.
type stepper interface {
	// start prepares for stepping from the core's state: at the beginning, after every discontinuity, and when a pair changes over to the stepper.
	// It makes c.f0 = f(t, y) and forgets all that belongs to earlier steps; what it leaves behind is that of a new stepper.
	start() *stepError
	// attempt tries a step of (signed) size h from (c.t, c.y): it writes the proposed state into c.ynew and returns the
	// norm of the error estimate, acceptable if ≤ 1. A *stepError says that the attempt cannot be used.
	attempt(h float64) (float64, *stepError)
	// accepted is told that the attempt has become the state, before c.t and c.y are changed.
	accepted(h float64)
	// errorOrder is the exponent of h in the error estimate (order of the lower formula plus one).
	errorOrder() int
	// dense writes the dense output of the step just attempted as a polynomial in θ = (t − t_n)/h:
	// y(t_n + θ h) = Σ_j c_j θ^j, row j of coef holding c_j; it returns the degree. coef has room for maxDegree+1 rows.
	// It is called after a successful attempt and before accepted, and, unless the stepper is a sizer, only if c.wantDense was set before
	// the attempt, so that an attempt may compute what the dense output needs, or fail because it cannot.
	dense(coef []float64, h float64) int
	// record writes the step just attempted to a tape, before accepted is called.
	record(tape *Tape, t, h float64)
}

// A sizer is a stepper that chooses its own step sizes, as a variable-order method must; its dense output is always at hand.
type sizer interface {
	// nextSize returns the signed size of the next attempt after an attempt of size h with error norm err (accepted or
	// not) or, with reason ≠ RejectError, after one that could not be used. A size of 0 means that it gives up.
	nextSize(h, err float64, accepted bool, reason RejectReason) float64
}

// An evaluator is a stepper that evaluates its dense output without the coefficients, which would take longer than a few times are worth.
type evaluator interface {
	// evaluate writes y(t_n + θ h) of the step just attempted into dst.
	evaluate(dst []float64, theta float64)
}

// A newtonStepper is a stepper whose stages are found by Newton's iteration.
type newtonStepper interface {
	// effort returns the largest number of iterations that a system of the latest attempt took, and how many are allowed.
	effort() (iterations, limit int)
	// controller is the controller that suits the method when the user names none.
	controller() Controller
}

// maxDegree is the highest degree of a dense output polynomial.
const maxDegree = 9
