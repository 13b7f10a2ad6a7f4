package paper

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/stiffnode/stiffnode/internal/plots"
	"github.com/stiffnode/stiffnode/train"
)

// Published figures of the released histories: median of the last 1000 losses, best loss.
const (
	publishedROBER, publishedBestROBER = 0.005937, 0.004406
	publishedPOLLU, publishedBestPOLLU = 0.003856, 0.001855
	publishedHours                     = 2
)

func seconds(l *learning) float64 { return l.result.Elapsed.Seconds() }

// timing notes how long a run took: the one thing that differs when a report is made again.
func (r *Result) timing(name string, runs []*learning, names []string) {
	t := Table{Name: name, Shown: true, Header: []string{"run", "epochs", "seconds", "epochs per second"}}
	for i, l := range runs {
		t.Rows = append(t.Rows, []string{names[i], fmt.Sprint(len(l.history)), fmt.Sprintf("%.1f", seconds(l)), fmt.Sprintf("%.0f", float64(len(l.history))/seconds(l))})
	}
	r.Timing = append(r.Timing, t)
}

func baselineEntry() *Entry {
	const epochs = 10_000
	return &Entry{
		ID: "fig4", Title: "The baseline fails on Robertson's problem", Place: "Figs. 4 and 5", Threads: 1, Config: fmt.Sprintf("baseline.toml, seed 1, %d epochs", epochs),
		Run: func(ctx context.Context, env *Env) (*Result, error) {
			l, err := learn(ctx, env, "baseline", epochs, nil)
			if err != nil {
				return nil, err
			}
			tight, err := learn(ctx, env, "baseline", epochs, func(c *train.Config) {
				c.Solver.RTol *= 1e-3
				c.Solver.ATol = slices.Clone(c.Solver.ATol)
				for i := range c.Solver.ATol {
					c.Solver.ATol[i] *= 1e-3
				}
			})
			if err != nil {
				return nil, err
			}
			r := &Result{Tables: []Table{l.table("fig4-history")}}
			r.say("One hidden layer of 50 tanh nodes, no scaling, Adam at 0.005: the paper's baseline. The code that trains it is the one that succeeds below; only the configuration differs.")
			baselineFinding{settled: l.settled(), half: l.settledAt(len(l.history) / 2), score: l.score, spread: l.spread(), tight: tight.spread()}.judge(r)
			r.timing("fig4-times", []*learning{l, tight}, []string{"baseline", "baseline, solves a thousand times as accurate"})
			r.Figures = append(r.Figures,
				l.fit("fig4", "Data and the baseline's model.", []bool{false, false, false}),
				curves("fig5", "Loss and gradient norm of the baseline.", []*learning{l}, []string{"baseline"}, plots.Series{}))
			return r, nil
		},
	}
}

func scaledEntry() *Entry {
	const epochs, seeds = 50_000, 4
	return &Entry{
		ID: "fig6", Title: "The scaled network learns Robertson's problem", Place: "Figs. 6 and 7", Threads: 2, Config: fmt.Sprintf("robertson/paper.toml, seeds 1-%d, %d epochs", seeds, epochs),
		Run: func(ctx context.Context, env *Env) (*Result, error) {
			runs, names := make([]*learning, seeds), make([]string, seeds)
			errs := make([]error, seeds)
			parallel(2, seeds, func(i int) {
				names[i] = fmt.Sprintf("seed %d", i+1)
				runs[i], errs[i] = learn(ctx, env, "rober", epochs, func(c *train.Config) { c.Train.Seed = uint64(i + 1) })
			})
			var settled, spreads []float64
			best := 0
			table := Table{Name: "fig6-seeds", Shown: true, Header: []string{"seed", "best", "median of the last 1000", "gradient norm, decades", "failed solves"}}
			slowest := 0.0
			for i, err := range errs {
				if err != nil {
					return nil, err
				}
				l := runs[i]
				settled, spreads = append(settled, l.settled()), append(spreads, l.spread())
				slowest = max(slowest, seconds(l))
				if l.settled() < runs[best].settled() {
					best = i
				}
				table.Rows = append(table.Rows, []string{fmt.Sprint(i + 1), num(l.best()), num(l.settled()), fmt.Sprintf("%.1f", l.spread()), fmt.Sprint(l.result.Failures)})
			}
			r := &Result{Tables: []Table{table, runs[best].table("fig6-history")}}
			r.say("Six hidden layers of five GELU nodes (%d parameters), equation and loss scaled, AdamW at 0.005, %d epochs: the paper's recipe with the constants of its released script, from %d seeds. `stiffnode bench recipe rober` repeats it over ten. The figure shows the best of the seeds, as the paper shows one run, whose seed is not known.", len(runs[0].result.Model.Params), epochs, seeds)
			scaledFinding{best: runs[best].best(), settled: runs[best].settled(), middle: median(settled), spread: median(spreads)}.judge(r)
			r.check(slowest < publishedHours*3600/10, "the paper's training, which took it two hours on one core, takes less than a tenth of that", "the times are in the table below")
			r.timing("fig6-times", runs, names)
			r.Figures = append(r.Figures,
				runs[best].fit("fig6", "Data and the scaled network's model, best seed.", []bool{false, false, false}),
				curves("fig7", "Loss and gradient norm of the scaled network from several seeds.", runs, names, publishedHistory(env, "rober")))
			return r, nil
		},
	}
}

