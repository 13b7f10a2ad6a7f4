package bench

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// SolverOptions say how solvers are compared.
type SolverOptions struct {
	// CVODE is the folder of a SUNDIALS build with the program of cvodes/build.sh; without it solvers are compared with published counts only.
	CVODE string
	// Problems are names of package problems that CVODE's program knows; nil means ROBER, POLLU, HIRES, OREGO and VDPOL.
	Problems []string
	// Targets are the errors; nil means 1e-3, 1e-6 and 1e-9.
	Targets []float64
	// During is how long each of the settings quoted is repeated, 20 times at least.
	During time.Duration
	// Say reports progress.
	Say func(format string, args ...any)
}

// A solverCase is a known problem with the times at which it is judged, the solution there and the largest magnitude of every state.
type solverCase struct {
	problem           *problems.Problem
	times, want, size []float64
}

// newSolverCase judges at all times at which a solution is known, of ROBER up to 1e5 as the C baseline does. A single time would not do: errors
// change sign on their way, and a loose tolerance may hit such a place.
func newSolverCase(name string) (*solverCase, error) {
	p, err := problems.ByName(name)
	if err != nil {
		return nil, err
	}
	c := &solverCase{problem: p, size: make([]float64, p.IVP.Dim)}
	last := p.T1
	if p.Name == "ROBER" {
		last = 1e5
	}
	for _, point := range p.Reference {
		if point.T > last {
			break
		}
		c.times, c.want = append(c.times, point.T), append(c.want, point.Y...)
		for i, v := range point.Y {
			c.size[i] = max(c.size[i], math.Abs(v))
		}
	}
	if len(c.times) == 0 {
		return nil, fmt.Errorf("no solution of %s is tabulated", p.Name)
	}
	return c, nil
}

// A solverRun is one setting of a method of ours: its error, quick time and counts.
type solverRun struct {
	setting
	stats ode.Stats
}

// comparedSolvers are all methods for stiff problems, those of high order first: they find out soonest how fast the tightest error can be reached.
func comparedSolvers() []ode.Method {
	return append([]ode.Method{ode.AutoDOP853Radau, ode.AutoTsit5Rodas5P, ode.AutoTsit5KenCarp4}, peerSolvers(true)...)
}

// sweep solves with every method at two tolerances a decade until the error is well below the tightest target or the time well above that of the
// best setting that reaches it. With BDF, whose counts are compared, there are four a decade, to the end of the trend around the tightest target.
func (c *solverCase) sweep(ctx context.Context, methods []ode.Method, tightest float64) ([]solverRun, error) {
	const margin, patience = 5, 4
	var runs []solverRun
	best := math.Inf(1)
	for _, m := range methods {
		bdf := onlyBDF(m)
		for a, atol := range scaledTolerances(c.size) {
			for quarter := 4; quarter <= 50; quarter++ {
				if ctx.Err() != nil {
					return nil, context.Cause(ctx)
				}
				if !bdf && quarter%2 != 0 {
					continue
				}
				rtol := math.Pow(10, -float64(quarter)/4)
				r := solverRun{setting: setting{opt: ode.Options{Method: m, RTol: rtol, ATol: atol(rtol), MaxSteps: 100_000, SaveAt: c.times}, atol: a}}
				s, err := ode.NewSolver(c.problem.IVP, r.opt)
				if err != nil {
					return nil, err
				}
				var sol *ode.Solution
				r.quick, err = quickTime(func() (err error) {
					sol, err = s.Solve(ctx, c.problem.T0, c.times[len(c.times)-1], c.problem.Y0)
					return err
				})
				if err != nil {
					continue // a tolerance too loose or too tight for this method
				}
				r.error, r.stats = largestError(sol.Y, c.want, c.size), sol.Stats
				runs = append(runs, r)
				if r.error <= tightest {
					best = min(best, r.quick)
				}
				if bdf && r.error <= tightest*math.Pow(10, -trendDecades) || !bdf && (r.error <= tightest/margin || r.quick > patience*best) {
					break
				}
			}
		}
	}
	return runs, nil
}

// work is the case as something to be timed.
func (c *solverCase) work() workload {
	p := c.problem
	return solveWork(p.IVP, nil, p.T0, p.Y0, c.times, c.want, c.size)
}

