package sens

import (
	"math"
	"math/cmplx"
	"math/rand/v2"

	"github.com/stiffnode/stiffnode/ode"
)

// A twin is a right-hand side written a second time, in complex arithmetic, for derivatives by complex steps.
type twin interface {
	// eval writes f, and where not nil its Jacobian (row-major) and time derivative.
	eval(dst, jac, dfdt []complex128, t complex128, y, p []complex128)
}

// netField is f = c∘(W2 tanh(W1 [y; t/T] + b1) + b2) − d∘y with parameters (W1, b1, W2, b2): a small network written without package nn.
type netField struct {
	k, hidden int
	time      float64 // T; 0 means that f does not depend on time
	scale     []float64
	decay     []float64 // d, a fixed linear part that makes the problem stiff
	p         []float64

	x             []float64 // inputs
	a, a1, a2     []float64 // tanh, its first and second derivative
	w1, b1, w2    []float64
	b2            []float64
	inputs, count int
}

var _ ode.ParamField = (*netField)(nil)

func newNetField(k, hidden int, time float64, scale, decay []float64) *netField {
	f := &netField{k: k, hidden: hidden, time: time, scale: scale, decay: decay, inputs: k}
	if time != 0 {
		f.inputs++
	}
	f.x = make([]float64, f.inputs)
	f.a, f.a1, f.a2 = make([]float64, hidden), make([]float64, hidden), make([]float64, hidden)
	f.count = hidden*f.inputs + hidden + k*hidden + k
	f.Bind(make([]float64, f.count))
	return f
}

// netProblem is a problem whose field is a netField, with random parameters; stiff problems have decay rates up to 1e4.
func netProblem(seed uint64, k, hidden int, time float64, stiff bool) (*ode.Problem, []float64, []float64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	scale, decay, y0 := make([]float64, k), make([]float64, k), make([]float64, k)
	for i := range k {
		scale[i] = 1 + rng.Float64()
		decay[i] = 0.1
		if stiff {
			decay[i] = math.Pow(10, 4*float64(i)/float64(max(k-1, 1)))
			scale[i] *= math.Sqrt(decay[i])
		}
		y0[i] = rng.NormFloat64()
	}
	prob := &ode.Problem{Dim: k, Autonomous: time == 0, New: func() ode.Field { return newNetField(k, hidden, time, scale, decay) }}
	p := make([]float64, prob.New().(*netField).count)
	for i := range p {
		p[i] = rng.NormFloat64() / math.Sqrt(float64(k))
	}
	return prob, p, y0
}

func (f *netField) NumParams() int { return f.count }

func (f *netField) Bind(p []float64) {
	f.p = append(f.p[:0], p...)
	f.w1, f.b1, f.w2, f.b2 = netSplit(f.p, f.k, f.hidden, f.inputs)
}

func netSplit[T any](p []T, k, hidden, inputs int) (w1, b1, w2, b2 []T) {
	w1, p = p[:hidden*inputs], p[hidden*inputs:]
	b1, p = p[:hidden], p[hidden:]
	w2, b2 = p[:k*hidden], p[k*hidden:]
	return
}

func (f *netField) Eval(dst []float64, t float64, y []float64) error {
	copy(f.x, y)
	if f.time != 0 {
		f.x[f.k] = t / f.time
	}
	for h := range f.hidden {
		z := f.b1[h]
		for j, x := range f.x {
			z += f.w1[h*f.inputs+j] * x
		}
		a := math.Tanh(z)
		f.a[h], f.a1[h], f.a2[h] = a, 1-a*a, -2*a*(1-a*a)
	}
	for i := range f.k {
		s := f.b2[i]
		for h, a := range f.a {
			s += f.w2[i*f.hidden+h] * a
		}
		dst[i] = f.scale[i]*s - f.decay[i]*y[i]
	}
	return nil
}

// column is ∂f_i/∂x_j of the network, without the linear part.
func (f *netField) column(i, j int) float64 {
	s := 0.0
	for h := range f.hidden {
		s += f.w2[i*f.hidden+h] * f.a1[h] * f.w1[h*f.inputs+j]
	}
	return f.scale[i] * s
}

