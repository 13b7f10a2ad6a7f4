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
	// Chunk is the number of parameters that are treated together, in systems of k+Chunk states that are solved one after the other; 0
	// means all of them.
	Chunk int
}

var _ Method = InterpolatingAdjoint{}

// Info implements Method.
func (InterpolatingAdjoint) Info() Info {
	return Info{
		Name:   "interpolating",
		Cost:   "O(N_rev(k+m)³) beyond the solve; in chunks of l parameters O(N_rev (m/l)(k+l)³)",
		Memory: "O(N d k) for the dense output of the solve, or O(N/n k) with checkpoints every n steps; O((k+m)²) for the matrices",
		Source: "Cao, Li, Petzold, Serban, SIAM J. Sci. Comput. 24, 1076 (2003); Hindmarsh et al., ACM TOMS 31, 363 (2005)",
	}
}

// New implements Method.
func (a InterpolatingAdjoint) New(s Setup) (Evaluator, error) {
	if a.Chunk < 0 {
		return nil, &ode.InputError{What: "number of parameters in a chunk", Msg: "is negative"}
	}
	return newContinuous(s, a.Info().Name, a.Reverse, false, func(c *continuous) reversal {
		v := &interpolatingReversal{c: c, chunk: a.Chunk}
		if v.chunk == 0 || v.chunk > c.m {
			v.chunk = c.m
		}
		v.field = &augmented{adj: adjointField{fwd: c.field, tau: [1]float64{1}}, k: c.k, m: c.m, size: v.chunk,
			gp: make([]float64, c.m), pj: make([]float64, c.k*v.chunk), jac: ode.NewJacobian(c.k, ode.JacobianLayout{})}
		v.field.columns(0)
		v.prob = &ode.Problem{Dim: c.k + v.chunk, Mass: extendedMass(s.Problem, v.chunk), New: func() ode.Field { return v.field }}
		return v
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
	c     *continuous
	prob  *ode.Problem
	chunk int
	field *augmented
}

func (v *interpolatingReversal) system() (*ode.Problem, int)                  { return v.prob, 0 }
func (v *interpolatingReversal) reads() outputs                               { return outputs{forward: true, reverse: false} }
func (v *interpolatingReversal) observe(*ode.Step) error                      { return nil }
func (v *interpolatingReversal) prepare([]float64, *Gradient, float64, bool)  {}
func (v *interpolatingReversal) finish(*ode.Solution, float64, float64) error { return nil }

// passes is the number of reverse solves.
func (v *interpolatingReversal) passes() int { return max(1, (v.c.m+v.chunk-1)/max(v.chunk, 1)) }

// begin prepares for reverse solve number i.
func (v *interpolatingReversal) begin(i int) int {
	v.field.columns(i * v.chunk)
	return v.field.c0
}

// gradient adds what the system itself has integrated.
func (v *interpolatingReversal) gradient(gp, z []float64) {
	f := v.field
	for i, x := range z[v.c.k : v.c.k+f.c1-f.c0] {
		gp[f.c0+i] += x
	}
}

// augmented is the right-hand side of ω and the components c0 … c1−1 of g.
type augmented struct {
	adj    adjointField
	k, m   int
	size   int // of a chunk
	c0, c1 int
	gp     []float64
	pj     []float64 // columns of ∂f/∂p
	jac    *ode.Jacobian
}

func (a *augmented) columns(c0 int) { a.c0, a.c1 = c0, min(c0+a.size, a.m) }

// whole says that g is not divided.
func (a *augmented) whole() bool { return a.c0 == 0 && a.c1 == a.m }

func (a *augmented) Eval(dst []float64, t float64, z []float64) error {
	f, w := a.adj.fwd, z[:a.k]
	if err := f.visit(t); err != nil {
		return err
	}
	clear(dst)
	if a.whole() {
		f.VJP(dst[:a.k], dst[a.k:], w)
	} else {
		f.VJP(dst[:a.k], nil, w)
		a.part(dst[a.k:], w)
	}
	negate(dst)
	f.addSource(dst, t)
	return nil
}

// part writes wᵀ∂f/∂p for the chunk's columns.
func (a *augmented) part(dst, w []float64) {
	n := a.c1 - a.c0
	a.adj.fwd.ParamJacobian(a.pj[:a.k*n], a.c0, a.c1)
	clear(dst)
	addVectors(dst[:n], 1, w, a.pj)
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
	a.part(dst[k:], w)
	negate(dst[k:])
	n := a.c1 - a.c0
	for j := range k {
		for i, v := range a.pj[j*n : (j+1)*n] {
			jac.Set(k+i, j, -v)
		}
	}
	if dfdt != nil {
		clear(dfdt)
		clear(a.gp)
		f.SecondOrder(dfdt[:k], a.gp, w, f.slope(t), a.adj.tau[:], 1)
		copy(dfdt[k:], a.gp[a.c0:a.c1])
		negate(dfdt)
		f.addSourceSlope(dfdt, t)
	}
	return nil
}
