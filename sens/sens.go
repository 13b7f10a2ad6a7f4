package sens

import (
	"context"
	"fmt"

	"github.com/stiffnode/stiffnode/ode"
)

// A Loss is L = Σ_i ℓ_i(y(t_i)) over the saved times.
type Loss interface {
	// At returns ℓ_i, where y is the state at time t, saved time number i, and writes ∂ℓ_i/∂y into grad unless that is nil.
	At(i int, t float64, y, grad []float64) float64
}

// An IntegralLoss adds ∫ g(t, y(t)) |dt| over the interval to the sum. Discrete methods integrate over the dense output of every step by a Gauss
// formula and differentiate that exactly.
type IntegralLoss interface {
	Loss
	// Integrand returns g and writes ∂g/∂y into grad unless that is nil. It must not keep state between calls.
	Integrand(t float64, y, grad []float64) float64
}

// A LossFunc is a Loss given by a function.
type LossFunc func(i int, t float64, y, grad []float64) float64

// At implements Loss.
func (f LossFunc) At(i int, t float64, y, grad []float64) float64 { return f(i, t, y, grad) }

// A Setup is what a method is applied to.
type Setup struct {
	// Problem is solved; the fields that it makes must be ode.ParamFields.
	Problem *ode.Problem
	// Options say how. SaveAt, Dense and Tape belong to the evaluator; events and quadratures are refused.
	Options ode.Options
}

// A Gradient is a loss with its derivatives. Its slices are allocated at the first use and then reused.
type Gradient struct {
	// Loss is L.
	Loss float64
	// Params is ∂L/∂p (len m), Initial ∂L/∂y(t0) (len k).
	Params, Initial []float64
	// End is dL/dt1: the derivative with respect to the end of the interval, where saved times equal to t1 move with it.
	End float64
	// Tightened is the relative tolerance of the solve that was differentiated where it is tighter than the one asked for, at which the derivative of the
	// numerical solution would have been wrong; 0 otherwise.
	Tightened float64
	// Error is the error that Verified states; nil where nobody asked.
	Error *Estimate
	// Forward and Reverse count the work of the solve and of the derivative.
	Forward, Reverse ode.Stats
	// Times and Y are the saved times and states (len(Times)×k, row-major).
	Times, Y []float64
	// Checkpoints describe a reverse pass under a memory limit that the recorded solve exceeded; they are zero otherwise.
	Checkpoints Checkpoints
}

// Checkpoints describe how a solve that did not fit into memory was reversed: in units of Block steps, which were executed again and recorded one unit
// at a time, from States stored states.
type Checkpoints struct {
	Units, Block, States int
	// Advanced is the number of steps executed again only to reach a unit, Least the smallest number possible with as many states (Griewank
	// and Walther, ACM TOMS 26, 19, 2000).
	Advanced, Least int
	// Bytes held.
	Bytes int
}

// An Evaluator computes gradients. It belongs to one goroutine.
type Evaluator interface {
	// Gradient solves from (t0, y0) to t1 with parameters p, saves the states at times, which must be sorted in the direction of
	// integration, and writes the loss and its gradient into g. The error is an *ode.InputError, an *ode.Failure of the forward
	// solve, or a *ReverseError.
	Gradient(ctx context.Context, g *Gradient, p, y0 []float64, t0, t1 float64, times []float64, loss Loss) error
}

// A Method is a way to compute gradients.
type Method interface {
	// Info describes the method.
	Info() Info
	// New binds the method to a problem and a solver. The error is a *RefusedError if the combination cannot work, or an
	// *ode.InputError.
	New(Setup) (Evaluator, error)
}

// Info describes a method.
type Info struct {
	// Name as used on the command line.
	Name string
	// Discrete methods differentiate the numerical solution exactly; the others discretise the sensitivity equations anew.
	Discrete bool
	// Forward methods carry one column per parameter forward in time; the others carry one adjoint backward.
	Forward bool
	// Cost and Memory say how both grow with the number of states k, of parameters m and of steps N.
	Cost, Memory string
	// Source is the publication.
	Source string
}

// A RefusedError says that a combination of gradient method, solver and problem cannot work.
type RefusedError struct {
	// Method is the gradient method and Solver the solver.
	Method, Solver string
	// Reason says why they do not go together, and what does.
	Reason string
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("sens: %s cannot differentiate %s: %s", e.Method, e.Solver, e.Reason)
}

// A ReverseError says that the forward solve succeeded and the pass that computes derivatives did not.
type ReverseError struct {
	// Method is the gradient method.
	Method string
	// Time and Step are where it failed: the time and the (signed) step size.
	Time, Step float64
	// Err is the cause.
	Err error
}

func (e *ReverseError) Error() string {
	return fmt.Sprintf("sens: %s failed at t = %.10g (step %.3g): %v", e.Method, e.Time, e.Step, e.Err)
}

func (e *ReverseError) Unwrap() error { return e.Err }
