package accuracy

import (
	"context"
	"errors"
	"fmt"
	"math"
	patterns "path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stiffnode/stiffnode/internal/clock"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// A Setting is what is asked for: a relative tolerance, and the absolute ones.
type Setting struct {
	// Label as printed, in place of the tolerance where it is more than that.
	Label string
	RTol  float64
	// ATol is the same for all states; 0 means problems.Problem.AbsTol, and a negative value the default of package ode.
	ATol float64
}

// atol are the absolute tolerances as options, and as they are for every state.
func (s Setting) atol(p *problems.Trial) (option, each []float64) {
	each = make([]float64, p.IVP.Dim)
	switch {
	case s.ATol > 0:
		for i := range each {
			each[i] = s.ATol
		}
		return []float64{s.ATol}, each
	case s.ATol < 0:
		for i := range each {
			each[i] = 1e-3 * s.RTol
			if p.IVP.Scale != nil {
				each[i] *= math.Abs(p.IVP.Scale[i])
			}
		}
		return nil, each
	}
	each = p.AbsTol(s.RTol)
	return each, each
}

// Options say what part of the matrix is run; the zero value is all of it.
type Options struct {
	// Problems and Methods are names, in which a * stands for anything; none stands for all.
	Problems, Methods []string
	// RTols are the relative tolerances; none stands for 1e-1 … 1e-12. The rows of Robertson's problem with settings of their own are run where
	// none is given.
	RTols []float64
	// Workers solve at the same time; 0 means one per processor.
	Workers int
	// Longest is the processor time that a cell may take; 0 means two seconds.
	Longest time.Duration
	// MaxSteps bounds the steps; 0 means 100 000.
	MaxSteps int
	// Progress is told the number of cells done and in all.
	Progress func(done, total int)
}

// A Verdict is what became of a cell.
type Verdict string

// The verdicts.
const (
	// Right: the answer is as near to the solution as the tolerance and the problem's amplification say.
	Right Verdict = "right"
	// Wrong: a success that is not.
	Wrong Verdict = "wrong success"
	// Failed: the solver said, with a typed error, that it did not solve the problem.
	Failed Verdict = "failed"
	// Untyped: an error that errors.As does not find, or a panic.
	Untyped Verdict = "untyped failure"
)

// A Cell is one method on one problem with one setting.
type Cell struct {
	Problem, Method, Setting string
	Verdict                  Verdict
	// Ratio is the largest error divided by what is allowed, over states and times; State and Time say where.
	Ratio float64
	State string
	Time  float64
	// Kind is the kind of a failure, and Message its text.
	Kind, Message string
}

// Run runs the cells and returns them in the order of problems, methods and settings.
func Run(ctx context.Context, opt Options) ([]Cell, error) {
	jobs, err := plan(opt)
	if err != nil {
		return nil, err
	}
	workers := opt.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	longest := opt.Longest
	if longest == 0 {
		longest = 2 * time.Second
	}
	cells := make([]Cell, len(jobs))
	next := make(chan int)
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for range workers {
		wg.Go(func() {
			for i := range next {
				clock.Within(ctx, longest, func(ctx context.Context) { cells[i] = jobs[i].run(ctx, opt.MaxSteps) })
				mu.Lock()
				done++
				if opt.Progress != nil {
					opt.Progress(done, len(jobs))
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
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return cells, nil
}

// A job is a cell to be run.
type job struct {
	p *problems.Trial
	m Method
	s Setting
}

// stiffTolerances are those at which explicit methods are tried on stiff problems: they take long, and differ little.
var stiffTolerances = []float64{1e-2, 1e-5, 1e-8}

// plan lists the cells. What a method refuses when it is built (a mass matrix, a splitting that the problem lacks, a tolerance that lanes
// do not know) is no cell.
func plan(opt Options) ([]job, error) {
	settings, own := []Setting{}, []Setting{}
	tolerances := opt.RTols
	if len(tolerances) == 0 {
		for e := -1; e >= -12; e-- {
			tolerances = append(tolerances, math.Pow10(e))
		}
		own = []Setting{{Label: "default", RTol: ode.DefaultRTol, ATol: -1}, {Label: "1e-3, atol 1e-6", RTol: 1e-3, ATol: 1e-6}}
	}
	for _, r := range tolerances {
		settings = append(settings, Setting{Label: fmt.Sprintf("%.3g", r), RTol: r})
	}
	var jobs []job
	add := func(p *problems.Trial, m Method, s Setting) {
		if option, _ := s.atol(p); !m.refuses(p, ode.Options{RTol: s.RTol, ATol: option}) {
			jobs = append(jobs, job{p, m, s})
		}
	}
	usedP, usedM := make([]bool, len(opt.Problems)), make([]bool, len(opt.Methods))
	for _, p := range problems.Trials() {
		if !selected(p.Name, opt.Problems, usedP) {
			continue
		}
		for _, m := range Methods() {
			if !selected(m.Name, opt.Methods, usedM) {
				continue
			}
			for _, s := range settings {
				if p.Stiff && !m.Info().Implicit && len(opt.RTols) == 0 && !slices.ContainsFunc(stiffTolerances, func(r float64) bool { return math.Abs(r-s.RTol) < 1e-3*r }) {
					continue
				}
				add(p, m, s)
			}
			if p.Name == "ROBER-4e10" {
				for _, s := range own {
					add(p, m, s)
				}
			}
		}
	}
	for i, used := range usedP {
		if !used {
			_, err := problems.TrialByName(opt.Problems[i])
			return nil, err
		}
	}
	for i, used := range usedM {
		if !used {
			return nil, &ode.InputError{What: "method", Msg: fmt.Sprintf("%q is not one of the matrix; stiffnode bench accuracy --cells -p Decay names all", opt.Methods[i])}
		}
	}
	return jobs, nil
}

// selected says whether a name is among patterns, in which a * stands for anything, and notes which was used.
func selected(name string, asked []string, used []bool) bool {
	if len(asked) == 0 {
		return true
	}
	found := false
	for i, p := range asked {
		if ok, err := patterns.Match(strings.ToLower(p), strings.ToLower(name)); ok && err == nil {
			found, used[i] = true, true
		}
	}
	return found
}

// defaultSteps bounds the steps of a cell.
const defaultSteps = 100_000

// run solves and judges.
func (j *job) run(ctx context.Context, steps int) Cell {
	c := Cell{Problem: j.p.Name, Method: j.m.Name, Setting: j.s.Label}
	if steps == 0 {
		steps = defaultSteps
	}
	option, each := j.s.atol(j.p)
	a, err := j.m.solve(ctx, j.p, ode.Options{RTol: j.s.RTol, ATol: option, MaxSteps: steps})
	switch {
	case err != nil:
		c.fail(ctx, err)
	default:
		c.judge(j, &a, each)
	}
	return c
}

// fail sorts an error.
func (c *Cell) fail(ctx context.Context, err error) {
	c.Verdict, c.Message = Failed, err.Error()
	var f *ode.Failure
	switch {
	case errors.As(err, &f) && f.Cause == ode.CauseCanceled && errors.Is(context.Cause(ctx), clock.ErrUsedUp):
		c.Kind, c.Message = "processor time", clock.ErrUsedUp.Error() // how far it came depends on the machine
	case errors.As(err, &f) && f.Cause != ode.CausePanic && f.Cause != ode.CauseRightHandSide && f.Cause != ode.CauseCanceled:
		c.Kind = f.Cause.String()
	default:
		c.Verdict, c.Kind = Untyped, "untyped"
	}
}

// rounding is the multiple of κ·2⁻⁵²·max |y_i| that roundoff may contribute.
const rounding = 100

// judge compares an answer with the solution at all saved times and at the end.
func (c *Cell) judge(j *job, a *answer, atol []float64) {
	p, n := j.p, j.p.IVP.Dim
	c.Verdict = Right
	if p.Ends || a.t != p.T1 || len(a.rows) != n*len(p.Saved) {
		c.Verdict, c.Ratio, c.Time = Wrong, math.Inf(1), p.T1
		return
	}
	kappa := max(1, p.Amplification)
	factor := allowance(j.m.Method)
	want := make([]float64, n)
	for i, t := range append(slices.Clone(p.Saved), p.T1) {
		y := a.end
		if i < len(p.Saved) {
			y = a.rows[i*n : (i+1)*n]
		}
		if !p.Solution(want, t) {
			panic(fmt.Sprintf("accuracy: no solution of %s is known at t = %g", p.Name, t))
		}
		for k, v := range y {
			allowed := factor*kappa*(j.s.RTol*p.Size[k]+atol[k]) + rounding*kappa*0x1p-52*p.Size[k]
			ratio := math.Abs(v-want[k]) / allowed
			if math.IsNaN(ratio) {
				ratio = math.Inf(1)
			}
			if ratio > c.Ratio {
				c.Ratio, c.State, c.Time = ratio, p.IVP.Name(k), t
			}
		}
	}
	if c.Ratio > 1 {
		c.Verdict = Wrong
	}
}
