package expr

import (
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"testing"
)

// A random program has 3 states, 2 parameters, 1 input and 2 outputs, at a point where every part of it is of moderate size and away from the edges of domains and from switches.
type randomProgram struct {
	*Program
	values map[varKind][]float64
}

const states, params, inputs, outputs = 3, 2, 1, 2

// newRandom builds a graph node by node. An operation is taken only where its value is of moderate size; nodes already made are reused often, so that parts are shared.
func newRandom(t *testing.T, rng *rand.Rand, size int) randomProgram {
	g := NewGraph()
	r := randomProgram{values: map[varKind][]float64{}}
	var list []Expr
	var at []float64
	use := func(e Expr, v float64) { list, at = append(list, e), append(at, v) }
	variable := func(k varKind, e Expr) {
		v := rng.NormFloat64()
		r.values[k] = append(r.values[k], v)
		use(e, v)
	}
	variable(varTime, g.Time())
	for i := range states {
		variable(varState, g.State("y"+string(rune('0'+i))))
	}
	for i := range params {
		variable(varParam, g.Param("p"+string(rune('0'+i))))
	}
	for i := range inputs {
		variable(varInput, g.Input("u"+string(rune('0'+i))))
	}
	for len(list) < 7+size {
		pick := func() int {
			if rng.IntN(2) == 0 && len(list) > 7 {
				return 7 + rng.IntN(len(list)-7)
			}
			return rng.IntN(len(list))
		}
		i, j, k := pick(), pick(), pick()
		a, b := list[i], list[j]
		x, y := at[i], at[j]
		o := op(rng.IntN(int(opIf)-int(opAdd)+1)) + opAdd
		if !inDomain(o, x, y) {
			continue
		}
		var e Expr
		var v float64
		switch {
		case o == opGuard:
			continue
		case o == opIf && math.Abs(y-at[k]) < 0.01: // too near to where it switches
			continue
		case o == opIf:
			c := b.Less(list[k])
			if e, v = c.If(a, b), y; y < at[k] {
				v = x
			}
		case o == opPow && rng.IntN(2) == 0: // a whole power
			n := float64(rng.IntN(6) - 2)
			e, v = a.PowNum(n), math.Pow(x, n)
		case o == opPow:
			e, v = a.Pow(b), math.Pow(x, y)
		case arity[o] == 1:
			e, v = Expr{}, unary[o](x)
			e = apply1(o, a)
		default:
			e, v = apply2(o, a, b), binary[o](x, y)
		}
		if math.IsNaN(v) || math.Abs(v) > 50 || e.constant() {
			continue
		}
		use(e, v)
	}
	p, err := NewProgram(g, list[len(list)-1].Add(list[len(list)-3]), list[len(list)-2].Mul(list[len(list)-1]))
	if err != nil {
		t.Fatal(err)
	}
	r.Program = p
	return r
}

func apply1(o op, a Expr) Expr {
	if o == opNeg {
		return a.Neg()
	}
	return a.g.unary(o, a)
}

func apply2(o op, a, b Expr) Expr {
	switch o {
	case opAdd:
		return a.Add(b)
	case opSub:
		return a.Sub(b)
	case opMul:
		return a.Mul(b)
	case opDiv:
		return a.Div(b)
	}
	return a.g.binary(o, a, b)
}

// inDomain keeps a distance from where a function or its derivative is not, and from switches.
func inDomain(o op, x, y float64) bool {
	far := func(v float64) bool { return math.Abs(v-math.Round(v)) > 0.01 }
	switch o {
	case opLog, opLog2, opLog10, opSqrt, opPow:
		return x > 0.05
	case opDiv:
		return math.Abs(y) > 0.05
	case opTan:
		return math.Abs(math.Cos(x)) > 0.1
	case opAsin, opAcos, opAtanh:
		return math.Abs(x) < 0.95
	case opAcosh:
		return x > 1.05
	case opErf:
		return math.Abs(x) < 5
	case opSign, opAbs, opNot:
		return math.Abs(x) > 0.01
	case opAnd, opOr: // a zero that is not exact is true at 256 bits
		return math.Abs(x) > 0.01 && math.Abs(y) > 0.01
	case opFloor, opCeil:
		return far(x)
	case opExp, opSinh, opCosh, opTanh:
		return math.Abs(x) < 4
	case opMin, opMax, opLt, opLe, opEq, opNe:
		return math.Abs(x-y) > 0.01
	}
	return true
}

// bigAt evaluates the outputs with 256 bits.
func (r *randomProgram) bigAt(values map[varKind][]*big.Float) []*big.Float {
	g := r.g
	v := make([]*big.Float, len(g.nodes))
	for id, seen := range g.reach(r.roots) {
		if !seen {
			continue
		}
		switch n := &g.nodes[id]; {
		case n.op == opConst:
			v[id] = num(math.Float64frombits(n.bits))
		case n.op == opVar:
			v[id] = values[varKind(n.a)][n.b]
		case n.op == opIf:
			if v[id] = v[n.b]; v[n.a].Sign() == 0 {
				v[id] = v[n.c]
			}
		case arity[n.op] == 2:
			v[id] = bigBinary(n.op, v[n.a], v[n.b])
		default:
			v[id] = bigUnary(n.op, v[n.a])
		}
	}
	out := make([]*big.Float, len(r.roots))
	for i, id := range r.roots {
		out[i] = v[id]
	}
	return out
}

