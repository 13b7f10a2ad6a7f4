package odetest

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
)

// Memory demands that nothing which belongs to other steps outlives them. After a start, a change of methods (both ways), an event, a declared
// discontinuity and a rejected attempt a one-step method does what a new solver does from there: error norm, new state and dense output agree
// to the tolerance of Newton's iteration. A multistep method goes on after a start, an event and a discontinuity as a new one does, to the
// bit; after a rejection it does what one with the same history does that is asked for the smaller step at once. And a solver that has
// solved, or failed, before, at other tolerances, solves as a new one does.
func Memory(t testing.TB, m ode.Method) {
	for _, rtol := range []float64{1e-3, 1e-6} {
		reuse(t, m, rtol)
		if m.Info().Family == automatic {
			continue // it is a method of the list
		}
		for _, h := range []harm{harmless, refuse, spoil} {
			c := &memoryCase{t: t, m: m, rtol: rtol, harm: h, seen: map[string]int{}}
			c.run()
		}
	}
}

const (
	memoryEnd   = 3.
	memoryFirst = 1e-4
	// Differences are judged in units of the error tolerance, of which Newton's iteration is allowed memoryNewton; stiff components enlarge what it leaves.
	memoryNewton = 1e-6
	memorySlack  = 1e-3
	// Error norms may differ by a fraction, where the estimate is filtered with factors that are older than those of a new solver.
	memoryEstimate = 0.1
	// memoryMost bounds how many steps of one kind are looked at.
	memoryMost = 20
)

// kick moves the fast state where the slow one falls through 1.5.
var kick = ode.Event{
	Value:     func(_ float64, y []float64) float64 { return y[0] - 1.5 },
	Apply:     func(_ float64, y []float64) { y[1] -= 0.5 },
	Direction: -1,
}

// listener is a Controller that writes down of accepted steps the error norms, and the size of the step before that it is told.
type listener struct {
	ode.PI
	errs, before []float64
}

// Accept implements ode.Controller.
func (l *listener) Accept(a *ode.Attempt) float64 {
	l.errs, l.before = append(l.errs, a.Err), append(l.before, a.PrevH)
	return l.PI.Accept(a)
}

// A memoryStep is an accepted step as an observer sees it.
type memoryStep struct {
	t, tnew, h   float64
	y, mid, ynew []float64
	rejected     int  // attempts before it, from the same point
	stiff        bool // made by the implicit method of a pair
	due          int  // harm that was yet to be done when the step was over
}

// A memoryCase is a solve whose notable steps are made again by new solvers.
type memoryCase struct {
	t     testing.TB
	m     ode.Method
	rtol  float64
	harm  harm
	seen  map[string]int
	heard *listener
	steps []memoryStep
	sol   *ode.Solution
}

// options are those of a solve from time t.
func (c *memoryCase) options(m ode.Method, t, first float64) (ode.Options, *listener) {
	o := ode.Options{
		Method: m, RTol: c.rtol, ATol: []float64{c.rtol}, NewtonTol: memoryNewton, FirstStep: first, Events: []ode.Event{kick}, MaxSteps: 1_000_000,
	}
	for _, at := range relaxationJumps {
		if at >= t {
			o.Hit = append(o.Hit, at)
		}
	}
	heard := &listener{}
	if !multistep(m) {
		o.Controller = heard
	}
	return o, heard
}

var errEnough = errors.New("enough seen")

// observe solves from (t, y) to t1 and returns the first accepted steps, at most of them.
func (c *memoryCase) observe(opt ode.Options, f *relaxationField, t, t1 float64, y []float64, most int) (steps []memoryStep, sol *ode.Solution) {
	c.t.Helper()
	rejected, stiff := 0, 0
	opt.Observer = func(s *ode.Step) error {
		stats := s.Stats()
		step := memoryStep{t: s.T, tnew: s.TNew, h: s.H, y: slices.Clone(s.Y()), ynew: slices.Clone(s.YNew()), mid: make([]float64, len(y)),
			rejected: stats.Rejected() - rejected, stiff: stats.StiffSteps > stiff, due: len(f.times)}
		s.At(step.mid, s.T+s.H/2)
		rejected, stiff = stats.Rejected(), stats.StiffSteps
		if steps = append(steps, step); len(steps) == most {
			return errEnough
		}
		return nil
	}
	sol, err := ode.Solve(context.Background(), relaxation(f), t, t1, y, opt)
	if err != nil && !errors.Is(err, errEnough) {
		c.t.Fatalf("%s, rtol %g, from t = %g: %v", c.m.Info().Name, c.rtol, t, err)
	}
	return steps, sol
}

