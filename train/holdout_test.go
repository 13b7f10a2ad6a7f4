package train

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/internal/simulate"
)

// Every observation is in one of the two parts, none is in both, and both begin where the whole does.
func TestSplit(t *testing.T) {
	set := simulated(t, "LotkaVolterra", simulate.Options{Times: data.LinSpace(0, 5, 21)})
	c := Default()
	if train, held, err := c.Split(set); err != nil || train != set || held != nil {
		t.Errorf("nothing is to be held out: %v, %v", held, err)
	}
	c.Data.Holdout = 0.25
	train, held, err := c.Split(set)
	if err != nil {
		t.Fatal(err)
	}
	a, b := train.Trajectories[0].Times, held.Trajectories[0].Times
	all := slices.Concat(a, b[1:])
	slices.Sort(all)
	if !slices.Equal(all, set.Trajectories[0].Times) || b[0] != a[0] || len(b) < 5 {
		t.Errorf("held out %v of %v", b, set.Trajectories[0].Times)
	}
	many := &data.Set{States: set.States}
	for range 8 {
		many.Trajectories = append(many.Trajectories, set.Trajectories[0])
	}
	if train, held, err := c.Split(many); err != nil || len(train.Trajectories) != 6 || len(held.Trajectories) != 2 {
		t.Errorf("trajectories: %v", err)
	}
	c.Data.Holdout = 0.05
	short := simulated(t, "LotkaVolterra", simulate.Options{Times: []float64{0, 1, 2}})
	var wrong *data.Error
	if _, _, err := c.Split(short); err != nil && !errors.As(err, &wrong) {
		t.Errorf("an error of type %T", err)
	}
}

// A part so small that its inverse is no whole number holds nothing out, and is told so by its own name.
func TestSplitOfNearlyNothing(t *testing.T) {
	c := Default()
	c.Data.Holdout = 1e-300
	_, _, err := c.Split(simulated(t, "LotkaVolterra", simulate.Options{Times: data.LinSpace(0, 5, 21)}))
	var wrong *data.Error
	if !errors.As(err, &wrong) || !strings.Contains(err.Error(), "data.holdout = 1e-300") {
		t.Errorf("error %v", err)
	}
}

// Known measurement errors take the place of estimated ones, and their number is checked.
func TestKnownNoise(t *testing.T) {
	set := simulated(t, "LotkaVolterra", simulate.Options{Times: data.LinSpace(0, 5, 21), Corruption: data.Corruption{Noise: 0.05}, Seed: 5})
	c := Default()
	c.Loss.Noise = []float64{0.25, 0.125}
	c.Resolve(set)
	l := leastTask(t, c, set)
	want := 0.0
	for i := range l.whole().curves {
		cv := &l.whole().curves[i]
		for v, f := range cv.factor {
			if f != 0 && cv.real[v/2] {
				want += f * f * c.Loss.Noise[v%2] * c.Loss.Noise[v%2] / 2
			}
		}
	}
	if math.Abs(l.target-noiseSlack*want) > 1e-12*want || want == 0 {
		t.Errorf("the noise level is %g, want %g", l.target, noiseSlack*want)
	}
	c.Loss.Noise = []float64{1, 2, 3}
	var wrong *ConfigError
	if _, err := New(c, set); !errors.As(err, &wrong) {
		t.Errorf("three numbers for two states: %v", err)
	}
}
