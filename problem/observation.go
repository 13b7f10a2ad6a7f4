package problem

import (
	"github.com/stiffnode/stiffnode/expr"
)

func (o *Observable) formula() string {
	if o.Formula == "" {
		return o.Name
	}
	return o.Formula
}

// observation is the program of observables and of the sizes of their errors.
func (c *compiler) observation(ch changes) *expr.Program {
	g := expr.NewGraph()
	s := c.names(g, ch, nil, true)
	var values, noise []expr.Expr
	for i := range c.observables {
		o := &c.observables[i]
		k := key("observables", o.Name)
		var v expr.Expr
		ok := true
		if d, is := s.defs[o.Name]; is && d.key == k {
			v, ok = s.resolve(o.Name, k)
		} else {
			v, ok = s.parse(o.formula(), k+".formula")
		}
		n := g.Num(1)
		switch o.Noise {
		case "":
		case "estimate":
			n = g.Param(noiseName(o.Name))
		default:
			var good bool
			n, good = s.parse(o.Noise, k+".noise")
			ok = ok && good
		}
		if !ok {
			continue
		}
		values, noise = append(values, v), append(noise, n)
	}
	for i := range c.p.States {
		if c.p.States[i].Start.Formula == "" {
			g.Input(startName(c.p.States[i].Name)) // the same inputs in the same order as the dynamics
		}
	}
	if len(values) != len(c.observables) {
		return nil
	}
	p, err := expr.NewProgram(g, append(values, noise...)...)
	if err != nil {
		c.faults.add("observables", "", "%v", err)
	}
	return p
}
