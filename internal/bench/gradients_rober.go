package bench

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
	"github.com/stiffnode/stiffnode/sens"
)

// robertsonGradient is L = Σ y1(t_i) over 50 log-spaced times of Robertson's problem, ended at t1; its gradient up to t1 = 1e5 was
// computed in 30-digit arithmetic.
func robertsonGradient(t1 float64) (*gradientCase, error) {
	p, err := problems.ByName("ROBER")
	if err != nil {
		return nil, err
	}
	c := &gradientCase{
		problem: p.IVP, y0: p.Y0, t1: t1, times: data.LogSpace(1e-5, t1, 50),
		exact: []float64{-91.9127227, -5.26308296e-8, 3.15797532e-4},
		atol:  func(rtol float64) []float64 { return []float64{1e-6 * rtol} },
	}
	for _, q := range p.Params {
		c.params = append(c.params, q.Value)
	}
	for range c.times {
		c.weights = append(c.weights, 1, 0, 0)
	}
	return c, nil
}

// RobertsonGradients is the agreement of every gradient method on every solver with the exact gradient on Robertson's
// problem: three digits at rtol 1e-6, six at some tighter setting.
func RobertsonGradients(ctx context.Context) (*Report, error) {
	c, err := robertsonGradient(1e5)
	if err != nil {
		return nil, err
	}
	return c.agreement(ctx, stiffSolvers(), gradientMethods())
}

// agreement holds gradient methods on solvers to the exact gradient.
func (c *gradientCase) agreement(ctx context.Context, solvers []ode.Method, methods []sens.Method) (*Report, error) {
	r := &Report{Title: "Gradient of Σ y1(tᵢ) on Robertson's problem, 50 log-spaced times to 1e5, atol = 1e-6·rtol: largest relative error of a component"}
	header := []string{"solver"}
	for _, m := range methods {
		header = append(header, m.Info().Name, "six digits at")
	}
	table := Table{Rows: [][]string{header}}
	loose, tight, cells := 0, 0, 0
	for _, solver := range solvers {
		row := []string{solver.Info().Name}
		for _, m := range methods {
			run := c.measure(ctx, m, c.options(solver, 1e-6), 0)
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			if run.refused() {
				row = append(row, "refused", "")
				continue
			}
			cells++
			e := math.Inf(1)
			if run.err == nil {
				e = worstComponent(run.gradient, c.exact)
			}
			if e <= 5e-4 {
				loose++
			} else {
				r.claim(false, "%s on %s at rtol 1e-6: %s, three digits asked for%s", m.Info().Name, solver.Info().Name, sci(e), because(run.err))
			}
			at := "–"
			for _, rtol := range []float64{1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12} {
				if solver.Info().Order == 2 && rtol < 1e-10 {
					break
				}
				run := c.measure(ctx, m, c.options(solver, rtol), 0)
				// the reference has nine digits
				if run.err == nil && worstComponent(run.gradient, c.exact) <= 5e-7 {
					at = fmt.Sprintf("%g", rtol)
					tight++
					break
				}
			}
			if at == "–" {
				r.claim(false, "%s on %s reaches six digits at no setting tried", m.Info().Name, solver.Info().Name)
			}
			row = append(row, outcome(&run, e), at)
		}
		table.Rows = append(table.Rows, row)
	}
	r.Tables = append(r.Tables, table)
	r.claim(loose == cells, "%d of %d combinations have three digits at rtol 1e-6", loose, cells)
	r.claim(tight == cells, "%d of %d combinations have six digits at a tighter setting", tight, cells)
	return r, nil
}

func because(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}

