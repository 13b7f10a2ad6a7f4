package sens

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
)

// relL2 is ‖a − b‖/‖b‖.
func relL2(a, b []float64) float64 {
	num, den := 0.0, 0.0
	for i, v := range b {
		num += (a[i] - v) * (a[i] - v)
		den += v * v
	}
	return math.Sqrt(num / den)
}

func dot(a, b []float64) (s float64) {
	for i, v := range a {
		s += v * b[i]
	}
	return s
}

func randomVector(rng *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return v
}

// curved is a loss that is not linear in the state: Σ log(1 + (y − c)²), c depending on the saved time.
var curved = LossFunc(func(i int, _ float64, y, grad []float64) float64 {
	s := 0.0
	for j, v := range y {
		d := v - 0.1*float64(i%7+j)
		s += math.Log1p(d * d)
		if grad != nil {
			grad[j] = 2 * d / (1 + d*d)
		}
	}
	return s
})

// A discreteCase is a problem with data times of all kinds: the start, the end, in between, and several within one step.
type discreteCase struct {
	name   string
	prob   *ode.Problem
	p, y0  []float64
	t0, t1 float64
	times  []float64
	opt    ode.Options
}

// solvers are the methods of package ode.
func solvers() []ode.Method {
	methods := ode.Methods()
	return methods
}

func discreteCases() []discreteCase {
	var cases []discreteCase
	for _, m := range solvers() {
		for _, c := range []struct {
			name  string
			k     int
			time  float64
			stiff bool
			batch bool
			mass  ode.Mass
		}{
			{name: "network", k: 3, stiff: true},
			{name: "network of time", k: 3, time: 2, stiff: true},
			{name: "batched network of time", k: 2, time: 2, stiff: true, batch: true},
			{name: "batched network of many states", k: shortVector + 1, stiff: true, batch: true},
			{name: "diagonal mass", k: 3, time: 2, mass: ode.DiagonalMass(1, 2, 0.5)},
			{name: "algebraic equation", k: 3, time: 2, mass: ode.DiagonalMass(1, 2, 0)},
			{name: "dense singular mass", k: 3, time: 2, mass: ode.Mass{Dense: []float64{1, 0.5, 0.2, 0, 1, 1, 1, 1.5, 1.2}}},
			{name: "dense mass", k: 2, time: 2, batch: true, mass: ode.Mass{Dense: []float64{2, 1, -0.5, 1}}},
		} {
			if !c.mass.IsIdentity() && !m.Info().Mass || c.stiff && !m.Info().Implicit {
				c.stiff = false
				if !c.mass.IsIdentity() {
					continue
				}
			}
			prob, p, y0 := netProblem(uint64(c.k), c.k, 3, c.time, c.stiff)
			prob.Mass = c.mass
			if m.Info().Split {
				inner := prob.New
				prob.New = func() ode.Field { return newSplitField(inner().(*netField)) }
			} else if c.batch {
				inner := prob.New
				prob.New = func() ode.Field { return batchField{inner().(*netField)} }
			}
			cases = append(cases, discreteCase{
				name: m.Info().Name + "/" + c.name, prob: prob, p: p, y0: y0, t0: 0.5, t1: 2.5,
				times: []float64{0.5, 0.5001, 0.7, 0.71, 0.711, 1.4, 2.2, 2.5}, opt: ode.Options{Method: m, RTol: 1e-3, ATol: []float64{1e-5}},
			})
		}
		if m.Info().Implicit && !m.Info().Split {
			prob, p, y0 := roberProblem()
			cases = append(cases, discreteCase{
				name: m.Info().Name + "/ROBER", prob: prob, p: p, y0: y0, t0: 0, t1: 1e3, times: []float64{0, 1e-4, 1, 40, 1e3},
				opt: ode.Options{Method: m, RTol: 1e-3, ATol: []float64{1e-7, 1e-11, 1e-7}},
			})
		}
	}
	return cases
}

