package nn

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

const tol = 2e-13 // rounding of sums of up to 50 terms over up to 8 layers

func TestValueAndJacobian(t *testing.T) {
	forEachNet(t, func(t *testing.T, e *Evaluator, r *reference, _ *rand.Rand) {
		f, f2 := make([]float64, r.net.Outputs), make([]float64, r.net.Outputs)
		jac := make([]float64, len(r.jac))
		e.Value(f, r.x)
		closeTo(t, "value", f, r.f, tol)
		e.ValueJacobian(f2, jac, r.x)
		closeTo(t, "Jacobian", jac, r.jac, tol)
		if !slices.Equal(f, f2) {
			t.Errorf("Value gives %v, ValueJacobian %v", f, f2)
		}
	})
}

func TestProductsAgainstJacobians(t *testing.T) {
	forEachNet(t, func(t *testing.T, e *Evaluator, r *reference, rng *rand.Rand) {
		outputs, inputs, params := r.net.Outputs, r.net.Inputs, len(r.p)
		e.Value(make([]float64, outputs), r.x)

		w := random(rng, outputs)
		gx, gp := random(rng, inputs), random(rng, params)
		wantX, wantP := slices.Clone(gx), slices.Clone(gp)
		for o := range w {
			for j := range gx {
				wantX[j] += w[o] * r.jac[o*inputs+j]
			}
			for k := range gp {
				wantP[k] += w[o] * r.pjac[o*params+k]
			}
		}
		onlyX, onlyP := slices.Clone(gx), slices.Clone(gp)
		e.VJP(gx, gp, w)
		closeTo(t, "wᵀ∂f/∂x", gx, wantX, tol)
		closeTo(t, "wᵀ∂f/∂p", gp, wantP, tol)
		e.VJP(onlyX, nil, w)
		e.VJP(nil, onlyP, w)
		if !slices.Equal(gx, onlyX) || !slices.Equal(gp, onlyP) {
			t.Error("VJP gives other bits when one of gx and gp is nil")
		}

		for _, c := range [][2]int{{0, params}, {0, 1}, {params / 3, params/3 + 2}, {params - 1, params}, {params / 2, params / 2}, {params / 5, params - params/7}} {
			cols := c[1] - c[0]
			got, want := make([]float64, outputs*cols), make([]float64, outputs*cols)
			e.ParamJacobian(got, c[0], c[1])
			for o := range outputs {
				copy(want[o*cols:], r.pjac[o*params+c[0]:o*params+c[1]])
			}
			closeTo(t, "∂f/∂p", got, want, tol)
		}

		for _, n := range []int{1, 3, 4, 19} {
			v, q := random(rng, inputs*n), random(rng, params*n)
			for _, with := range []struct{ v, q []float64 }{{v, q}, {v, nil}, {nil, q}, {nil, nil}} {
				want := make([]float64, outputs*n)
				for o := range outputs {
					for c := range n {
						for j := 0; j < inputs && with.v != nil; j++ {
							want[o*n+c] += r.jac[o*inputs+j] * v[j*n+c]
						}
						for k := 0; k < params && with.q != nil; k++ {
							want[o*n+c] += r.pjac[o*params+k] * q[k*n+c]
						}
					}
				}
				got := random(rng, outputs*n)
				e.JVP(got, with.v, with.q, n)
				closeTo(t, "JVP", got, want, 2*tol)
			}
		}
	})
}

// wᵀ(J v + P q) = (Jᵀw)ᵀv + (Pᵀw)ᵀq, whichever way round it is computed.
func TestDotProductIdentity(t *testing.T) {
	forEachNet(t, func(t *testing.T, e *Evaluator, r *reference, rng *rand.Rand) {
		w, v, q := random(rng, r.net.Outputs), random(rng, r.net.Inputs), random(rng, len(r.p))
		e.Value(make([]float64, len(w)), r.x)
		jv := make([]float64, len(w))
		e.JVP(jv, v, q, 1)
		gx, gp := make([]float64, len(v)), make([]float64, len(q))
		e.VJP(gx, gp, w)
		left, right, size := 0.0, 0.0, 0.0
		for i := range w {
			left += w[i] * jv[i]
			size += math.Abs(w[i] * jv[i])
		}
		for i := range v {
			right += gx[i] * v[i]
			size += math.Abs(gx[i] * v[i])
		}
		for i := range q {
			right += gp[i] * q[i]
			size += math.Abs(gp[i] * q[i])
		}
		if math.Abs(left-right) > 1e-13*size {
			t.Errorf("wᵀ(Jv + Pq) = %.17g by JVP, %.17g by VJP", left, right)
		}
	})
}

