package sens

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
)

// Without an error test of their own, sensitivities solved along with the state are the discrete ones: the same recursion, the same steps.
func TestForwardWithoutErrorTestIsDiscrete(t *testing.T) {
	for _, c := range discreteCases() {
		a, _ := gradientOf(t, DiscreteForward{Workers: 1}, c, withIntegral{curved})
		b, _ := gradientOf(t, ContinuousForward{StatesOnly: true}, c, withIntegral{curved})
		if a.Forward.Steps != b.Forward.Steps {
			t.Errorf("%s: %d and %d steps", c.name, a.Forward.Steps, b.Forward.Steps)
		}
		if e := relL2(a.joined(), b.joined()); !(e <= 1e-12) {
			t.Errorf("%s: differ by %.2g", c.name, e)
		}
		if math.Abs(a.Loss-b.Loss) > 1e-12*math.Abs(a.Loss) || math.Abs(a.End-b.End) > 1e-9*math.Abs(a.End) {
			t.Errorf("%s: losses %g and %g, end-time derivatives %g and %g", c.name, a.Loss, b.Loss, a.End, b.End)
		}
	}
}

// With sensitivities in the error test the steps are smaller and the gradient is more accurate, and the steps of the exact Jacobian are
// the same as those of the gradient method. The problem is at rest, so that its state asks for no steps at all.
func TestErrorTestOfSensitivities(t *testing.T) {
	// y1' = p1 − y1, y2' = p2 (y1 − 1) − 10 y2 from its steady state y1 = 1, y2 = 0: ∂y1/∂p1 = 1 − e^{−t},
	// ∂y2/∂p1 = p2 (1/10 − e^{−t}/9 + e^{−10t}/90)
	prob := &ode.Problem{Dim: 2, Autonomous: true, New: func() ode.Field { return &restField{} }}
	p, y0 := []float64{1, 3}, []float64{1, 0}
	times := []float64{0.5, 1, 3}
	loss := LossFunc(func(_ int, _ float64, y, grad []float64) float64 {
		if grad != nil {
			grad[0], grad[1] = 1, 1
		}
		return y[0] + y[1]
	})
	want := 0.0
	for _, s := range times {
		want += 1 - math.Exp(-s) + 3*(0.1-math.Exp(-s)/9+math.Exp(-10*s)/90)
	}
	for _, m := range []ode.Method{ode.Tsit5, ode.DOP853, ode.Rosenbrock23, ode.Rodas5P, ode.KenCarp4, ode.TRBDF2, ode.Radau} {
		opt := ode.Options{Method: m, RTol: 1e-6, ATol: []float64{1e-9}}
		s := Setup{Problem: prob, Options: opt}
		var gs [2]Gradient
		for i, method := range []Method{ContinuousForward{}, ContinuousForward{StatesOnly: true}} {
			ev, err := method.New(s)
			if err != nil {
				t.Fatal(err)
			}
			if err := ev.Gradient(context.Background(), &gs[i], p, y0, 0, 3, times, loss); err != nil {
				t.Fatal(err)
			}
		}
		with, without := math.Abs(gs[0].Params[0]-want), math.Abs(gs[1].Params[0]-want)
		if !(with <= 3e-5) || gs[0].Forward.Steps <= gs[1].Forward.Steps {
			t.Errorf("%s: error %.2g in %d steps with, %.2g in %d steps without the error test", m.Info().Name, with, gs[0].Forward.Steps, without, gs[1].Forward.Steps)
		}
		j, err := NewForwardJacobian(s, JacobianOptions{ErrorTest: true, Initial: true})
		if err != nil {
			t.Fatal(err)
		}
		sol, dY, err := j.Solve(context.Background(), p, y0, 0, 3, times)
		if err != nil {
			t.Fatal(err)
		}
		if sol.Stats.Steps != gs[0].Forward.Steps {
			t.Errorf("%s: the Jacobian took %d steps, the gradient %d", m.Info().Name, sol.Stats.Steps, gs[0].Forward.Steps)
		}
		sum := 0.0
		for row := range 6 {
			sum += dY[row*4]
		}
		if math.Abs(sum-gs[0].Params[0]) > 1e-12 {
			t.Errorf("%s: Jacobian and gradient differ: %g and %g", m.Info().Name, sum, gs[0].Params[0])
		}
		// products of the same solve
		w, gp := []float64{1, 1, 1, 1, 1, 1}, make([]float64, 2)
		if err := j.VJP(context.Background(), gp, nil, w); err != nil {
			t.Fatal(err)
		}
		if math.Abs(gp[0]-sum) > 1e-12 {
			t.Errorf("%s: product with the recorded steps %g, Jacobian %g", m.Info().Name, gp[0], sum)
		}
	}
	for _, m := range []ode.Method{ode.Tsit5, ode.Rodas5P, ode.KenCarp4, ode.Radau} {
		s := Setup{Problem: prob, Options: ode.Options{Method: m, RTol: 1e-6, ATol: []float64{1e-9}}}
		var gs [2]Gradient
		for i, method := range []Method{DiscreteReverse{ErrorTest: true}, DiscreteReverse{}} {
			ev, err := method.New(s)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := ev.Gradient(context.Background(), &gs[i], p, y0, 0, 3, times, loss); err != nil {
					t.Fatal(err)
				}
			}
		}
		if e := math.Abs(gs[0].Params[0] - want); !(e <= 3e-5) || gs[0].Forward.Steps <= gs[1].Forward.Steps {
			t.Errorf("discrete adjoint of %s: error %.2g in %d steps with, %d steps without the error test", m.Info().Name, e, gs[0].Forward.Steps, gs[1].Forward.Steps)
		}
	}
	var refused *RefusedError
	if _, err := (DiscreteReverse{ErrorTest: true}).New(Setup{Problem: prob, Options: ode.Options{Method: ode.BDF}}); !errors.As(err, &refused) {
		t.Errorf("BDF with sensitivities in the error test: %v", err)
	}
	if _, err := (ContinuousForward{}).New(Setup{Problem: prob, Options: ode.Options{Method: ode.BDF}}); !errors.As(err, &refused) {
		t.Errorf("BDF with sensitivities in the error test: %v", err)
	}
}

