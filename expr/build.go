package expr

import (
	"math"
	"slices"
)

// Operations fold constants and remove what does nothing. A product with the constant 0 is 0, whatever the other factor: derivatives depend on it.
// A sign moves outwards, so that a product and its negative share a node.

func (e Expr) with(o Expr) *Graph {
	if e.g != o.g || e.g == nil {
		panic("expr: expressions of different graphs, or none")
	}
	return e.g
}

func (g *Graph) unary(o op, a Expr) Expr {
	if v, ok := a.Value(); ok {
		if v = unary[o](v); v == v { // NaN stays a formula, to be refused by name
			return g.Num(v)
		}
	}
	return g.intern(node{op: o, a: a.id})
}

func (g *Graph) binary(o op, a, b Expr) Expr {
	g = a.with(b)
	x, okA := a.Value()
	y, okB := b.Value()
	if okA && okB {
		if v := binary[o](x, y); v == v {
			return g.Num(v)
		}
	}
	if commutative[o] && a.id > b.id && !(o == opMul && okA) || o == opMul && okB { // the constant of a product comes first
		a, b = b, a
	}
	return g.intern(node{op: o, a: a.id, b: b.id})
}

// negated returns x of −x.
func (e Expr) negated() (Expr, bool) {
	n := e.node()
	if n.op == opNeg {
		return Expr{e.g, n.a}, true
	}
	if v, ok := e.Value(); ok && (v < 0 || v == 0 && math.Signbit(v)) {
		return e.g.Num(-v), true
	}
	return e, false
}

// Neg is −e.
func (e Expr) Neg() Expr {
	n := e.node()
	switch n.op {
	case opNeg:
		return Expr{e.g, n.a}
	case opSub:
		return Expr{e.g, n.b}.Sub(Expr{e.g, n.a})
	}
	return e.g.unary(opNeg, e)
}

// Add is e + o.
func (e Expr) Add(o Expr) Expr {
	g := e.with(o)
	switch {
	case e.is(0):
		return o
	case o.is(0):
		return e
	}
	if x, ok := o.negated(); ok {
		return e.Sub(x)
	}
	if x, ok := e.negated(); ok {
		return o.Sub(x)
	}
	return g.binary(opAdd, e, o)
}

// Sub is e − o.
func (e Expr) Sub(o Expr) Expr {
	g := e.with(o)
	switch {
	case o.is(0):
		return e
	case e.is(0):
		return o.Neg()
	case e.id == o.id:
		return g.Num(0)
	}
	if x, ok := o.negated(); ok && !e.constant() {
		return e.Add(x)
	}
	if x, ok := e.negated(); ok && e.node().op == opNeg {
		return x.Add(o).Neg()
	}
	return g.binary(opSub, e, o)
}

func (e Expr) constant() bool { return e.node().op == opConst }

// Mul is e·o.
func (e Expr) Mul(o Expr) Expr {
	g := e.with(o)
	switch {
	case e.is(0) || o.is(0):
		return g.Num(0)
	case e.is(1):
		return o
	case o.is(1):
		return e
	case e.constant() && o.constant():
		return g.binary(opMul, e, o)
	}
	x, minus := e.negated()
	y, minus2 := o.negated()
	if minus || minus2 {
		p := x.Mul(y)
		if minus != minus2 {
			p = p.Neg()
		}
		return p
	}
	if e.id == o.id {
		return e.Pow(g.Num(2))
	}
	if o.constant() {
		e, o = o, e
	}
	if v, ok := e.Value(); ok { // a constant joins the constant of the other factor
		if n := o.node(); n.op == opMul {
			if w, ok := (Expr{g, n.a}).Value(); ok {
				return g.Num(v * w).Mul(Expr{g, n.b})
			}
			if w, ok := (Expr{g, n.b}).Value(); ok {
				return g.Num(v * w).Mul(Expr{g, n.a})
			}
		}
	}
	if o.vanishesUnderLog(e) {
		return g.binary(opGuard, e, o)
	}
	if e.vanishesUnderLog(o) {
		return g.binary(opGuard, o, e)
	}
	return g.binary(opMul, e, o)
}

