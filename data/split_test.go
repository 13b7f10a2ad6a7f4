package data

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
)

func randomSet(trajectories, rows, states int) *Set {
	s := &Set{TimeName: "t"}
	for j := range states {
		s.States, s.Units = append(s.States, fmt.Sprintf("y%d", j+1)), append(s.Units, "")
	}
	for k := range trajectories {
		tr := Trajectory{Name: fmt.Sprintf("run %d", k+1)}
		for i := range rows + k {
			tr.Times = append(tr.Times, float64(i)+float64(k)/10)
			for j := range states {
				tr.Values = append(tr.Values, math.Sin(float64(i*(j+1)+k)))
				tr.Weights = append(tr.Weights, float64(i+j))
			}
		}
		s.Trajectories = append(s.Trajectories, tr)
	}
	return s
}

func TestSplitTimesPartsTheRows(t *testing.T) {
	s := randomSet(5, 20, 3)
	for _, n := range []int{2, 3, 7} {
		for seed := range uint64(4) {
			train, held, err := s.SplitTimes(n, seed)
			if err != nil {
				t.Fatal(err)
			}
			again, _, _ := s.SplitTimes(n, seed)
			if !reflect.DeepEqual(train, again) {
				t.Error("the same seed split differently")
			}
			if train.Check() != nil || held.Check() != nil {
				t.Errorf("unsound: %v, %v", train.Check(), held.Check())
			}
			for k := range s.Trajectories {
				all, a, b := &s.Trajectories[k], &train.Trajectories[k], &held.Trajectories[k]
				if a.Name != all.Name || b.Name != all.Name {
					t.Error("a name was lost")
				}
				last := len(all.Times) - 1
				if a.Times[0] != all.Times[0] || b.Times[0] != all.Times[0] || a.Times[len(a.Times)-1] != all.Times[last] {
					t.Error("the ends were held out")
				}
				if out := len(b.Times) - 1; out < (last-1)/n || out > (last-1)/n+1 {
					t.Errorf("%d of %d interior rows held out, n = %d", out, last-1, n)
				}
				// The two parts put together are the whole.
				ia, ib := 1, 1
				for i := 1; i <= last; i++ {
					from, at := a, &ia
					if ib < len(b.Times) && b.Times[ib] == all.Times[i] {
						from, at = b, &ib
					}
					if !equal(from.Row(*at, 3), all.Row(i, 3)) || !equal(from.Weights[*at*3:*at*3+3], all.Weights[i*3:i*3+3]) {
						t.Fatalf("row %d changed", i)
					}
					*at++
				}
				if ia != len(a.Times) || ib != len(b.Times) {
					t.Errorf("a row is in both parts or in none")
				}
			}
		}
	}
	if _, _, err := s.SplitTimes(1, 0); err == nil {
		t.Error("every time could be held out")
	}
	short := &Set{States: []string{"x"}, Trajectories: []Trajectory{{Times: []float64{0, 1}, Values: []float64{0, 1}}}}
	if train, held, err := short.SplitTimes(2, 0); err != nil || train.Rows() != 2 || held.Rows() != 1 {
		t.Errorf("two rows: %v %v %v", train, held, err)
	}
}

func TestSplitTrajectoriesPartsTheSet(t *testing.T) {
	s := randomSet(6, 4, 2)
	chosen := map[string]bool{}
	for seed := range uint64(20) {
		train, held, err := s.SplitTrajectories(2, seed)
		if err != nil {
			t.Fatal(err)
		}
		if len(train.Trajectories) != 4 || len(held.Trajectories) != 2 {
			t.Fatalf("%d and %d trajectories", len(train.Trajectories), len(held.Trajectories))
		}
		names := map[string]bool{}
		for _, tr := range append(train.Trajectories, held.Trajectories...) {
			names[tr.Name] = true
		}
		if len(names) != 6 {
			t.Errorf("trajectories in both parts or in none: %v", names)
		}
		_, again, _ := s.SplitTrajectories(2, seed)
		if !reflect.DeepEqual(held, again) {
			t.Error("the same seed split differently")
		}
		for _, tr := range held.Trajectories {
			chosen[tr.Name] = true
		}
		held.Trajectories[0].Values[0] = 99
		for _, tr := range s.Trajectories {
			if tr.Values[0] == 99 {
				t.Fatal("the parts share memory with the set")
			}
		}
	}
	if len(chosen) != 6 {
		t.Errorf("20 seeds chose among %d of 6 trajectories", len(chosen))
	}
	for _, n := range []int{-1, 0, 6, 7} {
		if _, _, err := s.SplitTrajectories(n, 0); err == nil {
			t.Errorf("%d of 6 trajectories could be held out", n)
		}
	}
}

