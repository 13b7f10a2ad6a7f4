package model

import (
	"math"

	"github.com/stiffnode/stiffnode/ode"
)

// A gate makes the derivative of a non-negative state of a derivative f that the network gives:
//
//	ψ(f, y) = a(f) − b(f)·y/s,   a = (√(f² + δ²) + f)/2,   b = (√(f² + δ²) − f)/2,
//
// production minus a loss in proportion to what there is, as mass action has it. At y = 0 it is a > 0, so that no solution leaves y ≥ 0
// (Hundsdorfer, Verwer, Numerical Solution of Time-Dependent Advection-Diffusion-Reaction Equations, 2003, theorem I.7.1: quasi-positivity); at
// y = s it is f. For y > 0 it takes every value once as f goes over all numbers: nothing is lost that the network could express. With
// f = δ·sinh(N) it is δ(e^N − e^(−N)·y/s)/2.
type gate struct {
	state    int
	s, delta float64
}

// gateDerivatives are ψ and its partial derivatives; ψ_yy is zero.
type gateDerivatives struct{ v, f, y, ff, fy float64 }

func (g *gate) at(f, y float64) gateDerivatives {
	r := math.Hypot(f, g.delta)
	// a·b = δ²/4, without cancellation
	a, b := (r+math.Abs(f))/2, 0.0
	b = g.delta / a * g.delta / 4
	if f < 0 {
		a, b = b, a
	}
	sigma, d := y/g.s, g.delta/r
	return gateDerivatives{v: a - sigma*b, f: (a + sigma*b) / r, y: -b / g.s, ff: (1 - sigma) / 2 * d * d / r, fy: b / r / g.s}
}

// least is the part of the size s below which inverse takes a state for larger than it is.
const least = 1e-10

// inverse is the f for which ψ(f, y) = v.
func (g *gate) inverse(v, y float64) float64 {
	v /= g.delta
	sigma := max(y/g.s, least)
	x := math.Abs(v) + math.Hypot(v, math.Sqrt(sigma))
	if v < 0 {
		x = sigma / x
	}
	return g.delta * (x - 1/x) / 2
}

// gates are those of the states that are learned and kept non-negative.
func (s *Scaled) gates() []gate {
	var out []gate
	for _, i := range s.out {
		if s.cfg.States[i].NonNegative {
			out = append(out, s.gate(i))
		}
	}
	return out
}

func (s *Scaled) gate(i int) gate {
	return gate{state: i, s: s.cfg.Magnitude[i], delta: s.cfg.Magnitude[i] / s.cfg.TScale}
}

// field is a right-hand side that others can be made of.
type field interface {
	ode.BatchParamField
	// along writes ∂f/∂y·u + ∂f/∂t·τ at the point of the latest Eval or EvalJacobian.
	along(dst, u []float64, tau float64)
	// values writes f at n points.
	values(dst, t, y []float64, n int)
}

// newField makes the field of a scaled neural ODE with gates where states are non-negative.
func newField(s *Scaled) field {
	inner := newScaledField(s)
	gates := s.gates()
	if len(gates) == 0 {
		return inner
	}
	return &gatedField{inner: inner, gates: gates, k: len(s.cfg.States), at: make([]gateDerivatives, len(gates))}
}

// gatedField evaluates F with Fᵢ = ψ(fᵢ, yᵢ) for the gated states.
type gatedField struct {
	inner field
	gates []gate
	k     int
	at    []gateDerivatives // at the point of the latest Eval or EvalJacobian

	w, z, e, f, jac, eye, params []float64
}

var _ field = (*gatedField)(nil)

func (f *gatedField) NumParams() int { return f.inner.NumParams() }

func (f *gatedField) Bind(p []float64) { f.inner.Bind(p) }

// pass replaces the inner value by that of the gates.
func (f *gatedField) pass(dst, y []float64) {
	for g := range f.gates {
		i := f.gates[g].state
		f.at[g] = f.gates[g].at(dst[i], y[i])
		dst[i] = f.at[g].v
	}
}

func (f *gatedField) Eval(dst []float64, t float64, y []float64) error {
	if err := f.inner.Eval(dst, t, y); err != nil {
		return err
	}
	f.pass(dst, y)
	return nil
}

func (f *gatedField) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	if err := f.inner.EvalJacobian(dst, jac, dfdt, t, y); err != nil {
		return err
	}
	f.pass(dst, y)
	for g, d := range f.at {
		i := f.gates[g].state
		row := jac.Data[i*jac.Stride:][:f.k]
		scaleBy(row, d.f)
		row[i] += d.y
		if dfdt != nil {
			dfdt[i] *= d.f
		}
	}
	return nil
}

func scaleBy(v []float64, s float64) {
	for i := range v {
		v[i] *= s
	}
}

// covectors returns n covectors of F as those of f.
func (f *gatedField) covectors(w []float64, n int) []float64 {
	out := grow(&f.w, n*f.k)
	copy(out, w[:n*f.k])
	for g, d := range f.at {
		for i := f.gates[g].state; i < n*f.k; i += f.k {
			out[i] *= d.f
		}
	}
	return out
}

func (f *gatedField) VJP(gy, gp, w []float64) {
	f.inner.VJP(gy, gp, f.covectors(w, 1))
	if gy == nil {
		return
	}
	for g, d := range f.at {
		i := f.gates[g].state
		gy[i] += d.y * w[i]
	}
}

