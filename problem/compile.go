package problem

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/stiffnode/stiffnode/expr"
	"github.com/stiffnode/stiffnode/ode"
)

// A compiler makes a Model of a Problem and collects what is wrong with it.
type compiler struct {
	p      *Problem
	faults *Faults
	m      *Model
	// estimated are the unknown parameters by name: where each is in θ, or the first of its experiments.
	theta map[string]int
	// programs made so far, by what conditions change.
	made map[string]*Programs
	// columns are the starts that data give, by state.
	observables []Observable
	sets        []*boundData
}

// Compile checks the problem, reads its data and makes a Model. The error is a *Faults.
func (p *Problem) Compile() (*Model, error) {
	c := &compiler{p: p, faults: &Faults{}, m: &Model{Problem: p}, theta: map[string]int{}, made: map[string]*Programs{}}
	for _, s := range p.States {
		c.m.States = append(c.m.States, s.Name)
	}
	if len(p.States) == 0 {
		c.faults.add("states", "give each a table [states.NAME]", "there are no states")
	}
	c.checkParameters()
	c.bindData()
	c.defaultObservables()
	c.unknowns()
	for i, set := range c.sets {
		c.cases(i, set)
	}
	if err := c.faults.err(); err != nil {
		return nil, err
	}
	c.conservation()
	return c.m, nil
}

// key joins the parts of a key.
func key(parts ...string) string { return strings.Join(parts, ".") }

