package problem

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/nn"
)

func (n *Network) mlp() nn.MLP {
	return nn.MLP{Inputs: len(n.Inputs), Outputs: max(1, len(n.Outputs)), Hidden: n.Hidden, Activation: n.Activation, OutputActivation: n.OutputActivation}
}

// boundData is the data of an experiment: nil where it has none.
type boundData struct {
	set          *data.Set
	trajectories []int
}

// bindData reads the data of every experiment. A problem without experiments has one without data.
func (c *compiler) bindData() {
	if len(c.p.Experiments) == 0 {
		c.sets = []*boundData{{}}
		return
	}
	for i := range c.p.Experiments {
		x := &c.p.Experiments[i]
		k := key("experiments", c.experimentName(i))
		b := &boundData{set: x.Set}
		if len(x.Data) > 0 {
			set, err := data.ReadFiles(x.Data, data.ReadOptions{})
			if err != nil {
				c.faults.add(k+".data", "", "%v", err)
				c.sets = append(c.sets, b)
				continue
			}
			b.set = set
		}
		if b.set != nil {
			c.pick(b, x, k)
		}
		c.sets = append(c.sets, b)
	}
}

// pick chooses the trajectories of an experiment.
func (c *compiler) pick(b *boundData, x *Experiment, k string) {
	var known []string
	for i := range b.set.Trajectories {
		known = append(known, b.set.Trajectories[i].Name)
		if len(x.Trajectories) == 0 {
			b.trajectories = append(b.trajectories, i)
		}
	}
	for _, name := range x.Trajectories {
		i := slices.Index(known, name)
		if i < 0 {
			msg, remedy := unknown(name, known)
			c.faults.add(k+".trajectories", remedy, "%s", "trajectory "+msg)
			continue
		}
		b.trajectories = append(b.trajectories, i)
	}
}

// defaultObservables are the observables given or, where there are none, the states that data have columns of.
func (c *compiler) defaultObservables() {
	c.observables = slices.Clone(c.p.Observables)
	for i := range c.observables {
		o := &c.observables[i]
		if o.Column == "" {
			o.Column = o.Name
		}
		k := key("observables", o.Name)
		free := o.FreeScale || o.FreeOffset
		if free && o.Distribution != NormalNoise {
			c.faults.add(k, "give the scale as a parameter to be estimated", "a free scale or offset is solved for in closed form with normal errors only")
		}
		if free && o.Noise == "estimate" {
			c.faults.add(k, "give the noise, leave it out, or give the scale as a parameter to be estimated", "a free scale or offset needs errors of a known or scaled size")
		}
		if free && o.CensoredBelow != 0 && !math.IsNaN(o.CensoredBelow) {
			c.faults.add(k, "give the scale as a parameter to be estimated", "a free scale or offset cannot be combined with censored values")
		}
		if (o.Distribution == LaplaceNoise || o.Distribution == LogLaplaceNoise) && o.CensoredBelow != 0 && !math.IsNaN(o.CensoredBelow) {
			c.faults.add(k, "use normal or log-normal noise", "censored values are not known with Laplace noise")
		}
	}
	if len(c.observables) > 0 {
		return
	}
	for _, s := range c.p.States {
		for _, b := range c.sets {
			if b.set != nil && b.set.Index(s.Name) >= 0 {
				c.observables = append(c.observables, Observable{Name: s.Name, Unit: s.Unit, Column: s.Name})
				break
			}
		}
	}
	if len(c.observables) == 0 {
		for _, s := range c.p.States {
			c.observables = append(c.observables, Observable{Name: s.Name, Unit: s.Unit, Column: s.Name})
		}
	}
	c.p.Observables = slices.Clone(c.observables)
}

// rangeOf is the range of an observable's values over all data, or 1 where it has none.
func (c *compiler) rangeOf(o *Observable) float64 {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, b := range c.sets {
		if b.set == nil {
			continue
		}
		col := b.set.Index(o.Column)
		if col < 0 {
			continue
		}
		n := len(b.set.States)
		for _, i := range b.trajectories {
			tr := &b.set.Trajectories[i]
			for r := range tr.Times {
				if v := tr.Values[r*n+col]; !math.IsNaN(v) {
					lo, hi = math.Min(lo, v), math.Max(hi, v)
				}
			}
		}
	}
	if hi > lo {
		return hi - lo
	}
	if hi == lo && hi != 0 {
		return math.Abs(hi)
	}
	return 1
}

