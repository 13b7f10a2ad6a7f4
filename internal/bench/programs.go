package bench

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/stiffnode/stiffnode/expr"
	"github.com/stiffnode/stiffnode/internal/formulas"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/sens"
)

const (
	// massFloor, otherFloor and blockFloor are how many times the time of C an evaluation may take: of mass action and of other formulas at one point, and of a
	// point in lanes.
	massFloor, otherFloor, blockFloor = 2.0, 5.0, 1.0
	// solveFloor is how many times the time of fields written by hand a solve may take; gradientFloor is the time from text to a first gradient.
	solveFloor    = 1.3
	gradientFloor = 50 * time.Millisecond
	// programRounds is how often ours and C take turns.
	programRounds = 15
)

// Programs measures programs of package expr on one core: f and J beside the same graph as C, compiled by gcc in this run; solves beside those of the fields written by
// hand; and the time from text to a first gradient. Without gcc the first is left out, with the reason.
func Programs(ctx context.Context) (*Report, error) {
	r := &Report{Title: "Programs: times on one core, the least of several rounds"}
	for _, part := range []func(context.Context, *Report) error{programsBesideC, programSolves, firstGradient} {
		if err := part(ctx, r); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// A programCase is a right-hand side whose evaluation is timed.
type programCase struct {
	name  string
	prog  *expr.Program
	floor float64
}

func programCases() ([]programCase, error) {
	var out []programCase
	for _, name := range []string{"POLLU", "HIRES"} {
		p, _, err := formulas.Program(name)
		if err != nil {
			return nil, err
		}
		out = append(out, programCase{name, p, massFloor})
	}
	for _, c := range []struct {
		name  string
		floor float64
		make  func() (states, params, rhs []string)
	}{
		{"chain of 300 reactions", massFloor, func() (a, b, c []string) { return formulas.Chain(300) }},
		{"10 cells of other formulas", otherFloor, func() (a, b, c []string) { return formulas.Smooth(10) }},
	} {
		p, err := formulas.Compile(c.make())
		if err != nil {
			return nil, err
		}
		out = append(out, programCase{c.name, p, c.floor})
	}
	return out, nil
}

// point is a state and parameters of size one.
func (c *programCase) point() (y, p []float64) {
	y, p = make([]float64, len(c.prog.States())), make([]float64, c.prog.NumParams())
	for i := range y {
		y[i] = 0.5 + 1e-3*float64(i)
	}
	for i := range p {
		p[i] = 1 + 1e-2*float64(i)
	}
	return y, p
}

// cost is the least time of f, and of f with J, in nanoseconds: of C, of ours at a point, and of ours for each point in lanes.
type cost struct{ c, point, lane [2]float64 }

func programsBesideC(ctx context.Context, r *Report) error {
	cases, err := programCases()
	if err != nil {
		return err
	}
	table := Table{Title: "Nanoseconds of f, and of f and J, at one point; lanes: 16 points side by side, for each", Rows: [][]string{{"right-hand side", "", "C", "point", "ratio", "lanes", "ratio"}}}
	for i := range cases {
		c := &cases[i]
		peer, err := buildProgram(ctx, c)
		if err != nil {
			return err
		}
		if peer.missing != "" {
			r.Title += "; C is left out: " + peer.missing
			return nil
		}
		t, err := c.measure(ctx, peer)
		peer.remove()
		if err != nil {
			return err
		}
		worst, worstLane := 0.0, 0.0
		for k, what := range []string{"f", "f and J"} {
			at, lane := t.point[k]/t.c[k], t.lane[k]/t.c[k]
			worst, worstLane = max(worst, at), max(worstLane, lane)
			table.Rows = append(table.Rows, []string{c.name, what, fmt.Sprintf("%.1f", t.c[k]), fmt.Sprintf("%.1f", t.point[k]), fmt.Sprintf("%.2f", at), fmt.Sprintf("%.1f", t.lane[k]), fmt.Sprintf("%.2f", lane)})
		}
		r.claim(worst <= c.floor, "%s: at most %.2f times C at one point, floor %g", c.name, worst, c.floor)
		r.claim(worstLane <= blockFloor, "%s: at most %.2f times C for each of 16 points, floor %g", c.name, worstLane, blockFloor)
	}
	r.Tables = append(r.Tables, table)
	return nil
}

// measure lets C and ours take turns.
func (c *programCase) measure(ctx context.Context, peer *cProgram) (cost, error) {
	y, p := c.point()
	e := c.prog.NewEvaluator()
	e.Bind(p)
	lanes, err := c.prog.NewLanes(nil)
	if err != nil {
		return cost{}, err
	}
	lanes.Bind(p)
	entries := len(c.prog.JacobianPattern().Rows)
	f, jac := make([]float64, len(y)), make([]float64, entries)
	many, manyF, manyJ, times := make([]float64, len(y)*ode.Lanes), make([]float64, len(y)*ode.Lanes), make([]float64, entries*ode.Lanes), make([]float64, ode.Lanes)
	for i := range many {
		many[i] = y[i/ode.Lanes]
	}
	t := cost{}
	for _, list := range []*[2]float64{&t.c, &t.point, &t.lane} {
		list[0], list[1] = math.Inf(1), math.Inf(1)
	}
	for range programRounds {
		ns, err := peer.run(ctx)
		if err != nil {
			return cost{}, err
		}
		for k := range 2 {
			t.c[k] = min(t.c[k], ns[k])
			t.point[k] = min(t.point[k], nanoseconds(func() {
				e.Eval(f, 0, y, nil)
				if k == 1 {
					e.Jacobian(jac)
				}
			}))
			t.lane[k] = min(t.lane[k], nanoseconds(func() {
				lanes.EvalLanes(manyF, times, many)
				if k == 1 {
					lanes.Jacobian(manyJ)
				}
			})/ode.Lanes)
		}
	}
	return t, nil
}

// nanoseconds is the time of one call, from repeating it for some milliseconds. The goroutine stays on one thread, whose clock is read.
func nanoseconds(do func()) float64 {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	do()
	for n := 64; ; n *= 4 {
		start := threadTime()
		for range n {
			do()
		}
		if d := threadTime() - start; d > 3*time.Millisecond {
			return float64(d.Nanoseconds()) / float64(n)
		}
	}
}

// programSolves times solves of shipped problems as programs beside those of their fields.
func programSolves(ctx context.Context, r *Report) error {
	table := Table{Title: "Milliseconds of a solve at rtol 1e-6 with the default method", Rows: [][]string{{"problem", "by hand", "program", "ratio"}}}
	var ratios []float64
	for _, name := range formulas.Names {
		prog, p, err := formulas.Program(name)
		if err != nil {
			return err
		}
		params := make([]float64, len(p.Params))
		for i, q := range p.Params {
			params[i] = q.Value
		}
		ours, err := prog.Problem(expr.Setup{Params: params, Scale: p.IVP.Scale, Mass: p.IVP.Mass})
		if err != nil {
			return err
		}
		best := [2]float64{math.Inf(1), math.Inf(1)}
		var solvers [2]*ode.Solver
		for k, ivp := range []*ode.Problem{p.IVP, ours} {
			if solvers[k], err = ode.NewSolver(ivp, ode.Options{RTol: 1e-6, ATol: p.AbsTol(1e-6), SaveAt: []float64{p.T1}}); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		for range 3 {
			for k, s := range solvers {
				t, err := quickTime(func() error {
					_, err := s.Solve(ctx, p.T0, p.T1, p.Y0)
					return err
				})
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				best[k] = min(best[k], t)
			}
		}
		ratios = append(ratios, best[1]/best[0])
		table.Rows = append(table.Rows, []string{name, fmt.Sprintf("%.3f", 1e3*best[0]), fmt.Sprintf("%.3f", 1e3*best[1]), fmt.Sprintf("%.2f", best[1]/best[0])})
	}
	r.Tables = append(r.Tables, table)
	worst := slices.Max(ratios)
	r.claim(worst <= solveFloor, "shipped problems solved as programs: at most %.2f times the time of today's fields, floor %g", worst, solveFloor)
	return nil
}

// firstGradient is the time from text to a first gradient of 100 reactions.
func firstGradient(ctx context.Context, r *Report) error {
	states, params, rhs := formulas.Chain(100)
	best := math.Inf(1)
	for range 5 {
		t, err := quickTime(func() error { return gradientFromText(ctx, states, params, rhs) })
		if err != nil {
			return err
		}
		best = min(best, t)
	}
	r.claim(best <= gradientFloor.Seconds(), "from text to the first gradient of 100 reactions: %.1f ms, floor %v", 1e3*best, gradientFloor)
	return nil
}

func gradientFromText(ctx context.Context, states, params, rhs []string) error {
	prog, err := formulas.Compile(states, params, rhs)
	if err != nil {
		return err
	}
	values, y0 := make([]float64, len(params)), make([]float64, len(states))
	for i := range values {
		values[i] = 1
	}
	y0[0], y0[1] = 1, 0.5
	ivp, err := prog.Problem(expr.Setup{Params: values})
	if err != nil {
		return err
	}
	ev, err := sens.DiscreteReverse{}.New(sens.Setup{Problem: ivp, Options: ode.Options{RTol: 1e-4, Method: ode.Rodas5P}})
	if err != nil {
		return err
	}
	var g sens.Gradient
	return ev.Gradient(ctx, &g, values, y0, 0, 5, []float64{1, 2, 3, 4, 5}, sens.LossFunc(func(_ int, _ float64, y, grad []float64) float64 {
		s := 0.0
		for i, v := range y {
			s += v * v
			grad[i] = 2 * v
		}
		return s
	}))
}