func (f *gatedField) JVP(dst, v, q []float64, n int) {
	f.inner.JVP(dst, v, q, n)
	for g, d := range f.at {
		i := f.gates[g].state
		scaleBy(dst[i*n:(i+1)*n], d.f)
		if v != nil {
			addTo(dst[i*n:(i+1)*n], d.y, v[i*n:(i+1)*n])
		}
	}
}

func (f *gatedField) ParamJacobian(dst []float64, c0, c1 int) {
	f.inner.ParamJacobian(dst, c0, c1)
	n := c1 - c0
	for g, d := range f.at {
		i := f.gates[g].state
		scaleBy(dst[i*n:(i+1)*n], d.f)
	}
}

func (f *gatedField) along(dst, u []float64, tau float64) {
	f.inner.along(dst, u, tau)
	for g, d := range f.at {
		i := f.gates[g].state
		dst[i] = d.f*dst[i] + d.y*u[i]
	}
}

// SecondOrder: with z = ∂f/∂y·u + ∂f/∂t·τ the sum's terms are w(ψ_f z + ψ_y u), so that besides the inner second-order product with the covector
// ψ_f w there are the derivatives of ψ_f and ψ_y.
func (f *gatedField) SecondOrder(gy, gp, w, u, tau []float64, n int) {
	f.inner.SecondOrder(gy, gp, f.covectors(w, n), u, tau, n)
	z, e := grow(&f.z, f.k), grow(&f.e, f.k)
	clear(e)
	for c := range n {
		f.inner.along(z, u[c*f.k:(c+1)*f.k], nth(tau, c))
		for g, d := range f.at {
			i := f.gates[g].state
			e[i] += w[c*f.k+i] * (d.ff*z[i] + d.fy*u[c*f.k+i])
			if gy != nil {
				gy[i] += w[c*f.k+i] * d.fy * z[i]
			}
		}
	}
	f.inner.VJP(gy, gp, e)
}

// nth is tau[c], or 0 where tau is nil.
func nth(tau []float64, c int) float64 {
	if tau == nil {
		return 0
	}
	return tau[c]
}

func (f *gatedField) SecondOrderJacobian(dy, dp, u []float64, tau float64, c0, c1 int) {
	f.inner.SecondOrderJacobian(dy, dp, u, tau, c0, c1)
	z := grow(&f.z, f.k)
	f.inner.along(z, u, tau)
	var jac, params []float64
	n := c1 - c0
	if dy != nil {
		jac = jacobianOf(f.inner, &f.jac, &f.eye, f.k)
	}
	if dp != nil {
		params = grow(&f.params, f.k*n)
		f.inner.ParamJacobian(params, c0, c1)
	}
	for g, d := range f.at {
		i := f.gates[g].state
		s := d.ff*z[i] + d.fy*u[i]
		if dy != nil {
			row := dy[i*f.k : (i+1)*f.k]
			scaleBy(row, d.f)
			addTo(row, s, jac[i*f.k:(i+1)*f.k])
			row[i] += d.fy * z[i]
		}
		if dp != nil {
			row := dp[i*n : (i+1)*n]
			scaleBy(row, d.f)
			addTo(row, s, params[i*n:(i+1)*n])
		}
	}
}

// jacobianOf returns ∂f/∂y at the point of the latest evaluation, in scratch space.
func jacobianOf(f ode.ParamField, jac, eye *[]float64, k int) []float64 {
	j := grow(jac, k*k)
	e := grow(eye, k*k)
	clear(e)
	for i := range k {
		e[i*k+i] = 1
	}
	f.JVP(j, e, nil, k)
	return j
}

func (f *gatedField) values(dst, t, y []float64, n int) {
	f.inner.values(dst, t, y, n)
	for g := range f.gates {
		for i := f.gates[g].state; i < n*f.k; i += f.k {
			dst[i] = f.gates[g].at(dst[i], y[i]).v
		}
	}
}

func (f *gatedField) Jacobians(jac, t, y []float64, n int) error {
	v := grow(&f.f, n*f.k)
	f.inner.values(v, t, y, n)
	if err := f.inner.Jacobians(jac, t, y, n); err != nil {
		return err
	}
	for g := range f.gates {
		for i := f.gates[g].state; i < n*f.k; i += f.k {
			d := f.gates[g].at(v[i], y[i])
			row := jac[i*f.k : (i+1)*f.k]
			scaleBy(row, d.f)
			row[f.gates[g].state] += d.y
		}
	}
	return nil
}

func (f *gatedField) ParamVJPs(gp, gy, t, y, w []float64, n int) error {
	v, wv := grow(&f.f, n*f.k), grow(&f.w, n*f.k)
	f.inner.values(v, t, y, n)
	copy(wv, w[:n*f.k])
	for g := range f.gates {
		for i := f.gates[g].state; i < n*f.k; i += f.k {
			wv[i] *= f.gates[g].at(v[i], y[i]).f
		}
	}
	if err := f.inner.ParamVJPs(gp, gy, t, y, wv, n); err != nil || gy == nil {
		return err
	}
	for g := range f.gates {
		for i := f.gates[g].state; i < n*f.k; i += f.k {
			gy[i] += f.gates[g].at(v[i], y[i]).y * w[i]
		}
	}
	return nil
}
