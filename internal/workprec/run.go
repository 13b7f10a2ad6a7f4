// Package workprec measures solvers on problems with known solutions: how many digits a tolerance gives, and what they cost.
package workprec

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"time"

	"github.com/stiffnode/stiffnode/internal/clock"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// Options say what is measured. Combinations that a method does not claim (a mass matrix, a splitting that the problem lacks, an explicit
// method on a stiff problem) are left out.
type Options struct {
	Methods  []ode.Method
	Problems []*problems.Problem
	// RTols are the relative tolerances; the absolute ones are problems.Problem.AbsTol.
	RTols []float64
	// EndOnly solves and judges once, at the end of the interval, instead of at every time of comparison.
	EndOnly bool
	// Repeat is how often a solve is timed, the fastest counting; 0 means once.
	Repeat int
	// Workers solve at the same time, which disturbs times a little but nothing else; 0 means one per processor.
	Workers int
	// MaxSteps bounds the steps of a solve; 0 means 2 000 000.
	MaxSteps int
	// Longest bounds the time of a solve; what takes longer is left out, and so are the tighter tolerances of that method on that problem. 0
	// means no bound.
	Longest time.Duration
	// Progress is told, one at a time, of every cell measured or left out (nil), with the numbers of cells done and in all.
	Progress func(c *Cell, done, total int)
}

// Accuracy are the options of the accuracy matrix: every implicit method on every stiff problem.
func Accuracy() Options {
	var o Options
	for _, m := range ode.Solvers() {
		if m.Info().Implicit {
			o.Methods = append(o.Methods, m)
		}
	}
	for _, p := range problems.All() {
		if p.Stiff {
			o.Problems = append(o.Problems, p)
		}
	}
	for e := -3; e >= -10; e-- {
		o.RTols = append(o.RTols, math.Pow10(e))
	}
	return o
}

// WorkPrecision are the options of work–precision diagrams for one problem or for the classical stiff ones (none given).
func WorkPrecision(list ...*problems.Problem) Options {
	o := Options{Methods: ode.Solvers(), Problems: list, EndOnly: true, Repeat: 3, Workers: 1, Longest: time.Second}
	if len(list) == 0 {
		o.Problems = []*problems.Problem{problems.ROBER(), problems.POLLU(), problems.HIRES(), problems.OREGO(), problems.VDPOL()}
	}
	for e := -4; e >= -24; e-- {
		o.RTols = append(o.RTols, math.Pow(10, float64(e)/2))
	}
	return o
}

// A Verdict is what became of a cell.
type Verdict string

// The verdicts.
const (
	// Passed: success, with at least the digits that are due.
	Passed Verdict = "passed"
	// Wrong: the solver reported success, but digits that are due are missing.
	Wrong Verdict = "wrong success"
	// Failed: the solver said that it failed.
	Failed Verdict = "failed"
	// Reported: nothing is demanded here.
	Reported Verdict = "reported"
)

// A Cell is one method on one problem at one tolerance.
type Cell struct {
	Problem string  `json:"problem"`
	Method  string  `json:"method"`
	RTol    float64 `json:"rtol"`
	// Digits are the correct ones (problems.Problem.Mescd), the fewest over the times of comparison, each of which is solved for on its
	// own; Error is 10^−Digits; Floor is what is due.
	Digits float64 `json:"digits"`
	Error  float64 `json:"error"`
	Floor  float64 `json:"floor"`
	// Stats and Seconds, of processor time, are the work of all solves of the cell.
	Stats   ode.Stats `json:"stats"`
	Seconds float64   `json:"seconds"`
	Verdict Verdict   `json:"verdict"`
	// Cause says why a solve failed.
	Cause string `json:"cause,omitempty"`
}

// Result holds the cells, by problem, method and tolerance in the order of the options.
type Result struct {
	Problems []Description `json:"problems"`
	Methods  []string      `json:"methods"`
	RTols    []float64     `json:"rtols"`
	Cells    []Cell        `json:"cells"`
	// LeftOut is the number of cells that would have taken longer than Options.Longest.
	LeftOut int `json:"left_out,omitempty"`
}

// A Description says how a problem was solved and judged.
type Description struct {
	Name   string    `json:"name"`
	Title  string    `json:"title"`
	Times  []float64 `json:"times"`
	Ratios []float64 `json:"atol_over_rtol"`
}

// mostDigits bounds the digits reported: double precision has no more.
const mostDigits = 16