func TestCorruptionHasItsStatistics(t *testing.T) {
	s := &Set{States: []string{"x", "bath", "small"}, TimeName: "t", Units: []string{"", "", ""}}
	for k := range 20 {
		tr := sample(LinSpace(0, 1, 501), func(t float64) float64 { return 10 * t }, func(float64) float64 { return 3 }, func(t float64) float64 { return 1e-6 * t * t })
		tr.Name = fmt.Sprint(k)
		s.Trajectories = append(s.Trajectories, tr)
	}
	before := s.Clone()
	const sd, p = 0.02, 0.1
	c, err := Corruption{Noise: sd, Missing: p, Seed: 5}.Apply(s)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(s, before) {
		t.Error("the argument was changed")
	}
	for j, r := range []float64{10, 0, 1e-6} {
		n, missing, sum, squares := 0.0, 0.0, 0.0, 0.0
		for k, tr := range c.Trajectories {
			if !equal(tr.Times, s.Trajectories[k].Times) || !equal(tr.Row(0, 3), s.Trajectories[k].Row(0, 3)) {
				t.Fatal("a time or an initial row was changed")
			}
			for i := 1; i < len(tr.Times); i++ {
				n++
				e := tr.Row(i, 3)[j] - s.Trajectories[k].Row(i, 3)[j]
				if math.IsNaN(e) {
					missing++
					continue
				}
				sum += e
				squares += e * e
			}
		}
		// Five standard errors of the estimates from n = 10 000 draws.
		seen := n - missing
		if share := missing / n; math.Abs(share-p) > 5*math.Sqrt(p*(1-p)/n) {
			t.Errorf("%s: %g missing", s.States[j], share)
		}
		if mean := sum / seen; math.Abs(mean) > 5*sd*r/math.Sqrt(seen) {
			t.Errorf("%s: mean error %g", s.States[j], mean)
		}
		if got := math.Sqrt(squares / seen); math.Abs(got-sd*r) > 5*sd*r/math.Sqrt(2*seen) {
			t.Errorf("%s: error %g, want %g", s.States[j], got, sd*r)
		}
	}
}