func (c *memoryCase) run() {
	t := c.t
	t.Helper()
	opt, heard := c.options(c.m, 0, memoryFirst)
	f := &relaxationField{harm: c.harm, times: harmTimes}
	c.heard = heard
	c.steps, c.sol = c.observe(opt, f, 0, memoryEnd, []float64{2, 0}, math.MaxInt)
	for i := range c.steps {
		for _, what := range c.notable(i) {
			if c.seen[what]++; c.seen[what] > memoryMost {
				continue
			}
			switch {
			case !multistep(c.m):
				c.again(i, what)
			case what == "rejection":
				c.asked(i)
			case c.harm == harmless:
				c.goOn(i, what)
			}
		}
	}
	must := []string{"start", "event", "discontinuity", "rejection"}
	if multistep(c.m) {
		must = append(must, "step of a solver with the same history")
	}
	if switching(c.m) {
		must = append(must, "change to the implicit method", "change to the explicit method")
	}
	for _, what := range must {
		if c.seen[what] == 0 {
			t.Errorf("rtol %g: there was no %s, so that nothing is known of it", c.rtol, what)
		}
	}
}

// notable says what has happened at the start of step i.
func (c *memoryCase) notable(i int) (what []string) {
	s := &c.steps[i]
	if i == 0 {
		what = append(what, "start")
	}
	if slices.Contains(relaxationJumps, s.t) {
		what = append(what, "discontinuity")
	}
	if slices.ContainsFunc(c.sol.Events, func(e ode.EventHit) bool { return e.T == s.t }) {
		what = append(what, "event")
	}
	if s.rejected > 0 {
		what = append(what, "rejection")
	}
	if i > 0 && switching(c.m) && s.stiff != c.steps[i-1].stiff {
		if s.stiff {
			what = append(what, "change to the implicit method")
		} else {
			what = append(what, "change to the explicit method")
		}
	}
	return what
}

// again lets a new solver of the method in use make step i, which must be the same.
func (c *memoryCase) again(i int, what string) {
	c.t.Helper()
	s, m := &c.steps[i], c.m
	if explicit, implicit, ok := ode.Partners(m); ok {
		if m = explicit; s.stiff {
			m = implicit
		}
	}
	opt, heard := c.options(m, s.t, s.h)
	opt.Events = nil
	// two steps, since the controller hears of a step after the observer
	got, _ := c.observe(opt, &relaxationField{}, s.t, memoryEnd, s.y, 2)
	if got[0].rejected > 0 || got[0].h != s.h {
		c.t.Errorf("rtol %g, %s at t = %g: a new solver does not take the step of size %g", c.rtol, what, s.t, s.h)
		return
	}
	c.compare(i, what, &got[0])
	if what != "rejection" && c.heard.before[i] != 0 {
		c.t.Errorf("rtol %g, %s at t = %g: the controller is told of the step before it", c.rtol, what, s.t)
	}
	if e, want := c.heard.errs[i], heard.errs[0]; !(math.Abs(e-want) <= memoryEstimate*max(memorySlack, want)) {
		c.t.Errorf("rtol %g, %s at t = %g: the error norm of the step of size %g is %.6g, that of a new solver %.6g", c.rtol, what, s.t, s.h, e, want)
	}
}

