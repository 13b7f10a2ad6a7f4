package functions

import (
	"context"
	"errors"
	"math"

	"github.com/stiffnode/stiffnode/optim"
)

// Failure says how a problem fails outside its domain.
type Failure int

const (
	FailWithNaN   Failure = iota // residuals are NaN
	FailWithInf                  // residuals are infinite
	FailWithError                // an *optim.FailedError
)

func (f Failure) String() string { return [...]string{"NaN", "Inf", "error"}[f] }

// Failing is a problem that cannot be evaluated outside a domain, as a differential equation that cannot be integrated for some
// parameters.
type Failing struct {
	*Problem
	Inside  func(x []float64) bool
	Failure Failure
	Count   int // of evaluations outside
}

var errOutside = errors.New("outside the domain")

func (f *Failing) outside(r, jac []float64) error {
	f.Count++
	if f.Failure == FailWithError {
		return &optim.FailedError{Err: errOutside}
	}
	v := math.NaN()
	if f.Failure == FailWithInf {
		v = math.Inf(1)
	}
	for i := range r {
		r[i] = v
	}
	for i := range jac {
		jac[i] = v
	}
	return nil
}

// Residual implements optim.Residuals.
func (f *Failing) Residual(ctx context.Context, r, x []float64) error {
	if !f.Inside(x) {
		return f.outside(r, nil)
	}
	return f.Problem.Residual(ctx, r, x)
}

// ResidualJacobian implements optim.Residuals.
func (f *Failing) ResidualJacobian(ctx context.Context, r, jac, x []float64) error {
	if !f.Inside(x) {
		return f.outside(r, jac)
	}
	return f.Problem.ResidualJacobian(ctx, r, jac, x)
}
