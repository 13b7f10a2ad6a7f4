// Package study repeats a training recipe over seeds and compares what comes out with published figures.
package study

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"path"
	"slices"
	"sync"
	"time"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/examples"
	"github.com/stiffnode/stiffnode/train"
)

// A Recipe is a configuration of the examples, with what was published about it.
type Recipe struct {
	Name, Title string
	Folder      string // in examples
	Config      string
	// Equation14 judges by the metric instead of the loss that is minimised, where the two differ.
	Equation14 bool
	Published  float64 // median of the last 1000 losses; 0 where none was published
	Seconds    float64 // that a run may take on a core of its own
	// GradientEpochs are the epochs at which the gradient is compared with forward mode.
	GradientEpochs []int
	Claims         func(*Report) []Claim
}

// A Claim is something that must hold, and whether it does.
type Claim struct {
	Text   string
	Agrees bool
}

// A Run is what one seed gave.
type Run struct {
	Seed                uint64
	First, Best, Median float64 // losses; Median is of the last 1000
	Reached             int     // first epoch with a loss ≤ 0.01, −1: none
	GradientDecades     float64 // log10 of the largest over the smallest gradient norm
	GradientDifference  float64 // largest relative difference from forward mode
	Failures            int
	Seconds             float64
	Err                 error
}

// A Report is what all seeds gave.
type Report struct {
	Recipe *Recipe
	Runs   []Run // by seed
	Claims []Claim
}

// lastEpochs is the number of losses whose median the runs are compared by.
const lastEpochs = 1000

const (
	publishedROBER = 0.005937
	publishedPOLLU = 0.003856
)

// Recipes are the recipes that can be studied.
func Recipes() []*Recipe {
	return []*Recipe{
		{
			Name: "rober", Title: "ROBER, the paper's recipe", Folder: "robertson", Config: "paper.toml", Published: publishedROBER, Seconds: 20,
			Claims: func(r *Report) []Claim {
				return []Claim{
					r.bound("best seed", r.quantile(0), 0.006),
					r.bound("middle seed", r.quantile(0.5), 0.02),
				}
			},
		},
		{
			Name: "pollu", Title: "POLLU, the paper's recipe", Folder: "pollution", Config: "paper.toml", Published: publishedPOLLU, Seconds: 20,
			Claims: func(r *Report) []Claim { return []Claim{r.bound("middle seed", r.quantile(0.5), 0.006)} },
		},
		{
			Name: "baseline", Title: "ROBER, the paper's baseline, measured by Eq. 14", Folder: "robertson", Config: "baseline.toml", Equation14: true,
			Published: publishedROBER, Seconds: 120, GradientEpochs: []int{1, 100, 1000},
			Claims: func(r *Report) []Claim {
				best, difference := r.quantile(0), 0.0
				var decades []float64
				for _, run := range r.Runs {
					decades = append(decades, run.GradientDecades)
					difference = max(difference, run.GradientDifference)
				}
				slices.Sort(decades)
				middle := decades[len(decades)/2]
				return []Claim{
					{fmt.Sprintf("fails: best seed %.3g, at least 10× the scaled model's published %.3g", best, publishedROBER), best >= 10*publishedROBER},
					{fmt.Sprintf("its gradient norm fluctuates: by %.1f decades in the middle seed, floor 2", middle), middle >= 2},
					// Forward and reverse mode differ by rounding alone, which trajectories that diverge amplify by as much as they diverge.
					{fmt.Sprintf("not for want of right gradients: they differ from forward mode by %.1g at most, floor 1e-3", difference), difference <= 1e-3},
				}
			},
		},
	}
}

func (r *Report) bound(what string, v, floor float64) Claim {
	return Claim{fmt.Sprintf("%s: median of the last %d losses %.4g, floor %g", what, lastEpochs, v, floor), v <= floor}
}

// quantile is that of the medians of all seeds; a failed seed counts as infinitely bad.
func (r *Report) quantile(q float64) float64 {
	var m []float64
	for _, run := range r.Runs {
		if run.Err != nil {
			run.Median = math.Inf(1)
		}
		m = append(m, run.Median)
	}
	slices.Sort(m)
	at := q * float64(len(m)-1)
	lo, hi := m[int(math.Floor(at))], m[int(math.Ceil(at))]
	if lo == hi {
		return lo
	}
	return lo + (at-math.Floor(at))*(hi-lo)
}

