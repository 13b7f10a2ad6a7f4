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
