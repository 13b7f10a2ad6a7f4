package sens

import (
	"fmt"

	"github.com/stiffnode/stiffnode/ode"
)

// A rule is the derivative of one family's step with frozen step size. Every one-step family computes stage vectors u_i from y_n, and
// then state and dense output are linear in both:
//
//	y_{n+1} = y_n + Σ_i e_i u_i,    y(t_n + θh) = y_n + Σ_i d_i(θ) u_i.
//
// A multistep method is a one-step method on its history: its stage vectors are rows of the history, and y_n is absent from these sums.
// A rule is stateless; scratch space is the engine's.
type rule interface {
	// stages is the number of stage vectors; live how many of them the state, or with dense the dense output, depends on.
	stages() int
	live(dense bool) int
	// batched says whether reverse gains, for k states, by the Jacobians at all points of a block made in one call.
	batched(k int) bool
	// relative says that y_n is part of the sums for state and dense output.
	relative() bool
	// end writes the weights e_i, dense the weights d_i(θ), for a step of size h.
	end(w []float64, h float64)
	dense(w []float64, theta, h float64)
	// points gathers the points at which the first live stages evaluate f.
	points(e *engine, s *step, live int)
	// reverse takes the adjoints of the live stage vectors (seed, overwritten), adds their share to the adjoint of y_n and
	// to the parameter gradient. The points of the step begin at number first.
	reverse(e *engine, s *step, live, first int, seed, adj []float64)
	// tangent computes the derivatives of the live stage vectors, T.u, from those of y_n, T.s.
	tangent(T *tangents, s *step, live, first int)
	// execute computes the stage vectors u of the step from the state y.
	execute(e *engine, s *step, y, u []float64)
}

// A step is one recorded step: its start, its size, the state there, the stage vectors and what was kept beside them.
type step struct {
	t, h float64
	// f was evaluated between these times only (ode.TapeStep)
	first, last float64
	y, u        []float64
	extra       []float64
	rule        rule
	// link says that the first stage vector is the last one of the step before, of size before, times ratio.
	link          bool
	ratio, before float64
}

// time is the time at which f was evaluated at the fraction c of the step.
func (s *step) time(c float64) float64 {
	r := ode.TapeStep{T: s.t, H: s.h, First: s.first, Last: s.last}
	return r.Time(c)
}

// A linker is a rule whose steps may take their first stage from the step before.
type linker interface {
	linked(s *step, before []float64) bool
}

// ruleFor finds the rule for the formula of a recorded step.
func ruleFor(formula any) (rule, error) {
	switch f := formula.(type) {
	case *ode.ExplicitTableau:
		return explicitRule{f}, nil
	case *ode.RosenbrockTableau:
		return rosenbrockRule{f}, nil
	case *ode.DIRKTableau:
		if f.AE == nil {
			return dirkRule{f}, nil
		}
		return imexRule{f}, nil
	case *ode.FIRKTableau:
		return firkRule{f}, nil
	case *ode.BDFFormula:
		return bdfRule{f}, nil
	}
	return nil, fmt.Errorf("no derivative is known for steps of type %T", formula)
}

// recorded are the steps of a solve with the outputs read off them.
type recorded interface {
	// load fills s with step i.
	load(s *step, i int) error
	steps() int
	outputs() []ode.TapeOutput
}

// taped is a tape that holds all steps.
type taped ode.Tape

func (t *taped) steps() int                { return len(t.Steps) }
func (t *taped) outputs() []ode.TapeOutput { return t.Outputs }
func (t *taped) load(s *step, i int) error { return s.load((*ode.Tape)(t), i) }

// load fills s with step i of a tape.
func (s *step) load(tape *ode.Tape, i int) error {
	r := &tape.Steps[i]
	s.t, s.h, s.first, s.last = r.T, r.H, r.First, r.Last
	s.y, s.u, s.extra = tape.Y(i), tape.Stages(i), tape.Extra(i)
	s.link = false
	var err error
	if s.rule, err = ruleFor(r.Formula); err != nil {
		return err
	}
	if l, ok := s.rule.(linker); ok && i > 0 && tape.Steps[i-1].Formula == r.Formula {
		p := &tape.Steps[i-1]
		s.before, s.ratio = p.H, s.h/p.H
		s.link = l.linked(s, tape.Stages(i-1))
	}
	return nil
}

// liveStages drops the trailing stages whose weights vanish; d may have rows for stages that only the dense output has.
func liveStages(b []float64, d [][]float64, dense bool) int {
	n := len(d)
	for n > 0 && (n > len(b) || b[n-1] == 0) && (!dense || isZero(d[n-1])) {
		n--
	}
	return n
}

// denseWeights writes scale·Σ_p D_ip θ^{p+1} for every stage i.
func denseWeights(w []float64, d [][]float64, theta, scale float64) {
	for i, row := range d {
		s := 0.0
		for p := len(row) - 1; p >= 0; p-- {
			s = (s + row[p]) * theta
		}
		w[i] = s * scale
	}
}
