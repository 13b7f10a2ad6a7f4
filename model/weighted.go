package model

import (
	"math"

	"github.com/stiffnode/stiffnode/ode"
)

// weightedProjection is the projection onto conservation laws where states are kept non-negative,
//
//	P(y) = I − H C (CᵀH C)⁻¹ Cᵀ,   H = diag(sᵢ²(yᵢ²/sᵢ² + η²)) for non-negative states, diag(sᵢ²) for others:
//
// the smallest correction relative to what there is. It takes nothing from a state that is zero, so that P f keeps the sign that f has there, and
// both the laws and the signs hold. The constant projection of Projected would have to choose. The floor η, far below roundoff where any state
// of a law is of its usual size, leaves CᵀHC regular where all are zero.
type weightedProjection struct {
	k      int
	laws   [][]float64 // columns of C, in units that make the largest cᵢsᵢ one
	size   []float64   // sᵢ of every state
	varies []bool      // with yᵢ

	// At the point of the latest move.
	h, h1, h2 []float64   // H and its derivatives by yᵢ
	q         [][]float64 // orthonormal columns of √H C = Q R
	r         [][]float64 // row i: column i of R
	x, rows   []float64
}

// weightFloor is η.
const weightFloor = 1e-8

func newWeightedProjection(s *Scaled, laws []Law) *weightedProjection {
	c := s.cfg
	k := len(c.States)
	p := &weightedProjection{k: k, size: c.Magnitude, varies: make([]bool, k), h: make([]float64, k), h1: make([]float64, k), h2: make([]float64, k)}
	for i, st := range c.States {
		p.varies[i] = st.NonNegative
	}
	for _, l := range laws {
		col, largest := make([]float64, k), 0.0
		for i, w := range l.Weights {
			if c.States[i].Role == Learned {
				col[i] = w
				largest = max(largest, math.Abs(w)*p.size[i])
			}
		}
		scaleBy(col, 1/largest)
		p.laws = append(p.laws, col)
		p.q, p.r = append(p.q, make([]float64, k)), append(p.r, make([]float64, len(laws)))
	}
	p.x = make([]float64, len(laws))
	return p
}

// move makes y the point.
func (p *weightedProjection) move(y []float64) {
	for i, s := range p.size {
		p.h[i], p.h1[i], p.h2[i] = s*s, 0, 0
		if p.varies[i] {
			p.h[i], p.h1[i], p.h2[i] = y[i]*y[i]+s*s*weightFloor*weightFloor, 2*y[i], 2
		}
	}
	for j, c := range p.laws { // Gram and Schmidt, twice is enough
		q, r := p.q[j], p.r[j]
		clear(r)
		for i, x := range c {
			q[i] = x * math.Sqrt(p.h[i])
		}
		for range 2 {
			for o := range j {
				d := inner(p.q[o], q)
				r[o] += d
				addTo(q, -d, p.q[o])
			}
		}
		r[j] = math.Sqrt(inner(q, q))
		scaleBy(q, 1/r[j])
	}
}

func inner(a, b []float64) float64 {
	sum := 0.0
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}

// solve replaces b by (CᵀHC)⁻¹b = R⁻¹R⁻ᵀb.
func (p *weightedProjection) solve(b []float64) {
	for j := range b {
		for o := range j {
			b[j] -= p.r[j][o] * b[o]
		}
		b[j] /= p.r[j][j]
	}
	for j := len(b) - 1; j >= 0; j-- {
		b[j] /= p.r[j][j]
		for o := range j {
			b[o] -= p.r[j][o] * b[j]
		}
	}
}

// multipliers writes C(CᵀHC)⁻¹Cᵀv into dst.
func (p *weightedProjection) multipliers(dst, v []float64) {
	for j, c := range p.laws {
		p.x[j] = inner(c, v)
	}
	p.solve(p.x)
	clear(dst)
	for j, c := range p.laws {
		addTo(dst, p.x[j], c)
	}
}

// block is (CᵀHC)⁻¹Cᵀ times a k×n block, whose rows are stride apart: one row of n numbers for every law.
func (p *weightedProjection) block(v []float64, stride, n int) []float64 {
	x := grow(&p.rows, len(p.laws)*n)
	clear(x)
	row := func(j int) []float64 { return x[j*n : (j+1)*n] }
	for j, c := range p.laws {
		for i, w := range c {
			if w != 0 {
				addTo(row(j), w, v[i*stride:i*stride+n])
			}
		}
	}
	for j, r := range p.r {
		for o := range j {
			addTo(row(j), -r[o], row(o))
		}
		scaleBy(row(j), 1/r[j])
	}
	for j := len(p.r) - 1; j >= 0; j-- {
		scaleBy(row(j), 1/p.r[j][j])
		for o := range j {
			addTo(row(o), -p.r[j][o], row(j))
		}
	}
	return x
}

