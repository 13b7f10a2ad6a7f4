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
	const epochs, seeds = 20_000, 3
	variants := []variant{
		{"6×5 GELU, scaled", "rober", nil},
		{"6×5 GELU, no scaling", "rober", func(c *train.Config) { c.Model.YScale, c.Model.TScale = "none", "none" }},
		{"1×50 tanh, scaled", "rober", func(c *train.Config) { c.Model.Hidden, c.Model.Activation = []int{50}, "tanh" }},
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
			table := Table{Name: "supplement", Shown: true, Header: []string{"network", "best", "median of the last 1000", "gradient norm, decades", "failed solves"}}
			for i, l := range runs {
				table.Rows = append(table.Rows, []string{names[i], num(l.best()), num(l.settled()), fmt.Sprintf("%.1f", l.spread()), fmt.Sprint(l.result.Failures)})
			}
			r.Tables = append(r.Tables, table)
			best := middles(runs, seeds, (*learning).best)
			against := func(a, b int) string { return "best " + num(best[a]) + " against " + num(best[b]) }
			r.claim(best[1] >= 3*best[0], "without scaling the same deep network fails", against(1, 0), "fewer epochs than the paper's")
			r.claim(best[2] <= 0.1, "a shallow tanh network with scaling succeeds", "best "+num(best[2]), "it flat-lines; errors of "+perState(runs[2*seeds])+" from seed 1")
			r.claim(best[2] >= best[0], "but slower", against(2, 0)+" of the deep network after the same epochs", "fewer epochs than the paper's")
			r.claim(best[5] >= 3*best[6], "the baseline fails on POLLU", against(5, 6)+" of the scaled network", "fewer epochs than the paper's")
			r.timing("supplement-times", runs, names)
			var first []*learning
			var labels []string
			for i := 0; i < len(runs); i += seeds {
				first, labels = append(first, runs[i]), append(labels, variants[i/seeds].name)
			}
			r.Figures = append(r.Figures, curves("supplement", "Loss and gradient norm of the variants, seed 1.", first, labels, plots.Series{}))
			return r, nil
		},
	}
}

func steerEntry() *Entry {
	const epochs, seeds = 10_000, 5
	variants := []variant{
		{"plain", "rober", nil},
		{"STEER", "rober", func(c *train.Config) { c.STEER.Fraction = 0.3 }},
		{"annealing", "rober", func(c *train.Config) {
			c.Schedule.Kind, c.Schedule.Factor, c.Schedule.Every, c.Schedule.Final = "exponential", 0.5, 2500, 1e-4
		}},
	}
	return &Entry{
		ID: "steer", Title: "STEER and annealing", Place: "Sec. IV", Threads: 2, Config: fmt.Sprintf("plain, STEER 0.3, exponential annealing; seeds 1-%d, %d epochs", seeds, epochs),
		Run: func(ctx context.Context, env *Env) (*Result, error) {
			runs, names, err := variantRuns(ctx, env, variants, seeds, epochs)
			if err != nil {
				return nil, err
			}
			r := &Result{}
			r.say("Robertson's problem with the paper's network: plain, with random truncation of the end (STEER, up to 30 %% of the rows), and with the learning rate halved every 2500 epochs, from %d seeds each. Compared is the scaled mean absolute error over the whole interval that the model has after %d epochs; the losses in the figure are those of the epochs, over truncated intervals where STEER truncates.", seeds, epochs)
			table := Table{Name: "steer", Shown: true, Header: []string{"run", "error of the model"}}
			for i, l := range runs {
				table.Rows = append(table.Rows, []string{names[i], num(l.score)})
			}
			r.Tables = append(r.Tables, table)
			end := middles(runs, seeds, func(l *learning) float64 { return l.score })
			for v, name := range []string{"STEER", "annealing"} {
				r.claim(end[v+1] < end[0], name+" accelerates training", fmt.Sprintf("middle of %d seeds: error %s against %s of plain training after the same epochs", seeds, num(end[v+1]), num(end[0])),
					"with exact gradients from a solve that does not fail there is little that truncation or small steps could repair this early")
			}
			r.timing("steer-times", runs, names)
			r.Figures = append(r.Figures, curves("steer", "Loss and gradient norm, first seed of each.", []*learning{runs[0], runs[seeds], runs[2*seeds]}, []string{"plain", "STEER", "annealing"}, plots.Series{}))
			return r, nil
		},
	}
}
