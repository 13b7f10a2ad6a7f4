package bench

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/internal/simulate"
	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/train"
)

// comparison is a problem on which models with and without constraints are compared: what they are trained on, and for how long.
type comparison struct {
	problem string
	times   []float64 // nil: the problem's
	hidden  []int     // nil: chosen by the data
	epochs  int       // of Levenberg and Marquardt
}

func comparisons() []comparison {
	var even []float64 // the 20 times of the problem leave the first minutes, in which most happens, to chance
	for i := range 31 {
		even = append(even, 2*float64(i))
	}
	return []comparison{{problem: "ROBER", epochs: 60}, {problem: "HIRES", epochs: 60}, {problem: "POLLU", times: even, hidden: []int{10, 10, 10}, epochs: 60}}
}

// ComparedProblems are the names of the problems on which models with and without constraints are compared.
func ComparedProblems() []string {
	var out []string
	for _, c := range comparisons() {
		out = append(out, c.problem)
	}
	return out
}

// variants are the models that are compared, the unconstrained one first.
var variants = []struct {
	name, kind  string
	nonNegative bool
}{
	{"unconstrained", "none", false},
	{"laws", "projection", false},
	{"non-negative", "none", true},
	{"laws, non-negative", "projection", true},
}

// comparedModels compares laws found from data with the stoichiometry, and models that keep them, or signs, or both, with one that does not, on the
// data and on unseen initial states.
func comparedModels(ctx context.Context, r *Report, o ConstraintOptions) error {
	found := Table{Title: "laws found from four trajectories", Rows: [][]string{{"problem", "law"}}}
	t := Table{Title: "models of one trajectory, with these laws; unseen: four other initial states", Rows: [][]string{{"problem", "seed", "model", "mae", "largest violation", "lowest value/atol", "mae, unseen", "violation, unseen", "lowest, unseen", "seconds"}}}
	for _, c := range comparisons() {
		if o.Problems != nil && !slices.Contains(o.Problems, c.problem) {
			continue
		}
		p, several, err := trajectories(ctx, c.problem, 4, 1)
		if err != nil {
			return err
		}
		_, unseen, err := trajectories(ctx, c.problem, 5, 77)
		if err != nil {
			return err
		}
		unseen.Trajectories = unseen.Trajectories[1:] // the first is the problem's own
		set, _, err := simulate.Run(ctx, p, simulate.Options{Times: c.times})
		if err != nil {
			return err
		}
		var weights [][]float64
		var laws []model.Law
		var texts []string
		for _, v := range several.Invariants() {
			l := model.Law{Weights: v.Weights}
			weights, laws, texts = append(weights, v.Weights), append(laws, l), append(texts, l.Format(set.States))
			found.Rows = append(found.Rows, []string{c.problem, l.Format(set.States)})
		}
		null, angle, err := stoichiometry(p, weights)
		if err != nil {
			return err
		}
		r.claim(len(weights) == null && angle <= 1e-10, "%s: %d laws found from data, the stoichiometry's null space has %d dimensions; largest sine of an angle between them %s", c.problem, len(weights), null, sci(angle))
		errors, away := make([][]float64, len(variants)), make([][]float64, len(variants))
		for _, seed := range o.Seeds {
			for n, v := range variants {
				o.Say("%s, seed %d: %s", c.problem, seed, v.name)
				f, err := fit(ctx, set, seed, o.Budget, func(cfg *train.Config) {
					cfg.Train.Epochs, cfg.Constraints.Kind = c.epochs, v.kind
					if c.hidden != nil {
						cfg.Model.Hidden = slices.Clone(c.hidden)
					}
					if v.kind != "none" {
						cfg.Constraints.Laws = slices.Clone(texts)
					}
					if v.nonNegative {
						cfg.Constraints.NonNegative = []string{"auto"}
					}
				})
				if err != nil {
					if ctx.Err() != nil {
						return context.Cause(ctx)
					}
					r.claim(false, "%s, seed %d, %s: %v", c.problem, seed, v.name, err)
					continue
				}
				row := []string{c.problem, fmt.Sprint(seed), v.name, sci(f.mae)}
				for i, of := range []*data.Set{set, unseen} {
					score, _, err := train.Evaluate(ctx, f.model, of, nil)
					if err != nil {
						if ctx.Err() != nil {
							return context.Cause(ctx)
						}
						row = append(row, "cannot be solved", "–", "–")
						continue
					}
					if i == 1 {
						row = append(row, sci(score.MAE))
						away[n] = append(away[n], score.MAE)
					}
					d, err := drift(ctx, f.model, of, laws, false)
					if err != nil {
						return err
					}
					low, state, err := lowest(ctx, f.model, of)
					if err != nil {
						return err
					}
					row = append(row, sci(d), sci(low))
					where := map[bool]string{false: "the data", true: "unseen initial states"}[i == 1]
					if v.kind != "none" {
						r.claim(d <= lawBound, "%s, seed %d, %s: laws kept to %s relative on %s, floor %g", c.problem, seed, v.name, sci(d), where, lawBound)
					}
					if v.nonNegative {
						r.claim(low >= -belowZero, "%s, seed %d, %s: lowest value on %s %s times the absolute tolerance (%s), floor %g", c.problem, seed, v.name, where, sci(low), state, -belowZero)
					}
				}
				errors[n] = append(errors[n], f.mae)
				t.Rows = append(t.Rows, append(row, fmt.Sprintf("%.1f", f.seconds)))
			}
		}
		compareErrors(r, c.problem, errors, away)
	}
	r.Tables = append(r.Tables, found, t)
	return nil
}

