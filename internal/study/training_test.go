package study

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/stiffnode/stiffnode/train"
)

// A floor holds where as many trials keep it as it asks for, and where a median is asked for, that is in time.
func TestClaims(t *testing.T) {
	c := &Case{Floors: []Floor{{MAE: 0.01, Seconds: 5, Share: 1, Median: true, Whole: true}, {MAE: 1e-3, Log10: 0.1, Seconds: 30, Share: 0.75}}}
	good := Trial{MAE: 1e-4, Whole: 1e-4, Log10: 0.01, Seconds: 4}
	verdicts := func(trials ...Trial) (out [2]bool) {
		for i, claim := range c.Claims(trials) {
			out[i] = claim.Agrees
		}
		return out
	}
	with := func(change func(*Trial)) Trial {
		x := good
		change(&x)
		return x
	}
	failed := with(func(x *Trial) { x.Err = errors.New("no"); x.MAE = math.Inf(1) })
	slow := with(func(x *Trial) { x.Seconds = 31 })
	late := with(func(x *Trial) { x.Seconds = 6 })
	early := with(func(x *Trial) { x.Whole = 0.1 })
	crooked := with(func(x *Trial) { x.Log10 = 0.2 })
	for name, v := range map[string]struct {
		trials []Trial
		want   [2]bool
	}{
		"all good":           {[]Trial{good, good, good, good}, [2]bool{true, true}},
		"one failed":         {[]Trial{good, good, good, failed}, [2]bool{false, true}},
		"one slow":           {[]Trial{good, good, good, slow}, [2]bool{true, true}},
		"two slow":           {[]Trial{good, good, slow, slow}, [2]bool{false, false}},
		"late in the median": {[]Trial{good, late, late, late}, [2]bool{false, true}},
		"wrong at first":     {[]Trial{good, good, good, early}, [2]bool{false, true}},
		"small values wrong": {[]Trial{good, good, crooked, crooked}, [2]bool{true, false}},
	} {
		if got := verdicts(v.trials...); got != v.want {
			t.Errorf("%s: %v, want %v", name, got, v.want)
		}
	}
}

// Every case has data, to train on and to test on, and the test's trajectories are not those of training.
func TestCaseData(t *testing.T) {
	for _, c := range Cases() {
		set, test, err := c.data(context.Background(), 1000)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		if len(set.Trajectories) != c.Trajectories || len(test.Trajectories) != max(1, c.TestTrajectories-1) || test.Rows() < 400 {
			t.Errorf("%s: %d and %d trajectories, %d rows to test on", c.Name, len(set.Trajectories), len(test.Trajectories), test.Rows())
		}
		if c.Trajectories > 1 && set.Trajectories[1].Values[0] == test.Trajectories[0].Values[0] {
			t.Errorf("%s: tested on what it was trained on", c.Name)
		}
	}
}

// Every ablation is a valid configuration that differs from the default one.
func TestAblations(t *testing.T) {
	text := func(c *train.Config) string {
		var b strings.Builder
		if err := c.WriteTOML(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	plain := text(train.Default())
	for _, v := range Ablations() {
		c := train.Default()
		for _, s := range v.Set {
			if err := c.Set(s); err != nil {
				t.Errorf("%s: %v", v.Name, err)
			}
		}
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", v.Name, err)
		}
		if changed := text(c) != plain; changed != (len(v.Set) > 0) {
			t.Errorf("%s: changed: %v", v.Name, changed)
		}
	}
}

// A case is run from data to verdict.
func TestCaseRun(t *testing.T) {
	for _, c := range Cases() {
		if c.Name != "lotka" {
			continue
		}
		r := c.Run(context.Background(), 1000, Variant{Set: []string{"train.epochs=20"}})
		if r.Err != nil || !(r.MAE < 0.1) || math.IsInf(r.Log10, 0) || r.Epochs == 0 {
			t.Errorf("%+v", r)
		}
	}
}