func (f *netField) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	if err := f.Eval(dst, t, y); err != nil {
		return err
	}
	for i := range f.k {
		for j := range f.k {
			v := f.column(i, j)
			if i == j {
				v -= f.decay[i]
			}
			jac.Set(i, j, v)
		}
		if dfdt != nil {
			dfdt[i] = 0
			if f.time != 0 {
				dfdt[i] = f.column(i, f.k) / f.time
			}
		}
	}
	return nil
}

func (f *netField) ParamJacobian(dst []float64, c0, c1 int) {
	n := c1 - c0
	clear(dst[:f.k*n])
	set := func(i, c int, v float64) {
		if c >= c0 && c < c1 {
			dst[i*n+c-c0] = f.scale[i] * v
		}
	}
	b1 := f.hidden * f.inputs
	w2 := b1 + f.hidden
	for i := range f.k {
		for h := range f.hidden {
			d := f.w2[i*f.hidden+h] * f.a1[h]
			for j, x := range f.x {
				set(i, h*f.inputs+j, d*x)
			}
			set(i, b1+h, d)
			set(i, w2+i*f.hidden+h, f.a[h])
		}
		set(i, w2+f.k*f.hidden+i, 1)
	}
}

func (f *netField) VJP(gy, gp, w []float64) {
	jp := make([]float64, f.k*f.count)
	f.ParamJacobian(jp, 0, f.count)
	for i, wi := range w {
		for j := range gy {
			gy[j] += wi * f.column(i, j)
		}
		if gy != nil {
			gy[i] -= wi * f.decay[i]
		}
		for c := range gp {
			gp[c] += wi * jp[i*f.count+c]
		}
	}
}

func (f *netField) JVP(dst, v, q []float64, n int) {
	clear(dst[:f.k*n])
	jp := make([]float64, f.k*f.count)
	f.ParamJacobian(jp, 0, f.count)
	for i := range f.k {
		for c := range n {
			if v != nil {
				for j := range f.k {
					dst[i*n+c] += f.column(i, j) * v[j*n+c]
				}
				dst[i*n+c] -= f.decay[i] * v[i*n+c]
			}
			if q != nil {
				for j := range f.count {
					dst[i*n+c] += jp[i*f.count+j] * q[j*n+c]
				}
			}
		}
	}
}

func (f *netField) SecondOrderJacobian(dy, dp, u []float64, tau float64, c0, c1 int) {
	n := c1 - c0
	dir := append([]float64(nil), u...)
	if f.time != 0 {
		dir = append(dir, tau/f.time)
	}
	clear(dy)
	clear(dp)
	set := func(i, c int, v float64) {
		if dp != nil && c >= c0 && c < c1 {
			dp[i*n+c-c0] = f.scale[i] * v
		}
	}
	b1 := f.hidden * f.inputs
	w2 := b1 + f.hidden
	for i := range f.k {
		for h := range f.hidden {
			s := 0.0
			for j, d := range dir {
				s += f.w1[h*f.inputs+j] * d
			}
			w := f.w2[i*f.hidden+h]
			for j := range f.k {
				dy[i*f.k+j] += f.scale[i] * w * f.a2[h] * s * f.w1[h*f.inputs+j]
			}
			for j, x := range f.x {
				set(i, h*f.inputs+j, w*(f.a2[h]*s*x+f.a1[h]*dir[j]))
			}
			set(i, b1+h, w*f.a2[h]*s)
			set(i, w2+i*f.hidden+h, f.a1[h]*s)
		}
	}
}

func (f *netField) SecondOrder(gy, gp, w, u, tau []float64, n int) {
	dy, dp := make([]float64, f.k*f.k), make([]float64, f.k*f.count)
	for c := range n {
		h := 0.0
		if tau != nil {
			h = tau[c]
		}
		f.SecondOrderJacobian(dy, dp, u[c*f.k:(c+1)*f.k], h, 0, f.count)
		for i, wi := range w[c*f.k : (c+1)*f.k] {
			for j := range gy {
				gy[j] += wi * dy[i*f.k+j]
			}
			for j := range gp {
				gp[j] += wi * dp[i*f.count+j]
			}
		}
	}
}