// asked asks a new solver for the solution at the end of step i, which it reaches with the same history and without a rejection.
func (c *memoryCase) asked(i int) {
	c.t.Helper()
	s := &c.steps[i]
	if s.rejected > 1 || i == 0 {
		return // more of them may have changed the history
	}
	opt, _ := c.options(c.m, 0, memoryFirst)
	opt.Hit = slices.DeleteFunc(opt.Hit, func(at float64) bool { return at > s.tnew })
	f := &relaxationField{harm: c.harm, times: harmTimes[:len(harmTimes)-c.steps[i-1].due]}
	got, _ := c.observe(opt, f, 0, s.tnew, []float64{2, 0}, math.MaxInt)
	for k := range i {
		if k >= len(got) || got[k].tnew != c.steps[k].tnew {
			return // this end was in the way of an earlier attempt
		}
	}
	if len(got) != i+1 || got[i].rejected > 0 {
		c.t.Errorf("rtol %g, rejection at t = %g: a solver with the same history does not take the step of size %g", c.rtol, s.t, s.h)
		return
	}
	c.seen["step of a solver with the same history"]++
	c.compare(i, "rejection", &got[i])
}

// goOn lets a new solver go on from step i; it must do the same to the bit.
func (c *memoryCase) goOn(i int, what string) {
	c.t.Helper()
	s := &c.steps[i]
	want := c.steps[i:]
	// up to the next event, of which the new solver is told nothing: on an event it might see the same one again
	for _, e := range c.sol.Events {
		if k := slices.IndexFunc(want, func(s memoryStep) bool { return s.tnew == e.T }); k >= 0 {
			want = want[:k]
		}
	}
	opt, _ := c.options(c.m, s.t, memoryFirst)
	opt.Events = nil
	got, _ := c.observe(opt, &relaxationField{}, s.t, memoryEnd, s.y, len(want))
	for k := range got {
		if got[k].h != want[k].h || !slices.Equal(got[k].ynew, want[k].ynew) {
			c.t.Errorf("rtol %g, %s at t = %g: step %d after it, of size %g to %v, is of size %g to %v with a new solver", c.rtol, what, s.t, k, want[k].h, want[k].ynew, got[k].h, got[k].ynew)
			return
		}
	}
}

// compare holds step i against what it should be.
func (c *memoryCase) compare(i int, what string, want *memoryStep) {
	c.t.Helper()
	s := &c.steps[i]
	for j, y := range s.y {
		unit := c.rtol + c.rtol*max(math.Abs(y), math.Abs(s.ynew[j]))
		if d := math.Abs(s.ynew[j]-want.ynew[j]) / unit; !(d <= memorySlack) {
			c.t.Errorf("rtol %g, %s at t = %g: a new solver makes another step of size %g: y%d differs by %.3g tolerances", c.rtol, what, s.t, s.h, j+1, d)
		}
		if d := math.Abs(s.mid[j]-want.mid[j]) / unit; !(d <= memorySlack) {
			c.t.Errorf("rtol %g, %s at t = %g: a new solver has another dense output of the step of size %g: y%d differs by %.3g tolerances", c.rtol, what, s.t, s.h, j+1, d)
		}
	}
}

// reuse solves with a solver that has seen other problems, tolerances and a failure.
func reuse(t testing.TB, m ode.Method, rtol float64) {
	t.Helper()
	ctx, start := context.Background(), []float64{2, 0}
	opt := ode.Options{Method: m, RTol: rtol, ATol: []float64{rtol}, MaxSteps: 1_000_000, Hit: relaxationJumps}
	fresh, err := ode.Solve(ctx, relaxation(&relaxationField{}), 0, memoryEnd, start, opt)
	if err != nil {
		t.Fatal(err)
	}
	f := &relaxationField{}
	s, err := ode.NewSolver(relaxation(f), opt)
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.SetTolerances(1e-2, []float64{1e-2}))
	_, err = s.Solve(ctx, 0, memoryEnd, []float64{-1.2, 30})
	must(err)
	f.harm, f.times = ruin, []float64{0.3}
	if _, err = s.Solve(ctx, 0, memoryEnd, start); err == nil {
		t.Error("a right-hand side that is not a number did not end the solve")
	}
	f.harm, f.times = harmless, nil
	must(s.SetTolerances(rtol, []float64{rtol}))
	got, err := s.Solve(ctx, 0, memoryEnd, start)
	must(err)
	if got.Stats != fresh.Stats || !slices.Equal(got.Times, fresh.Times) || !slices.Equal(got.Y, fresh.Y) {
		t.Errorf("rtol %g: a solver that has solved before does something else: %v; a new one: %v", rtol, &got.Stats, &fresh.Stats)
	}
}
