package model

import (
	"context"
	"math"
	"slices"

	"github.com/stiffnode/stiffnode/ode"
)

// Predictor solves a model, any number of times, for one goroutine.
type Predictor struct {
	solver *ode.Solver // with the lower bounds of non-negative states
	free   *ode.Solver // without; nil where there are none
	floors []float64
}

// NewPredictor makes a predictor with the model's own solver and tolerances.
func (m *Model) NewPredictor() (*Predictor, error) {
	opt, err := m.Solver.Options()
	if err != nil {
		return nil, err
	}
	return m.NewPredictorWith(opt)
}

// NewPredictorWith makes a predictor with other options. Where these say nothing of lower bounds, steps that lead a non-negative state
// below zero by more than the tolerance are made again with a smaller size. That holds from initial states that are not negative themselves, forward
// in time; from others the vector field leads back to zero.
func (m *Model) NewPredictorWith(opt ode.Options) (*Predictor, error) {
	if opt.SaveAt == nil {
		opt.SaveAt = []float64{}
	}
	p := &Predictor{}
	var err error
	solver := func() (*ode.Solver, error) {
		s, err := ode.NewSolver(m.RHS.Problem(), opt)
		if err == nil {
			s.Field().(ode.ParamField).Bind(m.Params)
		}
		return s, err
	}
	if floors := Floors(m.States); floors != nil && opt.Lower == nil {
		if p.free, err = solver(); err != nil {
			return nil, err
		}
		p.floors, opt.Lower = floors, floors
	}
	if p.solver, err = solver(); err != nil {
		return nil, err
	}
	return p, nil
}

// Floors are the lower bounds of the states for ode.Options.Lower: 0 for learned non-negative ones, nil where there are none.
func Floors(states []State) []float64 {
	var out []float64
	for i, s := range states {
		if s.NonNegative && s.Role == Learned {
			if out == nil {
				out = slices.Repeat([]float64{math.Inf(-1)}, len(states))
			}
			out[i] = 0
		}
	}
	return out
}

// Predict returns the states at the times (len(times)×states, row-major) of the trajectory that begins with y0 at t0. The times lie
// on one side of t0 and are sorted away from it; t0 may be the first of them. The error is an *ode.InputError or an *ode.Failure.
func (p *Predictor) Predict(ctx context.Context, t0 float64, y0, times []float64) ([]float64, error) {
	if len(times) == 0 {
		return nil, nil
	}
	s, end := p.solver, times[len(times)-1]
	for i, lo := range p.floors {
		if i < len(y0) && y0[i] < lo || end < t0 {
			s = p.free
		}
	}
	s.SetSaveAt(times)
	sol, err := s.Solve(ctx, t0, end, y0)
	if err != nil {
		return nil, err
	}
	return slices.Clone(sol.Y), nil
}
