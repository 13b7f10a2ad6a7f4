package expr

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// String is the expression as a formula that Parse reads back as the same expression. Parts that are shared are written out each time, so that
// the text of a derivative can be long; what Parse has read is about as long as it was.
func (e Expr) String() string {
	if !e.Valid() {
		return "<none>"
	}
	return e.text(math.MaxInt)
}

// text is String, cut off after about limit bytes.
func (e Expr) text(limit int) string {
	w := writer{g: e.g, limit: limit}
	w.push(item{id: e.id})
	for len(w.stack) > 0 && w.out.Len() <= limit {
		top := w.stack[len(w.stack)-1]
		w.stack = w.stack[:len(w.stack)-1]
		if top.id < 0 {
			w.out.WriteString(top.text)
		} else {
			w.node(top)
		}
	}
	if len(w.stack) > 0 {
		return strings.ToValidUTF8(w.out.String()[:min(limit, w.out.Len())], "") + "…"
	}
	return w.out.String()
}

// A writer keeps what is still to be written on a stack, the next thing last.
type writer struct {
	g     *Graph
	out   strings.Builder
	stack []item
	limit int
}

// An item is text (id < 0), or a node in a place that needs brackets around whatever binds less than level.
type item struct {
	id    int32
	level int
	text  string
}

func literal(s string) item { return item{id: -1, text: s} }

// push puts items on the stack, to be written in this order.
func (w *writer) push(items ...item) {
	for i := len(items) - 1; i >= 0; i-- {
		w.stack = append(w.stack, items[i])
	}
}

const levelAtom = 7

// levelOf says how close a node's text binds.
func (g *Graph) levelOf(id int32) int {
	switch n := &g.nodes[id]; n.op {
	case opAdd, opSub:
		return levels["+"]
	case opMul, opGuard, opDiv, opNeg: // −a·b is read as (−a)·b, which is the same expression
		return levels["*"]
	case opPow:
		return levelPower
	case opLt, opLe, opEq, opNe:
		return levelCompare
	case opAnd, opOr:
		return levels["&&"]
	case opNot:
		return levelSign
	case opConst:
		if v := math.Float64frombits(n.bits); v < 0 || math.Signbit(v) {
			return levels["*"]
		}
	}
	return levelAtom
}

// node writes a node, or puts what it is made of on the stack.
func (w *writer) node(it item) {
	if it.level == restOfChoice {
		w.push(literal(""))
		w.choices(it.id)
		return
	}
	own := w.g.levelOf(it.id)
	if own < it.level {
		w.push(literal("("), item{id: it.id}, literal(")"))
		return
	}
	n := &w.g.nodes[it.id]
	switch n.op {
	case opConst:
		w.out.WriteString(number(math.Float64frombits(n.bits)))
	case opVar:
		w.out.WriteString(w.g.nameOf(n))
	case opAdd, opSub, opAnd, opOr:
		w.push(item{n.a, own, ""}, literal(" "+opNames[n.op]+" "), item{n.b, own + 1, ""})
	case opMul, opGuard, opDiv:
		w.push(item{n.a, own, ""}, literal(opNames[n.op]), item{n.b, own + 1, ""})
	case opPow:
		w.push(item{n.a, own + 1, ""}, literal("^"), item{n.b, own, ""})
	case opLt, opLe, opEq, opNe:
		w.push(item{n.a, own + 1, ""}, literal(" "+opNames[n.op]+" "), item{n.b, own + 1, ""})
	case opNeg:
		w.push(literal("-"), item{n.a, own, ""})
	case opNot:
		w.push(literal("!"), item{n.a, levelSign, ""})
	case opIf:
		w.push(literal("piecewise("))
		w.choices(it.id)
	case opOut:
		c := &w.g.calls[w.g.nodes[n.a].a]
		name := w.g.nets[c.net].outputName(int(n.b))
		if c.part != netValue {
			name = fmt.Sprintf("derivative %d of %s", n.b+1, w.g.nets[c.net].name)
		}
		w.push(literal(name + "("))
		w.arguments(c.inputs)
	default:
		var buf [3]int32
		w.push(literal(opNames[n.op] + "("))
		w.arguments(w.g.args(n, &buf))
	}
}

// arguments puts a list in brackets below the last item of the stack.
func (w *writer) arguments(ids []int32) {
	head := w.stack[len(w.stack)-1]
	w.stack = w.stack[:len(w.stack)-1]
	w.push(literal(")"))
	for i := len(ids) - 1; i >= 0; i-- {
		w.push(item{id: ids[i]})
		if i > 0 {
			w.push(literal(", "))
		}
	}
	w.push(head)
}

// choices writes what stands in the brackets of a piecewise: one that is the last value of another continues it.
func (w *writer) choices(id int32) {
	head := w.stack[len(w.stack)-1]
	w.stack = w.stack[:len(w.stack)-1]
	n := &w.g.nodes[id]
	rest := []item{{id: n.c}, literal(")")}
	if w.g.nodes[n.c].op == opIf {
		rest = []item{{id: n.c, level: restOfChoice}}
	}
	w.push(append([]item{head, {id: n.b}, literal(", "), {id: n.a}, literal(", ")}, rest...)...)
}

// restOfChoice is the level of a piecewise that continues another.
const restOfChoice = -1

// number is v as formulas have it.
func number(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "inf"
	case math.IsInf(v, -1):
		return "-inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// nameOf is the name of a variable.
func (g *Graph) nameOf(n *node) string {
	switch k := varKind(n.a); k {
	case varTime:
		return "time"
	case varState, varParam, varInput:
		return g.names[k][n.b]
	default:
		return fmt.Sprintf("%s%d", [numVarKinds]string{varSwitch: "switch", varSeedY: "dy", varSeedT: "dt", varSeedU: "du", varSeedP: "dp", varAdjoint: "w"}[k], n.b+1)
	}
}