func TestSecondOrder(t *testing.T) {
	forEachNet(t, func(t *testing.T, e *Evaluator, r *reference, rng *rand.Rand) {
		outputs, inputs, params := r.net.Outputs, r.net.Inputs, len(r.p)
		e.Value(make([]float64, outputs), r.x)
		for _, n := range []int{0, 1, 2, 3, 4, 6} {
			w, u := random(rng, n*outputs), random(rng, n*inputs)
			gx, gp := random(rng, inputs), random(rng, params)
			wantX, wantP := slices.Clone(gx), slices.Clone(gp)
			for i := range n {
				dx, dp := r.second(u[i*inputs : (i+1)*inputs])
				for o := range outputs {
					for j := range inputs {
						wantX[j] += w[i*outputs+o] * dx[o*inputs+j]
					}
					for k := range params {
						wantP[k] += w[i*outputs+o] * dp[o*params+k]
					}
				}
			}
			onlyX, onlyP := slices.Clone(gx), slices.Clone(gp)
			e.SecondOrder(gx, gp, w, u, n)
			closeTo(t, "x gradient", gx, wantX, 2*tol)
			closeTo(t, "p gradient", gp, wantP, 2*tol)
			e.SecondOrder(onlyX, nil, w, u, n)
			e.SecondOrder(nil, onlyP, w, u, n)
			if !slices.Equal(gx, onlyX) || !slices.Equal(gp, onlyP) {
				t.Error("SecondOrder gives other bits when one of gx and gp is nil")
			}
		}

		u := random(rng, inputs)
		wantX, wantP := r.second(u)
		for _, c := range [][2]int{{0, params}, {params / 4, params/4 + 3}, {params - 1, params}, {0, 0}, {params / 6, params - params/5}} {
			c[1] = min(c[1], params)
			cols := c[1] - c[0]
			dx, dp, want := random(rng, outputs*inputs), random(rng, outputs*cols), make([]float64, outputs*cols)
			e.SecondOrderJacobian(dx, dp, u, c[0], c[1])
			for o := range outputs {
				copy(want[o*cols:], wantP[o*params+c[0]:o*params+c[1]])
			}
			closeTo(t, "∂(Ju)/∂x", dx, wantX, 2*tol)
			closeTo(t, "∂(Ju)/∂p", dp, want, 2*tol)
		}
	})
}

// Adjoint is the sum of VJP and SecondOrder.
func TestAdjoint(t *testing.T) {
	forEachNet(t, func(t *testing.T, e *Evaluator, r *reference, rng *rand.Rand) {
		outputs, inputs, params := r.net.Outputs, r.net.Inputs, len(r.p)
		e.Value(make([]float64, outputs), r.x)
		for _, n := range []int{0, 1, 2, 5} {
			w0, w, u := random(rng, outputs), random(rng, n*outputs), random(rng, n*inputs)
			wantX, wantP := random(rng, inputs), random(rng, params)
			gx, gp := slices.Clone(wantX), slices.Clone(wantP)
			e.VJP(wantX, wantP, w0)
			e.SecondOrder(wantX, wantP, w, u, n)
			e.Adjoint(gx, gp, w0, w, u, n)
			closeTo(t, "x gradient", gx, wantX, tol)
			closeTo(t, "p gradient", gp, wantP, tol)
		}
	})
}

