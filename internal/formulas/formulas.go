// Package formulas has the problems of package ode/problems written as formulas, for the tests and measurements that hold programs to the fields
// that are written by hand.
package formulas

import (
	"fmt"
	"strings"

	"github.com/stiffnode/stiffnode/expr"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// A reaction has a rate and a net effect such as "-A +2*B".
type reaction struct{ rate, net string }

// Names are the problems that there are formulas for.
var Names = []string{
	"Decay", "LotkaVolterra", "Spiral", "PLEIADES", "ROBER", "POLLU", "HIRES", "OREGO", "VDPOL", "VDPOL-1e-3", "VanDerPol", "E5", "ProtheroRobinson", "Kaps",
	"Brusselator", "CHEMAKZO", "ROBER-DAE",
}

// Program returns a shipped problem as a program, and the problem itself. States and parameters are in the problem's order.
func Program(name string) (*expr.Program, *problems.Problem, error) {
	p, err := problems.ByName(name)
	if err != nil {
		return nil, nil, err
	}
	names := make([]string, len(p.IVP.Names))
	for i, s := range p.IVP.Names {
		names[i] = s
		if strings.HasSuffix(s, "'") {
			names[i] = "v" + strings.TrimSuffix(s, "'")
		}
	}
	var params []string
	for _, q := range p.Params {
		params = append(params, q.Name)
	}
	rhs, ok := written[name]
	if !ok {
		rhs, err = generated(name, names)
		if err != nil {
			return nil, nil, err
		}
	}
	prog, err := Compile(names, params, rhs)
	return prog, p, err
}

// Compile makes a program of one formula for every state.
func Compile(states, params, rhs []string) (*expr.Program, error) {
	g := expr.NewGraph()
	for _, n := range states {
		g.State(n)
	}
	for _, n := range params {
		g.Param(n)
	}
	f := make([]expr.Expr, len(rhs))
	for i, text := range rhs {
		var err error
		if f[i], err = g.Parse(text, nil); err != nil {
			return nil, fmt.Errorf("right-hand side of %s: %w", states[i], err)
		}
	}
	return expr.NewProgram(g, f...)
}

// Chain is a chain of n reactions of n+1 species, A0 + A1 → A1 + A2 → …, half of them of two species, with a rate constant each.
func Chain(n int) (states, params, rhs []string) {
	for i := range n + 1 {
		states = append(states, fmt.Sprintf("A%d", i))
	}
	var laws []reaction
	for i := range n {
		params = append(params, fmt.Sprintf("k%d", i))
		rate := fmt.Sprintf("k%d*A%d", i, i)
		if i%2 == 1 {
			rate += fmt.Sprintf("*A%d", i+1)
		}
		laws = append(laws, reaction{rate, fmt.Sprintf("-A%d +A%d", i, i+1)})
	}
	return states, params, sums(states, laws)
}

// sums writes one formula for every state: the sum of the rates that feed it, less those that drain it.
func sums(states []string, laws []reaction) []string {
	f := map[string]string{}
	for _, l := range laws {
		for _, word := range strings.Fields(l.net) {
			sign, rest := word[:1], word[1:]
			if c, name, ok := strings.Cut(rest, "*"); ok {
				f[name] += " " + sign + " " + c + "*(" + l.rate + ")"
			} else {
				f[rest] += " " + sign + " " + l.rate
			}
		}
	}
	out := make([]string, len(states))
	for i, s := range states {
		out[i] = strings.TrimPrefix(f[s], " +")
		if out[i] == "" {
			out[i] = "0"
		}
	}
	return out
}
