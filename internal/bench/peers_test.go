package bench

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stiffnode/stiffnode/ode"
)

// A run that failed, whose error is not a number or too large must not count as the cheapest, however fast it was.
func TestCheapestBaseline(t *testing.T) {
	rows, err := parseBaseline(`CVODE says something
{"what":"node_fwd","prob":"rober","rtol":0.001,"fail":0,"err_scaled_max":-nan,"us_cpu_med":1}
{"what":"node_fwd","prob":"rober","rtol":0.001,"fail":-4,"err_scaled_max":1e-9,"us_cpu_med":2}
{"what":"node_fwd","prob":"rober","rtol":0.001,"fail":0,"err_scaled_max":0.5,"us_cpu_med":3}
{"what":"node_fwd","prob":"pollu","rtol":0.001,"fail":0,"err_scaled_max":1e-9,"us_cpu_med":4}
{"what":"node_fwd","prob":"rober","rtol":1e-06,"fail":0,"err_scaled_max":1e-5,"us_cpu_med":70}
{"what":"node_fwd","prob":"rober","rtol":1e-05,"fail":0,"err_scaled_max":1e-4,"us_cpu_med":50,"us_cpu_p90":60}
`)
	if err != nil {
		t.Fatal(err)
	}
	b := cheapest(rows, "rober", 1e-3)
	if b == nil || b.RTol != 1e-5 {
		t.Fatalf("got %+v, want the run at rtol 1e-5", b)
	}
	if median, high := b.seconds(); math.Abs(median-50e-6) > 1e-18 || math.Abs(high-60e-6) > 1e-18 {
		t.Errorf("seconds %g and %g, want 50 and 60 µs", median, high)
	}
	if b := cheapest(rows, "rober", 1e-7); b != nil {
		t.Errorf("got %+v for an error that no run reaches", b)
	}
	if _, err := parseBaseline("{\"rtol\":"); err == nil {
		t.Error("a line cut short was accepted")
	}
}

// The search must end, and the setting quoted must be one that reaches the target: here a solver whose error is its tolerance and whose solves
// below 1e-7 fail.
func TestSearchReachesTarget(t *testing.T) {
	w := workload{
		atols: scaledTolerances([]float64{1}),
		make: func(opt ode.Options) (func() error, func() float64, error) {
			compute := func() error {
				if opt.RTol < 1e-7 {
					return errors.New("too tight")
				}
				return nil
			}
			return compute, func() float64 { return opt.RTol }, nil
		},
	}
	settings, err := w.search(t.Context(), []ode.Method{ode.BDF, ode.Radau}, []float64{1e-2, 1e-5})
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []float64{1e-2, 1e-5} {
		s, took, err := w.fastest(t.Context(), settings, target, onlyBDF, time.Millisecond)
		if err != nil || s == nil {
			t.Fatalf("target %g: %v, %v", target, s, err)
		}
		if s.error > target || !onlyBDF(s.opt.Method) || took.repeats < leastRepeats {
			t.Errorf("target %g: %v with error %g, %d repeats", target, s, s.error, took.repeats)
		}
	}
	if s, _, err := w.fastest(t.Context(), settings, 1e-30, anyMethod, 0); s != nil || err != nil {
		t.Errorf("got %v, %v for an error that no setting reaches", s, err)
	}
}

// A setting whose repeats were disturbed, but for the fastest, is still among the contenders; one that is slow, fails or misses the target is not.
func TestContenders(t *testing.T) {
	rows, err := parseBaseline(`{"what":"node_fwd","prob":"rober","rtol":0.1,"fail":0,"err_scaled_max":1e-4,"us_cpu_med":50,"us_cpu_min":49}
{"what":"node_fwd","prob":"rober","rtol":0.2,"fail":0,"err_scaled_max":1e-4,"us_cpu_med":90,"us_cpu_min":40}
{"what":"node_fwd","prob":"rober","rtol":0.3,"fail":0,"err_scaled_max":1e-4,"us_cpu_med":90,"us_cpu_min":81}
{"what":"node_fwd","prob":"rober","rtol":0.4,"fail":0,"err_scaled_max":1e-2,"us_cpu_med":10,"us_cpu_min":9}
{"what":"node_fwd","prob":"rober","rtol":0.5,"fail":-1,"err_scaled_max":1e-4,"us_cpu_med":10,"us_cpu_min":9}
{"what":"node_fwd","prob":"rober","rtol":0.6,"fail":0,"err_scaled_max":1e-4,"us_cpu_med":45}
`)
	if err != nil {
		t.Fatal(err)
	}
	var got []float64
	for _, b := range contendersOf(rows, "rober", 1e-3) {
		got = append(got, b.RTol)
	}
	if want := []float64{0.2, 0.6, 0.1}; !slices.Equal(got, want) {
		t.Errorf("contenders at rtol %v, want %v", got, want)
	}
	if c := contendersOf(rows, "pollu", 1e-3); len(c) != 0 {
		t.Errorf("%d contenders on a problem that was not run", len(c))
	}
}

// Of a setting run twice the run with the faster repeat counts; one that failed stays as it is.
func TestQuietest(t *testing.T) {
	first := []baselineRun{{RTol: 1, MicroMin: 5, Micro: 6}, {RTol: 2, MicroMin: 9, Micro: 9}, {RTol: 3, Fail: -1}}
	again := []baselineRun{{RTol: 1, MicroMin: 7, Micro: 7}, {RTol: 2, MicroMin: 8, Micro: 9}, {RTol: 3, Fail: -1}}
	got := quietest(quietest(nil, first), again)
	if len(got) != 3 || got[0].MicroMin != 5 || got[1].MicroMin != 8 || got[2].Fail != -1 {
		t.Errorf("got %+v", got)
	}
}

// The models that are shipped describe the data that they are timed on.
func TestShippedModelsFit(t *testing.T) {
	for _, name := range []string{"robertson", "pollution"} {
		c, err := loadExample(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		opt, err := c.solver(1e-8)
		if err != nil {
			t.Fatal(err)
		}
		p, err := c.model.NewPredictorWith(opt)
		if err != nil {
			t.Fatal(err)
		}
		y, err := p.Predict(t.Context(), c.t0, c.y0, c.times)
		if err != nil {
			t.Fatal(err)
		}
		k := len(c.y0)
		ranges := c.set.Stats().Ranges()
		want := c.set.Trajectories[0].Values[k:]
		sum := 0.0
		for i, v := range want {
			if ranges[i%k] > 0 {
				sum += math.Abs(y[i]-v) / ranges[i%k]
			}
		}
		if mae := sum / float64(len(want)); !(mae < 0.01) {
			t.Errorf("%s: mean scaled error %g", name, mae)
		}
	}
}