// A point where everything overflowed leaves nothing behind: the next one gives the bits of a new evaluator.
func TestBadPointsAreForgotten(t *testing.T) {
	forEachNet(t, func(t *testing.T, e *Evaluator, r *reference, rng *rand.Rand) {
		outputs, inputs, params := r.net.Outputs, r.net.Inputs, len(r.p)
		w, u, points := random(rng, 3*outputs), random(rng, 3*inputs), random(rng, 5*inputs)
		everything := func(e *Evaluator, x []float64) []float64 {
			var all []float64
			result := func(n int) []float64 {
				all = append(all, make([]float64, n)...)
				return all[len(all)-n:]
			}
			f := make([]float64, outputs)
			e.ValueJacobian(f, result(outputs*inputs), x)
			copy(result(outputs), f)
			e.VJP(result(inputs), make([]float64, params), w[:outputs])
			gp := make([]float64, params)
			e.Adjoint(result(inputs), gp, w[:outputs], w, u, 3)
			copy(result(params), gp)
			e.ParamJacobian(result(outputs*params), 0, params)
			e.SecondOrderJacobian(nil, result(outputs*params), u[:inputs], 0, params)
			e.JVP(result(5*outputs), points, nil, 5)
			gp = make([]float64, params)
			e.ParamVJPBatch(gp, nil, append(slices.Clone(points), x...), random(rand.New(rand.NewPCG(1, 1)), 6*outputs), 6)
			copy(result(params), gp)
			return all
		}
		fresh, err := NewEvaluator(r.net)
		if err != nil {
			t.Fatal(err)
		}
		fresh.Bind(r.p)
		want := everything(fresh, r.x)
		for _, bad := range []float64{math.NaN(), math.Inf(1), -1e308} {
			x := make([]float64, inputs)
			for j := range x {
				x[j] = bad
			}
			everything(e, x)
			if !slices.Equal(everything(e, r.x), want) {
				t.Fatalf("after a point of %g other bits come out", bad)
			}
		}
	})
}

// A second derivative does not care which direction comes first: wᵀ∂(J u)/∂x·v = wᵀ∂(J v)/∂x·u.
func TestHessianSymmetry(t *testing.T) {
	forEachNet(t, func(t *testing.T, e *Evaluator, r *reference, rng *rand.Rand) {
		w, u, v := random(rng, r.net.Outputs), random(rng, r.net.Inputs), random(rng, r.net.Inputs)
		e.Value(make([]float64, len(w)), r.x)
		hu, hv := make([]float64, len(u)), make([]float64, len(u))
		e.SecondOrder(hu, nil, w, u, 1)
		e.SecondOrder(hv, nil, w, v, 1)
		left, right, size := 0.0, 0.0, 0.0
		for j := range u {
			left += hu[j] * v[j]
			right += hv[j] * u[j]
			size += math.Abs(hu[j]*v[j]) + math.Abs(hv[j]*u[j])
		}
		if math.Abs(left-right) > 1e-13*size {
			t.Errorf("vᵀHu = %.17g, uᵀHv = %.17g", left, right)
		}
	})
}

// SecondOrder against sixth-order central differences of ValueJacobian: the only way here that does not know φ″.
func TestSecondOrderAgainstDifferences(t *testing.T) {
	weights := [3]float64{3. / 4, -3. / 20, 1. / 60} // of f(x+kh) − f(x−kh), k = 1, 2, 3
	for _, a := range []Activation{Tanh, GELU, GELUErf, Softplus, SiLU, Sinh} {
		n := MLP{Inputs: 3, Outputs: 2, Hidden: []int{5, 4}, Activation: a}
		rng := rand.New(rand.NewPCG(uint64(a), 1))
		p := make([]float64, n.NumParams())
		n.Init(p, GlorotNormal, 3)
		e, err := NewEvaluator(n)
		if err != nil {
			t.Fatal(err)
		}
		x, w, u := random(rng, 3), random(rng, 2), random(rng, 3)
		f, jac := make([]float64, 2), make([]float64, 6)
		bilinear := func() float64 {
			e.Bind(p)
			e.ValueJacobian(f, jac, x)
			s := 0.0
			for o := range w {
				for j := range u {
					s += w[o] * jac[o*3+j] * u[j]
				}
			}
			return s
		}
		difference := func(at *float64) float64 {
			const h = 1. / 64
			old, s := *at, 0.0
			for k, c := range weights {
				*at = old + float64(k+1)*h
				up := bilinear()
				*at = old - float64(k+1)*h
				s += c * (up - bilinear()) / h
			}
			*at = old
			return s
		}
		gx, gp := make([]float64, 3), make([]float64, len(p))
		bilinear()
		e.SecondOrder(gx, gp, w, u, 1)
		for j := range x {
			if d := difference(&x[j]); math.Abs(d-gx[j]) > 1e-7*(1+math.Abs(d)) {
				t.Errorf("%v: x gradient[%d] = %g, differences %g", a, j, gx[j], d)
			}
		}
		for k := range p {
			if d := difference(&p[k]); math.Abs(d-gp[k]) > 1e-7*(1+math.Abs(d)) {
				t.Errorf("%v: p gradient[%d] = %g, differences %g", a, k, gp[k], d)
			}
		}
	}
}

