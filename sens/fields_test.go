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
