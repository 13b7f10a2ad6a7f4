package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/sens"
)

// GradientErrorOptions select cells of GradientErrors; empty ones select all.
type GradientErrorOptions struct {
	// Problem, Gradient and Solver are names, in any case.
	Problem, Gradient, Solver string
	// References is the folder of reference material that holds the network with a hundred trajectories; empty where there is none.
	References string
	// Trajectories is how many of them are taken; 0 means all.
	Trajectories int
	// Limit ends a cell; 0 means 20 s. It is a failure of its own, not a wrong answer.
	Limit time.Duration
	// Done is told of every row.
	Done func(string)
}

// statementSlack is how many times its statement a gradient may be off.
const statementSlack = 10

// errCellTime is the cause of a cell that was ended.
var errCellTime = errors.New("the time for a cell is over")

// A errorProblem is a row of problems: cases that are judged one by one, with references that are good to accuracy.
type errorProblem struct {
	name     string
	cases    []*gradientCase
	rtols    []float64
	accuracy float64
	skipped  string
}

// GradientErrors compares the error of gradients with what is stated of it: every gradient method with every solver at tolerances from loose to
// tight. A gradient that is returned as a success and is off by more than statementSlack times its statement is wrong.
func GradientErrors(ctx context.Context, o GradientErrorOptions) (*Report, error) {
	if o.Limit == 0 {
		o.Limit = 20 * time.Second
	}
	problems, err := errorProblems(ctx, &o)
	if err != nil {
		return nil, err
	}
	r := &Report{Title: "Gradients: error / stated error at each relative tolerance, both relative to the gradient returned, over parameters and their magnitudes; of many trajectories the worst ratio. \"unstated\": the second gradient failed, so that no error could be stated"}
	cells, wrong, failed, tried := 0, 0, 0, 0
	for i := range problems {
		p := &problems[i]
		if p.skipped != "" {
			r.Tables = append(r.Tables, Table{Title: p.name + ": skipped, " + p.skipped, Rows: [][]string{{""}}})
			continue
		}
		tried++
		header := []string{"gradient", "solver"}
		for _, rtol := range p.rtols {
			header = append(header, sci(rtol))
		}
		t := Table{Title: fmt.Sprintf("%s (reference good to %s)", p.name, sci(p.accuracy)), Rows: [][]string{header}}
		for _, row := range p.measureRows(ctx, &o) {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			if row.cells == nil {
				continue
			}
			t.Rows = append(t.Rows, append([]string{row.gradient, row.solver}, row.cells...))
			cells += row.successes
			failed += row.failed
			wrong += len(row.wrong)
			for _, w := range row.wrong {
				r.claim(false, "%s, %s with %s %s", p.name, row.gradient, row.solver, w)
			}
		}
		r.Tables = append(r.Tables, t)
	}
	if tried > 0 && cells == 0 {
		r.claim(false, "nothing was computed: the filters select no gradient that can be had")
	}
	r.claim(wrong == 0, "of %d gradients returned as successes %d are off by more than %d times what was stated (%d failed with a reason or stated no error)", cells, wrong, statementSlack, failed)
	return r, nil
}

