package sens

import (
	"math"

	"github.com/stiffnode/stiffnode/internal/kernel"
	"github.com/stiffnode/stiffnode/ode"
)

// bdfRule differentiates a step of a BDF with frozen order and size on its Nordsieck history (z_0, …, z_5, d), d being the correction of the
// latest step (see ode.BDFFormula). The stage vectors of the rule are the rows z_j after the step. With z′ = Predict·(z, d),
//
//	(M − ΓJ) δe = Γ(J δz′_0 + ∂f/∂p δp) − M δz′_1/L_1,   δz_i = δz′_i + L_i δe,  δd = δe,
//
// J at the new state, and transposed, with ē = Σ L_i z̄_i + d̄ and v = (M − ΓJ)⁻ᵀ ē,
//
//	z̄′_0 = z̄_0 + ΓJᵀv,  z̄′_1 = z̄_1 − Mᵀv/L_1,  p̄ += Γ vᵀ∂f/∂p,  (z̄, d̄) ← Predictᵀ z̄′.
type bdfRule struct{ f *ode.BDFFormula }

const (
	bdfRows    = 6 // of a Nordsieck array
	bdfVectors = 7 // of a history, with the correction
)

func (r bdfRule) stages() int        { return bdfRows }
func (r bdfRule) live(bool) int      { return bdfRows }
func (r bdfRule) batched(k int) bool { return k <= batchStates }
func (r bdfRule) relative() bool     { return false }

func (r bdfRule) end(w []float64, _ float64) {
	clear(w)
	w[0] = 1
}

func (r bdfRule) dense(w []float64, theta, _ float64) {
	clear(w)
	p := 1.0
	for j := range r.f.Order + 1 {
		w[j] = p
		p *= theta - 1
	}
}

func (r bdfRule) points(e *engine, s *step, _ int) {
	copy(e.add(s.time(1)), s.u)
	if r.f.Restart {
		copy(e.add(s.time(0)), s.y)
	}
}

func (r bdfRule) reverse(e *engine, s *step, _, first int, seed, adj []float64) {
	k, f := e.k, r.f
	h := e.history(k)
	bar := seed[:bdfRows*k]
	kernel.AddScaled(bar, 1, h[:bdfRows*k])
	// ē in w
	w := e.sum
	copy(w, h[bdfRows*k:])
	addVectors(w, 1, f.L[:f.Order+1], bar)
	e.factor(f.Gamma, e.jacobian(first))
	e.lu.SolveTransposed(w)
	e.stats.Solves++
	mw := w
	if e.con != nil {
		mw = e.f
		e.prob.Mass.MulVecTransposed(mw, w)
	}
	z1, c := bar[k:2*k], -1/f.L[1]
	for l, v := range mw {
		z1[l] += c * v
	}
	scaleVector(w, f.Gamma)
	e.pull(bar[:k], first, w)
	r.unpredict(h, bar, k)
	if !f.Restart {
		return
	}
	kernel.AddScaled(adj, 1, h[:k])
	scaleVector(h[k:2*k], s.h)
	w = h[k : 2*k]
	if e.minv != nil {
		e.minv.ApplyTransposed(e.sum, w)
		w = e.sum
	}
	e.pull(adj, first+1, w)
	clear(h)
}

