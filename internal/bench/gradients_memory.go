package bench

import (
	"context"
	"fmt"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/sens"
)

// GradientMemory measures the bytes that a gradient method holds for one gradient as the number of steps grows tenfold, and that a
// bound set for checkpointing holds.
func GradientMemory(ctx context.Context) (*Report, error) {
	const k, fewer, more = 8, 1000, 10_000
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
	table := Table{Rows: [][]string{{"method", fmt.Sprint(fewer), fmt.Sprint(more), "growth"}}}
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
		used[m.name] = b
		table.Rows = append(table.Rows, []string{m.name, fmt.Sprintf("%.3f", a), fmt.Sprintf("%.3f", b), fmt.Sprintf("%.1f×", b/a)})
	}
	r.Tables = append(r.Tables, table)
	r.claim(used["imex"] < used["quadrature"], "IMEX needs less memory than quadrature: %.3f against %.3f MB at %d steps", used["imex"], used["quadrature"], more)

	full, whole := megabytes(sens.DiscreteReverse{}, more)
	if whole.err != nil {
		return nil, whole.err
	}
	bounds := Table{Title: fmt.Sprintf("checkpointing under a bound, %d steps (all of them kept: %.1f MB)", more, full), Rows: [][]string{{"bound [MB]", "held [MB]", "difference of the gradient"}}}
	for _, limit := range []int{8 << 20, 4 << 20, 2 << 20, 1 << 20} {
		mb, run := megabytes(sens.DiscreteReverse{MemoryLimit: limit}, more)
		if run.err != nil {
			return nil, run.err
		}
		d := relativeL2(run.gradient, whole.gradient)
		bounds.Rows = append(bounds.Rows, []string{fmt.Sprintf("%.2f", float64(limit)/1e6), fmt.Sprintf("%.2f", mb), sci(d)})
		// the bound is on the record of the solve; workspaces come on top
		r.claim(mb <= 1.1*float64(limit)/1e6+0.3, "a bound of %.2f MB holds: %.2f MB with the workspaces", float64(limit)/1e6, mb)
		r.claim(d <= 1e-10, "the gradient under that bound differs by %s from the one without", sci(d))
	}
	r.Tables = append(r.Tables, bounds)
	return r, nil
}
