package ode

import "fmt"

// Stats counts the work of a solve by cause.
type Stats struct {
	// Steps is the number of accepted steps; StiffSteps of them were made by the implicit method of a switching pair.
	Steps, StiffSteps int
	// Rejected steps by cause.
	RejectedError, RejectedNewton, RejectedNonFinite, RejectedSingular, RejectedField, RejectedBounds, RejectedDense int
	// Evaluations of f, outside Jacobians by differences.
	Evals int
	// Jacobians evaluated; JacobianEvals are evaluations of f spent on finite differences inside them, where known.
	Jacobians, JacobianEvals int
	// Factorisations of iteration matrices (a complex one counts as one) and solves with them (a block counts as one).
	Factorisations, Solves int
	// NewtonIterations over all stages and steps.
	NewtonIterations int
	// Switches between the methods of a switching pair.
	Switches int
	// EventEvals counts evaluations of event functions, QuadratureEvals those of the integrands of a Quadrature.
	EventEvals, QuadratureEvals int
	// StabilityReductions counts how often a BDF lowered its order because its step size was limited by stability.
	StabilityReductions int
}

// Rejected is the number of rejected steps of all causes.
func (s *Stats) Rejected() int {
	return s.RejectedError + s.RejectedNewton + s.RejectedNonFinite + s.RejectedSingular + s.RejectedField + s.RejectedBounds + s.RejectedDense
}

func (s *Stats) reject(r RejectReason) {
	switch r {
	case RejectError:
		s.RejectedError++
	case RejectNewton:
		s.RejectedNewton++
	case RejectNonFinite:
		s.RejectedNonFinite++
	case RejectSingular:
		s.RejectedSingular++
	case RejectField:
		s.RejectedField++
	case RejectBounds:
		s.RejectedBounds++
	case RejectDense:
		s.RejectedDense++
	}
}

// Add adds the counts of o.
func (s *Stats) Add(o *Stats) {
	s.Steps += o.Steps
	s.StiffSteps += o.StiffSteps
	s.RejectedError += o.RejectedError
	s.RejectedNewton += o.RejectedNewton
	s.RejectedNonFinite += o.RejectedNonFinite
	s.RejectedSingular += o.RejectedSingular
	s.RejectedField += o.RejectedField
	s.RejectedBounds += o.RejectedBounds
	s.RejectedDense += o.RejectedDense
	s.Evals += o.Evals
	s.Jacobians += o.Jacobians
	s.JacobianEvals += o.JacobianEvals
	s.Factorisations += o.Factorisations
	s.Solves += o.Solves
	s.NewtonIterations += o.NewtonIterations
	s.Switches += o.Switches
	s.EventEvals += o.EventEvals
	s.QuadratureEvals += o.QuadratureEvals
	s.StabilityReductions += o.StabilityReductions
}

// String is one line for people.
func (s *Stats) String() string {
	return fmt.Sprintf("%d steps (%d rejected: %d error, %d Newton, %d non-finite, %d singular, %d field, %d bounds, %d dense output), %d f, %d Jacobians, %d factorisations, %d solves, %d Newton iterations, %d switches",
		s.Steps, s.Rejected(), s.RejectedError, s.RejectedNewton, s.RejectedNonFinite, s.RejectedSingular, s.RejectedField, s.RejectedBounds, s.RejectedDense,
		s.Evals, s.Jacobians, s.Factorisations, s.Solves, s.NewtonIterations, s.Switches)
}
