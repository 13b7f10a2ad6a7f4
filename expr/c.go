package expr

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// CSource writes a program as C99: name_bind, which makes what depends on parameters alone, and name, which makes the outputs and, where jac is not
// NULL, the entries of JacobianPattern:
//
//	void name_bind(double *c, const double *p);
//	void name(double *f, double *jac, double t, const double *y, const double *u, const double *c);
//
// c has room for the number of doubles that is returned. It is the list of instructions that an Evaluator runs, one statement each. The error says that there are networks.
func (p *Program) CSource(name string) (source string, room int, err error) {
	if len(p.nets) > 0 {
		return "", 0, fmt.Errorf("expr: C of networks is not written")
	}
	m := p.jacobian()
	p.mu.Lock()
	defer p.mu.Unlock()
	w := &cWriter{p: p, kept: map[int32]int{}, constant: map[int32]float64{}, defined: map[int32]bool{}}
	for _, c := range p.constants {
		w.constant[c.register] = c.value
	}
	for i := range p.params {
		w.kept[int32(p.first[varParam]+i)] = i
	}
	w.line("#include <math.h>\n")
	w.line("void %s_bind(double *c, const double *p)\n{", name)
	for i := range p.params {
		w.line("\tc[%d] = p[%d];", i, i)
	}
	w.fixed = true
	w.code(&p.value.bound)
	w.code(&m.bound)
	w.line("}\n")
	w.fixed = false
	w.line("void %s(double *f, double *jac, double t, const double *y, const double *u, const double *c)\n{", name)
	w.code(&p.value.body)
	for i, r := range p.value.out {
		w.line("\tf[%d] = %s;", i, w.register(r))
	}
	w.line("\tif (!jac)\n\t\treturn;")
	w.code(&m.body)
	for i, r := range m.out {
		w.line("\tjac[%d] = %s;", i, w.register(r))
	}
	w.line("}")
	return w.out.String(), len(w.kept), nil
}

// cWriter writes instructions as C.
type cWriter struct {
	p   *Program
	out strings.Builder
	// fixed says that what is written depends on parameters alone; kept has the place in c of each register that does
	fixed    bool
	kept     map[int32]int
	constant map[int32]float64
	defined  map[int32]bool
}

func (w *cWriter) line(format string, args ...any) { fmt.Fprintf(&w.out, format+"\n", args...) }

// register is what holds a value.
func (w *cWriter) register(r int32) string {
	p := w.p
	if v, ok := w.constant[r]; ok {
		return cNumber(v)
	}
	if k, ok := w.kept[r]; ok {
		return fmt.Sprintf("c[%d]", k)
	}
	switch i := int(r); {
	case i == p.first[varTime]:
		return "t"
	case i >= p.first[varState] && i < p.first[varState]+len(p.states):
		return fmt.Sprintf("y[%d]", i-p.first[varState])
	case i >= p.first[varInput] && i < p.first[varInput]+len(p.inputs):
		return fmt.Sprintf("u[%d]", i-p.first[varInput])
	}
	return fmt.Sprintf("v%d", r)
}

func cNumber(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "INFINITY"
	case math.IsInf(v, -1):
		return "(-INFINITY)"
	case math.IsNaN(v):
		return "NAN"
	}
	s := strconv.FormatFloat(v, 'g', 17, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	if v < 0 {
		s = "(" + s + ")"
	}
	return s
}

// code writes a list of instructions.
func (w *cWriter) code(c *code) {
	for _, s := range c.runs {
		for a := c.args[s.from:s.to]; len(a) > 0; a = a[s.stride:] {
			args := make([]string, s.stride)
			for i, r := range a[:s.stride] {
				if i > 0 && (i < 2 || s.kind != insPowInt && s.kind != insPowHalf) {
					args[i] = w.register(r)
				}
			}
			value := cValue(&s, args, a)
			if w.fixed {
				if _, ok := w.kept[a[0]]; !ok {
					w.kept[a[0]] = len(w.kept)
				}
				w.line("\tc[%d] = %s;", w.kept[a[0]], value)
				continue
			}
			if w.defined[a[0]] {
				w.line("\tv%d = %s;", a[0], value)
				continue
			}
			w.defined[a[0]] = true
			w.line("\tdouble v%d = %s;", a[0], value)
		}
	}
}

var cBinary = map[op]string{opDiv: "/", opLt: "<", opLe: "<=", opEq: "==", opNe: "!="}

var cFunctions = map[op]string{opAbs: "fabs", opPow: "pow"}

// cValue is the value of an instruction, whose operands are args[1:].
func cValue(s *run, args []string, a []int32) string {
	x := args[1:]
	switch s.kind {
	case insMul2, insMul3:
		return strings.Join(x, "*")
	case insAdd:
		return x[0] + " + " + x[1]
	case insSub:
		return x[0] + " - " + x[1]
	case insAddAdd:
		return x[0] + " + " + x[1] + " + " + x[2]
	case insAddSub:
		return x[0] + " + " + x[1] + " - " + x[2]
	case insSubSub:
		return x[0] + " - " + x[1] + " - " + x[2]
	case insCopy:
		return x[0]
	case insSquare:
		return x[0] + "*" + x[0]
	case insCube:
		return x[0] + "*" + x[0] + "*" + x[0]
	case insPowInt:
		return cPower(x[0], int(a[2]))
	case insPowHalf:
		return fmt.Sprintf("pow(%s, %g)", x[0], float64(a[2])/2)
	}
	switch o := op(s.kind); o {
	case opNeg:
		return "-" + x[0]
	case opDiv, opLt, opLe, opEq, opNe:
		return "(" + x[0] + " " + cBinary[o] + " " + x[1] + ")"
	case opGuard:
		return fmt.Sprintf("(%s == 0 ? 0 : %s*%s)", x[0], x[0], x[1])
	case opAnd, opOr:
		return fmt.Sprintf("(%s != 0 %s %s != 0)", x[0], opNames[o], x[1])
	case opNot:
		return "(" + x[0] + " == 0)"
	case opSign:
		return fmt.Sprintf("(%s > 0 ? 1 : %s < 0 ? -1 : %s)", x[0], x[0], x[0])
	case opMin, opMax:
		c := map[op]string{opMin: "<=", opMax: ">="}[o]
		return fmt.Sprintf("(%s %s %s || %s != %s ? %s : %s)", x[0], c, x[1], x[0], x[0], x[0], x[1])
	case opIf:
		return fmt.Sprintf("(%s != 0 ? %s : %s)", x[0], x[1], x[2])
	default:
		f, ok := cFunctions[o]
		if !ok {
			f = strings.Replace(opNames[o], "arc", "a", 1)
		}
		return f + "(" + strings.Join(x, ", ") + ")"
	}
}

// cPower is x^n by squaring, as a product.
func cPower(x string, n int) string {
	if n < 0 {
		return "1/(" + cPower(x, -n) + ")"
	}
	switch {
	case n == 1:
		return x
	case n%2 == 1:
		return x + "*" + cPower(x, n-1)
	}
	h := cPower(x, n/2)
	return "(" + h + ")*(" + h + ")"
}
