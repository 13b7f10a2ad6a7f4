package ode

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
)

// exactPast is a known solution as the past of a BDF.

type exactPast func(dst []float64, t float64)

func (f exactPast) At(dst []float64, t float64) { f(dst, t) }

// reciprocal is y' = −y², y = 1/(1+t), with a second state z' = −z + y + y', z = y + e^{−t}… kept equal to y.

func reciprocal() (*Problem, exactPast) {
	p := FuncJacobian(2, func(dst []float64, _ float64, y []float64) {
		dst[0] = -y[0] * y[0]
		dst[1] = -5*(y[1]-y[0]) - y[0]*y[0]
	}, func(j *Jacobian, _ float64, y []float64) {
		j.Set(0, 0, -2*y[0])
		j.Set(1, 0, 5-2*y[0])
		j.Set(1, 1, -5)
	})
	return p, func(dst []float64, t float64) { dst[0], dst[1] = 1/(1+t), 1/(1+t) }
}

// fixedBDF steps with a BDF of fixed order from exact starting values through given step sizes, Newton's iteration being

// carried to roundoff with a new Jacobian in every step, and calls see after every step.

func fixedBDF(t *testing.T, p *Problem, past exactPast, q int, t0 float64, steps []float64, see func(st *bdfStepper, h float64)) {
	t.Helper()
	c, err := newCore(p)
	if err != nil {
		t.Fatal(err)
	}
	c.t, c.dir, c.rtol, c.newtonTol = t0, math.Copysign(1, steps[0]), 1e-10, 1e-5
	for i := range c.atol {
		c.atol[i] = 1e-10
	}
	past(c.y, t0)
	s, err := BDFMethod{Order: q, Past: past}.newStepper(c)
	if err != nil {
		t.Fatal(err)
	}
	st := s.(*bdfStepper)
	if bad := st.start(); bad != nil {
		t.Fatal(bad)
	}
	for _, h := range steps {
		c.setWeights()
		st.newt.forget()
		if _, bad := st.attempt(h); bad != nil {
			t.Fatalf("order %d, t = %g: %v", q, c.t, bad)
		}
		see(st, h)
		st.accepted(h)
		st.v.E, st.v.EPrev = st.v.EPrev, st.v.E
		st.prevDiff = st.form.diffCoef
		c.y, c.ynew = c.ynew, c.y
		c.t += h
	}
}

func constantSteps(n int, span float64) []float64 {
	s := make([]float64, n)
	for i := range s {
		s[i] = span / float64(n)
	}
	return s
}

// varyingSteps follow one another with ratios from 0.7 to 1.4 in a fixed pattern that refines with n.

func varyingSteps(n int, span float64) []float64 {
	s := make([]float64, n)
	sum := 0.0
	for i := range s {
		s[i] = []float64{1, 1.3, 0.95, 1.2, 1.5, 1.1, 0.8}[i%7]
		sum += s[i]
	}
	for i := range s {
		s[i] *= span / sum
	}
	return s
}

// The formula of order q is exact for polynomials of degree q, whatever the steps, and so is its dense output.

func TestBDFIsExactForPolynomials(t *testing.T) {
	for q := 1; q <= maxBDFOrder; q++ {
		poly := func(x float64) (v, d float64) {
			for j := q; j >= 0; j-- {
				d = d*x + v
				v = v*x + float64(j+1)
			}
			return v, d
		}
		p := Func(1, func(dst []float64, x float64, _ []float64) { _, dst[0] = poly(x) })
		past := exactPast(func(dst []float64, x float64) { dst[0], _ = poly(x) })
		coef := make([]float64, maxDegree+1)
		fixedBDF(t, p, past, q, 0, varyingSteps(30, 2), func(st *bdfStepper, h float64) {
			degree := st.dense(coef, h)
			for _, theta := range []float64{0, 0.3, 0.9, 1} {
				y := []float64{0}
				horner(y, coef, degree, theta)
				want, _ := poly(st.c.t + theta*h)
				if math.Abs(y[0]-want) > 1e-9*(1+math.Abs(want)) {
					t.Errorf("order %d at t = %g: %g, want %g", q, st.c.t+theta*h, y[0], want)
				}
			}
		})
	}
}

// At constant steps the method is the classical backward differentiation formula (Hairer and Wanner II, eq. III.1.22).

