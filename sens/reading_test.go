package sens

import (
	"context"
	"math"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
)

// amplitudeField is y' = −10⁶(y − p sin t) + p cos t, whose solution through zero is p sin t: it depends on the parameter through stiff components alone.
type amplitudeField struct{ p, t float64 }

const amplitudeRate = 1e6

var _ ode.ParamField = (*amplitudeField)(nil)

func (f *amplitudeField) NumParams() int   { return 1 }
func (f *amplitudeField) Bind(p []float64) { f.p = p[0] }

func (f *amplitudeField) Eval(dst []float64, t float64, y []float64) error {
	s, c := math.Sincos(t)
	f.t = t
	dst[0] = -amplitudeRate*(y[0]-f.p*s) + f.p*c
	return nil
}

func (f *amplitudeField) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	s, c := math.Sincos(t)
	jac.Set(0, 0, -amplitudeRate)
	if dfdt != nil {
		dfdt[0] = f.p * (amplitudeRate*c - s)
	}
	return f.Eval(dst, t, y)
}

func (f *amplitudeField) byParam() float64 {
	s, c := math.Sincos(f.t)
	return amplitudeRate*s + c
}

func (f *amplitudeField) VJP(gy, gp, w []float64) {
	if gy != nil {
		gy[0] -= amplitudeRate * w[0]
	}
	if gp != nil {
		gp[0] += f.byParam() * w[0]
	}
}

func (f *amplitudeField) JVP(dst, v, q []float64, n int) {
	for j := range n {
		dst[j] = 0
		if v != nil {
			dst[j] -= amplitudeRate * v[j]
		}
		if q != nil {
			dst[j] += f.byParam() * q[j]
		}
	}
}

func (f *amplitudeField) ParamJacobian(dst []float64, c0, c1 int) {
	if c0 == 0 && c1 > 0 {
		dst[0] = f.byParam()
	}
}

func (f *amplitudeField) bySlope() float64 {
	s, c := math.Sincos(f.t)
	return amplitudeRate*c - s
}

func (f *amplitudeField) SecondOrder(_, gp, w, _, tau []float64, n int) {
	for i := 0; i < n && gp != nil && tau != nil; i++ {
		gp[0] += w[i] * tau[i] * f.bySlope()
	}
}

func (f *amplitudeField) SecondOrderJacobian(dy, dp, _ []float64, tau float64, c0, c1 int) {
	dy[0] = 0
	if dp != nil && c0 == 0 && c1 > 0 {
		dp[0] = tau * f.bySlope()
	}
}

// TestGradientOfValuesBetweenStepEnds: a loss at saved times has the derivative of the solution, to the tolerance, though steps are long; forward and reverse are the
// same derivative of what was computed, also where steps were made to end on saved times.
func TestGradientOfValuesBetweenStepEnds(t *testing.T) {
	prob := &ode.Problem{Dim: 1, New: func() ode.Field { return &amplitudeField{} }}
	const rtol, p = 1e-6, 1.3
	loss := LossFunc(func(_ int, _ float64, y, grad []float64) float64 {
		if grad != nil {
			grad[0] = 2 * y[0]
		}
		return y[0] * y[0]
	})
	for _, times := range [][]float64{{0.7, 3.3, 6.1, 9.2, 9.9}, {0.1, 0.2, 0.3, 2, 5.5, 5.6, 9.93, 10}} {
		want := 0.0
		for _, x := range times {
			s := math.Sin(x)
			want += 2 * p * s * s
		}
		for _, m := range []ode.Method{ode.ImplicitEuler, ode.TRBDF2, ode.KenCarp4, ode.Rodas4, ode.Rodas5P, ode.Radau, ode.BDF, ode.AutoTsit5Rodas5P} {
			var got [2]float64
			for i, g := range []Method{DiscreteReverse{}, DiscreteForward{Workers: 1}} {
				ev, err := g.New(Setup{Problem: prob, Options: ode.Options{Method: m, RTol: rtol, ATol: []float64{rtol}, NewtonTol: 1e-8}})
				if err != nil {
					t.Fatal(m.Info().Name, err)
				}
				var grad Gradient
				if err := ev.Gradient(context.Background(), &grad, []float64{p}, []float64{0}, 0, 10, times, loss); err != nil {
					t.Fatal(m.Info().Name, err)
				}
				got[i] = grad.Params[0]
			}
			if e := math.Abs(got[0]/want - 1); !(e <= 100*rtol) {
				t.Errorf("%s: gradient %.10g, not %.10g (off by %.2g)", m.Info().Name, got[0], want, e)
			}
			if e := math.Abs(got[0]/got[1] - 1); !(e <= 1e-9) {
				t.Errorf("%s: forward and reverse differ by %.2g", m.Info().Name, e)
			}
		}
	}
}
