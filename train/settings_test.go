package train

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/optim"
)

// decay is a set of two states, A and B, that decay from 3 to 2 and grow from −1 to 1: range and largest magnitude differ.
func decay() *data.Set {
	set := &data.Set{States: []string{"A", "B"}}
	tr := data.Trajectory{}
	for i := range 20 {
		e := math.Exp(-float64(i) / 4)
		tr.Times, tr.Values = append(tr.Times, float64(i)), append(tr.Values, 2+e, 1-2*e)
	}
	set.Trajectories = []data.Trajectory{tr}
	return set
}

// y_scale multiplies the network's outputs by what its name says.
func TestYScale(t *testing.T) {
	set := decay()
	stats := set.Stats()
	for kind, want := range map[string][]float64{"range": stats.Scale(data.ScaleRange), "max": stats.Scale(data.ScaleMax), "none": {1, 1}} {
		c := quick(set)
		c.Model.YScale = kind
		k, err := newTask(c, set)
		if err != nil {
			t.Fatal(err)
		}
		// the outputs are the last bias alone where all weights are zero
		field := k.rhs.Problem().New().(interface {
			Bind([]float64)
			Eval([]float64, float64, []float64) error
		})
		theta := make([]float64, k.params)
		theta[k.params-2], theta[k.params-1] = 1, 1
		dy := make([]float64, 2)
		field.Bind(theta)
		if err := field.Eval(dy, 0, []float64{2.5, 0}); err != nil {
			t.Fatal(err)
		}
		for i, w := range want {
			if got := dy[i] * stats.TimeScale(); math.Abs(got-w) > 1e-12*w {
				t.Errorf("%s: output 1 of state %d is the derivative %g/t_scale, want %g", kind, i, got, w)
			}
		}
	}
	if slices.Equal(stats.Scale(data.ScaleRange), stats.Scale(data.ScaleMax)) {
		t.Error("range and max are the same here: the test shows nothing")
	}
}

// With rescale_norm every gradient step is made along a gradient of that norm: with plain steps it is their length over the rate.
func TestRescaleNorm(t *testing.T) {
	set := small(t)
	c := quick(set)
	c.Optimizer = OptimizerConfig{Name: "sgd", LearningRate: 1e-5, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Decay: "decoupled", RescaleNorm: 7, Retries: 3, RetryFactor: 0.5}
	c.Schedule.Kind, c.Starts.Count = "constant", 1
	tr := mustNew(t, c, set)
	f := tr.recipe.(*firstOrder)
	var before []float64
	for range 4 {
		if _, err := f.epoch(context.Background()); err != nil {
			t.Fatal(err)
		}
		theta, _ := f.current()
		if before != nil {
			step := slices.Clone(theta)
			for i := range step {
				step[i] -= before[i]
			}
			if n := optim.Norm(step) / 1e-5; math.Abs(n-7) > 1e-6 {
				t.Errorf("the step is that of a gradient of norm %g, want 7", n)
			}
		}
		before = slices.Clone(theta)
	}
}

// A step after which the loss has grown by more than max_growth is undone and made smaller; with 0 it stands.
func TestMaxGrowth(t *testing.T) {
	set := small(t)
	grown := map[float64]float64{}
	for _, bound := range []float64{0, 1.5} {
		c := quick(set)
		c.Optimizer.Name, c.Optimizer.LearningRate, c.Optimizer.MaxGrowth, c.Optimizer.Retries = "adam", 0.6, bound, 30
		c.Schedule.Kind, c.Starts.Count, c.Train.Epochs = "constant", 1, 12
		res := mustRun(t, mustNew(t, c, set))
		best := math.Inf(1)
		for _, r := range res.History {
			grown[bound] = max(grown[bound], r.Loss/best)
			best = min(best, r.Loss)
		}
		if bound > 0 && res.Failures == 0 {
			t.Error("no step was made smaller: the test shows nothing")
		}
	}
	if grown[0] <= 1.5 || grown[1.5] > 1.5 {
		t.Errorf("the loss grew by a factor of %g without a bound and %g with the bound 1.5", grown[0], grown[1.5])
	}
}

// One configuration used for two data sets gives each its own law and leaves the caller's as it was.
func TestConfigurationsDoNotShareLaws(t *testing.T) {
	set := decay()
	set.States = []string{"A", "Lactose in"}
	for i := range set.Trajectories[0].Times {
		set.Trajectories[0].Values[2*i+1] = 5 - set.Trajectories[0].Values[2*i]
	}
	other := set.Clone()
	for i := range other.Trajectories[0].Times {
		other.Trajectories[0].Values[2*i+1] += 2
	}
	c := Default()
	c.Constraints = ConstraintsConfig{Kind: "dae", Laws: []string{`A + "Lactose in"`}}
	laws := c.Constraints.Laws
	one, two := *c, *c // as a caller copies a struct
	one.Resolve(set)
	two.Resolve(other)
	if got := one.Constraints.Laws[0] + "; " + two.Constraints.Laws[0]; got != `A + "Lactose in" = 5; A + "Lactose in" = 7` {
		t.Errorf("laws %s", got)
	}
	if laws[0] != `A + "Lactose in"` {
		t.Errorf("the caller's law has become %s", laws[0])
	}
	// what auto finds is read back
	c.Constraints = ConstraintsConfig{Kind: "projection", Laws: []string{auto}}
	c.Resolve(set)
	if _, err := New(c, set); err != nil || c.Constraints.Laws[0] != `A + "Lactose in"` {
		t.Errorf("laws %q: %v", c.Constraints.Laws, err)
	}
}

// A projection keeps what a trajectory begins with, and the note on another constant says so.
func TestNoteOnAnotherConstant(t *testing.T) {
	set := decay()
	for i := range set.Trajectories[0].Times {
		set.Trajectories[0].Values[2*i+1] = 5 - set.Trajectories[0].Values[2*i]
	}
	for kind, want := range map[string][]string{
		"projection": {"A + B is 5 in the initial row and not 7", "keeps 5"},
		"dae":        {"the data violate A + B = 7", "the model will keep the law"},
	} {
		c := Default()
		c.Constraints = ConstraintsConfig{Kind: kind, Laws: []string{"A+B=7"}}
		c.Resolve(set)
		tr, err := New(c, set)
		if err != nil {
			t.Fatal(err)
		}
		notes := strings.Join(tr.Notes(), "\n")
		for _, w := range want {
			if !strings.Contains(notes, w) {
				t.Errorf("%s: %q, want %q in it", kind, notes, w)
			}
		}
		if kind == "projection" && strings.Contains(notes, "violate") {
			t.Errorf("the data do not violate what a projection keeps: %q", notes)
		}
		tr.Close()
	}
	c := Default()
	c.Constraints = ConstraintsConfig{Kind: "projection", Laws: []string{"A=B"}}
	c.Resolve(set)
	var e *ConfigError
	if _, err := New(c, set); !errors.As(err, &e) {
		t.Errorf("a constant that is a state: %v", err)
	}
}
