package sens

import "github.com/stiffnode/stiffnode/ode"

// roberField is Robertson's problem with its rate constants as parameters (k1, k2, k3).
type roberField struct{ p, y [3]float64 }

var _ ode.ParamField = (*roberField)(nil)

func roberProblem() (prob *ode.Problem, p, y0 []float64) {
	return &ode.Problem{Dim: 3, Autonomous: true, New: func() ode.Field { return &roberField{} }}, []float64{0.04, 3e7, 1e4}, []float64{1, 0, 0}
}

func (f *roberField) NumParams() int   { return 3 }
func (f *roberField) Bind(p []float64) { copy(f.p[:], p) }

func (f *roberField) Eval(dst []float64, _ float64, y []float64) error {
	copy(f.y[:], y)
	a, b, c := f.p[0]*y[0], f.p[2]*y[1]*y[2], f.p[1]*y[1]*y[1]
	dst[0], dst[1], dst[2] = b-a, a-b-c, c
	return nil
}

func (f *roberField) matrix() [9]float64 {
	k1, k2, k3, y := f.p[0], f.p[1], f.p[2], f.y
	return [9]float64{-k1, k3 * y[2], k3 * y[1], k1, -k3*y[2] - 2*k2*y[1], -k3 * y[1], 0, 2 * k2 * y[1], 0}
}

func (f *roberField) params() [9]float64 {
	y := f.y
	return [9]float64{-y[0], 0, y[1] * y[2], y[0], -y[1] * y[1], -y[1] * y[2], 0, y[1] * y[1], 0}
}

func (f *roberField) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	clear(dfdt)
	err := f.Eval(dst, t, y)
	for i, v := range f.matrix() {
		jac.Set(i/3, i%3, v)
	}
	return err
}

func (f *roberField) VJP(gy, gp, w []float64) {
	j, q := f.matrix(), f.params()
	for i, wi := range w {
		for c := range 3 {
			if gy != nil {
				gy[c] += wi * j[3*i+c]
			}
			if gp != nil {
				gp[c] += wi * q[3*i+c]
			}
		}
	}
}

func (f *roberField) JVP(dst, v, q []float64, n int) {
	clear(dst[:3*n])
	j, p := f.matrix(), f.params()
	for i := range 3 {
		for l := range 3 {
			for c := range n {
				if v != nil {
					dst[i*n+c] += j[3*i+l] * v[l*n+c]
				}
				if q != nil {
					dst[i*n+c] += p[3*i+l] * q[l*n+c]
				}
			}
		}
	}
}

func (f *roberField) ParamJacobian(dst []float64, c0, c1 int) {
	p := f.params()
	for i := range 3 {
		copy(dst[i*(c1-c0):(i+1)*(c1-c0)], p[3*i+c0:3*i+c1])
	}
}

func (f *roberField) second(u []float64) (dy, dp [9]float64) {
	k2, k3, y := f.p[1], f.p[2], f.y
	b := [3]float64{0, k3 * u[2], k3 * u[1]}   // ∂/∂y of k3 (y3 u2 + y2 u3)
	c := [3]float64{0, 2 * k2 * u[1], 0}       // ∂/∂y of 2 k2 y2 u2
	pb, pc := y[2]*u[1]+y[1]*u[2], 2*y[1]*u[1] // ∂/∂k3 and ∂/∂k2 of the same
	for i := range 3 {
		dy[i], dy[3+i], dy[6+i] = b[i], -b[i]-c[i], c[i]
	}
	dp = [9]float64{-u[0], 0, pb, u[0], -pc, -pb, 0, pc, 0}
	return
}

func (f *roberField) SecondOrderJacobian(dy, dp, u []float64, _ float64, c0, c1 int) {
	y, p := f.second(u)
	copy(dy, y[:])
	for i := range 3 {
		if dp != nil {
			copy(dp[i*(c1-c0):(i+1)*(c1-c0)], p[3*i+c0:3*i+c1])
		}
	}
}

func (f *roberField) SecondOrder(gy, gp, w, u, _ []float64, n int) {
	for c := range n {
		y, p := f.second(u[3*c : 3*c+3])
		for i, wi := range w[3*c : 3*c+3] {
			for j := range 3 {
				if gy != nil {
					gy[j] += wi * y[3*i+j]
				}
				if gp != nil {
					gp[j] += wi * p[3*i+j]
				}
			}
		}
	}
}

func (f *roberField) eval(dst, jac, _ []complex128, _ complex128, y, p []complex128) {
	a, b, c := p[0]*y[0], p[2]*y[1]*y[2], p[1]*y[1]*y[1]
	dst[0], dst[1], dst[2] = b-a, a-b-c, c
	if jac != nil {
		copy(jac, []complex128{-p[0], p[2] * y[2], p[2] * y[1], p[0], -p[2]*y[2] - 2*p[1]*y[1], -p[2] * y[1], 0, 2 * p[1] * y[1], 0})
	}
}

// roberDAE is Robertson's problem with its third equation replaced by the conservation law, scaled: 0 = s (y1 + y2 + y3 − 1).
type roberDAE struct {
	roberField
	s float64
}

func roberDAEProblem() (prob *ode.Problem, p, y0 []float64) {
	_, p, y0 = roberProblem()
	return &ode.Problem{Dim: 3, Autonomous: true, Mass: ode.DiagonalMass(1, 1, 0), New: func() ode.Field { return &roberDAE{s: 2} }}, p, y0
}

func (f *roberDAE) Eval(dst []float64, t float64, y []float64) error {
	err := f.roberField.Eval(dst, t, y)
	dst[2] = f.s * (y[0] + y[1] + y[2] - 1)
	return err
}

func (f *roberDAE) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	err := f.roberField.EvalJacobian(dst, jac, dfdt, t, y)
	dst[2] = f.s * (y[0] + y[1] + y[2] - 1)
	for j := range 3 {
		jac.Set(2, j, f.s)
	}
	return err
}

func (f *roberDAE) VJP(gy, gp, w []float64) {
	f.roberField.VJP(gy, gp, []float64{w[0], w[1], 0})
	for j := range gy {
		gy[j] += f.s * w[2]
	}
}

func (f *roberDAE) JVP(dst, v, q []float64, n int) {
	f.roberField.JVP(dst, v, q, n)
	for c := range n {
		dst[2*n+c] = 0
		if v != nil {
			dst[2*n+c] = f.s * (v[c] + v[n+c] + v[2*n+c])
		}
	}
}

func (f *roberDAE) ParamJacobian(dst []float64, c0, c1 int) {
	f.roberField.ParamJacobian(dst, c0, c1)
	clear(dst[2*(c1-c0):])
}

func (f *roberDAE) SecondOrderJacobian(dy, dp, u []float64, tau float64, c0, c1 int) {
	f.roberField.SecondOrderJacobian(dy, dp, u, tau, c0, c1)
	clear(dy[6:9])
	if dp != nil {
		clear(dp[2*(c1-c0):])
	}
}

func (f *roberDAE) SecondOrder(gy, gp, w, u, tau []float64, n int) {
	v := append([]float64(nil), w...)
	for c := range n {
		v[3*c+2] = 0
	}
	f.roberField.SecondOrder(gy, gp, v, u, tau, n)
}