func TestBatchEqualsSingle(t *testing.T) {
	forEachNet(t, func(t *testing.T, e *Evaluator, r *reference, rng *rand.Rand) {
		batchEqualsSingle(t, e, rng, 0, 1, 3, 16, 17, 37, 70)
	})
}

// Networks on both sides of the bound for lanes, and more points than are remembered.
func TestBatchOfManyPoints(t *testing.T) {
	for _, n := range []MLP{
		{Inputs: 3, Outputs: 2, Hidden: []int{6, 5}, Activation: GELU},
		{Inputs: 6, Outputs: 3, Hidden: []int{94, 94}, Activation: Tanh},
		{Inputs: 6, Outputs: 3, Hidden: []int{95, 95}, Activation: Tanh},
	} {
		e, _ := randomEvaluator(t, n, 3)
		if small := n.NumParams() <= laneParams; small != (e.inLanes() != nil) {
			t.Errorf("%d parameters: in lanes or not?", n.NumParams())
		}
		batchEqualsSingle(t, e, rand.New(rand.NewPCG(3, 3)), 5, keptPoints, keptPoints+1, 20)
	}
}

func batchEqualsSingle(t *testing.T, e *Evaluator, rng *rand.Rand, points ...int) {
	outputs, inputs, params := e.net.Outputs, e.net.Inputs, e.net.NumParams()
	for _, n := range points {
		x, w := random(rng, n*inputs), random(rng, n*outputs)
		f, jac, gx, gp := random(rng, n*outputs), random(rng, n*outputs*inputs), random(rng, n*inputs), make([]float64, params)
		wantF, wantJ, wantX, wantP := slices.Clone(f), slices.Clone(jac), make([]float64, n*inputs), make([]float64, params)
		e.ValueBatch(f, x, n)
		e.JacobianBatch(jac, x, n)
		e.ParamVJPBatch(gp, gx, x, w, n)
		for i := range n {
			e.ValueJacobian(wantF[i*outputs:(i+1)*outputs], wantJ[i*outputs*inputs:(i+1)*outputs*inputs], x[i*inputs:(i+1)*inputs])
			e.VJP(wantX[i*inputs:(i+1)*inputs], wantP, w[i*outputs:(i+1)*outputs])
		}
		closeTo(t, "values", f, wantF, tol)
		closeTo(t, "Jacobians", jac, wantJ, tol)
		closeTo(t, "input gradients", gx, wantX, tol)
		closeTo(t, "parameter gradient", gp, wantP, tol)
		again := make([]float64, params)
		e.ParamVJPBatch(again, nil, x, w, n)
		if !slices.Equal(again, gp) {
			t.Error("ParamVJPBatch gives other bits without gx")
		}
	}
}

func randomEvaluator(t *testing.T, n MLP, seed uint64) (*Evaluator, []float64) {
	t.Helper()
	e, err := NewEvaluator(n)
	if err != nil {
		t.Fatal(err)
	}
	p := make([]float64, n.NumParams())
	n.Init(p, LeCunNormal, seed)
	e.Bind(p)
	return e, p
}

