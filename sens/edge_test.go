package sens

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
)

// A restart at a time that must be hit, where histories begin anew, is differentiated exactly too.
func TestTimesToHit(t *testing.T) {
	for _, c := range discreteCases() {
		if singular(c.prob) {
			continue
		}
		c.opt.Hit = []float64{c.t0 + 0.37*(c.t1-c.t0), c.t0 + 0.7*(c.t1-c.t0)}
		a, ev := gradientOf(t, DiscreteReverse{}, c, curved)
		b, _ := gradientOf(t, DiscreteForward{Workers: 1}, c, curved)
		f, _ := gradientOf(t, ContinuousForward{StatesOnly: true}, c, curved)
		if e := relL2(a.joined(), b.joined()); !(e <= 1e-10) {
			t.Errorf("%s: forward and reverse differ by %.2g", c.name, e)
		}
		if e := relL2(f.joined(), b.joined()); !(e <= 1e-12) {
			t.Errorf("%s: discrete and lockstep forward mode differ by %.2g", c.name, e)
		}
		d := ev.(*discreteReverse)
		k := c.prob.Dim
		grads := make([]float64, len(c.times)*k)
		for i, tt := range c.times {
			curved.At(i, tt, a.Y[i*k:(i+1)*k], grads[i*k:(i+1)*k])
		}
		if e := twinError(t, c.prob, &d.tape, c.p, c.y0, grads, converged(t, d, c, grads)); !(e <= 1e-10) {
			t.Errorf("%s: reverse and complex step differ by %.2g", c.name, e)
		}
	}
	dae, _, _ := roberDAEProblem()
	var refused *RefusedError
	if _, err := (DiscreteReverse{}).New(Setup{Problem: dae, Options: ode.Options{Method: ode.Radau, Hit: []float64{1}}}); !errors.As(err, &refused) {
		t.Errorf("times to hit of a DAE: %v", err)
	}
}

// Adjoints stop at times to hit too: right across a jump of the right-hand side, y′ = −r(t) p y with r = 1 before t = 1 and 50 after.
func TestDiscontinuousRightHandSide(t *testing.T) {
	prob := &ode.Problem{Dim: 1, New: func() ode.Field { return &jumpField{} }}
	loss := LossFunc(func(_ int, _ float64, y, grad []float64) float64 {
		if grad != nil {
			grad[0] = 1
		}
		return y[0]
	})
	// y(2) = exp(−51p)
	const p = 0.1
	want := []float64{-51 * math.Exp(-51*p), math.Exp(-51 * p)}
	for _, m := range Methods() {
		ev, err := m.New(Setup{Problem: prob, Options: ode.Options{Method: ode.KenCarp4, RTol: 1e-8, Hit: []float64{1}}})
		if err != nil {
			t.Fatal(err)
		}
		var g Gradient
		if err := ev.Gradient(context.Background(), &g, []float64{p}, []float64{1}, 0, 2, []float64{2}, loss); err != nil {
			t.Errorf("%s: %v", m.Info().Name, err)
			continue
		}
		most := 11
		if m.Info().Name == "quadrature" {
			most = 16 // it rejects more for the sake of its integral, with or without the stop at the jump
		}
		if e := relL2(g.joined(), want); !(e <= 1e-6) || g.Reverse.Rejected() > most {
			// a step across the jump costs several rejections more
			t.Errorf("%s: error %.2g, %d rejected reverse steps", m.Info().Name, e, g.Reverse.Rejected())
		}
	}
}

// jumpField is the decay above. At t = 1 itself it takes the value that the interval just entered or left has: a solver that steps on the
// jump evaluates it from both sides, and either is right there.
type jumpField struct {
	decay
	r float64
}

func (f *jumpField) Eval(dst []float64, t float64, y []float64) error {
	f.r = 1
	if t >= 1 {
		f.r = 50
	}
	f.y = y[0]
	dst[0] = -f.r * f.p * f.y
	return nil
}

func (f *jumpField) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	err := f.Eval(dst, t, y)
	jac.Set(0, 0, -f.r*f.p)
	clear(dfdt)
	return err
}