func TestCorruptionIsDeterministicAndIndependent(t *testing.T) {
	s := randomSet(3, 50, 2)
	apply := func(c Corruption) *Set {
		out, err := c.Apply(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	same := func(a, b *Set) bool {
		for k := range a.Trajectories {
			if !equal(a.Trajectories[k].Values, b.Trajectories[k].Values) {
				return false
			}
		}
		return true
	}
	both := apply(Corruption{Noise: 0.1, Missing: 0.3, Seed: 7})
	if !same(both, apply(Corruption{Noise: 0.1, Missing: 0.3, Seed: 7})) {
		t.Error("the same seed gave other data")
	}
	if same(both, apply(Corruption{Noise: 0.1, Missing: 0.3, Seed: 8})) {
		t.Error("another seed gave the same data")
	}
	if !same(apply(Corruption{Seed: 7}), s) {
		t.Error("no corruption changed the data")
	}
	noise, gaps := apply(Corruption{Noise: 0.1, Seed: 7}), apply(Corruption{Missing: 0.3, Seed: 7})
	for k, tr := range both.Trajectories {
		for i, x := range tr.Values {
			missing := math.IsNaN(gaps.Trajectories[k].Values[i])
			if math.IsNaN(x) != missing || !missing && x != noise.Trajectories[k].Values[i] {
				t.Fatal("noise and gaps depend on each other")
			}
		}
	}
	initial := apply(Corruption{Noise: 0.1, Missing: 0.5, Initial: true, Seed: 1})
	changed := 0
	for k := range initial.Trajectories {
		for j, x := range initial.Trajectories[k].Row(0, 2) {
			if x != s.Trajectories[k].Row(0, 2)[j] {
				changed++
			}
		}
	}
	if changed != 6 {
		t.Errorf("%d of 6 initial values were touched", changed)
	}
	if len(initial.Notes) == 0 || !strings.Contains(initial.Notes[0], "initial value") {
		t.Errorf("notes %q do not speak of the missing initial values", initial.Notes)
	}
	for _, c := range []Corruption{{Noise: -1}, {Noise: nan}, {Noise: math.Inf(1)}, {Missing: -0.1}, {Missing: 1}, {Missing: nan}} {
		if _, err := c.Apply(s); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}

func TestParseTimes(t *testing.T) {
	for spec, want := range map[string][]float64{
		"0,1,2.5":             {0, 1, 2.5},
		" 1 , 2 ":             {1, 2},
		"-1":                  {-1},
		"lin:0:60:4":          {0, 20, 40, 60},
		"log:1:1000:4":        {1, 10, 100, 1000},
		"0,log:1e-2:1e2:3":    {0, 0.01, 1, 100},
		"lin:0:1:2,log:2:8:2": {0, 1, 2, 8},
	} {
		got, err := ParseTimes(spec)
		if err != nil || len(got) != len(want) {
			t.Errorf("%q: %v, %v", spec, got, err)
			continue
		}
		for i := range want {
			if math.Abs(got[i]-want[i]) > 1e-15*math.Abs(want[i]) {
				t.Errorf("%q: %v", spec, got)
			}
		}
	}
	for _, spec := range []string{"", "a", "1,1", "2,1", "1,", "nan", "inf", "log:0:1:5", "log:-1:1:5", "log:1:1:5", "lin:2:1:5", "lin:0:1:1", "lin:0:1:x", "lin:0:1", "exp:0:1:5",
		"lin:0:1:99999999999", "lin:-1e308:1e308:3", "0,lin:0:1:3", "lin:1:1.0000000000000002:9"} {
		if got, err := ParseTimes(spec); err == nil {
			t.Errorf("%q was read as %v", spec, got)
		}
	}
	x := LogSpace(1e-5, 1e5, 50)
	if x[0] != 1e-5 || x[49] != 1e5 {
		t.Errorf("ends %g, %g", x[0], x[49])
	}
	for i := 2; i < len(x); i++ {
		if r := x[i] / x[i-1] / (x[1] / x[0]); math.Abs(r-1) > 1e-13 {
			t.Errorf("ratio %d is off by %g", i, r-1)
		}
	}
}

func TestGrid(t *testing.T) {
	for name, c := range map[string]struct {
		times      []float64
		log        bool
		n          int
		first, mid float64 // mid: the 51st of 101 times
	}{
		"linear":     {[]float64{0, 3, 10}, false, 101, 0, 5},
		"log":        {[]float64{1e-4, 1, 1e4}, true, 101, 1e-4, 1},
		"log from 0": {[]float64{0, 1e-4, 1, 1e4}, true, 102, 0, math.Pow(10, -4+8*49./100)},
		"one time":   {[]float64{3}, true, 1, 3, 0},
		"negative":   {[]float64{-3, -1}, true, 101, -3, -2},
	} {
		tr := Trajectory{Times: c.times}
		g := tr.Grid(c.n, c.log)
		if name == "one time" {
			if !equal(g, []float64{3}) {
				t.Errorf("%s: %v", name, g)
			}
			continue
		}
		if len(g) != c.n || g[0] != c.first || g[len(g)-1] != c.times[len(c.times)-1] || math.Abs(g[50]-c.mid) > 1e-12*math.Abs(c.mid) {
			t.Errorf("%s: %d times from %g by %g to %g", name, len(g), g[0], g[50], g[len(g)-1])
		}
		for i := 1; i < len(g); i++ {
			if g[i] <= g[i-1] {
				t.Errorf("%s: times do not increase", name)
			}
		}
	}
}
