package sens

import (
	"github.com/stiffnode/stiffnode/internal/kernel"
	"github.com/stiffnode/stiffnode/ode"
)

// A Splitter is a split right-hand side f = fI + fE whose parts can be differentiated apart, which the exact derivative of an IMEX step
// needs. Both parts have the parameters of the whole.
type Splitter interface {
	ode.SplitField
	// Parts returns fI and fE as fields of their own, the same ones at every call. They are bound to parameters separately.
	Parts() (implicit, explicit ode.ParamField)
}

// imexRule differentiates steps of additive Runge–Kutta pairs, z_i = h fI(Y_i), w_i = h fE(Y_i), Y_i = y_n + Σ_{j≤i} a_ij z_j + Σ_{j<i} â_ij w_j. With
// y_i = h J_Eᵀ w̄_i the adjoint of stage i is
//
//	v_i = (I − hγJ_I)⁻ᵀ(z̄_i + γ y_i),  q_i = h J_Iᵀ v_i + y_i,  z̄_j += a_ij q_i,  w̄_j += â_ij q_i,  ȳ_n += q_i,
//	p̄ += h v_iᵀ ∂fI/∂p + h w̄_iᵀ ∂fE/∂p.
//
// The stage vectors are z_1, …, z_s, w_1, …, w_s.
type imexRule struct{ tab *ode.DIRKTableau }

func (r imexRule) stages() int                { return 2 * len(r.tab.B) }
func (r imexRule) live(bool) int              { return 2 * len(r.tab.B) }
func (r imexRule) batched(int) bool           { return false }
func (r imexRule) relative() bool             { return true }
func (r imexRule) points(*engine, *step, int) {}

func (r imexRule) end(w []float64, _ float64) {
	copy(w, r.tab.B)
	copy(w[len(r.tab.B):], r.tab.B)
}

func (r imexRule) dense(w []float64, theta, _ float64) {
	s := len(r.tab.B)
	denseWeights(w[:s], r.tab.D, theta, 1)
	copy(w[s:], w[:s])
}

// argument writes Y_i, or with implicit = false Y_i without the term of z_i, into dst.
func (r imexRule) argument(dst, y, u []float64, i int, implicit bool) {
	k, s := len(y), len(r.tab.B)
	copy(dst, y)
	a := r.tab.A[i]
	if !implicit {
		a = a[:i]
	}
	addVectors(dst, 1, a, u)
	addVectors(dst, 1, r.tab.AE[i], u[s*k:])
}

func (r imexRule) reverse(e *engine, s *step, _, _ int, seed, adj []float64) {
	k, tab := e.k, r.tab
	n := len(tab.B)
	e.room(2)
	y, q, v := e.arg[:k], e.sum, e.cov[:k]
	for i := n - 1; i >= 0; i-- {
		z, w := seed[i*k:(i+1)*k], seed[(n+i)*k:(n+i+1)*k]
		r.argument(y, s.y, s.u, i, true)
		t := s.time(tab.C[i])
		clear(q)
		scaleVector(w, s.h)
		e.stats.Evals += 2
		e.fail(e.explicit.Eval(e.f, t, y))
		e.explicit.VJP(q, e.gp, w)
		jac := e.jacobianOf(e.implicit, t, y)
		copy(v, z)
		if i > 0 {
			kernel.AddScaled(v, tab.Gamma, q)
			e.factor(s.h*tab.Gamma, jac)
			e.lu.SolveTransposed(v)
			e.stats.Solves++
		}
		scaleVector(v, s.h)
		e.implicit.VJP(q, e.gp, v)
		for j := range i {
			kernel.AddScaled(seed[j*k:(j+1)*k], tab.A[i][j], q)
			kernel.AddScaled(seed[(n+j)*k:(n+j+1)*k], tab.AE[i][j], q)
		}
		kernel.AddScaled(adj, 1, q)
	}
}

func (r imexRule) tangent(t *tangents, s *step, _, _ int) {
	e, tab := t.e, r.tab
	k, n := e.k, len(tab.B)
	e.room(2)
	y := e.arg[:k]
	for i := range n {
		tt := s.time(tab.C[i])
		r.argument(y, s.y, s.u, i, true)
		// derivative of Y_i without the term of z_i
		t.combine(t.arg, 1, tab.A[i][:i])
		addVectors(t.arg, 1, tab.AE[i], t.u[n*len(t.s):])
		z := t.stage(i)
		jac := e.jacobianOf(e.implicit, tt, y)
		t.linear(z, s.h, e.implicit, jac, t.arg)
		if i > 0 {
			e.factor(s.h*tab.Gamma, jac)
			e.lu.SolveBlock(z, t.width)
			e.stats.Solves++
			kernel.AddScaled(t.arg, tab.Gamma, z)
		}
		t.linear(t.stage(n+i), s.h, e.explicit, e.jacobianOf(e.explicit, tt, y), t.arg)
	}
}

func (r imexRule) execute(e *engine, s *step, y, u []float64) {
	k, tab := e.k, r.tab
	n := len(tab.B)
	e.room(3)
	base, arg, res := e.arg[:k], e.arg[k:2*k], e.cov[:k]
	for i := range n {
		t := s.time(tab.C[i])
		z, w := u[i*k:(i+1)*k], u[(n+i)*k:(n+i+1)*k]
		r.argument(base, y, u, i, false)
		copy(arg, base)
		if i == 0 {
			e.stats.Evals++
			e.fail(e.implicit.Eval(z, t, arg))
			scaleVector(z, s.h)
		} else {
			copy(z, s.u[i*k:(i+1)*k])
			newtonToRoundoff(func() float64 {
				copy(arg, base)
				kernel.AddScaled(arg, tab.Gamma, z)
				jac := e.jacobianOf(e.implicit, t, arg)
				for j, f := range e.f {
					res[j] = s.h*f - z[j]
				}
				e.factor(s.h*tab.Gamma, jac)
				e.lu.Solve(res)
				return addIncrement(z, res)
			})
			copy(arg, base)
			kernel.AddScaled(arg, tab.Gamma, z)
		}
		e.stats.Evals++
		e.fail(e.explicit.Eval(w, t, arg))
		scaleVector(w, s.h)
	}
}
