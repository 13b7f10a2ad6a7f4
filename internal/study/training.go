package study

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/internal/simulate"
	"github.com/stiffnode/stiffnode/ode/problems"
	"github.com/stiffnode/stiffnode/train"
)

// A Case is data that the default training is tried on, with what it must reach. Models are judged at times, and where there are several
// trajectories from initial states, that they were not trained on.
type Case struct {
	Name, Title string
	Problem     string
	Times, Test string // as data.ParseTimes reads them
	// Trajectories to train on begin within Spread of the problem's initial state, each with its own random times; those to test on within
	// TestSpread.
	Trajectories, TestTrajectories int
	Spread, TestSpread             float64
	Corruption                     data.Corruption
	Hidden                         []int // nil: chosen
	// AfterFirst leaves out of the mean the times before the first observation, of which the data say nothing; a floor may ask for them.
	AfterFirst bool
	Floors     []Floor
}

// A Floor is a claim about the runs of a case: at least Share of them end with a mean scaled error of at most MAE, and, where it is not 0,
// a mean |log10| error of every state of at most Log10, within Seconds each, or in the median where Median is set.
type Floor struct {
	MAE, Log10, Seconds, Share float64
	Median                     bool
	Whole                      bool // the times before the first observation count too
}

// Cases are the cases of the study.
func Cases() []*Case {
	const all = 1
	single := func(c Case) *Case {
		c.Trajectories, c.TestTrajectories = 1, 1
		return &c
	}
	rober := Case{Problem: "ROBER", Times: "log:1e-5:1e5:50", Test: "log:1e-5:1e5:500"}
	plain := func(name, title string, floors ...Floor) Case {
		c := rober
		c.Name, c.Title, c.Floors = name, title, floors
		return c
	}
	noise := plain("noise", "ROBER, errors of 1 % of the range, 10 % of the values missing", Floor{MAE: 5e-3, Share: all})
	noise.Corruption = data.Corruption{Noise: 0.01, Missing: 0.1}
	multi := plain("multi", "ROBER from 8 initial states with 30 random times each, tested on 4 others", Floor{MAE: 0.02, Seconds: 60, Share: all})
	multi.Times = "log:1e-5:1e5:30"
	multi.Trajectories, multi.TestTrajectories, multi.Spread, multi.TestSpread = 8, 5, 0.5, 0.45
	return []*Case{
		single(plain("rober", "ROBER, the paper's 50 points", Floor{MAE: 0.0044, Seconds: 5, Share: all, Median: true}, Floor{MAE: 1e-4, Log10: 0.02, Seconds: 30, Share: 0.9})),
		single(Case{
			Name: "pollu", Title: "POLLU, the paper's 20 points and network, after the first interval", Problem: "POLLU", Times: "lin:0:60:20", Test: "lin:0:60:500",
			Hidden: []int{10, 10, 10}, AfterFirst: true,
			Floors: []Floor{{MAE: 0.0019, Seconds: 10, Share: all, Median: true, Whole: true}, {MAE: 2e-4, Seconds: 60, Share: 0.9}},
		}),
		&multi,
		single(noise),
		single(Case{Name: "hires", Title: "HIRES, 40 logarithmic times", Problem: "HIRES", Times: "log:1e-3:321.8122:40", Test: "log:1e-3:321.8122:500", Floors: []Floor{{MAE: 0.01, Seconds: 60, Share: all}}}),
		single(Case{Name: "orego", Title: "OREGO, t ≤ 30, 100 times", Problem: "OREGO", Times: "lin:0:30:101", Test: "lin:0:30:500", Floors: []Floor{{MAE: 0.01, Seconds: 60, Share: all}}}),
		single(Case{Name: "vdpol", Title: "van der Pol, μ = 100, t ≤ 250, 200 times", Problem: "VanDerPol", Times: "lin:0:250:201", Test: "lin:0:250:500", Floors: []Floor{{MAE: 0.01, Seconds: 60, Share: all}}}),
		single(Case{Name: "lotka", Title: "Lotka–Volterra, t ≤ 10, 100 times", Problem: "LotkaVolterra", Times: "lin:0:10:101", Test: "lin:0:10:500", Floors: []Floor{{MAE: 1e-3, Seconds: 10, Share: all}}}),
		single(Case{Name: "spiral", Title: "cubic spiral, t ≤ 25, 200 times", Problem: "Spiral", Times: "lin:0:25:201", Test: "lin:0:25:500", Floors: []Floor{{MAE: 1e-3, Seconds: 10, Share: all}}}),
	}
}

// A Variant is the default training with something changed.
type Variant struct {
	Name string
	Set  []string // keys of the configuration
}

// Ablations switch off one ingredient of the default training each.
func Ablations() []Variant {
	return []Variant{
		{"default", nil},
		{"no sinh", []string{"model.output=identity"}},
		{"no input scaling", []string{"model.input=none"}},
		{"no warm start", []string{"least_squares.warm_iterations=0"}},
		{"first order", []string{"train.recipe=first-order", "train.epochs=4000", "solver.rtol=1e-4"}},
		{"no racing", []string{"least_squares.starts=1", "least_squares.races=1"}},
		{"no tightening", []string{"solver.rtol=1e-3"}},
		{"no interpolation", []string{"least_squares.interpolate=false"}},
	}
}

// A Trial is one training of a case.
type Trial struct {
	Seed     uint64
	MAE      float64 // +Inf where the model cannot be solved
	Whole    float64 // MAE with the first interval
	Log10    float64 // largest of the states
	Seconds  float64 // of the run, and of judging the model on its own data, which ends it
	Reached  float64 // seconds until the error on the data fell to the first floor; +Inf: never
	Epochs   int
	Failures int
	Err      error
}

