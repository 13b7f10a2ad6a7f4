package sens

import (
	"fmt"

	"github.com/stiffnode/stiffnode/ode"
)

// GaussAdjoint solves for the adjoint ω alone and integrates dL/dp = ∫ ωᵀ ∂f/∂p dt step by step while ω is at hand, so that no dense output of ω is
// kept. By default the integral is what the reverse method's own formula makes of its stages, as if it were a further state; its error takes part in
// the choice of steps either way.
type GaussAdjoint struct {
	// Reverse says how the adjoint is solved. Its method must show the stages of its steps, as Runge–Kutta and Rosenbrock methods do; nil means Radau
	// where the forward method does not.
	Reverse ReverseOptions
	// Nodes, if not 0, integrates over the dense output of ω by a Gauss–Legendre formula of so many nodes a step instead. In stiff components dense
	// output is less accurate than the ends of steps; where the two integrals differ by more than 100 times the tolerance the gradient is refused.
	Nodes int
}

var _ Method = GaussAdjoint{}

// Info implements Method.
func (GaussAdjoint) Info() Info {
	return Info{
		Name:   "gauss",
		Cost:   "O(N_rev(k³ + m)) beyond the solve",
		Memory: "O(N d k) for the dense output of the solve, O(k + m) for the adjoint",
		Source: "SciMLSensitivity, GaussAdjoint; Hager, Numer. Math. 87, 247 (2000), for the quadrature of a Runge–Kutta adjoint",
	}
}

// New implements Method.
func (a GaussAdjoint) New(s Setup) (Evaluator, error) {
	if a.Nodes < 0 || a.Nodes > 64 {
		return nil, &ode.InputError{What: "number of quadrature nodes", Msg: fmt.Sprintf("is %d; it must be between 1 and 64 (0 takes the stages)", a.Nodes)}
	}
	return newContinuous(s, a.Info().Name, a.Reverse, true, func(c *continuous) reversal {
		v := &gaussReversal{c: c, prob: adjointProblem(s.Problem, c.field)}
		if a.Nodes > 0 {
			v.x, v.w = gaussLegendre(a.Nodes)
		}
		return v
	})
}

type gaussReversal struct {
	c    *continuous
	prob *ode.Problem
	x, w []float64
}

func (g *gaussReversal) system() (*ode.Problem, int)                  { return g.prob, 0 }
func (g *gaussReversal) reads() outputs                               { return outputs{forward: true, reverse: false} }
func (g *gaussReversal) prepare([]float64, *Gradient, float64, bool)  {}
func (g *gaussReversal) formula() (x, w []float64)                    { return g.x, g.w }
func (g *gaussReversal) finish(*ode.Solution, float64, float64) error { return nil }

// observe integrates over the step that was just accepted.
func (g *gaussReversal) observe(s *ode.Step) error {
	for j, x := range g.x {
		t := s.T + x*s.H
		y, w := g.c.pairs.add(t)
		g.c.field.state(y, t)
		s.AtTheta(w, x)
		scaleVector(w, -s.H*g.w[j])
	}
	return g.c.pairs.err
}