// maxFactors bounds the factors that are looked at.
const maxFactors = 32

// vanishesUnderLog says whether e has a factor log b, and o a factor that vanishes where b does.
func (e Expr) vanishesUnderLog(o Expr) bool {
	if !e.g.logs[e.id] {
		return false
	}
	var logs, of, own [maxFactors]int32
	others := o.factors(own[:0])
	for _, l := range e.factors(logs[:0]) {
		if e.g.nodes[l].op != opLog {
			continue
		}
		for _, f := range e.g.at(e.g.nodes[l].a).factors(of[:0]) {
			if e.g.nodes[f].op != opConst && slices.Contains(others, f) {
				return true
			}
		}
	}
	return false
}

// factors lists what e is a product of positive powers of.
func (e Expr) factors(out []int32) []int32 {
	stack := [maxFactors]int32{e.id}
	for n := 1; n > 0 && len(out) < cap(out); {
		n--
		id := stack[n]
		switch x := e.g.nodes[id]; {
		case (x.op == opMul || x.op == opGuard) && n+2 <= maxFactors:
			stack[n], stack[n+1] = x.a, x.b
			n += 2
		case x.op == opDiv || x.op == opNeg || x.op == opSqrt:
			stack[n] = x.a
			n++
		case x.op == opPow:
			if v, ok := e.g.at(x.b).Value(); ok && v > 0 {
				stack[n] = x.a
				n++
			}
		default:
			out = append(out, id)
		}
	}
	return out
}

// guarded is e·o, and 0 where e is 0, whatever o is.
func (e Expr) guarded(o Expr) Expr {
	g := e.with(o)
	switch {
	case e.is(0) || o.is(0):
		return g.Num(0)
	case e.constant() || o.constant():
		return e.Mul(o)
	}
	return g.binary(opGuard, e, o)
}

// Div is e/o.
func (e Expr) Div(o Expr) Expr {
	g := e.with(o)
	switch {
	case o.is(1):
		return e
	case e.is(0) && !o.constant():
		return e
	}
	if a, ok := e.Value(); ok {
		if b, ok := o.Value(); ok && a/b == a/b {
			return g.Num(a / b)
		}
	}
	x, minus := e.negated()
	y, minus2 := o.negated()
	if minus || minus2 {
		q := x.Div(y)
		if minus != minus2 {
			q = q.Neg()
		}
		return q
	}
	return g.binary(opDiv, e, o)
}

// Pow is e^o. Without a root that is real (a negative e, an exponent that is not whole) it is NaN.
func (e Expr) Pow(o Expr) Expr {
	g := e.with(o)
	v, ok := o.Value()
	switch {
	case ok && v == 0:
		return g.Num(1)
	case ok && v == 1:
		return e
	case ok && v == -1 && !e.constant():
		return g.Num(1).Div(e)
	case ok && v == 0.5 && !e.constant():
		return e.Sqrt()
	}
	return g.binary(opPow, e, o)
}

// PowNum is e^v.
func (e Expr) PowNum(v float64) Expr { return e.Pow(e.g.Num(v)) }

// Scale is v·e.
func (e Expr) Scale(v float64) Expr { return e.g.Num(v).Mul(e) }

// Exp is the exponential function.
func (e Expr) Exp() Expr { return e.g.unary(opExp, e) }

// Log is the natural logarithm.
func (e Expr) Log() Expr { return e.g.unary(opLog, e) }

// Log2 is the logarithm to base 2.
func (e Expr) Log2() Expr { return e.g.unary(opLog2, e) }

// Log10 is the logarithm to base 10.
func (e Expr) Log10() Expr { return e.g.unary(opLog10, e) }

