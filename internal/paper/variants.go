package paper

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/stiffnode/stiffnode/internal/plots"
	"github.com/stiffnode/stiffnode/train"
)

// A variant is a recipe with a change.
type variant struct {
	name, recipe string
	change       func(*train.Config)
}

// variantRuns trains every variant from seeds 1 to seeds; the runs of a variant follow each other.
func variantRuns(ctx context.Context, env *Env, variants []variant, seeds, epochs int) (runs []*learning, names []string, err error) {
	runs, names = make([]*learning, len(variants)*seeds), make([]string, len(variants)*seeds)
	errs := make([]error, len(runs))
	parallel(2, len(runs), func(i int) {
		v := variants[i/seeds]
		names[i] = fmt.Sprintf("%s, seed %d", v.name, i%seeds+1)
		runs[i], errs[i] = learn(ctx, env, v.recipe, epochs, func(c *train.Config) {
			c.Train.Seed = uint64(i%seeds + 1)
			if v.change != nil {
				v.change(c)
			}
		})
	})
	for i, err := range errs {
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", names[i], err)
		}
	}
	return runs, names, nil
}

// middles is the median over the seeds of each variant.
func middles(runs []*learning, seeds int, of func(*learning) float64) []float64 {
	var out []float64
	for i := 0; i < len(runs); i += seeds {
		var v []float64
		for _, l := range runs[i : i+seeds] {
			v = append(v, of(l))
		}
		out = append(out, median(v))
	}
	return out
}

// perState says how far each state of a model is from the data.
func perState(l *learning) string {
	var parts []string
	for i, e := range l.states {
		parts = append(parts, l.set.States[i]+" "+num(e))
	}
	return strings.Join(parts, ", ")
}

func supplementEntry() *Entry {
	const epochs, longEpochs, seeds = 20_000, 200_000, 3
	shallow := variant{"1×50 tanh, scaled", "rober", func(c *train.Config) { c.Model.Hidden, c.Model.Activation = []int{50}, "tanh" }}
	variants := []variant{
		{"6×5 GELU, scaled", "rober", nil},
		{"6×5 GELU, no scaling", "rober", func(c *train.Config) { c.Model.YScale, c.Model.TScale = "none", "none" }},
		shallow,
		{"3×5 GELU, scaled", "rober", func(c *train.Config) { c.Model.Hidden = []int{5, 5, 5} }},
		{"6×10 GELU, scaled", "rober", func(c *train.Config) { c.Model.Hidden = slices.Repeat([]int{10}, 6) }},
		{"POLLU, 1×50 tanh, no scaling", "pollu", func(c *train.Config) {
			c.Model.Hidden, c.Model.Activation, c.Model.YScale, c.Model.TScale = []int{50}, "tanh", "none", "none"
		}},
		{"POLLU, 3×10 GELU, scaled", "pollu", nil},
	}
	return &Entry{
		ID: "supplement", Title: "Scaling, depth and width", Place: "supplement", Threads: 2, Config: fmt.Sprintf("%d variants of the recipes, seeds 1-%d, %d epochs", len(variants), seeds, epochs),
		Run: func(ctx context.Context, env *Env) (*Result, error) {
			runs, names, err := variantRuns(ctx, env, variants, seeds, epochs)
			if err != nil {
				return nil, err
			}
			r := &Result{}
			r.say("The same problems with scaling, depth and width changed one at a time, %d epochs from %d seeds each; claims are about the middle seed.", epochs, seeds)
			best := middles(runs, seeds, (*learning).best)
			f := supplementFinding{epochs: epochs, deep: best[0], unscaled: best[1], shallow: best[2], polluBaseline: best[5], pollu: best[6]}
			if env.Long {
				r.say("The shallow network was trained on to %d epochs from the same seeds.", longEpochs)
				long, longNames, err := variantRuns(ctx, env, []variant{{shallow.name + fmt.Sprintf(", %d epochs", longEpochs), shallow.recipe, shallow.change}}, seeds, longEpochs)
				if err != nil {
					return nil, err
				}
				f.longEpochs, f.shallowLong, f.states = longEpochs, middles(long, seeds, (*learning).best)[0], perState(long[0])
				runs, names = append(runs, long...), append(names, longNames...)
			}
			table := Table{Name: "supplement-runs", Shown: true, Header: []string{"network", "best", "median of the last 1000", "gradient norm, decades", "failed solves"}}
			for i, l := range runs {
				table.Rows = append(table.Rows, []string{names[i], num(l.best()), num(l.settled()), fmt.Sprintf("%.1f", l.spread()), fmt.Sprint(l.result.Failures)})
			}
			r.Tables = append(r.Tables, table)
			f.judge(r)
			r.timing("supplement-times", runs, names)
			var robertson, pollution []*learning
			var rober, pollu []string
			for i := range variants {
				if variants[i].recipe == "rober" {
					robertson, rober = append(robertson, runs[i*seeds]), append(rober, variants[i].name)
				} else {
					pollution, pollu = append(pollution, runs[i*seeds]), append(pollu, strings.TrimPrefix(variants[i].name, "POLLU, "))
				}
			}
			r.Figures = append(r.Figures, curves("supplement", "Loss and gradient norm of the variants on Robertson's problem, seed 1.", robertson, rober, plots.Series{}),
				curves("supplement-pollu", "The same on POLLU.", pollution, pollu, plots.Series{}))
			return r, nil
		},
	}
}

