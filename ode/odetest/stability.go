package odetest

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// amplification is |R(z)|: what one step of size 1 makes of y' = z y, y(0) = 1.
func amplification(t testing.TB, m ode.Method, z complex128) float64 {
	t.Helper()
	p := &ode.Problem{Dim: 2, Autonomous: true, New: func() ode.Field { return rotation{real(z), imag(z)} }}
	opt := ode.Options{Method: m, RTol: 1, ATol: []float64{1e4 * (1 + math.Abs(real(z)))}, FirstStep: 1, NewtonTol: 1e-15}
	if m.Info().Implicit {
		opt.ATol[0] = 1e4
	}
	sol, err := ode.Solve(context.Background(), p, 0, 1, []float64{1, 0}, opt)
	if err != nil {
		t.Fatalf("one step of y' = (%g) y: %v", z, err)
	}
	if sol.Stats.Steps != 1 {
		t.Fatalf("y' = (%g) y took %d steps instead of one", z, sol.Stats.Steps)
	}
	return math.Hypot(sol.YEnd[0], sol.YEnd[1])
}

// rotation is y' = (re + i·im) y, all of it implicit.
type rotation struct{ re, im float64 }

// Eval implements ode.Field.
func (r rotation) Eval(dst []float64, _ float64, y []float64) error {
	dst[0], dst[1] = r.re*y[0]-r.im*y[1], r.im*y[0]+r.re*y[1]
	return nil
}

// EvalJacobian implements ode.Field.
func (r rotation) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	clear(dfdt)
	return r.EvalImplicit(dst, jac, t, y)
}

// EvalImplicit implements ode.SplitField.
func (r rotation) EvalImplicit(dst []float64, jac *ode.Jacobian, t float64, y []float64) error {
	if jac != nil {
		jac.Set(0, 0, r.re)
		jac.Set(0, 1, -r.im)
		jac.Set(1, 0, r.im)
		jac.Set(1, 1, r.re)
	}
	return r.Eval(dst, t, y)
}

// EvalExplicit implements ode.SplitField.
func (r rotation) EvalExplicit(dst []float64, _ float64, _ []float64) error {
	clear(dst)
	return nil
}

// Stability measures the stability function by single steps of y' = z y: at infinity, on the imaginary axis, and for an explicit
// method along its stability interval, which must end within a tenth of what is stated.
func Stability(t testing.TB, m ode.Method) {
	info := m.Info()
	switch {
	case switching(m):
		skip(t, "its partners are tested on their own")
		return
	case multistep(m):
		skip(t, "its first step is that of another formula")
		return
	}
	if !info.Implicit {
		limit := explicitLimit(t, m)
		for i := range 1000 {
			x := limit * float64(i+1) / 1000
			if r := amplification(t, m, complex(-x, 0)); r > 1+1e-3 {
				t.Errorf("stated stable down to −%g, but |R(−%g)| = %g", limit, x, r)
				break
			}
		}
		if r := amplification(t, m, complex(-1.1*limit, 0)); r <= 1 {
			t.Errorf("stated stable down to −%g, but |R(−%g)| is still %g", limit, 1.1*limit, r)
		}
		return
	}
	far, farther := amplification(t, m, -1e6), amplification(t, m, -1e9)
	t.Logf("|R(−1e6)| = %.3g, |R(−1e9)| = %.3g", far, farther)
	switch {
	case strings.HasPrefix(info.Stability, "L-stable"):
		if far > 1e-4 || farther > 1e-7 {
			t.Errorf("stated L-stable, but |R(−1e6)| = %g and |R(−1e9)| = %g", far, farther)
		}
	case strings.HasPrefix(info.Stability, "A-stable"):
		if far > 1 || farther > 1 {
			t.Errorf("stated A-stable, but |R(−1e6)| = %g and |R(−1e9)| = %g", far, farther)
		}
	default:
		return
	}
	for k := -20; k <= 20; k++ {
		y := math.Exp(float64(k) / 2)
		if r := amplification(t, m, complex(0, y)); r > 1+1e-11 {
			t.Errorf("not A-stable: |R(%.4gi)| = 1 + %.3g", y, r-1)
		}
	}
}

// explicitLimit is the stated end of the stability interval.
func explicitLimit(t testing.TB, m ode.Method) float64 {
	t.Helper()
	tape := &ode.Tape{}
	p := problems.Decay()
	if _, err := ode.Solve(context.Background(), p.IVP, 0, 1e-3, p.Y0, ode.Options{Method: m, FirstStep: 1e-3, Tape: tape}); err != nil {
		t.Fatal(err)
	}
	f, ok := tape.Steps[0].Formula.(*ode.ExplicitTableau)
	if !ok {
		t.Fatalf("an explicit method has a formula of type %T", tape.Steps[0].Formula)
	}
	if f.StiffLimit <= 0 {
		skip(t, "it does not state its stability interval")
	}
	return f.StiffLimit
}

// StiffOrder reports the order seen on Prothero and Robinson's problem with λ = −1e6 and |λ|h ≫ 1, where the classical order is
// reduced to the stage order or, for stiffly accurate methods, an error of order h^q/|λ|. It fails only where errors grow.
func StiffOrder(t testing.TB, m ode.Method) {
	if !m.Info().Implicit || switching(m) || multistep(m) {
		skip(t, "it is not an implicit one-step method")
		return
	}
	p := problems.ProtheroRobinson(-1e6)
	want := make([]float64, 1)
	var errs []float64
	for i := range 6 {
		// a short interval, in which an error is not damped by later steps
		n := 8 << i
		sol, _ := takePrescribed(t, m, p.IVP, 1, p.Y0, n, constantSteps)
		p.Solution(want, 1)
		errs = append(errs, distance(sol.YEnd, want))
	}
	order := math.Log2(errs[0]/errs[len(errs)-1]) / float64(len(errs)-1)
	t.Logf("%s: order %.2f on Prothero–Robinson, λ = −1e6, h = 1/8 … 1/256 (errors %.2g)", m.Info().Name, order, errs)
	if last := errs[len(errs)-1]; !(last <= max(errs[0], roundoff)) {
		t.Errorf("errors grow as the step shrinks: %.3g", errs)
	}
}