func TestBDFAtConstantStepsIsClassical(t *testing.T) {
	classical := map[int][]float64{ // Σ a_i y_{n+1−i} = h f_{n+1}
		1: {1, -1}, 2: {3. / 2, -2, 1. / 2}, 3: {11. / 6, -3, 3. / 2, -1. / 3}, 4: {25. / 12, -4, 3, -4. / 3, 1. / 4},
		5: {137. / 60, -5, 5, -10. / 3, 5. / 4, -1. / 5},
	}
	p, past := reciprocal()
	for q, a := range classical {
		const h = 0.1
		var ys []float64 // newest first
		for i := range q {
			y := make([]float64, 2)
			past(y, 1-float64(i)*h)
			ys = append(ys, y[0])
		}
		fixedBDF(t, p, past, q, 1, constantSteps(10, 10*h), func(st *bdfStepper, _ float64) {
			y := st.c.ynew[0]
			sum := a[0] * y
			for i, v := range ys {
				sum += a[i+1] * v
			}
			if r := sum + h*y*y; math.Abs(r) > 1e-12 {
				t.Errorf("order %d: residual of the formula %g", q, r)
			}
			ys = append([]float64{y}, ys[:q-1]...)
		})
	}
}

// The error estimates of the order in use and of its neighbours tend to the local errors β₀/(q+1)·h^{q+1} y^{(q+1)} of the

// formulas at constant steps, β₀ = 1/Σ1/j.

func TestBDFErrorEstimates(t *testing.T) {
	p := FuncJacobian(1, func(dst []float64, _ float64, y []float64) { dst[0] = y[0] }, func(j *Jacobian, _ float64, _ []float64) { j.Set(0, 0, 1) })
	past := exactPast(func(dst []float64, x float64) { dst[0] = math.Exp(x) })
	local := func(q int, h, y float64) float64 {
		s := 0.0
		for j := 1; j <= q; j++ {
			s += 1 / float64(j)
		}
		return math.Pow(h, float64(q+1)) * y / (s * float64(q+1))
	}
	for q := 1; q <= maxBDFOrder; q++ {
		const h = 0.01
		n := 0
		fixedBDF(t, p, past, q, 0, constantSteps(25, 25*h), func(st *bdfStepper, _ float64) {
			if n++; n < 25 {
				return
			}
			y := math.Exp(st.c.t + h)
			near := func(what string, got, want float64) {
				if math.Abs(got/want-1) > 0.1 {
					t.Errorf("order %d, %s: %g, want %g", q, what, got, want)
				}
			}
			near("same order", math.Abs(st.v.E[0])*st.form.errorCoef, local(q, h, y))
			st.form.neighbours(q, h, &st.tau)
			if q > 1 {
				near("lower order", math.Abs(st.zp[q][0])*st.form.lowerCoef, local(q-1, h, y))
			}
			if q < maxBDFOrder-1 { // at order 5 the difference drowns in roundoff
				d := st.v.E[0] - st.form.diffCoef/st.prevDiff*st.v.EPrev[0]
				near("higher order", math.Abs(d)*st.form.higherCoef, local(q+1, h, y))
			}
		})
	}
}

func TestBDFOrder(t *testing.T) {
	p, past := reciprocal()
	for q := 1; q <= maxBDFOrder; q++ {
		for name, grid := range map[string]func(int, float64) []float64{"constant": constantSteps, "varying": varyingSteps} {
			var end, inside []float64
			for _, n := range []int{28, 56, 112} {
				worst, last := 0.0, 0.0
				coef, y, want := make([]float64, 2*(maxDegree+1)), make([]float64, 2), make([]float64, 2)
				fixedBDF(t, p, past, q, 0, grid(n, 2), func(st *bdfStepper, h float64) {
					degree := st.dense(coef, h)
					for k := 1; k <= 8; k++ {
						theta := float64(k) / 8
						horner(y, coef, degree, theta)
						past(want, st.c.t+theta*h)
						last = max(math.Abs(y[0]-want[0]), math.Abs(y[1]-want[1]))
						worst = max(worst, last)
					}
				})
				end, inside = append(end, last), append(inside, worst)
			}
			for i := 1; i < len(end); i++ {
				if s := math.Log2(end[i-1] / end[i]); s < float64(q)-0.2 {
					t.Errorf("order %d, %s steps: observed %.2f at the end (errors %.2g)", q, name, s, end)
				}
				if s := math.Log2(inside[i-1] / inside[i]); s < float64(q)-0.2 {
					t.Errorf("order %d, %s steps: observed %.2f in the dense output (errors %.2g)", q, name, s, inside)
				}
			}
		}
	}
}

// With the step size held by a bound the order still rises, and the accuracy with it: y' = −y, exact e^{−t}.

