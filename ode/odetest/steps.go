package odetest

import (
	"context"
	"math"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
)

// A pattern is a Controller that prescribes the step sizes: sizes[i mod len] times unit.
type pattern struct {
	sizes []float64
	i     int
}

// Accept implements ode.Controller.
func (p *pattern) Accept(*ode.Attempt) float64 {
	n := len(p.sizes)
	f := p.sizes[(p.i+1)%n] / p.sizes[p.i%n]
	p.i++
	return f
}

// Reject implements ode.Controller; prescribed steps are not rejected.
func (p *pattern) Reject(*ode.Attempt) float64 { return 0.5 }

var (
	constantSteps = []float64{1}
	varyingSteps  = []float64{1, 1.5, 0.7, 0.8} // mean 1
)

// prescribed returns options that take n steps of prescribed sizes over an interval of length span: the tolerances never
// object, and Newton's iteration runs to roundoff all the same.
func prescribed(m ode.Method, span float64, n int, sizes []float64) ode.Options {
	h := span / float64(n)
	o := ode.Options{Method: m, RTol: 1, ATol: []float64{1}, NewtonTol: 1e-15, FirstStep: h * sizes[0], Dense: true}
	if multistep(m) {
		o.MaxStep = h
	} else {
		o.Controller = &pattern{sizes: sizes}
	}
	return o
}

// takePrescribed solves with n steps of prescribed sizes; taken is false if a step was too large to be taken at all.
func takePrescribed(t testing.TB, m ode.Method, p *ode.Problem, t1 float64, y0 []float64, n int, sizes []float64) (sol *ode.Solution, taken bool) {
	t.Helper()
	sol, err := ode.Solve(context.Background(), p, 0, t1, y0, prescribed(m, math.Abs(t1), n, sizes))
	switch {
	case err != nil:
		t.Logf("%d steps of prescribed size: %v", n, err)
		return sol, false
	case sol.Stats.Rejected() > 0:
		return sol, false
	case sol.Stats.Steps != n:
		t.Fatalf("%d steps were prescribed, but: %v", n, &sol.Stats)
	}
	return sol, true
}
