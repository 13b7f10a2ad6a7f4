package sens

import (
	"context"
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/ode"
)

// lockstep carries a block of sensitivities along with a solve, step by step, and lets them take part in the error test: a step whose
// sensitivities are not accurate is rejected and repeated with a smaller size.
type lockstep struct {
	solver *ode.Solver
	tape   *ode.Tape
	keep   bool // the tape keeps all steps
	t      *tangents
	// error test; without it every step of the state is accepted
	test        bool
	rtol        float64
	atol, scale []float64
	next, err   []float64 // state of the block after the attempt, its error estimate

	// the step in hand, and what accepted steps left behind
	cur     step
	formula any
	u       []float64 // its stage vectors
	last    lastStep
	started bool
	out     sink
	o       int // outputs handed on
	user    func(*ode.Step) error
	opinion func(*ode.Tape) (float64, error) // the user's own judge
	ends    bool                             // the user's observer reads steps at their ends only
	also    func(*ode.Step)                  // told of every accepted step while t.u holds its stages
}

// lastStep is the accepted step before the one in hand.
type lastStep struct {
	formula    any
	h          float64
	u          []float64
	carry, his []float64 // tangents' memory of it
}

// newLockstep makes the solver, which records on the tape given. The tangents are of an engine with a field of its own.
func newLockstep(s *Setup, t *tangents, tape *ode.Tape, test bool, name string) (*lockstep, error) {
	if m := s.Options.Method; test && m != nil && m.Info().Family == familyBDF {
		return nil, &RefusedError{Method: name, Solver: solverName(s),
			Reason: "it chooses its order by the state alone, and cannot when sensitivities take part in the error test; leave them out, or choose a one-step method (Radau, Rodas5P, KenCarp4)"}
	}
	l := &lockstep{t: t, tape: tape, test: test, user: s.Options.Observer, ends: s.Options.ObserveEnds || s.Options.Observer == nil, opinion: s.Options.Judge}
	opt := s.Options
	opt.SaveAt, opt.Dense, opt.Tape = []float64{}, false, l.tape
	opt.Judge, opt.Observer = l.judge, l.accept
	var err error
	if l.solver, err = ode.NewSolver(s.Problem, opt); err != nil {
		return nil, err
	}
	l.setTolerances(s, opt.RTol, opt.ATol)
	return l, nil
}

// nowhere is a sink for those who only want the steps.
type nowhere struct{}

func (nowhere) saved(int, []float64, int, int, int) {}

// sizes are those of the parameters, as given or else by their magnitudes, and of the initial values, zeros being replaced by the typical
// sizes of the states where these are known and by 1 otherwise; so are numbers that are not finite, which the solver reports.
func sizes(dst, p, y0, given []float64, prob *ode.Problem) []float64 {
	dst = append(append(dst[:0], p...), y0...)
	copy(dst, given)
	for i, x := range dst {
		if x == 0 && i >= len(p) && prob.Scale != nil {
			x = prob.Scale[i-len(p)]
		}
		if dst[i] = math.Abs(x); x == 0 || !(dst[i] <= math.MaxFloat64) {
			dst[i] = 1
		}
	}
	return dst
}

// setTolerances takes those of the states for the sensitivities; the absolute ones are divided by the sizes of the parameters.
func (l *lockstep) setTolerances(s *Setup, rtol float64, atol []float64) {
	if rtol == 0 {
		rtol = ode.DefaultRTol
	}
	l.rtol, l.atol = rtol, resize(l.atol, s.Problem.Dim)
	for i := range l.atol {
		switch {
		case len(atol) == 1:
			l.atol[i] = atol[0]
		case len(atol) > 1:
			l.atol[i] = atol[i]
		default:
			l.atol[i] = 1e-3 * rtol
			if s.Problem.Scale != nil {
				l.atol[i] *= math.Abs(s.Problem.Scale[i])
			}
		}
	}
}

