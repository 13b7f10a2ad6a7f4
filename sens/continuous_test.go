package sens

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// paperLoss is L = Σ y1(t_i) at 50 log-spaced times in [1e-5, 1e5] on Robertson's problem, whose derivatives with respect to
// (k1, k2, k3) are known to nine digits (Kim et al., Chaos 31, 093122, 2021, sec. III A, for the loss).
func paperLoss() (times []float64, loss Loss, want []float64) {
	for i := range 50 {
		times = append(times, math.Pow(10, -5+10*float64(i)/49))
	}
	times[49] = 1e5
	loss = LossFunc(func(_ int, _ float64, y, grad []float64) float64 {
		if grad != nil {
			grad[0] = 1
		}
		return y[0]
	})
	return times, loss, []float64{-91.9127227, -5.26308296e-8, 3.15797532e-4}
}

// gradientMethods are all methods but those that are expected to fail on stiff problems.
func gradientMethods() []Method {
	many := ReverseOptions{MaxSteps: 200_000}
	return []Method{DiscreteReverse{}, DiscreteReverse{ErrorTest: true}, DiscreteForward{Workers: 1}, ContinuousForward{}, ContinuousForward{StatesOnly: true, Chunk: 16}, QuadratureAdjoint{Reverse: many}, QuadratureAdjoint{Reverse: many, Adaptive: true},
		GaussAdjoint{Reverse: many}, IMEXAdjoint{Reverse: many}, InterpolatingAdjoint{Reverse: many}, InterpolatingAdjoint{Reverse: many, Chunk: 2}}
}

// fits says that a method is not refused for a solver: BDF chooses its order by the state alone.
func fits(m ode.Method, method Method) bool {
	if m.Info().Family != familyBDF {
		return true
	}
	f, forward := method.(ContinuousForward)
	r, reverse := method.(DiscreteReverse)
	return !(forward && !f.StatesOnly) && !(reverse && r.ErrorTest)
}

// worstComponent is the largest relative error.
func worstComponent(got, want []float64) float64 {
	e := 0.0
	for i, w := range want {
		e = max(e, math.Abs(got[i]/w-1))
	}
	return e
}

// Every gradient method on every implicit solver of order 2 and more is right to 3 digits per component at rtol 1e-6, atol 1e-6·rtol, and
// to 6 digits at 1e-8 (1e-10 for the low orders and multistep solvers of the interpolating adjoint).
func TestPaperLoss(t *testing.T) {
	prob, p, y0 := roberProblem()
	times, loss, want := paperLoss()
	at := func(m ode.Method, method Method, rtol float64) float64 {
		if !fits(m, method) {
			return 0
		}
		ev, err := method.New(Setup{Problem: prob, Options: ode.Options{Method: m, RTol: rtol, ATol: []float64{1e-6 * rtol}}})
		if err != nil {
			t.Fatal(err)
		}
		var g Gradient
		if err := ev.Gradient(context.Background(), &g, p, y0, 0, 1e5, times, loss); err != nil {
			t.Error(err)
			return math.Inf(1)
		}
		return worstComponent(g.Params, want)
	}
	for _, m := range ode.Methods() {
		info := m.Info()
		if !info.Implicit || info.Split || info.Order < 2 {
			continue
		}
		for _, method := range gradientMethods() {
			name := info.Name + "/" + method.Info().Name
			if e := at(m, method, 1e-6); !(e <= 1e-3) {
				t.Errorf("%s: error %.2g at rtol 1e-6", name, e)
			}
			tight, e := 1e-7, 1.0
			for tight > 1e-10 && !(e <= 5e-7) {
				tight /= 10
				e = at(m, method, tight)
			}
			t.Logf("%s: error %.2g at rtol %g", name, e, tight)
			if !(e <= 5e-7) {
				t.Errorf("%s: error %.2g at rtol %g", name, e, tight)
			}
		}
	}
}