// unpredict writes Predictᵀ z̄′ into h. Predict has nothing below its diagonal.
func (r bdfRule) unpredict(h, bar []float64, k int) {
	p := &r.f.Predict
	if k > shortVector {
		clear(h)
		for i := range r.f.Order + 1 {
			for j, c := range p[i] {
				if c != 0 {
					kernel.AddScaled(h[j*k:(j+1)*k], c, bar[i*k:(i+1)*k])
				}
			}
		}
		return
	}
	for l := range k {
		b0, b1, b2, b3, b4, b5 := bar[l], bar[k+l], bar[2*k+l], bar[3*k+l], bar[4*k+l], bar[5*k+l]
		h[l] = p[0][0] * b0
		h[k+l] = p[0][1]*b0 + p[1][1]*b1
		h[2*k+l] = p[0][2]*b0 + p[1][2]*b1 + p[2][2]*b2
		h[3*k+l] = p[0][3]*b0 + p[1][3]*b1 + (p[2][3]*b2 + p[3][3]*b3)
		h[4*k+l] = p[0][4]*b0 + p[1][4]*b1 + (p[2][4]*b2 + p[3][4]*b3) + p[4][4]*b4
		h[5*k+l] = p[0][5]*b0 + p[1][5]*b1 + (p[2][5]*b2 + p[3][5]*b3) + (p[4][5]*b4 + p[5][5]*b5)
		h[6*k+l] = p[0][6]*b0 + p[1][6]*b1 + (p[2][6]*b2 + p[3][6]*b3) + (p[4][6]*b4 + p[5][6]*b5)
	}
}

func (r bdfRule) tangent(t *tangents, s *step, _, first int) {
	e, f, n := t.e, r.f, len(t.s)
	if len(t.hist) < bdfVectors*n {
		t.hist = make([]float64, bdfVectors*n)
	}
	hist := t.hist[:bdfVectors*n]
	if f.Restart {
		clear(hist)
		copy(hist, t.s)
		t.derivative(t.arg, s.h, first+1, t.s)
		t.applyMassInverse(hist[n:2*n], t.arg)
	}
	z := t.u[:bdfRows*n]
	clear(z)
	for i := range f.Order + 1 {
		addVectors(z[i*n:(i+1)*n], 1, f.Predict[i][:], hist)
	}
	d := hist[bdfRows*n:]
	t.derivative(d, f.Gamma, first, z[:n])
	e.factor(f.Gamma, e.densePoint())
	kernel.AddScaled(d, -1/f.L[1], t.massTimes(z[n:2*n]))
	e.lu.SolveBlock(d, t.width)
	e.stats.Solves++
	for i := range f.Order + 1 {
		kernel.AddScaled(z[i*n:(i+1)*n], f.L[i], d)
	}
	copy(hist, z)
}

func (r bdfRule) execute(e *engine, s *step, y, u []float64) {
	k, f := e.k, r.f
	e.room(bdfVectors)
	h := e.history(k)
	if f.Restart {
		clear(h)
		copy(h, y)
		e.stats.Evals++
		e.fail(e.field.Eval(e.f, s.time(0), y))
		z1 := h[k : 2*k]
		copy(z1, e.f)
		if e.minv != nil {
			e.minv.Apply(z1, e.f)
		}
		scaleVector(z1, s.h)
	}
	z := u[:bdfRows*k]
	clear(z)
	for i := range f.Order + 1 {
		addVectors(z[i*k:(i+1)*k], 1, f.Predict[i][:], h)
	}
	d, arg, res := h[bdfRows*k:], e.arg[:k], e.cov[:k]
	for j := range d {
		d[j] = s.u[j] - z[j]
	}
	newtonToRoundoff(func() float64 {
		for j, v := range d {
			arg[j] = z[j] + v
			e.sum[j] = z[k+j]/f.L[1] + v
		}
		e.stats.Evals++
		e.stats.Jacobians++
		e.fail(e.field.EvalJacobian(e.f, e.point, nil, s.time(1), arg))
		e.prob.Mass.MulVec(res, e.sum)
		for j, v := range e.f {
			res[j] = f.Gamma*v - res[j]
		}
		e.factor(f.Gamma, e.densePoint())
		e.lu.Solve(res)
		size := 0.0
		for j, v := range res {
			d[j] += v
			size = max(size, math.Abs(v)/max(math.Abs(arg[j]), 1e-300))
		}
		return size
	})
	for i := range f.Order + 1 {
		kernel.AddScaled(z[i*k:(i+1)*k], f.L[i], d)
	}
	copy(h, z)
}
