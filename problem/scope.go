package problem

import (
	"fmt"
	"unicode"

	"github.com/stiffnode/stiffnode/expr"
	"github.com/stiffnode/stiffnode/internal/names"
	"github.com/stiffnode/stiffnode/nn"
)

// A definition is a name that formulas may use: a variable of the graph, or something that is made of other formulas when it is first asked for.
type definition struct {
	key  string
	made bool
	busy bool // being made: a formula that comes back to itself
	e    expr.Expr
	make func() (expr.Expr, bool)
}

// A scope resolves names. Formulas may use what is defined after them.
type scope struct {
	g      *expr.Graph
	faults *Faults
	defs   map[string]*definition
	order  []string
	parsed *expr.Scope
}

func newScope(g *expr.Graph, faults *Faults) *scope {
	return &scope{g: g, faults: faults, defs: map[string]*definition{}, parsed: g.Scope()}
}

// define adds a name; a name that is taken is a fault.
func (s *scope) define(name, key string, make func() (expr.Expr, bool)) {
	if !expr.IsName(name) {
		s.faults.add(key, "use letters, digits and underscores, no digit first", "%q cannot be a name in formulas", name)
		return
	}
	if d, taken := s.defs[name]; taken {
		s.faults.add(key, "", "the name %q is taken by %s", name, d.key)
		return
	}
	s.defs[name] = &definition{key: key, make: make}
	s.order = append(s.order, name)
}

// variable adds a name for an expression.
func (s *scope) variable(name, key string, e expr.Expr) {
	s.define(name, key, func() (expr.Expr, bool) { return e, true })
}

// resolve makes what a name stands for, and all that it is made of; ok is false where something is wrong with it, which has been said.
func (s *scope) resolve(name, by string) (expr.Expr, bool) {
	d := s.defs[name]
	switch {
	case d.made:
		return d.e, d.e.Valid()
	case d.busy:
		s.faults.add(by, "", "%q depends on itself", name)
		return expr.Expr{}, false
	}
	d.busy = true
	e, ok := d.make()
	d.busy, d.made = false, true
	if ok {
		d.e = e
		s.parsed.Names[name] = e
	}
	return e, ok
}

// identifiers calls f with every word of a text that looks like a name.
func identifiers(text string, f func(string)) {
	from := -1
	for i, c := range text {
		letter := c == '_' || unicode.IsLetter(c)
		switch {
		case from < 0 && letter && !(i > 0 && isNumberPart(text[i-1])):
			from = i
		case from >= 0 && !letter && !unicode.IsDigit(c) && !unicode.Is(unicode.M, c):
			f(text[from:i])
			from = -1
		}
	}
	if from >= 0 {
		f(text[from:])
	}
}

// isNumberPart says whether a letter after c belongs to a number, as the e of 1e5 does.
func isNumberPart(c byte) bool { return c >= '0' && c <= '9' || c == '.' }

// parse reads a formula; ok is false where something is wrong with it or with what it uses, which has been said.
func (s *scope) parse(text, key string) (expr.Expr, bool) {
	ok := true
	identifiers(text, func(name string) {
		if _, known := s.defs[name]; known {
			if _, good := s.resolve(name, key); !good {
				ok = false
			}
		}
	})
	if !ok {
		return expr.Expr{}, false
	}
	e, err := s.g.Parse(text, s.parsed)
	if err != nil {
		s.faults.formula(key, err)
		return e, false
	}
	return e, true
}

// network adds the outputs of a network as names. used is told that one of them is.
func (s *scope) network(n *Network, key string) {
	mlp := nn.MLP{Inputs: len(n.Inputs), Outputs: max(1, len(n.Outputs)), Hidden: n.Hidden, Activation: n.Activation, OutputActivation: n.OutputActivation}
	outputs := n.Outputs
	if len(outputs) == 0 {
		outputs = []string{n.Name}
	}
	var made []expr.Expr
	failed := false
	apply := func() bool {
		if failed || made != nil {
			return !failed
		}
		failed = true
		net, err := s.g.Network(n.Name, mlp)
		if err != nil {
			s.faults.add(key, "", "%v", err)
			return false
		}
		var in []expr.Expr
		for i, text := range n.Inputs {
			e, ok := s.parse(text, fmt.Sprintf("%s.inputs[%d]", key, i))
			if !ok {
				return false
			}
			in = append(in, e)
		}
		out, err := net.Apply(in...)
		if err != nil {
			s.faults.add(key, "", "%v", err)
			return false
		}
		for i := range out {
			if len(n.Scale) > 0 {
				out[i] = out[i].Scale(n.Scale[min(i, len(n.Scale)-1)])
			}
		}
		made, failed = out, false
		return true
	}
	for i, name := range outputs {
		s.define(name, key, func() (expr.Expr, bool) {
			if !apply() {
				return expr.Expr{}, false
			}
			return made[i], true
		})
	}
}

// unknown words the complaint about a name that should be one of those given.
func unknown(name string, known []string) (msg, remedy string) {
	msg = fmt.Sprintf("%q is not known", name)
	if near, ok := names.Nearest(name, known); ok {
		return msg, fmt.Sprintf("did you mean %q?", near)
	}
	return msg, ""
}
