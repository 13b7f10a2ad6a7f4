package expr

import (
	"math"
	"slices"
)

// times is d·∂n/∂aᵢ for argument i of node n: what a tangent d of the argument adds to that of n, and what an adjoint d of n adds to that of the argument. Nodes that
// choose between their arguments are among them; network nodes are not.
func (g *Graph) times(d Expr, id int32, i int) Expr {
	n := g.nodes[id]
	self, a := g.at(id), g.at(n.a)
	var b Expr
	if arity[n.op] > 1 {
		b = g.at(n.b)
	}
	switch n.op {
	case opAdd:
		return d
	case opSub:
		if i == 1 {
			return d.Neg()
		}
		return d
	case opNeg:
		return d.Neg()
	case opMul:
		if i == 1 {
			return d.Mul(a)
		}
		return d.Mul(b)
	case opDiv:
		if i == 1 {
			return d.Mul(self).Div(b).Neg()
		}
		return d.Div(b)
	case opGuard:
		if i == 1 {
			return a.guarded(d)
		}
		return d.guarded(b)
	case opPow:
		if i == 1 {
			return d.Mul(self.guarded(a.Log()))
		}
		return d.Mul(b).Mul(a.Pow(b.Sub(g.Num(1))))
	case opIf:
		if i == 1 {
			return a.If(d, g.Num(0))
		}
		if i == 2 {
			return a.If(g.Num(0), d)
		}
	case opMin, opMax:
		c := a.LessEqual(b)
		if n.op == opMax {
			c = b.LessEqual(a)
		}
		if i == 1 {
			return c.If(g.Num(0), d)
		}
		return c.If(d, g.Num(0))
	case opLt, opLe, opEq, opNe, opAnd, opOr, opNot, opSign, opFloor, opCeil:
	default:
		return g.timesFunction(d, n.op, self, a)
	}
	return g.Num(0)
}

// timesFunction is d·f′(a), in forms that do not cancel near the ends of the domain of f.
func (g *Graph) timesFunction(d Expr, o op, self, a Expr) Expr {
	one := g.Num(1)
	switch o {
	case opExp:
		return d.Mul(self)
	case opLog:
		return d.Div(a)
	case opLog2:
		return d.Div(a).Scale(math.Log2E)
	case opLog10:
		return d.Div(a).Scale(math.Log10E)
	case opSqrt:
		return d.Div(self.Scale(2))
	case opSin:
		return d.Mul(a.Cos())
	case opCos:
		return d.Mul(a.Sin()).Neg()
	case opTan:
		return d.Mul(self.PowNum(2).Add(one))
	case opAsin:
		return d.Div(one.Sub(a).Mul(one.Add(a)).Sqrt())
	case opAcos:
		return d.Div(one.Sub(a).Mul(one.Add(a)).Sqrt()).Neg()
	case opAtan:
		return d.Div(one.Add(a.PowNum(2)))
	case opSinh:
		return d.Mul(a.Cosh())
	case opCosh:
		return d.Mul(a.Sinh())
	case opTanh:
		return d.Div(a.Cosh().PowNum(2))
	case opAsinh:
		return d.Div(one.Add(a.PowNum(2)).Sqrt())
	case opAcosh:
		return d.Div(a.Sub(one).Mul(a.Add(one)).Sqrt())
	case opAtanh:
		return d.Div(one.Sub(a).Mul(one.Add(a)))
	case opErf:
		return d.Mul(a.PowNum(2).Neg().Exp()).Scale(2 / math.SqrtPi)
	case opAbs:
		return d.Mul(a.Sign())
	}
	return g.Num(0)
}

// chooses says whether a node takes one of its arguments and forgets the others, of which a derivative need not exist.
func chooses(o op) bool { return o == opIf || o == opMin || o == opMax }

// branches are the condition and the two values of a node that chooses.
func (g *Graph) branches(id int32) (c, x, y Expr) {
	n := g.nodes[id]
	a, b := g.at(n.a), g.at(n.b)
	switch n.op {
	case opMin:
		return a.LessEqual(b), a, b
	case opMax:
		return b.LessEqual(a), a, b
	}
	return a, b, g.at(n.c)
}

// reach marks the nodes that roots are made of.
func (g *Graph) reach(roots []int32) []bool {
	last := int32(-1)
	for _, r := range roots {
		last = max(last, r)
	}
	seen := make([]bool, last+1)
	for _, r := range roots {
		seen[r] = true
	}
	for id := last; id >= 0; id-- {
		if seen[id] {
			g.eachArg(id, func(a int32) { seen[a] = true })
		}
	}
	return seen
}

