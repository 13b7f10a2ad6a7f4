package data

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// sample observes functions of time.
func sample(times []float64, f ...func(float64) float64) Trajectory {
	tr := Trajectory{Times: times}
	for _, t := range times {
		for _, fj := range f {
			tr.Values = append(tr.Values, fj(t))
		}
	}
	return tr
}

func TestStats(t *testing.T) {
	s := &Set{
		States: []string{"x", "bath", "steady", "zero", "hidden", "once", "rounding"},
		Trajectories: []Trajectory{
			{Name: "a", Times: []float64{0, 1, 4}, Values: []float64{
				nan, 0.78, 300, 0, nan, 5, 1,
				-3, 0.78, 300, 0, nan, nan, 1 + 2e-16,
				2, nan, 300, 0, nan, nan, 1 - 2e-16}},
			{Name: "b", Times: []float64{10, 12}, Values: []float64{
				0, 0.78, 310, 0, nan, nan, 1,
				1, 0.78, 310, 0, nan, nan, 1}},
		},
	}
	st := s.Stats()
	if st.T0 != 0 || st.T1 != 4 || st.TimeScale() != 4 || st.LogTimes {
		t.Errorf("times: %+v", st)
	}
	if want := []float64{5, 0, 10, 0, 0, 0, 0}; !equal(st.Ranges(), want) {
		t.Errorf("ranges %v, want %v", st.Ranges(), want)
	}
	if want := []float64{5, 0.78, 10, 1, 1, 5, 1 + 2e-16}; !equal(st.Scale(ScaleRange), want) {
		t.Errorf("y_scale by range %v, want %v", st.Scale(ScaleRange), want)
	}
	if want := []float64{3, 0.78, 310, 1, 1, 5, 1 + 2e-16}; !equal(st.Scale(ScaleMax), want) {
		t.Errorf("y_scale by max %v, want %v", st.Scale(ScaleMax), want)
	}
	for j, want := range []struct {
		constant, steady  bool
		observed, missing int
	}{{false, false, 4, 1}, {true, true, 4, 1}, {false, true, 5, 0}, {true, true, 5, 0}, {false, false, 0, 5}, {false, false, 1, 4}, {true, true, 5, 0}} {
		got := st.States[j]
		if got.Constant != want.constant || got.Steady != want.steady || got.Observed != want.observed || got.Missing != want.missing {
			t.Errorf("%s: %+v, want %+v", got.Name, got, want)
		}
	}
	if x := st.States[0]; x.Min != -3 || x.Max != 2 {
		t.Errorf("x from %g to %g", x.Min, x.Max)
	}
}

func TestScaleOfExtremes(t *testing.T) {
	s := &Set{States: []string{"huge", "tiny"}, Trajectories: []Trajectory{{Times: []float64{-1e308, 1e308}, Values: []float64{-1.7e308, 0, 1.7e308, 1e-310}}}}
	st := s.Stats()
	for _, k := range []Scaling{ScaleRange, ScaleMax} {
		for j, x := range st.Scale(k) {
			if !(x > 0) || math.IsInf(x, 0) || math.IsInf(1/x, 0) {
				t.Errorf("%v scale of %s is %g", k, s.States[j], x)
			}
		}
	}
	if d := st.TimeScale(); math.IsInf(d, 0) {
		t.Errorf("time scale %g", d)
	}
}

func TestScalingNames(t *testing.T) {
	for _, k := range []Scaling{ScaleRange, ScaleMax} {
		if got, err := ParseScaling(k.String()); err != nil || got != k {
			t.Errorf("%v became %v, %v", k, got, err)
		}
	}
	if _, err := ParseScaling("mean"); err == nil {
		t.Error("mean was taken for a scaling")
	}
}

func TestLogTimes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	random := func(n int, f func(u float64) float64) []float64 {
		x := make([]float64, n)
		for i := range x {
			x[i] = f(rng.Float64())
		}
		slices.Sort(x)
		return x
	}
	logUniform := func(u float64) float64 { return math.Pow(10, 10*u-5) }
	short := []float64{0, 1}
	for _, c := range []struct {
		name  string
		want  bool
		times [][]float64
	}{
		{"Robertson", true, [][]float64{LogSpace(1e-5, 1e5, 50)}},
		{"Robertson from 0", true, [][]float64{append([]float64{0}, LogSpace(1e-5, 1e5, 50)...)}},
		{"POLLU", false, [][]float64{LinSpace(0, 60, 20)}},
		{"long linear", false, [][]float64{LinSpace(0, 1, 10_001)}},
		{"linear from -1", false, [][]float64{LinSpace(-1, 10, 100)}},
		{"log after -1", true, [][]float64{append([]float64{-1, 0}, LogSpace(1e-3, 10, 30)...)}},
		{"years", false, [][]float64{LinSpace(1950, 2020, 71)}},
		{"random", false, [][]float64{random(200, func(u float64) float64 { return u })}},
		{"random few", false, [][]float64{random(10, func(u float64) float64 { return u })}},
		{"random log", true, [][]float64{random(30, logUniform)}},
		{"8 × random log", true, [][]float64{random(30, logUniform), random(30, logUniform), random(30, logUniform), random(30, logUniform), random(30, logUniform), random(30, logUniform), random(30, logUniform), random(30, logUniform)}},
		{"linear to 1, 10, 100, 1000", false, [][]float64{LinSpace(0, 1, 30), LinSpace(0, 10, 30), LinSpace(0, 100, 30), LinSpace(0, 1000, 30)}},
		{"blood samples", true, [][]float64{{0, 0.25, 0.5, 1, 2, 4, 8, 24}}},
		{"less than a decade", false, [][]float64{LogSpace(1, 8, 30)}},
		{"squares", false, [][]float64{{0, 1, 4, 9, 16, 25, 36, 49, 64, 81, 100}}},
		{"two times", false, [][]float64{short, short}},
		{"negative", false, [][]float64{{-3, -2, -1}}},
	} {
		s := &Set{States: []string{"x"}}
		for _, times := range c.times {
			s.Trajectories = append(s.Trajectories, sample(times, math.Sin))
		}
		if got := s.LogTimes(); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}