// linear is the loss Σ wᵀy.
func linear(w []float64) Loss {
	return LossFunc(func(i int, _ float64, y, grad []float64) float64 {
		k := len(y)
		copy(grad, w[i*k:(i+1)*k])
		return dot(w[i*k:(i+1)*k], y)
	})
}

func gradientOf(t *testing.T, m Method, c discreteCase, loss Loss) (Gradient, Evaluator) {
	t.Helper()
	ev, err := m.New(Setup{Problem: c.prob, Options: c.opt})
	if err != nil {
		t.Fatal(err)
	}
	var g Gradient
	if err := ev.Gradient(context.Background(), &g, c.p, c.y0, c.t0, c.t1, c.times, loss); err != nil {
		t.Fatal(err)
	}
	return g, ev
}

// iterates says that stages are solved by Newton's iteration.
func (c *discreteCase) iterates() bool {
	info := c.opt.Method.Info()
	return info.Implicit && info.Family != "Rosenbrock" && info.Name != "AutoTsit5(Rosenbrock23)"
}

func (g *Gradient) joined() []float64 {
	return append(append([]float64(nil), g.Params...), g.Initial...)
}

// Forward and reverse mode agree, for linear and curved losses, and with a complex-step derivative of the frozen recursion.
func TestDiscreteGradientsAgree(t *testing.T) {
	for _, c := range discreteCases() {
		t.Run(c.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(7, 7))
			w := randomVector(rng, len(c.times)*c.prob.Dim)
			for _, loss := range []Loss{linear(w), curved} {
				rev, ev := gradientOf(t, DiscreteReverse{}, c, loss)
				fwd, _ := gradientOf(t, DiscreteForward{Chunk: 7, Workers: 1}, c, loss)
				if rev.Loss != fwd.Loss {
					t.Errorf("losses %.17g and %.17g differ", rev.Loss, fwd.Loss)
				}
				a, b := rev.joined(), fwd.joined()
				if e := relL2(a, b); !(e <= 1e-10) {
					t.Errorf("reverse and forward differ by %.2g", e)
				}
				if math.Abs(rev.End-fwd.End) > 1e-12*math.Abs(fwd.End) {
					t.Errorf("end-time derivatives %g and %g", rev.End, fwd.End)
				}
				d := ev.(*discreteReverse)
				grads := make([]float64, len(w))
				for i, tt := range c.times {
					k := c.prob.Dim
					loss.At(i, tt, rev.Y[i*k:(i+1)*k], grads[i*k:(i+1)*k])
				}
				a = converged(t, d, c, grads)
				if e := twinError(t, c.prob, &d.tape, c.p, c.y0, grads, a); !(e <= 1e-10) {
					t.Errorf("reverse and complex step differ by %.2g", e)
				}
			}
		})
	}
}

// converged solves the stages of the recorded steps to roundoff and differentiates there.
func converged(t *testing.T, d *discreteReverse, c discreteCase, w []float64) []float64 {
	t.Helper()
	if _, err := Converge(c.prob, &d.tape, c.p, c.y0); err != nil {
		t.Fatal(err)
	}
	gp := make([]float64, len(c.p))
	if _, err := d.adj.run(context.Background(), &d.tape, w, gp); err != nil {
		t.Fatal(err)
	}
	return append(gp, d.adj.lam...)
}

