package bench

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/stiffnode/stiffnode/internal/plots"
	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/sens"
)

// costSteps is the number of steps of equal size that every solve of the cost study makes.
const costSteps = 16

// widthFor is the width w of two hidden layers that give a network of k states about m parameters: w² + (2k+2)w + k = m.
func widthFor(k, m int) int {
	b := float64(k + 1)
	return max(1, int(math.Round(math.Sqrt(b*b+float64(m-k))-b)))
}

// costCase is a network of k states with the hidden layers given, solved with steps of equal size.
func costCase(k int, hidden []int, seed uint64) (*gradientCase, error) {
	states := make([]model.State, k)
	for i := range states {
		states[i] = model.State{Name: fmt.Sprintf("y%d", i+1), Role: model.Learned}
	}
	s, err := model.NewScaled(model.ScaledConfig{
		States: states, Hidden: hidden, Activation: nn.Tanh,
		Input: model.NewInput(model.InputNone, make([]float64, k), make([]float64, k), 0), YScale: slices.Repeat([]float64{1}, k), TScale: 1,
	})
	if err != nil {
		return nil, err
	}
	c := &gradientCase{problem: s.Problem(), t1: 1, times: []float64{1}, weights: slices.Repeat([]float64{1}, k), params: make([]float64, s.NumParams()), y0: make([]float64, k)}
	s.Init(c.params, nn.GlorotNormal, seed)
	for i := range c.y0 {
		c.y0[i] = 0.5 + 0.5*float64(i)/float64(k)
	}
	// tolerances that no step fails, so that the size of the steps is the largest one allowed
	c.atol = func(float64) []float64 { return []float64{1} }
	return c, nil
}

// equalSteps are the options of a solve with n steps of equal size.
func (c *gradientCase) equalSteps(m ode.Method, n int) ode.Options {
	h := c.t1 / float64(n)
	return ode.Options{Method: m, RTol: 1, ATol: []float64{1e3}, FirstStep: h, MaxStep: h, MaxSteps: 10 * n}
}

// slope is the exponent p of y ∝ x^p over the points given, by least squares in logarithms.
func slope(x, y []float64) float64 {
	n := float64(len(x))
	var sx, sy, sxx, sxy float64
	for i := range x {
		a, b := math.Log(x[i]), math.Log(y[i])
		sx, sy, sxx, sxy = sx+a, sy+b, sxx+a*a, sxy+a*b
	}
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
}

// costMethod is a gradient method of the cost study with the sizes up to which it is tried.
type costMethod struct {
	name         string
	method       sens.Method
	mostM, mostK int
	// bounded says whether the exponents must stay below a bound.
	bounded bool
	// unsplit says that the reverse system has k+m states.
	unsplit bool
}