// errorProblems are those selected, with their references.
func errorProblems(ctx context.Context, o *GradientErrorOptions) ([]errorProblem, error) {
	var out []errorProblem
	for _, c := range []struct {
		name  string
		state int
	}{{"OREGO", 0}, {"HIRES", 0}, {"POLLU", 15}, {"CHEMAKZO", 0}} {
		if !matches(o.Problem, c.name) {
			continue
		}
		g, err := classicalGradient(c.name, c.state)
		if err != nil {
			return nil, err
		}
		p := errorProblem{name: c.name, cases: []*gradientCase{g}, rtols: []float64{1e-4, 1e-6, 1e-8, 1e-10}}
		if err := p.reference(ctx); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	if matches(o.Problem, "rober100") {
		p := errorProblem{name: "rober100", rtols: []float64{1e-1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-8}}
		if o.References == "" {
			p.skipped = "the network and its data are not part of stiffnode: give the folder that holds them with --references"
			return append(out, p), nil
		}
		var err error
		if p.cases, err = manyTrajectories(o.References); err != nil {
			return nil, err
		}
		if n := o.Trajectories; n > 0 && n < len(p.cases) {
			p.cases = p.cases[:n]
		}
		if err := p.reference(ctx); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("there is no problem %q; there are OREGO, HIRES, POLLU, CHEMAKZO and rober100", o.Problem)
	}
	return out, nil
}

func matches(asked, name string) bool { return asked == "" || strings.EqualFold(asked, name) }

// reference computes the gradients by forward sensitivities in the error test, with solvers of two families, and notes how well they agree.
func (p *errorProblem) reference(ctx context.Context) error {
	for _, c := range p.cases {
		var both [2][]float64
		for i, m := range []ode.Method{ode.Radau, ode.Rodas5P} {
			run := c.measure(ctx, sens.ContinuousForward{Workers: 1}, c.options(m, 1e-11), 0)
			if run.err != nil {
				return fmt.Errorf("the reference for %s: %w", p.name, run.err)
			}
			both[i] = run.gradient
		}
		c.exact = both[0]
		p.accuracy = max(p.accuracy, c.relativeChange(both[1]))
	}
	if !(p.accuracy <= 1e-9) {
		return fmt.Errorf("the references for %s by two solvers agree to %.2g only; 1e-9 is asked for", p.name, p.accuracy)
	}
	return nil
}

// relativeChange is ‖p∘(g − exact)‖/‖p∘g‖: relative to the gradient that was returned, as sens.Estimate states it.
func (c *gradientCase) relativeChange(g []float64) float64 {
	num, den := 0.0, 0.0
	for i, v := range c.exact {
		s := math.Abs(c.params[i])
		if s == 0 {
			s = 1
		}
		num += s * (g[i] - v) * s * (g[i] - v)
		den += s * g[i] * s * g[i]
	}
	return math.Sqrt(num / den)
}

// An errorRow is a gradient method with a solver at every tolerance.
type errorRow struct {
	gradient, solver  string
	cells, wrong      []string
	successes, failed int
}

// measureRows measures every combination that can be built, on all cores.
func (p *errorProblem) measureRows(ctx context.Context, o *GradientErrorOptions) []errorRow {
	many := sens.ReverseOptions{MaxSteps: 500_000}
	methods := []sens.Method{
		sens.DiscreteReverse{}, sens.DiscreteReverse{ErrorTest: true}, sens.DiscreteReverse{MemoryLimit: 4 << 20}, sens.DiscreteForward{Workers: 1}, sens.ContinuousForward{Workers: 1},
		sens.GaussAdjoint{Reverse: many}, sens.QuadratureAdjoint{Reverse: many}, sens.IMEXAdjoint{Reverse: many}, sens.InterpolatingAdjoint{Reverse: many},
		sens.Backsolve{}, sens.Backsolve{Checkpoint: true},
	}
	if len(p.cases) > 1 { // the unsplit system of a network has hundreds of states
		methods = slices.DeleteFunc(methods, func(m sens.Method) bool { return m.Info().Name == "interpolating" })
	}
	type job struct {
		m sens.Method
		s ode.Method
	}
	var jobs []job
	for _, m := range methods {
		for _, s := range append(ode.Methods(), ode.Auto) {
			if i := s.Info(); matches(o.Gradient, m.Info().Name) && matches(o.Solver, i.Name) && !i.Split && (i.Implicit || len(p.cases) == 1 || i.Family != "explicit Runge–Kutta") {
				jobs = append(jobs, job{m, s})
			}
		}
	}
	rows := make([]errorRow, len(jobs))
	next := make(chan int)
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := range next {
				if ctx.Err() == nil {
					rows[i] = p.row(ctx, jobs[i].m, jobs[i].s, o.Limit)
					if o.Done != nil {
						o.Done(fmt.Sprintf("%s, %s with %s: %s", p.name, rows[i].gradient, rows[i].solver, strings.Join(rows[i].cells, " ")))
					}
				}
			}
		})
	}
	for i := range jobs {
		next <- i
	}
	close(next)
	wait.Wait()
	return rows
}

// row measures one gradient method with one solver; it has no cells where the combination is refused.
func (p *errorProblem) row(ctx context.Context, m sens.Method, s ode.Method, limit time.Duration) errorRow {
	row := errorRow{gradient: m.Info().Name, solver: s.Info().Name}
	for _, rtol := range p.rtols {
		cell, cancel := context.WithTimeoutCause(ctx, limit, errCellTime)
		worst, at, failed, done := -1.0, "", 0, 0
		var why error
		for i, c := range p.cases {
			opt := c.options(s, rtol)
			run := c.measure(cell, sens.Verified{Method: m}, opt, 0)
			var input *ode.InputError
			if run.refused() || errors.As(run.err, &input) {
				cancel()
				return errorRow{gradient: row.gradient, solver: row.solver}
			}
			if run.err != nil {
				failed++
				why = run.err
				if errors.Is(run.err, errCellTime) {
					break
				}
				continue
			}
			done++
			e, stated := c.relativeChange(run.gradient), run.stated.Relative
			ratio := e / stated
			if ratio > worst || ratio != ratio {
				worst, at = ratio, sci(e)+"/"+sci(stated)
			}
			// an error below the reference's own cannot be judged
			if !(ratio <= statementSlack) && !(e <= statementSlack*p.accuracy) {
				row.wrong = append(row.wrong, fmt.Sprintf("at rtol %g, trajectory %d: error %s, stated %s", rtol, i, sci(e), sci(stated)))
			}
		}
		cancel()
		row.successes += done
		row.failed += failed
		var unstated *sens.UnverifiedError
		switch {
		case at != "" && failed > 0:
			at += fmt.Sprintf(" (%d failed)", failed)
		case at == "" && errors.Is(why, errCellTime):
			at = "time"
		case at == "" && errors.As(why, &unstated):
			at = "unstated"
		case at == "":
			at = "failed"
		}
		row.cells = append(row.cells, at)
	}
	return row
}
