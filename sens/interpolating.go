package sens

import (
	"github.com/stiffnode/stiffnode/ode"
)

// InterpolatingAdjoint reads the state off the dense output of the forward solve and solves for the adjoint ω and the gradient g together,
// g′ = −(∂f/∂p)ᵀω, as one system of k+m states: the classical form, whose implicit steps factorise matrices of size k+m. It is kept for
// small m and for comparison; GaussAdjoint and QuadratureAdjoint solve the same equations at the price of k×k matrices.
type InterpolatingAdjoint struct {
	// Reverse says how the reverse problem is solved.
	Reverse ReverseOptions
}

var _ Method = InterpolatingAdjoint{}

// Info implements Method.
func (InterpolatingAdjoint) Info() Info {
	return Info{
		Name:   "interpolating",
		Cost:   "O(N_rev(k+m)³) beyond the solve",
		Memory: "O(N d k) for the dense output of the solve, or O(N/n k) with checkpoints every n steps; O((k+m)²) for the matrices",
		Source: "Cao, Li, Petzold, Serban, SIAM J. Sci. Comput. 24, 1076 (2003); Hindmarsh et al., ACM TOMS 31, 363 (2005)",
	}
}

// New implements Method.
func (a InterpolatingAdjoint) New(s Setup) (Evaluator, error) {
	return newContinuous(s, a.Info().Name, a.Reverse, func(c *continuous) reversal {
		return &interpolatingReversal{c: c, prob: &ode.Problem{Dim: c.k + c.m, Mass: extendedMass(s.Problem, c.m), New: func() ode.Field {
			return &augmented{adj: adjointField{fwd: c.field, tau: [1]float64{1}}, k: c.k, m: c.m, unit: make([]float64, c.k), gp: make([]float64, c.m), jac: ode.NewJacobian(c.k, ode.JacobianLayout{})}
		}}}
	})
}

// extendedMass is diag(Mᵀ, 1).
func extendedMass(p *ode.Problem, m int) ode.Mass {
	t, k := transposedMass(p), p.Dim
	switch {
	case t.Diagonal != nil:
		d := append([]float64(nil), t.Diagonal...)
		for range m {
			d = append(d, 1)
		}
		return ode.Mass{Diagonal: d}
	case t.Dense != nil:
		n := k + m
		d := make([]float64, n*n)
		for i := range k {
			copy(d[i*n:], t.Dense[i*k:(i+1)*k])
		}
		for i := k; i < n; i++ {
			d[i*n+i] = 1
		}
		return ode.Mass{Dense: d}
	}
	return t
}

type interpolatingReversal struct {
	c    *continuous
	prob *ode.Problem
}

func (v *interpolatingReversal) system() (*ode.Problem, int)                  { return v.prob, 0 }
func (v *interpolatingReversal) reads() outputs                               { return outputs{forward: true, reverse: false} }
func (v *interpolatingReversal) observe(*ode.Step) error                      { return nil }
func (v *interpolatingReversal) prepare([]float64, *Gradient, float64, bool)  {}
func (v *interpolatingReversal) finish(*ode.Solution, float64, float64) error { return nil }

// gradient adds what the system itself has integrated.
func (v *interpolatingReversal) gradient(gp, z []float64) {
	for i, x := range z[v.c.k:] {
		gp[i] += x
	}
}

// augmented is the right-hand side of (ω, g).
type augmented struct {
	adj      adjointField
	k, m     int
	unit, gp []float64
	jac      *ode.Jacobian
}

func (a *augmented) Eval(dst []float64, t float64, z []float64) error {
	if err := a.adj.fwd.visit(t); err != nil {
		return err
	}
	clear(dst)
	a.adj.fwd.VJP(dst[:a.k], dst[a.k:], z[:a.k])
	negate(dst)
	a.adj.fwd.addSource(dst, t)
	return nil
}

func (a *augmented) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, z []float64) error {
	k, f, w := a.k, a.adj.fwd, z[:a.k]
	if err := a.adj.EvalJacobian(dst[:k], a.jac, nil, t, w); err != nil {
		return err
	}
	jac.Zero()
	for i := range k {
		for j := range k {
			jac.Set(i, j, a.jac.At(i, j))
		}
	}
	for j := range k {
		a.unit[j] = 1
		clear(a.gp)
		f.VJP(nil, a.gp, a.unit)
		for i, v := range a.gp {
			jac.Set(k+i, j, -v)
		}
		a.unit[j] = 0
	}
	clear(dst[k:])
	f.VJP(nil, dst[k:], w)
	negate(dst[k:])
	if dfdt != nil {
		clear(dfdt)
		f.SecondOrder(dfdt[:k], dfdt[k:], w, f.slope(t), a.adj.tau[:], 1)
		negate(dfdt)
		f.addSourceSlope(dfdt, t)
	}
	return nil
}