func (c *compiler) checkParameters() {
	for i := range c.p.Parameters {
		q := &c.p.Parameters[i]
		k := key("parameters", q.Name)
		bounded := q.Min != 0 || q.Max != 0
		finite := func(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
		switch {
		case !finite(q.Value):
			c.faults.add(k, "give a finite value", "the value is %g", q.Value)
		case math.IsNaN(q.Min) || math.IsNaN(q.Max) || bounded && !(q.Min < q.Max):
			c.faults.add(k, "min must be below max", "the bounds are %g and %g", q.Min, q.Max)
		case q.Scale != Linear && !(q.Value > 0):
			c.faults.add(k+".scale", "give a value above 0, or scale = \"lin\"", "%g has no logarithm", q.Value)
		case q.Scale != Linear && bounded && !(q.Min > 0):
			c.faults.add(k+".min", "give a lower bound above 0, or scale = \"lin\"", "%g has no logarithm", q.Min)
		case q.Estimate && bounded && (q.Value < q.Min || q.Value > q.Max):
			c.faults.add(k+".value", fmt.Sprintf("start between %g and %g", q.Min, q.Max), "%g is outside of its bounds", q.Value)
		case q.PerExperiment && !q.Estimate:
			c.faults.add(k, "estimate = true, or give it as a condition of each experiment", "a parameter of its own in every experiment is estimated")
		}
		if pr := q.Prior; pr.Kind != NoPrior && pr.Kind != Uniform && !(pr.B > 0) {
			c.faults.add(k+".prior", "the second number is a size", "%g must be above 0", pr.B)
		}
	}
}

// unknowns lays out θ: parameters in order, those of every experiment one after the other, then the sizes of errors, then the weights of networks.
func (c *compiler) unknowns() {
	add := func(u Unknown) { c.m.Unknowns = append(c.m.Unknowns, u) }
	for i := range c.p.Parameters {
		q := &c.p.Parameters[i]
		if !q.Estimate {
			continue
		}
		u := Unknown{Name: q.Name, Unit: q.Unit, Scale: q.Scale, Prior: q.Prior, Start: q.Scale.On(q.Value), Lower: math.Inf(-1), Upper: math.Inf(1)}
		lo, hi := q.Min, q.Max
		if lo == 0 && hi == 0 {
			if q.Scale != Linear {
				lo, hi = q.Value*1e-8, q.Value*1e8
			} else {
				lo, hi = math.Inf(-1), math.Inf(1)
			}
		}
		u.Lower, u.Upper = q.Scale.On(lo), q.Scale.On(hi)
		if q.Prior.Kind == Uniform {
			a, b := q.Prior.A, q.Prior.B
			if !q.Prior.OnScale {
				a, b = q.Scale.On(a), q.Scale.On(b)
			}
			u.Lower, u.Upper = math.Max(u.Lower, a), math.Min(u.Upper, b)
			u.Start = math.Max(u.Lower, math.Min(u.Upper, u.Start))
			if !(u.Lower < u.Upper) {
				c.faults.add(key("parameters", q.Name, "prior"), "make the prior and the bounds overlap", "nothing lies within both the prior and the bounds")
			}
		}
		c.theta[q.Name] = len(c.m.Unknowns)
		if !q.PerExperiment {
			add(u)
			continue
		}
		for e := range max(1, len(c.p.Experiments)) {
			v := u
			v.Name = fmt.Sprintf("%s:%s", q.Name, c.experimentName(e))
			add(v)
		}
	}
	for i := range c.observables {
		o := &c.observables[i]
		if o.Noise != "estimate" {
			continue
		}
		name := noiseName(o.Name)
		r := c.rangeOf(o)
		if o.Distribution == LogNormalNoise || o.Distribution == LogLaplaceNoise {
			r = 1
		}
		c.theta[name] = len(c.m.Unknowns)
		add(Unknown{Name: name, Unit: o.Unit, Scale: Log, Noise: true, Start: math.Log(0.1 * r), Lower: math.Log(1e-6 * r), Upper: math.Log(10 * r)})
	}
	at := len(c.m.Unknowns)
	for i := range c.p.Networks {
		n := &c.p.Networks[i]
		mlp := n.mlp()
		if err := mlp.Validate(); err != nil {
			c.faults.add(key("networks", n.Name), "", "%v", err)
			continue
		}
		c.m.Blocks = append(c.m.Blocks, Block{i, at, mlp.NumParams()})
		at += mlp.NumParams()
	}
}

func noiseName(observable string) string { return "noise of " + observable }

func (c *compiler) experimentName(i int) string {
	if i < len(c.p.Experiments) && c.p.Experiments[i].Name != "" {
		return c.p.Experiments[i].Name
	}
	return strconv.Itoa(i + 1)
}

// changes are what the conditions of an experiment replace: numbers become inputs, formulas are put in place.
type changes struct {
	numbers  map[string]float64
	formulas map[string]string
	starts   map[string]string
}

// conditions reads those of an experiment.
func (c *compiler) conditions(e int) changes {
	out := changes{map[string]float64{}, map[string]string{}, map[string]string{}}
	if e >= len(c.p.Experiments) {
		return out
	}
	x := &c.p.Experiments[e]
	k := key("experiments", c.experimentName(e))
	for _, q := range x.Conditions {
		i := slices.IndexFunc(c.p.Parameters, func(p Parameter) bool { return p.Name == q.Name })
		if i < 0 {
			var known []string
			for _, p := range c.p.Parameters {
				known = append(known, p.Name)
			}
			msg, remedy := unknown(q.Name, known)
			c.faults.add(key(k, "conditions", q.Name), remedy, "%s", "parameter "+msg)
			continue
		}
		if v, err := strconv.ParseFloat(strings.TrimSpace(q.Formula), 64); err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) {
			out.numbers[q.Name] = v
		} else {
			out.formulas[q.Name] = q.Formula
		}
	}
	for _, q := range x.Starts {
		if !slices.Contains(c.m.States, q.Name) {
			msg, remedy := unknown(q.Name, c.m.States)
			c.faults.add(key(k, "start", q.Name), remedy, "%s", "state "+msg)
			continue
		}
		out.starts[q.Name] = q.Formula
	}
	return out
}

