package bench

import (
	"context"
	"fmt"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/sens"
)

// GradientMemory measures the bytes that a gradient method holds for one gradient as the number of steps grows tenfold, what it
// allocates beyond its workspaces, and that a bound set for checkpointing holds.
func GradientMemory(ctx context.Context) (*Report, error) {
	return gradientMemory(ctx, 1000, 10_000)
}

func gradientMemory(ctx context.Context, fewer, more int) (*Report, error) {
	const k = 8
	r := &Report{Title: fmt.Sprintf("Memory of one gradient, %d states, %d and %d steps of equal size, Rosenbrock23: megabytes held", k, fewer, more)}
	// a reverse solve makes as many steps as the forward one
	reverse := func(steps int) sens.ReverseOptions {
		return sens.ReverseOptions{Method: ode.KenCarp4, RTol: 1, ATol: 1e3, MaxSteps: 100 * steps}
	}
	c, err := costCase(k, []int{8}, 1)
	if err != nil {
		return nil, err
	}
	megabytes := func(m sens.Method, steps int) (float64, gradientRun) {
		run := c.measure(ctx, m, c.equalSteps(ode.Rosenbrock23, steps), 0)
		return float64(run.held) / 1e6, run
	}
	table := Table{Rows: [][]string{{"method", fmt.Sprint(fewer), fmt.Sprint(more), "growth", "allocations"}}}
	used := map[string]float64{}
	for _, m := range []struct {
		name string
		at   func(steps int) sens.Method
	}{
		{"discrete-reverse", func(int) sens.Method { return sens.DiscreteReverse{} }},
		{"discrete-forward", func(int) sens.Method { return sens.DiscreteForward{Workers: 1} }},
		{"forward", func(int) sens.Method { return sens.ContinuousForward{Workers: 1, StatesOnly: true} }},
		{"quadrature", func(n int) sens.Method { return sens.QuadratureAdjoint{Reverse: reverse(n)} }},
		{"gauss", func(n int) sens.Method { return sens.GaussAdjoint{Reverse: reverse(n)} }},
		{"imex", func(n int) sens.Method { return sens.IMEXAdjoint{Reverse: reverse(n)} }},
	} {
		a, first := megabytes(m.at(fewer), fewer)
		b, second := megabytes(m.at(more), more)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		for _, run := range []gradientRun{first, second} {
			if run.err != nil {
				return nil, fmt.Errorf("%s: %w", m.name, run.err)
			}
		}
		n, err := c.allocations(ctx, m.at(fewer), c.equalSteps(ode.Rosenbrock23, fewer))
		if err != nil {
			return nil, err
		}
		r.claim(n == 0, "%s allocates %g times per gradient once its workspaces are made, 0 allowed", m.name, n)
		used[m.name] = b
		table.Rows = append(table.Rows, []string{m.name, fmt.Sprintf("%.3f", a), fmt.Sprintf("%.3f", b), fmt.Sprintf("%.1f×", b/a), fmt.Sprint(n)})
	}
	r.Tables = append(r.Tables, table)
	r.claim(used["imex"] < used["quadrature"], "IMEX needs less memory than quadrature: %.3f against %.3f MB at %d steps", used["imex"], used["quadrature"], more)

	full, whole := megabytes(sens.DiscreteReverse{}, more)
	if whole.err != nil {
		return nil, whole.err
	}
	bounds := Table{Title: fmt.Sprintf("checkpointing under a bound, %d steps (all of them kept: %.1f MB)", more, full), Rows: [][]string{{
		"bound [MB]", "held [MB]", "difference of the gradient", "units", "of steps", "stored states", "steps in advance", "least possible", "steps in all per step"}}}
	active := 0
	for _, share := range []float64{0.6, 0.3, 0.15, 0.08} {
		limit := int(share * 1e6 * full)
		mb, run := megabytes(sens.DiscreteReverse{MemoryLimit: limit}, more)
		if run.err != nil {
			return nil, run.err
		}
		d := relativeL2(run.gradient, whole.gradient)
		c := &run.checkpoints
		row := []string{fmt.Sprintf("%.2f", float64(limit)/1e6), fmt.Sprintf("%.2f", mb), sci(d), "–", "–", "–", "–", "–", "1"}
		if c.Units > 0 {
			active++
			// every step is executed in the solve and once more in its unit
			again := float64(2*run.stats.Steps+c.Advanced) / float64(run.stats.Steps)
			for i, v := range []int{c.Units, c.Block, c.States, c.Advanced, c.Least} {
				row[3+i] = fmt.Sprint(v)
			}
			row[8] = fmt.Sprintf("%.2f", again)
			r.claim(c.Advanced <= c.Least, "under %.2f MB %d steps are executed in advance; the binomial optimum for %d units of %d steps and %d stored states is %d", float64(limit)/1e6, c.Advanced, c.Units, c.Block, c.States, c.Least)
			r.claim(c.Bytes <= limit, "what the pass keeps takes %.3f of %.3f MB", float64(c.Bytes)/1e6, float64(limit)/1e6)
		}
		bounds.Rows = append(bounds.Rows, row)
		// the bound is on the record of the solve; workspaces come on top
		r.claim(mb <= 1.1*float64(limit)/1e6+0.3, "a bound of %.2f MB holds: %.2f MB with the workspaces", float64(limit)/1e6, mb)
		r.claim(d <= 1e-10, "the gradient under that bound differs by %s from the one without", sci(d))
	}
	r.claim(active > 0, "%d of the bounds needed checkpoints", active)
	r.Tables = append(r.Tables, bounds)
	return r, nil
}

// allocations counts those of a gradient whose workspaces are made.
func (c *gradientCase) allocations(ctx context.Context, method sens.Method, opt ode.Options) (float64, error) {
	ev, err := method.New(sens.Setup{Problem: c.problem, Options: opt})
	if err != nil {
		return 0, err
	}
	var g sens.Gradient
	return allocations(func() error { return ev.Gradient(ctx, &g, c.params, c.y0, c.t0, c.t1, c.times, c) })
}