func TestDecades(t *testing.T) {
	times := LogSpace(1e-5, 1e5, 50)
	tr := sample(append([]float64{0}, times...),
		func(t float64) float64 { return t / (1 + t) },                       // ten decades up
		func(t float64) float64 { return math.Exp(-t) },                      // mostly 1, or 0
		func(t float64) float64 { return t/(1+t) - 1e-9 },                    // with a negative value
		func(t float64) float64 { return 0.5 + 0.4*math.Sin(math.Log(t+1)) }) // wavy
	s := &Set{States: []string{"up", "decay", "negative", "wavy"}, Trajectories: []Trajectory{tr}}
	st := s.Stats()
	for j, want := range []bool{true, true, false, false} {
		if st.States[j].Decades != want {
			t.Errorf("%s: %t", s.States[j], !want)
		}
	}
}

func TestNoiseIsEstimated(t *testing.T) {
	shapes := []func(float64) float64{
		func(t float64) float64 { return 1 / (1 + t) },
		func(t float64) float64 { return t * math.Exp(-t) * math.E },
		func(t float64) float64 { return t / (1 + t) },
	}
	for name, times := range map[string][]float64{
		"log":     append([]float64{0}, LogSpace(1e-5, 1e5, 100)...),
		"linear":  LinSpace(0, 5, 100),
		"crowded": append(LinSpace(0, 1, 60), LinSpace(1.5, 5, 40)...),
	} {
		exact := &Set{States: []string{"a", "b", "c"}, Trajectories: []Trajectory{sample(times, shapes...), sample(times, shapes...)}}
		exact.Trajectories[1].Name = "second"
		for j, x := range exact.Noise() {
			if r := exact.stateStats(j).Range(); x > 5e-4*r {
				t.Errorf("%s times: noise %g of the range in exact values of %s", name, x/r, exact.States[j])
			}
		}
		for _, sd := range []float64{0.003, 0.03} {
			noisy, err := Corruption{Noise: sd, Missing: 0.1, Seed: 3}.Apply(exact)
			if err != nil {
				t.Fatal(err)
			}
			for j, x := range noisy.Noise() {
				if r := exact.stateStats(j).Range(); x < 0.6*sd*r || x > 1.4*sd*r {
					t.Errorf("%s times: noise %g of the range in %s, want %g", name, x/r, exact.States[j], sd)
				}
			}
		}
	}
}

func TestNoiseScalesWithTheData(t *testing.T) {
	tr := sample(LinSpace(0, 5, 60), math.Sin)
	s, err := Corruption{Noise: 0.02, Seed: 1}.Apply(&Set{States: []string{"x"}, Trajectories: []Trajectory{tr}})
	if err != nil {
		t.Fatal(err)
	}
	want := s.Noise()[0]
	big := s.Clone()
	for i := range big.Trajectories[0].Values {
		big.Trajectories[0].Values[i] *= 1024
	}
	for i := range big.Trajectories[0].Times {
		big.Trajectories[0].Times[i] *= 4
	}
	if got := big.Noise()[0]; got != 1024*want || want == 0 {
		t.Errorf("noise %g of data 1024 times as large, want 1024 × %g", got, want)
	}
}

func TestTooFewDataHaveNoNoise(t *testing.T) {
	s := &Set{States: []string{"x", "never"}, Trajectories: []Trajectory{{Times: []float64{0, 1, 2, 3}, Values: []float64{0, nan, 1, nan, 0, nan, 1, nan}}}}
	if got := s.Noise(); !reflect.DeepEqual(got, []float64{0, 0}) {
		t.Errorf("noise %v", got)
	}
}

// What is small in its unit still varies: only below the numbers of full precision is there nothing to divide by.
func TestTinyStatesVary(t *testing.T) {
	for _, c := range []struct {
		size     float64
		constant bool
	}{{1e-299, false}, {1e-301, false}, {1e-307, false}, {1e-309, true}} {
		s := &Set{States: []string{"a"}, Trajectories: []Trajectory{{Times: []float64{0, 1, 2}, Values: []float64{c.size, 2 * c.size, 3 * c.size}}}}
		st := s.Stats()
		if r := st.Ranges()[0]; (r == 0) != c.constant || !c.constant && math.Abs(r/c.size-2) > 1e-9 {
			t.Errorf("size %g: range %g", c.size, r)
		}
		if scale := st.Scale(ScaleRange)[0]; (scale == 1) != c.constant {
			t.Errorf("size %g: scale %g", c.size, scale)
		}
	}
}
