package expr

import (
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/ode"
)

// A DomainError says that a value is not finite, and where in the formula that began. It wraps an *ode.Rejection.
type DomainError struct {
	// Output is the number of the output that is not finite, or whose derivative is not, counted from 0.
	Output int
	// Variable is what that derivative is with respect to; empty for the value.
	Variable string
	// Part is the part of the formula whose value is not finite while all it is made of are; Value is it.
	Part  string
	Value float64
	// Arguments has what Part is made of, as "name = value".
	Arguments []string
}

func (e *DomainError) Error() string {
	s := fmt.Sprintf("%s is %g", e.Part, e.Value)
	if e.Variable != "" {
		s = fmt.Sprintf("the derivative with respect to %s does not exist: %s", e.Variable, s)
	}
	for i, a := range e.Arguments {
		if i == 0 {
			s += " where "
		} else {
			s += ", "
		}
		s += a
	}
	return s
}

// Unwrap makes it a rejection of the step.
func (e *DomainError) Unwrap() error { return &ode.Rejection{Reason: e.Error()} }

// finite returns an error if one of the outputs at the remembered point is not finite.
func (e *Evaluator) finite(dst []float64) error {
	if allFinite(dst) {
		return nil
	}
	for i, v := range dst {
		if !finite(v) {
			return e.explain(i, e.p.roots[i])
		}
	}
	return nil
}

// allFinite adds up zeros, four chains at a time.
func allFinite(v []float64) bool {
	var a, b, c, d float64
	for len(v) >= 4 {
		a += v[0] * 0
		b += v[1] * 0
		c += v[2] * 0
		d += v[3] * 0
		v = v[4:]
	}
	for _, x := range v {
		a += x * 0
	}
	return a+b+c+d == 0
}

// finiteMatrix returns an error if an entry of a matrix of derivatives is not finite; name gives the names of the columns.
func (e *Evaluator) finiteMatrix(m *matrix, names []string) error {
	for k, reg := range m.out {
		if !finite(e.r[reg]) {
			err := e.explain(m.rows[k], m.nodes[k])
			err.Variable = names[m.cols[k]]
			return err
		}
	}
	return nil
}

// explain finds where the value of an output began not to be finite. From the output it goes down to what is not finite, past branches that are not taken, until all that
// a part is made of is. Every value is made anew, since instructions keep those of no part of a sum or product.
func (e *Evaluator) explain(output int, id int32) *DomainError {
	p := e.p
	p.mu.Lock()
	defer p.mu.Unlock()
	g := p.g
	values := e.interpret(g.reach([]int32{id}))
	for {
		next := int32(-1)
		n := &g.nodes[id]
		skip := int32(-1)
		if n.op == opIf {
			if skip = n.c; values[n.a] == 0 {
				skip = n.b
			}
		}
		g.eachArg(id, func(a int32) {
			if next < 0 && a != skip && g.nodes[a].op != opConst && !finite(values[a]) {
				next = a
			}
		})
		if next < 0 {
			break
		}
		id = next
	}
	err := &DomainError{Output: output, Part: g.at(id).text(maxClip), Value: values[id]}
	g.eachArg(id, func(a int32) {
		if g.nodes[a].op != opConst {
			err.Arguments = append(err.Arguments, fmt.Sprintf("%s = %g", g.at(a).text(maxClip), values[a]))
		}
	})
	return err
}

func finite(v float64) bool { return v-v == 0 }

// interpret makes the values of the nodes that are marked, one by one: what instructions are held to.
func (e *Evaluator) interpret(seen []bool) []float64 {
	g := e.p.g
	values := make([]float64, len(seen))
	for id := range seen {
		if !seen[id] {
			continue
		}
		switch n := &g.nodes[id]; {
		case n.op == opConst:
			values[id] = math.Float64frombits(n.bits)
		case n.op == opVar:
			values[id] = e.r[e.p.first[n.a]+int(n.b)]
		case n.op == opNet:
		case n.op == opOut:
			values[id] = math.NaN()
			if r := e.p.register(int32(id)); int(r) < len(e.r) {
				values[id] = e.r[r]
			}
		case n.op == opIf:
			if values[id] = values[n.b]; values[n.a] == 0 {
				values[id] = values[n.c]
			}
		case arity[n.op] == 2:
			values[id] = binary[n.op](values[n.a], values[n.b])
		default:
			values[id] = unary[n.op](values[n.a])
		}
	}
	return values
}