// compareErrors claims that constraints do not cost accuracy, over the seeds, and reports it on unseen initial states.
func compareErrors(r *Report, problem string, errors, away [][]float64) {
	free := middle(errors[0])
	r.claim(free <= trainedMAE, "%s: the unconstrained models are trained: median mae %s, floor %g", problem, sci(free), trainedMAE)
	t := Table{Title: problem + ": median mae over the seeds, that of the unconstrained model for one", Rows: [][]string{{"model", "data", "worst seed", "unseen initial states"}}}
	for n, v := range variants {
		if len(errors[n]) != len(errors[0]) {
			r.claim(false, "%s, %s: not every seed could be trained", problem, v.name)
			continue
		}
		worst := 0.0
		for i, e := range errors[n] {
			worst = max(worst, e/errors[0][i])
		}
		m := middle(errors[n])
		t.Rows = append(t.Rows, []string{v.name, fmt.Sprintf("%.2f", m/free), fmt.Sprintf("%.2f", worst), fmt.Sprintf("%.2f", middle(away[n])/middle(away[0]))})
		if v.kind == "projection" && !v.nonNegative {
			r.claim(m <= constrainedLoss*free, "%s: median mae %s with laws, %s without; floor %g times that", problem, sci(m), sci(free), constrainedLoss)
		}
	}
	r.Tables = append(r.Tables, t)
}

func middle(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(v))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

// lowest is the least value that a model has anywhere on the trajectories of a set, in units of the state's absolute tolerance, and the state, solved as
// predict does, at many times.
func lowest(ctx context.Context, m *model.Model, set *data.Set) (float64, string, error) {
	p, err := m.NewPredictor()
	if err != nil {
		return 0, "", err
	}
	size := m.RHS.Problem().Scale
	low, name := math.Inf(1), ""
	for i := range set.Trajectories {
		tr := &set.Trajectories[i]
		var times []float64
		for r := 1; r < len(tr.Times); r++ {
			const between = 8
			a, b := tr.Times[r-1], tr.Times[r]
			for q := range between {
				times = append(times, a+(b-a)*float64(q+1)/between)
			}
		}
		y, err := p.Predict(ctx, tr.Times[0], tr.Row(0, len(size)), times)
		if err != nil {
			return 0, "", err
		}
		for n, v := range y {
			s := n % len(size)
			if x := v / (1e-3 * m.Solver.RTol * size[s]); x < low {
				low, name = x, set.States[s]
			}
		}
	}
	return low, name, nil
}