// Run measures. The error is that of the context; what had been measured by then is returned.
func Run(ctx context.Context, opt Options) (*Result, error) {
	res := &Result{RTols: opt.RTols}
	type job struct {
		m    ode.Method
		p    *problems.Problem
		rtol float64
	}
	var jobs []job
	for _, m := range opt.Methods {
		res.Methods = append(res.Methods, m.Info().Name)
	}
	for _, p := range opt.Problems {
		res.Problems = append(res.Problems, Description{p.Name, p.Title, opt.times(p), p.ATol})
		for _, m := range opt.Methods {
			if !applies(m, p) {
				continue
			}
			for _, r := range opt.RTols {
				if m.Info().Order == 1 && r < 0.99e-5 {
					continue // it would take millions of steps
				}
				jobs = append(jobs, job{m, p, r})
			}
		}
	}
	workers := opt.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	cells := make([]*Cell, len(jobs))
	// tooLong holds the loosest tolerance that took too long
	type pair struct{ method, problem string }
	tooLong := map[pair]float64{}
	next := make(chan int)
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for range workers {
		wg.Go(func() {
			for i := range next {
				j := &jobs[i]
				key := pair{j.m.Info().Name, j.p.Name}
				mu.Lock()
				skip := j.rtol < tooLong[key]
				mu.Unlock()
				var c *Cell
				if !skip {
					c = measure(ctx, j.m, j.p, j.rtol, opt)
				}
				if ctx.Err() != nil {
					return
				}
				mu.Lock()
				cells[i] = c
				if c == nil {
					res.LeftOut++
					tooLong[key] = max(tooLong[key], j.rtol)
				}
				done++
				if opt.Progress != nil {
					opt.Progress(c, done, len(jobs))
				}
				mu.Unlock()
			}
		})
	}
feed:
	for i := range jobs {
		select {
		case next <- i:
		case <-ctx.Done():
			break feed
		}
	}
	close(next)
	wg.Wait()
	for _, c := range cells {
		if c != nil {
			res.Cells = append(res.Cells, *c)
		}
	}
	return res, context.Cause(ctx)
}

// times are the end points of the solves.
func (o *Options) times(p *problems.Problem) []float64 {
	if o.EndOnly {
		return p.Checks[len(p.Checks)-1:]
	}
	return p.Checks
}

// applies says whether a method claims a problem.
func applies(m ode.Method, p *problems.Problem) bool {
	info := m.Info()
	if p.Stiff && !info.Implicit || !p.IVP.Mass.IsIdentity() && !info.Mass {
		return false
	}
	if info.Split {
		_, ok := p.IVP.New().(ode.SplitField)
		return ok
	}
	return true
}

// measure solves one cell; it returns nil when that takes too long.
func measure(ctx context.Context, m ode.Method, p *problems.Problem, rtol float64, opt Options) *Cell {
	info := m.Info()
	c := &Cell{Problem: p.Name, Method: info.Name, RTol: rtol, Floor: problems.Floor(info, rtol), Digits: mostDigits}
	steps := opt.MaxSteps
	if steps == 0 {
		steps = 2_000_000
	}
	s, err := ode.NewSolver(p.IVP, ode.Options{Method: m, RTol: rtol, ATol: p.AbsTol(rtol), MaxSteps: steps, SaveAt: []float64{}})
	if err != nil {
		return c.fail(err)
	}
	runtime.LockOSThread() // whose clock is read
	defer runtime.UnlockOSThread()
	for _, at := range opt.times(p) {
		best := math.Inf(1)
		for i := range max(1, opt.Repeat) {
			start := clock.Thread()
			sol, err := bounded(ctx, opt.Longest, func(ctx context.Context) (*ode.Solution, error) { return s.Solve(ctx, p.T0, at, p.Y0) })
			best = min(best, (clock.Thread() - start).Seconds())
			if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
				return nil
			}
			if err != nil {
				if sol != nil {
					c.Stats.Add(&sol.Stats)
				}
				return c.fail(err)
			}
			if i > 0 {
				continue
			}
			c.Stats.Add(&sol.Stats)
			digits, ok := p.Mescd(sol.YEnd, at)
			if !ok {
				return c.fail(fmt.Errorf("no solution of %s is known at t = %g", p.Name, at))
			}
			c.Digits = min(c.Digits, digits)
		}
		c.Seconds += best
	}
	c.Error = math.Pow(10, -c.Digits)
	switch {
	case p.Name == "OREGO" && rtol > 0.99e-3:
		c.Verdict = Reported // the phase of the next excursion depends on digits that this tolerance does not give
	case c.Digits >= c.Floor:
		c.Verdict = Passed
	default:
		c.Verdict = Wrong
	}
	return c
}

// bounded calls f with a context that ends after the time given, if there is a bound.
func bounded(ctx context.Context, longest time.Duration, f func(context.Context) (*ode.Solution, error)) (*ode.Solution, error) {
	if longest <= 0 {
		return f(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	return f(ctx)
}

// fail notes a failure with its cause.
func (c *Cell) fail(err error) *Cell {
	c.Verdict, c.Digits, c.Error, c.Cause = Failed, 0, 0, err.Error()
	var f *ode.Failure
	if errors.As(err, &f) {
		c.Cause = fmt.Sprintf("%s at t = %.6g, step %.3g", f.Cause, f.Time, f.Step)
		if f.Last != 0 {
			c.Cause += fmt.Sprintf(", last rejection: %s", f.Last)
		}
	}
	return c
}
