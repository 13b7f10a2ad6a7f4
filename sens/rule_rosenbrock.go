package sens

import (
	"github.com/stiffnode/stiffnode/internal/kernel"
	"github.com/stiffnode/stiffnode/ode"
)

// rosenbrockRule differentiates Rosenbrock steps exactly, the Jacobian inside the formula included. With W = M − hγJ, J and ∂f/∂t taken at
// (t_n, y_n), the stages solve
//
//	W u_i = hγ f(t_n + α_i h, Y_i) + γ M Σ_{j<i} C_ij u_j + h²γ γ_i ∂f/∂t,   Y_i = y_n + Σ_{j<i} A_ij u_j,
//
// and the adjoint is, with v_i = W⁻ᵀ ū_i and w_i = hγ v_i,
//
//	ū_i = seed_i + Σ_{j>i} (A_ji Ȳ_j + γ C_ji Mᵀ v_j),  Ȳ_i = J(Y_i)ᵀ w_i,
//	ȳ_n += Σ Ȳ_i + ∂/∂y Σ w_iᵀ(J u_i + hγ_i ∂f/∂t),  p̄ += Σ w_iᵀ ∂f/∂p(Y_i) + ∂/∂p Σ w_iᵀ(J u_i + hγ_i ∂f/∂t)
//
// (the structure of Daescu, Sandu, Carmichael, Atmos. Environ. 34, 4985, 2000, for Rosenbrock methods).
type rosenbrockRule struct{ tab *ode.RosenbrockTableau }

func (r rosenbrockRule) stages() int         { return len(r.tab.B) }
func (r rosenbrockRule) live(dense bool) int { return liveStages(r.tab.B, r.tab.D, dense) }
func (r rosenbrockRule) batched(k int) bool  { return byJacobians(k) }
func (r rosenbrockRule) relative() bool      { return true }

func (r rosenbrockRule) end(w []float64, _ float64) { copy(w, r.tab.B) }

func (r rosenbrockRule) dense(w []float64, theta, _ float64) { denseWeights(w, r.tab.D, theta, 1) }

func (r rosenbrockRule) points(e *engine, s *step, live int) {
	for i := r.first(e); i < live; i++ {
		y := e.add(s.time(r.tab.Alpha[i]))
		copy(y, s.y)
		addVectors(y, 1, r.tab.A[i], s.u)
	}
}

// first is the first stage whose point is gathered: at the start of the step second-order products are needed, which no block of points gives.
func (r rosenbrockRule) first(e *engine) int {
	if e.batch != nil {
		return 1
	}
	return 0
}

// visitStart makes the field remember the start of the step.
func (r rosenbrockRule) visitStart(e *engine, s *step, first int) {
	if e.batch == nil {
		e.visit(first)
		return
	}
	e.stats.Evals++
	e.fail(e.field.Eval(e.f, s.time(0), s.y))
}

// prepare makes the factors of W for the step whose first point is number first.
func (r rosenbrockRule) prepare(e *engine, s *step, first int) {
	if n := e.k * e.k; len(s.extra) > n {
		e.lu.Load(s.extra[n:])
		return
	}
	if e.batch != nil {
		e.factor(s.h*r.tab.Gamma, e.jacobianOf(e.field, s.time(0), s.y))
		return
	}
	e.factor(s.h*r.tab.Gamma, e.jacobian(first))
}

// times writes hγ_i for the first live stages, or returns nil where f does not depend on time.
func (r rosenbrockRule) times(e *engine, s *step, live int) []float64 {
	if e.prob.Autonomous {
		return nil
	}
	tau := e.tau[:live]
	for i := range tau {
		tau[i] = s.h * r.tab.GammaI[i]
	}
	return tau
}