// Finite differences of Replay, best of a scan, agree to 1e-6; Replay at the same parameters returns the solution.
func TestReplayDifferences(t *testing.T) {
	for _, c := range discreteCases() {
		t.Run(c.name, func(t *testing.T) {
			g, ev := gradientOf(t, DiscreteReverse{}, c, curved)
			tape := &ev.(*discreteReverse).tape
			y, err := Replay(c.prob, tape, c.p, c.y0)
			if err != nil {
				t.Fatal(err)
			}
			limit := 1e-12
			if c.iterates() || len(nullSpace(c.prob)) > 0 {
				limit = 10 * c.opt.RTol * 0.01 // what Newton's iteration may leave
			}
			if e := relL2(y, g.Y); e > limit {
				t.Errorf("replay differs from the solution by %.2g", e)
			}
			grads := make([]float64, len(y))
			for i, tt := range c.times {
				k := c.prob.Dim
				curved.At(i, tt, y[i*k:(i+1)*k], grads[i*k:(i+1)*k])
			}
			exact := converged(t, ev.(*discreteReverse), c, grads)
			lossAt := func(p, y0 []float64) float64 {
				y, err := Replay(c.prob, tape, p, y0)
				if err != nil {
					t.Fatal(err)
				}
				k, s := c.prob.Dim, 0.0
				for i, tt := range c.times {
					s += curved.At(i, tt, y[i*k:(i+1)*k], nil)
				}
				return s
			}
			rng := rand.New(rand.NewPCG(3, 9))
			dp, dy := randomVector(rng, len(c.p)), randomVector(rng, len(c.y0))
			for i, v := range c.p {
				dp[i] *= math.Abs(v)
			}
			for i := range dy {
				dy[i] *= 1e-3
			}
			want := dot(append(append([]float64(nil), dp...), dy...), exact)
			at := func(h float64) float64 {
				p, y0 := append([]float64(nil), c.p...), append([]float64(nil), c.y0...)
				for i, d := range dp {
					p[i] += h * d
				}
				for i, d := range dy {
					y0[i] += h * d
				}
				return lossAt(p, y0)
			}
			best := math.Inf(1)
			for h := 1e-2; h > 1e-8; h /= 4 {
				d := (8*(at(h)-at(-h)) - (at(2*h) - at(-2*h))) / (12 * h)
				best = min(best, math.Abs(d/want-1))
			}
			if !(best <= 1e-6) {
				t.Errorf("best finite difference is off by %.2g", best)
			}
		})
	}
}

// wᵀ(J v) = (Jᵀw)ᵀ v to 1e-12 relative to ‖w‖‖Jv‖, and the Jacobian's columns are consistent with both.
func TestDotProductIdentity(t *testing.T) {
	ctx := context.Background()
	for _, c := range discreteCases() {
		t.Run(c.name, func(t *testing.T) {
			j, err := NewForwardJacobian(Setup{Problem: c.prob, Options: c.opt}, JacobianOptions{Initial: true, Chunk: 5})
			if err != nil {
				t.Fatal(err)
			}
			sol, dY, err := j.Solve(ctx, c.p, c.y0, c.t0, c.t1, c.times)
			if err != nil {
				t.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(5, 5))
			m, k, n := len(c.p), c.prob.Dim, len(sol.Y)
			for range 3 {
				dp, dy, w := randomVector(rng, m), randomVector(rng, k), randomVector(rng, n)
				jv, gp, gy := make([]float64, n), make([]float64, m), make([]float64, k)
				if err := j.JVP(jv, dp, dy); err != nil {
					t.Fatal(err)
				}
				if err := j.VJP(ctx, gp, gy, w); err != nil {
					t.Fatal(err)
				}
				scale := math.Sqrt(dot(w, w) * dot(jv, jv))
				if e := math.Abs(dot(w, jv)-dot(gp, dp)-dot(gy, dy)) / scale; !(e <= 1e-12) {
					t.Errorf("identity violated by %.2g", e)
				}
				full := make([]float64, n)
				v := append(append([]float64(nil), dp...), dy...)
				for i := range full {
					full[i] = dot(dY[i*j.Columns():(i+1)*j.Columns()], v)
				}
				if e := relL2(jv, full); !(e <= 1e-12) {
					t.Errorf("JVP and Jacobian differ by %.2g", e)
				}
			}
		})
	}
}

// A scaled neural ODE runs on the vectorised kernels, which the small test networks do not.
func scaledNetwork(t *testing.T) (*ode.Problem, []float64, []float64) {
	t.Helper()
	c := model.ScaledConfig{Hidden: []int{9, 6}, Activation: nn.GELU, TScale: 1, Input: model.NewInput(model.InputNone, make([]float64, 5), make([]float64, 5), 0)}
	for i := range 5 {
		c.States = append(c.States, model.State{Name: fmt.Sprintf("y%d", i), Role: model.Learned})
		c.YScale = append(c.YScale, 1)
	}
	s, err := model.NewScaled(c)
	if err != nil {
		t.Fatal(err)
	}
	p := make([]float64, s.NumParams())
	s.Init(p, nn.GlorotUniform, 7)
	return s.Problem(), p, []float64{1, -1, 0.5, 0.2, -0.3}
}

