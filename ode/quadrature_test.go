package ode

import (
	"errors"
	"math"
	"testing"
)

// Gauss rules with s points are exact to degree 2s−1 and no further, their Kronrod extensions to 3s+1 at least.
func TestQuadratureRules(t *testing.T) {
	for i, r := range quadratureRules {
		s := i + 1
		if len(r.gauss) != s || len(r.node) != 2*s+1 || len(r.kronrod) != 2*s+1 {
			t.Fatalf("rule %d has %d, %d and %d entries", s, len(r.gauss), len(r.node), len(r.kronrod))
		}
		gauss := func(d int) (e float64) {
			for k, b := range r.gauss {
				e += b * math.Pow(r.node[2*k+1], float64(d))
			}
			return e - 1/float64(d+1)
		}
		kronrod := func(d int) (e float64) {
			for k, b := range r.kronrod {
				e += b * math.Pow(r.node[k], float64(d))
			}
			return e - 1/float64(d+1)
		}
		for d := 0; d <= 2*s-1; d++ {
			if e := gauss(d); math.Abs(e) > 1e-15 {
				t.Errorf("Gauss %d, degree %d: error %g", s, d, e)
			}
		}
		if math.Abs(gauss(2*s)) < 1e-8 {
			t.Errorf("Gauss %d is exact to degree %d", s, 2*s)
		}
		for d := 0; d <= 3*s+1; d++ {
			if e := kronrod(d); math.Abs(e) > 1e-15 {
				t.Errorf("Kronrod %d, degree %d: error %g", s, d, e)
			}
		}
	}
	for p := 1; p <= 8; p++ {
		if s := len(quadratureRuleFor(p).gauss); 2*s < p+1 {
			t.Errorf("order %d is integrated with %d points", p, s)
		}
	}
}

// spinning is (cos, sin)(t) with integrals of y1, of y1² and of t·y2.
func spinning() (*Problem, *Quadrature, func(dst []float64, t float64)) {
	p := FuncJacobian(2, func(dst []float64, _ float64, y []float64) { dst[0], dst[1] = -y[1], y[0] },
		func(j *Jacobian, _ float64, _ []float64) { j.Set(0, 1, -1); j.Set(1, 0, 1) })
	q := &Quadrature{N: 3, Eval: func(dst []float64, t float64, y []float64) error {
		dst[0], dst[1], dst[2] = y[0], y[0]*y[0], t*y[1]
		return nil
	}}
	return p, q, func(dst []float64, t float64) {
		dst[0], dst[1], dst[2] = math.Sin(t), t/2+math.Sin(2*t)/4, math.Sin(t)-t*math.Cos(t)
	}
}

func TestQuadrature(t *testing.T) {
	p, q, exact := spinning()
	each(t, func(t *testing.T, m Method) {
		for _, t1 := range []float64{3, -3} {
			rtol := 1e-8
			if m.Info().Order < 3 {
				rtol = 1e-5
			}
			save := []float64{0, t1 / 5, t1 / 2, t1 / 2, t1}
			o := Options{Method: m, RTol: rtol, ATol: []float64{rtol}, Quadrature: q, SaveAt: save}
			sol, err := run(p, 0, t1, []float64{1, 0}, o)
			if err != nil {
				t.Fatal(err)
			}
			tol, want := 1e3*rtol, make([]float64, 3)
			if m.Info().Order < 2 {
				tol = 1e-2
			}
			for k, x := range save {
				exact(want, x)
				for i, w := range want {
					if e := math.Abs(sol.QuadratureAt[3*k+i] - w); e > tol {
						t.Errorf("integral %d to %g is off by %g", i, x, e)
					}
				}
			}
			for i := range want {
				if sol.Quadrature[i] != sol.QuadratureAt[12+i] {
					t.Errorf("integral %d at the end %g, at the last saved time %g", i, sol.Quadrature[i], sol.QuadratureAt[12+i])
				}
			}
			// saving elsewhere, or every step, changes nothing
			o.SaveAt = nil
			again, err := run(p, 0, t1, []float64{1, 0}, o)
			if err != nil || len(again.QuadratureAt) != 3*len(again.Times) {
				t.Fatalf("%d rows of integrals for %d times, %v", len(again.QuadratureAt)/3, len(again.Times), err)
			}
			for i := range want {
				if math.Abs(again.Quadrature[i]-sol.Quadrature[i]) > 1e-14 {
					t.Errorf("integral %d depends on what is saved", i)
				}
			}
		}
	})
}

// The integral of a component's derivative is the component's change: at fixed steps the two differ by no more than the
// order of the method allows, and the difference vanishes with the stated order.
func TestQuadratureOrder(t *testing.T) {
	p := scalar(func(x, y float64) float64 { return math.Cos(x) * y })
	q := &Quadrature{N: 1, Eval: func(dst []float64, x float64, y []float64) error { dst[0] = math.Cos(x) * y[0]; return nil }}
	each(t, func(t *testing.T, m Method) {
		info := m.Info()
		if info.Family == "linear multistep (Nordsieck)" {
			return // its steps cannot be fixed through the options
		}
		order := float64(min(info.Order, info.DenseOrder+1))
		var es []float64
		for _, n := range []float64{8, 16, 32} {
			h := 2 / n
			sol, err := run(p, 0, 2, []float64{1}, Options{Method: m, RTol: 1, ATol: []float64{1}, NewtonTol: 1e-12, FirstStep: h, MaxStep: h, Controller: fixed{}, Quadrature: q})
			if err != nil {
				t.Fatal(err)
			}
			es = append(es, math.Abs(sol.Quadrature[0]-(math.Exp(math.Sin(2))-1)))
		}
		if s := math.Log2(es[1] / es[2]); s < order-0.3 && es[2] > 1e-12 {
			t.Errorf("observed order %.2f, want %g (errors %.2g)", s, order, es)
		}
	})
}

