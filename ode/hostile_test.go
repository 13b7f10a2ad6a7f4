package ode

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
)

// each runs a test for every method.

func each(t *testing.T, f func(t *testing.T, m Method)) {
	for _, m := range Methods() {
		t.Run(m.Info().Name, func(t *testing.T) { f(t, m) })
	}
}

// run solves a problem, split if the method asks for it.

func run(p *Problem, t0, t1 float64, y0 []float64, o Options) (*Solution, error) {
	return runContext(context.Background(), p, t0, t1, y0, o)
}

func runContext(ctx context.Context, p *Problem, t0, t1 float64, y0 []float64, o Options) (*Solution, error) {
	return Solve(ctx, split(p, o.Method), t0, t1, y0, o)
}

// split gives a method that wants a split right-hand side one whose explicit part is zero.

func split(p *Problem, m Method) *Problem {
	if m == nil || !m.Info().Split {
		return p
	}
	q := *p
	q.New = func() Field { return allImplicit{p.New()} }
	return &q
}

type allImplicit struct{ Field }

func (f allImplicit) EvalImplicit(dst []float64, jac *Jacobian, t float64, y []float64) error {
	if jac != nil {
		return f.EvalJacobian(dst, jac, nil, t, y)
	}
	return f.Eval(dst, t, y)
}

func (f allImplicit) EvalExplicit(dst []float64, _ float64, _ []float64) error {
	clear(dst)
	return nil
}

// scalar is a problem with one state whose Jacobian is differenced.

func scalar(f func(t, y float64) float64) *Problem {
	return Func(1, func(dst []float64, t float64, y []float64) { dst[0] = f(t, y[0]) })
}

// mustFail solves and wants a *Failure that explains itself and carries a consistent partial solution.

func mustFail(t *testing.T, p *Problem, t0, t1 float64, y0 []float64, opt Options) *Failure {
	t.Helper()
	sol, err := run(p, t0, t1, y0, opt)
	var f *Failure
	if !errors.As(err, &f) {
		t.Fatalf("error %v is not a *Failure", err)
	}
	if f.Solution != sol || sol.T != f.Time || f.Cause.String() == "" || f.Advice == "" {
		t.Errorf("incomplete failure %+v", f)
	}
	if !strings.Contains(err.Error(), "at t = ") {
		t.Errorf("message without a time: %v", err)
	}
	for i, x := range sol.Times {
		if math.Abs(x-t0) > math.Abs(sol.T-t0) {
			t.Errorf("saved time %g lies beyond the end %g", x, sol.T)
		}
		if !finite(sol.State(i)) {
			t.Errorf("saved state at %g is %v", x, sol.State(i))
		}
	}
	if !finite(sol.YEnd) {
		t.Errorf("last state is %v", sol.YEnd)
	}
	return f
}

// loose is a tolerance at which methods of any order finish soon.

func loose(m Method) Options { return Options{Method: m, RTol: 1e-4, ATol: []float64{1e-7}} }

func TestNaNAfterSomeTime(t *testing.T) {
	each(t, func(t *testing.T, m Method) {
		p := scalar(func(x, y float64) float64 {
			if x > 0.5 {
				return math.NaN()
			}
			return -y
		})
		f := mustFail(t, p, 0, 1, []float64{1}, loose(m))
		if f.Cause != CauseStepTooSmall || f.Last != RejectNonFinite || f.Time < 0.49 || f.Time > 0.5 {
			t.Errorf("got %v", f)
		}
		if e := math.Abs(f.Solution.YEnd[0]*math.Exp(f.Time) - 1); e > 1e-2 {
			t.Errorf("partial solution is off by %g", e)
		}
		if s := f.Solution.Stats; s.RejectedNonFinite == 0 {
			t.Errorf("no non-finite rejection counted: %v", &s)
		}
	})
}

// A right-hand side that is infinite, or refuses, where trial points of a large step land must be solved with smaller steps.