// The same bits come out for any number of workers, and twice in a row.
func TestWorkersDoNotChangeBits(t *testing.T) {
	cases := discreteCases()
	prob, p, y0 := scaledNetwork(t)
	for _, m := range solvers() {
		if !m.Info().Split {
			cases = append(cases, discreteCase{name: m.Info().Name + "/scaled", prob: prob, p: p, y0: y0, t1: 2, times: []float64{0.3, 1, 2}, opt: ode.Options{Method: m, RTol: 1e-3}})
		}
	}
	for _, c := range cases {
		a, _ := gradientOf(t, DiscreteForward{Workers: 1}, c, curved)
		b, _ := gradientOf(t, DiscreteForward{Workers: 3}, c, curved)
		r1, ev := gradientOf(t, DiscreteReverse{}, c, curved)
		var r2 Gradient
		if err := ev.Gradient(context.Background(), &r2, c.p, c.y0, c.t0, c.t1, c.times, curved); err != nil {
			t.Fatal(err)
		}
		for i, v := range a.joined() {
			if v != b.joined()[i] {
				t.Fatalf("%s: entry %d differs between 1 and 3 workers", c.name, i)
			}
			if r1.joined()[i] != r2.joined()[i] {
				t.Fatalf("%s: entry %d differs between two calls", c.name, i)
			}
		}
	}
}

// Steady state allocates nothing, however many steps there are. netField allocates in its products and is not used here.
func TestNoAllocation(t *testing.T) {
	prob, p, y0 := roberProblem()
	ctx := context.Background()
	times := []float64{1e-3, 1, 1e2, 1e4}
	for _, m := range solvers() {
		if !m.Info().Implicit || m.Info().Split {
			continue
		}
		for _, method := range []Method{DiscreteReverse{}, DiscreteForward{Workers: 1}, DiscreteForward{Chunk: 2, Workers: 2}} {
			ev, err := method.New(Setup{Problem: prob, Options: ode.Options{Method: m, RTol: 1e-5, ATol: []float64{1e-8, 1e-12, 1e-8}}})
			if err != nil {
				t.Fatal(err)
			}
			var g Gradient
			run := func() {
				if err := ev.Gradient(ctx, &g, p, y0, 0, 1e4, times, curved); err != nil {
					t.Fatal(err)
				}
			}
			run()
			// a handful per solve (a goroutine, the description of a switching pair), none per step
			if n := testing.AllocsPerRun(5, run); n > 10 || g.Forward.Steps < 50 {
				t.Errorf("%s with %s: %g allocations per gradient over %d steps", method.Info().Name, m.Info().Name, n, g.Forward.Steps)
			}
		}
	}
}

// What cannot be differentiated is refused when it is built, with the reason.
func TestRefusals(t *testing.T) {
	prob, _, _ := roberProblem()
	plain := ode.Func(1, func(dst []float64, _ float64, y []float64) { dst[0] = -y[0] })
	for name, s := range map[string]Setup{
		"no parameters":      {Problem: plain},
		"finite differences": {Problem: ode.FiniteDifference(prob)},
		"events":             {Problem: prob, Options: ode.Options{Events: []ode.Event{{Name: "e"}}}},
		"quadrature":         {Problem: prob, Options: ode.Options{Quadrature: &ode.Quadrature{N: 1}}},
	} {
		for _, m := range []Method{DiscreteReverse{}, DiscreteForward{}} {
			_, err := m.New(s)
			var refused *RefusedError
			if !errors.As(err, &refused) {
				t.Errorf("%s, %s: error %v", m.Info().Name, name, err)
			}
		}
	}
	var input *ode.InputError
	if _, err := (DiscreteReverse{}).New(Setup{}); !errors.As(err, &input) {
		t.Errorf("no problem: error %v", err)
	}
	if ev, err := (DiscreteReverse{}).New(Setup{Problem: prob}); err != nil {
		t.Error(err)
	} else if err := ev.Gradient(context.Background(), &Gradient{}, []float64{1}, []float64{1, 0, 0}, 0, 1, []float64{1}, curved); !errors.As(err, &input) {
		t.Errorf("wrong number of parameters: error %v", err)
	}
}

