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
	first   []int // first point of every step of the block, latest first
	cur     step
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
	e := a.e
	k := e.k
	e.err, e.gp, e.haveBack = nil, gp, false
	clear(e.hist)
	clear(a.lam)
	o := len(tape.Outputs)
	for hi := len(tape.Steps); hi > 0; {
		if err := context.Cause(ctx); err != nil {
			return hi - 1, err
		}
		lo, err := a.gather(tape, hi, o)
		if err != nil {
			return lo, err
		}
		for i := hi - 1; i >= lo; i-- {
			if o, err = a.step(tape, i, a.first[hi-1-i], o, w); err != nil {
				return i, err
			}
		}
		e.flush()
		if e.err != nil {
			return lo, e.err
		}
		hi = lo
	}
	for o--; o >= 0; o-- {
		for j, v := range w[o*k : (o+1)*k] {
			a.lam[j] += v
		}
	}
	if len(tape.Steps) > 0 {
		e.initialAdjoint(tape.T0, tape.Y(0), a.lam)
	}
	return 0, e.err
}

// gather collects the points of a block of steps that ends before step hi, latest step first, and evaluates their Jacobians where
// that is done in one call. It returns the first step of the block.
func (a *adjoint) gather(tape *ode.Tape, hi, o int) (lo int, err error) {
	e := a.e
	e.restart()
	a.first = a.first[:0]
	s := &a.cur
	for lo = hi; lo > 0 && e.n < blockPoints; {
		lo--
		if err := s.load(tape, lo); err != nil {
			return lo, err
		}
		dense := false
		for o > 0 && tape.Outputs[o-1].Step == lo {
			o--
			dense = dense || !tape.Outputs[o].End
		}
		a.first = append(a.first, e.n)
		s.rule.points(e, s, s.rule.live(dense))
	}
	e.evaluate()
	return lo, e.err
}

// step turns lam from the adjoint of y_{n+1} into that of y_n and returns the number of outputs that come before the step.
func (a *adjoint) step(tape *ode.Tape, i, first, o int, w []float64) (int, error) {
	e := a.e
	k := e.k
	s := &a.cur
	if err := s.load(tape, i); err != nil {
		return o, err
	}
	stages := s.rule.stages()
	a.room(stages)
	for o > 0 && tape.Outputs[o-1].Step == i && tape.Outputs[o-1].End {
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
	for o > 0 && tape.Outputs[o-1].Step == i {
		o--
		dense = true
		row := w[o*k : (o+1)*k]
		s.rule.dense(weights, tape.Outputs[o].Theta, s.h)
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
	if e.haveBack {
		e.haveBack = false
		last := seed[(stages-1)*k:]
		for l, v := range e.back {
			last[l] += v
		}
	}
	live := s.rule.live(dense)
	s.rule.reverse(e, s, live, first, seed[:live*k], a.adj)
	if !s.rule.relative() {
		clear(a.lam)
	}
	for l, v := range a.adj {
		a.lam[l] += v
	}
	return o, e.err
}
