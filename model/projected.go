package model

import (
	"encoding/json"
	"errors"
	"math"

	"github.com/stiffnode/stiffnode/ode"
)

// KindProjected is what a model file calls a Projected.
const KindProjected = "projected scaled neural ODE"

// Projected is a scaled neural ODE whose vector field is projected onto the subspace on which linear conservation laws Cᵀy = const hold,
//
//	dy/dt = P f(t, y; p),   P = I − S C (CᵀS C)⁻¹ Cᵀ,   S = diag(sᵢ²),
//
// with the magnitudes sᵢ of the states. Of all corrections of f that satisfy the laws, Pf − f is the smallest in units of the states'
// sizes, so that what a large species lacks is not taken from a small one. The laws hold for every p and every network, with the constants of the
// initial state; Runge–Kutta, Rosenbrock and multistep methods keep linear invariants, so that the numerical solution has them to roundoff
// (Hairer, Lubich, Wanner, Geometric Numerical Integration, 2nd ed., theorem IV.1.5).
type Projected struct {
	*Scaled
	laws []Law
	proj projection
}

var _ RHS = (*Projected)(nil)

// projection is P = I − Σ aⱼ bⱼᵀ, where S^(−1/2) aⱼ = S^(1/2) bⱼ are an orthonormal basis of the scaled laws.
type projection struct{ a, b [][]float64 }

// NewProjected makes the right-hand side. Totals of laws are not used: every trajectory keeps its own. The error may be a *LawError.
func NewProjected(inner *Scaled, laws []Law) (*Projected, error) {
	c := inner.cfg
	if len(laws) == 0 {
		return nil, errors.New("model: a projection needs conservation laws")
	}
	if err := checkLaws(laws, c.States, c.Magnitude); err != nil {
		return nil, err
	}
	p := &Projected{Scaled: inner, laws: laws}
	var basis [][]float64
	for _, l := range laws {
		q := make([]float64, len(c.States))
		for i, w := range l.Weights {
			if c.States[i].Role == Learned {
				q[i] = w * c.Magnitude[i]
			}
		}
		for range 2 { // Gram and Schmidt, twice is enough
			for _, o := range basis {
				dot := 0.0
				for i, x := range o {
					dot += x * q[i]
				}
				for i, x := range o {
					q[i] -= dot * x
				}
			}
			norm := 0.0
			for _, x := range q {
				norm = math.Hypot(norm, x)
			}
			for i := range q {
				q[i] /= norm
			}
		}
		basis = append(basis, q)
		a, b := make([]float64, len(q)), make([]float64, len(q))
		for i, s := range c.Magnitude {
			a[i], b[i] = q[i]*s, q[i]/s
		}
		p.proj.a, p.proj.b = append(p.proj.a, a), append(p.proj.b, b)
	}
	return p, nil
}

// weighted says that some state of a law is non-negative.
func (p *Projected) weighted() bool {
	for _, g := range p.gates() {
		for _, l := range p.laws {
			if l.Weights[g.state] != 0 {
				return true
			}
		}
	}
	return false
}

// Laws are the conservation laws.
func (p *Projected) Laws() []Law { return p.laws }

// Kind implements RHS.
func (p *Projected) Kind() string { return KindProjected }

// Problem implements RHS.
func (p *Projected) Problem() *ode.Problem {
	problem := p.Scaled.Problem()
	problem.New = func() ode.Field { return &projectedField{inner: newField(p.Scaled), p: &p.proj, k: problem.Dim} }
	if p.weighted() {
		problem.New = func() ode.Field { return newWeightedField(p.Scaled, p.laws) }
	}
	return problem
}

// projectedDescription is what Projected.Describe writes.
type projectedDescription struct {
	Scaled scaledDescription `json:"scaled"`
	Laws   []Law             `json:"laws"`
}

// Describe implements RHS.
func (p *Projected) Describe() any {
	return projectedDescription{p.Scaled.Describe().(scaledDescription), p.laws}
}

func readProjected(states []State, raw json.RawMessage) (RHS, error) {
	var d projectedDescription
	if err := strictJSON(raw, &d); err != nil {
		return nil, err
	}
	inner, err := newScaled(d.Scaled.config(states))
	if err != nil {
		return nil, err
	}
	return NewProjected(inner, d.Laws)
}