// With Newton's iteration a Jacobian by differences does no harm: the derivative is made from exact products.
func TestDifferencedJacobian(t *testing.T) {
	prob, p, y0 := netProblem(3, 3, 3, 2, true)
	for _, m := range []ode.Method{ode.KenCarp4, ode.Radau, ode.BDF} {
		c := discreteCase{prob: ode.FiniteDifference(prob), p: p, y0: y0, t1: 1, times: []float64{0.3, 1}, opt: ode.Options{Method: m, RTol: 1e-5, ATol: []float64{1e-8}}}
		a, ev := gradientOf(t, DiscreteReverse{}, c, curved)
		b, _ := gradientOf(t, DiscreteForward{}, c, curved)
		if e := relL2(a.joined(), b.joined()); !(e <= 1e-10) {
			t.Errorf("%s: forward and reverse differ by %.2g", m.Info().Name, e)
		}
		g, _ := gradientOf(t, GaussAdjoint{}, c, curved)
		if e := relL2(g.joined(), b.joined()); !(e <= 1e-3) {
			t.Errorf("%s: discrete and continuous differ by %.2g", m.Info().Name, e)
		}
		grads := make([]float64, len(c.times)*3)
		for i, tt := range c.times {
			curved.At(i, tt, a.Y[3*i:3*i+3], grads[3*i:3*i+3])
		}
		d := ev.(*discreteReverse)
		if e := twinError(t, prob, &d.tape, p, y0, grads, converged(t, d, c, grads)); !(e <= 1e-10) {
			t.Errorf("%s: reverse and complex step differ by %.2g", m.Info().Name, e)
		}
	}
}

// The derivatives of Robertson's problem at t = 40 agree with 30-digit arithmetic (testdata of package problems, Robertson 1966).
func TestRobertsonSensitivities(t *testing.T) {
	prob, p, y0 := roberProblem()
	j, err := NewForwardJacobian(Setup{Problem: prob, Options: ode.Options{Method: ode.Rosenbrock23, RTol: 1e-7, ATol: []float64{1e-10, 1e-14, 1e-10}}}, JacobianOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, dY, err := j.Solve(context.Background(), p, y0, 0, 40, []float64{40})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]float64{
		{-4.247558771705733, -2.2883550889056694e-9, 1.3730807973446248e-5},
		{4.5911962492538837e-5, -1.1380595093501291e-13, -2.3571921138463379e-10},
		{4.2475128597432404, 2.2884688948566044e-9, -1.3730572254234863e-5},
	}
	for i := range 3 {
		for c, w := range want[i] {
			if e := math.Abs(dY[3*i+c]/w - 1); e > 1e-5 {
				t.Errorf("∂y%d/∂k%d = %.10g, want %.10g", i+1, c+1, dY[3*i+c], w)
			}
		}
	}
}

func ExampleDiscreteReverse() {
	prob, p, y0 := roberProblem()
	ev, _ := DiscreteReverse{}.New(Setup{Problem: prob, Options: ode.Options{Method: ode.Rosenbrock23}})
	var g Gradient
	sum := LossFunc(func(_ int, _ float64, y, grad []float64) float64 {
		if grad != nil {
			grad[0] = 1
		}
		return y[0]
	})
	err := ev.Gradient(context.Background(), &g, p, y0, 0, 40, []float64{40}, sum)
	fmt.Printf("%.4f %.3f %v\n", g.Loss, g.Params[0], err)
	// Output: 0.7158 -4.248 <nil>
}
