package expr

import (
	"fmt"
	"math"
	"slices"
)

// A Graph holds expressions, of which equal ones are one. It grows only. It belongs to one goroutine; the programs made of it
// are independent of it.
type Graph struct {
	nodes []node
	// logs says which nodes are products with a logarithm
	logs  []bool
	index map[node]int32
	names [numVarKinds][]string
	// scope has the names of all variables
	scope map[string]Expr
	nets  []*Network
	calls []netCall
	// callIndex finds equal calls
	callIndex map[string]int32
}

// A node is an operation on nodes before it. Constants are kept as their bits, so that nodes can be compared.
type node struct {
	op      op
	a, b, c int32
	bits    uint64
}

// An Expr is an expression of a graph. The zero value is none. Expressions of different graphs cannot be combined; to try panics, since it is a programmer's error.
type Expr struct {
	g  *Graph
	id int32
}

// NewGraph returns an empty graph.
func NewGraph() *Graph { return &Graph{index: map[node]int32{}, scope: map[string]Expr{}} }

// Time is the independent variable.
func (g *Graph) Time() Expr { return g.variable(varTime, 0) }

// State adds a state, the next component of y. A name that is taken, by whatever kind of variable, panics: callers that read names check them with Variable.
func (g *Graph) State(name string) Expr { return g.declare(varState, name) }

// Param adds a parameter, the next component of p. Names are as in State.
func (g *Graph) Param(name string) Expr { return g.declare(varParam, name) }

// Input adds an input, the next component of u. Names are as in State.
func (g *Graph) Input(name string) Expr { return g.declare(varInput, name) }

// Variable returns the state, parameter or input of a name.
func (g *Graph) Variable(name string) (e Expr, ok bool) {
	e, ok = g.scope[name]
	return e, ok
}

// StateNames, ParamNames and InputNames are the names in the order of the vectors.
func (g *Graph) StateNames() []string { return slices.Clone(g.names[varState]) }

// ParamNames are the names of the parameters in order, without those of networks.
func (g *Graph) ParamNames() []string { return slices.Clone(g.names[varParam]) }

// InputNames are the names of the inputs in order.
func (g *Graph) InputNames() []string { return slices.Clone(g.names[varInput]) }

func (g *Graph) declare(k varKind, name string) Expr {
	if _, taken := g.scope[name]; taken {
		panic(fmt.Sprintf("expr: the name %q is taken", name))
	}
	e := g.variable(k, len(g.names[k]))
	g.names[k] = append(g.names[k], name)
	g.scope[name] = e
	return e
}

func (g *Graph) variable(k varKind, i int) Expr {
	return g.intern(node{op: opVar, a: int32(k), b: int32(i)})
}

// Num is a constant.
func (g *Graph) Num(v float64) Expr {
	if v != v {
		v = math.NaN() // one NaN, whatever its bits
	}
	return g.intern(node{op: opConst, bits: math.Float64bits(v)})
}

// intern returns the expression of a node, which is new only if there is no equal one.
func (g *Graph) intern(n node) Expr {
	if id, ok := g.index[n]; ok {
		return Expr{g, id}
	}
	id := int32(len(g.nodes))
	g.nodes = append(g.nodes, n)
	g.logs = append(g.logs, n.op == opLog || n.op == opMul && (g.logs[n.a] || g.logs[n.b]) || n.op == opGuard && (g.logs[n.a] || g.logs[n.b]))
	g.index[n] = id
	return Expr{g, id}
}

func (e Expr) node() *node { return &e.g.nodes[e.id] }

// at is the expression of a node's number.
func (g *Graph) at(id int32) Expr { return Expr{g, id} }

// args writes the arguments of a node that are nodes into the array.
func (g *Graph) args(n *node, out *[3]int32) []int32 {
	out[0], out[1], out[2] = n.a, n.b, n.c
	return out[:arity[n.op]]
}

// Value returns the number that a constant expression is.
func (e Expr) Value() (v float64, constant bool) {
	if n := e.node(); n.op == opConst {
		return math.Float64frombits(n.bits), true
	}
	return 0, false
}

func (e Expr) is(v float64) bool {
	x, ok := e.Value()
	return ok && x == v
}

// Valid says whether e is an expression at all.
func (e Expr) Valid() bool { return e.g != nil }
