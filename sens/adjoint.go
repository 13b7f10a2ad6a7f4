package sens

import (
	"context"

	"github.com/stiffnode/stiffnode/ode"
)

// adjoint carries a covector of the state back through the recorded steps: reverse mode.
type adjoint struct {
	e       *engine
	lam     []float64 // ∂L/∂y at the step in hand
	adj     []float64 // what the step adds to it
	seed    []float64 // adjoints of the stage vectors
	weights []float64
	first   []int            // first point of every step of the block, latest first
	w       []float64        // covectors of the outputs
	outs    []ode.TapeOutput // the outputs, of which the first o are still to come
	o       int
	cur     step
	guard   *guard // watches the growth; nil where nobody asks
}

func newAdjoint(e *engine) *adjoint {
	return &adjoint{e: e, lam: make([]float64, e.k), adj: make([]float64, e.k)}
}

// blockPoints is about how many points are gathered before the field is asked, so that Jacobians and covectors stay in cache.
const blockPoints = 256

func (a *adjoint) room(s int) {
	if n := s * a.e.k; len(a.seed) < n {
		a.seed = make([]float64, n)
	}
	if len(a.weights) < s {
		a.weights = make([]float64, s)
	}
}

// run computes gp = Σ_o w_oᵀ ∂y_o/∂p (added to gp, which may be nil) and leaves Σ_o w_oᵀ ∂y_o/∂y0 in a.lam; w_o, row o of w, is the covector
// of saved state o. On an error it returns the step at which it occurred.
func (a *adjoint) run(ctx context.Context, tape *ode.Tape, w, gp []float64) (at int, err error) {
	rec := (*taped)(tape)
	a.begin(rec, w, gp)
	if at, err := a.sweep(ctx, rec, 0, rec.steps()); err != nil {
		return at, err
	}
	if len(tape.Steps) == 0 {
		return 0, a.finish(tape.T0, nil)
	}
	return 0, a.finish(tape.T0, tape.Y(0))
}

// begin prepares for a reverse pass.
func (a *adjoint) begin(rec recorded, w, gp []float64) {
	e := a.e
	e.err, e.gp, e.haveBack = nil, gp, false
	clear(e.hist)
	clear(a.lam)
	a.w, a.outs = w, rec.outputs()
	a.o = len(a.outs)
}

// sweep carries the adjoint from the end of step hi−1 back to the start of step lo.
func (a *adjoint) sweep(ctx context.Context, rec recorded, lo, hi int) (at int, err error) {
	a.e.putOff(true)
	defer a.e.putOff(false)
	for hi > lo {
		if err := context.Cause(ctx); err != nil {
			return hi - 1, err
		}
		first, err := a.gather(rec, lo, hi)
		if err != nil {
			return first, err
		}
		for i := hi - 1; i >= first; i-- {
			if err := a.step(rec, i, a.first[hi-1-i]); err != nil {
				return i, err
			}
		}
		a.e.flush()
		if a.e.err != nil {
			return first, a.e.err
		}
		hi = first
	}
	return 0, nil
}

// finish adds the outputs at the start and makes the adjoint that of the initial state as it was given; y is the state at t0.
func (a *adjoint) finish(t0 float64, y []float64) error {
	k := a.e.k
	for a.o--; a.o >= 0; a.o-- {
		for j, v := range a.w[a.o*k : (a.o+1)*k] {
			a.lam[j] += v
		}
	}
	if y != nil {
		a.e.initialAdjoint(t0, y, a.lam)
	}
	return a.e.err
}

// gather collects the points of a block of steps that ends before step hi and does not go beyond step least, latest step first, and
// evaluates their Jacobians where that is done in one call. It returns the first step of the block.
func (a *adjoint) gather(rec recorded, least, hi int) (lo int, err error) {
	e, o := a.e, a.o
	var batch ode.BatchParamField
	e.restart()
	a.first = a.first[:0]
	s := &a.cur
	for lo = hi; lo > least && e.n < blockPoints; {
		lo--
		if err := rec.load(s, lo); err != nil {
			return lo, err
		}
		e.batch = nil
		if s.rule.batched(e.k) {
			e.batch = e.batcher
		}
		if lo < hi-1 && e.batch != batch {
			// a switching pair changes over here: another block
			e.batch = batch
			lo++
			break
		}
		batch = e.batch
		dense := false
		for o > 0 && a.outs[o-1].Step == lo {
			o--
			dense = dense || !a.outs[o].End
		}
		a.first = append(a.first, e.n)
		s.rule.points(e, s, s.rule.live(dense))
	}
	e.evaluate()
	return lo, e.err
}

// step turns lam from the adjoint of y_{n+1} into that of y_n.
func (a *adjoint) step(rec recorded, i, first int) error {
	e, o, w := a.e, a.o, a.w
	k := e.k
	s := &a.cur
	if err := rec.load(s, i); err != nil {
		return err
	}
	stages := s.rule.stages()
	a.room(stages)
	for o > 0 && a.outs[o-1].Step == i && a.outs[o-1].End {
		o--
		for j, v := range w[o*k : (o+1)*k] {
			a.lam[j] += v
		}
	}
	weights, seed := a.weights[:stages], a.seed[:stages*k]
	s.rule.end(weights, s.h)
	for j, x := range weights {
		for l, v := range a.lam {
			seed[j*k+l] = x * v
		}
	}
	clear(a.adj)
	dense := false
	for o > 0 && a.outs[o-1].Step == i {
		o--
		dense = true
		row := w[o*k : (o+1)*k]
		s.rule.dense(weights, a.outs[o].Theta, s.h)
		for j, x := range weights {
			for l, v := range row {
				seed[j*k+l] += x * v
			}
		}
		if s.rule.relative() {
			for l, v := range row {
				a.adj[l] += v
			}
		}
	}
	watched := a.guard != nil && s.rule.relative()
	if watched {
		a.guard.enter(e, a.lam, a.adj)
	}
	if e.haveBack {
		e.haveBack = false
		last := seed[(stages-1)*k:]
		for l, v := range e.back {
			last[l] += v
		}
	}
	a.o = o
	live := s.rule.live(dense)
	s.rule.reverse(e, s, live, first, seed[:live*k], a.adj)
	if !s.rule.relative() {
		clear(a.lam)
	}
	for l, v := range a.adj {
		a.lam[l] += v
	}
	if watched {
		a.guard.leave(e, s, a.lam)
	}
	return e.err
}
