package ode

import (
	"context"
	"fmt"
	"math"
	"runtime/debug"
)

// A Solver solves one problem with one set of options, any number of times, without allocating per step. It belongs to one
// goroutine.
type Solver struct {
	p       *Problem
	opt     Options
	c       *core
	st      stepper
	size    sizer          // st, if it chooses its own steps
	newton  newtonStepper  // st, if it iterates
	pair    *switchStepper // st, if it changes over between two others
	control Controller
	now     Attempt // of the loop, for the controller

	target      float64      // the next time to hit, or the end
	constraints *constraints // of a problem with a mass matrix
	from        []float64    // the state before it was made consistent
	sol         Solution
	coef        []float64 // dense output of the latest step
	degree      int       // of coef, or -1 when it has not been computed
	view        Step
	size0       float64 // largest initial state, or size below which tolerances are absolute
	events      eventFinder
	quad        quadratureState
	reads       readings
	shown       Tape // the attempt that Options.Judge looks at
}

// NewSolver checks problem and options and makes the workspace. The error is an *InputError.
func NewSolver(p *Problem, opt Options) (*Solver, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	c, err := newCore(p)
	if err != nil {
		return nil, err
	}
	s := &Solver{p: p, opt: opt, c: c}
	if err := s.opt.resolve(p, s.c.atol); err != nil {
		return nil, err
	}
	s.c.rtol, s.c.newtonTol = s.opt.RTol, s.opt.NewtonTol
	if s.opt.Method == nil {
		s.opt.Method = Auto
	}
	info := s.opt.Method.Info()
	if !p.Mass.IsIdentity() && !info.Mass {
		return nil, &InputError{What: "method", Msg: fmt.Sprintf("%s cannot solve problems with a mass matrix; choose one that can (Rodas5P, Radau, BDF)", info.Name)}
	}
	if m, ok := s.opt.Method.(BDFMethod); ok && m.Past != nil && s.opt.Tape != nil {
		return nil, &InputError{What: "tape", Msg: "cannot record a BDF that starts from a past: its derivative is not known"}
	}
	s.c.recorded = s.opt.Tape != nil || s.opt.Judge != nil
	st, err := s.opt.Method.newStepper(s.c)
	if err != nil {
		return nil, err
	}
	s.st = st
	s.size, _ = st.(sizer)
	s.newton, _ = st.(newtonStepper)
	s.pair, _ = st.(*switchStepper)
	s.control = s.opt.Controller
	if s.control == nil {
		s.control = PI{}
		if s.newton != nil {
			s.control = s.newton.controller()
		}
	}
	s.coef = make([]float64, (maxDegree+1)*p.Dim)
	if err := s.events.init(s); err != nil {
		return nil, err
	}
	if err := s.quad.init(&s.opt, p.Dim); err != nil {
		return nil, err
	}
	s.reads.init(s)
	s.sol.dim = p.Dim
	s.view = Step{solver: s}
	return s, nil
}

// Solve solves a problem once; see Solver.Solve. The solution belongs to the caller.
func Solve(ctx context.Context, p *Problem, t0, t1 float64, y0 []float64, opt Options) (*Solution, error) {
	s, err := NewSolver(p, opt)
	if err != nil {
		return nil, err
	}
	return s.Solve(ctx, t0, t1, y0)
}

// Field is the right-hand side that this solver evaluates, for binding parameters.
func (s *Solver) Field() Field { return s.c.field }

// Method is the method in use.
func (s *Solver) Method() Method { return s.opt.Method }

// SetSaveAt changes the times at which the solution is wanted.
func (s *Solver) SetSaveAt(times []float64) { s.opt.SaveAt = times }

// SetObserveEnds changes Options.ObserveEnds for the solves that follow.
func (s *Solver) SetObserveEnds(ends bool) { s.opt.ObserveEnds = ends }

// SetTolerances changes the tolerances for the solves that follow, by the rules of Options.
func (s *Solver) SetTolerances(rtol float64, atol []float64) error {
	o := s.opt
	o.RTol, o.ATol = rtol, atol
	if err := o.resolve(s.p, s.c.atol); err != nil {
		return err
	}
	s.opt.RTol, s.opt.ATol = o.RTol, atol
	s.c.rtol = o.RTol
	return nil
}

