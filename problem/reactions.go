package problem

import (
	"fmt"
	"slices"

	"github.com/stiffnode/stiffnode/expr"
	"github.com/stiffnode/stiffnode/reaction"
)

// reactionTerms adds what reactions do to the states.
func (c *compiler) reactionTerms(g *expr.Graph, s *scope, out []expr.Expr, has []bool) {
	species := reaction.Species{}
	for _, name := range c.m.States {
		if d, ok := s.defs[name]; ok && d.make != nil {
			species[name], _ = s.resolve(name, "")
		}
	}
	for i := range c.p.Reactions {
		r := &c.p.Reactions[i]
		at := key("reactions", r.Name)
		parsed, err := reaction.Parse(r.Equation)
		if err != nil {
			c.faults.formula(at+".equation", err)
			continue
		}
		known := true
		for _, t := range append(slices.Clone(parsed.Reactants), parsed.Products...) {
			if !slices.Contains(c.m.States, t.Species) {
				msg, remedy := unknown(t.Species, c.m.States)
				c.faults.add(at+".equation", remedy, "%s", "species "+msg+" in "+shown(r.Equation))
				known = false
			}
		}
		rate, ok := c.rate(g, s, r, parsed, species, at)
		if !ok || !known {
			for _, t := range append(slices.Clone(parsed.Reactants), parsed.Products...) {
				if j := slices.Index(c.m.States, t.Species); j >= 0 {
					has[j] = true
				}
			}
			continue
		}
		for side, list := range [][]reaction.Term{parsed.Reactants, parsed.Products} {
			for _, t := range list {
				j := slices.Index(c.m.States, t.Species)
				out[j], has[j] = out[j].Add(rate.Scale(t.Coefficient*float64(2*side-1))), true
			}
		}
	}
}

// rate is the expression of a reaction's law.
func (c *compiler) rate(g *expr.Graph, s *scope, r *Reaction, parsed *reaction.Reaction, species reaction.Species, at string) (expr.Expr, bool) {
	ok := true
	constant := func(name string, fallback float64, required bool) expr.Expr {
		text, given := r.Law.Constants[name]
		if !given {
			if required {
				c.faults.add(at, fmt.Sprintf("write %s = …", name), "%s needs %s", lawWords[r.Law.Kind], name)
				ok = false
			}
			return g.Num(fallback)
		}
		e, good := s.parse(text, at+"."+name)
		ok = ok && good
		return e
	}
	first := func() (expr.Expr, bool) {
		if len(parsed.Reactants) == 0 {
			c.faults.add(at, "write rate = \"…\" instead", "%s needs a reactant", lawWords[r.Law.Kind])
			return expr.Expr{}, false
		}
		e, known := species[parsed.Reactants[0].Species]
		return e, known
	}
	if parsed.Reversible && (r.Law.Kind == MichaelisMentenLaw || r.Law.Kind == HillLaw) {
		c.faults.add(at+".equation", "write two reactions, or rate = \"…\"", "%s is irreversible", lawWords[r.Law.Kind])
		return expr.Expr{}, false
	}
	var e expr.Expr
	var err error
	switch r.Law.Kind {
	case Rate:
		e = constant("rate", 0, true)
	case MassActionLaw:
		k, kr := constant("k", 0, true), constant("kr", 0, parsed.Reversible)
		if ok {
			e, err = parsed.MassAction(g, k, kr, species)
		}
	case ArrheniusLaw:
		temperature := constant("T", 0, true)
		inverse := g.Num(0)
		if _, given := r.Law.Constants["T0"]; given {
			inverse = g.Num(1).Div(constant("T0", 0, true))
		}
		lnA, er := constant("lnA", 0, true), constant("E_R", 0, true)
		lnB, fr := constant("lnA_reverse", 0, parsed.Reversible), constant("E_R_reverse", 0, parsed.Reversible)
		if ok {
			k := reaction.Arrhenius(lnA, er, temperature, inverse)
			kr := g.Num(0)
			if parsed.Reversible {
				kr = reaction.Arrhenius(lnB, fr, temperature, inverse)
			}
			e, err = parsed.MassAction(g, k, kr, species)
		}
	case MichaelisMentenLaw, HillLaw:
		x, known := first()
		ok = ok && known
		v := constant("vmax", 0, true)
		if r.Law.Kind == MichaelisMentenLaw {
			if km := constant("km", 0, true); ok {
				e = reaction.MichaelisMenten(v, km, x)
			}
		} else if k, n := constant("k", 0, true), constant("n", 0, true); ok {
			e = reaction.Hill(v, k, n, x)
		}
	}
	if err != nil {
		return e, false // the species has been named already
	}
	return e, ok
}

var lawWords = map[LawKind]string{
	Rate: "a rate", MassActionLaw: "mass action", ArrheniusLaw: "an Arrhenius law", MichaelisMentenLaw: "Michaelis–Menten kinetics", HillLaw: "Hill kinetics",
}

// conservation finds the laws of a system of reactions alone.
func (c *compiler) conservation() {
	if len(c.p.Reactions) == 0 || len(c.p.Derivatives) > 0 || len(c.p.Algebraic) > 0 {
		return
	}
	var list []*reaction.Reaction
	for _, r := range c.p.Reactions {
		parsed, err := reaction.Parse(r.Equation)
		if err != nil {
			return
		}
		list = append(list, parsed)
	}
	if laws, err := reaction.Laws(c.m.States, list); err == nil {
		c.m.Laws = laws
	}
}