// ParamVJPBatch gives the same bits whether or not JacobianBatch was called before it at its points, at others, or with other parameters.
func TestBatchDoesNotDependOnTheLatestPoints(t *testing.T) {
	n := MLP{Inputs: 3, Outputs: 2, Hidden: []int{6, 5}, Activation: GELU}
	e, p := randomEvaluator(t, n, 1)
	_, others := randomEvaluator(t, n, 2)
	rng := rand.New(rand.NewPCG(4, 4))
	const points = 40
	x, w, elsewhere := random(rng, 3*points), random(rng, 2*points), random(rng, 3*points)
	jac := make([]float64, 6*points)
	gradient := func() []float64 {
		gp := make([]float64, len(p))
		e.ParamVJPBatch(gp, nil, x, w, points)
		return gp
	}
	want := gradient()
	for what, before := range map[string]func(){
		"the same points": func() { e.JacobianBatch(jac, x, points) },
		"other points":    func() { e.JacobianBatch(jac, elsewhere, points) },
		"fewer points":    func() { e.JacobianBatch(jac[:6], x[:3], 1) },
		"the same, then other points": func() {
			e.JacobianBatch(jac, x, points)
			e.ParamVJPBatch(make([]float64, len(p)), nil, elsewhere, w, points)
		},
		"other parameters": func() { e.Bind(others); e.JacobianBatch(jac, x, points); e.Bind(p) },
	} {
		before()
		if !slices.Equal(gradient(), want) {
			t.Errorf("other bits after %s", what)
		}
	}
}

// Every call leaves the remembered point usable, in any order, and the batch calls do not touch it.
func TestRememberedPoint(t *testing.T) {
	n := MLP{Inputs: 3, Outputs: 2, Hidden: []int{6, 5}, Activation: GELU}
	rng := rand.New(rand.NewPCG(1, 2))
	p := make([]float64, n.NumParams())
	n.Init(p, LeCunNormal, 5)
	e, err := NewEvaluator(n)
	if err != nil {
		t.Fatal(err)
	}
	e.Bind(p)
	x, w, u := random(rng, 3), random(rng, 2), random(rng, 3)
	results := func() [][]float64 {
		gx, gp := make([]float64, 3), make([]float64, len(p))
		e.VJP(gx, gp, w)
		hx, hp := make([]float64, 3), make([]float64, len(p))
		e.SecondOrder(hx, hp, w, u, 1)
		pj := make([]float64, 2*len(p))
		e.ParamJacobian(pj, 0, len(p))
		jv := make([]float64, 2)
		e.JVP(jv, u, nil, 1)
		return [][]float64{gx, gp, hx, hp, pj, jv}
	}
	e.Value(make([]float64, 2), x)
	first := results()
	many := random(rng, 3*20)
	e.JacobianBatch(make([]float64, 20*6), many, 20)
	e.ParamVJPBatch(make([]float64, len(p)), nil, many, random(rng, 2*20), 20)
	e.SecondOrderJacobian(nil, nil, u, 0, 0)
	second := results()
	e.ValueJacobian(make([]float64, 2), make([]float64, 6), x)
	third := results()
	for i := range first {
		if !slices.Equal(first[i], second[i]) || !slices.Equal(first[i], third[i]) {
			t.Errorf("result %d changed", i)
		}
	}
}

func TestNonFiniteValuesPropagate(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		n := MLP{Inputs: 2, Outputs: 2, Hidden: []int{5, 5}, Activation: GELU}
		p := make([]float64, n.NumParams())
		n.Init(p, HeNormal, 1)
		e, err := NewEvaluator(n)
		if err != nil {
			t.Fatal(err)
		}
		e.Bind(p)
		f, jac := make([]float64, 2), make([]float64, 4)
		e.ValueJacobian(f, jac, []float64{bad, 0.5})
		finite := true
		for _, v := range f {
			finite = finite && !math.IsNaN(v) && !math.IsInf(v, 0)
		}
		if finite {
			t.Errorf("input %v gives the finite value %v", bad, f)
		}
		e.VJP(make([]float64, 2), make([]float64, len(p)), []float64{1, 1})
		e.SecondOrder(make([]float64, 2), make([]float64, len(p)), []float64{1, 1}, []float64{1, 1}, 1)
	}
}