// Solve integrates from t0 to t1 (in either direction) from the state y0. The solution is valid until the next call; Clone
// keeps it. The error is an *InputError if nothing was computed, or a *Failure, which carries the partial solution.
func (s *Solver) Solve(ctx context.Context, t0, t1 float64, y0 []float64) (sol *Solution, err error) {
	if err := s.checkCall(t0, t1, y0); err != nil {
		return nil, err
	}
	if ctx == nil {
		ctx = context.Background()
	}
	c := s.c
	c.t, c.t1, c.dir = t0, t1, 1
	if t1 < t0 {
		c.dir = -1
	}
	copy(c.y, y0)
	s.size0 = 0
	for i, v := range y0 {
		s.size0 = max(s.size0, math.Abs(v), c.atol[i]/c.rtol)
	}
	c.haveF = false
	c.stats = Stats{}
	s.degree = -1
	s.reads.reset(s)
	s.sol.reset(t0, y0, s.opt.SaveAt)
	if s.opt.Tape != nil {
		s.opt.Tape.reset(s.p.Dim, t0, t1)
	}
	defer func() {
		if r := recover(); r != nil {
			p := &PanicError{Function: calleeText[c.calling], Time: c.callT, State: append([]float64(nil), c.callY...), Value: r, Stack: debug.Stack()}
			if c.calling == inSolver {
				p.Time, p.State = c.t, append(p.State[:0], c.y...)
			}
			sol, err = &s.sol, s.fail(CausePanic, c.callT-c.t, p, "the solution up to this time is kept")
			c.leave()
			s.sol.finish(s)
		}
	}()
	err = s.loop(ctx)
	s.sol.finish(s)
	if err != nil {
		return &s.sol, err
	}
	return &s.sol, nil
}

func (s *Solver) checkCall(t0, t1 float64, y0 []float64) error {
	if len(y0) != s.p.Dim {
		return &InputError{What: "initial state", Msg: fmt.Sprintf("has %d values for %d states", len(y0), s.p.Dim)}
	}
	for i, v := range y0 {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return &InputError{What: "initial state", Msg: fmt.Sprintf("has %s = %g", s.p.Name(i), v)}
		}
	}
	for i, v := range s.opt.Lower {
		if s.outside(i, v-y0[i], v) {
			return &InputError{What: "initial state", Msg: fmt.Sprintf("has %s = %g, below its lower bound %g", s.p.Name(i), y0[i], v)}
		}
	}
	for i, v := range s.opt.Upper {
		if s.outside(i, y0[i]-v, v) {
			return &InputError{What: "initial state", Msg: fmt.Sprintf("has %s = %g, above its upper bound %g", s.p.Name(i), y0[i], v)}
		}
	}
	for _, t := range [2]float64{t0, t1} {
		if math.IsNaN(t) || math.IsInf(t, 0) {
			return &InputError{What: "interval", Msg: fmt.Sprintf("from %g to %g is not finite", t0, t1)}
		}
	}
	dir := 1.0
	if t1 < t0 {
		dir = -1
	}
	if err := checkTimes("times to save", s.opt.SaveAt, t0, t1, dir); err != nil {
		return err
	}
	return checkTimes("times to hit", s.opt.Hit, t0, t1, dir)
}

// outside says whether state i violates a bound by more than the tolerance.
func (s *Solver) outside(i int, by, bound float64) bool {
	return by > s.c.atol[i]+s.c.rtol*math.Abs(bound)
}

// fail describes why the solve ends.
func (s *Solver) fail(cause Cause, h float64, err error, advice string) *Failure {
	f := &Failure{Cause: cause, Time: s.c.t, Step: h, Component: -1, Err: err, Advice: advice, Solution: &s.sol, Last: s.c.failed.reason}
	return f
}

// blame names the component that stood in the way; a negative one means that none is known.
func (f *Failure) blame(c *core, i int) *Failure {
	if i >= 0 {
		f.Component, f.Name, f.Value = i, c.p.Name(i), c.y[i]
	}
	return f
}