// apply replaces the columns of a k×n block by P times them. The second time removes what roundoff has left.
func (p *weightedProjection) apply(v []float64, stride, n int) {
	for range 2 {
		x := p.block(v, stride, n)
		for j, c := range p.laws {
			for i, w := range c {
				if w != 0 {
					addTo(v[i*stride:i*stride+n], -p.h[i]*w, x[j*n:(j+1)*n])
				}
			}
		}
	}
}

// transposed replaces w by Pᵀw.
func (p *weightedProjection) transposed(w []float64) {
	for j, c := range p.laws {
		sum := 0.0
		for i, x := range c {
			sum += x * p.h[i] * w[i]
		}
		p.x[j] = sum
	}
	p.solve(p.x)
	for j, c := range p.laws {
		addTo(w, -p.x[j], c)
	}
}

// weightedField evaluates F = P(y) f. With λ̂ = C(CᵀHC)⁻¹Cᵀf and D = diag(h′ᵢλ̂ᵢ) its Jacobian is P(∂f/∂y − D): what is in brackets is all
// that depends on y, and P what the laws leave of it.
type weightedField struct {
	inner field
	p     *weightedProjection
	k     int
	hat   []float64 // λ̂ at the point of the latest Eval or EvalJacobian

	mu, z, e, w, f, jac, eye, params []float64
}

var _ field = (*weightedField)(nil)

func newWeightedField(s *Scaled, laws []Law) *weightedField {
	k := len(s.cfg.States)
	v := make([]float64, 4*k)
	return &weightedField{inner: newField(s), p: newWeightedProjection(s, laws), k: k, hat: v[:k:k], mu: v[k : 2*k : 2*k], z: v[2*k : 3*k : 3*k], e: v[3*k:]}
}

func (f *weightedField) NumParams() int { return f.inner.NumParams() }

func (f *weightedField) Bind(p []float64) { f.inner.Bind(p) }

func (f *weightedField) project(dst, y []float64) {
	f.p.move(y)
	f.p.multipliers(f.hat, dst)
	f.p.apply(dst, 1, 1)
}

func (f *weightedField) Eval(dst []float64, t float64, y []float64) error {
	if err := f.inner.Eval(dst, t, y); err != nil {
		return err
	}
	f.project(dst, y)
	return nil
}

func (f *weightedField) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	if err := f.inner.EvalJacobian(dst, jac, dfdt, t, y); err != nil {
		return err
	}
	f.project(dst, y)
	for i, x := range f.hat {
		jac.Data[i*jac.Stride+i] -= f.p.h1[i] * x
	}
	f.p.apply(jac.Data, jac.Stride, f.k)
	if dfdt != nil {
		f.p.apply(dfdt, 1, 1)
	}
	return nil
}

// covectors returns Pᵀ applied to n covectors.
func (f *weightedField) covectors(w []float64, n int) []float64 {
	out := grow(&f.w, n*f.k)
	copy(out, w[:n*f.k])
	for c := range n {
		f.p.transposed(out[c*f.k : (c+1)*f.k])
	}
	return out
}

func (f *weightedField) VJP(gy, gp, w []float64) {
	v := f.covectors(w, 1)
	f.inner.VJP(gy, gp, v)
	if gy != nil {
		f.subtractDiagonal(gy, v)
	}
}

// subtractDiagonal subtracts D v from gy.
func (f *weightedField) subtractDiagonal(gy, v []float64) {
	for i, x := range f.hat {
		gy[i] -= f.p.h1[i] * x * v[i]
	}
}

func (f *weightedField) JVP(dst, v, q []float64, n int) {
	f.inner.JVP(dst, v, q, n)
	if v != nil {
		for i, x := range f.hat {
			addTo(dst[i*n:(i+1)*n], -f.p.h1[i]*x, v[i*n:(i+1)*n])
		}
	}
	f.p.apply(dst, n, n)
}

func (f *weightedField) ParamJacobian(dst []float64, c0, c1 int) {
	f.inner.ParamJacobian(dst, c0, c1)
	f.p.apply(dst, c1-c0, c1-c0)
}

// before writes z = ∂f/∂y·u + ∂f/∂t·τ − D u, of which P z is the derivative along u, into f.z.
func (f *weightedField) before(u []float64, tau float64) {
	f.inner.along(f.z, u, tau)
	f.subtractDiagonal(f.z, u)
}

