package train

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stiffnode/stiffnode/data"
)

// wave is a set of one state, sin t with errors of measurement, and predictions of it that mix sin t with its mean.
func wave(rows int, noise, share float64) judged {
	rng := rand.New(rand.NewPCG(3, 3))
	tr := data.Trajectory{}
	var predicted []float64
	for i := range rows {
		t := float64(i) / 10
		tr.Times = append(tr.Times, t)
		tr.Values = append(tr.Values, math.Sin(t)+noise*2*rng.NormFloat64())
		predicted = append(predicted, share*math.Sin(t))
	}
	set := &data.Set{States: []string{"y"}, Trajectories: []data.Trajectory{tr}}
	return judged{set, [][]float64{predicted}, []float64{2}}
}

func TestGrades(t *testing.T) {
	for name, c := range map[string]struct {
		rows         int
		noise, share float64
		want         Grade
	}{
		"exact":                          {200, 0, 1, Learned},
		"within a hundredth":             {200, 0, 0.98, Learned},
		"three quarters":                 {200, 0, 0.75, Partly},
		"a quarter":                      {200, 0, 0.25, NotLearned},
		"constant":                       {200, 0, 0, NotLearned},
		"noisy, exact":                   {200, 0.1, 1, Learned},
		"noisy, constant":                {200, 0.1, 0, NotLearned},
		"very noisy, exact":              {400, 0.2, 1, Learned},
		"very noisy, constant":           {400, 0.2, 0, NotLearned},
		"exact on a few rows":            {enoughRows, 0, 1, Partly},
		"exact on as many as are enough": {enoughRows + 1, 0, 1, Learned},
	} {
		v := &Verdict{}
		v.grade(wave(c.rows, c.noise, c.share), []float64{2 * c.noise}, c.rows-1)
		if v.Grade != c.want || v.Err != nil {
			t.Errorf("%s: %v (%v), want %v", name, v, v.Err, c.want)
		}
	}
	j := wave(20, 0, 1)
	j.predicted[0][7] = math.NaN()
	v := &Verdict{}
	if v.grade(j, []float64{0}, 19); v.Grade != NotLearned || v.Err == nil {
		t.Errorf("a prediction that is no number: %v", v)
	}
}

// Doses look like errors to an estimate from differences; more than there is cannot be error.
func TestImplausibleNoise(t *testing.T) {
	if j := wave(100, 0, 1); plausibleNoise(j.set, 0, 2) || !plausibleNoise(j.set, 0, 0.3) {
		t.Error("errors of 2 in a sine are plausible, or of 0.3 are not")
	}
}

// A long table keeps its ends and the rows of a fast transient in it, and short ones are left alone.
func TestThinnedKeepsWhatHappens(t *testing.T) {
	set := &data.Set{States: []string{"y"}, Trajectories: make([]data.Trajectory, 2)}
	for i := range 5000 {
		u := float64(i)
		y := 0.0
		if i >= 2000 {
			y = 1 - math.Exp(-(u-2000)/2)
		}
		set.Trajectories[0].Times, set.Trajectories[0].Values = append(set.Trajectories[0].Times, u), append(set.Trajectories[0].Values, y)
	}
	set.Trajectories[1] = data.Trajectory{Name: "short", Times: []float64{0, 1, 2}, Values: []float64{0, 1, 2}}
	out := thinned(set, set.Stats(), 100)
	times := out.Trajectories[0].Times
	if len(times) > 100 || len(times) < 80 || times[0] != 0 || times[1] != 1 || times[len(times)-1] != 4999 || !slices.IsSorted(times) {
		t.Fatalf("%d rows: %v", len(times), times)
	}
	for u := 2000.0; u <= 2004; u++ {
		if !slices.Contains(times, u) {
			t.Errorf("the row at %g, where the state jumps, is left out: %v", u, times)
		}
	}
	if len(out.Trajectories[1].Times) != 3 || len(set.Trajectories[0].Times) != 5000 {
		t.Error("a short trajectory, or the set itself, has been changed")
	}
}

// A budget that ends within the first epoch leaves a model and a verdict that says so.
func TestBudgetWithinTheFirstEpoch(t *testing.T) {
	set := small(t)
	for _, recipe := range recipeNames() {
		c := quick(set)
		c.Train.Recipe, c.Train.Budget = recipe, 1e-9
		c.Resolve(set)
		c.LeastSquares.Residuals = "relative"
		res := mustRun(t, mustNew(t, c, set))
		if res.Model == nil || res.Verdict == nil || !res.Verdict.TimeRanOut || res.Epochs != 0 || !math.IsNaN(res.Loss) {
			t.Errorf("%s: %+v", recipe, res)
		}
	}
}
