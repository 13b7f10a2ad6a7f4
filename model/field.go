package model

import (
	"github.com/stiffnode/stiffnode/internal/kernel"
	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
)

var _ field = (*scaledField)(nil)

// scaledField evaluates a scaled neural ODE. With N the network, x its inputs, S the gains of its outputs and D = diag(dx/dy),
//
//	f = S N(x),   ∂f/∂y = S J D,   ∂f/∂p = S ∂N/∂p,   J = ∂N/∂x,
//
// and the time, where it is an input, is one more component of y as far as D is concerned.
type scaledField struct {
	s   *Scaled
	net *nn.Evaluator
	k   int // states
	ni  int // network inputs
	no  int // network outputs

	inputs []transform // of every network input
	curved bool        // some input is nonlinear
	direct bool        // network inputs and outputs are all states, in order
	plain  bool        // the inputs are all states themselves, in order
	all    bool        // the outputs belong to all states, in order

	x []float64 // inputs, where they are not the states
	// The inputs' derivatives, at the point of the latest Eval or EvalJacobian where some input is nonlinear.
	d1, d2 []float64

	o, w, gx []float64 // one output vector, one weight vector, one input vector
	jac      []float64 // no×ni
	batch    struct{ x, d1, w, gx, jac, o []float64 }
	seeds    struct{ w, u []float64 }
	columns  []float64 // ni×n of JVP
}

func newScaledField(s *Scaled) *scaledField {
	net, err := nn.NewEvaluator(s.net)
	if err != nil {
		panic(err) // NewScaled has validated the network
	}
	f := &scaledField{s: s, net: net, k: len(s.cfg.States), ni: s.net.Inputs, no: s.net.Outputs}
	for _, i := range s.in {
		f.inputs = append(f.inputs, s.cfg.Input.constants(i))
	}
	if t := s.cfg.Time; t != nil {
		f.inputs = append(f.inputs, t.constants())
	}
	for _, t := range f.inputs {
		f.curved = f.curved || t.kind == InputLog
	}
	f.all = f.no == f.k
	f.direct = f.ni == f.k && f.all && s.cfg.Time == nil
	f.plain = f.ni == f.k && s.cfg.Time == nil && s.cfg.Input.Kind == InputNone
	buf := make([]float64, 4*f.ni+2*f.no+f.no*f.ni)
	next := func(n int) []float64 {
		v := buf[:n:n]
		buf = buf[n:]
		return v
	}
	f.x, f.d1, f.d2, f.gx = next(f.ni), next(f.ni), next(f.ni), next(f.ni)
	f.o, f.w, f.jac = next(f.no), next(f.no), next(f.no*f.ni)
	for j := range f.inputs {
		_, f.d1[j], _ = f.inputs[j].at(0)
	}
	return f
}

func (f *scaledField) NumParams() int { return f.s.net.NumParams() }

func (f *scaledField) Bind(p []float64) { f.net.Bind(p) }

// Defer and Settle implement ode.DeferringField.
func (f *scaledField) Defer(on bool) { f.net.Defer(on) }

func (f *scaledField) Settle() { f.net.Settle() }

// point returns the network's inputs and makes their derivatives where these are not constant.
func (f *scaledField) point(t float64, y []float64) []float64 {
	switch last := len(f.s.in); {
	case f.plain:
		return y[:f.k]
	case f.curved:
		for j, i := range f.s.in {
			f.x[j], f.d1[j], f.d2[j] = f.inputs[j].at(y[i])
		}
		if last < f.ni {
			f.x[last], f.d1[last], f.d2[last] = f.inputs[last].at(t)
		}
	default:
		for j, i := range f.s.in {
			f.x[j] = f.inputs[j].linear(y[i])
		}
		if last < f.ni {
			f.x[last] = f.inputs[last].linear(t)
		}
	}
	return f.x
}

// scatter writes S·o into dst.
func (f *scaledField) scatter(dst, o []float64) {
	if f.all {
		kernel.Mul(dst[:f.k], f.s.gain, o)
		return
	}
	clear(dst)
	for r, g := range f.s.gain {
		dst[f.s.out[r]] = g * o[r]
	}
}

// gather writes S·w into dst.
func (f *scaledField) gather(dst, w []float64) {
	for r, g := range f.s.gain {
		dst[r] = g * w[f.s.out[r]]
	}
}

// addInputs adds D·gx to gy; what belongs to the time is left out.
func (f *scaledField) addInputs(gy, gx, d1 []float64) {
	for j, i := range f.s.in {
		gy[i] += d1[j] * gx[j]
	}
}

func (f *scaledField) Eval(dst []float64, t float64, y []float64) error {
	f.net.Value(f.o, f.point(t, y))
	f.scatter(dst, f.o)
	return nil
}

