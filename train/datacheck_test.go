package train

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/stiffnode/stiffnode/data"
)

// Numbers that cannot be calculated with are refused with a remedy, before anything is trained.
func TestNumbersThatCannotBeCalculatedWith(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*data.Set)
		remedy string
	}{
		"weights of zero": {func(s *data.Set) { s.Trajectories[0].Weights = make([]float64, len(s.Trajectories[0].Values)) }, "a weight above 0"},
		"weights too large": {func(s *data.Set) {
			w := make([]float64, len(s.Trajectories[0].Values))
			for i := range w {
				w[i] = 1.7e308
			}
			s.Trajectories[0].Weights = w
		}, "divide all of them"},
		"values of ±1.7e308": {func(s *data.Set) {
			for i := range s.Trajectories[0].Values {
				s.Trajectories[0].Values[i] = math.Copysign(1.7e308, float64(i%2)-0.5)
			}
		}, "larger unit"},
		"times of 1e-320": {func(s *data.Set) {
			for i := range s.Trajectories[0].Times {
				s.Trajectories[0].Times[i] = float64(i) * 1e-320
			}
		}, "smaller unit"},
		"times of 1e300": {func(s *data.Set) {
			for i := range s.Trajectories[0].Times {
				s.Trajectories[0].Times[i] = float64(i) * 1e300
			}
		}, "larger unit"},
	} {
		set := small(t)
		set.Trajectories = set.Trajectories[:1]
		cfg := quick(set)
		c.change(set)
		var e *data.Error
		if _, err := New(cfg, set); !errors.As(err, &e) || !strings.Contains(e.Remedy, c.remedy) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
