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
	return newContinuous(s, a.Info().Name, a.Reverse, true, func(c *continuous) reversal {
		return &imexReversal{prob: adjointProblem(s.Problem, c.field)}
	})
}

// imexReversal adds nothing to the common course: the sum over the stages is the explicit part.
type imexReversal struct{ prob *ode.Problem }

func (v *imexReversal) system() (*ode.Problem, int)                  { return v.prob, 0 }
func (v *imexReversal) reads() outputs                               { return outputs{forward: true} }
func (v *imexReversal) prepare([]float64, *Gradient, float64, bool)  {}
func (v *imexReversal) finish(*ode.Solution, float64, float64) error { return nil }
func (v *imexReversal) observe(*ode.Step) error                      { return nil }
