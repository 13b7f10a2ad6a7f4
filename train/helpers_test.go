package train

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/internal/simulate"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// small is a set that trains in no time: three trajectories of two states with irregular times and missing values, one of them an
// initial value, one constant column.
func small(t testing.TB) *data.Set {
	t.Helper()
	p, err := problems.ByName("LotkaVolterra")
	if err != nil {
		t.Fatal(err)
	}
	set, _, err := simulate.Run(context.Background(), p, simulate.Options{Times: data.LinSpace(0, 2, 12), Trajectories: 3, Spread: 0.3, RandomTimes: true, Seed: 7, Corruption: data.Corruption{Missing: 0.2}})
	if err != nil {
		t.Fatal(err)
	}
	n := len(set.States)
	set.Trajectories[1].Values[0] = math.NaN()
	set.States, set.Units = append(set.States, "bath"), nil
	for k := range set.Trajectories {
		tr := &set.Trajectories[k]
		var values []float64
		for i := range tr.Times {
			values = append(values, tr.Row(i, n)...)
			values = append(values, 3)
		}
		tr.Values = values
	}
	set.Trajectories[2].Weights = slices.Repeat([]float64{1, 2, 1}, len(set.Trajectories[2].Times))
	for k := range 2 {
		set.Trajectories[k].Weights = slices.Repeat([]float64{1}, len(set.Trajectories[k].Values))
	}
	if err := set.Check(); err != nil {
		t.Fatal(err)
	}
	return set
}

// quick is a configuration for it.
func quick(set *data.Set) *Config {
	c := Default()
	c.Train.Recipe, c.Loss.Kind, c.Solver.RTol = "first-order", "mae", 1e-4
	c.Solver.MaxSteps = 20_000
	c.Model.Hidden, c.Model.Output = []int{4}, "identity"
	c.Train.Epochs, c.Train.Checkpoint = 30, 1e9
	c.Starts.Count, c.Starts.Epochs = 3, 8
	c.Resolve(set)
	return c
}

func mustNew(t testing.TB, c *Config, set *data.Set) *Trainer {
	t.Helper()
	tr, err := New(c, set)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tr.Close)
	return tr
}

func mustRun(t testing.TB, tr *Trainer) *Result {
	t.Helper()
	res, err := tr.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return res
}