// Sqrt is the square root.
func (e Expr) Sqrt() Expr { return e.g.unary(opSqrt, e) }

// Sin is the sine.
func (e Expr) Sin() Expr { return e.g.unary(opSin, e) }

// Cos is the cosine.
func (e Expr) Cos() Expr { return e.g.unary(opCos, e) }

// Tan is the tangent.
func (e Expr) Tan() Expr { return e.g.unary(opTan, e) }

// Asin is the inverse sine.
func (e Expr) Asin() Expr { return e.g.unary(opAsin, e) }

// Acos is the inverse cosine.
func (e Expr) Acos() Expr { return e.g.unary(opAcos, e) }

// Atan is the inverse tangent.
func (e Expr) Atan() Expr { return e.g.unary(opAtan, e) }

// Sinh is the hyperbolic sine.
func (e Expr) Sinh() Expr { return e.g.unary(opSinh, e) }

// Cosh is the hyperbolic cosine.
func (e Expr) Cosh() Expr { return e.g.unary(opCosh, e) }

// Tanh is the hyperbolic tangent.
func (e Expr) Tanh() Expr { return e.g.unary(opTanh, e) }

// Asinh is the inverse hyperbolic sine.
func (e Expr) Asinh() Expr { return e.g.unary(opAsinh, e) }

// Acosh is the inverse hyperbolic cosine.
func (e Expr) Acosh() Expr { return e.g.unary(opAcosh, e) }

// Atanh is the inverse hyperbolic tangent.
func (e Expr) Atanh() Expr { return e.g.unary(opAtanh, e) }

// Erf is the error function.
func (e Expr) Erf() Expr { return e.g.unary(opErf, e) }

// Abs is |e|.
func (e Expr) Abs() Expr { return e.g.unary(opAbs, e) }

// Sign is −1, 0 or 1.
func (e Expr) Sign() Expr { return e.g.unary(opSign, e) }

// Floor is the largest integer not above e.
func (e Expr) Floor() Expr { return e.g.unary(opFloor, e) }

// Ceil is the smallest integer not below e.
func (e Expr) Ceil() Expr { return e.g.unary(opCeil, e) }

// Min is the smaller of two.
func (e Expr) Min(o Expr) Expr { return e.g.binary(opMin, e, o) }

// Max is the larger of two.
func (e Expr) Max(o Expr) Expr { return e.g.binary(opMax, e, o) }

// Less is 1 where e < o and 0 elsewhere.
func (e Expr) Less(o Expr) Expr { return e.g.binary(opLt, e, o) }

// LessEqual is 1 where e ≤ o and 0 elsewhere.
func (e Expr) LessEqual(o Expr) Expr { return e.g.binary(opLe, e, o) }

// Equal is 1 where e = o and 0 elsewhere.
func (e Expr) Equal(o Expr) Expr { return e.g.binary(opEq, e, o) }

// NotEqual is 0 where e = o and 1 elsewhere.
func (e Expr) NotEqual(o Expr) Expr { return e.g.binary(opNe, e, o) }

// And is 1 where neither is 0, and 0 elsewhere.
func (e Expr) And(o Expr) Expr { return e.g.binary(opAnd, e, o) }

// Or is 0 where both are 0, and 1 elsewhere.
func (e Expr) Or(o Expr) Expr { return e.g.binary(opOr, e, o) }

// Not is 1 where e is 0, and 0 elsewhere.
func (e Expr) Not() Expr { return e.g.unary(opNot, e) }

// If is x where the condition e is not 0, and y where it is.
func (e Expr) If(x, y Expr) Expr {
	g := e.with(x)
	x.with(y)
	if v, ok := e.Value(); ok {
		if v != 0 {
			return x
		}
		return y
	}
	if x.id == y.id {
		return x
	}
	return g.intern(node{op: opIf, a: e.id, b: x.id, c: y.id})
}
