package ode

import (
	"context"
	"math"
)

// A Verification compares a solve with one at a tenth of its tolerances.
type Verification struct {
	// Solution is the one at the tighter tolerance.
	Solution *Solution
	// Difference is the largest |y − y'|/scale over saved times and states, where scale is the largest magnitude of the state
	// over the saved times; State and Time say where it was found.
	Difference float64
	State      int
	Time       float64
}

// Verify solves a problem at the tolerances of opt and again at a tenth of them. Local error control cannot promise a global error;
// the difference between the two solutions estimates that of the first. It returns the first solution and the comparison.
func Verify(ctx context.Context, p *Problem, t0, t1 float64, y0 []float64, opt Options) (*Solution, *Verification, error) {
	first, err := NewSolver(p, opt)
	if err != nil {
		return nil, nil, err
	}
	tight := opt
	tight.Tape = nil
	tight.RTol = max(first.opt.RTol/10, minRTol)
	tight.ATol = make([]float64, p.Dim)
	for i, a := range first.c.atol {
		tight.ATol[i] = a / 10
	}
	if opt.SaveAt == nil {
		// compare at the steps of the first solve
		sol, err := first.Solve(ctx, t0, t1, y0)
		if err != nil {
			return sol, nil, err
		}
		tight.SaveAt = append([]float64(nil), sol.Times...)
		return compare(ctx, p, t0, t1, y0, sol, tight)
	}
	sol, err := first.Solve(ctx, t0, t1, y0)
	if err != nil {
		return sol, nil, err
	}
	return compare(ctx, p, t0, t1, y0, sol, tight)
}

func compare(ctx context.Context, p *Problem, t0, t1 float64, y0 []float64, sol *Solution, tight Options) (*Solution, *Verification, error) {
	ref, err := Solve(ctx, p, t0, t1, y0, tight)
	if err != nil {
		return sol, nil, err
	}
	v := &Verification{Solution: ref, State: -1}
	n := p.Dim
	scale := make([]float64, n)
	for i, x := range ref.Y {
		scale[i%n] = max(scale[i%n], math.Abs(x))
	}
	for i, x := range ref.Y {
		d := math.Abs(x - sol.Y[i])
		if s := scale[i%n]; s > 0 {
			d /= s
		}
		if d > v.Difference {
			v.Difference, v.State, v.Time = d, i%n, ref.Times[i/n]
		}
	}
	return sol, v, nil
}