func (f *jumpField) scaled(call func(), values ...[]float64) {
	before := make([][]float64, len(values))
	for i, v := range values {
		before[i] = append([]float64(nil), v...)
		clear(v)
	}
	call()
	for i, v := range values {
		for j := range v {
			v[j] = before[i][j] + f.r*v[j]
		}
	}
}

func (f *jumpField) VJP(gy, gp, w []float64) { f.scaled(func() { f.decay.VJP(gy, gp, w) }, gy, gp) }

func (f *jumpField) JVP(dst, v, q []float64, n int) {
	f.decay.JVP(dst, v, q, n)
	scaleVector(dst[:n], f.r)
}

func (f *jumpField) ParamJacobian(dst []float64, c0, c1 int) {
	f.decay.ParamJacobian(dst, c0, c1)
	scaleVector(dst[:c1-c0], f.r)
}

func (f *jumpField) SecondOrder(gy, gp, w, u, tau []float64, n int) {
	f.scaled(func() { f.decay.SecondOrder(gy, gp, w, u, tau, n) }, gy, gp)
}

func (f *jumpField) SecondOrderJacobian(dy, dp, u []float64, tau float64, c0, c1 int) {
	f.decay.SecondOrderJacobian(dy, dp, u, tau, c0, c1)
	scaleVector(dp, f.r)
}

// An interval of no length leaves the loss of the initial state.
func TestEmptyInterval(t *testing.T) {
	prob, p, y0 := netProblem(1, 3, 3, 2, false)
	grad := make([]float64, 3)
	want := curved.At(0, 1, y0, grad)
	for _, m := range Methods() {
		ev, err := m.New(Setup{Problem: prob, Options: ode.Options{Method: ode.KenCarp4}})
		if err != nil {
			t.Fatal(err)
		}
		var g Gradient
		if err := ev.Gradient(context.Background(), &g, p, y0, 1, 1, []float64{1}, curved); err != nil {
			t.Errorf("%s: %v", m.Info().Name, err)
			continue
		}
		if g.Loss != want || relL2(g.Initial, grad) > 1e-14 || math.Sqrt(dot(g.Params, g.Params)) > 0 {
			t.Errorf("%s: loss %g, ∂L/∂y0 %v, ∂L/∂p %v", m.Info().Name, g.Loss, g.Initial, g.Params)
		}
	}
}

// panicking is a field whose products panic, as a user's may.
type panicking struct{ *netField }

func (panicking) VJP(_, _, _ []float64)                      { panic("no products here") }
func (panicking) ParamJacobian([]float64, int, int)          { panic("no products here") }
func (panicking) SecondOrder(_, _, _, _, _ []float64, _ int) { panic("no products here") }
func (panicking) SecondOrderJacobian(_, _, _ []float64, _ float64, _, _ int) {
	panic("no products here")
}

// Nothing that a user's field or loss does makes a gradient panic; failures are typed.
func TestFailuresAreErrors(t *testing.T) {
	prob, p, y0 := netProblem(1, 3, 3, 2, false)
	bad := *prob
	bad.New = func() ode.Field { return panicking{prob.New().(*netField)} }
	wild := LossFunc(func(int, float64, []float64, []float64) float64 { panic("no loss here") })
	nan := append([]float64(nil), p...)
	nan[0] = math.NaN()
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, m := range Methods() {
		for _, c := range []struct {
			name string
			prob *ode.Problem
			ctx  context.Context
			p    []float64
			loss Loss
		}{
			{"field that panics", &bad, context.Background(), p, curved},
			{"loss that panics", prob, context.Background(), p, wild},
			{"parameter that is not a number", prob, context.Background(), nan, curved},
			{"cancelled", prob, cancelled, p, curved},
		} {
			ev, err := m.New(Setup{Problem: c.prob, Options: ode.Options{Method: ode.KenCarp4}})
			if err != nil {
				t.Fatal(err)
			}
			var g Gradient
			err = ev.Gradient(c.ctx, &g, c.p, y0, 0, 1, []float64{1}, c.loss)
			var reverse *ReverseError
			var failure *ode.Failure
			if !errors.As(err, &reverse) && !errors.As(err, &failure) {
				t.Errorf("%s, %s: error %v", m.Info().Name, c.name, err)
			}
		}
	}
}