func (f *netField) eval(dst, jac, dfdt []complex128, t complex128, y, p []complex128) {
	w1, b1, w2, b2 := netSplit(p, f.k, f.hidden, f.inputs)
	x := append([]complex128(nil), y...)
	if f.time != 0 {
		x = append(x, t/complex(f.time, 0))
	}
	a := make([]complex128, f.hidden)
	for h := range a {
		z := b1[h]
		for j, v := range x {
			z += w1[h*f.inputs+j] * v
		}
		a[h] = cmplx.Tanh(z)
	}
	for i := range f.k {
		c := complex(f.scale[i], 0)
		s := b2[i]
		for h, v := range a {
			s += w2[i*f.hidden+h] * v
		}
		dst[i] = c*s - complex(f.decay[i], 0)*y[i]
		if jac == nil {
			continue
		}
		for j := range x {
			s := complex128(0)
			for h, v := range a {
				s += w2[i*f.hidden+h] * (1 - v*v) * w1[h*f.inputs+j]
			}
			s *= c
			if j == f.k {
				dfdt[i] = s / complex(f.time, 0)
				continue
			}
			if i == j {
				s -= complex(f.decay[i], 0)
			}
			jac[i*f.k+j] = s
		}
	}
}

// batchField adds to a netField what a field in SIMD lanes would offer.
type batchField struct{ *netField }

var _ ode.BatchParamField = batchField{}

func (b batchField) Jacobians(jac, t, y []float64, n int) error {
	k := b.k
	j, f := ode.NewJacobian(k, ode.JacobianLayout{}), make([]float64, k)
	for i := range n {
		if err := b.EvalJacobian(f, j, nil, t[i], y[i*k:(i+1)*k]); err != nil {
			return err
		}
		copy(jac[i*k*k:], j.Data)
	}
	return nil
}

func (b batchField) ParamVJPs(gp, gy, t, y, w []float64, n int) error {
	k, f := b.k, make([]float64, b.k)
	for i := range n {
		if err := b.Eval(f, t[i], y[i*k:(i+1)*k]); err != nil {
			return err
		}
		var row []float64
		if gy != nil {
			row = gy[i*k : (i+1)*k]
			clear(row)
		}
		b.VJP(row, gp, w[i*k:(i+1)*k])
	}
	return nil
}

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

// splitField is a netField of which the linear part −d∘y and most of the network are treated implicitly.
type splitField struct {
	*netField
	implicit, explicit *netField
}

var _ Splitter = (*splitField)(nil)

func newSplitField(whole *netField) *splitField {
	zero := make([]float64, whole.k)
	return &splitField{
		netField: whole,
		// the parameters enter both parts
		implicit: newNetField(whole.k, whole.hidden, whole.time, scaled(whole.scale, 0.95), whole.decay),
		explicit: newNetField(whole.k, whole.hidden, whole.time, scaled(whole.scale, 0.05), zero),
	}
}

func scaled(v []float64, s float64) []float64 {
	w := append([]float64(nil), v...)
	scaleVector(w, s)
	return w
}

func (f *splitField) Parts() (implicit, explicit ode.ParamField) { return f.implicit, f.explicit }

func (f *splitField) Bind(p []float64) {
	f.netField.Bind(p)
	f.implicit.Bind(p)
	f.explicit.Bind(p)
}

func (f *splitField) EvalImplicit(dst []float64, jac *ode.Jacobian, t float64, y []float64) error {
	if jac != nil {
		return f.implicit.EvalJacobian(dst, jac, nil, t, y)
	}
	return f.implicit.Eval(dst, t, y)
}

func (f *splitField) EvalExplicit(dst []float64, t float64, y []float64) error {
	return f.explicit.Eval(dst, t, y)
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