// BacksolveGradients shows where solving the state backward destroys the gradient, and that the same code is right where
// the problem is well conditioned backward.
func BacksolveGradients(ctx context.Context) (*Report, error) {
	r := &Report{Title: "Backsolve: Robertson's problem at nine tolerances, then problems that can be reversed"}
	c, err := robertsonGradient(1e5)
	if err != nil {
		return nil, err
	}
	c.atol = func(rtol float64) []float64 { return []float64{rtol} }
	solver := ode.Rosenbrock23
	if m, err := ode.MethodByName("BDF"); err == nil {
		solver = m
	}
	table := Table{Title: "ROBER to 1e5 with " + solver.Info().Name, Rows: [][]string{{"tol", "outcome"}}}
	broken := 0
	for e := 6; e <= 14; e++ {
		tol := math.Pow10(-e)
		run := c.measure(ctx, sens.Backsolve{}, c.options(solver, tol), 0)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		var failure *sens.ReverseError
		text := ""
		switch {
		case errors.As(run.err, &failure):
			text = failure.Error()
			broken++
		case run.err != nil:
			text = "forward solve: " + run.err.Error()
		default:
			worst := worstComponent(run.gradient, c.exact)
			text = fmt.Sprintf("gradient off by %.3g %%", 100*worst)
			if worst > 0.1 {
				broken++
			}
		}
		table.Rows = append(table.Rows, []string{fmt.Sprintf("1e-%d", e), text})
	}
	r.Tables = append(r.Tables, table)
	r.claim(broken == 9, "at %d of 9 tolerances the reversed adjoint fails, with time and cause, or is off by more than 10 %%", broken)

	reversible, err := ReversibleBacksolve(ctx)
	if err != nil {
		return nil, err
	}
	r.Tables, r.Claims = append(r.Tables, reversible.Tables...), append(r.Claims, reversible.Claims...)
	return r, nil
}

// ReversibleBacksolve shows that backsolve is right on problems that are well conditioned backward.
func ReversibleBacksolve(ctx context.Context) (*Report, error) {
	r := &Report{Title: "Backsolve on problems that can be reversed"}
	table := Table{Title: "the same code where the problem can be reversed: difference from the discrete gradient", Rows: [][]string{{"problem", "solver", "rtol", "backsolve", "checkpointed"}}}
	short, err := robertsonGradient(1e-2)
	if err != nil {
		return nil, err
	}
	cases := []struct {
		name   string
		c      *gradientCase
		solver ode.Method
	}{{"ROBER, t ≤ 1e-2", short, ode.Rosenbrock23}}
	for _, name := range []string{"LotkaVolterra", "Spiral"} {
		c, err := sumOfStates(name)
		if err != nil {
			return nil, err
		}
		cases = append(cases, struct {
			name   string
			c      *gradientCase
			solver ode.Method
		}{name, c, ode.Tsit5})
	}
	const rtol = 1e-9
	for _, x := range cases {
		ref := x.c.measure(ctx, sens.DiscreteReverse{}, x.c.options(x.solver, rtol/100), 0)
		if ref.err != nil {
			return nil, ref.err
		}
		row := []string{x.name, x.solver.Info().Name, sci(rtol)}
		for _, m := range []sens.Backsolve{{}, {Checkpoint: true}} {
			run := x.c.measure(ctx, m, x.c.options(x.solver, rtol), 0)
			if run.err != nil {
				row = append(row, "failed")
				r.claim(false, "%s on %s: %v", m.Info().Name, x.name, run.err)
				continue
			}
			e := relativeL2(run.gradient, ref.gradient)
			row = append(row, sci(e))
			r.claim(e <= 1e-5, "%s on %s agrees with the discrete gradient to %s (bound 1e-5)", m.Info().Name, x.name, sci(e))
		}
		table.Rows = append(table.Rows, row)
	}
	r.Tables = append(r.Tables, table)
	return r, nil
}

// sumOfStates is the sum of all states of a known problem over its suggested times.
func sumOfStates(name string) (*gradientCase, error) {
	p, err := problems.ByName(name)
	if err != nil {
		return nil, err
	}
	c := &gradientCase{problem: p.IVP, y0: p.Y0, t0: p.T0, times: p.Times, atol: func(rtol float64) []float64 { return []float64{rtol} }}
	c.t1 = p.Times[len(p.Times)-1]
	for _, q := range p.Params {
		c.params = append(c.params, q.Value)
	}
	for range len(p.Times) * p.IVP.Dim {
		c.weights = append(c.weights, 1)
	}
	return c, nil
}
