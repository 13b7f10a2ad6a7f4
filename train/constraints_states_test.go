package train

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stiffnode/stiffnode/internal/simulate"
)

// Every recipe trains models that are never negative beyond the tolerance at which they are judged, with laws, which hold to roundoff, and without. The
// initial state, (1, 0, 0), lies at the boundary.
func TestNonNegativeTraining(t *testing.T) {
	set := robertson(t, simulate.Options{})
	for _, kind := range []string{"none", "projection"} {
		for _, recipe := range recipeNames() {
			c := Default()
			c.Train.Recipe, c.Train.Epochs, c.Model.Hidden = recipe, 25, []int{8}
			c.Starts.Count, c.Starts.Epochs = 2, 3
			c.Constraints = ConstraintsConfig{Kind: kind, NonNegative: []string{auto}}
			if kind != "none" {
				c.Constraints.Laws = []string{auto}
			}
			c.Resolve(set)
			if !slices.Equal(c.Constraints.NonNegative, set.States) {
				t.Fatalf("%v are resolved to be non-negative", c.Constraints.NonNegative)
			}
			tr := mustNew(t, c, set)
			res := mustRun(t, tr)
			// Losses of segments do not compare with that of whole trajectories: what compares is the model as evaluated.
			theta, loss := tr.recipe.result()
			own, _, err := Evaluate(t.Context(), tr.result(theta, loss, 0, true).Model, set, res.Initial)
			if err == nil && own.MAE < res.Score.MAE {
				t.Errorf("%s, %s: a model of mae %g is kept, and there was one of %g", kind, recipe, res.Score.MAE, own.MAE)
			}
			if first, last := res.History[0].Loss, res.Loss; recipe == "first-order" && !(last <= first) {
				t.Errorf("%s, %s: loss %g after %g", kind, recipe, last, first)
			}
			size := res.Model.RHS.Problem().Scale
			_, y, err := Evaluate(t.Context(), res.Model, set, nil)
			if err != nil {
				t.Fatalf("%s, %s: %v", kind, recipe, err)
			}
			for i, v := range y[0] {
				if v < -2*evaluationATol*size[i%3] {
					t.Errorf("%s, %s: %s = %g in row %d", kind, recipe, set.States[i%3], v, i/3)
				}
				if d := y[0][i/3*3] + y[0][i/3*3+1] + y[0][i/3*3+2] - 1; kind != "none" && math.Abs(d) > 1e-12 {
					t.Errorf("%s, %s: the sum is off by %g in row %d", kind, recipe, d, i/3)
				}
			}
		}
	}
}

// What cannot be, and data that contradict it, are told.
func TestNonNegativeIsChecked(t *testing.T) {
	set := robertson(t, simulate.Options{})
	for name, c := range map[string]struct {
		c    ConstraintsConfig
		word string
	}{
		"state":     {ConstraintsConfig{Kind: "none", NonNegative: []string{"y4"}}, "y4"},
		"algebraic": {ConstraintsConfig{Kind: "dae", Laws: []string{"y1 + y2 + y3 = 1"}, Algebraic: []string{"y3"}, NonNegative: []string{"y3"}}, "algebraic"},
	} {
		cfg := Default()
		cfg.Constraints = c.c
		cfg.Resolve(set)
		var e *ConfigError
		if _, err := New(cfg, set); !errors.As(err, &e) || !strings.Contains(err.Error(), c.word) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var e *ConfigError
	if err := Default().Merge("f.toml", []byte("[constraints]\nnon_negative = [\"auto\", \"y1\"]")); !errors.As(err, &e) || e.Problems[0].Line != 2 {
		t.Errorf("auto and a name: %v", err)
	}
	cfg := Default()
	cfg.Constraints = ConstraintsConfig{Kind: "dae", Laws: []string{"y1 + y2 + y3 = 1"}, Algebraic: []string{"y3"}, NonNegative: []string{auto}}
	cfg.Resolve(set)
	if !slices.Equal(cfg.Constraints.NonNegative, []string{"y1", "y2"}) {
		t.Errorf("beside an algebraic state %v are resolved", cfg.Constraints.NonNegative)
	}
	bad := set.Clone()
	bad.Trajectories[0].Values[3*12] = -0.25
	cfg = Default()
	cfg.Constraints = ConstraintsConfig{Kind: "none", NonNegative: []string{"y1"}}
	cfg.Resolve(bad)
	notes := strings.Join(mustNew(t, cfg, bad).Notes(), "\n")
	for _, w := range []string{"y1 is kept non-negative", "-0.25", "t = "} {
		if !strings.Contains(notes, w) {
			t.Errorf("no %q in %q", w, notes)
		}
	}
}