// eachArg calls f with all nodes that a node is made of.
func (g *Graph) eachArg(id int32, f func(a int32)) {
	n := &g.nodes[id]
	if n.op == opNet {
		c := &g.calls[n.a]
		for _, list := range [][]int32{c.inputs, c.direction, c.adjoint} {
			for _, a := range list {
				f(a)
			}
		}
		return
	}
	var buf [3]int32
	for _, a := range g.args(n, &buf) {
		f(a)
	}
}

// dependent marks the nodes among seen that depend on one of some variables.
func (g *Graph) dependent(seen []bool, on func(k varKind) bool) []bool {
	dep := make([]bool, len(seen))
	for id := range seen {
		if !seen[id] {
			continue
		}
		if n := &g.nodes[id]; n.op == opVar {
			dep[id] = on(varKind(n.a))
		} else {
			dep[id] = n.op == opNet && on(varWeights)
			g.eachArg(int32(id), func(a int32) { dep[id] = dep[id] || dep[a] })
		}
	}
	return dep
}

// tangents returns the derivatives of the roots along a direction, which seed gives for variables (the zero Expr for none).
func (g *Graph) tangents(roots []int32, seed func(k varKind, i int32) Expr) []Expr {
	seen := g.reach(roots)
	d := make([]Expr, len(seen))
	for id := range seen {
		if !seen[id] {
			continue
		}
		n := g.nodes[id]
		switch {
		case n.op == opVar:
			d[id] = seed(varKind(n.a), n.b)
		case n.op == opNet:
		case n.op == opOut:
			d[id] = g.callTangent(n.a, n.b, d)
		case chooses(n.op):
			c, x, y := g.branches(int32(id))
			dx, dy := d[x.id], d[y.id]
			if !dx.Valid() && !dy.Valid() {
				continue
			}
			d[id] = c.If(dx.orZero(g), dy.orZero(g))
		default:
			var buf [3]int32
			for i, a := range g.args(&n, &buf) {
				if !d[a].Valid() {
					continue
				}
				if x := g.times(d[a], int32(id), i); !x.is(0) {
					d[id] = x.plus(d[id])
				}
			}
		}
	}
	out := make([]Expr, len(roots))
	for i, r := range roots {
		out[i] = d[r].orZero(g)
	}
	return out
}

// plus is e + o for an o that may be none.
func (e Expr) plus(o Expr) Expr {
	if !o.Valid() {
		return e
	}
	return o.Add(e)
}

func (e Expr) orZero(g *Graph) Expr {
	if !e.Valid() {
		return g.Num(0)
	}
	return e
}

// adjoints returns the derivatives of Σ wᵢ·rootᵢ with respect to variables: a sparse list in the order of their nodes.
//
// The adjoint of a branch that is not taken is 0, and the product with whatever derivative the branch has there must be 0 too: below a choice
// products are guarded.
//
// The calls of networks whose evaluation adds to the gradient with respect to weights and biases are the sinks, if on(varWeights).
func (g *Graph) adjoints(roots []int32, w []Expr, on func(k varKind) bool) (out []partial, sinks []int32) {
	seen := g.reach(roots)
	dep := g.dependent(seen, on)
	adj := make([]Expr, len(seen))
	careful := make([]bool, len(seen))
	for i, r := range roots {
		adj[r] = w[i].plus(adj[r])
	}
	outputs := map[int32][]Expr{} // adjoints of what calls make
	add := func(a int32, x Expr, guard bool) {
		if !x.is(0) {
			adj[a] = x.plus(adj[a])
			careful[a] = careful[a] || guard
		}
	}
	for id := int32(len(seen)) - 1; id >= 0; id-- {
		w, n := adj[id], g.nodes[id]
		if list := outputs[id]; list != nil {
			sinks = append(sinks, g.callAdjoints(id, list, func(a int32, x Expr) {
				if dep[a] {
					add(a, x, careful[id])
				}
			}))
			continue
		}
		if !seen[id] || !dep[id] || !w.Valid() || w.is(0) {
			continue
		}
		if n.op == opVar {
			out = append(out, partial{id, w})
			continue
		}
		if n.op == opOut {
			if outputs[n.a] == nil {
				outputs[n.a] = make([]Expr, g.callSize(&g.calls[g.nodes[n.a].a]))
			}
			outputs[n.a][n.b] = w
			careful[n.a] = careful[n.a] || careful[id]
			continue
		}
		var buf [3]int32
		for i, a := range g.args(&n, &buf) {
			if !dep[a] {
				continue
			}
			var x Expr
			if careful[id] && !chooses(n.op) {
				x = w.guarded(g.times(g.Num(1), id, i))
			} else {
				x = g.times(w, id, i)
			}
			add(a, x, careful[id] || chooses(n.op) || n.op == opGuard && i == 1)
		}
	}
	slices.Reverse(out)
	if !on(varWeights) {
		sinks = nil
	}
	return out, sinks
}

// A partial is the derivative with respect to the variable whose node is of.
type partial struct {
	of int32
	d  Expr
}
