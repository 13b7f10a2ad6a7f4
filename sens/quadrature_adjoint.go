package sens

import (
	"fmt"

	"github.com/stiffnode/stiffnode/ode"
)

// QuadratureAdjoint solves for the adjoint ω alone, k×k, and then integrates dL/dp = ∫ ωᵀ ∂f/∂p dt over its dense output. Panels are the
// accepted reverse steps between two data times. The steps are chosen so that the integral is accurate too; where it differs from what the reverse
// method's stages say of it by more than 100 times the tolerance, the gradient is refused.
type QuadratureAdjoint struct {
	// Reverse says how the adjoint is solved. Its method must show the stages of its steps; nil means Radau where the forward method does not.
	Reverse ReverseOptions
	// Nodes is the number of intervals of the Clenshaw–Curtis formula of a panel, a positive even number; 0 means 4.
	Nodes int
	// Adaptive integrates by Gauss–Kronrod 7–15 instead, halving panels until their error estimate is below RTol of the reverse solve,
	// relative to the gradient's norm.
	Adaptive bool
}

var _ Method = QuadratureAdjoint{}

// Info implements Method.
func (QuadratureAdjoint) Info() Info {
	return Info{
		Name:   "quadrature",
		Cost:   "O(N_rev(k³ + m)) beyond the solve",
		Memory: "O(N d k) for the dense output of the solve, and as much for that of the adjoint between two data times",
		Source: "Kim et al., Chaos 31, 093122 (2021), sec. III A; Rackauckas et al., arXiv:2001.04385",
	}
}

// New implements Method.
func (q QuadratureAdjoint) New(s Setup) (Evaluator, error) {
	n := q.Nodes
	if n == 0 {
		n = 4
	}
	if n < 2 || n%2 != 0 {
		return nil, &ode.InputError{What: "number of quadrature nodes", Msg: fmt.Sprintf("is %d; it must be even and positive", q.Nodes)}
	}
	return newContinuous(s, q.Info().Name, q.Reverse, true, func(c *continuous) reversal {
		v := &quadratureReversal{c: c, prob: adjointProblem(s.Problem, c.field)}
		if q.Adaptive {
			v.adaptive = newKronrod(c)
		} else {
			v.x, v.w = clenshawCurtis(n)
		}
		return v
	})
}

type quadratureReversal struct {
	c        *continuous
	prob     *ode.Problem
	x, w     []float64
	adaptive *adaptiveKronrod
}

func (q *quadratureReversal) system() (*ode.Problem, int)                 { return q.prob, 0 }
func (q *quadratureReversal) reads() outputs                              { return outputs{forward: true, reverse: true} }
func (q *quadratureReversal) observe(*ode.Step) error                     { return nil }
func (q *quadratureReversal) prepare([]float64, *Gradient, float64, bool) {}

func (q *quadratureReversal) formula() (x, w []float64) {
	if q.adaptive != nil {
		return gaussLegendre(gaussNodes(&q.c.rev))
	}
	return q.x, q.w
}

// finish integrates over the segment that was just solved.
func (q *quadratureReversal) finish(sol *ode.Solution, _, _ float64) error {
	d := sol.Dense
	for i := range d.Steps() {
		t, h := d.Step(i)
		if q.adaptive != nil {
			if err := q.adaptive.integrate(d, i, 0, 1); err != nil {
				return err
			}
			continue
		}
		for j, x := range q.x {
			tt := t + x*h
			y, w := q.c.pairs.add(tt)
			q.c.field.state(y, tt)
			d.AtTheta(w, i, x)
			scaleVector(w, -h*q.w[j])
		}
	}
	return q.c.pairs.err
}

func scaleVector(v []float64, s float64) {
	for i := range v {
		v[i] *= s
	}
}
