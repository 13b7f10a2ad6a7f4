package odetest

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
)

// Sides demands that f is evaluated inside the interval of the solve only, and for every step on the near side of declared jumps only: whichever of its two
// values f takes at a jump, the steps are the same and the solution is right. f comes with its own derivatives and with differences, in t as well.
func Sides(t testing.TB, m ode.Method) {
	cases := []sidesCase{
		{k: 3, jump: 7, rtol: 1e-6},
		{k: 3, jump: 7, rtol: 1e-6, backwards: true},
		{k: 3, jump: 0, rtol: 1e-6},
	}
	if m.Info().Implicit {
		// a long way to the jump, next to which the times of f can hardly be told apart
		cases = append(cases, sidesCase{k: 1e5, jump: 3600, rtol: 1e-6}, sidesCase{k: 1e3, jump: 1000, rtol: 1e-8})
	}
	for _, c := range cases {
		if m.Info().Order == 1 && c.rtol < 1e-6 {
			c.rtol = 1e-6 // thousands of steps for what is to be seen in hundreds
		}
		for _, derivatives := range []string{"own", "differences in time", "differences"} {
			steps := [2]int{}
			for i, late := range []bool{false, true} {
				c.late, c.derivatives = late, derivatives
				steps[i] = c.run(t, m)
			}
			if steps[0] != steps[1] {
				t.Errorf("%v: %d steps where f has its new value at the jump, %d where it has the old one", &c, steps[0], steps[1])
			}
		}
	}
}

// A sidesCase is y' = −k (y − u(t)) over two units of time, u = sin(t/T) with T the distance from start to jump, plus 1 behind the jump.
type sidesCase struct {
	k, jump, rtol float64
	late          bool // at the jump f has the value of the side before it
	backwards     bool
	derivatives   string
}

func (c *sidesCase) String() string {
	return fmt.Sprintf("k = %g, jump at %g, rtol %g, backwards: %t, derivatives: %s", c.k, c.jump, c.rtol, c.backwards, c.derivatives)
}

// times returns start, jump and end, and the unit T.
func (c *sidesCase) times() (t0, jump, t1, unit float64) {
	unit = math.Abs(c.jump)
	if unit == 0 {
		unit = 1
	}
	t0, t1 = c.jump-unit, c.jump+unit
	if c.backwards {
		t0, t1 = t1, t0
	}
	return t0, c.jump, t1, unit
}

// level is what is added to u at time t.
func (c *sidesCase) level(t float64) float64 {
	behind := t > c.jump
	if c.backwards {
		behind = t < c.jump
	}
	if behind || t == c.jump && !c.late {
		return 1
	}
	return 0
}

// rate is k, with its sign turned where time runs backwards.
func (c *sidesCase) rate() float64 {
	if c.backwards {
		return -c.k
	}
	return c.k
}

// exact is the solution at t1.
func (c *sidesCase) exact() float64 {
	t0, jump, t1, unit := c.times()
	k, w := c.rate(), 1/unit
	smooth := func(t float64) float64 { s, cs := math.Sincos(w * t); return k / (k*k + w*w) * (k*s - w*cs) }
	y := 0.0
	y = smooth(jump) + (y-smooth(t0))*math.Exp(-k*(jump-t0))
	return 1 + smooth(t1) + (y-1-smooth(jump))*math.Exp(-k*(t1-jump))
}

// sidesField writes down when it is evaluated.
type sidesField struct {
	c    *sidesCase
	seen []float64
}

var _ ode.SplitField = (*sidesField)(nil)

func (f *sidesField) at(t, y float64) float64 {
	f.seen = append(f.seen, t)
	_, _, _, unit := f.c.times()
	return -f.c.rate() * (y - math.Sin(t/unit) - f.c.level(t))
}

// Eval implements ode.Field.
func (f *sidesField) Eval(dst []float64, t float64, y []float64) error {
	dst[0] = f.at(t, y[0])
	return nil
}

// EvalJacobian implements ode.Field.
func (f *sidesField) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	dst[0] = f.at(t, y[0])
	jac.Set(0, 0, -f.c.rate())
	if dfdt != nil {
		_, _, _, unit := f.c.times()
		dfdt[0] = f.c.rate() * math.Cos(t/unit) / unit
	}
	return nil
}

// EvalImplicit implements ode.SplitField.
func (f *sidesField) EvalImplicit(dst []float64, jac *ode.Jacobian, t float64, y []float64) error {
	dst[0] = f.at(t, y[0])
	if jac != nil {
		jac.Set(0, 0, -f.c.rate())
	}
	return nil
}

// EvalExplicit implements ode.SplitField.
func (f *sidesField) EvalExplicit(dst []float64, t float64, _ []float64) error {
	f.seen = append(f.seen, t)
	dst[0] = 0
	return nil
}

// problem is the problem as f evaluates it.
func (c *sidesCase) problem(f *sidesField, split bool) *ode.Problem {
	p := &ode.Problem{Dim: 1, New: func() ode.Field { return f }}
	switch {
	case c.derivatives == "differences":
		return ode.FiniteDifference(p)
	case c.derivatives == "differences in time" && !split:
		return ode.FuncJacobian(1, func(dst []float64, t float64, y []float64) { dst[0] = f.at(t, y[0]) },
			func(jac *ode.Jacobian, _ float64, _ []float64) { jac.Set(0, 0, -c.rate()) })
	}
	return p
}

// run returns the number of steps.
func (c *sidesCase) run(t testing.TB, m ode.Method) int {
	t.Helper()
	t0, jump, t1, _ := c.times()
	f := &sidesField{c: c}
	dir := math.Copysign(1, t1-t0)
	check := func(from, to float64) {
		t.Helper()
		for _, at := range f.seen {
			if (at-t0)*dir < 0 || (at-t1)*dir > 0 {
				t.Errorf("%v: f was evaluated at t = %.17g, outside the interval", c, at)
			}
			if (to-jump)*dir <= 0 && (at-jump)*dir >= 0 || (from-jump)*dir >= 0 && (at-jump)*dir <= 0 {
				t.Errorf("%v: for a step from %g to %g f was evaluated at t = %.17g", c, from, to, at)
			}
		}
		f.seen = f.seen[:0]
	}
	opt := ode.Options{
		Method: m, RTol: c.rtol, ATol: []float64{c.rtol}, Hit: []float64{jump}, SaveAt: []float64{t0, jump, t1}, MaxSteps: 200_000,
		Observer: func(s *ode.Step) error { check(s.T, s.TNew); return nil },
	}
	sol, err := ode.Solve(context.Background(), c.problem(f, m.Info().Split), t0, t1, []float64{0}, opt)
	if err != nil {
		t.Errorf("%v: %v", c, err)
		return 0
	}
	slack := 30.
	if m.Info().Order <= 2 {
		slack = 1000
	}
	if e := math.Abs(sol.YEnd[0] - c.exact()); !(e <= slack*c.rtol) {
		t.Errorf("%v: y = %.12g at the end, off by %.3g", c, sol.YEnd[0], e)
	}
	return sol.Stats.Steps
}
