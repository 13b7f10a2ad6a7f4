package ode

import (
	"context"
	"math"
	"strings"
	"testing"
)

// vanDerPol is y” ε = (1 − y²) y' − y, from (2, 0).
func vanDerPol(epsilon float64) *Problem {
	p := FuncJacobian(2,
		func(dst []float64, _ float64, y []float64) {
			dst[0], dst[1] = y[1], ((1-y[0]*y[0])*y[1]-y[0])/epsilon
		},
		func(j *Jacobian, _ float64, y []float64) {
			j.Set(0, 1, 1)
			j.Set(1, 0, (-2*y[0]*y[1]-1)/epsilon)
			j.Set(1, 1, (1-y[0]*y[0])/epsilon)
		})
	p.Autonomous = true
	return p
}

// work weighs what a solve costs: evaluations of f, Jacobians and factorisations of a small system about alike.
func work(s *Stats) float64 {
	return float64(s.Evals + s.Jacobians + s.Factorisations)
}

// Over seven periods of a relaxation oscillation a pair must not cost much more than the better of its two methods, and not chatter.
func TestSwitchingDoesNotChatter(t *testing.T) {
	p := vanDerPol(1e-6)
	for _, m := range []Method{AutoTsit5Rosenbrock23, AutoTsit5Rodas5P, AutoTsit5KenCarp4, AutoDOP853Radau} {
		for _, rtol := range []float64{1e-3, 1e-6} {
			opt := Options{Method: m, RTol: rtol, ATol: []float64{rtol}}
			sol, err := Solve(context.Background(), p, 0, 11, []float64{2, 0}, opt)
			if err != nil {
				t.Fatal(m.Info().Name, err)
			}
			opt.Method = m.(switchMethod).implicit
			alone, err := Solve(context.Background(), p, 0, 11, []float64{2, 0}, opt)
			if err != nil {
				t.Fatal(err)
			}
			if ratio := work(&sol.Stats) / work(&alone.Stats); ratio > 1.3 {
				t.Errorf("%s at %g: %.2f times the work of the implicit method alone", m.Info().Name, rtol, ratio)
			}
			// a change to the implicit method behind the initial layer, and a change there and back for each of 13 jumps
			if sol.Stats.Switches == 0 || sol.Stats.Switches > 1+2*13 {
				t.Errorf("%s at %g: %d switches", m.Info().Name, rtol, sol.Stats.Switches)
			}
		}
	}
}

func TestSwitchingLeavesNonStiffProblemsAlone(t *testing.T) {
	p := FuncJacobian(2,
		func(dst []float64, _ float64, y []float64) { dst[0], dst[1] = y[0]-y[0]*y[1], y[0]*y[1]-y[1] },
		func(j *Jacobian, _ float64, y []float64) {
			j.Set(0, 0, 1-y[1])
			j.Set(0, 1, -y[0])
			j.Set(1, 0, y[1])
			j.Set(1, 1, y[0]-1)
		})
	for _, rtol := range []float64{1e-3, 1e-6, 1e-9} {
		sol, err := Solve(context.Background(), p, 0, 30, []float64{2, 1}, Options{Method: AutoTsit5Rodas5P, RTol: rtol})
		if err != nil {
			t.Fatal(err)
		}
		if sol.Stats.Switches != 0 || sol.Stats.Jacobians != 0 {
			t.Errorf("rtol %g: %d switches, %d Jacobians", rtol, sol.Stats.Switches, sol.Stats.Jacobians)
		}
	}
}

func TestSpectralRadius(t *testing.T) {
	for name, c := range map[string]struct {
		j    [4]float64
		want float64
	}{
		"real":       {[4]float64{-1000, 1, 2, -3}, 1000.002},
		"complex":    {[4]float64{-1, 100, -100, -1}, math.Hypot(1, 100)},
		"zero":       {[4]float64{}, 0},
		"not normal": {[4]float64{-5, 1e6, 0, -7}, 7},
	} {
		j := NewJacobian(2, JacobianLayout{})
		copy(j.Data, c.j[:])
		r := newSpectralRadius(2)
		got := 0.0
		for range 20 {
			got = r.estimate(j, []float64{1, 1e3})
		}
		if math.Abs(got-c.want) > 0.02*c.want {
			t.Errorf("%s: %g, want %g", name, got, c.want)
		}
	}
}

// The rule that the documentation of Auto states.
func TestAutoRule(t *testing.T) {
	small := func() *Problem { return vanDerPol(1) }
	large := func(n int) *Problem {
		p := FuncJacobian(n, func(dst []float64, _ float64, y []float64) { copy(dst, y) }, func(j *Jacobian, _ float64, _ []float64) {
			for i := range n {
				j.Set(i, i, 1)
			}
		})
		return p
	}
	mass := func(p *Problem) *Problem {
		q := *p
		q.Mass = Mass{Diagonal: make([]float64, p.Dim)}
		for i := range q.Mass.Diagonal {
			q.Mass.Diagonal[i] = 1
		}
		return &q
	}
	for _, c := range []struct {
		p    *Problem
		rtol float64
		want Method
	}{
		{small(), 1e-3, AutoTsit5Rodas5P},
		{small(), 1e-7, AutoTsit5Rodas5P},
		{small(), 1e-8, AutoDOP853Radau},
		{large(101), 1e-3, AutoTsit5KenCarp4},
		{large(100), 1e-3, AutoTsit5Rodas5P},
		{FiniteDifference(large(9)), 1e-3, AutoTsit5KenCarp4},
		{FiniteDifference(small()), 1e-3, AutoTsit5Rodas5P},
		{mass(small()), 1e-3, Rodas5P},
		{mass(small()), 1e-9, Radau},
		{mass(large(101)), 1e-3, BDF},
	} {
		core, err := newCore(c.p)
		if err != nil {
			t.Fatal(err)
		}
		core.rtol = c.rtol
		if got := chooseMethod(core).Info().Name; got != c.want.Info().Name {
			t.Errorf("%d states, rtol %g: %s, want %s", c.p.Dim, c.rtol, got, c.want.Info().Name)
		}
	}
}

func TestPairsByName(t *testing.T) {
	m, err := MethodByName("autodop853(TRBDF2)")
	if err != nil || m.Info().Name != "AutoDOP853(TRBDF2)" {
		t.Errorf("%v, %v", m, err)
	}
	for _, name := range []string{"AutoTsit5(BDF)x", "AutoTsit5(BDF)", "AutoTsit5(Tsit5)", "AutoRadau(Radau)", "AutoTsit5(nothing)", "Auto()"} {
		if m, err := MethodByName(name); err == nil {
			t.Errorf("%s was accepted as %s", name, m.Info().Name)
		}
	}
}

// A name that is not known suggests the nearest one, in a pair too.
func TestMethodNamesAreSuggested(t *testing.T) {
	for wrong, near := range map[string]string{
		"Rosenbrok23": `did you mean "Rosenbrock23"?`, "rodas": `did you mean "Rodas4" or "Rodas5P"?`, "atuo": `did you mean "auto"?`,
		"AutoTsit(Radau)": `did you mean "Tsit5"?`, "AutoTsit5(Radua)": `did you mean "Radau" or "Radau9"?`, "xyzzyxyzzy": "there are ",
	} {
		if _, err := MethodByName(wrong); err == nil || !strings.Contains(err.Error(), near) {
			t.Errorf("%s: %v, want %s", wrong, err, near)
		}
	}
}
