package ode

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestRightHandSideThatAlwaysRejects(t *testing.T) {
	each(t, func(t *testing.T, m Method) {
		p := FiniteDifference(&Problem{Dim: 1, New: func() Field {
			return evalError(func(x float64) error {
				if x > 0.25 {
					return &Rejection{Reason: "table ends"}
				}
				return nil
			})
		}})
		f := mustFail(t, p, 0, 1, []float64{1}, loose(m))
		var r *Rejection
		if f.Cause != CauseStepTooSmall || f.Last != RejectField || !errors.As(f, &r) || f.Time > 0.25 {
			t.Errorf("got %v", f)
		}
	})
}

func TestRightHandSideError(t *testing.T) {
	broken := errors.New("sensor broken")
	each(t, func(t *testing.T, m Method) {
		p := FiniteDifference(&Problem{Dim: 1, New: func() Field {
			return evalError(func(x float64) error {
				if x > 0.25 {
					return broken
				}
				return nil
			})
		}})
		f := mustFail(t, p, 0, 1, []float64{1}, loose(m))
		if f.Cause != CauseRightHandSide || !errors.Is(f, broken) || f.Time > 0.25 {
			t.Errorf("got %v", f)
		}
	})
}

// evalError is y' = −y with an error of the user's.

type evalError func(t float64) error

func (f evalError) Eval(dst []float64, t float64, y []float64) error {
	dst[0] = -y[0]
	return f(t)
}

func (f evalError) EvalJacobian([]float64, *Jacobian, []float64, float64, []float64) error {
	return ErrNoJacobian
}

func TestPanickingFunctions(t *testing.T) {
	boom := errors.New("boom")
	late := func(x float64) {
		if x > 0.5 {
			panic(boom)
		}
	}
	field := func(dst []float64, x float64, y []float64) { dst[0] = -y[0] }
	jac := func(j *Jacobian, _ float64, _ []float64) { j.Set(0, 0, -1) }
	plain := FuncJacobian(1, field, jac)
	each(t, func(t *testing.T, m Method) {
		for _, c := range []struct {
			what   string
			p      *Problem
			change func(o *Options)
		}{
			{"the right-hand side", FuncJacobian(1, func(dst []float64, x float64, y []float64) { late(x); field(dst, x, y) }, jac), func(*Options) {}},
			{"the Jacobian", FuncJacobian(1, field, func(j *Jacobian, x float64, y []float64) { late(x); jac(j, x, y) }), func(o *Options) {
				o.MaxStep = 1e-2 // so that every method needs a Jacobian in the second half
			}},
			{"the observer", plain, func(o *Options) { o.Observer = func(s *Step) error { late(s.TNew); return nil } }},
			{"an event function", plain, func(o *Options) {
				o.Events = []Event{{Value: func(x float64, y []float64) float64 { late(x); return 1 }}}
			}},
			{"the state change of an event", plain, func(o *Options) {
				o.Events = []Event{{Value: func(x float64, y []float64) float64 { return x - 0.75 }, Apply: func(x float64, y []float64) { late(x) }}}
			}},
			{"an integrand", plain, func(o *Options) {
				o.Quadrature = &Quadrature{N: 1, Eval: func(dst []float64, x float64, y []float64) error { late(x); return nil }}
			}},
		} {
			o := loose(m)
			c.change(&o)
			if c.what == "the Jacobian" && !m.Info().Implicit {
				continue
			}
			if strings.Contains(m.Info().Name, "Auto") && c.what == "the Jacobian" {
				continue // not stiff: the explicit partner does it all
			}
			f := mustFail(t, c.p, 0, 1, []float64{1}, o)
			var p *PanicError
			if f.Cause != CausePanic || !errors.As(f, &p) || !errors.Is(f, boom) {
				t.Errorf("%s: %v", c.what, f)
				continue
			}
			if p.Time <= 0.5 || len(p.State) != 1 || !strings.Contains(f.Error(), "boom") || len(p.Stack) == 0 {
				t.Errorf("%s: panic at %g, %v: %v", c.what, p.Time, p.State, f)
			}
			if m.Info().Family != "switching pair" && !strings.HasPrefix(p.Function, c.what) && c.what != "the Jacobian" && c.what != "the right-hand side" {
				t.Errorf("%s was reported as %s", c.what, p.Function)
			}
		}
	})
}

func TestSolverSurvivesFailure(t *testing.T) {
	each(t, func(t *testing.T, m Method) {
		bad := true
		p := scalar(func(x, y float64) float64 {
			if bad && x > 0.3 {
				panic("once")
			}
			return -50 * (y - math.Cos(x))
		})
		s, err := NewSolver(split(p, m), loose(m))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Solve(context.Background(), 0, 1, []float64{0}); err == nil {
			t.Fatal("no failure")
		}
		bad = false
		again, err := s.Solve(context.Background(), 0, 1, []float64{0})
		if err != nil {
			t.Fatal(err)
		}
		fresh, err := run(p, 0, 1, []float64{0}, loose(m))
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(again.YEnd[0]-fresh.YEnd[0]) > 1e-4 {
			t.Errorf("after a failure %g, fresh %g", again.YEnd[0], fresh.YEnd[0])
		}
	})
}

func TestCancellation(t *testing.T) {
	cause := errors.New("user pressed a key")
	p := scalar(func(_, y float64) float64 { return -y })
	each(t, func(t *testing.T, m Method) {
		ctx, cancel := context.WithCancelCause(context.Background())
		o := loose(m)
		o.Observer = func(s *Step) error {
			if s.TNew > 0.2 {
				cancel(cause)
			}
			return nil
		}
		o.MaxStep = 0.1
		sol, err := runContext(ctx, p, 0, 1, []float64{1}, o)
		var f *Failure
		if !errors.As(err, &f) || f.Cause != CauseCanceled || !errors.Is(err, cause) || sol.T < 0.2 || sol.T > 0.35 {
			t.Errorf("%v, t = %g", err, sol.T)
		}
		expired, stop := context.WithDeadline(context.Background(), time.Unix(0, 0))
		defer stop()
		if _, err := runContext(expired, p, 0, 1, []float64{1}, loose(m)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("deadline: %v", err)
		}
	})
}

func TestObserverStops(t *testing.T) {
	enough := errors.New("enough")
	p := scalar(func(_, y float64) float64 { return -y })
	each(t, func(t *testing.T, m Method) {
		o := loose(m)
		last := 0.0
		o.Observer = func(s *Step) error {
			mid, ends := make([]float64, 1), make([]float64, 1)
			s.At(mid, 0.5*(s.T+s.TNew))
			if e := math.Abs(mid[0]*math.Exp(0.5*(s.T+s.TNew)) - 1); e > 1e-2 {
				t.Errorf("dense output in the observer is off by %g", e)
			}
			s.At(ends, s.T)
			if math.Abs(ends[0]-s.Y()[0]) > 1e-3 || s.T != last {
				t.Errorf("step from %g to %g after one to %g: %g and %g", s.T, s.TNew, last, ends[0], s.Y()[0])
			}
			if last = s.TNew; last > 0.3 {
				return enough
			}
			return nil
		}
		f := mustFail(t, p, 0, 1, []float64{1}, o)
		if f.Cause != CauseObserver || !errors.Is(f, enough) || f.Time != last {
			t.Errorf("got %v, last step ended at %g", f, last)
		}
		if n := len(f.Solution.Times); f.Solution.Times[n-1] != last {
			t.Errorf("the step that the observer saw is not saved")
		}
	})
}
