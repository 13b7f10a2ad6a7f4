package ode

import (
	"errors"
	"fmt"
	"strings"
)

// An InputError says what is wrong with the arguments of a solve; nothing was computed.
type InputError struct {
	// What is the argument.
	What string
	// Msg says what is wrong with it and what to do.
	Msg string
}

func (e *InputError) Error() string { return "ode: " + e.What + " " + e.Msg }

// A Cause is the kind of a failure.
type Cause int

// The causes of a failed solve.
const (
	// CauseStepTooSmall: the step size fell below what can be added to t, or below the minimum asked for.
	CauseStepTooSmall Cause = iota + 1
	// CauseTooManySteps: the bound on the number of steps was reached.
	CauseTooManySteps
	// CauseRightHandSide: the right-hand side returned an error that does not ask for a smaller step.
	CauseRightHandSide
	// CausePanic: the right-hand side, its Jacobian, an event, an integrand or an observer panicked; Err is a *PanicError.
	CausePanic
	// CauseNonFiniteStart: f, or its Jacobian, is not finite at the initial point.
	CauseNonFiniteStart
	// CauseInconsistent: the initial values of a differential-algebraic problem cannot be made consistent.
	CauseInconsistent
	// CauseEvent: an event function returned NaN, or events accumulate at a point.
	CauseEvent
	// CauseObserver: an observer asked to stop with an error.
	CauseObserver
	// CauseCanceled: the context was cancelled.
	CauseCanceled
	// CauseQuadrature: an integrand returned an error that does not ask for a smaller step.
	CauseQuadrature
)

var causeText = map[Cause]string{
	CauseStepTooSmall:   "step size too small",
	CauseTooManySteps:   "too many steps",
	CauseRightHandSide:  "right-hand side failed",
	CausePanic:          "user function panicked",
	CauseNonFiniteStart: "not finite at the initial point",
	CauseInconsistent:   "inconsistent initial values",
	CauseEvent:          "event function failed",
	CauseObserver:       "stopped by an observer",
	CauseCanceled:       "cancelled",
	CauseQuadrature:     "integrand failed",
}

func (c Cause) String() string { return causeText[c] }

// A Failure ends a solve: where, why, what to try; what was computed so far is in Solution.
type Failure struct {
	Cause Cause
	// Time and Step are the time reached and the step size in use.
	Time, Step float64
	// Component is the state that stood in the way, or -1; Name is its name and Value its value at Time.
	Component int
	Name      string
	Value     float64
	// Last is the reason of the latest rejected step, if any.
	Last RejectReason
	// Advice says what to try.
	Advice string
	// Err is the underlying error, if any.
	Err error
	// Solution is what was computed up to Time, with its statistics.
	Solution *Solution
}

func (f *Failure) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "ode: %s at t = %.10g (step %.3g)", f.Cause, f.Time, f.Step)
	if f.Component >= 0 {
		fmt.Fprintf(&b, ", state %s = %.6g", f.Name, f.Value)
	}
	if f.Last != 0 {
		fmt.Fprintf(&b, ", last rejection: %s", f.Last)
	}
	if f.Err != nil {
		fmt.Fprintf(&b, ": %v", f.Err)
	}
	if f.Advice != "" {
		fmt.Fprintf(&b, "; %s", f.Advice)
	}
	return b.String()
}

func (f *Failure) Unwrap() error { return f.Err }

// A RejectReason says why a trial step was not accepted.
type RejectReason int

// The reasons of rejected steps, counted separately in Stats.
const (
	// RejectError: the local error estimate exceeded the tolerance.
	RejectError RejectReason = iota + 1
	// RejectNewton: Newton's iteration did not converge.
	RejectNewton
	// RejectNonFinite: a stage, the new state or its error estimate is NaN or infinite.
	RejectNonFinite
	// RejectSingular: the iteration matrix could not be factorised.
	RejectSingular
	// RejectField: the right-hand side, or an integrand, asked for a smaller step.
	RejectField
	// RejectBounds: the new state violates the bounds asked for.
	RejectBounds
	// RejectDense: the dense output is not accurate enough at the places where it is read.
	RejectDense
)

var rejectText = map[RejectReason]string{
	RejectError:     "error test",
	RejectNewton:    "Newton iteration",
	RejectNonFinite: "non-finite value",
	RejectSingular:  "singular matrix",
	RejectField:     "right-hand side",
	RejectBounds:    "bounds",
	RejectDense:     "dense output",
}

func (r RejectReason) String() string { return rejectText[r] }

// A stepError is how a stepper reports that its attempt cannot be used; a reason of 0 means that the solve cannot go on.
type stepError struct {
	reason RejectReason
	err    error
}

func (e *stepError) Error() string {
	if e.err != nil {
		return e.err.Error()
	}
	return e.reason.String()
}

// fieldError sorts the error of a Field into a rejection or an end.
func (c *core) fieldError(err error) *stepError {
	var r *Rejection
	if errors.As(err, &r) {
		return c.reject(RejectField, err)
	}
	return c.reject(0, err)
}

// reject fills the core's one stepError, so that a rejected step allocates nothing.
func (c *core) reject(reason RejectReason, err error) *stepError {
	c.failed = stepError{reason: reason, err: err}
	return &c.failed
}

// A callee is a function of the user.
type callee int

const (
	inSolver callee = iota
	inField
	inJacobian
	inEvent
	inApply
	inQuadrature
	inObserver
)

var calleeText = [...]string{
	inSolver: "the solver itself", inField: "the right-hand side", inJacobian: "the Jacobian", inEvent: "an event function",
	inApply: "the state change of an event", inQuadrature: "an integrand", inObserver: "the observer",
}

// A PanicError is the panic of a user's function, turned into an error.
type PanicError struct {
	// Function says which of the user's functions panicked.
	Function string
	// Time and State are the point at which it was called.
	Time  float64
	State []float64
	// Value is what it panicked with, and Stack the stack at that moment.
	Value any
	Stack []byte
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("%s panicked at t = %.10g, y = %.6g: %v", e.Function, e.Time, e.State, e.Value)
}

// Unwrap returns the value of the panic where it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