// Run trains on the case's data of a seed and judges the model.
func (c *Case) Run(ctx context.Context, seed uint64, v Variant) Trial {
	out := Trial{Seed: seed, MAE: math.Inf(1), Whole: math.Inf(1), Log10: math.Inf(1), Reached: math.Inf(1)}
	out.Err = c.run(ctx, seed, v, &out)
	return out
}

func (c *Case) run(ctx context.Context, seed uint64, v Variant, out *Trial) error {
	set, test, err := c.data(ctx, seed)
	if err != nil {
		return err
	}
	began := time.Now()
	cfg := train.Default()
	cfg.Train.Seed = seed
	cfg.Model.Hidden = slices.Clone(c.Hidden)
	for _, s := range v.Set {
		if err := cfg.Set(s); err != nil {
			return err
		}
	}
	cfg.Resolve(set)
	t, err := train.New(cfg, set)
	if err != nil {
		return err
	}
	defer t.Close()
	t.Observer = func(r train.Record) {
		if r.MAE <= c.Floors[0].MAE && math.IsInf(out.Reached, 1) {
			out.Reached = time.Since(began).Seconds()
		}
	}
	res, err := t.Run(ctx)
	if err == nil && res.Model != nil {
		_, _, err = train.Evaluate(ctx, res.Model, set, res.Initial)
	}
	out.Seconds = time.Since(began).Seconds()
	if res != nil {
		out.Epochs, out.Failures = len(res.History), res.Failures
	}
	if err != nil {
		return err
	}
	if res.Model == nil || !res.Finished {
		return errors.Join(errors.New("interrupted"), context.Cause(ctx))
	}
	score, predicted, err := train.Evaluate(ctx, res.Model, test, nil)
	if err != nil {
		return err
	}
	out.MAE, out.Whole, out.Log10 = score.MAE, score.MAE, 0
	for _, s := range score.States {
		if s.Log10 > out.Log10 {
			out.Log10 = s.Log10
		}
	}
	if !c.AfterFirst {
		return nil
	}
	ranges := test.Stats().Ranges()
	k := len(test.States)
	for i := range test.Trajectories {
		tr := &test.Trajectories[i]
		for n, t := range tr.Times {
			if n > 0 && t < set.Trajectories[0].Times[1] {
				for j := range k {
					tr.Values[n*k+j] = math.NaN()
				}
			}
		}
	}
	if score, err = data.Evaluate(test, predicted, ranges); err != nil {
		return err
	}
	out.MAE = score.MAE
	return nil
}

// data simulates what is trained on and what is tested on. The first trajectory of a simulation begins at the problem's own
// initial state; where there are several it is left out of the test.
func (c *Case) data(ctx context.Context, seed uint64) (set, test *data.Set, err error) {
	p, err := problems.ByName(c.Problem)
	if err != nil {
		return nil, nil, err
	}
	times, err := data.ParseTimes(c.Times)
	if err != nil {
		return nil, nil, err
	}
	unseen, err := data.ParseTimes(c.Test)
	if err != nil {
		return nil, nil, err
	}
	set, _, err = simulate.Run(ctx, p, simulate.Options{
		Times: times, Trajectories: c.Trajectories, Spread: c.Spread, RandomTimes: c.Trajectories > 1, Seed: seed, Corruption: c.Corruption,
	})
	if err != nil {
		return nil, nil, err
	}
	const otherStream = 1 << 40
	test, _, err = simulate.Run(ctx, p, simulate.Options{Times: unseen, Trajectories: c.TestTrajectories, Spread: c.TestSpread, Seed: seed + otherStream})
	if err == nil && c.TestTrajectories > 1 {
		test.Trajectories = test.Trajectories[1:]
	}
	return set, test, err
}

// Claims says of every floor whether the trials keep it.
func (c *Case) Claims(trials []Trial) []Claim {
	var out []Claim
	for _, f := range c.Floors {
		good := 0
		var seconds []float64
		for _, t := range trials {
			mae := t.MAE
			if f.Whole {
				mae = t.Whole
			}
			if t.Err == nil && mae <= f.MAE && (f.Log10 == 0 || t.Log10 <= f.Log10) && (f.Seconds == 0 || f.Median || t.Seconds <= f.Seconds) {
				good++
			}
			seconds = append(seconds, t.Seconds)
		}
		text := fmt.Sprintf("error at most %.2g", f.MAE)
		if f.Whole && c.AfterFirst {
			text += ", first interval included"
		}
		if f.Log10 > 0 {
			text += fmt.Sprintf(" and %.2g decades", f.Log10)
		}
		need := int(math.Ceil(f.Share*float64(len(trials)) - 1e-9))
		holds := good >= need
		switch {
		case f.Median:
			m := Median(seconds)
			holds = holds && m <= f.Seconds
			text += fmt.Sprintf(": %d of %d (floor %d); median time of a run at most %g s: %.2g s", good, len(trials), need, f.Seconds, m)
		case f.Seconds > 0:
			text += fmt.Sprintf(" within %g s: %d of %d (floor %d)", f.Seconds, good, len(trials), need)
		default:
			text += fmt.Sprintf(": %d of %d (floor %d)", good, len(trials), need)
		}
		out = append(out, Claim{text, holds})
	}
	return out
}

// Median is the middle of the values, the mean of the two middle ones where there are two; NaN of none.
func Median(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(v))
	m := len(s) / 2
	if len(s)%2 == 1 {
		return s[m]
	}
	return (s[m-1] + s[m]) / 2
}