// Solvers prints for each problem and error the fastest of our methods beside the fastest setting of CVODE, with what they take, and the counts of BDF
// beside those of CVODE, as trends, claiming that BDF's are no larger. Evaluations of f that come with a Jacobian count. It ends with counts
// that others have published.
func Solvers(ctx context.Context, o SolverOptions) (*Report, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if o.Problems == nil {
		o.Problems = []string{"ROBER", "POLLU", "HIRES", "OREGO", "VDPOL"}
	}
	if o.Targets == nil {
		o.Targets = []float64{1e-3, 1e-6, 1e-9}
	}
	r := &Report{Title: "Solvers at equal error, the largest |y − reference| in units of each state's largest magnitude over the times of judgement; every side at its best tolerances"}
	var ratios countRatios
	for _, name := range o.Problems {
		c, err := newSolverCase(name)
		if err != nil {
			return nil, err
		}
		if err := c.compare(ctx, r, o, &ratios); err != nil {
			return nil, err
		}
	}
	ratios.judge(r)
	return r, r.published(ctx)
}

func (c *solverCase) compare(ctx context.Context, r *Report, o SolverOptions, ratios *countRatios) error {
	name := c.problem.Name
	var theirs []baselineRun
	var err error
	if o.CVODE != "" {
		o.Say("%s: running CVODE", name)
		if theirs, err = runCVODE(ctx, o.CVODE, c, 5); err != nil {
			return err
		}
	}
	o.Say("%s: running stiffnode", name)
	runs, err := c.sweep(ctx, comparedSolvers(), slices.Min(o.Targets))
	if err != nil {
		return err
	}
	settings := make([]setting, len(runs))
	for i := range runs {
		settings[i] = runs[i].setting
	}
	table := Table{
		Title: fmt.Sprintf("%s to t = %g, judged at %d times", name, c.times[len(c.times)-1], len(c.times)),
		Rows:  [][]string{{"error", "", "setting", "error", "steps", "f", "J", "LU", "µs"}},
	}
	work := c.work()
	for _, target := range o.Targets {
		best, took, err := work.fastest(ctx, settings, target, anyMethod, o.During)
		if err != nil {
			return err
		}
		if best == nil {
			r.claim(false, "%s: no method reaches error %s", name, sci(target))
			continue
		}
		for i := range runs {
			if q := &runs[i]; q.is(best) {
				s := &q.stats
				table.Rows = append(table.Rows, []string{"≤ " + sci(target), "fastest", best.String(), sci(q.error), fmt.Sprint(s.Steps), fmt.Sprint(s.Evals), fmt.Sprint(s.Jacobians), fmt.Sprint(s.Factorisations), micro(took.median)})
			}
		}
		if b := cheapest(theirs, name, target); b != nil {
			table.Rows = append(table.Rows, []string{"≤ " + sci(target), "CVODE, fastest", b.setting(), sci(b.error()), fmt.Sprint(b.Steps), fmt.Sprint(b.Evals), fmt.Sprint(b.Jacobians), fmt.Sprint(b.Setups), micro(b.time())})
		}
		ours, ok := bestTrend(ourCounts(runs), target)
		if !ok {
			r.claim(false, "%s: BDF does not get around error %s", name, sci(target))
			continue
		}
		table.Rows = append(table.Rows, append([]string{"= " + sci(target), "BDF, trend", "", ""}, ours.cells()...))
		if peer, ok := bestTrend(theirCounts(theirs), target); ok {
			table.Rows = append(table.Rows, append([]string{"= " + sci(target), "CVODE, trend", "", ""}, peer.cells()...))
			ratios.add(r, fmt.Sprintf("%s at error %s", name, sci(target)), ours, peer)
		}
	}
	r.Tables = append(r.Tables, table)
	return nil
}

// is says whether a run was made with a setting.
func (q *solverRun) is(s *setting) bool {
	return q.opt.Method.Info().Name == s.opt.Method.Info().Name && q.opt.RTol == s.opt.RTol && q.atol == s.atol
}

func micro(seconds float64) string { return fmt.Sprintf("%.0f", 1e6*seconds) }