func TestRecoversFromBadTrialPoints(t *testing.T) {
	rejecting := &Problem{Dim: 1, New: func() Field { return rejectNegative{} }}
	infinite := scalar(func(_, y float64) float64 {
		if y < 0 {
			return math.Inf(-1)
		}
		return -y * math.Sqrt(y)
	})
	each(t, func(t *testing.T, m Method) {
		for name, p := range map[string]*Problem{"infinite": infinite, "rejecting": FiniteDifference(rejecting)} {
			o := loose(m)
			o.FirstStep = 5 // an Euler step of this size is far below zero
			sol, err := run(p, 0, 10, []float64{1}, o)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if e := math.Abs(sol.YEnd[0]*36 - 1); e > 2e-2 {
				t.Errorf("%s: y = %g, want 1/36", name, sol.YEnd[0])
			}
			if !m.Info().Implicit && sol.Stats.RejectedNonFinite+sol.Stats.RejectedField == 0 {
				t.Errorf("%s: nothing was rejected: %v", name, &sol.Stats)
			}
		}
	})
}

// rejectNegative is y' = −y^{3/2}, y = 1/(1+t/2)², which asks for a smaller step at y < 0.

type rejectNegative struct{}

func (rejectNegative) Eval(dst []float64, _ float64, y []float64) error {
	if y[0] < 0 {
		return fmt.Errorf("at the pump: %w", &Rejection{Reason: "negative concentration"})
	}
	dst[0] = -y[0] * math.Sqrt(y[0])
	return nil
}

func (rejectNegative) EvalJacobian([]float64, *Jacobian, []float64, float64, []float64) error {
	return ErrNoJacobian
}

func TestDiscontinuity(t *testing.T) {
	each(t, func(t *testing.T, m Method) {
		p := scalar(func(x, y float64) float64 {
			if x < math.Sqrt2 {
				return 1 - y
			}
			return -5 - y
		})
		a := 1 - math.Exp(-math.Sqrt2)
		want := -5 + (a+5)*math.Exp(math.Sqrt2-3)
		for _, hit := range [][]float64{nil, {math.Sqrt2}} {
			o := loose(m)
			o.Hit = hit
			sol, err := run(p, 0, 3, []float64{0}, o)
			if err != nil {
				t.Fatal(err)
			}
			if e := math.Abs(sol.YEnd[0] - want); e > 2e-2 {
				t.Errorf("hit %v: error %g", hit, e)
			}
		}
	})
}

func TestZeroRightHandSide(t *testing.T) {
	each(t, func(t *testing.T, m Method) {
		p := Func(2, func(dst []float64, _ float64, _ []float64) { clear(dst) })
		sol, err := run(p, 0, 1e6, []float64{3, 0}, Options{Method: m, SaveAt: []float64{1, 1e5}})
		if err != nil {
			t.Fatal(err)
		}
		for i, y := range sol.Y {
			if y != []float64{3, 0}[i%2] {
				t.Errorf("y = %v", sol.Y)
			}
		}
		if sol.Stats.Steps > 40 {
			t.Errorf("%d steps for a constant", sol.Stats.Steps)
		}
	})
}

func TestStartAtEquilibrium(t *testing.T) {
	each(t, func(t *testing.T, m Method) {
		stable := scalar(func(_, y float64) float64 { return -1000 * (y - 1) })
		sol, err := run(stable, 0, 1, []float64{1}, loose(m))
		if err != nil || sol.YEnd[0] != 1 {
			t.Errorf("stable equilibrium left: %v, %v", sol.YEnd, err)
		}
		// an unstable equilibrium represented exactly is kept exactly
		unstable := scalar(func(_, y float64) float64 { return y * (1 - y) })
		sol, err = run(unstable, 0, 50, []float64{0}, loose(m))
		if err != nil || sol.YEnd[0] != 0 {
			t.Errorf("unstable equilibrium left: %v, %v", sol.YEnd, err)
		}
	})
}

