package sens

import (
	"fmt"

	"github.com/stiffnode/stiffnode/ode"
)

// Replay executes the recorded steps again from the initial state y0 with parameters p, every step with its recorded size and formula and
// implicit stages solved to roundoff, and returns the saved states (len(tape.Outputs)×Dim). At the parameters and initial state of
// the recorded solve it returns that solution, up to what Newton's iteration left there; elsewhere it is the function whose exact
// derivative the discrete methods compute, for finite differences to be held against. The tape is not changed.
func Replay(problem *ode.Problem, tape *ode.Tape, p, y0 []float64) ([]float64, error) {
	return reexecute(problem, tape, p, y0, false)
}

// Converge executes the recorded steps again like Replay and writes states and stages, solved to roundoff, into the tape.
func Converge(problem *ode.Problem, tape *ode.Tape, p, y0 []float64) ([]float64, error) {
	return reexecute(problem, tape, p, y0, true)
}

func reexecute(problem *ode.Problem, tape *ode.Tape, p, y0 []float64, write bool) ([]float64, error) {
	field, err := paramField(&Setup{Problem: problem}, "replay")
	if err != nil {
		return nil, err
	}
	if len(p) != field.NumParams() || len(y0) != problem.Dim || tape.Dim != problem.Dim {
		return nil, &ode.InputError{What: "replay", Msg: fmt.Sprintf("was given %d parameters and %d initial values; the problem has %d and %d, the tape %d states",
			len(p), len(y0), field.NumParams(), problem.Dim, tape.Dim)}
	}
	e := newEngine(problem, field)
	bind(field, p)
	k := e.k
	y := append([]float64(nil), y0...)
	e.project(tape.T0, y)
	out := make([]float64, len(tape.Outputs)*k)
	o := 0
	for ; o < len(tape.Outputs) && tape.Outputs[o].Step < 0; o++ {
		copy(out[o*k:], y)
	}
	var u, w []float64
	var s step
	// which steps take their first stage from the one before must be seen before anything is written
	links := make([]bool, len(tape.Steps))
	for i := range tape.Steps {
		if err := s.load(tape, i); err != nil {
			return nil, err
		}
		links[i] = s.link
	}
	for i := range tape.Steps {
		if err := s.load(tape, i); err != nil {
			return nil, err
		}
		s.link = links[i]
		n := s.rule.stages()
		u, w = resize(u, n*k), resize(w, n)
		s.rule.execute(e, &s, y, u)
		if e.err != nil {
			return nil, &ReverseError{Method: "replay", Time: s.t, Step: s.h, Err: e.err}
		}
		if write {
			copy(s.y, y)
			copy(s.u, u)
		}
		for ; o < len(tape.Outputs) && tape.Outputs[o].Step == i && !tape.Outputs[o].End; o++ {
			dst := out[o*k : (o+1)*k]
			if s.rule.relative() {
				copy(dst, y)
			}
			s.rule.dense(w, tape.Outputs[o].Theta, s.h)
			addVectors(dst, 1, w, u)
		}
		s.rule.end(w, s.h)
		if !s.rule.relative() {
			clear(y)
		}
		addVectors(y, 1, w, u)
		for ; o < len(tape.Outputs) && tape.Outputs[o].Step == i; o++ {
			copy(out[o*k:], y)
		}
	}
	return out, nil
}