func TestBDFOrderRisesAtBoundedStep(t *testing.T) {
	p := FuncJacobian(1, func(dst []float64, _ float64, y []float64) { dst[0] = -y[0] }, func(j *Jacobian, _ float64, _ []float64) { j.Set(0, 0, -1) })
	orders := map[int]int{}
	s, err := NewSolver(p, Options{Method: BDF, RTol: 1e-5, ATol: []float64{1e-8}, MaxStep: 0.02, Tape: &Tape{}})
	if err != nil {
		t.Fatal(err)
	}
	sol, err := s.Solve(context.Background(), 0, 8, []float64{1})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range s.opt.Tape.Steps {
		orders[step.Order]++
	}
	if e := math.Abs(sol.YEnd[0]*math.Exp(8) - 1); e > 1e-5 || orders[3]+orders[4]+orders[5] < 200 {
		t.Errorf("error %g with orders %v", e, orders)
	}
}

// Raising the order and lowering it again changes nothing but what the higher order added, and the raised history

// interpolates one more value.

func TestBDFOrderChangeKeepsInterpolation(t *testing.T) {
	p, past := reciprocal()
	for q := 1; q < maxBDFOrder; q++ {
		var ts, ys []float64 // newest first
		for i := range maxBDFOrder + 1 {
			y := make([]float64, 2)
			x := 1 - 0.05*float64(i)
			past(y, x)
			ts, ys = append(ts, x), append(ys, y[0])
		}
		steps := append(constantSteps(1, 0.05), varyingSteps(9, 0.6)...)
		fixedBDF(t, p, past, q, 1, steps, func(st *bdfStepper, h float64) {
			ts = append([]float64{st.c.t + h}, ts...)
			ys = append([]float64{st.c.ynew[0]}, ys...)
			if len(ts) < maxBDFOrder+1+9 {
				return
			}
			s, v := *st, *st.v
			v.Z, v.P = slices.Clone(v.Z), slices.Clone(v.P)
			s.v, s.z, s.zp = &v, st.rows(v.Z), st.rows(v.P)
			s.accepted(h)
			at := func(x float64) float64 {
				v, r := 0.0, (x-ts[0])/h
				for j := s.q; j >= 0; j-- {
					v = v*r + s.z[j][0]
				}
				return v
			}
			before := [2]float64{s.z[0][0], s.z[1][0]}
			s.raise()
			for i := 0; i <= q; i++ {
				if e := math.Abs(at(ts[i]) - ys[i]); e > 1e-13 {
					t.Errorf("raised to %d: misses the value at t_{n−%d} by %g", q+1, i, e)
				}
			}
			s.lower()
			for i := 0; i < q; i++ {
				if e := math.Abs(at(ts[i]) - ys[i]); e > 1e-13 {
					t.Errorf("lowered to %d: misses the value at t_{n−%d} by %g", q, i, e)
				}
			}
			if math.Abs(s.z[0][0]-before[0])+math.Abs(s.z[1][0]-before[1]) > 1e-15 {
				t.Errorf("order changes moved the state or its derivative")
			}
		})
	}
}

func TestBDFOptions(t *testing.T) {
	p, past := reciprocal()
	var in *InputError
	for _, m := range []BDFMethod{{MaxOrder: 6}, {MaxOrder: -1}, {Order: 6}, {Order: 2}, {Order: -1}} {
		if _, err := NewSolver(p, Options{Method: m}); !errors.As(err, &in) {
			t.Errorf("%+v: %v", m, err)
		}
	}
	if _, err := NewSolver(p, Options{Method: BDFMethod{Past: past}, Tape: &Tape{}}); !errors.As(err, &in) {
		t.Errorf("a past on a tape: %v", err)
	}
	// less order needs more steps; starting from the past needs fewer; all are accurate
	count := map[string]int{}
	for name, m := range map[string]BDFMethod{"1": {MaxOrder: 1}, "2": {MaxOrder: 2}, "5": {}, "past": {Past: past}, "fixed": {Order: 3, Past: past}} {
		sol, err := Solve(context.Background(), p, 1, 5, []float64{0.5, 0.5}, Options{Method: m, RTol: 1e-6, ATol: []float64{1e-9}})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if e := math.Abs(sol.YEnd[0]*6 - 1); e > 5e-4 {
			t.Errorf("%s: error %g", name, e)
		}
		count[name] = sol.Stats.Steps
	}
	if count["1"] < 2*count["2"] || count["2"] < 2*count["5"] || count["past"] >= count["5"] {
		t.Errorf("steps %v", count)
	}
	// a discontinuity makes the past useless, not the solve
	kick := Event{Value: func(x float64, _ []float64) float64 { return x - 2 }, Apply: func(_ float64, y []float64) { y[0], y[1] = 1, 1 }}
	sol, err := Solve(context.Background(), p, 1, 5, []float64{0.5, 0.5}, Options{Method: BDFMethod{Order: 4, Past: past}, RTol: 1e-7, ATol: []float64{1e-9}, Events: []Event{kick}})
	if err != nil {
		t.Fatal(err)
	}
	if e := math.Abs(sol.YEnd[0]*4 - 1); e > 1e-5 {
		t.Errorf("after a kick: error %g", e)
	}
	if n := (BDFMethod{MaxOrder: 2}).Info(); n.Order != 2 || n.Name == BDF.Info().Name {
		t.Errorf("info %+v", n)
	}
}

