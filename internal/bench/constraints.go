package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/internal/simulate"
	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
	"github.com/stiffnode/stiffnode/train"
)

// ConstraintOptions say how much of the study of constraints is done.
type ConstraintOptions struct {
	// Seeds of the training runs on Robertson's problem; the first is that of the others.
	Seeds []uint64
	// Budget bounds every training run on POLLU and HIRES.
	Budget time.Duration
	// Say is told of progress.
	Say func(format string, args ...any)
}

// Bounds of the study.
const (
	lawBound        = 1e-12
	robertsonMAE    = 1e-3
	robertsonTime   = 30 * time.Second
	constrainedLoss = 1.5 // mae of a constrained model over that of the unconstrained
)

// fitted is a training run with its outcome.
type fitted struct {
	model   *model.Model
	initial [][]float64
	mae     float64
	seconds float64
	laws    []model.Law
	notes   []string
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
	f := &fitted{model: res.Model, initial: res.Initial, seconds: time.Since(began).Seconds(), notes: run.Notes()}
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

// fitSome is fit with the first seed from which training gets away, of a few: a start that cannot be solved has nothing to do with constraints.
func fitSome(ctx context.Context, set *data.Set, seed uint64, budget time.Duration, change func(*train.Config)) (*fitted, uint64, error) {
	const tries = 5
	var last error
	for s := seed; s < seed+tries; s++ {
		f, err := fit(ctx, set, s, budget, change)
		var failed *train.FailedError
		if err == nil || !errors.As(err, &failed) {
			return f, s, err
		}
		last = err
	}
	return nil, 0, last
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
	for _, part := range []func(context.Context, *Report, ConstraintOptions) error{robertsonDAE, foundLaws, constrainedGradients, contradictions} {
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
	t := Table{Title: "ROBER as a DAE (Eqs. 21–22), default training", Rows: [][]string{{"seed", "mae", "largest |y1 + y2 + y3 − 1|", "seconds"}}}
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
		t.Rows = append(t.Rows, []string{fmt.Sprint(seed), sci(f.mae), sci(d), fmt.Sprintf("%.1f", f.seconds)})
		r.claim(d <= lawBound, "ROBER as a DAE, seed %d: |y1 + y2 + y3 − 1| ≤ %s at every time, floor %g", seed, sci(d), lawBound)
		r.claim(f.mae <= robertsonMAE && f.seconds <= robertsonTime.Seconds(), "ROBER as a DAE, seed %d: mae %s in %.1f s, floor %g in %v", seed, sci(f.mae), f.seconds, robertsonMAE, robertsonTime)
	}
	r.Tables = append(r.Tables, t)
	return nil
}

// foundLaws compares laws found from data with the stoichiometry, and a model that keeps them with one that does not, on the data and on
// unseen initial states.
func foundLaws(ctx context.Context, r *Report, o ConstraintOptions) error {
	t := Table{Title: "linear laws found from four trajectories, kept by projection; networks 2×10, four starts", Rows: [][]string{{"problem", "laws", "model", "seed", "mae", "largest violation", "mae, unseen initial states", "violation, unseen", "seconds"}}}
	for _, name := range []string{"HIRES", "POLLU"} {
		p, set, err := trajectories(ctx, name, 4, 1)
		if err != nil {
			return err
		}
		_, unseen, err := trajectories(ctx, name, 5, 77)
		if err != nil {
			return err
		}
		unseen.Trajectories = unseen.Trajectories[1:] // the first is the problem's own
		var weights [][]float64
		var laws []model.Law
		var texts []string
		for _, v := range set.Invariants() {
			l := model.Law{Weights: v.Weights}
			weights, laws, texts = append(weights, v.Weights), append(laws, l), append(texts, l.Format(set.States))
		}
		null, angle, err := stoichiometry(p, weights)
		if err != nil {
			return err
		}
		r.claim(len(weights) == null && angle <= 1e-10, "%s: %d laws found from data, the stoichiometry's null space has %d dimensions; largest sine of an angle between them %s", name, len(weights), null, sci(angle))
		free := math.NaN()
		for _, kind := range []string{"none", "projection"} {
			o.Say("%s, constraints: %s", name, kind)
			f, seed, err := fitSome(ctx, set, o.Seeds[0], o.Budget, func(c *train.Config) {
				c.Model.Hidden, c.LeastSquares.Starts = []int{10, 10}, 4
				c.Constraints.Kind = kind
				if kind != "none" {
					c.Constraints.Laws = []string{"auto"}
				}
			})
			if err != nil {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				r.claim(false, "%s, constraints %s: %v", name, kind, err)
				continue
			}
			row := []string{name, strings.Join(texts, "; "), kind, fmt.Sprint(seed), sci(f.mae)}
			d, err := drift(ctx, f.model, set, laws, false)
			if err != nil {
				return err
			}
			row = append(row, sci(d))
			if score, _, err := train.Evaluate(ctx, f.model, unseen, nil); err != nil {
				row = append(row, "cannot be solved", "–")
			} else {
				away, err := drift(ctx, f.model, unseen, laws, false)
				if err != nil {
					return err
				}
				row = append(row, sci(score.MAE), sci(away))
			}
			t.Rows = append(t.Rows, append(row, fmt.Sprintf("%.1f", f.seconds)))
			if kind == "none" {
				free = f.mae
				continue
			}
			r.claim(d <= lawBound, "%s: laws kept to %s relative, floor %g", name, sci(d), lawBound)
			r.claim(f.mae <= constrainedLoss*free, "%s: mae %s with laws, %s without; floor %g times that", name, sci(f.mae), sci(free), constrainedLoss)
		}
	}
	r.Tables = append(r.Tables, t)
	return nil
}

// stoichiometry returns the dimension of the space of laws of a mechanism, and the largest sine of an angle between laws and that space. Rates
// are linear in their constants, so the columns of ∂f/∂k at random states and constants span what the mechanism can do.
func stoichiometry(p *problems.Problem, laws [][]float64) (int, float64, error) {
	f, ok := p.IVP.New().(ode.ParamField)
	if !ok {
		return 0, 0, fmt.Errorf("%s has no parameters", p.Name)
	}
	k, m := p.IVP.Dim, f.NumParams()
	const points = 4
	span := mat.NewDense(k, m*points, nil)
	y, dst, jac := make([]float64, k), make([]float64, k), make([]float64, k*m)
	for c := range points {
		for i := range y {
			y[i] = 0.5 + math.Abs(math.Sin(float64(1+c*k+i))) // generic numbers of size one
		}
		if err := f.Eval(dst, p.T0, y); err != nil {
			return 0, 0, err
		}
		f.ParamJacobian(jac, 0, m)
		for i := range k {
			for j := range m {
				span.Set(i, c*m+j, jac[i*m+j])
			}
		}
	}
	var svd mat.SVD
	if !svd.Factorize(span, mat.SVDThinU) {
		return 0, 0, fmt.Errorf("%s: no singular value decomposition", p.Name)
	}
	var u mat.Dense
	svd.UTo(&u)
	rank := 0
	for _, s := range svd.Values(nil) {
		if s > 1e-10*svd.Values(nil)[0] {
			rank++
		}
	}
	worst := 0.0
	for _, w := range laws {
		norm, along := 0.0, 0.0
		for _, x := range w {
			norm += x * x
		}
		for j := range rank {
			s := 0.0
			for i, x := range w {
				s += x * u.At(i, j)
			}
			along += s * s
		}
		worst = max(worst, math.Sqrt(along/norm))
	}
	return k - rank, worst, nil
}
