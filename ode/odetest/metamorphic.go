package odetest

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// Scaling demands that states and absolute tolerances multiplied by one power of two, and time by another, change no bit of the
// solution: nothing may depend on the units.
func Scaling(t testing.TB, m ode.Method) {
	smooth, kaps := NewSmooth(ode.Mass{}, nil), problems.Kaps()
	for _, k := range []known{{ivp: smooth.IVP, y0: smooth.Y0, t1: 2}, {ivp: kaps.IVP, y0: kaps.Y0, t1: 1}} {
		if !m.Info().Implicit && k.ivp == kaps.IVP {
			continue // tens of thousands of steps
		}
		for _, s := range []struct{ y, t float64 }{{1024, 1}, {1. / 64, 1}, {1, 8}, {1, 1. / 32}, {16, 0.25}} {
			base := solveScaled(t, m, k, 1, 1)
			got := solveScaled(t, m, k, s.y, s.t)
			if got.Stats != base.Stats {
				t.Errorf("states × %g, time × %g: other steps: %v; unscaled: %v", s.y, s.t, &got.Stats, &base.Stats)
				continue
			}
			for i, v := range base.Y {
				if got.Y[i] != v*s.y {
					t.Errorf("states × %g, time × %g: value %d is %.17g, unscaled %.17g", s.y, s.t, i, got.Y[i]/s.y, v)
					break
				}
			}
		}
	}
}

// solveScaled solves with states, tolerances and times in other units.
func solveScaled(t testing.TB, m ode.Method, k known, sy, st float64) *ode.Solution {
	t.Helper()
	y0 := slices.Clone(k.y0)
	for i := range y0 {
		y0[i] *= sy
	}
	opt := ode.Options{Method: m, RTol: 1e-5, ATol: []float64{1e-5 * sy}, SaveAt: []float64{0, 0.3 * st, 0.5 * st, k.t1 * st}}
	sol, err := ode.Solve(context.Background(), scaled(k.ivp, sy, st), 0, k.t1*st, y0, opt)
	if err != nil {
		t.Fatal(err)
	}
	return sol
}

// scaled is the problem for states times sy and time times st.
func scaled(p *ode.Problem, sy, st float64) *ode.Problem {
	q := *p
	q.New = func() ode.Field {
		return &scaledField{f: p.New().(ode.SplitField), sy: sy, st: st, y: make([]float64, p.Dim)}
	}
	return &q
}

type scaledField struct {
	f      ode.SplitField
	sy, st float64
	y      []float64
}

func (f *scaledField) back(y []float64) []float64 {
	for i, v := range y {
		f.y[i] = v / f.sy
	}
	return f.y
}

func (f *scaledField) forth(dst []float64, jac *ode.Jacobian) {
	for i := range dst {
		dst[i] *= f.sy / f.st
	}
	if jac != nil {
		for i := range jac.Data {
			jac.Data[i] /= f.st
		}
	}
}

// Eval implements ode.Field.
func (f *scaledField) Eval(dst []float64, t float64, y []float64) error {
	err := f.f.Eval(dst, t/f.st, f.back(y))
	f.forth(dst, nil)
	return err
}

// EvalJacobian implements ode.Field.
func (f *scaledField) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	err := f.f.EvalJacobian(dst, jac, dfdt, t/f.st, f.back(y))
	f.forth(dst, jac)
	for i := range dfdt {
		dfdt[i] *= f.sy / (f.st * f.st)
	}
	return err
}

// EvalImplicit implements ode.SplitField.
func (f *scaledField) EvalImplicit(dst []float64, jac *ode.Jacobian, t float64, y []float64) error {
	err := f.f.EvalImplicit(dst, jac, t/f.st, f.back(y))
	f.forth(dst, jac)
	return err
}

// EvalExplicit implements ode.SplitField.
func (f *scaledField) EvalExplicit(dst []float64, t float64, y []float64) error {
	err := f.f.EvalExplicit(dst, t/f.st, f.back(y))
	f.forth(dst, nil)
	return err
}

