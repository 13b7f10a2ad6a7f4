package train

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/internal/simulate"
	"github.com/stiffnode/stiffnode/ode/problems"
)

func robertson(t testing.TB, o simulate.Options) *data.Set {
	t.Helper()
	p, err := problems.ByName("ROBER")
	if err != nil {
		t.Fatal(err)
	}
	set, _, err := simulate.Run(context.Background(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// Every recipe trains through both kinds of constraint, and what it learns keeps the law to roundoff, whatever its fit is worth.
func TestConstrainedTraining(t *testing.T) {
	for _, kind := range []string{"projection", "dae"} {
		for _, recipe := range recipeNames() {
			set := robertson(t, simulate.Options{})
			c := Default()
			c.Train.Recipe, c.Train.Epochs, c.Model.Hidden = recipe, 15, []int{5}
			c.Starts.Count, c.Starts.Epochs = 2, 3
			c.Constraints = ConstraintsConfig{Kind: kind, Laws: []string{"auto"}}
			c.Resolve(set)
			res := mustRun(t, mustNew(t, c, set))
			score, y, err := Evaluate(t.Context(), res.Model, set, nil)
			if err != nil {
				t.Fatalf("%s, %s: %v", kind, recipe, err)
			}
			if math.IsNaN(score.MAE) {
				t.Errorf("%s, %s: no score", kind, recipe)
			}
			for i := 0; i < len(y[0]); i += 3 {
				if d := y[0][i] + y[0][i+1] + y[0][i+2] - 1; math.Abs(d) > 1e-12 {
					t.Errorf("%s, %s: the sum is off by %g in row %d", kind, recipe, d, i/3)
				}
			}
			if first, last := res.History[0].Loss, res.Loss; !(last <= first) {
				t.Errorf("%s, %s: loss %g after %g", kind, recipe, last, first)
			}
		}
	}
}

// A resolved configuration reproduces the run: laws and algebraic states are written out.
func TestResolveConstraints(t *testing.T) {
	set := robertson(t, simulate.Options{})
	c := Default()
	c.Constraints = ConstraintsConfig{Kind: "dae", Laws: []string{auto}}
	c.Resolve(set)
	names, again := c.Constraints, *c
	if !slices.Equal(names.Laws, []string{"y1 + y2 + y3 = 1"}) || len(names.Algebraic) != 1 || names.Algebraic[0] == "y2" {
		t.Errorf("resolved to %+v", names)
	}
	again.Resolve(set)
	if !slices.Equal(again.Constraints.Laws, names.Laws) || !slices.Equal(again.Constraints.Algebraic, names.Algebraic) {
		t.Errorf("resolved again to %+v", again.Constraints)
	}
	var b strings.Builder
	if err := c.WriteTOML(&b); err != nil {
		t.Fatal(err)
	}
	back := Default()
	if err := back.Merge("written", []byte(b.String())); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(back.Constraints.Laws, names.Laws) {
		t.Errorf("read back as %+v", back.Constraints)
	}
	// trajectories with other totals have no common equation, and are told so
	several := robertson(t, simulate.Options{Trajectories: 3, Spread: 0.3, Seed: 1})
	c = Default()
	c.Constraints = ConstraintsConfig{Kind: "dae", Laws: []string{auto}}
	c.Resolve(several)
	var e *ConfigError
	if _, err := New(c, several); !errors.As(err, &e) || !strings.Contains(err.Error(), "projection") {
		t.Errorf("several totals: %v", err)
	}
}

func TestImpossibleConstraints(t *testing.T) {
	set := robertson(t, simulate.Options{})
	for name, c := range map[string]struct {
		c    ConstraintsConfig
		word string
	}{
		"contradiction": {ConstraintsConfig{Kind: "dae", Laws: []string{"y1 + y2 + y3 = 1", "2*y1 + 2*y2 + 2*y3 = 3"}}, "contradicts"},
		"repetition":    {ConstraintsConfig{Kind: "projection", Laws: []string{"y1 + y2 + y3", "- y1 - y2 - y3"}}, "follows from"},
		"index":         {ConstraintsConfig{Kind: "dae", Laws: []string{"y1 + y2 = 1"}, Algebraic: []string{"y3"}}, "index above 1"},
		"state":         {ConstraintsConfig{Kind: "projection", Laws: []string{"y1 + y4"}}, "y4"},
		"algebraic":     {ConstraintsConfig{Kind: "dae", Laws: []string{"y1 + y2 + y3 = 1"}, Algebraic: []string{"z"}}, "z"},
		"two for one":   {ConstraintsConfig{Kind: "dae", Laws: []string{"y1 + y2 + y3 = 1"}, Algebraic: []string{"y1", "y3"}}, "as many"},
	} {
		cfg := Default()
		cfg.Constraints = c.c
		cfg.Resolve(set)
		var e *ConfigError
		if _, err := New(cfg, set); !errors.As(err, &e) || !strings.Contains(err.Error(), c.word) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// a method that cannot solve a DAE is named with those that can
	cfg := Default()
	cfg.Solver.Method = "Tsit5"
	cfg.Constraints = ConstraintsConfig{Kind: "dae", Laws: []string{"y1 + y2 + y3 = 1"}}
	cfg.Resolve(set)
	if _, err := New(cfg, set); err == nil || !strings.Contains(err.Error(), "Rodas5P") {
		t.Errorf("an explicit method: %v", err)
	}
	// in a file, with the line
	for text, line := range map[string]int{
		"[constraints]\nkind = \"projektion\"":                           2,
		"[constraints]\nlaws = [\"y1 + y2\"]":                            2,
		"[constraints]\nkind = \"dae\"\nlaws = [\"auto\", \"y1 + y2\"]":  3,
		"[constraints]\nkind = \"dae\"\n\nequation = \"nonesuch\"":       4,
		"[constraints]\nkind = \"projection\"\nlaws = \"auto\"\nlaw = 1": 4,
	} {
		var e *ConfigError
		if err := Default().Merge("f.toml", []byte(text)); !errors.As(err, &e) || !slices.ContainsFunc(e.Problems, func(p ConfigProblem) bool { return p.Line == line }) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestConstraintNotes(t *testing.T) {
	set := robertson(t, simulate.Options{})
	notes := func(set *data.Set, k ConstraintsConfig) string {
		c := Default()
		c.Constraints = k
		c.Resolve(set)
		return strings.Join(mustNew(t, c, set).Notes(), "\n")
	}
	if n := notes(set, ConstraintsConfig{Kind: "none"}); !strings.Contains(n, "y1 + y2 + y3") || !strings.Contains(n, "laws = [") {
		t.Errorf("nothing is proposed: %q", n)
	}
	keep := ConstraintsConfig{Kind: "projection", Laws: []string{"y1 + y2 + y3"}}
	if n := notes(set, keep); n != "" {
		t.Errorf("sound data: %q", n)
	}
	bad := set.Clone()
	bad.Trajectories[0].Values[3*20+2] += 0.05
	n := notes(bad, keep)
	for _, word := range []string{"violate", "0.05 ", "t = ", "y3"} {
		if !strings.Contains(n, word) {
			t.Errorf("violated by 0.05, without %q: %q", word, n)
		}
	}
	noisy := robertson(t, simulate.Options{Corruption: data.Corruption{Noise: 0.01}, Seed: 3})
	if n := notes(noisy, keep); n != "" {
		t.Errorf("noise counts as a violation: %q", n)
	}
}
