package data

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-13*max(1, math.Abs(b)) }

// Two trajectories; x has range 10 over both, z takes negative values, N2 is constant.
func scored() (*Set, [][]float64) {
	s := &Set{
		States: []string{"x", "N2", "z"},
		Trajectories: []Trajectory{
			{Name: "a", Times: []float64{0, 1, 2}, Values: []float64{
				0, 0.78, -1,
				10, 0.78, 1,
				9e-6, 0.78, nan}},
			{Name: "b", Times: []float64{0, 5}, Values: []float64{
				5, 0.78, 0,
				nan, 0.78, 0.5}},
		},
	}
	predicted := [][]float64{
		{99, 99, 99, 9, 0, 0.5, -1, 0, 7},
		{99, 99, 99, 3, 0, -0.5},
	}
	return s, predicted
}

func TestEvaluateByHand(t *testing.T) {
	s, predicted := scored()
	score, err := Evaluate(s, predicted, nil)
	if err != nil {
		t.Fatal(err)
	}
	// x: |9 − 10|/10 = 0.1 and |−1 − 9e-6|/10 = 0.1000009; 9e-6 is not above 1e-6 × 10.
	// z (range 2): |0.5 − 1|/2 = 0.25 and |−0.5 − 0.5|/2 = 0.5; −0.5 counts as 1e-12 × 2.
	if len(score.States) != 2 {
		t.Fatalf("%+v", score.States)
	}
	x, z := score.States[0], score.States[1]
	if x.Name != "x" || !near(x.MAE, 0.10000045) || !near(x.Max, 0.1000009) || !near(x.Log10, -math.Log10(0.9)) || x.Negative != 1 || x.SignErrors != 1 || x.Values != 2 {
		t.Errorf("x: %+v", x)
	}
	if z.Name != "z" || !near(z.MAE, 0.375) || !near(z.Max, 0.5) || !near(z.Log10, (math.Log10(2)+math.Log10(0.5/2e-12))/2) || z.Negative != 0 || z.Values != 2 {
		t.Errorf("z: %+v", z)
	}
	if want := (0.1 + 0.1000009 + 0.25 + 0.5) / 4; !near(score.MAE, want) {
		t.Errorf("mae %g, want %g", score.MAE, want)
	}
}

func TestEvaluateTakesGivenRanges(t *testing.T) {
	s, predicted := scored()
	score, err := Evaluate(s, predicted, []float64{20, 0, 0})
	if err != nil || len(score.States) != 1 || !near(score.MAE, 0.050000225) {
		t.Errorf("%+v, %v", score, err)
	}
}

func TestScoreJSON(t *testing.T) {
	s, predicted := scored()
	score, err := Evaluate(s, predicted, nil)
	if err != nil {
		t.Fatal(err)
	}
	score.States[1].Log10 = nan
	b, err := json.Marshal(score)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		MAE    float64                        `json:"mae"`
		States map[string]map[string]*float64 `json:"states"`
	}
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	if err := d.Decode(&got); err != nil {
		t.Fatal(err)
	}
	x := got.States["x"]
	if got.MAE != score.MAE || len(got.States) != 2 || len(x) != 4 || *x["mae"] != score.States[0].MAE || *x["max"] != score.States[0].Max || *x["log10"] != score.States[0].Log10 || *x["negative"] != 1 || got.States["z"]["log10"] != nil {
		t.Errorf("%s", b)
	}
	if !strings.HasPrefix(string(b), `{"mae":`) || strings.Index(string(b), `"x"`) > strings.Index(string(b), `"z"`) {
		t.Errorf("order: %s", b)
	}
}

