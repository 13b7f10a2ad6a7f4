package sens

import (
	"github.com/stiffnode/stiffnode/internal/kernel"
	"github.com/stiffnode/stiffnode/ode"
)

// dirkRule differentiates diagonally implicit steps M z_i = h f(t_n + c_i h, Y_i), Y_i = y_n + Σ_{j≤i} a_ij z_j with an explicit first
// stage, at converged Newton iterations:
//
//	v_i = (M − hγJ_i)⁻ᵀ z̄_i,  q_i = h J_iᵀ v_i,  z̄_j += a_ij q_i (j < i),  ȳ_n += q_i,  p̄ += h v_iᵀ ∂f/∂p(Y_i)
//
// (Zhang and Sandu, SIAM J. Sci. Comput. 36, C504, 2014). The first stage is the last one of the step before, times the ratio of the step
// sizes, where the solver took it from there; otherwise z_1 = h M⁻¹ f(t_n, y_n).
type dirkRule struct{ tab *ode.DIRKTableau }

func (r dirkRule) stages() int        { return len(r.tab.B) }
func (r dirkRule) live(bool) int      { return len(r.tab.B) }
func (r dirkRule) batched(k int) bool { return k <= batchStates }
func (r dirkRule) relative() bool     { return true }

func (r dirkRule) end(w []float64, _ float64) { copy(w, r.tab.B) }

func (r dirkRule) dense(w []float64, theta, _ float64) { denseWeights(w, r.tab.D, theta, 1) }

// linked reports whether z_1 of a step is z_s of the step before, whose stage vectors are given, scaled as the solver scales it.
func (r dirkRule) linked(s *step, before []float64) bool {
	k := len(s.y)
	last := before[(r.stages()-1)*k:]
	for j, v := range s.u[:k] {
		if v != s.h*(last[j]/s.before) {
			return false
		}
	}
	return true
}

func (r dirkRule) points(e *engine, s *step, live int) {
	for i := r.first(s); i < live; i++ {
		y := e.add(s.time(r.tab.C[i]))
		copy(y, s.y)
		addVectors(y, 1, r.tab.A[i], s.u)
	}
}

// first is the first stage that the step evaluates itself.
func (r dirkRule) first(s *step) int {
	if s.link {
		return 1
	}
	return 0
}

func (r dirkRule) reverse(e *engine, s *step, live, first int, seed, adj []float64) {
	k, tab := e.k, r.tab
	e.room(live)
	at := first - r.first(s)
	q := e.sum
	for i := live - 1; i > 0; i-- {
		z := seed[i*k : (i+1)*k]
		if isZero(z) {
			continue
		}
		e.factor(s.h*tab.Gamma, e.jacobian(at+i))
		e.lu.SolveTransposed(z)
		e.stats.Solves++
		scaleVector(z, s.h)
		clear(q)
		e.pull(q, at+i, z)
		for j, a := range tab.A[i][:i] {
			kernel.AddScaled(seed[j*k:(j+1)*k], a, q)
		}
		kernel.AddScaled(adj, 1, q)
	}
	z := seed[:k]
	if s.link {
		e.passBack(z, s.ratio)
		return
	}
	scaleVector(z, s.h)
	if e.con == nil {
		e.pull(adj, at, z)
		return
	}
	for j, v := range s.u[:k] {
		q[j] = v / s.h
	}
	e.slopeAdjoint(s.time(0), s.y, q, z, adj)
}

func (r dirkRule) tangent(t *tangents, s *step, live, first int) {
	e, tab := t.e, r.tab
	at := first - r.first(s)
	if s.link {
		copy(t.stage(0), t.carry)
		kernel.Scale(t.stage(0), s.ratio)
	} else if e.con == nil {
		t.derivative(t.stage(0), s.h, at, t.s)
	} else {
		for j, v := range s.u[:e.k] {
			e.sum[j] = v / s.h
		}
		t.slopeTangent(t.stage(0), s.time(0), s.y, e.sum)
		kernel.Scale(t.stage(0), s.h)
	}
	for i := 1; i < live; i++ {
		u := t.stage(i)
		t.combine(t.arg, 1, tab.A[i][:i])
		t.derivative(u, s.h, at+i, t.arg)
		e.factor(s.h*tab.Gamma, e.densePoint())
		e.lu.SolveBlock(u, t.width)
		e.stats.Solves++
	}
	t.carry = append(t.carry[:0], t.stage(live-1)...)
}

func (r dirkRule) execute(e *engine, s *step, y, u []float64) {
	k, tab := e.k, r.tab
	e.room(len(tab.B))
	if s.link {
		for j, v := range e.carry {
			u[j] = s.h * (v / s.before)
		}
	} else {
		e.slope(u[:k], s.time(0), y)
		scaleVector(u[:k], s.h)
	}
	base, arg, res := e.arg[:k], e.sum, e.cov[:k]
	for i := 1; i < len(tab.B); i++ {
		copy(base, y)
		addVectors(base, 1, tab.A[i][:i], u)
		z := u[i*k : (i+1)*k]
		copy(z, s.u[i*k:(i+1)*k])
		newtonToRoundoff(func() (size float64) {
			copy(arg, base)
			kernel.AddScaled(arg, tab.Gamma, z)
			e.stats.Evals++
			e.stats.Jacobians++
			e.fail(e.field.EvalJacobian(e.f, e.point, nil, s.time(tab.C[i]), arg))
			e.prob.Mass.MulVec(res, z)
			for j, f := range e.f {
				res[j] = s.h*f - res[j]
			}
			e.factor(s.h*tab.Gamma, e.densePoint())
			e.lu.Solve(res)
			return addIncrement(z, res)
		})
	}
	copy(e.carry, u[(len(tab.B)-1)*k:])
}
