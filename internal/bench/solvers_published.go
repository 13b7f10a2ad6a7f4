package bench

import (
	"context"
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// publishedCounts are what an implementation is documented to take on a problem, and how wrong the result is that it prints.
type publishedCounts struct {
	who, what string
	problem   *ode.Problem
	y0, times []float64
	// method is the one of ours that is compared, with atol for a relative tolerance.
	method ode.Method
	atol   func(rtol float64) []float64
	// state is the one whose values the publication prints at the times.
	state  int
	values []float64
	// attempts are all steps, accepted or not.
	attempts, evals, jacobians, factorisations float64
}

// publishedRuns are the printed outputs of two programs.
func publishedRuns() []publishedCounts {
	times := make([]float64, 12)
	for k := range times {
		times[k] = 0.4 * math.Pow(10, float64(k))
	}
	return []publishedCounts{
		{
			who: "CVODE", what: "ROBER to 4e10, rtol 1e-4, atol (1e-8, 1e-14, 1e-6): SUNDIALS, examples/cvode/serial/cvRoberts_dns.out",
			problem: problems.ROBER().IVP, y0: problems.ROBER().Y0, times: times, method: ode.BDF,
			atol: func(rtol float64) []float64 { return []float64{1e-4 * rtol, 1e-10 * rtol, 1e-2 * rtol} },
			values: []float64{
				9.851641e-1, 9.055097e-1, 7.158017e-1, 4.505360e-1, 1.832066e-1, 3.898824e-2, 4.937043e-3, 5.169987e-4, 5.208146e-5, 5.204550e-6, 5.318402e-7, 3.630684e-8,
			},
			attempts: 509 + 23, evals: 729, jacobians: 11, factorisations: 110,
		},
		{
			who: "RADAU5", what: "VDPOL, ε = 1e-6, from (2, −0.66) to t = 2, rtol = atol = 1e-4: Hairer and Wanner, dr1_radau5",
			problem: problems.VDPOL().IVP, y0: []float64{2, -0.66}, times: []float64{2}, method: ode.Radau,
			atol:     func(rtol float64) []float64 { return []float64{rtol} },
			values:   []float64{1.706161101},
			attempts: 275, evals: 2218, jacobians: 161, factorisations: 248,
		},
	}
}

// published compares methods with published counts, by their trend at the error of the published result.
func (r *Report) published(ctx context.Context) error {
	for _, p := range publishedRuns() {
		last := p.times[len(p.times)-1]
		ref, err := ode.Solve(ctx, p.problem, 0, last, p.y0, ode.Options{Method: ode.Radau, RTol: 1e-12, ATol: p.atol(1e-12), SaveAt: p.times, MaxSteps: 1_000_000})
		if err != nil {
			return err
		}
		theirs := 0.0
		for i, v := range p.values {
			theirs = max(theirs, math.Abs(v-ref.State(i)[p.state]))
		}
		var points []solveCounts
		for eighth := 16; eighth <= 64; eighth++ {
			rtol := math.Pow(10, -float64(eighth)/8)
			sol, err := ode.Solve(ctx, p.problem, 0, last, p.y0, ode.Options{Method: p.method, RTol: rtol, ATol: p.atol(rtol), SaveAt: p.times})
			if err != nil {
				return err
			}
			q := solveCounts{steps: float64(sol.Stats.Steps + sol.Stats.Rejected()), evals: float64(sol.Stats.Evals), jacobians: float64(sol.Stats.Jacobians), factors: float64(sol.Stats.Factorisations)}
			if p.method == ode.Radau {
				q.factors /= 2 // a real and a complex matrix, which RADAU5 counts as one decomposition
			}
			for i := range p.times {
				q.error = max(q.error, math.Abs(sol.State(i)[p.state]-ref.State(i)[p.state]))
			}
			points = append(points, q)
		}
		name := p.method.Info().Name
		ours, ok := trend(points, theirs)
		if !ok {
			r.claim(false, "%s: %s does not get around the error of %s", p.what, name, p.who)
			continue
		}
		peer := solveCounts{error: theirs, steps: p.attempts, evals: p.evals, jacobians: p.jacobians, factors: p.factorisations}
		r.Tables = append(r.Tables, Table{Title: p.what, Rows: [][]string{
			{"", fmt.Sprintf("error of %s", p.problem.Name(p.state)), "attempted steps", "f", "J", "LU", ""},
			append([]string{p.who + ", published", sci(theirs)}, peer.cells()...),
			append([]string{name + ", trend", sci(theirs)}, ours.cells()...),
		}})
		var single countRatios
		single.add(r, fmt.Sprintf("%s as published for %s", p.what, p.who), ours, peer)
	}
	return nil
}
