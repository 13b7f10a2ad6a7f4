package odetest

import (
	"context"
	"math"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// ToleranceProportionality demands that the error falls with the tolerance as it should: for a method of order p whose error
// estimate is of order q̂ = min(p, embedded) + 1, like tol^(r/q̂) on a smooth problem, where r = p at the end of a step and, between, the order of the dense output plus one if that is less; no more than proportionality is asked.
func ToleranceProportionality(t testing.TB, m ode.Method) {
	info := m.Info()
	lo, hi := -4, -10
	if info.Order == 1 {
		hi = -6
	}
	// The intervals are those on which orders are observed. Over 2 units of time a method of order 8 takes 7 to 20 steps, most of which grow from the
	// first one: the largest falls like tol^0.07, where over 8 units and more it does like tol^0.10 to tol^0.13, about 1/8 as it should.
	for _, k := range orderProblems(m) {
		var logs []float64
		want, got := make([]float64, len(k.y0)), make([]float64, len(k.y0))
		worstRatio := 0.0
		for e := lo; e >= hi; e-- {
			tol := math.Pow(10, float64(e))
			sol, err := ode.Solve(context.Background(), k.ivp, 0, k.t1, k.y0, ode.Options{Method: m, RTol: tol, ATol: []float64{tol}, Dense: true, MaxSteps: 1_000_000})
			if err != nil {
				t.Fatalf("%s, tolerance %g: %v", k.name, tol, err)
			}
			worst := 0.0
			for i := range sol.Dense.Steps() {
				from, h := sol.Dense.Step(i)
				for _, theta := range []float64{0.25, 0.5, 0.75, 1} {
					at := from + theta*h
					sol.Dense.AtStep(got, i, at)
					k.at(want, at)
					worst = max(worst, distance(got, want))
				}
			}
			logs = append(logs, math.Log10(worst))
			worstRatio = max(worstRatio, worst/tol)
		}
		observed := descent(logs)
		expected := min(1, float64(min(info.Order, info.DenseOrder+1))/float64(min(info.Order, info.Embedded)+1))
		t.Logf("%s: error falls like tol^%.2f (expected %.2f); largest error/tol %.3g", k.name, observed, expected, worstRatio)
		if observed < expected-slack {
			t.Errorf("%s: error falls like tol^%.2f, expected %.2f (log10 errors %.3g)", k.name, observed, expected, logs)
		}
	}
}

// descent is the slope of the straight line that fits falling equidistant values best, with its sign turned.
func descent(v []float64) float64 {
	middle := float64(len(v)-1) / 2
	num, den := 0.0, 0.0
	for i, y := range v {
		x := float64(i) - middle
		num -= x * y
		den += x * x
	}
	return num / den
}

// References demands that end values of known problems are right to what the tolerance promises: without a claim about stiff problems
// from an explicit method.
func References(t testing.TB, m ode.Method) {
	info := m.Info()
	list := []*problems.Problem{problems.LotkaVolterra(), problems.Spiral(), problems.PLEIADES()}
	if info.Implicit {
		list = []*problems.Problem{problems.LotkaVolterra(), problems.ROBER(), problems.HIRES(), problems.VDPOLMild(), problems.POLLU(), problems.Linear(-1e6, -1e4, -1e2, -1, complex(-0.5, 2))}
	}
	if info.Mass {
		list = append(list, problems.CHEMAKZO(), problems.ROBERDAE())
	}
	if info.Split {
		list = []*problems.Problem{problems.Brusselator(40), problems.Kaps(), problems.ProtheroRobinson(-1e6)}
	}
	rtol := 1e-5
	if info.Order == 1 {
		rtol = 1e-4
	}
	for _, p := range list {
		sol, err := ode.Solve(context.Background(), p.IVP, p.T0, p.T1, p.Y0, ode.Options{Method: m, RTol: rtol, ATol: p.AbsTol(rtol), MaxSteps: 1_000_000})
		if err != nil {
			t.Errorf("%s: %v", p.Name, err)
			continue
		}
		digits, _ := p.Mescd(sol.YEnd, p.T1)
		floor := problems.Floor(info, rtol)
		t.Logf("%s at rtol %g: %.2f digits (floor %.2f), %v", p.Name, rtol, digits, floor, &sol.Stats)
		if !(digits >= floor) {
			t.Errorf("%s at rtol %g: %.2f digits, at least %.2f are due", p.Name, rtol, digits, floor)
		}
	}
}

// Backwards demands that a problem is solved as well from its end to its start.
func Backwards(t testing.TB, m ode.Method) {
	for _, k := range knownProblems() {
		k.t1 = 0.5 // backwards what decays grows: not for long
		end := make([]float64, len(k.y0))
		k.at(end, k.t1)
		const rtol = 1e-6
		times := []float64{k.t1, 0.7 * k.t1, 0.3 * k.t1, 0}
		opt := ode.Options{Method: m, RTol: rtol, ATol: []float64{rtol}, SaveAt: times, MaxSteps: 1_000_000}
		sol, err := ode.Solve(context.Background(), k.ivp, k.t1, 0, end, opt)
		if err != nil {
			t.Fatalf("%s: %v", k.name, err)
		}
		want := make([]float64, len(k.y0))
		worst := 0.0
		for i, at := range times {
			k.at(want, at)
			worst = max(worst, distance(sol.State(i), want))
		}
		if limit := math.Pow(10, -problems.Floor(m.Info(), rtol)); !(worst <= limit) {
			t.Errorf("%s, backwards: error %.3g, limit %.3g", k.name, worst, limit)
		}
	}
}