// step is 2^-60 or, for second derivatives, 2^-50: at 256 bits a central difference is then good to 1e-30 and better.
func (r *randomProgram) shifted(steps map[varKind][]float64, exponent int) []*big.Float {
	values := map[varKind][]*big.Float{}
	for k, list := range r.values {
		for i, v := range list {
			x := num(v)
			if s := steps[k]; s != nil {
				d := num(s[i])
				x = add(x, d.SetMantExp(d, exponent))
			}
			values[k] = append(values[k], x)
		}
	}
	return r.bigAt(values)
}

func (r *randomProgram) scaled(steps map[varKind][]float64, s float64) map[varKind][]float64 {
	out := map[varKind][]float64{}
	for k, list := range steps {
		for _, v := range list {
			out[k] = append(out[k], s*v)
		}
	}
	return out
}

// derivative is that of the outputs along a direction.
func (r *randomProgram) derivative(d map[varKind][]float64) []float64 {
	plus, minus := r.shifted(d, -60), r.shifted(r.scaled(d, -1), -60)
	out := make([]float64, len(plus))
	for i := range out {
		x := sub(plus[i], minus[i])
		out[i] = float(x.SetMantExp(x, 59))
	}
	return out
}

// mixed is the second derivative of the outputs along two directions.
func (r *randomProgram) mixed(a, b map[varKind][]float64) []float64 {
	out := make([]*big.Float, outputs)
	for _, s := range [][2]float64{{1, 1}, {1, -1}, {-1, 1}, {-1, -1}} {
		both := r.scaled(a, s[0])
		for k, list := range r.scaled(b, s[1]) {
			if both[k] == nil {
				both[k] = make([]float64, len(list))
			}
			for i, v := range list {
				both[k][i] += v
			}
		}
		for i, v := range r.shifted(both, -50) {
			if out[i] == nil {
				out[i] = zero()
			}
			out[i] = add(out[i], mul(num(s[0]*s[1]), v))
		}
	}
	res := make([]float64, outputs)
	for i, x := range out {
		res[i] = float(x.SetMantExp(x, 98))
	}
	return res
}

// bound is the running error analysis of the nodes as they are evaluated: for each the sum of absolute values of all that was rounded on the way, as
// far as it reaches the node.
func bound(e *Evaluator, nodes []int32) []float64 {
	g := e.p.g
	seen := g.reach(nodes)
	v := e.interpret(seen)
	b := make([]float64, len(seen))
	slope := func(f func(x float64) float64, x float64) float64 {
		h := 1e-6 * (math.Abs(x) + 1e-3)
		s := math.Abs(f(x+h)-f(x-h)) / (2 * h)
		if math.IsNaN(s) || s > 1e9 {
			return 0
		}
		return s
	}
	for id := range seen {
		n := &g.nodes[id]
		if !seen[id] {
			continue
		}
		b[id] = math.Abs(v[id])
		switch {
		case n.op == opConst || n.op == opVar:
		case n.op == opIf:
			b[id] += b[n.b] + b[n.c]
		case arity[n.op] == 2:
			f := binary[n.op]
			b[id] += b[n.a]*slope(func(x float64) float64 { return f(x, v[n.b]) }, v[n.a]) + b[n.b]*slope(func(x float64) float64 { return f(v[n.a], x) }, v[n.b])
		default:
			b[id] += b[n.a] * slope(unary[n.op], v[n.a])
		}
	}
	out := make([]float64, len(nodes))
	for i, id := range nodes {
		out[i] = b[id]
	}
	return out
}

// checker compares with a bound.
type checker struct {
	t     *testing.T
	seed  uint64
	worst float64
	count int
}

func (c *checker) same(what string, i int, got, want, terms float64) {
	c.t.Helper()
	c.count++
	err := math.Abs(got - want)
	if err > 1e-40 {
		c.worst = max(c.worst, err/terms)
	}
	if !(err <= 1e-12*terms+1e-40) { // what is folded to 0 has no terms, and the reference its own noise
		c.t.Errorf("seed %d: %s[%d] = %.17g, want %.17g, terms %g", c.seed, what, i, got, want, terms)
	}
}

func unit1(k varKind, n, i int) map[varKind][]float64 {
	v := make([]float64, n)
	v[i] = 1
	return map[varKind][]float64{k: v}
}