// cases makes one for every trajectory of an experiment.
func (c *compiler) cases(e int, b *boundData) {
	ch := c.conditions(e)
	pr := c.programs(e, ch)
	k := "experiments"
	if e < len(c.p.Experiments) {
		k = key(k, c.experimentName(e))
	}
	if b.set == nil {
		c.add(e, ch, pr, nil, nil, k, c.experimentName(e))
		return
	}
	c.checkColumns(b.set, k)
	for _, i := range b.trajectories {
		tr := &b.set.Trajectories[i]
		name := c.experimentName(e)
		if len(b.trajectories) > 1 || e >= len(c.p.Experiments) || c.p.Experiments[e].Name == "" && tr.Name != "" {
			name = tr.Name
		}
		c.add(e, ch, pr, b.set, tr, k, name)
	}
}

// checkColumns says which columns are missing, once a set.
func (c *compiler) checkColumns(set *data.Set, k string) {
	for i := range c.p.Inputs {
		if in := &c.p.Inputs[i]; in.Formula == "" && set.Index(in.column()) < 0 {
			msg, remedy := unknown(in.column(), set.States)
			c.faults.add(key("inputs", in.Name), remedy, "column %s in the data of %s", msg, k)
		}
	}
	found := false
	for i := range c.observables {
		found = found || set.Index(c.observables[i].Column) >= 0
	}
	if !found {
		c.faults.add(k, "give column = \"…\" with each observable", "none of the observables has a column in the data, which have %s", strings.Join(set.States, ", "))
	}
}

func (in *Input) column() string {
	if in.Column == "" {
		return in.Name
	}
	return in.Column
}

// add makes a case of a trajectory, or of an experiment without data (tr nil).
func (c *compiler) add(e int, ch changes, pr *Programs, set *data.Set, tr *data.Trajectory, k, name string) {
	x := Experiment{T0: math.NaN(), T1: math.NaN()}
	if e < len(c.p.Experiments) {
		x = c.p.Experiments[e]
	}
	out := &Case{Name: name, Experiment: e, Programs: pr, T0: x.T0, T1: x.T1}
	if tr != nil {
		if math.IsNaN(out.T0) {
			out.T0 = tr.Times[0]
		}
		if math.IsNaN(out.T1) {
			out.T1 = tr.Times[len(tr.Times)-1]
		}
		if out.T0 > tr.Times[0] {
			c.faults.add(k+".t0", "begin at or before the first row", "t0 = %g is after the first row, at %g", out.T0, tr.Times[0])
		}
	}
	if math.IsNaN(out.T0) {
		out.T0 = 0
	}
	if math.IsNaN(out.T1) {
		out.T1 = out.T0
	}
	if pr == nil {
		return
	}
	c.signals(out, ch, set, tr, k)
	if tr != nil {
		c.observations(out, set, tr)
	}
	for i := range out.Inputs {
		out.Hit = append(out.Hit, out.Inputs[i].Knots(out.T0, out.T1)...)
	}
	slices.Sort(out.Hit)
	out.Hit = slices.Compact(out.Hit)
	out.Dynamics, out.Observation = c.place(pr.dynamics, e), c.place(pr.observation, e)
	c.m.Cases = append(c.m.Cases, out)
}

// place finds the parameters of a program in θ.
func (c *compiler) place(l layout, e int) Map {
	at := make([]int, 0, l.total)
	for _, name := range l.names {
		i := c.theta[name]
		for j := range c.p.Parameters {
			if q := &c.p.Parameters[j]; q.Name == name && q.PerExperiment {
				i += min(e, max(1, len(c.p.Experiments))-1)
			}
		}
		at = append(at, i)
	}
	for _, n := range l.nets {
		for _, b := range c.m.Blocks {
			if c.p.Networks[b.Network].Name == n.Name {
				for len(at) < n.Offset {
					at = append(at, 0)
				}
				for w := range b.Len {
					at = append(at, b.Offset+w)
				}
			}
		}
	}
	return Map{at}
}

