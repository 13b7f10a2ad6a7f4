package expr

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

// LaTeX is the expression for mathematics mode, names of several letters upright.
func (e Expr) LaTeX() string {
	if !e.Valid() {
		return ""
	}
	w := writer{g: e.g, limit: math.MaxInt}
	w.push(item{id: e.id})
	for len(w.stack) > 0 {
		top := w.stack[len(w.stack)-1]
		w.stack = w.stack[:len(w.stack)-1]
		if top.id < 0 {
			w.out.WriteString(top.text)
		} else {
			w.latex(top)
		}
	}
	return w.out.String()
}

var latexOperators = map[op]string{opLt: " < ", opLe: ` \le `, opEq: " = ", opNe: ` \ne `, opAnd: ` \land `, opOr: ` \lor `, opAdd: " + ", opSub: " - "}

// latexLevel says how close a node binds: fractions and roots are closed by themselves.
func (g *Graph) latexLevel(id int32) int {
	if o := g.nodes[id].op; o == opDiv || o == opSqrt {
		return levelPower
	}
	return g.levelOf(id)
}

// latex writes a node, or puts what it is made of on the stack.
func (w *writer) latex(it item) {
	own := w.g.latexLevel(it.id)
	if own < it.level {
		w.push(literal(`\left(`), item{id: it.id}, literal(`\right)`))
		return
	}
	n := &w.g.nodes[it.id]
	switch n.op {
	case opConst:
		w.out.WriteString(latexNumber(math.Float64frombits(n.bits)))
	case opVar:
		if varKind(n.a) == varTime {
			w.out.WriteString("t")
			return
		}
		w.out.WriteString(latexName(w.g.nameOf(n)))
	case opAdd, opSub, opAnd, opOr:
		w.push(item{n.a, own, ""}, literal(latexOperators[n.op]), item{n.b, own + 1, ""})
	case opLt, opLe, opEq, opNe:
		w.push(item{n.a, own + 1, ""}, literal(latexOperators[n.op]), item{n.b, own + 1, ""})
	case opMul, opGuard:
		between := `\,`
		if w.g.nodes[n.b].op == opConst {
			between = ` \cdot `
		}
		w.push(item{n.a, own, ""}, literal(between), item{n.b, own + 1, ""})
	case opDiv:
		w.push(literal(`\frac{`), item{id: n.a}, literal("}{"), item{id: n.b}, literal("}"))
	case opPow:
		level := levelAtom
		w.push(literal("{"), item{n.a, level, ""}, literal("}^{"), item{id: n.b}, literal("}"))
	case opNeg:
		w.push(literal("-"), item{n.a, own, ""})
	case opNot:
		w.push(literal(`\lnot `), item{n.a, levelSign, ""})
	case opExp:
		w.push(literal("e^{"), item{id: n.a}, literal("}"))
	case opIf:
		w.latexCases(it.id)
	default:
		w.latexCall(n)
	}
}

// latexCases writes a piecewise, with those that continue it.
func (w *writer) latexCases(id int32) {
	items := []item{literal(`\begin{cases}`)}
	for w.g.nodes[id].op == opIf && len(items) < 4*maxCases {
		n := &w.g.nodes[id]
		items = append(items, item{id: n.b}, literal(` & `), item{id: n.a}, literal(` \\ `))
		id = n.c
	}
	w.push(append(items, item{id: id}, literal(` & \text{otherwise}\end{cases}`))...)
}

// maxCases is how many conditions stand below one another before they are nested.
const maxCases = 100

var brackets = map[op][2]string{opAbs: {`\left|`, `\right|`}, opFloor: {`\lfloor `, `\rfloor `}, opCeil: {`\lceil `, `\rceil `}, opSqrt: {`\sqrt{`, "}"}}

// latexNames are the functions that LaTeX knows under another name than formulas, or under the same.
var latexNames = map[op]string{
	opLog: `\ln`, opLog2: `\log_{2}`, opLog10: `\log_{10}`, opSin: `\sin`, opCos: `\cos`, opTan: `\tan`, opAsin: `\arcsin`, opAcos: `\arccos`, opAtan: `\arctan`,
	opSinh: `\sinh`, opCosh: `\cosh`, opTanh: `\tanh`, opMin: `\min`, opMax: `\max`,
}

// latexCall writes a function with its arguments.
func (w *writer) latexCall(n *node) {
	var buf [3]int32
	args := w.g.args(n, &buf)
	if b, ok := brackets[n.op]; ok {
		w.push(literal(b[0]), item{id: n.a}, literal(b[1]))
		return
	}
	name, ok := latexNames[n.op]
	switch {
	case ok:
	case n.op == opOut:
		c := &w.g.calls[w.g.nodes[n.a].a]
		name, args = latexName(w.g.nets[c.net].outputName(int(n.b))), c.inputs
	default:
		name = `\operatorname{` + opNames[n.op] + "}"
	}
	w.push(literal(name + `\left(`))
	head := w.stack[len(w.stack)-1]
	w.stack = w.stack[:len(w.stack)-1]
	w.push(literal(`\right)`))
	for i := len(args) - 1; i >= 0; i-- {
		w.push(item{id: args[i]})
		if i > 0 {
			w.push(literal(", "))
		}
	}
	w.push(head)
}

// latexNumber writes powers of ten out.
func latexNumber(v float64) string {
	if math.IsInf(v, 0) {
		return strings.TrimSuffix(number(v), "inf") + `\infty`
	}
	s := strconv.FormatFloat(v, 'g', -1, 64)
	mantissa, exponent, found := strings.Cut(s, "e")
	if !found {
		return s
	}
	n, _ := strconv.Atoi(exponent)
	return mantissa + ` \cdot 10^{` + strconv.Itoa(n) + "}"
}

// latexName writes a name: one letter as it is, more upright, what follows the first underscore, or digits at the end, below.
func latexName(name string) string {
	base, below, _ := strings.Cut(name, "_")
	if below == "" {
		base = strings.TrimRightFunc(name, unicode.IsDigit)
		below = strings.TrimSuffix(name[len(base):], "_")
		base = strings.TrimSuffix(base, "_")
	}
	if base == "" {
		return `\mathrm{` + strings.ReplaceAll(name, "_", `\_`) + "}"
	}
	if len([]rune(base)) > 1 {
		base = `\mathrm{` + base + "}"
	}
	if below == "" {
		return base
	}
	return base + `_{\mathrm{` + strings.ReplaceAll(below, "_", `\_`) + "}}"
}