func (f *scaledField) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	f.net.ValueJacobian(f.o, f.jac, f.point(t, y))
	f.scatter(dst, f.o)
	if f.plain && f.all && jac.Stride == f.k {
		kernel.ScaleRows(jac.Data, f.jac, f.s.gain, f.k, f.k)
	} else {
		f.scaleJacobian(jac)
	}
	if dfdt != nil {
		clear(dfdt)
		if f.s.cfg.Time != nil {
			last := f.ni - 1
			for r, g := range f.s.gain {
				dfdt[f.s.out[r]] = g * f.jac[r*f.ni+last] * f.d1[last]
			}
		}
	}
	return nil
}

// scaleJacobian writes S·J·D without what belongs to the time.
func (f *scaledField) scaleJacobian(jac *ode.Jacobian) {
	if !f.direct {
		jac.Zero()
	}
	for r, g := range f.s.gain {
		row := f.jac[r*f.ni : (r+1)*f.ni]
		to := jac.Data[f.s.out[r]*jac.Stride:]
		for j, i := range f.s.in {
			to[i] = g * row[j] * f.d1[j]
		}
	}
}

func (f *scaledField) VJP(gy, gp, w []float64) {
	f.gather(f.w, w)
	if gy == nil {
		f.net.VJP(nil, gp, f.w)
		return
	}
	clear(f.gx)
	f.net.VJP(f.gx, gp, f.w)
	f.addInputs(gy, f.gx, f.d1)
}

func (f *scaledField) JVP(dst, v, q []float64, n int) {
	var vx []float64
	if v != nil {
		vx = grow(&f.columns, f.ni*n)
		for j, i := range f.s.in {
			row := vx[j*n : (j+1)*n]
			for c, x := range v[i*n : (i+1)*n] {
				row[c] = f.d1[j] * x
			}
		}
		if f.s.cfg.Time != nil {
			clear(vx[(f.ni-1)*n:])
		}
	}
	f.net.JVP(dst[:f.no*n], vx, q, n)
	f.spread(dst, n)
}

// spread moves the rows of S·(no×n), which stand at the beginning of dst, to their states' places, and clears the others.
func (f *scaledField) spread(dst []float64, n int) {
	free := f.k // rows from here on are done
	for r := f.no - 1; r >= 0; r-- {
		i, g := f.s.out[r], f.s.gain[r]
		clear(dst[(i+1)*n : free*n])
		from, to := dst[r*n:(r+1)*n], dst[i*n:(i+1)*n]
		for c, x := range from {
			to[c] = g * x
		}
		free = i
	}
	clear(dst[:free*n])
}

func (f *scaledField) ParamJacobian(dst []float64, c0, c1 int) {
	n := c1 - c0
	f.net.ParamJacobian(dst[:f.no*n], c0, c1)
	f.spread(dst, n)
}

// directions writes D·(uᵢ, τᵢ) for n directions into the scratch and returns it, n×ni.
func (f *scaledField) directions(u, tau []float64, n int) []float64 {
	ux := grow(&f.seeds.u, n*f.ni)
	for c := range n {
		row := ux[c*f.ni : (c+1)*f.ni]
		for j, i := range f.s.in {
			row[j] = f.d1[j] * u[c*f.k+i]
		}
		if f.s.cfg.Time != nil {
			row[f.ni-1] = 0
			if tau != nil {
				row[f.ni-1] = f.d1[f.ni-1] * tau[c]
			}
		}
	}
	return ux
}

func (f *scaledField) along(dst, u []float64, tau float64) {
	taus := [1]float64{tau}
	f.net.JVP(dst[:f.no], f.directions(u, taus[:], 1), nil, 1)
	f.spread(dst[:f.k], 1)
}

// SecondOrder implements ode.ParamField.
func (f *scaledField) SecondOrder(gy, gp, w, u, tau []float64, n int) {
	f.Adjoint(gy, gp, nil, w, u, tau, n)
}

// Adjoint implements ode.AdjointField; w0 may be nil. With û = D(u, τ) and ŵ = S w the sum is Σ ŵᵀ J(x) û, whose gradient has, besides D times that of the network with û held
// fixed, the part Σ x″·u·(Jᵀŵ) from û itself where inputs are nonlinear.
func (f *scaledField) Adjoint(gy, gp, w0, w, u, tau []float64, n int) {
	if w0 != nil {
		f.gather(f.w, w0)
		w0 = f.w
	}
	ux := f.directions(u, tau, n)
	wx := grow(&f.seeds.w, n*f.no)
	for c := range n {
		f.gather(wx[c*f.no:(c+1)*f.no], w[c*f.k:(c+1)*f.k])
	}
	if gy == nil {
		f.net.Adjoint(nil, gp, w0, wx, ux, n)
		return
	}
	clear(f.gx)
	f.net.Adjoint(f.gx, gp, w0, wx, ux, n)
	f.addInputs(gy, f.gx, f.d1)
	if !f.curved {
		return
	}
	for c := range n {
		clear(f.gx)
		f.net.VJP(f.gx, nil, wx[c*f.no:(c+1)*f.no])
		for j, i := range f.s.in {
			gy[i] += f.d2[j] * u[c*f.k+i] * f.gx[j]
		}
	}
}

