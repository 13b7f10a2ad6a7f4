package expr

import (
	"errors"
	"math"

	"github.com/stiffnode/stiffnode/internal/kernel"
	"github.com/stiffnode/stiffnode/ode"
)

// Lanes evaluates a program at ode.Lanes points side by side: a register holds one number for each. As in ode.LaneField, which it is for right-hand sides, vectors have
// a row of ode.Lanes numbers for every component. It is the workspace of one goroutine.
type Lanes struct {
	p     *Program
	r     []float64
	done  int
	epoch int
	fixed []int
	// params is a copy of the parameters
	params []float64

	signal Signal
	u, du  []float64 // of one lane
	seeds  []float64
}

var _ ode.LaneField = (*Lanes)(nil)

// NewLanes makes an evaluator in lanes; signal gives the inputs and is nil where there are none. Its parameters are 0. The error says that the program has networks, which are
// evaluated at one point at a time.
func (p *Program) NewLanes(signal Signal) (*Lanes, error) {
	if len(p.sites) > 0 {
		return nil, errors.New("expr: networks are not evaluated in lanes")
	}
	if signal == nil && len(p.inputs) > 0 {
		return nil, errors.New("expr: the program has inputs, and nothing gives them")
	}
	n := len(p.inputs)
	l := &Lanes{p: p, epoch: 1, signal: signal, u: make([]float64, n), du: make([]float64, n), seeds: make([]float64, n*ode.Lanes), params: make([]float64, len(p.params))}
	l.Bind(l.params)
	return l, nil
}

// Bind sets the parameters (copied), those of all lanes.
func (l *Lanes) Bind(params []float64) {
	check("p", len(params), len(l.params))
	copy(l.params, params)
	l.epoch++
	l.prepare(l.p.value)
}

// prepare makes what a unit needs of the parameters alone, where that is not there.
func (l *Lanes) prepare(u *unit) {
	for len(l.fixed) <= u.number {
		l.fixed = append(l.fixed, 0)
	}
	if l.fixed[u.number] == l.epoch {
		return
	}
	if l.fixed[u.number] == 0 {
		l.grow()
	}
	for i, v := range l.params {
		l.spread(int32(l.p.first[varParam]+i), v)
	}
	u.bound.runLanes(l.r)
	l.fixed[u.number] = l.epoch
}

// grow makes room for registers that were added, and fills in constants.
func (l *Lanes) grow() {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	if n := l.p.registers * ode.Lanes; len(l.r) < n {
		r := kernel.Vectors(1, n)[0][:n] // rows begin at cache lines
		copy(r, l.r)
		l.r = r
	}
	for ; l.done < len(l.p.constants); l.done++ {
		l.spread(l.p.constants[l.done].register, l.p.constants[l.done].value)
	}
}

func (l *Lanes) row(reg int32) []float64 {
	return l.r[int(reg)*ode.Lanes : (int(reg)+1)*ode.Lanes]
}

func (l *Lanes) spread(reg int32, v float64) {
	row := l.row(reg)
	for i := range row {
		row[i] = v
	}
}

func (l *Lanes) rows(k varKind) []float64 { return l.r[l.p.first[k]*ode.Lanes:] }

// EvalLanes implements ode.LaneField; dst has a row for every output.
func (l *Lanes) EvalLanes(dst, t, y []float64) {
	p := l.p
	copy(l.row(int32(p.first[varTime])), t[:ode.Lanes])
	copy(l.rows(varState), y[:len(p.states)*ode.Lanes])
	if l.signal != nil {
		u := l.rows(varInput)
		for lane := range ode.Lanes {
			l.signal.At(l.u, l.du, t[lane])
			for i, v := range l.u {
				u[i*ode.Lanes+lane], l.seeds[i*ode.Lanes+lane] = v, l.du[i]
			}
		}
	}
	l.values(dst, p.value)
}

// values runs a unit and writes its targets.
func (l *Lanes) values(dst []float64, u *unit) {
	l.prepare(u)
	u.body.runLanes(l.r)
	copy(dst[:len(u.out)*ode.Lanes], l.r[u.first*ode.Lanes:])
}

// EvalJacobianLanes implements ode.LaneField.
func (l *Lanes) EvalJacobianLanes(dst, jac, dfdt, t, y []float64) {
	l.EvalLanes(dst, t, y)
	m, n := l.p.jacobian(), l.p.outputs
	l.prepare(m.unit)
	m.body.runLanes(l.r)
	clear(jac[:n*len(l.p.states)*ode.Lanes])
	for e, reg := range m.out {
		copy(jac[(m.cols[e]*n+m.rows[e])*ode.Lanes:][:ode.Lanes], l.row(reg))
	}
	if dfdt != nil {
		u := l.p.timeDerivative()
		l.prepare(u)
		copy(l.rows(varSeedU), l.seeds)
		l.values(dfdt, u)
	}
}

// Jacobian writes the entries of JacobianPattern at the points of the last evaluation, a row of ode.Lanes numbers each.
func (l *Lanes) Jacobian(dst []float64) { l.values(dst, l.p.jacobian().unit) }

// runLanes executes the code in lanes.
func (c *code) runLanes(r []float64) {
	for i := range c.stretches {
		s := &c.stretches[i]
		if s.records != nil {
			kernel.TapeLanes(r, s.records, s.args)
			continue
		}
		run := &c.runs[s.run]
		for a := c.args[run.from:run.to]; len(a) > 0; a = a[run.stride:] {
			singleLanes(r, run, a[:run.stride])
		}
	}
}

// singleLanes executes an instruction of a kind that tapes do not know.
func singleLanes(r []float64, s *run, a []int32) {
	const n = ode.Lanes
	row := func(k int) []float64 { return r[int(a[k])*n : (int(a[k])+1)*n] }
	dst, x := row(0), row(1)
	switch s.kind {
	case instr(opExp):
		kernel.Exp(dst, x)
	case instr(opSqrt):
		for i, v := range x {
			dst[i] = math.Sqrt(v)
		}
	case insPowInt:
		for i, v := range x {
			dst[i] = powInt(v, int(a[2]))
		}
	case insPowHalf:
		for i, v := range x {
			dst[i] = powHalf(v, int(a[2]))
		}
	case instr(opIf):
		then, otherwise := row(2), row(3)
		for i, c := range x {
			if dst[i] = then[i]; c == 0 {
				dst[i] = otherwise[i]
			}
		}
	default:
		if s.stride == 2 {
			f := unary[s.kind]
			for i, v := range x {
				dst[i] = f(v)
			}
			return
		}
		f, y := binary[s.kind], row(2)
		for i, v := range x {
			dst[i] = f(v, y[i])
		}
	}
}
