package bench

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/examples"
	"github.com/stiffnode/stiffnode/internal/kernel"
	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
	"github.com/stiffnode/stiffnode/sens"
	"github.com/stiffnode/stiffnode/train"
)

// models were trained by `stiffnode train` on the data of the examples.
//
//go:embed models
var models embed.FS

// machineTolerances are those at which everything is timed.
var machineTolerances = []float64{1e-3, 1e-6, 1e-9}

// Machine is what this machine does in a second: solves and gradients of networks and of known problems, epochs of training, predictions; what they
// allocate, how two cores share them, and how their time grows.
func Machine(ctx context.Context, during time.Duration) (*Report, error) {
	r := &Report{Title: fmt.Sprintf("stiffnode on %s/%s, %d cores, %s; milliseconds of processor time, median [p10–p90]", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())}
	var cases []*exampleCase
	for _, name := range []string{"robertson", "pollution"} {
		c, err := loadExample(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("example %s: %w", name, err)
		}
		cases = append(cases, c)
	}
	for _, part := range []func() error{
		func() error { return machineNetworks(ctx, r, cases, during) },
		func() error { return machineInstructions(ctx, r, cases, during) },
		func() error { return machineProblems(ctx, r, during) },
		func() error { return machineTraining(ctx, r, cases, during) },
		func() error { return machineCores(ctx, r, cases[0], during) },
		func() error { return machineGrowth(ctx, r, during) },
	} {
		if err := part(); err != nil {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	return r, nil
}

// An exampleCase is a model that is shipped, with the data it was trained on.
type exampleCase struct {
	name  string
	model *model.Model
	set   *data.Set
	*gradientCase
}

func loadExample(ctx context.Context, name string) (*exampleCase, error) {
	raw, err := models.ReadFile("models/" + name + ".safetensors")
	if err != nil {
		return nil, err
	}
	c := &exampleCase{name: name}
	if c.model, err = model.Decode(raw); err != nil {
		return nil, err
	}
	if raw, err = examples.FS.ReadFile(name + "/" + name + ".csv"); err != nil {
		return nil, err
	}
	if c.set, err = data.ReadCSV(bytes.NewReader(raw), name+".csv", data.ReadOptions{}); err != nil {
		return nil, err
	}
	all, err := modelCases(ctx, c.model, c.set)
	if err != nil {
		return nil, err
	}
	c.gradientCase = all[0]
	c.atol = func(float64) []float64 { return nil }
	return c, nil
}

// evaluator makes what computes gradients of the case by its model's own method.
func (c *exampleCase) evaluator(rtol float64) (func() error, *sens.Gradient, error) {
	opt, err := c.solver(rtol)
	if err != nil {
		return nil, nil, err
	}
	ev, err := sens.DiscreteReverse{}.New(sens.Setup{Problem: c.problem, Options: opt})
	if err != nil {
		return nil, nil, err
	}
	g := new(sens.Gradient)
	return func() error {
		return ev.Gradient(context.Background(), g, c.params, c.y0, c.t0, c.t1, c.times, c)
	}, g, nil
}

func (c *exampleCase) solver(rtol float64) (ode.Options, error) {
	opt, err := c.model.Solver.Options()
	opt.RTol, opt.ATol = rtol, c.atol(rtol)
	return opt, err
}

// solve makes what solves the case.
func (c *exampleCase) solve(rtol float64) (func() error, error) {
	opt, err := c.solver(rtol)
	if err != nil {
		return nil, err
	}
	opt.SaveAt = c.times
	s, err := ode.NewSolver(c.problem, opt)
	if err != nil {
		return nil, err
	}
	s.Field().(ode.ParamField).Bind(c.params)
	return func() error { _, err := s.Solve(context.Background(), c.t0, c.t1, c.y0); return err }, nil
}

// allocations is the number of objects allocated by a run, after two that make workspaces.
func allocations(do func() error) (float64, error) {
	const runs = 20
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for range 2 {
		if err := do(); err != nil {
			return 0, err
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		if err := do(); err != nil {
			return 0, err
		}
	}
	runtime.ReadMemStats(&after)
	// what the runtime itself allocates now and then is less than one a run
	return math.Floor(float64(after.Mallocs-before.Mallocs) / runs), nil
}

func machineNetworks(ctx context.Context, r *Report, cases []*exampleCase, during time.Duration) error {
	t := Table{Title: "networks trained on the examples", Rows: [][]string{{"network", "parameters", "solver", "rtol", "solve", "gradient", "allocations: solve", "gradient"}}}
	for _, c := range cases {
		for _, rtol := range machineTolerances {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			solve, err := c.solve(rtol)
			if err != nil {
				return err
			}
			gradient, _, err := c.evaluator(rtol)
			if err != nil {
				return err
			}
			row := []string{c.name, fmt.Sprint(len(c.params)), c.model.Solver.Method, sci(rtol)}
			var counts []string
			for i, do := range []func() error{solve, gradient} {
				took, err := timeOf(during, do)
				if err != nil {
					return err
				}
				n, err := allocations(do)
				if err != nil {
					return err
				}
				row, counts = append(row, took.String()), append(counts, fmt.Sprint(n))
				r.claim(n == 0, "%s at rtol %g allocates %g times per %s, 0 allowed", c.name, rtol, n, [2]string{"solve", "gradient"}[i])
			}
			t.Rows = append(t.Rows, append(row, counts...))
		}
	}
	r.Tables = append(r.Tables, t)
	return nil
}

// machineInstructions compares the sets of vector instructions that this processor has, and the plain Go twin of the assembly.
func machineInstructions(ctx context.Context, r *Report, cases []*exampleCase, during time.Duration) error {
	const (
		rtol = 1e-6
		// the sets round differently, which may change the steps: what is different then is of the size of the error
		most = 1e-3
	)
	sets := kernel.Instructions()
	t := Table{Title: "vector instructions, rtol " + sci(rtol), Rows: [][]string{{"network", "instructions", "solve", "gradient", "times as long as by " + sets[0], "gradient differs by"}}}
	for _, c := range cases {
		var first []float64
		quickest := 0.0
		for _, set := range sets {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			row, err := c.byInstructions(set, rtol, during)
			if err != nil {
				return err
			}
			if first == nil {
				first, quickest = row.gradient, row.gradientTook.median
			}
			differs := relativeL2(row.gradient, first)
			r.claim(differs <= most, "%s: the gradient by %s differs by %.1g from that by %s, at most %g", c.name, set, differs, sets[0], most)
			t.Rows = append(t.Rows, []string{c.name, set, row.solveTook.String(), row.gradientTook.String(), fmt.Sprintf("%.2f", row.gradientTook.median/quickest), sci(differs)})
		}
	}
	r.Tables = append(r.Tables, t)
	return nil
}

type instructionsRow struct {
	gradient                []float64
	solveTook, gradientTook timing
}

func (c *exampleCase) byInstructions(set string, rtol float64, during time.Duration) (row instructionsRow, err error) {
	defer kernel.UseInstructions(set)()
	solve, err := c.solve(rtol)
	if err != nil {
		return row, err
	}
	gradient, g, err := c.evaluator(rtol)
	if err != nil {
		return row, err
	}
	if row.solveTook, err = timeOf(during, solve); err != nil {
		return row, err
	}
	if row.gradientTook, err = timeOf(during, gradient); err != nil {
		return row, err
	}
	row.gradient = slices.Clone(g.Params)
	return row, nil
}

func machineProblems(ctx context.Context, r *Report, during time.Duration) error {
	t := Table{Title: "known problems", Rows: [][]string{{"problem", "solver"}}}
	for _, rtol := range machineTolerances {
		t.Rows[0] = append(t.Rows[0], "rtol "+sci(rtol))
	}
	for _, name := range []string{"ROBER", "POLLU", "HIRES", "OREGO", "VDPOL"} {
		p, err := problems.ByName(name)
		if err != nil {
			return err
		}
		for _, m := range []ode.Method{ode.Rodas5P, ode.Radau, ode.BDF} {
			row := []string{name, m.Info().Name}
			for _, rtol := range machineTolerances {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				s, err := ode.NewSolver(p.IVP, ode.Options{Method: m, RTol: rtol, ATol: p.AbsTol(rtol), SaveAt: p.Times})
				if err != nil {
					return err
				}
				took, err := timeOf(during, func() error { _, err := s.Solve(ctx, p.T0, p.T1, p.Y0); return err })
				if err != nil {
					return fmt.Errorf("%s by %s: %w", name, m.Info().Name, err)
				}
				row = append(row, took.String())
			}
			t.Rows = append(t.Rows, row)
		}
	}
	r.Tables = append(r.Tables, t)
	return nil
}

// machineTraining counts epochs of the paper's recipes and predictions of the networks in a second.
func machineTraining(ctx context.Context, r *Report, cases []*exampleCase, during time.Duration) error {
	const epochs = 300
	t := Table{Title: "a second of work", Rows: [][]string{{"example", "epochs of the paper's recipe", "predictions at rtol 1e-4, one core"}}}
	for _, c := range cases {
		text, err := examples.FS.ReadFile(c.name + "/paper.toml")
		if err != nil {
			return err
		}
		cfg := train.Default()
		if err := cfg.Merge(c.name+"/paper.toml", text); err != nil {
			return err
		}
		if err := cfg.Set(fmt.Sprintf("train.epochs=%d", epochs)); err != nil {
			return err
		}
		cfg.Resolve(c.set)
		tr, err := train.New(cfg, c.set)
		if err != nil {
			return err
		}
		start := time.Now()
		_, err = tr.Run(ctx)
		seconds := time.Since(start).Seconds()
		tr.Close()
		if err != nil {
			return err
		}
		solve, err := c.solve(1e-4)
		if err != nil {
			return err
		}
		one, err := timeOf(during, solve)
		if err != nil {
			return err
		}
		t.Rows = append(t.Rows, []string{c.name, fmt.Sprintf("%.0f", epochs/seconds), fmt.Sprintf("%.0f", 1/one.median)})
	}
	r.Tables = append(r.Tables, t)
	return nil
}

// machineCores compares the gradients of 16 trajectories on one core and on two.
func machineCores(ctx context.Context, r *Report, c *exampleCase, during time.Duration) error {
	const trajectories, rtol = 16, 1e-6
	if runtime.GOMAXPROCS(0) < 2 {
		return nil
	}
	work := make([]func() error, trajectories)
	for i := range work {
		var err error
		if work[i], _, err = c.evaluator(rtol); err != nil {
			return err
		}
	}
	var best [2]float64
	for i := range best {
		workers := i + 1
		best[i] = math.Inf(1)
		for began := time.Now(); time.Since(began) < 5*during; {
			start := time.Now()
			var wg sync.WaitGroup
			errs := make([]error, workers)
			for w := range workers {
				wg.Go(func() {
					for j := w; j < trajectories && errs[w] == nil; j += workers {
						errs[w] = work[j]()
					}
				})
			}
			wg.Wait()
			for _, err := range errs {
				if err != nil {
					return err
				}
			}
			best[i] = min(best[i], time.Since(start).Seconds())
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
		}
	}
	r.Tables = append(r.Tables, Table{Title: "gradients of 16 trajectories, fastest of the repeats", Rows: [][]string{
		{"one core [ms]", "two cores [ms]", "ratio"}, {milliseconds(best[0]), milliseconds(best[1]), fmt.Sprintf("%.2f", best[0]/best[1])},
	}})
	const floor = 1.7
	r.claim(best[0]/best[1] >= floor, "two cores are %.2f times as fast as one on 16 trajectories, floor %g", best[0]/best[1], floor)
	return nil
}

// machineGrowth is how the time of a gradient grows with one size, the others held.
func machineGrowth(ctx context.Context, r *Report, during time.Duration) error {
	t := Table{Title: "growth of the time of a gradient by the discrete adjoint with Rosenbrock23: exponents", Rows: [][]string{{"over", "sizes", "ms", "exponent"}}}
	for _, axis := range []struct {
		name  string
		sizes []int
		make  func(n int) (*gradientCase, int, error) // the case, and its number of steps
	}{
		{"parameters m", []int{100, 1000, 10_000}, func(n int) (*gradientCase, int, error) {
			c, err := costCase(4, []int{widthFor(4, n), widthFor(4, n)}, 1)
			return c, costSteps, err
		}},
		{"states k", []int{16, 32, 64}, func(n int) (*gradientCase, int, error) { c, err := costCase(n, []int{8}, 1); return c, costSteps, err }},
		{"steps", []int{16, 64, 256}, func(n int) (*gradientCase, int, error) { c, err := costCase(4, []int{8, 8}, 1); return c, n, err }},
	} {
		var x, y []float64
		ms := ""
		for _, n := range axis.sizes {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			c, steps, err := axis.make(n)
			if err != nil {
				return err
			}
			opt := c.equalSteps(ode.Rosenbrock23, steps)
			run := c.measure(ctx, sens.DiscreteReverse{}, opt, during)
			if run.err != nil {
				return run.err
			}
			x, y = append(x, float64(n)), append(y, run.seconds)
			ms += milliseconds(run.seconds) + " "
		}
		t.Rows = append(t.Rows, []string{axis.name, fmt.Sprint(axis.sizes), ms, fmt.Sprintf("%.2f", slope(x, y))})
	}
	r.Tables = append(r.Tables, t)
	return nil
}
