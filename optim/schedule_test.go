package optim

import (
	"math"
	"testing"
)

func TestSchedules(t *testing.T) {
	cases := []struct {
		name  string
		s     Schedule
		epoch int
		want  float64
	}{
		{"constant", Constant{0.1}, 12345, 0.1},
		{"step, first", StepDecay{Base: 1, Factor: 0.1, Every: 10}, 9, 1},
		{"step, second", StepDecay{Base: 1, Factor: 0.1, Every: 10}, 10, 0.1},
		{"step, third", StepDecay{Base: 1, Factor: 0.5, Every: 10}, 29, 0.25},
		{"step, floor", StepDecay{Base: 1, Factor: 0.5, Every: 1, Floor: 0.2}, 100, 0.2},
		{"exponential, start", Exponential{Base: 2, Factor: 0.5, Every: 10}, 0, 2},
		{"exponential, half-way", Exponential{Base: 2, Factor: 0.25, Every: 10}, 5, 1},
		{"exponential, floor", Exponential{Base: 2, Factor: 0.25, Every: 10, Floor: 0.1}, 1000, 0.1},
		{"cosine, warm-up", Cosine{Base: 1, Warmup: 4, Epochs: 100}, 0, 0.25},
		{"cosine, top", Cosine{Base: 1, Warmup: 4, Epochs: 100}, 3, 1},
		{"cosine, middle", Cosine{Base: 1, Final: 0.2, Epochs: 101}, 50, 0.6},
		{"cosine, third", Cosine{Base: 1, Epochs: 301}, 100, 0.75},
		{"cosine, end", Cosine{Base: 1, Final: 0.2, Warmup: 3, Epochs: 100}, 99, 0.2},
		{"cosine, after the end", Cosine{Base: 1, Final: 0.2, Epochs: 100}, 1000, 0.2},
		{"negative epoch", Exponential{Base: 2, Factor: 0.25, Every: 10}, -5, 2},
	}
	for _, c := range cases {
		if err := c.s.Validate(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := c.s.Rate(c.epoch); math.Abs(got-c.want) > 1e-14 {
			t.Errorf("%s: Rate(%d) = %v, want %v", c.name, c.epoch, got, c.want)
		}
	}
}

// The cosine falls all the way after its warm-up and never leaves [Final, Base].
func TestCosineIsMonotone(t *testing.T) {
	for _, warmup := range []int{0, 1, 2, 7} {
		s := Cosine{Base: 1, Final: 0.01, Warmup: warmup, Epochs: 50}
		for e := 1; e < 60; e++ {
			a, b := s.Rate(e-1), s.Rate(e)
			switch {
			case b > s.Base || b <= 0:
				t.Errorf("warm-up %d: Rate(%d) = %v", warmup, e, b)
			case e < warmup && b <= a:
				t.Errorf("warm-up %d: no rise at epoch %d", warmup, e)
			case e >= warmup && e < s.Epochs && b >= a:
				t.Errorf("warm-up %d: no fall at epoch %d", warmup, e)
			}
		}
	}
}

func TestSchedulesAreValidated(t *testing.T) {
	cases := []struct {
		name   string
		s      Schedule
		fields []string
	}{
		{"constant", Constant{}, []string{"rate"}},
		{"constant", Constant{math.Inf(1)}, []string{"rate"}},
		{"constant", Constant{math.NaN()}, []string{"rate"}},
		{"step", StepDecay{Base: 1, Factor: 2, Every: 0, Floor: 3}, []string{"factor", "every", "floor"}},
		{"exponential", Exponential{Base: -1, Factor: math.NaN(), Every: 1}, []string{"rate", "factor", "floor"}},
		{"cosine", Cosine{Base: 1, Final: 2, Warmup: 10, Epochs: 10}, []string{"final", "epochs"}},
		{"cosine", Cosine{Base: 1, Warmup: -1, Epochs: 10}, []string{"warmup"}},
	}
	for _, c := range cases {
		checkConfigError(t, c.name, c.s.Validate(), c.fields)
	}
}