// signals makes the inputs of a case in the order of its programs.
func (c *compiler) signals(out *Case, ch changes, set *data.Set, tr *data.Trajectory, k string) {
	for _, name := range out.Programs.RHS.Inputs() {
		if v, ok := ch.numbers[name]; ok {
			out.Inputs = append(out.Inputs, NewSignal(ConstantInterpolation, []float64{0}, []float64{v}))
			continue
		}
		if i := slices.IndexFunc(c.p.Inputs, func(in Input) bool { return in.Name == name }); i >= 0 {
			out.Inputs = append(out.Inputs, c.columnSignal(&c.p.Inputs[i], set, tr, k))
			continue
		}
		state := strings.TrimPrefix(name, "start of ")
		out.Inputs = append(out.Inputs, NewSignal(ConstantInterpolation, []float64{0}, []float64{c.firstValue(state, out, set, tr)}))
	}
}

// columnSignal reads an input from its column; missing values are bridged.
func (c *compiler) columnSignal(in *Input, set *data.Set, tr *data.Trajectory, k string) *Signal {
	none := NewSignal(ConstantInterpolation, []float64{0}, []float64{0})
	if tr == nil {
		c.faults.add(key("inputs", in.Name), "give a formula, or data", "the input %q has no column: %s has no data", in.Name, k)
		return none
	}
	col := set.Index(in.column())
	if col < 0 {
		return none // said by checkColumns
	}
	var t, v []float64
	n := len(set.States)
	for r, at := range tr.Times {
		if x := tr.Values[r*n+col]; !math.IsNaN(x) {
			t, v = append(t, at), append(v, x)
		}
	}
	if len(t) == 0 {
		c.faults.add(key("inputs", in.Name), "", "column %q has no values in trajectory %q", in.column(), tr.Name)
		return none
	}
	return NewSignal(in.Interpolation, t, v)
}

// firstValue is the start of a state that data give.
func (c *compiler) firstValue(state string, out *Case, set *data.Set, tr *data.Trajectory) float64 {
	i := slices.Index(c.m.States, state)
	x := &c.p.States[i]
	k := key("states", state, "start")
	column := x.Start.Column
	if column == "" {
		column = state
		for j := range c.observables {
			if o := &c.observables[j]; o.formula() == state {
				column = o.Column
			}
		}
	}
	if tr == nil {
		c.faults.add(k, "write start = 0, say", "%q has no start", state)
		return 0
	}
	col := set.Index(column)
	if col < 0 {
		c.faults.add(k, "give a number, a formula, or { estimate = true, value = … }", "%q has no start: the data have no column %q", state, column)
		return 0
	}
	v := tr.Values[col]
	if math.IsNaN(v) {
		c.faults.add(k, "give a number, a formula, or { estimate = true, value = … }", "%q has no start: the first value of column %q is missing in %q", state, column, out.Name)
		return 0
	}
	return v
}

// observations collects the data of a case.
func (c *compiler) observations(out *Case, set *data.Set, tr *data.Trajectory) {
	n := len(set.States)
	for r, t := range tr.Times {
		if t > out.T1 {
			break
		}
		any := false
		for j := range c.observables {
			o := &c.observables[j]
			col := set.Index(o.Column)
			if col < 0 {
				continue
			}
			v := tr.Values[r*n+col]
			// the first row is where a state begins: it is no observation where the start is taken from it
			if math.IsNaN(v) || r == 0 && c.startsFrom(o.Column) {
				continue
			}
			if !any {
				out.Times, any = append(out.Times, t), true
			}
			d := Datum{Time: len(out.Times) - 1, Observable: j, Value: v, Noise: math.NaN()}
			if l := o.CensoredBelow; l != 0 && !math.IsNaN(l) && v <= l {
				d.Censored, d.Value = true, l
			}
			out.Data = append(out.Data, d)
		}
	}
}

// startsFrom says whether a state begins at the first value of a column.
func (c *compiler) startsFrom(column string) bool {
	for _, s := range c.p.States {
		if s.Start.Formula != "" {
			continue
		}
		name := s.Start.Column
		if name == "" {
			name = s.Name
			for j := range c.observables {
				if o := &c.observables[j]; o.formula() == s.Name {
					name = o.Column
				}
			}
		}
		if name == column {
			return true
		}
	}
	return false
}

// Label names a case for messages.
func (c *Case) Label() string {
	if c.Name == "" {
		return "case " + strconv.Itoa(c.Experiment+1)
	}
	return fmt.Sprintf("case %s", c.Name)
}