// fixed keeps the step size.
type fixed struct{}

func (fixed) Accept(*Attempt) float64 { return 1 }
func (fixed) Reject(*Attempt) float64 { return 1 }

// A narrow peak in the integrand that the states do not see is missed without an error test and resolved with one.
func TestQuadratureErrorTest(t *testing.T) {
	p := scalar(func(_, y float64) float64 { return -0.1 * y })
	const width = 0.02
	peak := func(dst []float64, x float64, _ []float64) error {
		u := (x - 4.321) / width
		dst[0] = 1 / (1 + u*u) / width
		return nil
	}
	want := math.Atan((10-4.321)/width) + math.Atan(4.321/width)
	each(t, func(t *testing.T, m Method) {
		o := Options{Method: m, RTol: 1e-4, ATol: []float64{1e-4}, FirstStep: 0.5, Quadrature: &Quadrature{N: 1, Eval: peak}}
		without, err := run(p, 0, 10, []float64{1}, o)
		if err != nil {
			t.Fatal(err)
		}
		before := math.Abs(without.Quadrature[0]/want - 1)
		o.Quadrature = &Quadrature{N: 1, Eval: peak, ErrorTest: true, RTol: 1e-6, ATol: []float64{1e-7}}
		with, err := run(p, 0, 10, []float64{1}, o)
		if err != nil {
			t.Fatal(err)
		}
		if e := math.Abs(with.Quadrature[0]/want - 1); e > 1e-5 {
			t.Errorf("with an error test the integral is off by %g (%g without)", e, before)
		}
		if before > 1e-3 && with.Stats.RejectedError <= without.Stats.RejectedError {
			t.Errorf("%d rejections with the test, %d without", with.Stats.RejectedError, without.Stats.RejectedError)
		}
		if with.Stats.QuadratureEvals == 0 || with.Stats.Evals <= without.Stats.Evals {
			t.Errorf("evaluations: %d and %d, %d of the integrand", with.Stats.Evals, without.Stats.Evals, with.Stats.QuadratureEvals)
		}
	})
}

func TestQuadratureFailures(t *testing.T) {
	p := scalar(func(_, y float64) float64 { return -y })
	broken := errors.New("detector off")
	each(t, func(t *testing.T, m Method) {
		integrand := func(g func(x float64) (float64, error)) Options {
			o := loose(m)
			o.Quadrature = &Quadrature{N: 1, Eval: func(dst []float64, x float64, _ []float64) (err error) {
				dst[0], err = g(x)
				return err
			}}
			return o
		}
		f := mustFail(t, p, 0, 1, []float64{1}, integrand(func(x float64) (float64, error) {
			if x > 0.5 {
				return 0, broken
			}
			return 1, nil
		}))
		// nodes lie within a step, so that it may end a little beyond 0.5
		if f.Cause != CauseQuadrature || !errors.Is(f, broken) || f.Time > 0.6 {
			t.Errorf("error: %v", f)
		}
		f = mustFail(t, p, 0, 1, []float64{1}, integrand(func(x float64) (float64, error) { return math.Sqrt(0.5 - x), nil }))
		if f.Cause != CauseStepTooSmall || f.Last != RejectNonFinite || f.Time > 0.6 || f.Time < 0.4 {
			t.Errorf("NaN: %v", f)
		}
		f = mustFail(t, p, 0, 1, []float64{1}, integrand(func(x float64) (float64, error) {
			if x > 0.5 {
				return 0, &Rejection{Reason: "no data"}
			}
			return 1, nil
		}))
		if f.Cause != CauseStepTooSmall || f.Last != RejectField || f.Time > 0.6 || f.Time < 0.4 {
			t.Errorf("rejection: %v", f)
		}
		if d := math.Abs(f.Solution.Quadrature[0] - f.Time); d > 1e-12 {
			t.Errorf("partial integral is off by %g", d)
		}
	})
	ok := func([]float64, float64, []float64) error { return nil }
	var in *InputError
	for _, q := range []*Quadrature{{}, {N: 1}, {N: 0, Eval: ok}, {N: 1, Eval: ok, RTol: -1}, {N: 1, Eval: ok, ATol: []float64{-1}}, {N: 3, Eval: ok, ATol: []float64{1, 1}}} {
		if _, err := NewSolver(p, Options{Quadrature: q}); !errors.As(err, &in) {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

// Integrals stop at a terminal event and go on across a change of state.
func TestQuadratureAndEvents(t *testing.T) {
	rise := scalar(func(_, _ float64) float64 { return 1 })
	each(t, func(t *testing.T, m Method) {
		o := loose(m)
		o.Quadrature = &Quadrature{N: 1, Eval: func(dst []float64, _ float64, y []float64) error { dst[0] = y[0]; return nil }}
		o.Events = []Event{{Value: func(_ float64, y []float64) float64 { return y[0] - 1 }, Apply: func(_ float64, y []float64) { y[0] = 0 }},
			{Value: func(x float64, _ []float64) float64 { return x - 2.5 }, Terminal: true}}
		sol, err := run(rise, 0, 9, []float64{0}, o)
		if err != nil {
			t.Fatal(err)
		}
		// two teeth of the saw and half of one
		if e := math.Abs(sol.Quadrature[0] - (0.5 + 0.5 + 0.125)); e > 1e-9 || math.Abs(sol.T-2.5) > 1e-12 {
			t.Errorf("integral %g to %g", sol.Quadrature[0], sol.T)
		}
	})
}