// apply replaces the columns of the k×n block v, whose rows are stride apart, by P times them; s is scratch.
func (p *projection) apply(v []float64, stride, n int, s []float64) {
	for j, b := range p.b {
		clear(s[:n])
		for i, x := range b {
			if x != 0 {
				for c, y := range v[i*stride : i*stride+n] {
					s[c] += x * y
				}
			}
		}
		for i, x := range p.a[j] {
			if x != 0 {
				row := v[i*stride : i*stride+n]
				for c, y := range s[:n] {
					row[c] -= x * y
				}
			}
		}
	}
}

// transposed writes Pᵀw into dst.
func (p *projection) transposed(dst, w []float64) {
	copy(dst, w)
	for j, a := range p.a {
		dot := 0.0
		for i, x := range a {
			dot += x * dst[i]
		}
		for i, x := range p.b[j] {
			dst[i] -= dot * x
		}
	}
}

// projectedField evaluates P f. P is constant, so that every product of f's derivatives is one of the inner field's with P or Pᵀ.
type projectedField struct {
	inner field
	p     *projection
	k     int
	row   []float64
	w     []float64
}

var _ ode.BatchParamField = (*projectedField)(nil)

func (f *projectedField) NumParams() int { return f.inner.NumParams() }

func (f *projectedField) Bind(p []float64) { f.inner.Bind(p) }

func (f *projectedField) project(v []float64, stride, n int) {
	f.p.apply(v, stride, n, grow(&f.row, n))
}

// value projects f. The second time removes what roundoff has left where most of f violates the laws.
func (f *projectedField) value(dst []float64) {
	for range 2 {
		f.project(dst, 1, 1)
	}
}

// weights returns Pᵀ applied to n covectors.
func (f *projectedField) weights(w []float64, n int) []float64 {
	out := grow(&f.w, n*f.k)
	for c := range n {
		f.p.transposed(out[c*f.k:(c+1)*f.k], w[c*f.k:(c+1)*f.k])
	}
	return out
}

func (f *projectedField) Eval(dst []float64, t float64, y []float64) error {
	if err := f.inner.Eval(dst, t, y); err != nil {
		return err
	}
	f.value(dst)
	return nil
}

func (f *projectedField) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	if err := f.inner.EvalJacobian(dst, jac, dfdt, t, y); err != nil {
		return err
	}
	f.value(dst)
	f.project(jac.Data, jac.Stride, f.k)
	if dfdt != nil {
		f.project(dfdt, 1, 1)
	}
	return nil
}

func (f *projectedField) VJP(gy, gp, w []float64) { f.inner.VJP(gy, gp, f.weights(w, 1)) }

func (f *projectedField) JVP(dst, v, q []float64, n int) {
	f.inner.JVP(dst, v, q, n)
	f.project(dst, n, n)
}

func (f *projectedField) ParamJacobian(dst []float64, c0, c1 int) {
	f.inner.ParamJacobian(dst, c0, c1)
	f.project(dst, c1-c0, c1-c0)
}

func (f *projectedField) SecondOrder(gy, gp, w, u, tau []float64, n int) {
	f.inner.SecondOrder(gy, gp, f.weights(w, n), u, tau, n)
}

func (f *projectedField) SecondOrderJacobian(dy, dp, u []float64, tau float64, c0, c1 int) {
	f.inner.SecondOrderJacobian(dy, dp, u, tau, c0, c1)
	if dy != nil {
		f.project(dy, f.k, f.k)
	}
	if dp != nil {
		f.project(dp, c1-c0, c1-c0)
	}
}

func (f *projectedField) Jacobians(jac, t, y []float64, n int) error {
	if err := f.inner.Jacobians(jac, t, y, n); err != nil {
		return err
	}
	for c := range n {
		f.project(jac[c*f.k*f.k:(c+1)*f.k*f.k], f.k, f.k)
	}
	return nil
}

func (f *projectedField) ParamVJPs(gp, gy, t, y, w []float64, n int) error {
	return f.inner.ParamVJPs(gp, gy, t, y, f.weights(w, n), n)
}