// GradientCost measures how the operations and the time of a gradient grow with the number of parameters m and of states k at a fixed number of
// steps. The bounds are held by operations: the exponent in time also contains the step from parameters that lie in a cache to
// those that are read from memory in every pass (from about m = 1e5 on), which shows once the arithmetic is fast.
func GradientCost(ctx context.Context, during time.Duration) (*Report, error) {
	solver := ode.Rosenbrock23
	reverse := sens.ReverseOptions{RTol: 1, ATol: 1e3}
	methods := []costMethod{
		{"discrete-reverse", sens.DiscreteReverse{}, 1_000_000, 256, true, false},
		{"gauss", sens.GaussAdjoint{Reverse: reverse}, 1_000_000, 256, true, false},
		{"quadrature", sens.QuadratureAdjoint{Reverse: reverse}, 1_000_000, 256, true, false},
		{"imex", sens.IMEXAdjoint{Reverse: reverse}, 1_000_000, 256, true, false},
		{"interpolating, unsplit (k+m)³", sens.InterpolatingAdjoint{Reverse: reverse}, 1000, 16, false, true},
		{"discrete-forward, all columns", sens.DiscreteForward{Workers: 1}, 10_000, 64, false, false},
		{"discrete-forward, chunks of 16", sens.DiscreteForward{Chunk: 16, Workers: 1}, 10_000, 64, false, false},
	}
	r := &Report{Title: fmt.Sprintf("Cost of a gradient over m and k, %s, %d steps of equal size", solver.Info().Name, costSteps)}
	sizesM, sizesK := []int{100, 1000, 10_000, 100_000, 1_000_000}, []int{4, 8, 16, 32, 64, 128, 256}
	var panels []plots.Panel
	for _, axis := range []struct {
		label string
		sizes []int
		make  func(n int) (*gradientCase, error)
		most  func(m *costMethod) int
		limit float64
	}{
		{"m", sizesM, func(n int) (*gradientCase, error) { return costCase(4, []int{widthFor(4, n), widthFor(4, n)}, 1) }, func(m *costMethod) int { return m.mostM }, 1.1},
		{"k", sizesK, func(n int) (*gradientCase, error) { return costCase(n, []int{8}, 1) }, func(m *costMethod) int { return m.mostK }, 3.2},
	} {
		header := []string{axis.label}
		for _, n := range axis.sizes {
			header = append(header, fmt.Sprint(n))
		}
		header = append(header, "exponent")
		table := Table{Title: "time per step [µs]", Rows: [][]string{header}}
		counts := Table{Title: "operations per step, counted", Rows: [][]string{header}}
		panel := plots.Panel{X: plots.Axis{Label: axis.label, Log: true}, Y: plots.Axis{Label: "time per step [µs]", Log: true}}
		for i := range methods {
			m := &methods[i]
			row, opRow := []string{m.name}, []string{m.name}
			var x, y, ops []float64
			for _, n := range axis.sizes {
				if n > axis.most(m) {
					row, opRow = append(row, ""), append(opRow, "")
					continue
				}
				c, err := axis.make(n)
				if err != nil {
					return nil, err
				}
				run := c.measure(ctx, m.method, c.equalSteps(solver, costSteps), during)
				if ctx.Err() != nil {
					return nil, context.Cause(ctx)
				}
				if run.err != nil {
					return nil, fmt.Errorf("%s at %s = %d: %w", m.name, axis.label, n, run.err)
				}
				us := 1e6 * run.seconds / float64(run.stats.Steps)
				x, y = append(x, float64(n)), append(y, us)
				row = append(row, fmt.Sprintf("%.3g", us))
				var w work
				once := *c
				once.problem = counted(c.problem, &w)
				run = once.measure(ctx, m.method, once.equalSteps(solver, costSteps), 0)
				if run.err != nil {
					return nil, run.err
				}
				size := float64(c.problem.Dim)
				if m.unsplit {
					w.factorised(&run, size, size+float64(len(c.params)))
				} else {
					w.factorised(&run, size, size)
				}
				ops = append(ops, w.flops/float64(run.stats.Steps))
				opRow = append(opRow, fmt.Sprintf("%.3g", ops[len(ops)-1]))
			}
			// the last two decades of m, the upper half of k: below them the fixed costs show
			tail := x[max(0, len(x)-3):]
			p, q := slope(tail, y[len(y)-len(tail):]), slope(tail, ops[len(ops)-len(tail):])
			table.Rows = append(table.Rows, append(row, fmt.Sprintf("%.2f", p)))
			counts.Rows = append(counts.Rows, append(opRow, fmt.Sprintf("%.2f", q)))
			panel.Series = append(panel.Series, plots.Series{Name: m.name, X: x, Y: y})
			if m.bounded {
				r.claim(q <= axis.limit, "%s: exponent in %s %.2f from operations, bound %g (from time %.2f)", m.name, axis.label, q, axis.limit, p)
			}
		}
		r.Tables = append(r.Tables, table, counts)
		panels = append(panels, panel)
	}
	r.Figures = append(r.Figures, NamedFigure{Name: "gradients-cost", Figure: &plots.Figure{Title: "Cost of a gradient per step", Panels: [][]plots.Panel{panels}}})
	return r, nil
}
