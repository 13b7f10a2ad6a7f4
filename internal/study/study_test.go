package study

import (
	"context"
	"math"
	"strings"
	"testing"
)

// The recipes differ from each other in configuration alone, and every one can be run: a few epochs each.
func TestRecipesRun(t *testing.T) {
	for _, r := range Recipes() {
		done := 0
		report, err := r.Do(context.Background(), Options{Seeds: []uint64{1, 2}, Epochs: 3, Workers: 2, Done: func(Run) { done++ }})
		if err != nil {
			t.Fatalf("%s: %v", r.Name, err)
		}
		if done != 2 || len(report.Runs) != 2 || len(report.Claims) == 0 {
			t.Errorf("%s: %d runs, %+v", r.Name, done, report)
		}
		for i, run := range report.Runs {
			if run.Err != nil || run.Seed != uint64(i+1) || !(run.First > 0) || !(run.Best <= run.First) || run.Seconds <= 0 {
				t.Errorf("%s: %+v", r.Name, run)
			}
		}
	}
}

// At the beginning, where the network is small, the model stands still: the loss is that of the constant initial state, which the released
// histories begin with too (0.3232 and 0.6623).
func TestFirstLossIsThePublishedOne(t *testing.T) {
	for name, want := range map[string]float64{"rober": 0.3232, "pollu": 0.6623} {
		for _, r := range Recipes() {
			if r.Name != name {
				continue
			}
			report, err := r.Do(context.Background(), Options{Seeds: []uint64{1}, Epochs: 1})
			if err != nil {
				t.Fatal(err)
			}
			if got := report.Runs[0].First; math.Abs(got-want) > 0.05*want {
				t.Errorf("%s: first loss %.4g, published %.4g", name, got, want)
			}
		}
	}
}

func TestCancelledStudy(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Recipes()[0].Do(ctx, Options{Seeds: []uint64{1}}); err == nil {
		t.Error("a cancelled study gave a report")
	}
}

func TestQuantiles(t *testing.T) {
	r := &Report{Runs: []Run{{Median: 4}, {Median: 1}, {Median: 3}, {Err: context.Canceled}}}
	if got := r.quantile(0); got != 1 {
		t.Errorf("best %g", got)
	}
	if got := r.Middle(); got != 3.5 {
		t.Errorf("middle %g, want 3.5", got)
	}
	if got := r.quantile(1); !math.IsInf(got, 1) {
		t.Errorf("worst %g: a failed seed is infinitely bad", got)
	}
	if c := r.bound("x", 0.5, 0.4); c.Agrees || !strings.Contains(c.Text, "0.5") {
		t.Errorf("%+v", c)
	}
}