// A fast, hardly damped oscillation that the tolerance allows to ignore lies outside the stability region of orders 3 to

// 5: its detection must lower the order, and save steps.

func TestBDFStabilityLimit(t *testing.T) {
	const omega, damping = 300.0, 3.0 // eigenvalues −3 ± 300i: 89.4° off the negative axis
	p := FuncJacobian(3, func(dst []float64, x float64, y []float64) {
		dst[0] = -damping*y[0] + omega*y[1]
		dst[1] = -omega*y[0] - damping*y[1]
		dst[2] = -y[2] + math.Cos(x) + 1e-3*y[0]
	}, func(j *Jacobian, _ float64, _ []float64) {
		j.Set(0, 0, -damping)
		j.Set(0, 1, omega)
		j.Set(1, 0, -omega)
		j.Set(1, 1, -damping)
		j.Set(2, 0, 1e-3)
		j.Set(2, 2, -1)
	})
	solve := func(ignore bool) Stats {
		sol, err := Solve(context.Background(), p, 0, 60, []float64{1e-2, 0, 0.5}, Options{Method: BDFMethod{IgnoreStabilityLimit: ignore}, RTol: 1e-4, ATol: []float64{1e-6}})
		if err != nil {
			t.Fatal(err)
		}
		want := 0.5 * (math.Cos(60) + math.Sin(60)) // after the transient
		if e := math.Abs(sol.YEnd[2] - want); e > 5e-3 {
			t.Errorf("ignore %v: error %g", ignore, e)
		}
		return sol.Stats
	}
	with, without := solve(false), solve(true)
	if with.StabilityReductions == 0 || without.StabilityReductions != 0 {
		t.Errorf("reductions %d with detection, %d without", with.StabilityReductions, without.StabilityReductions)
	}
	if float64(with.Steps) > 0.7*float64(without.Steps) {
		t.Errorf("%d steps with detection, %d without", with.Steps, without.Steps)
	}
}

// A squared-norm sequence made of known roots must give |root|² back.

func TestBDFStabilityRoot(t *testing.T) {
	for _, rho := range []float64{0.7, 0.99, 1.05} {
		for _, theta := range []float64{0.4, 1.1} {
			var b bdfStability
			for j := range b.s {
				for k := range b.s[j] {
					n := float64(10 - k) // newest first
					b.s[j][k] = math.Pow(rho, n) * (2 + float64(j) + math.Cos(2*n*theta+0.3*float64(j)))
				}
			}
			if got, ok := b.root(); !ok || math.Abs(got-rho) > 1e-2 {
				t.Errorf("ρ = %g, θ = %g: got %g, %v", rho, theta, got, ok)
			}
		}
		var b bdfStability // one real root
		for j := range b.s {
			for k := range b.s[j] {
				b.s[j][k] = math.Pow(rho, float64(10-k)) * (1 + float64(j))
			}
		}
		if got, ok := b.root(); !ok || math.Abs(got-rho) > 1e-6 {
			t.Errorf("real ρ = %g: got %g, %v", rho, got, ok)
		}
	}
}

// Robertson's problem in four guises: as it is, as a DAE with diag(1, 1, 0), with that mass matrix multiplied by a regular matrix

// from the left, which makes it dense and singular, and as M y' = M f with M regular.

