package simulate

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

func problem(t *testing.T, name string) *problems.Problem {
	t.Helper()
	p, err := problems.ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func run(t *testing.T, name string, o Options) *data.Set {
	t.Helper()
	set, _, err := Run(context.Background(), problem(t, name), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := set.Check(); err != nil {
		t.Fatal(err)
	}
	return set
}

// The reference values that come with the problems are reached, by the default method and by others.
func TestExactValues(t *testing.T) {
	for _, name := range []string{"ROBER", "POLLU", "HIRES", "Decay"} {
		p := problem(t, name)
		at := p.Checks[0]
		want := make([]float64, p.IVP.Dim)
		if !p.Solution(want, at) {
			t.Fatalf("%s has no solution at %g", name, at)
		}
		for _, m := range []ode.Method{nil, ode.Radau} {
			set := run(t, name, Options{Times: []float64{at}, Method: m})
			tr := &set.Trajectories[0]
			if len(tr.Times) != 2 || tr.Times[0] != p.T0 || !cmp.Equal(tr.Row(0, p.IVP.Dim), p.Y0) {
				t.Errorf("%s does not begin with its initial state: %v", name, tr.Times)
			}
			for i, v := range tr.Row(1, p.IVP.Dim) {
				if math.Abs(v-want[i]) > 1e-6*p.IVP.Scale[i] {
					t.Errorf("%s: state %d is %.12g, want %.12g", name, i, v, want[i])
				}
			}
		}
	}
}

func TestTrajectories(t *testing.T) {
	set := run(t, "LotkaVolterra", Options{Times: data.LinSpace(0, 1, 6), Trajectories: 5, Spread: 0.25, RandomTimes: true, Seed: 3})
	p := problem(t, "LotkaVolterra")
	if len(set.Trajectories) != 5 {
		t.Fatalf("%d trajectories", len(set.Trajectories))
	}
	differ := map[float64]bool{}
	for k := range set.Trajectories {
		tr := &set.Trajectories[k]
		for i, v := range tr.Row(0, 2) {
			if r := v / p.Y0[i]; r < 0.75 || r > 1.25 || k == 0 && r != 1 {
				t.Errorf("trajectory %d: initial value %g is %g of the problem's", k, v, r)
			}
			differ[v] = true
		}
		if tr.Times[0] != 0 || tr.Times[len(tr.Times)-1] > 1 {
			t.Errorf("times %v", tr.Times)
		}
	}
	if len(differ) < 9 {
		t.Errorf("only %d different initial values", len(differ))
	}
	if d := cmp.Diff(set, run(t, "LotkaVolterra", Options{Times: data.LinSpace(0, 1, 6), Trajectories: 5, Spread: 0.25, RandomTimes: true, Seed: 3})); d != "" {
		t.Errorf("the same seed gives other data: %s", d)
	}
}

// Random times of a problem over decades are spread over decades.
func TestRandomTimesFollowTheGrid(t *testing.T) {
	set := run(t, "ROBER", Options{RandomTimes: true, Seed: 1})
	early := 0
	for _, x := range set.Trajectories[0].Times[1:] {
		if x < 1 {
			early++
		}
	}
	if early < 15 || early > 35 { // half of fifty, five standard deviations aside at most
		t.Errorf("%d of 50 times lie in the first half of the decades", early)
	}
}

func TestCorruption(t *testing.T) {
	o := Options{Times: data.LinSpace(0, 10, 200), Corruption: data.Corruption{Missing: 0.3}, Seed: 2}
	set := run(t, "LotkaVolterra", o)
	missing := 0
	for _, v := range set.Trajectories[0].Values {
		if math.IsNaN(v) {
			missing++
		}
	}
	if missing < 80 || missing > 160 { // 120 expected of 400
		t.Errorf("%d of 400 values are missing", missing)
	}
}

func TestRefusals(t *testing.T) {
	for name, o := range map[string]Options{
		"parameter":  {Params: map[string]float64{"nope": 1}},
		"state":      {Y0: map[string]float64{"nope": 1}},
		"early":      {Times: []float64{-1, 2}},
		"no times":   {Times: []float64{}},
		"number":     {Trajectories: -1},
		"spread":     {Trajectories: 2, Spread: 3},
		"noise":      {Corruption: data.Corruption{Noise: -1}},
		"tolerance":  {RTol: 7},
		"tolerances": {ATol: []float64{1, 2, 3, 4}},
	} {
		_, _, err := Run(context.Background(), problem(t, "Spiral"), o)
		var bad *data.Error
		var unknown *problems.UnknownError
		var input *ode.InputError
		if !errors.As(err, &bad) && !errors.As(err, &unknown) && !errors.As(err, &input) {
			t.Errorf("%s: %v (%T)", name, err, err)
		}
	}
}