func (f *weightedField) along(dst, u []float64, tau float64) {
	f.before(u, tau)
	copy(dst, f.z)
	f.p.apply(dst, 1, 1)
}

// SecondOrder: wᵀP z depends on y through the inner product with v = Pᵀw, through dP = −P dH C(CᵀHC)⁻¹Cᵀ P, and through D, whose λ̂ has the derivative
// C(CᵀHC)⁻¹Cᵀ(df − D dy).
func (f *weightedField) SecondOrder(gy, gp, w, u, tau []float64, n int) {
	v := f.covectors(w, n)
	f.inner.SecondOrder(gy, gp, v, u, tau, n)
	clear(f.e)
	for c := range n {
		uc, vc := u[c*f.k:(c+1)*f.k], v[c*f.k:(c+1)*f.k]
		if gy != nil {
			f.before(uc, nth(tau, c))
			f.p.multipliers(f.mu, f.z)
			for i := range gy {
				gy[i] -= vc[i] * (f.p.h1[i]*f.mu[i] + f.p.h2[i]*f.hat[i]*uc[i])
			}
		}
		for i := range f.e {
			f.e[i] -= vc[i] * uc[i] * f.p.h1[i]
		}
	}
	f.p.multipliers(f.mu, f.e)
	f.inner.VJP(gy, gp, f.mu)
	if gy != nil {
		f.subtractDiagonal(gy, f.mu)
	}
}

func (f *weightedField) SecondOrderJacobian(dy, dp, u []float64, tau float64, c0, c1 int) {
	f.inner.SecondOrderJacobian(dy, dp, u, tau, c0, c1)
	f.before(u, tau)
	f.p.multipliers(f.mu, f.z)
	// through D: subtract diag(u h′) C(CᵀHC)⁻¹Cᵀ times the derivative of f, or of f − D y
	through := func(dst, of []float64, n int) {
		x := f.p.block(of, n, n)
		for j, c := range f.p.laws {
			for i, w := range c {
				if w != 0 {
					addTo(dst[i*n:(i+1)*n], -u[i]*f.p.h1[i]*w, x[j*n:(j+1)*n])
				}
			}
		}
	}
	if dy != nil {
		jac := jacobianOf(f.inner, &f.jac, &f.eye, f.k)
		for i := range f.k {
			jac[i*f.k+i] -= f.p.h1[i] * f.hat[i]
			dy[i*f.k+i] -= f.p.h2[i]*f.hat[i]*u[i] + f.p.h1[i]*f.mu[i]
		}
		through(dy, jac, f.k)
		f.p.apply(dy, f.k, f.k)
	}
	if dp != nil {
		n := c1 - c0
		params := grow(&f.params, f.k*n)
		f.inner.ParamJacobian(params, c0, c1)
		through(dp, params, n)
		f.p.apply(dp, n, n)
	}
}

func (f *weightedField) values(dst, t, y []float64, n int) {
	f.inner.values(dst, t, y, n)
	for c := range n {
		f.project(dst[c*f.k:(c+1)*f.k], y[c*f.k:])
	}
}

func (f *weightedField) Jacobians(jac, t, y []float64, n int) error {
	v := grow(&f.f, n*f.k)
	f.inner.values(v, t, y, n)
	if err := f.inner.Jacobians(jac, t, y, n); err != nil {
		return err
	}
	for c := range n {
		f.p.move(y[c*f.k:])
		f.p.multipliers(f.hat, v[c*f.k:(c+1)*f.k])
		j := jac[c*f.k*f.k:]
		for i, x := range f.hat {
			j[i*f.k+i] -= f.p.h1[i] * x
		}
		f.p.apply(j, f.k, f.k)
	}
	return nil
}

func (f *weightedField) ParamVJPs(gp, gy, t, y, w []float64, n int) error {
	wv := grow(&f.w, n*f.k)
	copy(wv, w[:n*f.k])
	for c := range n {
		f.p.move(y[c*f.k:])
		f.p.transposed(wv[c*f.k : (c+1)*f.k])
	}
	if gy == nil {
		return f.inner.ParamVJPs(gp, nil, t, y, wv, n)
	}
	v := grow(&f.f, n*f.k)
	f.inner.values(v, t, y, n)
	if err := f.inner.ParamVJPs(gp, gy, t, y, wv, n); err != nil {
		return err
	}
	for c := range n {
		f.p.move(y[c*f.k:])
		f.p.multipliers(f.hat, v[c*f.k:(c+1)*f.k])
		f.subtractDiagonal(gy[c*f.k:(c+1)*f.k], wv[c*f.k:(c+1)*f.k])
	}
	return nil
}