func TestNoAllocation(t *testing.T) {
	n := MLP{Inputs: 3, Outputs: 3, Hidden: []int{5, 6}, Activation: GELU, OutputActivation: Sinh}
	e, err := NewEvaluator(n)
	if err != nil {
		t.Fatal(err)
	}
	const points = 20
	m := n.NumParams()
	p, f, jac, gx, gp := make([]float64, m), make([]float64, 3), make([]float64, 9), make([]float64, 3), make([]float64, m)
	x, many, pj := make([]float64, 3), make([]float64, 9*points), make([]float64, 3*m)
	q := make([]float64, m*5)
	if allocs := testing.AllocsPerRun(20, func() {
		e.Bind(p)
		e.Value(f, x)
		e.ValueJacobian(f, jac, x)
		e.VJP(gx, gp, f)
		e.JVP(many[:15], nil, q, 5)
		e.ParamJacobian(pj, 0, m)
		e.SecondOrder(gx, gp, many[:15], many[:15], 5)
		e.SecondOrderJacobian(jac, pj, x, 0, m)
		e.ValueBatch(many[:3*points], many[3*points:6*points], points)
		e.JacobianBatch(many, many[:3*points], points)
		e.ParamVJPBatch(gp, many[:3*points], many[3*points:6*points], many[6*points:9*points], points)
	}); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestWrongLengthsPanic(t *testing.T) {
	n := MLP{Inputs: 3, Outputs: 2, Hidden: []int{4}, Activation: Tanh}
	e, err := NewEvaluator(n)
	if err != nil {
		t.Fatal(err)
	}
	m := n.NumParams()
	v := func(k int) []float64 { return make([]float64, k) }
	for name, call := range map[string]func(){
		"products without a point": func() { e.VJP(nil, nil, v(2)) },
		"Bind":                     func() { e.Bind(v(m + 1)) },
		"Value dst":                func() { e.Value(v(3), v(3)) },
		"Value x":                  func() { e.Value(v(2), v(2)) },
		"ValueJacobian":            func() { e.ValueJacobian(v(2), v(5), v(3)) },
		"ValueBatch":               func() { e.ValueBatch(v(4), v(5), 2) },
		"JacobianBatch":            func() { e.JacobianBatch(v(4), v(6), 2) },
		"ParamVJPBatch":            func() { e.ParamVJPBatch(v(m), v(5), v(6), v(4), 2) },
		"Init":                     func() { n.Init(v(m-1), HeNormal, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			call()
		})
	}
	e.Value(v(2), v(3))
	for name, call := range map[string]func(){
		"VJP gx":              func() { e.VJP(v(2), nil, v(2)) },
		"VJP gp":              func() { e.VJP(nil, v(m-1), v(2)) },
		"JVP":                 func() { e.JVP(v(2), v(4), nil, 1) },
		"ParamJacobian":       func() { e.ParamJacobian(v(2), 0, 2) },
		"ParamJacobian range": func() { e.ParamJacobian(v(2*(m+1)), 0, m+1) },
		"SecondOrder":         func() { e.SecondOrder(nil, v(m), v(2), v(2), 1) },
		"SecondOrderJacobian": func() { e.SecondOrderJacobian(nil, v(4), v(2), 0, 2) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			call()
		})
	}
}

// Values of points side by side are those of one point at a time, and no point is remembered after them.
func TestValueStages(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 2))
	for _, shape := range [][]int{{3, 5, 5, 3}, {20, 10, 10, 20}, {2, 30, 1}, {1, 1}} {
		last := len(shape) - 1
		n := MLP{Inputs: shape[0], Hidden: shape[1:last], Outputs: shape[last], Activation: GELU}
		e, err := NewEvaluator(n)
		if err != nil {
			t.Fatal(err)
		}
		p := make([]float64, n.NumParams())
		for i := range p {
			p[i] = rng.NormFloat64() / 2
		}
		e.Bind(p)
		for points := 1; points <= 19; points++ {
			x, got, want := make([]float64, points*n.Inputs), make([]float64, points*n.Outputs), make([]float64, n.Outputs)
			for i := range x {
				x[i] = rng.NormFloat64()
			}
			e.ValueStages(got, x, points)
			for c := range points {
				e.Value(want, x[c*n.Inputs:(c+1)*n.Inputs])
				for r, w := range want {
					if d := math.Abs(got[c*n.Outputs+r] - w); !(d <= 1e-13*(1+math.Abs(w))) {
						t.Fatalf("%v, point %d of %d: output %d is %g, want %g", shape, c, points, r, got[c*n.Outputs+r], w)
					}
				}
			}
			e.ValueStages(got, x, points)
			func() {
				defer func() {
					if recover() == nil {
						t.Fatalf("%v: a product after ValueStages refers to some point", shape)
					}
				}()
				e.VJP(make([]float64, n.Inputs), nil, want)
			}()
		}
	}
}