// Permutation demands that renumbering the states changes the solution by roundoff only, the steps being prescribed (a
// multistep method, which chooses its own, must choose as many).
func Permutation(t testing.TB, m ode.Method) {
	p := problems.HIRES()
	if m.Info().Split {
		p = problems.Kaps()
	}
	order := make([]int, p.IVP.Dim)
	for i := range order {
		order[i] = (i*3 + 1) % len(order)
	}
	y0 := make([]float64, p.IVP.Dim)
	for i, j := range order {
		y0[i] = p.Y0[j]
	}
	opt := func() ode.Options {
		o := prescribed(m, 1, 512, varyingSteps)
		if multistep(m) {
			// a tolerance so tight that steps are limited by MaxStep
			o.RTol, o.ATol, o.MaxStep, o.NewtonTol = 1e-3, []float64{1e-3}, 1e-3, 1e-9
		}
		return o
	}
	a, err := ode.Solve(context.Background(), p.IVP, 0, 1, p.Y0, opt())
	if err != nil {
		t.Fatal(err)
	}
	b, err := ode.Solve(context.Background(), permuted(p.IVP, order), 0, 1, y0, opt())
	if err != nil {
		t.Fatal(err)
	}
	if a.Stats.Steps != b.Stats.Steps {
		t.Errorf("%d steps, renumbered %d", a.Stats.Steps, b.Stats.Steps)
	}
	for i, j := range order {
		if d := math.Abs(b.YEnd[i] - a.YEnd[j]); !(d <= 1e-10) {
			t.Errorf("state %d differs by %.3g", j, d)
		}
	}
}

// permuted is the problem whose state i is state order[i] of p.
func permuted(p *ode.Problem, order []int) *ode.Problem {
	q := *p
	q.Names, q.Scale, q.Jacobian = nil, nil, ode.JacobianLayout{} // the layout is that of another order
	q.New = func() ode.Field {
		return &permutedField{f: p.New(), order: order, y: make([]float64, p.Dim), dst: make([]float64, p.Dim), jac: ode.NewJacobian(p.Dim, p.Jacobian)}
	}
	return &q
}

type permutedField struct {
	f      ode.Field
	order  []int
	y, dst []float64
	jac    *ode.Jacobian
}

func (f *permutedField) back(y []float64) []float64 {
	for i, j := range f.order {
		f.y[j] = y[i]
	}
	return f.y
}

func (f *permutedField) forth(dst []float64, jac *ode.Jacobian) {
	for i, j := range f.order {
		dst[i] = f.dst[j]
		if jac != nil {
			for k, l := range f.order {
				jac.Set(i, k, f.jac.At(j, l))
			}
		}
	}
}

// inner is the matrix that the field is to fill, if any.
func (f *permutedField) inner(jac *ode.Jacobian) *ode.Jacobian {
	if jac == nil {
		return nil
	}
	return f.jac
}

// Eval implements ode.Field.
func (f *permutedField) Eval(dst []float64, t float64, y []float64) error {
	err := f.f.Eval(f.dst, t, f.back(y))
	f.forth(dst, nil)
	return err
}

// EvalJacobian implements ode.Field; the problems used are autonomous.
func (f *permutedField) EvalJacobian(dst []float64, jac *ode.Jacobian, _ []float64, t float64, y []float64) error {
	err := f.f.EvalJacobian(f.dst, f.jac, nil, t, f.back(y))
	f.forth(dst, jac)
	return err
}

// EvalImplicit implements ode.SplitField where the field does.
func (f *permutedField) EvalImplicit(dst []float64, jac *ode.Jacobian, t float64, y []float64) error {
	err := f.f.(ode.SplitField).EvalImplicit(f.dst, f.inner(jac), t, f.back(y))
	f.forth(dst, jac)
	return err
}

// EvalExplicit implements ode.SplitField where the field does.
func (f *permutedField) EvalExplicit(dst []float64, t float64, y []float64) error {
	err := f.f.(ode.SplitField).EvalExplicit(f.dst, t, f.back(y))
	f.forth(dst, nil)
	return err
}