func steerEntry() *Entry {
	const epochs, seeds = 10_000, 5
	const late, from, lateSeeds, longSeeds = 50_000, 40_000, 3, 5
	variants := []variant{{"plain", "rober", nil}, {"STEER", "rober", func(c *train.Config) { c.STEER.Fraction = 0.3 }}}
	stages := []variant{{"plain", "rober", nil}, {"annealing", "rober", func(c *train.Config) {
		c.Schedule.Kind, c.Schedule.Factor, c.Schedule.Every, c.Schedule.Final = "step", 0.1, from, 0
	}}}
	return &Entry{
		ID: "steer", Title: "STEER and annealing", Place: "Sec. IV A 2", Threads: 2,
		Config: fmt.Sprintf("plain and STEER 0.3, seeds 1-%d, %d epochs; plain and a tenth of the learning rate from epoch %d of %d, seeds 1-%d, with --long 1-%d", seeds, epochs, from, late, lateSeeds, longSeeds),
		Run: func(ctx context.Context, env *Env) (*Result, error) {
			runs, names, err := variantRuns(ctx, env, variants, seeds, epochs)
			if err != nil {
				return nil, err
			}
			r := &Result{}
			r.say("Robertson's problem with the paper's network, plain and with random truncation of the end (STEER, up to 30 %% of the rows), from %d seeds each. Compared is the scaled mean absolute error over the whole interval that the model has after %d epochs; the losses in the figure are those of the epochs, over truncated intervals where STEER truncates.", seeds, epochs)
			score := func(list []*learning, of func(*learning) float64) (v []float64) {
				for _, l := range list {
					v = append(v, of(l))
				}
				return v
			}
			of := func(l *learning) float64 { return l.score }
			steerFinding{score(runs[:seeds], of), score(runs[seeds:], of)}.judge(r)
			table := Table{Name: "steer-runs", Shown: true, Header: []string{"run", "error of the model"}}
			for i, l := range runs {
				table.Rows = append(table.Rows, []string{names[i], num(l.score)})
			}

			n := lateSeeds
			if env.Long {
				n = longSeeds
			}
			r.say("The paper speaks of annealing at later stages: the same network for %d epochs, plain and with a tenth of the learning rate from epoch %d on, from %d seeds each. Compared is the median of the last %d losses.", late, from, n, lastEpochs)
			later, laterNames, err := variantRuns(ctx, env, stages, n, late)
			if err != nil {
				return nil, err
			}
			annealingFinding{score(later[:n], (*learning).settled), score(later[n:], (*learning).settled)}.judge(r)
			losses := Table{Name: "annealing-runs", Shown: true, Header: []string{"run", fmt.Sprintf("median of the last %d losses", lastEpochs)}}
			for i, l := range later {
				losses.Rows = append(losses.Rows, []string{laterNames[i], num(l.settled())})
			}
			r.Tables = append(r.Tables, table, losses)
			r.timing("steer-times", append(runs, later...), append(names, laterNames...))
			r.Figures = append(r.Figures, curves("steer", "Loss and gradient norm, first seed of each.", []*learning{runs[0], runs[seeds]}, []string{"plain", "STEER"}, plots.Series{}),
				curves("annealing", "Loss and gradient norm with and without annealing, first seed of each.", []*learning{later[0], later[n]}, []string{"plain", "annealing"}, plots.Series{}))
			return r, nil
		},
	}
}
