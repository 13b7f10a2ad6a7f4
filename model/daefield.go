package model

import "github.com/stiffnode/stiffnode/ode"

// daeField evaluates a DAE. The inner field leaves the rows of algebraic states zero and ignores their covectors, so what the equations
// contribute is added.
type daeField struct {
	inner field
	d     *DAE
	k, r  int

	t      float64
	y      []float64
	fresh  bool      // dy and dt belong to (t, y)
	g      []float64 // values
	dy, dt []float64 // derivatives
	second []float64
}

var _ ode.BatchParamField = (*daeField)(nil)

func newDAEField(d *DAE) *daeField {
	k, r := len(d.cfg.States), d.g.Len()
	return &daeField{
		inner: newField(d.Scaled), d: d, k: k, r: r, y: make([]float64, k), g: make([]float64, r),
		dy: make([]float64, r*k), dt: make([]float64, r), second: make([]float64, r*k),
	}
}

func (f *daeField) NumParams() int { return f.inner.NumParams() }

func (f *daeField) Bind(p []float64) { f.inner.Bind(p) }

func (f *daeField) Eval(dst []float64, t float64, y []float64) error {
	if err := f.inner.Eval(dst, t, y); err != nil {
		return err
	}
	return f.values(dst, t, y)
}

// values writes g into its rows and keeps the point.
func (f *daeField) values(dst []float64, t float64, y []float64) error {
	f.t, f.fresh = t, false
	copy(f.y, y)
	if err := f.d.g.Value(f.g, t, y); err != nil {
		return err
	}
	for r, i := range f.d.alg {
		dst[i] = f.g[r]
	}
	return nil
}

// derivatives returns row r of ∂g/∂y at the point.
func (f *daeField) derivatives(r int) []float64 {
	if !f.fresh {
		f.d.g.Derivatives(f.dy, f.dt, f.t, f.y)
		f.fresh = true
	}
	return f.dy[r*f.k : (r+1)*f.k]
}

func (f *daeField) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	if err := f.inner.EvalJacobian(dst, jac, dfdt, t, y); err != nil {
		return err
	}
	if err := f.values(dst, t, y); err != nil {
		return err
	}
	for r, i := range f.d.alg {
		copy(jac.Data[i*jac.Stride:], f.derivatives(r))
		if dfdt != nil {
			dfdt[i] = f.dt[r]
		}
	}
	return nil
}

func (f *daeField) VJP(gy, gp, w []float64) {
	f.inner.VJP(gy, gp, w)
	if gy == nil {
		return
	}
	for r, i := range f.d.alg {
		if w[i] != 0 {
			addTo(gy, w[i], f.derivatives(r))
		}
	}
}

func addTo(dst []float64, s float64, v []float64) {
	for i, x := range v {
		dst[i] += s * x
	}
}

func (f *daeField) JVP(dst, v, q []float64, n int) {
	f.inner.JVP(dst, v, q, n)
	if v == nil {
		return
	}
	for r, i := range f.d.alg {
		for j, x := range f.derivatives(r) {
			if x != 0 {
				addTo(dst[i*n:(i+1)*n], x, v[j*n:(j+1)*n])
			}
		}
	}
}

func (f *daeField) ParamJacobian(dst []float64, c0, c1 int) { f.inner.ParamJacobian(dst, c0, c1) }

func (f *daeField) SecondOrder(gy, gp, w, u, tau []float64, n int) {
	f.inner.SecondOrder(gy, gp, w, u, tau, n)
	if gy == nil || f.d.laws != nil {
		return
	}
	for c := range n {
		s := 0.0
		if tau != nil {
			s = tau[c]
		}
		f.d.g.Curvature(f.second, f.t, f.y, u[c*f.k:(c+1)*f.k], s)
		for r, i := range f.d.alg {
			addTo(gy, w[c*f.k+i], f.second[r*f.k:(r+1)*f.k])
		}
	}
}

func (f *daeField) SecondOrderJacobian(dy, dp, u []float64, tau float64, c0, c1 int) {
	f.inner.SecondOrderJacobian(dy, dp, u, tau, c0, c1)
	if dy == nil || f.d.laws != nil {
		return
	}
	f.d.g.Curvature(f.second, f.t, f.y, u, tau)
	for r, i := range f.d.alg {
		copy(dy[i*f.k:(i+1)*f.k], f.second[r*f.k:(r+1)*f.k])
	}
}

func (f *daeField) Jacobians(jac, t, y []float64, n int) error {
	if err := f.inner.Jacobians(jac, t, y, n); err != nil {
		return err
	}
	for c := range n {
		f.move(t[c], y[c*f.k:(c+1)*f.k])
		for r, i := range f.d.alg {
			copy(jac[(c*f.k+i)*f.k:], f.derivatives(r))
		}
	}
	return nil
}

// move makes another point the one that derivatives belong to.
func (f *daeField) move(t float64, y []float64) {
	f.t, f.fresh = t, false
	copy(f.y, y)
}

func (f *daeField) ParamVJPs(gp, gy, t, y, w []float64, n int) error {
	if err := f.inner.ParamVJPs(gp, gy, t, y, w, n); err != nil || gy == nil {
		return err
	}
	for c := range n {
		f.move(t[c], y[c*f.k:(c+1)*f.k])
		for r, i := range f.d.alg {
			addTo(gy[c*f.k:(c+1)*f.k], w[c*f.k+i], f.derivatives(r))
		}
	}
	return nil
}
