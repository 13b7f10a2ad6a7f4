package problems

import "github.com/stiffnode/stiffnode/ode"

// A system is a small right-hand side that writes its derivatives as dense matrices, from which a denseField makes every
// product. Matrices are row-major and set to zero by the caller.
type system interface {
	// eval writes f into dst.
	eval(dst []float64, at *point) error
	// jacobian writes ∂f/∂y into jac (k×k), ∂f/∂t into dfdt (len k) and ∂f/∂p into par (k×m).
	jacobian(jac, dfdt, par []float64, at *point)
	// second writes the derivatives of ∂f/∂y·u + ∂f/∂t·τ with respect to y into dy (k×k) and p into dp (k×m).
	second(dy, dp, u []float64, tau float64, at *point)
}

// A point is where a right-hand side is evaluated.
type point struct {
	t    float64
	y, p []float64
}

// denseField makes a field with all derivative products from a system.
type denseField struct {
	system
	k, m int
	at   point
	// jac, dfdt and par belong to the point where have says so
	jac, dfdt, par []float64
	have           bool
	dy, dp         []float64
}

var _ ode.ParamField = (*denseField)(nil)

func newDenseField(s system, k int, params []Param) *denseField {
	m := len(params)
	f := &denseField{
		system: s, k: k, m: m, at: point{y: make([]float64, k), p: make([]float64, m)},
		jac: make([]float64, k*k), dfdt: make([]float64, k), par: make([]float64, k*m), dy: make([]float64, k*k), dp: make([]float64, k*m),
	}
	for i, q := range params {
		f.at.p[i] = q.Value
	}
	return f
}

// NumParams implements ode.ParamField.
func (f *denseField) NumParams() int { return f.m }

// Bind implements ode.ParamField.
func (f *denseField) Bind(p []float64) {
	copy(f.at.p, p)
	f.have = false
}

// Eval implements ode.Field.
func (f *denseField) Eval(dst []float64, t float64, y []float64) error {
	f.at.t = t
	copy(f.at.y, y)
	f.have = false
	return f.eval(dst, &f.at)
}

// derivatives makes the first derivatives at the point.
func (f *denseField) derivatives() {
	if f.have {
		return
	}
	f.have = true
	clear(f.jac)
	clear(f.dfdt)
	clear(f.par)
	f.jacobian(f.jac, f.dfdt, f.par, &f.at)
}

// EvalJacobian implements ode.Field.
func (f *denseField) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	if err := f.Eval(dst, t, y); err != nil {
		return err
	}
	f.derivatives()
	for i := range f.k {
		for j, v := range f.jac[i*f.k : (i+1)*f.k] {
			jac.Set(i, j, v)
		}
	}
	copy(dfdt, f.dfdt)
	return nil
}

// VJP implements ode.ParamField.
func (f *denseField) VJP(gy, gp, w []float64) {
	f.derivatives()
	f.addTransposed(gy, gp, f.jac, f.par, w)
}

// addTransposed adds dyᵀw to gy and dpᵀw to gp, where they are not nil.
func (f *denseField) addTransposed(gy, gp, dy, dp, w []float64) {
	for i, x := range w {
		if gy != nil {
			for j, v := range dy[i*f.k : (i+1)*f.k] {
				gy[j] += x * v
			}
		}
		if gp != nil {
			for j, v := range dp[i*f.m : (i+1)*f.m] {
				gp[j] += x * v
			}
		}
	}
}

// JVP implements ode.ParamField.
func (f *denseField) JVP(dst, v, q []float64, n int) {
	f.derivatives()
	clear(dst[:f.k*n])
	for i := range f.k {
		row := dst[i*n : (i+1)*n]
		if v != nil {
			for j, a := range f.jac[i*f.k : (i+1)*f.k] {
				for l, x := range v[j*n : (j+1)*n] {
					row[l] += a * x
				}
			}
		}
		if q != nil {
			for j, a := range f.par[i*f.m : (i+1)*f.m] {
				for l, x := range q[j*n : (j+1)*n] {
					row[l] += a * x
				}
			}
		}
	}
}

// ParamJacobian implements ode.ParamField.
func (f *denseField) ParamJacobian(dst []float64, c0, c1 int) {
	f.derivatives()
	f.columns(dst, f.par, c0, c1)
}

func (f *denseField) columns(dst, par []float64, c0, c1 int) {
	for i := range f.k {
		copy(dst[i*(c1-c0):(i+1)*(c1-c0)], par[i*f.m+c0:i*f.m+c1])
	}
}

// SecondOrder implements ode.ParamField.
func (f *denseField) SecondOrder(gy, gp, w, u, tau []float64, n int) {
	for i := range n {
		s := 0.0
		if tau != nil {
			s = tau[i]
		}
		f.both(u[i*f.k:(i+1)*f.k], s)
		f.addTransposed(gy, gp, f.dy, f.dp, w[i*f.k:(i+1)*f.k])
	}
}

// both makes dy and dp for one direction.
func (f *denseField) both(u []float64, tau float64) {
	clear(f.dy)
	clear(f.dp)
	f.second(f.dy, f.dp, u, tau, &f.at)
}

// SecondOrderJacobian implements ode.ParamField.
func (f *denseField) SecondOrderJacobian(dy, dp, u []float64, tau float64, c0, c1 int) {
	f.both(u, tau)
	copy(dy, f.dy)
	if dp != nil {
		f.columns(dp, f.dp, c0, c1)
	}
}
