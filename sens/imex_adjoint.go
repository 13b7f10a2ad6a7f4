package sens

import (
	"fmt"

	"github.com/stiffnode/stiffnode/ode"
)

// IMEXAdjoint solves ω′ = −Jᵀω implicitly and g′ = −(∂f/∂p)ᵀω explicitly with one additive Runge–Kutta pair, Eqs. 11 and 12 of Kim et al.: only
// k×k matrices are factorised, and neither ω nor the integrand is kept. Since g enters neither equation, its explicit stages are
// needed only in the sum g_{n+1} = g_n + h Σ b_i (∂f/∂p)ᵀω at the stages of ω.
type IMEXAdjoint struct {
	// Reverse says how the adjoint is solved. The method must be a diagonally implicit one or an IMEX pair; nil means the forward method
	// where it is, and KenCarp4 otherwise.
	Reverse ReverseOptions
}

var _ Method = IMEXAdjoint{}

// Info implements Method.
func (IMEXAdjoint) Info() Info {
	return Info{
		Name:   "imex",
		Cost:   "O(N_rev(k³ + m)) beyond the solve",
		Memory: "O(N d k) for the dense output of the solve, O(k + m) for the adjoint",
		Source: "Kim et al., Chaos 31, 093122 (2021), Eqs. 11 and 12; pairs by Kennedy and Carpenter, Appl. Numer. Math. 44, 139 (2003)",
	}
}

// New implements Method.
func (a IMEXAdjoint) New(s Setup) (Evaluator, error) {
	diagonal := func(m ode.Method) bool {
		f := m.Info().Family
		return f == familyDIRK || f == familyIMEX
	}
	switch m := a.Reverse.Method; {
	case m == nil && s.Options.Method != nil && diagonal(s.Options.Method):
		a.Reverse.Method = s.Options.Method
	case m == nil:
		a.Reverse.Method = ode.KenCarp4
	case !diagonal(m):
		return nil, &RefusedError{Method: a.Info().Name, Solver: solverName(&s),
			Reason: fmt.Sprintf("its reverse method %s has no explicit partner; choose a diagonally implicit method or an IMEX pair (KenCarp3, KenCarp4, KenCarp5)", m.Info().Name)}
	}
	return newContinuous(s, a.Info().Name, a.Reverse, func(c *continuous) reversal {
		return &imexReversal{c: c, prob: adjointProblem(s.Problem, c.field)}
	})
}

type imexReversal struct {
	c    *continuous
	prob *ode.Problem
	tape ode.Tape
}

func (v *imexReversal) system() (*ode.Problem, int)                  { return v.prob, 0 }
func (v *imexReversal) reads() outputs                               { return outputs{forward: true} }
func (v *imexReversal) prepare([]float64, *Gradient, float64, bool)  {}
func (v *imexReversal) finish(*ode.Solution, float64, float64) error { return nil }
func (v *imexReversal) record() *ode.Tape                            { return &v.tape }

// observe adds the step's share of the explicit part.
func (v *imexReversal) observe(*ode.Step) error {
	last := len(v.tape.Steps) - 1
	s := &v.tape.Steps[last]
	tab, ok := s.Formula.(*ode.DIRKTableau)
	if !ok {
		return fmt.Errorf("a step of type %T has no explicit partner", s.Formula)
	}
	omega, z := v.tape.Y(last), v.tape.Stages(last)
	c := v.c
	for i, b := range tab.B {
		if b == 0 {
			continue
		}
		t := s.Time(tab.C[i])
		y, w := c.pairs.add(t)
		c.field.state(y, t)
		copy(w, omega)
		addVectors(w, 1, tab.A[i], z)
		scaleVector(w, -s.H*b)
	}
	v.tape.Forget()
	return c.pairs.err
}