// signature tells programs apart.
func (ch changes) signature() string {
	var parts []string
	for n := range ch.numbers {
		parts = append(parts, n+"=")
	}
	for n, f := range ch.formulas {
		parts = append(parts, n+"="+f)
	}
	for n, f := range ch.starts {
		parts = append(parts, n+"(0)="+f)
	}
	slices.Sort(parts)
	return strings.Join(parts, "\x00")
}

// programs returns those for the conditions, made once; nil where something is wrong.
func (c *compiler) programs(e int, ch changes) *Programs {
	sig := ch.signature()
	if p, ok := c.made[sig]; ok {
		return p
	}
	before := len(c.faults.List)
	out := &Programs{}
	c.made[sig] = nil
	// once with all parameters, to see which ones matter: sensitivities to the others would be columns of zeros
	all := c.dynamics(ch, nil)
	if len(c.faults.List) > before {
		return nil
	}
	used := map[string]bool{}
	for _, p := range []*expr.Program{all.rhs, all.start} {
		names := p.Params() // networks are only added where a formula uses them
		for _, col := range p.ParamPattern().Cols {
			if col < len(names) {
				used[names[col]] = true
			}
		}
	}
	d := c.dynamics(ch, used)
	out.RHS, out.Start, out.Mass = d.rhs, d.start, c.mass()
	out.dynamics = layout{d.rhs.Params(), d.rhs.Networks(), d.rhs.NumParams()}
	o := c.observation(ch)
	if len(c.faults.List) > before {
		return nil
	}
	out.Observables = o
	out.observation = layout{o.Params(), o.Networks(), o.NumParams()}
	c.made[sig] = out
	return out
}

func (c *compiler) mass() ode.Mass {
	d := make([]float64, len(c.p.States))
	singular := false
	for i, s := range c.p.States {
		d[i] = 1
		if s.Algebraic {
			d[i], singular = 0, true
		}
	}
	if !singular {
		return ode.Mass{}
	}
	return ode.DiagonalMass(d...)
}

// names fills a scope with all that formulas may use. used, if not nil, are the parameters that are made parameters of the graph.
func (c *compiler) names(g *expr.Graph, ch changes, used map[string]bool, withObservables bool) *scope {
	s := newScope(g, c.faults)
	for _, x := range c.p.States {
		if expr.IsName(x.Name) {
			s.variable(x.Name, key("states", x.Name), g.State(x.Name))
		} else {
			s.define(x.Name, key("states", x.Name), nil)
		}
	}
	if c.p.Time != "" && c.p.Time != "t" && c.p.Time != "time" {
		s.variable(c.p.Time, "time", g.Time())
	}
	for i := range c.p.Parameters {
		q := &c.p.Parameters[i]
		k := key("parameters", q.Name)
		formula, replaced := ch.formulas[q.Name]
		_, number := ch.numbers[q.Name]
		switch {
		case !expr.IsName(q.Name):
			s.define(q.Name, k, nil)
		case replaced:
			s.define(q.Name, k, func() (expr.Expr, bool) { return s.parse(formula, k) })
		case number:
			s.variable(q.Name, k, g.Input(q.Name))
		case q.Estimate && (used == nil || used[q.Name]):
			s.variable(q.Name, k, g.Param(q.Name))
		default:
			s.variable(q.Name, k, g.Num(q.Value)) // known, or not used
		}
	}
	for i := range c.p.Inputs {
		in := &c.p.Inputs[i]
		k := key("inputs", in.Name)
		switch {
		case !expr.IsName(in.Name):
			s.define(in.Name, k, nil)
		case in.Formula != "":
			s.define(in.Name, k, func() (expr.Expr, bool) { return s.parse(in.Formula, k+".formula") })
		default:
			s.variable(in.Name, k, g.Input(in.Name))
		}
	}
	for i := range c.p.Assignments {
		a := &c.p.Assignments[i]
		k := key("assignments", a.Name)
		s.define(a.Name, k, func() (expr.Expr, bool) { return s.parse(a.Formula, k) })
	}
	for i := range c.p.Networks {
		s.network(&c.p.Networks[i], key("networks", c.p.Networks[i].Name))
	}
	if !withObservables {
		return s
	}
	for i := range c.observables {
		o := &c.observables[i]
		if _, taken := s.defs[o.Name]; !taken && expr.IsName(o.Name) {
			s.define(o.Name, key("observables", o.Name), func() (expr.Expr, bool) { return s.parse(o.formula(), key("observables", o.Name, "formula")) })
		}
	}
	return s
}

