package bench

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/stiffnode/stiffnode/internal/kernel"
	"github.com/stiffnode/stiffnode/internal/plots"
	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/sens"
)

// costRounds is how often every measurement is made, all sizes taking turns, so that what else the machine does meets all of them alike; the
// fastest counts.
const costRounds = 5

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

// costSolver is the solver of the study.
var costSolver = ode.Rosenbrock23

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

// A costAxis is what grows.
type costAxis struct {
	label, title string
	sizes        []int
	make         func(n int) (*gradientCase, error)
	most         func(m *costMethod) int
	limit        float64
}

// GradientCost measures how the operations and the processor time of a gradient grow with the number of parameters m and of states k at a
// fixed number of steps.
func GradientCost(ctx context.Context, during time.Duration) (*Report, error) {
	_, r, err := CostOrders(ctx, during)
	return r, err
}

// CostOrders is GradientCost with the exponents that it found, and those of the orders that the separated methods are compared with.
func CostOrders(ctx context.Context, during time.Duration) ([]CostOrder, *Report, error) {
	growth, r, err := gradientCost(ctx, during, []int{100, 1000, 10_000, 100_000, 1_000_000}, []int{4, 8, 16, 32, 64, 128, 256})
	if err != nil {
		return nil, nil, err
	}
	classical, err := classicalOrders(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	return append(growth, classical...), r, nil
}

func gradientCost(ctx context.Context, during time.Duration, sizesM, sizesK []int) ([]CostOrder, *Report, error) {
	reverse := sens.ReverseOptions{RTol: 1, ATol: 1e3}
	methods := []costMethod{
		{name: "discrete-reverse", method: sens.DiscreteReverse{}, mostM: 1_000_000, mostK: 256, bounded: true},
		{name: "gauss", method: sens.GaussAdjoint{Reverse: reverse}, mostM: 1_000_000, mostK: 256, bounded: true},
		{name: "quadrature", method: sens.QuadratureAdjoint{Reverse: reverse}, mostM: 1_000_000, mostK: 256, bounded: true},
		{name: "imex", method: sens.IMEXAdjoint{Reverse: reverse}, mostM: 1_000_000, mostK: 256, bounded: true},
		{name: "interpolating, unsplit (k+m)³", method: sens.InterpolatingAdjoint{Reverse: reverse}, mostM: 1000, mostK: 16, unsplit: true},
		{name: "discrete-forward, all columns", method: sens.DiscreteForward{Workers: 1}, mostM: 10_000, mostK: 64},
		{name: "discrete-forward, chunks of 16", method: sens.DiscreteForward{Chunk: 16, Workers: 1}, mostM: 10_000, mostK: 64},
	}
	mostM := func(m *costMethod) int { return m.mostM }
	const states = 4
	axes := []costAxis{
		{"m", "m, by the width of two hidden layers at k = 4", sizesM, func(n int) (*gradientCase, error) {
			return costCase(states, []int{widthFor(states, n), widthFor(states, n)}, 1)
		}, mostM, 1.1},
		{"k", "k, at a hidden layer of 8 neurons", sizesK, func(n int) (*gradientCase, error) { return costCase(n, []int{8}, 1) }, func(m *costMethod) int { return m.mostK }, 3.2},
	}
	r := &Report{Title: fmt.Sprintf("Cost of a gradient over m and k, %s, %d steps of equal size", costSolver.Info().Name, costSteps)}
	figure := &plots.Figure{Title: "Cost of a gradient per step", Panels: [][]plots.Panel{{}}}
	var growth []CostOrder
	for i := range axes {
		panel, g, err := axes[i].measure(ctx, r, methods, during)
		if err != nil {
			return nil, nil, err
		}
		figure.Panels[0] = append(figure.Panels[0], panel)
		growth = append(growth, g...)
	}
	r.Figures = append(r.Figures, NamedFigure{Name: "gradients-cost", Figure: figure})
	return growth, r, nil
}

// measure adds the tables and claims of an axis, and returns its panel of the figure.
func (a *costAxis) measure(ctx context.Context, r *Report, methods []costMethod, during time.Duration) (plots.Panel, []CostOrder, error) {
	header := []string{a.label}
	for _, n := range a.sizes {
		header = append(header, fmt.Sprint(n))
	}
	header = append(header, "exponent")
	times := Table{Title: a.title + ": processor time per step [µs]", Rows: [][]string{header}}
	counts := Table{
		Title: a.title + ": operations per step: calls counted, 2m a value and as much for every direction carried along or back, 2n³/3 a factorisation, 2n² a solve",
		Rows:  [][]string{header},
	}
	panel := plots.Panel{Title: a.title, X: plots.Axis{Label: a.label, Log: true}, Y: plots.Axis{Label: "time per step [µs]", Log: true}}
	read := a.reading()
	var growth []CostOrder
	for i := range methods {
		m := &methods[i]
		y, ops, err := a.run(ctx, m, during)
		if err != nil {
			return panel, nil, err
		}
		x := make([]float64, len(y))
		for j := range x {
			x[j] = float64(a.sizes[j])
		}
		p, q := upperSlope(x, y), upperSlope(x, ops)
		times.Rows = append(times.Rows, costRow(m.name, len(a.sizes), y, p))
		counts.Rows = append(counts.Rows, costRow(m.name, len(a.sizes), ops, q))
		panel.Series = append(panel.Series, plots.Series{Name: m.name, X: x, Y: y, Style: plots.Style{Marker: plots.MarkerAt(i), Dash: []plots.Dash{plots.Solid, plots.Dashed}[i%2]}})
		if m.bounded {
			for _, g := range []CostOrder{{Kind: Separated, What: m.name + " over " + a.label + ", operations", Exponent: q, Most: a.limit}, {Kind: Separated, What: m.name + " over " + a.label + ", time", Exponent: p, Most: a.limit}} {
				growth = append(growth, g)
				r.claim(g.Holds(), "%s", g)
			}
		}
	}
	if a.label == "m" {
		x := make([]float64, len(read))
		for j := range x {
			x[j] = float64(a.sizes[j])
		}
		times.Rows = append(times.Rows, costRow("reading m numbers once", len(a.sizes), read, upperSlope(x, read)))
	}
	r.Tables = append(r.Tables, times, counts)
	return panel, growth, nil
}

// run measures one method at all sizes up to its largest: microseconds of processor time and operations per step.
func (a *costAxis) run(ctx context.Context, m *costMethod, during time.Duration) (us, ops []float64, err error) {
	var cases []*gradientCase
	for _, n := range a.sizes {
		if n > a.most(m) {
			break
		}
		c, err := a.make(n)
		if err != nil {
			return nil, nil, err
		}
		var w work
		once := *c
		once.problem = counted(c.problem, &w)
		run := once.measure(ctx, m.method, once.equalSteps(costSolver, costSteps), 0)
		if run.err != nil {
			return nil, nil, fmt.Errorf("%s at %s = %d: %w", m.name, a.label, n, run.err)
		}
		size := float64(c.problem.Dim)
		rev := size
		if m.unsplit {
			rev += float64(len(c.params))
		}
		w.factorised(&run, size, rev)
		cases, ops, us = append(cases, c), append(ops, w.flops/float64(run.stats.Steps)), append(us, math.Inf(1))
	}
	for round := range costRounds {
		for i, c := range cases {
			if round > 0 && us[i] > 1e5 {
				continue // what takes seconds is seen well enough once
			}
			run := c.measure(ctx, m.method, c.equalSteps(costSolver, costSteps), during)
			if ctx.Err() != nil {
				return nil, nil, context.Cause(ctx)
			}
			if run.err != nil {
				return nil, nil, run.err
			}
			us[i] = min(us[i], 1e6*run.seconds/float64(run.stats.Steps))
		}
	}
	return us, ops, nil
}

// reading is the time in microseconds that reading m numbers once takes, for every size: what each of a solve's evaluations, which follow one from the
// other, takes at least where parameters do not stay in a cache.
func (a *costAxis) reading() []float64 {
	out := make([]float64, len(a.sizes))
	if a.label != "m" {
		return out
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for i, n := range a.sizes {
		v := make([]float64, n)
		for j := range v {
			v[j] = 1 / float64(1+j)
		}
		out[i] = math.Inf(1)
		passes := max(4, 4_000_000/n)
		sum := 0.0
		for range 4 * costRounds {
			start := threadTime()
			for range passes {
				sum += kernel.Dot(v, v)
			}
			out[i] = min(out[i], 1e6*(threadTime()-start).Seconds()/float64(passes))
		}
		if sum <= 0 { // cannot be: the sum is used so that it is computed
			return nil
		}
	}
	return out
}

// upperSlope is the exponent over the last three sizes: two decades of m, a factor of four in k. Below them the fixed costs show.
func upperSlope(x, y []float64) float64 {
	from := max(0, len(x)-3)
	return slope(x[from:], y[from:])
}

func costRow(name string, columns int, values []float64, exponent float64) []string {
	row := []string{name}
	for i := range columns {
		if i < len(values) {
			row = append(row, fmt.Sprintf("%.3g", values[i]))
		} else {
			row = append(row, "")
		}
	}
	return append(row, fmt.Sprintf("%.2f", exponent))
}