// The state of a stiff problem cannot be solved backward: the gradient fails within the bound on steps, or is wrong by more than a tenth.
func TestBacksolveFailsOnStiffProblems(t *testing.T) {
	prob, p, y0 := roberProblem()
	times, loss, want := paperLoss()
	const limit = 2000
	for _, m := range []ode.Method{ode.KenCarp4, ode.Rodas5P, ode.BDF} {
		for tol := 1e-6; tol > 1e-14; tol /= 100 {
			ev, err := Backsolve{Reverse: ReverseOptions{MaxSteps: limit}}.New(Setup{Problem: prob, Options: ode.Options{Method: m, RTol: tol, ATol: []float64{tol}}})
			if err != nil {
				t.Fatal(err)
			}
			var g Gradient
			err = ev.Gradient(context.Background(), &g, p, y0, 0, 1e5, times, loss)
			var r *ReverseError
			switch {
			case errors.As(err, &r):
				if r.Time <= 0 || r.Time > 1e5 || r.Step >= 0 {
					t.Errorf("%s, %g: failure without place: %v", m.Info().Name, tol, err)
				}
			case err != nil:
				t.Errorf("%s, %g: %v", m.Info().Name, tol, err)
			default:
				if e := worstComponent(g.Params, want); e < 0.1 {
					t.Errorf("%s, %g: backsolve is right to %.2g, which it should not be", m.Info().Name, tol, e)
				}
			}
			if g.Reverse.Steps > limit {
				t.Errorf("%s, %g: %d steps with a limit of %d", m.Info().Name, tol, g.Reverse.Steps, limit)
			}
		}
	}
}

// The same code is right where the state equation is well conditioned in both directions.
func TestMethodsAgreeOnNonstiffProblems(t *testing.T) {
	methods := append(gradientMethods(), Backsolve{}, Backsolve{Checkpoint: true}, Backsolve{Unsplit: true}, UnsplitForward{}, UnsplitForward{Chunk: 3})
	check := func(name string, prob *ode.Problem, p, y0 []float64, t0, t1 float64, m ode.Method, rtol, limit float64) {
		t.Helper()
		times := []float64{t0 + 0.3*(t1-t0), t0 + 0.7*(t1-t0), t1}
		var want []float64
		for _, method := range methods {
			atol := make([]float64, len(y0))
			for i := range atol {
				atol[i] = 1e-3 * rtol
				if prob.Scale != nil {
					atol[i] *= prob.Scale[i]
				}
			}
			ev, err := method.New(Setup{Problem: prob, Options: ode.Options{Method: m, RTol: rtol, ATol: atol}})
			if err != nil {
				t.Fatal(err)
			}
			var g Gradient
			if err := ev.Gradient(context.Background(), &g, p, y0, t0, t1, times, curved); err != nil {
				t.Errorf("%s, %s, %s: %v", name, m.Info().Name, method.Info().Name, err)
				continue
			}
			if want == nil {
				want = g.joined()
			}
			if e := relL2(g.joined(), want); !(e <= limit) {
				t.Errorf("%s, %s, %s: differs by %.2g", name, m.Info().Name, method.Info().Name, e)
			}
		}
	}
	for _, name := range []string{"LotkaVolterra", "Spiral"} {
		q, err := problems.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		var p []float64
		for _, v := range q.Params {
			p = append(p, v.Value)
		}
		t1 := q.T0 + 0.2*(q.T1-q.T0)
		check(name, q.IVP, p, q.Y0, q.T0, t1, ode.Tsit5, 1e-7, 1e-5)
		check(name, q.IVP, p, q.Y0, q.T0, t1, ode.KenCarp5, 1e-7, 3e-5)
	}
	// the fast component of Robertson's problem has hardly decayed at t = 1e-2
	prob, p, y0 := roberProblem()
	check("ROBER to 1e-2", prob, p, y0, 0, 1e-2, ode.Rodas5P, 1e-9, 1e-4)
	prob, p, y0 = netProblem(3, 3, 4, 2, false)
	check("network of time", prob, p, y0, 0, 2, ode.Rodas5P, 1e-8, 1e-6)
	prob.Mass = ode.Mass{Dense: []float64{2, 1, 0, -0.5, 1, 0, 0, 0.3, 1}}
	methods = gradientMethods()
	check("network of time with a mass matrix", prob, p, y0, 0, 2, ode.KenCarp5, 1e-8, 1e-6)
}

