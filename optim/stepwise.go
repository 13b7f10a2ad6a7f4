package optim

import (
	"context"
	"encoding"
	"fmt"
	"math"
)

// Stepwise is a method that the caller drives one iteration at a time. It is not safe for concurrent use, but several
// methods, each with a problem of its own, may run in different goroutines.
type Stepwise interface {
	// Iterate makes one iteration: it moves to a better point, or finds that there is none. A status other than Running says
	// why one may stop; calling Iterate again is allowed and tries again. Where it returns an error the method is
	// at the point, and in the state, it was in before, and may go on.
	Iterate(ctx context.Context) (Status, error)
	// Evaluate evaluates the problem at the current point. The first Iterate does so where the caller has not; after a
	// change of the problem (a tighter tolerance) the caller must. It returns a *StartError where the point cannot be evaluated.
	Evaluate(ctx context.Context) error
	// Report returns the figures of the last iteration.
	Report() Report
	// Params copies the current point to dst.
	Params(dst []float64)

	// MarshalBinary writes all that the following iterations depend on, exact to the bit, but for the configuration and the problem.
	// UnmarshalBinary reads it into a method made for the same problem with the same configuration, and returns a *StateError, leaving the
	// method as it was, where it does not fit. The first Iterate after it evaluates the problem at the point read.
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// Report holds the figures of a stepwise method after its last iteration. Counts are totals since the start.
type Report struct {
	Iteration    int
	Loss         float64 // Σ of the loss as reported, without smoothing
	Objective    float64 // Σ of the loss as minimised
	GradientNorm float64 // Euclidean norm of the objective's gradient
	StepNorm     float64 // Euclidean norm of the last accepted step
	Damping      float64 // μ of Levenberg–Marquardt, 0 for other methods
	Radius       float64 // of the trust region, 0 for methods without one
	GainRatio    float64 // actual over predicted reduction of the last accepted step
	Trials       int     // trial points evaluated, failed ones included
	Failed       int     // trials that could not be evaluated
	Rejected     int     // trials that could, but were not good enough
	Values       int     // evaluations of residuals or objective without Jacobian
	Jacobians    int     // evaluations with Jacobian, gradient or linearisation
	Products     int     // products with the Jacobian or its transpose
}

// Status says whether a method should go on.
type Status int

const (
	// Running: the iteration moved to a better point, go on.
	Running Status = iota
	// TargetReached: the objective is at or below Stop.Target.
	TargetReached
	// GradientSmall: every element of the gradient is at or below Stop.Gradient.
	GradientSmall
	// StepSmall: the step is below Stop.Step relative to the point.
	StepSmall
	// DecreaseSmall: the predicted and the actual decrease are below Stop.Decrease relative to the objective.
	DecreaseSmall
	// Stagnated: the objective fell too little over the last Stop.Window iterations.
	Stagnated
	// NoProgress: no trial was good enough, though some could be evaluated.
	NoProgress
	// IterationLimit: Stop.Iterations iterations were made.
	IterationLimit
)

var statusNames = [...]string{
	Running: "running", TargetReached: "target reached", GradientSmall: "gradient small", StepSmall: "step small",
	DecreaseSmall: "decrease small", Stagnated: "stagnated", NoProgress: "no progress", IterationLimit: "iteration limit",
}

func (s Status) String() string {
	if s < 0 || int(s) >= len(statusNames) {
		return fmt.Sprintf("Status(%d)", int(s))
	}
	return statusNames[s]
}

// Stop holds the conditions under which a method reports that one may stop. Of each tolerance a negative value switches the
// condition off.
type Stop struct {
	// Target is a value of the objective that is good enough. If Target is 0, only an objective of exactly 0 is.
	Target float64
	// Gradient bounds the largest element of the gradient. If Gradient is 0, it will be defaulted to 1e-14.
	Gradient float64
	// Step bounds the norm of the step relative to that of the point. If Step is 0, it will be defaulted to 1e-14.
	Step float64
	// Decrease bounds the predicted and the actual decrease relative to the objective. If Decrease is 0, it will be defaulted
	// to 1e-14.
	Decrease float64
	// Window and WindowDecrease stop a method whose objective has fallen by less than the fraction WindowDecrease over the
	// last Window iterations. If Window is 0, this is off.
	Window         int
	WindowDecrease float64
	// Iterations is the largest number of iterations. If Iterations is 0, there is no limit.
	Iterations int
}

func (s Stop) withDefaults() Stop {
	for _, v := range []*float64{&s.Gradient, &s.Step, &s.Decrease} {
		if *v == 0 {
			*v = 1e-14
		}
	}
	return s
}

func (s Stop) check(e *configErrors) {
	e.check(!math.IsNaN(s.Target), "target", s.Target, "a number")
	e.check(!math.IsNaN(s.Gradient), "gradient tolerance", s.Gradient, "a number")
	e.check(!math.IsNaN(s.Step), "step tolerance", s.Step, "a number")
	e.check(!math.IsNaN(s.Decrease), "decrease tolerance", s.Decrease, "a number")
	e.check(s.Window >= 0, "window", s.Window, "at least 0")
	e.check(s.WindowDecrease >= 0 && s.WindowDecrease < 1, "window decrease", s.WindowDecrease, "at least 0 and below 1")
	e.check(s.Iterations >= 0, "iterations", s.Iterations, "at least 0")
}

// converged tests what can be told without a step.
func (s *Stop) converged(r *Report, grad []float64) Status {
	switch {
	case r.Objective <= s.Target:
		return TargetReached
	case largestAbs(grad) <= s.Gradient:
		return GradientSmall
	case s.Iterations > 0 && r.Iteration >= s.Iterations:
		return IterationLimit
	}
	return Running
}

// after tests what can be told after a step that led from an objective of before, with the given predicted reduction.
func (s *Stop) after(r *Report, grad []float64, w *window, before, predicted float64) Status {
	stagnated := w.stagnated(r.Objective, s.WindowDecrease)
	if status := s.converged(r, grad); status != Running {
		return status
	}
	tiny := s.Decrease * before
	switch {
	case predicted <= tiny && before-r.Objective <= tiny:
		return DecreaseSmall
	case stagnated:
		return Stagnated
	}
	return Running
}

func largestAbs(v []float64) float64 {
	var m float64
	for _, x := range v {
		m = math.Max(m, math.Abs(x))
	}
	return m
}

// window remembers the objective of the last iterations, to see a stagnation.
type window struct {
	values []float64 // a ring of Stop.Window values
	count  int       // values ever put in
}

func newWindow(s Stop) window { return window{values: make([]float64, s.Window)} }

// stagnated puts in a value and reports whether it is too close to the one Window iterations before.
func (w *window) stagnated(value, decrease float64) bool {
	if len(w.values) == 0 {
		return false
	}
	slot := &w.values[w.count%len(w.values)]
	full := w.count >= len(w.values)
	before := *slot
	*slot = value
	w.count++
	return full && !(value < before*(1-decrease))
}

func (w *window) reset() { w.count = 0 }

func (w *window) write(s *stateWriter) {
	s.int(w.count)
	s.vector(w.values)
}

func (w *window) read(s *stateReader) window {
	return window{count: s.int(), values: s.vector(len(w.values))}
}

func (r *Report) write(w *stateWriter) {
	for _, v := range []int{r.Iteration, r.Trials, r.Failed, r.Rejected, r.Values, r.Jacobians, r.Products} {
		w.int(v)
	}
	for _, v := range []float64{r.Loss, r.Objective, r.GradientNorm, r.StepNorm, r.Damping, r.Radius, r.GainRatio} {
		w.float64(v)
	}
}

func (r *Report) read(s *stateReader) {
	for _, v := range []*int{&r.Iteration, &r.Trials, &r.Failed, &r.Rejected, &r.Values, &r.Jacobians, &r.Products} {
		*v = s.int()
	}
	for _, v := range []*float64{&r.Loss, &r.Objective, &r.GradientNorm, &r.StepNorm, &r.Damping, &r.Radius, &r.GainRatio} {
		*v = s.float64()
	}
}

// Observer is called after every iteration; an error it returns ends [Minimise] with that error.
type Observer func(Report) error

// Minimise iterates until the method reports a status other than Running or an error. observe may be nil.
func Minimise(ctx context.Context, method Stepwise, observe Observer) (Status, error) {
	for {
		if err := ctx.Err(); err != nil {
			return Running, err
		}
		status, err := method.Iterate(ctx)
		if err != nil {
			return status, err
		}
		if observe != nil {
			if err := observe(method.Report()); err != nil {
				return status, err
			}
		}
		if status != Running {
			return status, nil
		}
	}
}
