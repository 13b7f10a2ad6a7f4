package sens

import "github.com/stiffnode/stiffnode/ode"

// explicitRule differentiates explicit Runge–Kutta steps Y_i = y_n + h Σ_{j<i} a_ij k_j, k_i = f(t_n + c_i h, Y_i), whose adjoint is
//
//	k̄_i = seed_i + h Σ_{j>i} a_ji Ȳ_j,  Ȳ_i = J(Y_i)ᵀ k̄_i,  ȳ_n += Σ Ȳ_i,  p̄ += Σ k̄_iᵀ ∂f/∂p(Y_i)
//
// (Hager, Numer. Math. 87, 247, 2000; Sandu, ICCS 2006).
type explicitRule struct{ tab *ode.ExplicitTableau }

func (r explicitRule) stages() int         { return len(r.tab.A) }
func (r explicitRule) live(dense bool) int { return liveStages(r.tab.B, r.tab.D, dense) }
func (r explicitRule) batched(k int) bool  { return byJacobians(k) }
func (r explicitRule) relative() bool      { return true }

func (r explicitRule) end(w []float64, h float64) {
	clear(w)
	for i, b := range r.tab.B {
		w[i] = h * b
	}
}

func (r explicitRule) dense(w []float64, theta, h float64) { denseWeights(w, r.tab.D, theta, h) }

func (r explicitRule) points(e *engine, s *step, live int) {
	for i := range live {
		y := e.add(s.time(r.tab.C[i]))
		copy(y, s.y)
		addVectors(y, s.h, r.tab.A[i], s.u)
	}
}

func (r explicitRule) reverse(e *engine, s *step, live, first int, seed, adj []float64) {
	k := e.k
	for i := live - 1; i >= 0; i-- {
		w := seed[i*k : (i+1)*k]
		if isZero(w) {
			continue
		}
		arg := e.sum
		clear(arg)
		e.pull(arg, first+i, w)
		for l, v := range arg {
			adj[l] += v
		}
		for j, a := range r.tab.A[i] {
			if a == 0 {
				continue
			}
			a *= s.h
			sj := seed[j*k : (j+1)*k]
			for l, v := range arg {
				sj[l] += a * v
			}
		}
	}
}

func (r explicitRule) tangent(t *tangents, s *step, live, first int) {
	for i := range live {
		t.combine(t.arg, s.h, r.tab.A[i])
		t.derivative(t.stage(i), 1, first+i, t.arg)
	}
}

func (r explicitRule) execute(e *engine, s *step, y, u []float64) {
	k := e.k
	for i := range len(s.u) / k { // further stages only where the dense output was used
		copy(e.sum, y)
		addVectors(e.sum, s.h, r.tab.A[i], u[:i*k])
		e.stats.Evals++
		e.fail(e.field.Eval(u[i*k:(i+1)*k], s.time(r.tab.C[i]), e.sum))
	}
}