func TestBlowUp(t *testing.T) {
	each(t, func(t *testing.T, m Method) {
		p := scalar(func(_, y float64) float64 { return y * y })
		p.Names = []string{"heat"}
		f := mustFail(t, p, 0, 2, []float64{1}, loose(m))
		if f.Cause != CauseStepTooSmall || math.Abs(f.Time-1) > 1e-2 || f.Name != "heat" || !(f.Value > 1e6) {
			t.Errorf("got %v", f)
		}
		if msg := f.Error(); !strings.Contains(msg, "singularity") && !strings.Contains(msg, "blow up") {
			t.Errorf("message does not speak of a singularity: %s", msg)
		}
	})
}

func TestEmptyInterval(t *testing.T) {
	each(t, func(t *testing.T, m Method) {
		o := loose(m)
		o.SaveAt, o.Dense = []float64{2, 2}, true
		sol, err := run(scalar(func(_, y float64) float64 { return y }), 2, 2, []float64{7}, o)
		if err != nil {
			t.Fatal(err)
		}
		if len(sol.Times) != 2 || sol.Y[0] != 7 || sol.Y[1] != 7 || sol.T != 2 || sol.YEnd[0] != 7 {
			t.Errorf("got %+v", sol)
		}
		y := []float64{0}
		if sol.Dense.At(y, 2); y[0] != 7 {
			t.Errorf("dense output of no steps is %g", y[0])
		}
	})
}

func TestStepsThatDoNotAdvanceTime(t *testing.T) {
	p := scalar(func(_, y float64) float64 { return -y })
	each(t, func(t *testing.T, m Method) {
		// the interval is one unit of roundoff long
		sol, err := run(p, 1, math.Nextafter(1, 2), []float64{1}, loose(m))
		if err != nil || sol.T == 1 || math.Abs(sol.YEnd[0]-1) > 1e-12 {
			t.Errorf("one unit of roundoff: %v, %v", sol, err)
		}
		o := loose(m)
		o.FirstStep = 1e-30
		if f := mustFail(t, p, 1, 2, []float64{1}, o); f.Cause != CauseStepTooSmall {
			t.Errorf("step of 1e-30 at t = 1: %v", f)
		}
		o = loose(m)
		o.MinStep = 0.5
		stiff := scalar(func(x, y float64) float64 { return -1e6 * (y - math.Cos(x)) })
		if f := mustFail(t, stiff, 0, 10, []float64{0}, o); f.Cause != CauseStepTooSmall {
			t.Errorf("minimum step: %v", f)
		}
	})
}

func TestTimeSpans(t *testing.T) {
	each(t, func(t *testing.T, m Method) {
		for _, span := range []float64{1e-300, 1e-20, 1e20, 1e150} {
			rate := 1 / span
			p := scalar(func(_, y float64) float64 { return -rate * y })
			sol, err := run(p, 0, span, []float64{1}, loose(m))
			if err != nil {
				t.Errorf("span %g: %v", span, err)
				continue
			}
			if e := math.Abs(sol.YEnd[0]*math.E - 1); e > 2e-2 {
				t.Errorf("span %g: error %g", span, e)
			}
		}
	})
}