func TestBDFMassMatrices(t *testing.T) {
	ref := []float64{0.7158270687194044, 9.185534764557756e-06, 0.28416374574583037}
	f := robertson()
	algebraic := func(dst []float64, _ float64, y []float64) {
		a, b := 0.04*y[0], 1e4*y[1]*y[2]
		dst[0], dst[1], dst[2] = b-a, a-b-3e7*y[1]*y[1], y[0]+y[1]+y[2]-1
	}
	mix := []float64{2, 1, 0, 1, 3, 1, 0.5, 1, 1}
	mixed := func(g func(dst []float64, x float64, y []float64)) func(dst []float64, x float64, y []float64) {
		return func(dst []float64, x float64, y []float64) {
			var v [3]float64
			g(v[:], x, y)
			Mass{Dense: mix}.MulVec(dst, v[:])
		}
	}
	full := func(dst []float64, x float64, y []float64) {
		if err := f.New().Eval(dst, x, y); err != nil {
			t.Fatal(err)
		}
	}
	withMass := func(g func(dst []float64, x float64, y []float64), m Mass) *Problem {
		p := Func(3, g)
		p.Mass, p.Autonomous = m, true
		return p
	}
	singular := append([]float64(nil), mix...)
	for i := range 3 {
		singular[3*i+2] = 0 // times diag(1, 1, 0)
	}
	for name, p := range map[string]*Problem{
		"ode": f, "dae": withMass(algebraic, DiagonalMass(1, 1, 0)),
		"mixed dae": withMass(mixed(algebraic), Mass{Dense: singular}), "mixed ode": withMass(mixed(full), Mass{Dense: mix}),
	} {
		for _, rtol := range []float64{1e-4, 1e-6, 1e-8} {
			sol, err := Solve(context.Background(), p, 0, 40, []float64{1, 0, 0}, Options{Method: BDF, RTol: rtol, ATol: []float64{1e-4 * rtol, 1e-8 * rtol, 1e-4 * rtol}})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for i, w := range ref {
				if e := math.Abs(sol.YEnd[i]/w - 1); e > 100*rtol {
					t.Errorf("%s, rtol %g: y%d = %.12g is off by %g (%v)", name, rtol, i+1, sol.YEnd[i], e, &sol.Stats)
				}
			}
		}
	}
}

// S f solves M y' = f for f in the range of M, and S is the inverse of a regular M.

func TestMassInverse(t *testing.T) {
	for name, m := range map[string]Mass{
		"regular": {Dense: []float64{2, 1, 0, 1, 3, 1, 0.5, 1, 1}}, "rank 2": {Dense: []float64{1, 2, 3, 2, 4, 6, 1, 0, 1}},
		"rank 1": {Dense: []float64{0, 2, 0, 0, 4, 0, 0, 0, 0}}, "zero": {Dense: make([]float64, 9)}, "diagonal": DiagonalMass(2, 0, -3),
	} {
		s := NewMassInverse(m, 3)
		x, f, y, g := []float64{1, -2, 0.5}, make([]float64, 3), make([]float64, 3), make([]float64, 3)
		m.MulVec(f, x)
		s.Apply(y, f)
		m.MulVec(g, y)
		for i := range f {
			if math.Abs(g[i]-f[i]) > 1e-13 {
				t.Errorf("%s: M S f = %v, f = %v", name, g, f)
			}
			if name == "regular" && math.Abs(y[i]-x[i]) > 1e-13 {
				t.Errorf("S f = %v, want %v", y, x)
			}
		}
		// wᵀ(S f) = (Sᵀ w)ᵀ f
		w := []float64{0.3, 1, -0.7}
		s.ApplyTransposed(g, w)
		a, b := 0.0, 0.0
		for i := range f {
			a += w[i] * y[i]
			b += g[i] * f[i]
		}
		if math.Abs(a-b) > 1e-13 {
			t.Errorf("%s: wᵀ S f = %g, (Sᵀ w)ᵀ f = %g", name, a, b)
		}
	}
}

// The recursion that BDFFormula documents, replayed from the tape alone, is the solution.

func TestBDFDoesNotAllocatePerStep(t *testing.T) {
	s, err := NewSolver(robertson(), Options{Method: BDF, RTol: 1e-8, ATol: []float64{1e-14}, SaveAt: []float64{1}})
	if err != nil {
		t.Fatal(err)
	}
	count := func(t1 float64) (allocs float64, steps int) {
		allocs = testing.AllocsPerRun(3, func() {
			sol, err := s.Solve(context.Background(), 0, t1, []float64{1, 0, 0})
			if err != nil {
				t.Fatal(err)
			}
			steps = sol.Stats.Steps
		})
		return allocs, steps
	}
	a, few := count(10)
	b, many := count(1e6)
	if many < 2*few || b > a {
		t.Errorf("%g allocations in %d steps, %g in %d", a, few, b, many)
	}
}