// restField is y1' = p1 − y1, y2' = p2 (y1 − 1) − 10 y2.
type restField struct{ p, y [2]float64 }

var _ ode.ParamField = (*restField)(nil)

func (f *restField) NumParams() int   { return 2 }
func (f *restField) Bind(p []float64) { copy(f.p[:], p) }

func (f *restField) Eval(dst []float64, _ float64, y []float64) error {
	copy(f.y[:], y)
	dst[0], dst[1] = f.p[0]-y[0], f.p[1]*(y[0]-1)-10*y[1]
	return nil
}

func (f *restField) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	jac.Set(0, 0, -1)
	jac.Set(0, 1, 0)
	jac.Set(1, 0, f.p[1])
	jac.Set(1, 1, -10)
	clear(dfdt)
	return f.Eval(dst, t, y)
}

func (f *restField) VJP(gy, gp, w []float64) {
	if gy != nil {
		gy[0] += -w[0] + f.p[1]*w[1]
		gy[1] += -10 * w[1]
	}
	if gp != nil {
		gp[0] += w[0]
		gp[1] += (f.y[0] - 1) * w[1]
	}
}

func (f *restField) JVP(dst, v, q []float64, n int) {
	clear(dst[:2*n])
	for c := range n {
		if v != nil {
			dst[c] -= v[c]
			dst[n+c] += f.p[1]*v[c] - 10*v[n+c]
		}
		if q != nil {
			dst[c] += q[c]
			dst[n+c] += (f.y[0] - 1) * q[n+c]
		}
	}
}

func (f *restField) ParamJacobian(dst []float64, c0, c1 int) {
	full := [4]float64{1, 0, 0, f.y[0] - 1}
	copy(dst, full[c0:c1])
	copy(dst[c1-c0:], full[2+c0:2+c1])
}

func (f *restField) SecondOrder(gy, gp, w, u, _ []float64, n int) {
	for i := range n {
		if gp != nil {
			gp[1] += w[2*i+1] * u[2*i]
		}
	}
}

func (f *restField) SecondOrderJacobian(dy, dp, u []float64, _ float64, c0, c1 int) {
	clear(dy)
	clear(dp)
	if dp != nil && c0 <= 1 && c1 > 1 {
		dp[(c1-c0)+1-c0] = u[0]
	}
}