func TestAbsurdTolerances(t *testing.T) {
	p := scalar(func(_, y float64) float64 { return -y })
	var in *InputError
	for _, o := range []Options{
		{RTol: -1}, {RTol: math.NaN()}, {RTol: math.Inf(1)}, {RTol: 2}, {RTol: 1e-20},
		{ATol: []float64{-1}}, {ATol: []float64{math.NaN()}}, {ATol: []float64{math.Inf(1)}}, {ATol: []float64{1, 1}},
		{FirstStep: -1}, {FirstStep: math.NaN()}, {MaxStep: math.Inf(1)}, {MinStep: math.NaN()}, {MaxSteps: -1},
		{Lower: []float64{1, 2}}, {Lower: []float64{math.NaN()}}, {Lower: []float64{2}, Upper: []float64{1}},
		{NewtonTol: -1}, {NewtonTol: math.NaN()},
	} {
		if _, err := NewSolver(p, o); !errors.As(err, &in) {
			t.Errorf("%+v: error %v", o, err)
		}
	}
	each(t, func(t *testing.T, m Method) {
		for _, o := range []Options{{RTol: 1, ATol: []float64{1e300}}, {RTol: 1}, {RTol: minRTol, ATol: []float64{0}, MaxSteps: 2000}, {RTol: minRTol, ATol: []float64{1e-300}, MaxSteps: 2000}} {
			o.Method = m
			sol, err := run(p, 0, 1, []float64{1}, o)
			var f *Failure
			if err != nil && !errors.As(err, &f) {
				t.Errorf("%+v: %v", o, err)
			}
			if err == nil && o.RTol < 1 && math.Abs(sol.YEnd[0]*math.E-1) > 1e-11 {
				t.Errorf("success at rtol %g with error %g", o.RTol, sol.YEnd[0]*math.E-1)
			}
		}
	})
}

func TestZeroAbsoluteTolerance(t *testing.T) {
	p := Func(3, func(dst []float64, _ float64, y []float64) {
		dst[0], dst[1], dst[2] = -y[0], y[0], 0 // y2 leaves zero, y3 never does
	})
	each(t, func(t *testing.T, m Method) {
		sol, err := run(p, 0, 1, []float64{1, 0, 0}, Options{Method: m, RTol: 1e-4, ATol: []float64{0}})
		if err != nil {
			t.Fatal(err)
		}
		want := []float64{1 / math.E, 1 - 1/math.E, 0}
		for i, w := range want {
			if math.Abs(sol.YEnd[i]-w) > 1e-2*w {
				t.Errorf("y = %v, want %v", sol.YEnd, want)
			}
		}
	})
}