func TestEvaluateRefuses(t *testing.T) {
	s, predicted := scored()
	for want, call := range map[string]func() error{
		"1 trajectories for 2":     func() error { _, err := Evaluate(s, predicted[:1], nil); return err },
		"5 predicted values for 6": func() error { _, err := Evaluate(s, [][]float64{predicted[0], predicted[1][:5]}, nil); return err },
		"1 ranges for 3":           func() error { _, err := Evaluate(s, predicted, []float64{1}); return err },
		"nothing to compare":       func() error { _, err := Evaluate(s, predicted, []float64{0, 0, 0}); return err },
		`time 1 of trajectory "a" is NaN`: func() error {
			_, err := Evaluate(s, [][]float64{{0, 0, 0, nan, 0, 0, 0, 0, 0}, predicted[1]}, nil)
			return err
		},
	} {
		if err := call(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	// Where nothing was observed, and in initial rows, predictions do not matter.
	free := [][]float64{{nan, nan, nan, 9, nan, 0.5, -1, nan, nan}, {nan, nan, nan, nan, nan, -0.5}}
	a, err := Evaluate(s, free, nil)
	b, _ := Evaluate(s, predicted, nil)
	if err != nil || a.MAE != b.MAE {
		t.Errorf("%v, %v", a, err)
	}
}

func TestEvaluateSurvivesModelsThatBlowUp(t *testing.T) {
	s := &Set{States: []string{"x"}, Trajectories: []Trajectory{{Times: []float64{0, 1, 2}, Values: []float64{0, 1e-20, 0}}}}
	score, err := Evaluate(s, [][]float64{{0, 1e308, -1e308}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := json.Marshal(score); err != nil || !(score.MAE > 1e100) {
		t.Errorf("%+v, %v", score, err)
	}
}

// The metric against its definition, and the relations that it must obey, on random data.
func TestEvaluateProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 0))
	for range 50 {
		n := 1 + rng.IntN(4)
		s := randomSet(1+rng.IntN(4), 3+rng.IntN(6), n)
		var predicted [][]float64
		for k := range s.Trajectories {
			tr := &s.Trajectories[k]
			p := make([]float64, len(tr.Values))
			for i := range p {
				tr.Values[i] = rng.ExpFloat64()
				p[i] = tr.Values[i] + 0.1*rng.NormFloat64()
				if i >= n && rng.Float64() < 0.2 {
					tr.Values[i] = nan
				}
			}
			predicted = append(predicted, p)
		}
		score, err := Evaluate(s, predicted, nil)
		if err != nil {
			t.Fatal(err)
		}
		total, count := 0.0, 0.0
		for j := range n {
			lo, hi := math.Inf(1), math.Inf(-1)
			for _, tr := range s.Trajectories {
				for i := range tr.Times {
					if x := tr.Row(i, n)[j]; x == x {
						lo, hi = math.Min(lo, x), math.Max(hi, x)
					}
				}
			}
			for k, tr := range s.Trajectories {
				for i := 1; i < len(tr.Times); i++ {
					if x := tr.Row(i, n)[j]; x == x {
						total += math.Abs(predicted[k][i*n+j]-x) / (hi - lo)
						count++
					}
				}
			}
		}
		if !near(score.MAE, total/count) {
			t.Fatalf("mae %g, by definition %g", score.MAE, total/count)
		}

		// The mean of the states' means, weighted by their numbers of values, is the whole's.
		sum := 0.0
		for _, st := range score.States {
			sum += st.MAE * float64(st.Values)
			if st.MAE > st.Max || st.SignErrors > st.Negative {
				t.Errorf("%+v", st)
			}
		}
		if !near(sum/count, score.MAE) {
			t.Errorf("mae %g, from the states %g", score.MAE, sum/count)
		}

		// Units do not matter: powers of two change no bit.
		scaled, q := s.Clone(), make([][]float64, len(predicted))
		for k := range predicted {
			for i, x := range predicted[k] {
				unit := math.Ldexp(1, 10*(i%n)-15)
				q[k] = append(q[k], x*unit)
				scaled.Trajectories[k].Values[i] *= unit
			}
		}
		other, err := Evaluate(scaled, q, nil)
		if err != nil || other.MAE != score.MAE || other.States[0].Max != score.States[0].Max || !near(other.States[0].Log10, score.States[0].Log10) {
			t.Errorf("in other units %+v, %v, not %+v", other, err, score)
		}

		// The data themselves have no error.
		exact := make([][]float64, len(predicted))
		for k := range exact {
			exact[k] = s.Trajectories[k].Values
		}
		if zero, err := Evaluate(s, exact, nil); err != nil || zero.MAE != 0 || zero.States[0].Log10 != 0 {
			t.Errorf("%+v, %v", zero, err)
		}
	}
}
