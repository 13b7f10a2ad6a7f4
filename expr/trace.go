package expr

import "fmt"

// Symbols are what a traced function computes with.
type Symbols struct {
	// G makes constants (G.Num) and reads formulas (G.Parse).
	G *Graph
	// T is the time; Y, P and U are states, parameters and inputs.
	T       Expr
	Y, P, U []Expr
}

// Trace calls f once on symbols and makes a program of what it returns. Control flow of f is that of the one call: what depends on values is
// written with Expr.If. The error names what is wrong with names, or is that of NewProgram.
func Trace(states, params, inputs []string, f func(s Symbols) []Expr) (*Program, error) {
	g := NewGraph()
	s := Symbols{G: g, T: g.Time()}
	for _, list := range []struct {
		names []string
		to    *[]Expr
		add   func(string) Expr
	}{{states, &s.Y, g.State}, {params, &s.P, g.Param}, {inputs, &s.U, g.Input}} {
		for _, name := range list.names {
			if _, taken := g.Variable(name); taken {
				return nil, fmt.Errorf("expr: the name %q is given twice", name)
			}
			*list.to = append(*list.to, list.add(name))
		}
	}
	return NewProgram(g, f(s)...)
}