func TestWrongSizes(t *testing.T) {
	ok := func() *Problem { return scalar(func(_, y float64) float64 { return -y }) }
	var in *InputError
	for name, change := range map[string]func(p *Problem){
		"dim": func(p *Problem) { p.Dim = 0 }, "new": func(p *Problem) { p.New = nil }, "names": func(p *Problem) { p.Names = []string{"a", "b"} },
		"scale": func(p *Problem) { p.Scale = []float64{1, 2} }, "diagonal": func(p *Problem) { p.Mass = DiagonalMass(1, 2) },
		"dense": func(p *Problem) { p.Mass = Mass{Dense: []float64{1, 2}} }, "nan": func(p *Problem) { p.Mass = DiagonalMass(math.NaN()) },
		"band": func(p *Problem) { p.Jacobian = BandedJacobian(1, 1) }, "nil field": func(p *Problem) { p.New = func() Field { return nil } },
		"panic": func(p *Problem) { p.New = func() Field { panic("no such table") } },
	} {
		p := ok()
		change(p)
		if _, err := NewSolver(p, Options{}); !errors.As(err, &in) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := NewSolver(nil, Options{}); !errors.As(err, &in) {
		t.Errorf("nil problem: %v", err)
	}
	each(t, func(t *testing.T, m Method) {
		for _, y0 := range [][]float64{nil, {1, 2}, {math.NaN()}, {math.Inf(1)}} {
			if sol, err := run(ok(), 0, 1, y0, loose(m)); !errors.As(err, &in) || sol != nil {
				t.Errorf("y0 = %v: %v", y0, err)
			}
		}
		for _, s := range [][2]float64{{math.NaN(), 1}, {0, math.Inf(1)}} {
			if _, err := run(ok(), s[0], s[1], []float64{1}, loose(m)); !errors.As(err, &in) {
				t.Errorf("interval %v: %v", s, err)
			}
		}
		for _, save := range [][]float64{{2}, {-1}, {0.5, 0.25}, {math.NaN()}} {
			for _, o := range []Options{{SaveAt: save}, {Hit: save}} {
				o.Method = m
				if _, err := run(ok(), 0, 1, []float64{1}, o); !errors.As(err, &in) {
					t.Errorf("times %v: %v", save, err)
				}
			}
		}
		o := loose(m)
		o.Lower = []float64{2}
		if _, err := run(ok(), 0, 1, []float64{1}, o); !errors.As(err, &in) {
			t.Errorf("start below its bound: %v", err)
		}
	})
}

func TestSaveAtEndsAndDuplicates(t *testing.T) {
	p := scalar(func(_, y float64) float64 { return -y })
	each(t, func(t *testing.T, m Method) {
		for _, sign := range []float64{1, -1} {
			var save []float64
			for _, x := range []float64{0, 0, 0.5, 0.5, 1, 1} {
				save = append(save, sign*x)
			}
			o := loose(m)
			o.SaveAt = save
			sol, err := run(p, 0, sign, []float64{1}, o)
			if err != nil || len(sol.Times) != len(save) {
				t.Fatalf("%v, %v", sol.Times, err)
			}
			for i, x := range save {
				if sol.Times[i] != x || math.Abs(sol.Y[i]*math.Exp(x)-1) > 1e-2 {
					t.Errorf("row %d: t = %g, y = %g", i, sol.Times[i], sol.Y[i])
				}
			}
			if sol.Y[5] != sol.YEnd[0] {
				t.Errorf("saved end %g differs from the end %g", sol.Y[5], sol.YEnd[0])
			}
			o.SaveAt = []float64{}
			if sol, err = run(p, 0, sign, []float64{1}, o); err != nil || len(sol.Times) != 0 {
				t.Errorf("no times asked for: %v, %v", sol.Times, err)
			}
		}
	})
}

// A solver that has failed or panicked solves the next problem as a new one does.

// Bounds reject steps and clip nothing; a solution that must leave them ends the solve.

func TestBounds(t *testing.T) {
	each(t, func(t *testing.T, m Method) {
		decay := scalar(func(_, y float64) float64 { return -200 * y })
		o := loose(m)
		o.Lower, o.Upper = []float64{0}, []float64{1}
		sol, err := run(decay, 0, 1, []float64{1}, o)
		if err != nil {
			t.Fatal(err)
		}
		for i, y := range sol.Y {
			if y < -2e-7 || y > 1+2e-4 {
				t.Errorf("y = %g at t = %g", y, sol.Times[i])
			}
		}
		rise := scalar(func(_, _ float64) float64 { return 1 })
		f := mustFail(t, rise, 0, 2, []float64{0}, o)
		if f.Cause != CauseStepTooSmall || f.Last != RejectBounds || f.Component != 0 || math.Abs(f.Time-1) > 1e-3 {
			t.Errorf("got %v", f)
		}
	})
}

func TestMaxStepsAndMaxStep(t *testing.T) {
	each(t, func(t *testing.T, m Method) {
		p := scalar(func(x, y float64) float64 { return -100 * (y - math.Sin(20*x)) })
		o := loose(m)
		o.MaxSteps = 5
		if f := mustFail(t, p, 0, 10, []float64{1}, o); f.Cause != CauseTooManySteps || f.Time <= 0 {
			t.Errorf("got %v", f)
		}
		o = loose(m)
		o.MaxStep = 0.01
		sol, err := run(p, 0, 0.2, []float64{1}, o)
		if err != nil {
			t.Fatal(err)
		}
		for i := 1; i < len(sol.Times); i++ {
			if h := sol.Times[i] - sol.Times[i-1]; h > 0.01*(1+1e-12) {
				t.Errorf("step of %g", h)
			}
		}
	})
}