// dynamic are the programs of the right-hand side and the start.
type dynamic struct{ rhs, start *expr.Program }

func (c *compiler) dynamics(ch changes, used map[string]bool) (out dynamic) {
	g := expr.NewGraph()
	s := c.names(g, ch, used, false)
	rhs := c.derivatives(g, s)
	start := make([]expr.Expr, len(c.p.States))
	for i := range c.p.States {
		x := &c.p.States[i]
		k := key("states", x.Name, "start")
		text := x.Start.Formula
		if f, ok := ch.starts[x.Name]; ok {
			text = f
		}
		if text == "" {
			start[i] = g.Input(startName(x.Name))
			continue
		}
		start[i], _ = s.parse(text, k)
	}
	// everything that is named is read, used or not: a mistake in it is a mistake
	for _, name := range s.order {
		s.resolve(name, s.defs[name].key)
	}
	for _, e := range append(slices.Clone(rhs), start...) {
		if !e.Valid() {
			return out
		}
	}
	var err error
	if out.rhs, err = expr.NewProgram(g, rhs...); err == nil {
		out.start, err = expr.NewProgram(g, start...)
	}
	if err != nil {
		c.faults.add("", "", "%v", err)
		return out
	}
	for _, row := range startDependsOnStates(out.start) {
		c.faults.add(key("states", c.p.States[row].Name, "start"), "use parameters, inputs and numbers", "a start cannot depend on states")
	}
	return out
}

// startName is the name of the input that holds a start which data give.
func startName(state string) string { return "start of " + state }

func startDependsOnStates(p *expr.Program) []int {
	rows := slices.Clone(p.JacobianPattern().Rows)
	slices.Sort(rows)
	return slices.Compact(rows)
}

// derivatives are the outputs of the right-hand side.
func (c *compiler) derivatives(g *expr.Graph, s *scope) []expr.Expr {
	k := len(c.p.States)
	out, has := make([]expr.Expr, k), make([]bool, k)
	for i := range out {
		out[i] = g.Num(0)
	}
	c.reactionTerms(g, s, out, has)
	for _, d := range c.p.Derivatives {
		at := key("derivatives", d.Name)
		i := slices.Index(c.m.States, d.Name)
		if i < 0 {
			msg, remedy := unknown(d.Name, c.m.States)
			c.faults.add(at, remedy, "%s", "state "+msg)
			continue
		}
		if e, ok := s.parse(d.Formula, at); ok {
			out[i] = out[i].Add(e)
		}
		has[i] = true
	}
	algebraic := 0
	for i := range c.p.States {
		x := &c.p.States[i]
		at := key("states", x.Name)
		switch {
		case !x.Algebraic && !has[i]:
			c.faults.add(at, fmt.Sprintf("write derivatives.%s = \"0\" if it is constant", x.Name), "%q has neither a derivative nor a reaction", x.Name)
		case x.Algebraic && has[i]:
			c.faults.add(at, "leave out one of the two", "%q is algebraic and has a derivative", x.Name)
		case x.Algebraic:
			if algebraic < len(c.p.Algebraic) {
				out[i], _ = s.parse(c.p.Algebraic[algebraic], fmt.Sprintf("algebraic[%d]", algebraic))
			}
			algebraic++
		}
	}
	if algebraic != len(c.p.Algebraic) {
		c.faults.add("algebraic", "each equation determines one state with algebraic = true", "%d equations for %d algebraic states", len(c.p.Algebraic), algebraic)
	}
	return out
}