// Gradients through the differential-algebraic form of Robertson's problem agree with each other and with the ODE form to six digits, for a
// loss of all states, at the start of the interval too, and with parameters in the consistent values.
func TestAlgebraicEquations(t *testing.T) {
	times := []float64{0, 1e-2, 1, 40, 1e3}
	gradient := func(prob *ode.Problem, p, y0 []float64, t0, t1 float64, times []float64, m ode.Method, method Method, rtol float64) []float64 {
		t.Helper()
		ev, err := method.New(Setup{Problem: prob, Options: ode.Options{Method: m, RTol: rtol, ATol: []float64{1e-5 * rtol}}})
		if err != nil {
			t.Fatal(err)
		}
		var g Gradient
		if err := ev.Gradient(context.Background(), &g, p, y0, t0, t1, times, curved); err != nil {
			t.Fatalf("%s, %s: %v", m.Info().Name, method.Info().Name, err)
		}
		return g.joined()
	}
	plain, p, y0 := roberProblem()
	want := gradient(plain, p, y0, 0, 1e3, times, ode.Rodas5P, DiscreteReverse{}, 1e-10)
	dae, _, _ := roberDAEProblem()
	// y3(0) follows from the others: the ODE's derivatives along the constraint
	want[3], want[4], want[5] = want[3]-want[5], want[4]-want[5], 0
	for _, m := range []ode.Method{ode.Rodas5P, ode.KenCarp4, ode.Radau, ode.BDF} {
		for _, method := range gradientMethods() {
			if !fits(m, method) {
				continue
			}
			got := gradient(dae, p, y0, 0, 1e3, times, m, method, 1e-9)
			if e := worstComponent(got[:5], want[:5]); !(e <= 1e-6) || got[5] != 0 {
				t.Errorf("%s, %s: error %.2g, ∂L/∂y3(0) = %g", m.Info().Name, method.Info().Name, e, got[5])
			}
		}
	}
	// a nonlinear constraint that depends on time and parameters
	for _, mass := range []ode.Mass{ode.DiagonalMass(1, 2, 0), {Dense: []float64{1, 0.5, 0.2, 0, 1, 1, 1, 1.5, 1.2}}} {
		// the linear part keeps the index at 1
		prob := &ode.Problem{Dim: 3, Mass: mass, New: func() ode.Field {
			return newNetField(3, 4, 2, []float64{1, 1, 1}, []float64{5, 6, 7})
		}}
		_, p, y0 := netProblem(3, 3, 4, 2, false)
		times := []float64{0, 0.3, 1.1, 2}
		want := gradient(prob, p, y0, 0, 2, times, ode.Radau, DiscreteForward{}, 1e-9)
		for _, m := range []ode.Method{ode.Rodas5P, ode.KenCarp4, ode.Radau, ode.BDF} {
			for _, method := range gradientMethods() {
				if !fits(m, method) {
					continue
				}
				got := gradient(prob, p, y0, 0, 2, times, m, method, 1e-9)
				if e := relL2(got, want); !(e <= 1e-6) {
					t.Errorf("%v, %s, %s: differs by %.2g", mass, m.Info().Name, method.Info().Name, e)
				}
			}
		}
	}
}

// With checkpoints the dense output is made again piece by piece, to the accuracy of the solve.
func TestCheckpointedInterpolation(t *testing.T) {
	prob, p, y0 := roberProblem()
	times, loss, want := paperLoss()
	for _, every := range []int{7, 100, 100_000} {
		rev := ReverseOptions{Checkpoint: every}
		for _, method := range []Method{QuadratureAdjoint{Reverse: rev}, GaussAdjoint{Reverse: rev}, IMEXAdjoint{Reverse: rev}, InterpolatingAdjoint{Reverse: rev}} {
			ev, err := method.New(Setup{Problem: prob, Options: ode.Options{Method: ode.KenCarp4, RTol: 1e-6, ATol: []float64{1e-12}}})
			if err != nil {
				t.Fatal(err)
			}
			var g Gradient
			for range 2 {
				if err := ev.Gradient(context.Background(), &g, p, y0, 0, 1e5, times, loss); err != nil {
					t.Fatal(err)
				}
				if e := worstComponent(g.Params, want); !(e <= 1e-4) {
					t.Errorf("%s, a checkpoint every %d steps: error %.2g", method.Info().Name, every, e)
				}
			}
			c := ev.(*continuous)
			if n := len(c.marks.t); every == 7 && n < g.Forward.Steps/8 || every == 100_000 && n != 1 {
				t.Errorf("%d checkpoints in %d steps, one was asked for every %d", n, g.Forward.Steps, every)
			}
		}
	}
}

