package sens

import (
	"fmt"

	"github.com/stiffnode/stiffnode/internal/kernel"
	"github.com/stiffnode/stiffnode/internal/linalg"
	"github.com/stiffnode/stiffnode/ode"
)

// firkRule differentiates fully implicit steps with three stages, M Z_i = h Σ_j a_ij f(t_n + c_j h, y_n + Z_j), at converged Newton
// iterations. With N = A⁻¹⊗M − h diag(J_1, J_2, J_3), J_j being exact at each stage,
//
//	N δZ = h (J_j δy_n + ∂f/∂p δp)_j;    v = N⁻ᵀ Z̄,  ȳ_n += h Σ J_jᵀ v_j,  p̄ += h Σ v_jᵀ ∂f/∂p(Y_j).
//
// The matrices of the stages differ, so that the transformation by which the solver decouples them does not apply; N is factorised whole.
type firkRule struct{ tab *ode.FIRKTableau }

const firkStages = 3

func (r firkRule) stages() int        { return firkStages }
func (r firkRule) live(bool) int      { return firkStages }
func (r firkRule) batched(k int) bool { return k <= batchStates }
func (r firkRule) relative() bool     { return true }

func (r firkRule) end(w []float64, _ float64) {
	clear(w)
	w[firkStages-1] = 1
}

func (r firkRule) dense(w []float64, theta, _ float64) { denseWeights(w, r.tab.D, theta, 1) }

func (r firkRule) points(e *engine, s *step, _ int) {
	k := e.k
	for i, c := range r.tab.C {
		y := e.add(s.time(c))
		copy(y, s.y)
		kernel.AddScaled(y, 1, s.u[i*k:(i+1)*k])
	}
}

// coupling writes A⁻¹⊗M into the matrix of size 3k.
func (r firkRule) coupling(e *engine) []float64 {
	k := e.k
	n := firkStages * k
	if e.big == nil {
		e.big = linalg.NewLU(n)
		e.wide = make([]float64, 2*n)
		e.unit = make([]float64, k*k)
		addMass(e.unit, k, &e.prob.Mass)
	}
	inv := r.inverse(e)
	m := e.big.Matrix()
	if e.con == nil {
		clear(m)
		for i := range firkStages {
			for j, v := range inv[i] {
				for l := range k {
					m[(i*k+l)*n+j*k+l] = v
				}
			}
		}
		return m
	}
	for i := range firkStages {
		for j, w := range inv[i] {
			for l := range k {
				row := m[(i*k+l)*n+j*k : (i*k+l)*n+(j+1)*k]
				for c, v := range e.unit[l*k : (l+1)*k] {
					row[c] = w * v
				}
			}
		}
	}
	return m
}

// firkInverse is A⁻¹ of a tableau.
type firkInverse struct {
	of *ode.FIRKTableau
	b  [firkStages][firkStages]float64
}

// inverse is A⁻¹, by the adjugate when the tableau is first met.
func (r firkRule) inverse(e *engine) *[firkStages][firkStages]float64 {
	if e.coupling.of == r.tab {
		return &e.coupling.b
	}
	e.coupling.of = r.tab
	a, b := &r.tab.A, &e.coupling.b
	for i := range firkStages {
		for j := range firkStages {
			p, q, u, v := (j+1)%3, (j+2)%3, (i+1)%3, (i+2)%3
			b[i][j] = a[p][u]*a[q][v] - a[p][v]*a[q][u]
		}
	}
	det := a[0][0]*b[0][0] + a[0][1]*b[1][0] + a[0][2]*b[2][0]
	for i := range b {
		for j := range b[i] {
			b[i][j] /= det
		}
	}
	return b
}

// subtract subtracts h·J from diagonal block i.
func (r firkRule) subtract(m, jac []float64, k, i int, h float64) {
	n := firkStages * k
	for l := range k {
		row := m[(i*k+l)*n+i*k:][:k]
		for c, v := range jac[l*k : (l+1)*k] {
			row[c] -= h * v
		}
	}
}

func (r firkRule) factor(e *engine, h float64) {
	e.stats.Factorisations++
	if err := e.big.FactorInPlace(); err != nil {
		e.fail(fmt.Errorf("stage equations of a step of size %.3g: %w", h, err))
	}
}

func (r firkRule) reverse(e *engine, s *step, _, first int, seed, adj []float64) {
	k := e.k
	m := r.coupling(e)
	for i := range firkStages {
		r.subtract(m, e.jacobian(first+i), k, i, s.h)
	}
	r.factor(e, s.h)
	v := seed[:firkStages*k]
	e.big.SolveTransposed(v)
	e.stats.Solves++
	scaleVector(v, s.h)
	// latest point first: without batch the field is there already
	for i := firkStages - 1; i >= 0; i-- {
		e.pull(adj, first+i, v[i*k:(i+1)*k])
	}
}

func (r firkRule) tangent(t *tangents, s *step, _, first int) {
	e, k := t.e, t.e.k
	m := r.coupling(e)
	for i := range firkStages {
		jac := e.jacobian(first + i)
		r.subtract(m, jac, k, i, s.h)
		t.linear(t.stage(i), s.h, e.field, jac, t.s)
	}
	r.factor(e, s.h)
	// the three blocks of k rows follow each other, which makes them one block of 3k rows
	e.big.SolveBlock(t.u[:firkStages*len(t.s)], t.width)
	e.stats.Solves++
}

func (r firkRule) execute(e *engine, s *step, y, u []float64) {
	k := e.k
	n := firkStages * k
	inv := r.inverse(e)
	z := u[:n]
	copy(z, s.u)
	e.room(1)
	newtonToRoundoff(func() float64 {
		m := r.coupling(e)
		res, mz := e.wide[:n], e.wide[n:]
		for i := range firkStages {
			arg := e.sum
			copy(arg, y)
			kernel.AddScaled(arg, 1, z[i*k:(i+1)*k])
			r.subtract(m, e.jacobianOf(e.field, s.time(r.tab.C[i]), arg), k, i, s.h)
			b := res[i*k : (i+1)*k]
			clear(arg)
			for j := range firkStages {
				kernel.AddScaled(arg, inv[i][j], z[j*k:(j+1)*k])
			}
			e.prob.Mass.MulVec(mz[:k], arg)
			for l, f := range e.f {
				b[l] = s.h*f - mz[l]
			}
		}
		r.factor(e, s.h)
		e.big.Solve(res)
		return addIncrement(z, res)
	})
}
