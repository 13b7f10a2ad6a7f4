package optim

import (
	"context"
	"errors"
	"fmt"
)

// Residuals is a least-squares problem: R residuals as functions of P parameters, with their Jacobian. A method calls it from
// one goroutine, the one that calls the method.
//
// An error that is or wraps a [FailedError] says that the point cannot be evaluated, as does a value that is NaN or infinite: the method
// tries a shorter step. Any other error ends the iteration and is returned as it is.
type Residuals interface {
	// Dims returns R and P, which must not change.
	Dims() (residuals, params int)
	// Residual writes the residuals at p to r.
	Residual(ctx context.Context, r, p []float64) error
	// ResidualJacobian writes the residuals at p to r and their Jacobian, R×P in row-major order, to jac.
	ResidualJacobian(ctx context.Context, r, jac, p []float64) error
}

// ResidualProducts is a least-squares problem whose Jacobian is known by its products only. What is said of errors at [Residuals]
// holds here too.
type ResidualProducts interface {
	// Dims returns R and P, which must not change.
	Dims() (residuals, params int)
	// Residual writes the residuals at p to r. It leaves the linearisation alone.
	Residual(ctx context.Context, r, p []float64) error
	// Linearise writes the residuals at p to r and makes JVP and VJP those of the Jacobian at p.
	Linearise(ctx context.Context, r, p []float64) error
	// JVP writes J v, of R elements, to dst.
	JVP(ctx context.Context, dst, v []float64) error
	// VJP writes Jᵀ w, of P elements, to dst.
	VJP(ctx context.Context, dst, w []float64) error
}

// Objective is a function of P parameters with its gradient. What is said of errors at [Residuals] holds here too.
type Objective interface {
	// Dim returns P, which must not change.
	Dim() int
	// ValueGradient returns the value at p and writes the gradient there to g.
	ValueGradient(ctx context.Context, g, p []float64) (float64, error)
}

// FailedError says that the problem has no value at a point, because a differential equation could not be integrated there, say.
type FailedError struct {
	Err error // the reason
}

func (e *FailedError) Error() string { return "the point cannot be evaluated: " + e.Err.Error() }

// Unwrap returns the reason.
func (e *FailedError) Unwrap() error { return e.Err }

// StartError says that the problem cannot be evaluated where a method is to start.
type StartError struct {
	Method string
	Err    error // a *FailedError from the problem, or a *NonFiniteError
}

func (e *StartError) Error() string {
	return fmt.Sprintf("optim: %s: the starting point cannot be evaluated; start elsewhere: %v", e.Method, e.Err)
}

// Unwrap returns the reason.
func (e *StartError) Unwrap() error { return e.Err }

// TrialsError says that no trial point around the current one could be evaluated, however short the step. The method stays where it
// is and can go on, after the problem was changed, say.
type TrialsError struct {
	Method    string
	Iteration int
	Point     []float64 // the parameters the trials started from
	Trials    int       // how many
	StepNorm  float64   // of the last and shortest
	Err       error     // of the last
}

func (e *TrialsError) Error() string {
	return fmt.Sprintf("optim: %s: iteration %d: none of %d trial points could be evaluated, down to a step of norm %.3g; "+
		"evaluate more accurately or start elsewhere: %v", e.Method, e.Iteration, e.Trials, e.StepNorm, e.Err)
}

// Unwrap returns the reason of the last failure.
func (e *TrialsError) Unwrap() error { return e.Err }

// failed reports whether err says that the point cannot be evaluated.
func failed(err error) bool {
	var f *FailedError
	var n *NonFiniteError
	return errors.As(err, &f) || errors.As(err, &n)
}