// TestRandom holds every product of random programs to differences of 256 bits: 300 programs, or 10 000 in long tests.
func TestRandom(t *testing.T) {
	n := 300
	switch {
	case testing.Short():
		n = 40
	case os.Getenv("STIFFNODE_TEST") == "long":
		n = 10000
	}
	c := &checker{t: t}
	for seed := range uint64(n) {
		c.seed = seed
		rng := rand.New(rand.NewPCG(seed, 11))
		c.program(newRandom(t, rng, 4+rng.IntN(20)), rng)
		if t.Failed() {
			return
		}
	}
	t.Logf("%d numbers of %d programs; largest error %.1e of the sum of absolute terms", c.count, n, c.worst)
}

func (c *checker) program(r randomProgram, rng *rand.Rand) {
	e := r.NewEvaluator()
	e.Bind(r.values[varParam])
	f := make([]float64, outputs)
	time, y, u := r.values[varTime][0], r.values[varState], r.values[varInput]
	e.Eval(f, time, y, u)
	for i, v := range r.shifted(nil, 0) {
		c.same("f", i, f[i], float(v), bound(e, r.roots)[i])
	}
	random := func(n int) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = rng.NormFloat64()
		}
		return v
	}
	// first derivatives, entry by entry
	first := map[varKind][][]float64{} // of kind k with respect to variable i, all outputs
	for k, n := range map[varKind]int{varState: states, varParam: params, varInput: inputs, varTime: 1} {
		for i := range n {
			first[k] = append(first[k], r.derivative(unit1(k, n, i)))
		}
	}
	terms := map[varKind][]float64{}
	for k, m := range map[varKind]*matrix{varState: r.jacobian(), varParam: r.paramJacobian(), varInput: r.inputJacobian()} {
		got := make([]float64, len(m.out))
		e.matrix(got, m)
		dense, size := make([]float64, outputs*3), make([]float64, outputs*3)
		b := bound(e, m.targets)
		for i, v := range got {
			dense[m.rows[i]*3+m.cols[i]], size[m.rows[i]*3+m.cols[i]] = v, b[i]
		}
		for j, col := range first[k] {
			for i, want := range col {
				c.same("∂f/∂"+[]string{"t", "y", "p", "u"}[k], i*3+j, dense[i*3+j], want, size[i*3+j])
			}
		}
		terms[k] = size
	}
	du, dt := random(inputs), make([]float64, outputs)
	e.TimeDerivative(dt, du)
	for i := range dt {
		want := first[varTime][0][i] + first[varInput][0][i]*du[0]
		c.same("df/dt", i, dt[i], want, bound(e, r.timeDerivative().targets)[i]+math.Abs(want))
	}
	w := random(outputs)
	c.adjoint("VJP", r, e, r.vjp(), func(gy, gp, gu []float64) { e.VJP(gy, gp, gu, w) }, func(k varKind, j int) float64 {
		return w[0]*first[k][j][0] + w[1]*first[k][j][1]
	})
	v, tau := random(states), rng.NormFloat64()
	along := map[varKind][]float64{varState: v, varTime: {tau}, varInput: {tau * du[0]}}
	second := map[varKind][][]float64{}
	for k, n := range map[varKind]int{varState: states, varParam: params} {
		for i := range n {
			second[k] = append(second[k], r.mixed(along, unit1(k, n, i)))
		}
	}
	c.adjoint("second", r, e, r.secondAdjoint(), func(gy, gp, _ []float64) { e.SecondOrder(gy, gp, w, v, tau, du) }, func(k varKind, j int) float64 {
		return w[0]*second[k][j][0] + w[1]*second[k][j][1]
	})
	dy, dp := make([]float64, outputs*states), make([]float64, outputs*params)
	e.SecondOrderJacobian(dy, dp, v, tau, du, 0, params)
	my, mp := r.secondMatrices()
	for k, m := range map[varKind]*matrix{varState: my, varParam: mp} {
		got, n := dy, states
		if k == varParam {
			got, n = dp, params
		}
		size := make([]float64, len(got))
		for i, b := range bound(e, m.targets) {
			size[m.rows[i]*n+m.cols[i]] = b
		}
		for i, x := range got {
			c.same("second Jacobian", i, x, second[k][i%n][i/n], size[i])
		}
	}
}

// adjoint checks a gradient with respect to states, parameters and, where want is not for them, not inputs.
func (c *checker) adjoint(what string, r randomProgram, e *Evaluator, u *product, call func(gy, gp, gu []float64), want func(k varKind, j int) float64) {
	got := map[varKind][]float64{varState: make([]float64, states), varParam: make([]float64, params), varInput: make([]float64, inputs)}
	call(got[varState], got[varParam], got[varInput])
	size := map[varKind][]float64{varState: make([]float64, states), varParam: make([]float64, params), varInput: make([]float64, inputs)}
	for i, b := range bound(e, u.targets) {
		size[u.kind[i]][u.cols[i]] = b
	}
	for _, k := range []varKind{varState, varParam} {
		for j, v := range got[k] {
			c.same(what, int(k)*10+j, v, want(k, j), size[k][j])
		}
	}
}