func (f *scaledField) SecondOrderJacobian(dy, dp, u []float64, tau float64, c0, c1 int) {
	taus := [1]float64{tau}
	ux := f.directions(u, taus[:], 1)
	n := c1 - c0
	if dp == nil {
		c0, c1, n = 0, 0, 0
	}
	jac := f.jac
	if dy == nil {
		jac = nil
	}
	f.net.SecondOrderJacobian(jac, dp[:f.no*n], ux, c0, c1)
	if dp != nil {
		f.spread(dp, n)
	}
	if dy == nil {
		return
	}
	clear(dy)
	for r, g := range f.s.gain {
		to := dy[f.s.out[r]*f.k:]
		for j, i := range f.s.in {
			to[i] = g * jac[r*f.ni+j] * f.d1[j]
		}
	}
	if !f.curved {
		return
	}
	for r, g := range f.s.gain {
		clear(f.o)
		f.o[r] = g
		clear(f.gx)
		f.net.VJP(f.gx, nil, f.o)
		to := dy[f.s.out[r]*f.k:]
		for j, i := range f.s.in {
			to[i] += f.d2[j] * u[i] * f.gx[j]
		}
	}
}

// points returns the network's inputs at n points and, where some input is nonlinear, makes their derivatives in f.batch.d1.
func (f *scaledField) points(t, y []float64, n int) []float64 {
	if f.plain {
		return y[:n*f.k]
	}
	x := grow(&f.batch.x, n*f.ni)
	if !f.curved {
		for c := range n {
			copy(x[c*f.ni:(c+1)*f.ni], f.point(t[c], y[c*f.k:(c+1)*f.k]))
		}
		return x
	}
	d1 := grow(&f.batch.d1, n*f.ni)
	for c := range n {
		for j, i := range f.s.in {
			x[c*f.ni+j], d1[c*f.ni+j], _ = f.inputs[j].at(y[c*f.k+i])
		}
		if j := len(f.s.in); j < f.ni {
			x[c*f.ni+j], d1[c*f.ni+j], _ = f.inputs[j].at(t[c])
		}
	}
	return x
}

// slopes are the derivatives of the inputs at point c of the latest points.
func (f *scaledField) slopes(c int) []float64 {
	if f.curved {
		return f.batch.d1[c*f.ni : (c+1)*f.ni]
	}
	return f.d1
}

func (f *scaledField) values(dst, t, y []float64, n int) {
	o := grow(&f.batch.o, n*f.no)
	f.net.ValueBatch(o, f.points(t, y, n), n)
	for c := range n {
		f.scatter(dst[c*f.k:(c+1)*f.k], o[c*f.no:])
	}
}

func (f *scaledField) Jacobians(jac, t, y []float64, n int) error {
	x := f.points(t, y, n)
	if f.direct && f.plain {
		jac = jac[:n*f.k*f.k]
		f.net.JacobianBatch(jac, x, n)
		gains := grow(&f.batch.jac, f.k*f.k) // one for every entry, so that a point is one loop
		for i := range gains {
			gains[i] = f.s.gain[i/f.k]
		}
		for ; len(jac) > 0; jac = jac[len(gains):] {
			for i, g := range gains {
				jac[i] *= g
			}
		}
		return nil
	}
	jx := grow(&f.batch.jac, n*f.no*f.ni)
	f.net.JacobianBatch(jx, x, n)
	if !f.direct {
		clear(jac[:n*f.k*f.k])
	}
	for c := range n {
		d1 := f.slopes(c)
		for r, g := range f.s.gain {
			row := jx[(c*f.no+r)*f.ni : (c*f.no+r+1)*f.ni]
			to := jac[(c*f.k+f.s.out[r])*f.k:]
			for j, i := range f.s.in {
				to[i] = g * row[j] * d1[j]
			}
		}
	}
	return nil
}

func (f *scaledField) ParamVJPs(gp, gy, t, y, w []float64, n int) error {
	x := f.points(t, y, n)
	wx := grow(&f.batch.w, n*f.no)
	for c := range n {
		f.gather(wx[c*f.no:(c+1)*f.no], w[c*f.k:(c+1)*f.k])
	}
	if gy == nil {
		f.net.ParamVJPBatch(gp, nil, x, wx, n)
		return nil
	}
	gx := grow(&f.batch.gx, n*f.ni)
	f.net.ParamVJPBatch(gp, gx, x, wx, n)
	clear(gy[:n*f.k])
	for c := range n {
		f.addInputs(gy[c*f.k:(c+1)*f.k], gx[c*f.ni:(c+1)*f.ni], f.slopes(c))
	}
	return nil
}

// grow returns the first n numbers of a scratch slice, which it makes larger where it is too small.
func grow(s *[]float64, n int) []float64 {
	if len(*s) < n {
		*s = make([]float64, max(n, 2*len(*s)))
	}
	return (*s)[:n]
}