func pollutionEntry() *Entry {
	const epochs = 25_000
	return &Entry{
		ID: "fig8", Title: "The scaled network learns the air pollution problem", Place: "Fig. 8", Threads: 1, Config: fmt.Sprintf("pollution/paper.toml, seed 1, %d epochs", epochs),
		Run: func(ctx context.Context, env *Env) (*Result, error) {
			l, err := learn(ctx, env, "pollu", epochs, nil)
			if err != nil {
				return nil, err
			}
			r := &Result{Tables: []Table{l.table("fig8-history")}}
			r.say("POLLU: 20 species, 25 reactions, 20 uniform times on [0, 60]; three hidden layers of ten GELU nodes (%d parameters).", len(l.result.Model.Params))
			score, _, err := train.Evaluate(ctx, l.result.Model, l.set, nil)
			if err != nil {
				return nil, err
			}
			good := 0
			for _, s := range score.States {
				if s.MAE <= 0.05 {
					good++
				}
			}
			pollutionFinding{settled: l.settled(), good: good, states: len(score.States)}.judge(r)
			r.timing("fig8-times", []*learning{l}, []string{"paper's recipe"})
			r.Figures = append(r.Figures,
				l.fit("fig8", "Data and model of all species.", nil),
				curves("fig8-history", "Loss and gradient norm.", []*learning{l}, []string{"this run"}, publishedHistory(env, "pollu")))
			return r, nil
		},
	}
}

func beyondEntry() *Entry {
	return &Entry{
		ID: "beyond", Title: "Beyond the paper: the default training", Place: "not in the paper", Threads: 2, Config: "default configuration, seed 1, ROBER and POLLU",
		Run: func(ctx context.Context, env *Env) (*Result, error) {
			r := &Result{}
			r.say("The same data with no configuration at all, beside the paper's curves in seconds (the paper: two hours on one core, spread evenly over its epochs).")
			table := Table{Name: "beyond-scores", Shown: true, Header: []string{"problem", "scaled mae", "paper's best", "recipe"}}
			var panels []plots.Panel
			var runs []*learning
			var names []string
			for _, c := range []struct {
				recipe, name string
				best         float64
				hours        float64
			}{{"rober", "ROBER", publishedBestROBER, publishedHours}, {"pollu", "POLLU", publishedBestPOLLU, 0}} {
				_, set, err := recipe(c.recipe)
				if err != nil {
					return nil, err
				}
				cfg := train.Default()
				cfg.Train.Seed = 1
				l, err := run(ctx, env, cfg, set)
				if err != nil {
					return nil, err
				}
				score, _, err := train.Evaluate(ctx, l.result.Model, set, l.result.Initial)
				if err != nil {
					return nil, err
				}
				runs, names = append(runs, l), append(names, c.name)
				table.Rows = append(table.Rows, []string{c.name, num(score.MAE), num(c.best), l.cfg.Train.Recipe})
				beyondFinding{problem: c.name, mae: score.MAE, published: c.best}.judge(r)
				ours := plots.Series{Name: "stiffnode, default: best so far"}
				least := math.Inf(1)
				for _, rec := range l.history {
					least = min(least, rec.MAE)
					ours.X, ours.Y = append(ours.X, rec.Elapsed.Seconds()), append(ours.Y, least)
				}
				panel := plots.Panel{Title: c.name, X: plots.Axis{Label: "seconds", Log: true}, Y: plots.Axis{Label: "scaled mean absolute error", Log: true}, Series: []plots.Series{ours}}
				if theirs := publishedHistory(env, c.recipe); c.hours > 0 && len(theirs.X) > 0 {
					last := theirs.X[len(theirs.X)-1]
					for i := range theirs.X {
						theirs.X[i] *= c.hours * 3600 / last
					}
					theirs.Dash, theirs.Color = plots.Dashed, plots.Black
					panel.Series = append(panel.Series, theirs)
				}
				panels = append(panels, panel)
			}
			r.Tables = append(r.Tables, table)
			r.timing("beyond-times", runs, names)
			r.Figures = append(r.Figures, runs[0].fit("beyond-robertson", "Robertson's problem: data and the model of the default training.", []bool{false, false, false}))
			r.Figures = append(r.Figures, Figure{"beyond-seconds", "Loss over seconds, best so far: the default training, which races several networks and changes to the one that is ahead, and the paper's run.", &plots.Figure{Panels: [][]plots.Panel{panels}}})
			return r, nil
		},
	}
}

func quantile(v []float64, q float64) float64 {
	s := slices.Clone(v)
	slices.Sort(s)
	return s[int(math.Round(q*float64(len(s)-1)))]
}
