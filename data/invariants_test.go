package data_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/internal/simulate"
	"github.com/stiffnode/stiffnode/ode/problems"
)

func simulated(t *testing.T, name string, o simulate.Options) *data.Set {
	t.Helper()
	p, err := problems.ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	set, _, err := simulate.Run(context.Background(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// The laws of known reaction networks, and no others, are found in their trajectories.
func TestInvariants(t *testing.T) {
	for _, c := range []struct {
		problem      string
		trajectories int
		laws         []map[string]float64
	}{
		{"ROBER", 1, []map[string]float64{{"y1": 1, "y2": 1, "y3": 1}}},
		{"HIRES", 1, []map[string]float64{{"y7": 1, "y8": 1}}},
		{"LotkaVolterra", 2, nil},
		{"POLLU", 4, []map[string]float64{ // sulphur, nitrogen, carbon
			{"SO2": 1, "SO4": 1},
			{"NO2": 1, "NO": 1, "PAN": 1, "HNO3": 1, "NO3": 1, "N2O5": 2},
			{"HCHO": 1, "CO": 1, "ALD": 2, "MEO2": 1, "C2O3": 2, "CO2": 1, "PAN": 2, "CH3O": 1},
		}},
	} {
		set := simulated(t, c.problem, simulate.Options{Trajectories: c.trajectories, Spread: 0.5, Seed: 1})
		found := set.Invariants()
		if len(found) != len(c.laws) {
			t.Errorf("%s: %d laws, want %d: %v", c.problem, len(found), len(c.laws), found)
			continue
		}
		for n, law := range c.laws {
			for i, name := range set.States {
				if found[n].Weights[i] != law[name] {
					t.Errorf("%s, law %d: %s has the coefficient %g, want %g", c.problem, n+1, name, found[n].Weights[i], law[name])
				}
			}
			if found[n].Violation > 1e-11 {
				t.Errorf("%s, law %d: violated by %g", c.problem, n+1, found[n].Violation)
			}
		}
	}
}

// A single smooth trajectory of twenty states leaves much constant that is no law, and that is said instead of a guess; with a second one, and fewer
// rows of each than states, the laws are found.
func TestInvariantsOfFewRows(t *testing.T) {
	one := simulated(t, "POLLU", simulate.Options{})
	if found, why := one.FindInvariants(); len(found) > 0 || !strings.Contains(why, "other initial states") {
		t.Errorf("one trajectory of POLLU: %v, %q", found, why)
	}
	two := simulated(t, "POLLU", simulate.Options{Trajectories: 2, Spread: 0.3, Seed: 1})
	for i := range two.Trajectories {
		tr := &two.Trajectories[i]
		tr.Times, tr.Values = tr.Times[:12], tr.Values[:12*len(two.States)]
	}
	if found, why := two.FindInvariants(); len(found) != 3 {
		t.Errorf("two short trajectories of POLLU: %v, %q", found, why)
	}
	for i := range two.Trajectories {
		for r := range two.Trajectories[i].Times {
			if r != 1 {
				two.Trajectories[i].Values[20*r] = math.NaN()
			}
		}
	}
	if found, why := two.FindInvariants(); len(found) > 0 || !strings.Contains(why, "(22 do not)") {
		t.Errorf("incomplete rows: %v, %q", found, why)
	}
}

// Data printed with six digits show their law still; data with one percent of noise prove nothing, and data that break the law have none.
func TestInvariantsOfRoundedData(t *testing.T) {
	set := simulated(t, "ROBER", simulate.Options{})
	for _, tr := range set.Trajectories {
		for i, v := range tr.Values {
			tr.Values[i] = math.Round(v*1e7) / 1e7
		}
	}
	found := set.Invariants()
	if len(found) != 1 || found[0].Weights[0] != 1 || found[0].Weights[1] != 1 || found[0].Weights[2] != 1 {
		t.Errorf("rounded data: %v", found)
	}
	if v := set.Violation([]float64{1, 1, 1}); v.Relative > 2e-7 || v.Amount == 0 {
		t.Errorf("rounded data: %+v", v)
	}
	noisy := simulated(t, "ROBER", simulate.Options{Corruption: data.Corruption{Noise: 0.01}, Seed: 1})
	if found := noisy.Invariants(); len(found) != 0 {
		t.Errorf("noisy data: %v", found)
	}
	// the place of a single wrong value
	set.Trajectories[0].Values[3*17+2] += 0.25
	if v := set.Violation([]float64{1, 1, 1}); v.Row != 17 || math.Abs(v.Amount-0.25) > 1e-6 {
		t.Errorf("a wrong value in row 17: %+v", v)
	}
	if v := set.ViolationOf([]float64{1, 1, 1}, 2); math.Abs(v.Amount-1) > 0.25+1e-6 || v.Amount < 1-1e-6 {
		t.Errorf("a wrong constant: %+v", v)
	}
}

func TestInvariantsOfTooManyStates(t *testing.T) {
	var s data.Set
	tr := data.Trajectory{Times: []float64{0, 1, 2, 3}}
	for i := range 1001 {
		s.States = append(s.States, fmt.Sprint("y", i))
	}
	for r := range tr.Times {
		for i := range s.States {
			tr.Values = append(tr.Values, float64(r*(i+1)))
		}
	}
	s.Trajectories = []data.Trajectory{tr}
	if found, why := s.FindInvariants(); found != nil || !strings.Contains(why, "at most") {
		t.Errorf("%v, %q", found, why)
	}
}
