package model

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/stiffnode/stiffnode/ode"
)

// BatchOptions say how PredictBatch solves. The zero value is a sound default.
type BatchOptions struct {
	// Options of the solver; nil means the model's own.
	Options *ode.Options
	// Workers is the number of goroutines; 0 means one per core. It changes no bit of the result.
	Workers int
	// OneByOne solves without lanes.
	OneByOne bool
}

// PredictBatch solves the model for many initial states: in lanes of the processor's vector registers, ode.Lanes of them side by side on every
// core, where model and options allow it, else one at a time. What it fills in of a trajectory depends on that trajectory alone, not on the
// others nor on the number of workers. A trajectory that cannot be solved has its own Err and what was reached.
//
// The error is an *ode.InputError, or that of a cancelled context: then every trajectory that was not finished has an *ode.Failure whose
// cause is ode.CauseCanceled, and the others are complete.
func (m *Model) PredictBatch(ctx context.Context, batch []ode.Trajectory, o BatchOptions) error {
	var opt ode.Options
	var err error
	if o.Options != nil {
		opt = *o.Options
	} else if opt, err = m.Solver.Options(); err != nil {
		return err
	}
	workers := o.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	workers = max(1, min(workers, len(batch)))
	solvers := make([]batchSolver, workers)
	for i := range solvers {
		if solvers[i], err = m.newBatchSolver(opt, o.OneByOne); err != nil {
			return err
		}
	}
	var taken atomic.Int64
	next := func() *ode.Trajectory {
		if i := int(taken.Add(1)) - 1; i < len(batch) {
			return &batch[i]
		}
		return nil
	}
	var wait sync.WaitGroup
	for _, s := range solvers[1:] {
		wait.Go(func() { _ = s.Solve(ctx, next) })
	}
	_ = solvers[0].Solve(ctx, next)
	wait.Wait()
	if err := context.Cause(ctx); err != nil {
		cancelled := false
		for i := range batch {
			tr := &batch[i]
			if i >= int(taken.Load()) {
				tr.Y = tr.Y[:0]
				tr.Err = &ode.Failure{Cause: ode.CauseCanceled, Time: tr.T0, Component: -1, Err: err, Advice: "it was not begun"}
			}
			var f *ode.Failure
			cancelled = cancelled || errors.As(tr.Err, &f) && f.Cause == ode.CauseCanceled
		}
		if cancelled {
			return err
		}
	}
	return nil
}

// A batchSolver solves trajectories until there are no more.
type batchSolver interface {
	Solve(ctx context.Context, next func() *ode.Trajectory) error
}

var (
	_ batchSolver = (*ode.LaneSolver)(nil)
	_ batchSolver = (*onePredictor)(nil)
)

// newBatchSolver makes a solver in lanes if it can.
func (m *Model) newBatchSolver(opt ode.Options, oneByOne bool) (batchSolver, error) {
	if s, ok := m.RHS.(*Scaled); ok && !oneByOne && len(s.gates()) == 0 {
		f, err := newScaledLanes(s, m.Params)
		if err != nil {
			return nil, err
		}
		lanes, err := ode.NewLaneSolver(s.Problem(), f, opt)
		var no *ode.NoLanesError
		if !errors.As(err, &no) {
			return lanes, err
		}
	}
	p, err := m.NewPredictorWith(opt)
	return &onePredictor{p}, err
}

// onePredictor solves one trajectory at a time.
type onePredictor struct{ p *Predictor }

func (o *onePredictor) Solve(ctx context.Context, next func() *ode.Trajectory) error {
	for ctx.Err() == nil {
		tr := next()
		if tr == nil {
			return nil
		}
		tr.Y, tr.Err = tr.Y[:0], nil
		if len(tr.Times) == 0 {
			continue
		}
		s := o.p.solver
		s.SetSaveAt(tr.Times)
		sol, err := s.Solve(ctx, tr.T0, tr.Times[len(tr.Times)-1], tr.Y0)
		tr.Err = err
		if sol == nil {
			continue
		}
		tr.Y, tr.Stats = append(tr.Y, sol.Y...), sol.Stats
		var f *ode.Failure
		if errors.As(err, &f) {
			f.Solution = f.Solution.Clone() // the solver goes on
		}
	}
	return context.Cause(ctx)
}