// An option that cannot work is refused, and reverse options are heeded.
func TestContinuousRefusals(t *testing.T) {
	prob, _, _ := roberProblem()
	prob.Mass = ode.DiagonalMass(1, 1, 0)
	var refused *RefusedError
	for name, err := range map[string]error{
		"backsolve of a DAE":        second(Backsolve{}.New(Setup{Problem: prob})),
		"explicit solver for a DAE": second(GaussAdjoint{Reverse: ReverseOptions{Method: ode.Tsit5}}.New(Setup{Problem: prob, Options: ode.Options{Method: ode.KenCarp4}})),
		"IMEX by Radau":             second(IMEXAdjoint{Reverse: ReverseOptions{Method: ode.Radau}}.New(Setup{Problem: prob, Options: ode.Options{Method: ode.KenCarp4}})),
		"no parameters":             second(GaussAdjoint{}.New(Setup{Problem: ode.Func(1, func(dst []float64, _ float64, y []float64) { dst[0] = y[0] })})),
		"events":                    second(QuadratureAdjoint{}.New(Setup{Problem: prob, Options: ode.Options{Method: ode.KenCarp4, Events: []ode.Event{{}}}})),
		"quadrature of the user's":  second(InterpolatingAdjoint{}.New(Setup{Problem: prob, Options: ode.Options{Method: ode.KenCarp4, Quadrature: &ode.Quadrature{N: 1}}})),
	} {
		if !errors.As(err, &refused) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	var input *ode.InputError
	for name, err := range map[string]error{
		"odd number of nodes": second(QuadratureAdjoint{Nodes: 3}.New(Setup{Problem: prob})),
		"negative nodes":      second(GaussAdjoint{Nodes: -1}.New(Setup{Problem: prob})),
	} {
		if !errors.As(err, &input) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func second(_ Evaluator, err error) error { return err }

// The quadrature formulas integrate what they should: Gauss–Legendre degree 2n−1, Clenshaw–Curtis n, the Kronrod pair 13 and 22.
func TestQuadratureFormulas(t *testing.T) {
	check := func(name string, degree int, sum func(f func(float64) float64) float64) {
		t.Helper()
		for d := range degree + 1 {
			got := sum(func(x float64) float64 { return math.Pow(x, float64(d)) })
			if want := 1 / float64(d+1); math.Abs(got-want) > 1e-14 {
				t.Errorf("%s: ∫x^%d = %.17g, want %.17g", name, d, got, want)
			}
		}
	}
	rule := func(x, w []float64) func(func(float64) float64) float64 {
		return func(f func(float64) float64) (s float64) {
			for i, v := range x {
				s += w[i] * f(v)
			}
			return s
		}
	}
	for n := 1; n <= 12; n++ {
		x, w := gaussLegendre(n)
		check(fmt.Sprintf("Gauss–Legendre %d", n), 2*n-1, rule(x, w))
	}
	for _, n := range []int{2, 4, 8, 16} {
		x, w := clenshawCurtis(n)
		check(fmt.Sprintf("Clenshaw–Curtis %d", n), n+1, rule(x, w)) // one more by symmetry
	}
	pair := func(gauss bool) func(func(float64) float64) float64 {
		return func(f func(float64) float64) (s float64) {
			for j, x := range kronrod.x {
				w := kronrod.w[j]
				if gauss {
					if j%2 == 0 {
						continue
					}
					w = kronrod.g[j/2]
				}
				s += w / 2 * f((1+x)/2)
				if x != 0 {
					s += w / 2 * f((1-x)/2)
				}
			}
			return s
		}
	}
	check("Gauss 7", 13, pair(true))
	check("Kronrod 15", 22, pair(false))
}
