package odetest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// TimeUnits demands that nothing depends on the unit of time, from 1e-15 to 1e15 of the one at hand: in units that are powers of two the steps are
// the same and values agree to the bit, in powers of ten up to what roundoff does to the choice of steps. There are a jump to hit, an event, values
// saved between steps, an integral with an error test, and derivatives by differences, in time as well.
func TimeUnits(t testing.TB, m ode.Method) {
	smooth, kaps := NewSmooth(ode.Mass{}, nil), problems.Kaps()
	for _, k := range []known{{name: "smooth", ivp: smooth.IVP, y0: smooth.Y0, t1: 2}, {name: "Kaps", ivp: kaps.IVP, y0: kaps.Y0, t1: 1}} {
		if !m.Info().Implicit && k.ivp == kaps.IVP {
			continue // tens of thousands of steps
		}
		for _, differenced := range []bool{false, true} {
			base := solveInUnit(t, m, k, 1, differenced)
			for _, exponent := range []int{-50, -17, 17, 50} {
				unit := math.Ldexp(1, exponent)
				what := fmt.Sprintf("%s, differences %t, time × 2^%d", k.name, differenced, exponent)
				got := solveInUnit(t, m, k, unit, differenced)
				if got.Stats != base.Stats {
					t.Errorf("%s: %v; without: %v", what, &got.Stats, &base.Stats)
					continue
				}
				integral := got.Quadrature[0] / unit
				if !slices.Equal(got.Y, base.Y) || integral != base.Quadrature[0] || got.Events[0].T/unit != base.Events[0].T {
					t.Errorf("%s: values %.17g, integral %.17g, event at %.17g; without %.17g, %.17g, %.17g", what, got.Y, integral, got.Events[0].T/unit, base.Y, base.Quadrature[0], base.Events[0].T)
				}
			}
			for _, exponent := range []int{-15, -9, -3, 3, 9, 15} {
				unit := math.Pow(10, float64(exponent))
				got := solveInUnit(t, m, k, unit, differenced)
				if d := math.Abs(float64(got.Stats.Steps - base.Stats.Steps)); d > 1+0.02*float64(base.Stats.Steps) {
					t.Errorf("%s, differences %t, time × 1e%d: %v; without: %v", k.name, differenced, exponent, &got.Stats, &base.Stats)
				}
			}
		}
	}
}

// solveInUnit solves with times that are unit times as large.
func solveInUnit(t testing.TB, m ode.Method, k known, unit float64, differenced bool) *ode.Solution {
	t.Helper()
	level := k.y0[0] / 2
	opt := ode.Options{
		Method: m, RTol: 1e-5, ATol: []float64{1e-5}, Hit: []float64{0.4 * unit}, SaveAt: []float64{0, 0.3 * unit, 0.5 * unit, k.t1 * unit},
		Events:     []ode.Event{{Value: func(_ float64, y []float64) float64 { return y[0] - level }, Apply: func(_ float64, y []float64) { y[0] -= 0.01 }}},
		Quadrature: &ode.Quadrature{N: 1, ErrorTest: true, Eval: func(dst []float64, _ float64, y []float64) error { dst[0] = y[0] * y[0]; return nil }},
	}
	p := scaled(k.ivp, 1, unit)
	if differenced {
		p = ode.FiniteDifference(p)
	}
	sol, err := ode.Solve(context.Background(), p, 0, k.t1*unit, k.y0, opt)
	if err != nil {
		t.Fatalf("%s in units of %g: %v", k.name, 1/unit, err)
	}
	if len(sol.Events) == 0 {
		t.Fatalf("%s has no event", k.name)
	}
	return sol
}