// Middle is the median over the seeds.
func (r *Report) Middle() float64 { return r.quantile(0.5) }

// Options say how a recipe is studied.
type Options struct {
	Seeds   []uint64
	Epochs  int // 0: the recipe's
	Workers int // runs at a time
	// Done, if not nil, is called after every run, one call at a time.
	Done func(Run)
}

// Do studies a recipe. The error is that of a recipe which cannot be read, or a cancelled context; seeds that fail are in the report.
func (r *Recipe) Do(ctx context.Context, o Options) (*Report, error) {
	cfg, set, err := r.Load()
	if err != nil {
		return nil, err
	}
	if o.Epochs > 0 {
		cfg.Train.Epochs = o.Epochs
	}
	report := &Report{Recipe: r, Runs: make([]Run, len(o.Seeds))}
	next := make(chan int)
	var wait sync.WaitGroup
	var mu sync.Mutex
	for range max(1, o.Workers) {
		wait.Go(func() {
			for i := range next {
				report.Runs[i] = r.run(ctx, *cfg, set, o.Seeds[i])
				if o.Done != nil && ctx.Err() == nil {
					mu.Lock()
					o.Done(report.Runs[i])
					mu.Unlock()
				}
			}
		})
	}
	for i := range o.Seeds {
		next <- i
	}
	close(next)
	wait.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	report.Claims = append(r.Claims(report), report.time())
	return report, nil
}

// time claims that every run kept within its time.
func (r *Report) time() Claim {
	slowest := 0.0
	for _, run := range r.Runs {
		slowest = max(slowest, run.Seconds)
	}
	return Claim{fmt.Sprintf("slowest run %.0f s, floor %.0f s", slowest, r.Recipe.Seconds), slowest <= r.Recipe.Seconds}
}

// Load reads the recipe's configuration and data.
func (r *Recipe) Load() (*train.Config, *data.Set, error) {
	name := path.Join(r.Folder, r.Config)
	text, err := examples.FS.ReadFile(name)
	if err != nil {
		return nil, nil, err
	}
	cfg := train.Default()
	if err := cfg.Merge(name, text); err != nil {
		return nil, nil, err
	}
	file := path.Join(r.Folder, cfg.Data.Files[0])
	csv, err := examples.FS.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	set, err := data.ReadCSV(bytes.NewReader(csv), file, cfg.ReadOptions())
	if err != nil {
		return nil, nil, err
	}
	cfg.Resolve(set)
	return cfg, set, nil
}

// run trains from one seed.
func (r *Recipe) run(ctx context.Context, cfg train.Config, set *data.Set, seed uint64) Run {
	out := Run{Seed: seed, Reached: -1}
	cfg.Train.Seed = seed
	began := time.Now()
	t, err := train.New(&cfg, set)
	if err != nil {
		out.Err = err
		return out
	}
	defer t.Close()
	t.Observer = func(rec train.Record) {
		if !slices.Contains(r.GradientEpochs, rec.Epoch) || out.Err != nil {
			return
		}
		d, err := t.GradientDifference(ctx, "discrete-forward")
		out.GradientDifference, out.Err = max(out.GradientDifference, d), err
	}
	res, err := t.Run(ctx)
	out.Seconds = time.Since(began).Seconds()
	if err != nil {
		out.Err = err
	}
	if len(res.History) == 0 {
		return out
	}
	history := slices.Clone(res.History)
	if r.Equation14 {
		for i := range history {
			history[i].Loss = history[i].MAE
		}
	}
	out.First, out.Best, out.Failures = history[0].Loss, history[0].Loss, res.Failures
	for _, rec := range history {
		out.Best = min(out.Best, rec.Loss)
		if out.Reached < 0 && rec.Loss <= 0.01 {
			out.Reached = rec.Epoch
		}
	}
	out.Median = train.MedianOfLast(history, lastEpochs)
	out.GradientDecades = decades(history)
	return out
}

// decades is how far the gradient norms are spread.
func decades(history []train.Record) float64 {
	lo, hi := math.Inf(1), 0.0
	for _, r := range history {
		if r.GradientNorm > 0 {
			lo, hi = min(lo, r.GradientNorm), max(hi, r.GradientNorm)
		}
	}
	if hi == 0 {
		return 0
	}
	return math.Log10(hi / lo)
}
