package sens

import (
	"github.com/stiffnode/stiffnode/ode"
)

// Backsolve solves the state itself backward in time together with the adjoint, so that nothing of the forward solve need be kept. It
// is here because the literature uses it: on a stiff problem the state equation is unstable backward in time, so that the gradient is
// wrong or the solve collapses. It is right on problems that are well conditioned in both directions.
type Backsolve struct {
	// Reverse says how the reverse problem is solved.
	Reverse ReverseOptions
	// Checkpoint replaces the state by the forward solution at every saved time.
	Checkpoint bool
	// Unsplit integrates the gradient of the parameters as m further states of one implicit system, whose factorisations cost
	// O((2k+m)³), instead of by Gauss quadrature inside the accepted steps.
	Unsplit bool
}

var _ Method = Backsolve{}

// Info implements Method.
func (b Backsolve) Info() Info {
	i := Info{
		Name:   "backsolve",
		Cost:   "O(N_rev(k³ + m)) beyond the solve; unsplit O(N_rev(k+m)³)",
		Memory: "O(k + m)",
		Source: "Chen, Rubanova, Bettencourt, Duvenaud, NeurIPS 2018; fails on stiff problems: Kim et al., Chaos 31, 093122 (2021), sec. III A",
	}
	if b.Checkpoint {
		i.Name, i.Memory = "backsolve-checkpointed", "O(k) per saved time, O(m)"
	}
	return i
}

// New implements Method.
func (b Backsolve) New(s Setup) (Evaluator, error) {
	if s.Problem != nil && !s.Problem.Mass.IsIdentity() {
		return nil, &RefusedError{Method: b.Info().Name, Solver: solverName(&s), Reason: "a problem with a mass matrix is not solved backward in time; use an interpolating, quadrature or discrete method"}
	}
	return newContinuous(s, b.Info().Name, b.Reverse, false, func(c *continuous) reversal {
		v := &backsolveReversal{c: c, checkpoint: b.Checkpoint}
		dim := 2 * c.k
		if b.Unsplit {
			dim += c.m
		} else {
			v.x, v.w = gaussLegendre(gaussNodes(&c.rev))
		}
		v.z = make([]float64, dim)
		v.prob = &ode.Problem{Dim: dim, Autonomous: s.Problem.Autonomous, New: func() ode.Field { return newReversed(c, b.Unsplit) }}
		return v
	})
}

type backsolveReversal struct {
	c          *continuous
	prob       *ode.Problem
	checkpoint bool
	x, w       []float64 // Gauss nodes; nil when the gradient is part of the system
	z          []float64
}

func (b *backsolveReversal) system() (*ode.Problem, int) { return b.prob, b.c.k }
func (b *backsolveReversal) reads() outputs              { return outputs{forward: false, reverse: false} }

// prepare sets the state at the end, and at checkpoints.
func (b *backsolveReversal) prepare(z []float64, g *Gradient, ta float64, first bool) {
	k := b.c.k
	switch {
	case first:
		copy(z, b.c.end)
	case b.checkpoint:
		for i := len(g.Times) - 1; i >= 0; i-- {
			if g.Times[i] == ta {
				copy(z, g.Y[i*k:(i+1)*k])
				return
			}
		}
	}
}

func (b *backsolveReversal) observe(s *ode.Step) error {
	k := b.c.k
	for j, x := range b.x {
		t := s.T + x*s.H
		s.AtTheta(b.z, x)
		y, w := b.c.pairs.add(t)
		copy(y, b.z)
		copy(w, b.z[k:2*k])
		scaleVector(w, -s.H*b.w[j])
	}
	return b.c.pairs.err
}

func (b *backsolveReversal) finish(*ode.Solution, float64, float64) error { return nil }

// gradient adds what the system itself has integrated.
func (b *backsolveReversal) gradient(gp, z []float64) {
	for i, v := range z[2*b.c.k:] {
		gp[i] += v
	}
}

// reversed is the right-hand side of (y, ω[, g]): y′ = f, ω′ = −Jᵀω, g′ = −(∂f/∂p)ᵀω.
type reversed struct {
	f       ode.ParamField
	k, m    int // m = 0 where g is not part of the system
	jac     *ode.Jacobian
	y, unit []float64
	gy, gp  []float64
	ft      []float64
	tau     [1]float64
}

func newReversed(c *continuous, unsplit bool) *reversed {
	k := c.k
	r := &reversed{f: c.field.ParamField, k: k, jac: ode.NewJacobian(k, c.setup.Problem.Jacobian), y: make([]float64, k), unit: make([]float64, k),
		gy: make([]float64, k), ft: make([]float64, k), tau: [1]float64{1}}
	if unsplit {
		r.m = c.m
		r.gp = make([]float64, c.m)
	}
	return r
}

func (r *reversed) Eval(dst []float64, t float64, z []float64) error {
	k := r.k
	if err := r.f.Eval(dst[:k], t, z[:k]); err != nil {
		return err
	}
	clear(dst[k:])
	var gp []float64
	if r.m > 0 {
		gp = dst[2*k:]
	}
	r.f.VJP(dst[k:2*k], gp, z[k:2*k])
	negate(dst[k:])
	return nil
}

// SetTimeIncrement implements ode.TimeDifferenced.
func (r *reversed) SetTimeIncrement(delta float64) { ode.PassTimeIncrement(r.f, delta) }

func (r *reversed) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, z []float64) error {
	k := r.k
	w := z[k : 2*k]
	ft := dfdt
	if dfdt != nil {
		ft = r.ft
	}
	if err := r.f.EvalJacobian(dst[:k], r.jac, ft, t, z[:k]); err != nil {
		return err
	}
	jac.Zero()
	for i := range k {
		for j := range k {
			v := r.jac.At(i, j)
			jac.Set(i, j, v)
			jac.Set(k+j, k+i, -v)
		}
	}
	clear(dst[k:])
	for j := range k {
		// ∂/∂y_j of Jᵀω and of (∂f/∂p)ᵀω
		r.unit[j] = 1
		clear(r.gy)
		clear(r.gp)
		r.f.SecondOrder(r.gy, r.gp, w, r.unit, nil, 1)
		for i, v := range r.gy {
			jac.Set(k+i, j, -v)
		}
		for i, v := range r.gp {
			jac.Set(2*k+i, j, -v)
		}
		if r.m > 0 {
			clear(r.gp)
			r.f.VJP(nil, r.gp, r.unit)
			for i, v := range r.gp {
				jac.Set(2*k+i, k+j, -v)
			}
		}
		r.unit[j] = 0
	}
	var gp []float64
	if r.m > 0 {
		gp = dst[2*k:]
	}
	r.f.VJP(dst[k:2*k], gp, w)
	negate(dst[k:])
	if dfdt != nil {
		copy(dfdt, ft)
		clear(dfdt[k:])
		var gp []float64
		if r.m > 0 {
			gp = dfdt[2*k:]
		}
		r.f.SecondOrder(dfdt[k:2*k], gp, w, r.unit, r.tau[:], 1)
		negate(dfdt[k:])
	}
	return nil
}