func (r rosenbrockRule) reverse(e *engine, s *step, live, first int, seed, adj []float64) {
	k, gamma := e.k, r.tab.Gamma
	hg := s.h * gamma
	e.room(r.stages())
	r.prepare(e, s, first)
	at := first - r.first(e)
	identity := e.prob.Mass.IsIdentity()
	arg, mv := e.sum, e.f
	for i := live - 1; i >= 0; i-- {
		v, w := seed[i*k:(i+1)*k], e.cov[i*k:(i+1)*k]
		e.lu.SolveTransposed(v)
		e.stats.Solves++
		for l, x := range v {
			w[l] = hg * x
		}
		if i == 0 {
			break // along with the second-order products at the same point
		}
		clear(arg)
		e.pull(arg, at+i, w)
		for l, x := range arg {
			adj[l] += x
		}
		if !identity {
			e.prob.Mass.MulVecTransposed(mv, v)
			v = mv
		}
		for j, a := range r.tab.A[i] {
			c, sj := gamma*r.tab.C[i][j], seed[j*k:(j+1)*k]
			for l, x := range arg {
				sj[l] += a*x + c*v[l]
			}
		}
	}
	r.visitStart(e, s, first)
	if e.fused != nil {
		e.fused.Adjoint(adj, e.gp, e.cov[:k], e.cov[:live*k], s.u[:live*k], r.times(e, s, live), live)
		return
	}
	e.field.VJP(adj, e.gp, e.cov[:k])
	e.field.SecondOrder(adj, e.gp, e.cov[:live*k], s.u[:live*k], r.times(e, s, live), live)
}

func (r rosenbrockRule) tangent(t *tangents, s *step, live, first int) {
	e, k, gamma := t.e, t.e.k, r.tab.Gamma
	hg := s.h * gamma
	e.room(r.stages())
	r.prepare(e, s, first)
	// everything at y_n first: f, and the derivative of J u_i + hγ_i ∂f/∂t, in which u_i is known
	tau := r.times(e, s, live)
	t.derivative(t.stage(0), hg, first, t.s)
	for i := range live {
		u := t.stage(i)
		if i > 0 {
			clear(u)
		}
		h := 0.0
		if tau != nil {
			h = tau[i]
		}
		t.addSecond(u, hg, s.u[i*k:(i+1)*k], h)
	}
	for i := range live {
		u := t.stage(i)
		if i > 0 {
			t.combine(t.arg, 1, r.tab.A[i])
			t.derivative(t.tmp, hg, first+i, t.arg)
			kernel.AddScaled(u, 1, t.tmp)
			clear(t.arg)
			addVectors(t.arg, gamma, r.tab.C[i], t.u)
			kernel.AddScaled(u, 1, t.massTimes(t.arg))
		}
		e.lu.SolveBlock(u, t.width)
		e.stats.Solves++
	}
}

func (r rosenbrockRule) execute(e *engine, s *step, y, u []float64) {
	k, gamma := e.k, r.tab.Gamma
	hg := s.h * gamma
	e.room(r.stages())
	var dfdt []float64
	if !e.prob.Autonomous {
		dfdt = e.arg[:k]
	}
	e.stats.Evals++
	e.stats.Jacobians++
	e.fail(e.field.EvalJacobian(e.f, e.point, dfdt, s.time(0), y))
	e.factor(hg, e.densePoint())
	for i := range r.tab.B {
		ui := u[i*k : (i+1)*k]
		if i > 0 {
			copy(e.sum, y)
			addVectors(e.sum, 1, r.tab.A[i], u)
			e.stats.Evals++
			e.fail(e.field.Eval(e.f, s.time(r.tab.Alpha[i]), e.sum))
		}
		clear(e.sum)
		addVectors(e.sum, gamma, r.tab.C[i], u)
		e.prob.Mass.MulVec(ui, e.sum)
		for l, f := range e.f {
			ui[l] += hg * f
			if dfdt != nil {
				ui[l] += hg * s.h * r.tab.GammaI[i] * dfdt[l]
			}
		}
		e.lu.Solve(ui)
	}
}
