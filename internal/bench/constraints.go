package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/internal/simulate"
	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/ode/problems"
	"github.com/stiffnode/stiffnode/train"
)

// ConstraintOptions say how much of the study of constraints is done.
type ConstraintOptions struct {
	// Seeds of the training runs.
	Seeds []uint64
	// Budget bounds every training run on POLLU and HIRES; on a machine that is not busy their epochs end sooner.
	Budget time.Duration
	// Problems are those on which models are compared; nil means all of ComparedProblems.
	Problems []string
	// Say is told of progress.
	Say func(format string, args ...any)
}

// Bounds of the study.
const (
	lawBound        = 1e-12
	robertsonMAE    = 1e-3
	robertsonTime   = 30 * time.Second
	constrainedLoss = 1.5  // mae of a constrained model over that of the unconstrained
	trainedMAE      = 0.01 // from which on a model has not been trained, and a comparison says nothing
	// belowZero is how far below zero a non-negative state may be at any time, in units of its absolute tolerance. At the ends of steps it is one; between
	// them dense output adds its own error.
	belowZero = 2.0
)

// fitted is a training run with its outcome.
type fitted struct {
	model   *model.Model
	mae     float64
	seconds float64
	laws    []model.Law
}

// fit trains with default settings after change, and measures by the metric.
func fit(ctx context.Context, set *data.Set, seed uint64, budget time.Duration, change func(*train.Config)) (*fitted, error) {
	cfg := train.Default()
	cfg.Train.Seed, cfg.Train.Budget = seed, budget.Seconds()
	if change != nil {
		change(cfg)
	}
	began := time.Now()
	cfg.Resolve(set)
	run, err := train.New(cfg, set)
	if err != nil {
		return nil, err
	}
	defer run.Close()
	res, err := run.Run(ctx)
	if err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	f := &fitted{model: res.Model, seconds: time.Since(began).Seconds()}
	score, _, err := train.Evaluate(ctx, res.Model, set, res.Initial)
	if err != nil {
		return nil, err
	}
	f.mae = score.MAE
	switch r := res.Model.RHS.(type) {
	case *model.Projected:
		f.laws = r.Laws()
	case *model.DAE:
		f.laws = r.Laws()
	}
	return f, nil
}

// drift is the largest departure from laws along the model's trajectories of a set, at the set's times, relative to the largest Σ |cᵢ yᵢ| unless
// absolute is asked for.
func drift(ctx context.Context, m *model.Model, set *data.Set, laws []model.Law, absolute bool) (float64, error) {
	_, predicted, err := train.Evaluate(ctx, m, set, nil)
	if err != nil {
		return 0, err
	}
	of := *set
	of.Trajectories = slices.Clone(set.Trajectories)
	for i := range of.Trajectories {
		of.Trajectories[i].Values = predicted[i]
	}
	worst := 0.0
	for _, l := range laws {
		v := of.Violation(l.Weights)
		if l.Total != nil {
			v = of.ViolationOf(l.Weights, *l.Total)
		}
		if absolute {
			worst = max(worst, v.Amount)
		} else {
			worst = max(worst, v.Relative)
		}
	}
	return worst, nil
}

// trajectories simulates a known problem from several initial states.
func trajectories(ctx context.Context, name string, n int, seed uint64) (*problems.Problem, *data.Set, error) {
	p, err := problems.ByName(name)
	if err != nil {
		return nil, nil, err
	}
	set, _, err := simulate.Run(ctx, p, simulate.Options{Trajectories: n, Spread: 0.3, Seed: seed})
	return p, set, err
}

// Constraints is the study of models that keep what must be kept.
func Constraints(ctx context.Context, o ConstraintOptions) (*Report, error) {
	r := &Report{Title: "Models that keep conservation laws"}
	for _, part := range []func(context.Context, *Report, ConstraintOptions) error{robertsonDAE, signs, comparedModels, constrainedGradients, contradictions} {
		if err := part(ctx, r, o); err != nil {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	return r, nil
}

// robertsonDAE learns Robertson's problem as Eqs. 21–22 of Kim et al. (2021): y3 from 0 = y1 + y2 + y3 − 1.
func robertsonDAE(ctx context.Context, r *Report, o ConstraintOptions) error {
	_, set, err := trajectories(ctx, "ROBER", 1, 1)
	if err != nil {
		return err
	}
	t := Table{Title: "ROBER as a DAE (Eqs. 21–22), default training", Rows: [][]string{{"seed", "mae", "largest |y1 + y2 + y3 − 1|", "from an inconsistent start", "seconds"}}}
	for _, seed := range o.Seeds {
		o.Say("ROBER as a DAE, seed %d", seed)
		f, err := fit(ctx, set, seed, 0, func(c *train.Config) {
			c.Constraints = train.ConstraintsConfig{Kind: "dae", Laws: []string{"y1 + y2 + y3 = 1"}, Algebraic: []string{"y3"}}
		})
		if err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			r.claim(false, "ROBER as a DAE, seed %d: %v", seed, err)
			continue
		}
		d, err := drift(ctx, f.model, set, f.laws, true)
		if err != nil {
			return err
		}
		moved := set.Clone() // y3(0) must be solved for, not taken over
		moved.Trajectories[0].Values[2] += 0.1
		start, err := drift(ctx, f.model, moved, f.laws, true)
		if err != nil {
			return err
		}
		t.Rows = append(t.Rows, []string{fmt.Sprint(seed), sci(f.mae), sci(d), sci(start), fmt.Sprintf("%.1f", f.seconds)})
		r.claim(start <= lawBound, "ROBER as a DAE, seed %d: begun with a y3 that is off by 0.1, |y1 + y2 + y3 − 1| ≤ %s at every time, floor %g", seed, sci(start), lawBound)
		r.claim(d <= lawBound, "ROBER as a DAE, seed %d: |y1 + y2 + y3 − 1| ≤ %s at every time, floor %g", seed, sci(d), lawBound)
		r.claim(f.mae <= robertsonMAE && f.seconds <= robertsonTime.Seconds(), "ROBER as a DAE, seed %d: mae %s in %.1f s, floor %g in %v", seed, sci(f.mae), f.seconds, robertsonMAE, robertsonTime)
	}
	r.Tables = append(r.Tables, t)
	return nil
}