// run solves with the block that the tangents have been prepared for; out receives its derivative at every saved time. scale holds
// the size of the parameter or initial value of every column.
func (l *lockstep) run(ctx context.Context, p, y0 []float64, t0, t1 float64, times, scale []float64, out sink) (*ode.Solution, error) {
	bind(l.solver.Field().(ode.ParamField), p)
	bind(l.t.e.field, p)
	l.solver.SetSaveAt(times)
	l.solver.SetObserveEnds(l.ends && l.also == nil)
	l.scale, l.out = scale, out
	l.started, l.o, l.last.formula = false, 0, nil
	l.t.e.err = nil
	clear(l.t.hist)
	l.tape.KeepFactors = l.keep
	sol, err := l.solver.Solve(ctx, t0, t1, y0)
	l.out = nil
	if err != nil {
		return sol, err
	}
	if !l.started { // no step was made
		for ; l.o < len(l.tape.Outputs); l.o++ {
			out.saved(l.o, l.t.s, l.t.c0, l.t.cols, l.t.width)
		}
	}
	return sol, l.t.e.err
}

// judge computes the sensitivities of an attempted step and returns the norm of their error.
func (l *lockstep) judge(shown *ode.Tape) (float64, error) {
	norm := 0.0
	if l.opinion != nil {
		var err error
		if norm, err = l.opinion(shown); err != nil || norm > 1 {
			return norm, err
		}
	}
	own, err := l.attempt(shown)
	if !(own <= norm) {
		norm = own
	}
	return norm, err
}

func (l *lockstep) attempt(shown *ode.Tape) (float64, error) {
	t, s := l.t, &l.cur
	e := t.e
	if err := s.load(shown, 0); err != nil {
		return 0, err
	}
	l.formula = shown.Steps[0].Formula
	if !l.started {
		t.consistentTangent(s.time(0), s.y)
	} else {
		if r, ok := s.rule.(linker); ok && l.last.formula == l.formula {
			s.before, s.ratio = l.last.h, s.h/l.last.h
			s.link = r.linked(s, l.last.u)
		}
		copy(t.carry, l.last.carry)
		copy(t.hist, l.last.his)
	}
	est, ok := s.rule.(estimator)
	live := len(s.u) / e.k
	if ok && l.test {
		live = max(live, est.errorStages())
	}
	live = min(max(live, s.rule.live(false)), s.rule.stages())
	t.room(s.rule.stages())
	e.restart()
	s.rule.points(e, s, live)
	s.rule.tangent(t, s, live, 0)
	if e.err != nil {
		return 0, e.err
	}
	l.u = append(l.u[:0], s.u...)
	n := len(t.s)
	l.next, l.err = resize(l.next, n), resize(l.err, n)
	w := t.weights[:s.rule.stages()]
	s.rule.end(w, s.h)
	t.output(l.next, s.rule, w[:live])
	if !l.test {
		return 0, nil
	}
	if !ok {
		return 0, fmt.Errorf("the error of sensitivities cannot be estimated for steps of type %T; leave them out of the error test", l.formula)
	}
	est.estimate(t, s, 0, l.err)
	if e.err != nil {
		return 0, e.err
	}
	return columnNorm(l.err, t.s, l.next, l.atol, l.scale, l.rtol, t.width, t.cols), nil
}

// accept makes the attempt the state and hands on the saved times that it passed.
func (l *lockstep) accept(step *ode.Step) error {
	t, s := l.t, &l.cur
	outs := l.tape.Outputs
	base := 0
	if !l.keep {
		base = l.o // earlier ones have been forgotten
	}
	for ; l.o-base < len(outs) && outs[l.o-base].Step < 0; l.o++ {
		l.out.saved(l.o, t.s, t.c0, t.cols, t.width)
	}
	l.started = true
	live := min(len(l.u)/t.e.k, s.rule.stages())
	if !s.rule.relative() {
		live = s.rule.stages()
	}
	w := t.weights[:s.rule.stages()]
	for ; l.o-base < len(outs) && !outs[l.o-base].End; l.o++ {
		s.rule.dense(w, outs[l.o-base].Theta, s.h)
		t.output(t.out, s.rule, w[:live])
		l.out.saved(l.o, t.out, t.c0, t.cols, t.width)
	}
	if l.also != nil {
		l.also(step)
	}
	copy(t.s, l.next)
	for ; l.o-base < len(outs); l.o++ {
		l.out.saved(l.o, t.s, t.c0, t.cols, t.width)
	}
	l.last.formula, l.last.h = l.formula, s.h
	l.last.u = append(l.last.u[:0], l.u...)
	l.last.carry = append(l.last.carry[:0], t.carry...)
	l.last.his = append(l.last.his[:0], t.hist...)
	if !l.keep {
		l.tape.Forget()
	}
	if l.user != nil {
		return l.user(step)
	}
	return nil
}
