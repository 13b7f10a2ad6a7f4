package expr

import (
	"slices"

	"github.com/stiffnode/stiffnode/nn"
)

// A site is a network at inputs, which all its parts share: value, products and second derivatives refer to one remembered point.
type site struct {
	net    int
	inputs []int32
	node   int32   // of the value
	matrix *matrix // derivatives of the program's outputs with respect to the call's, columns being these
}

// findSites lists the calls that the outputs are made of.
func (p *Program) findSites() {
	for id, seen := range p.g.reach(p.roots) {
		if n := &p.g.nodes[id]; seen && n.op == opNet && p.g.calls[n.a].part == netValue {
			c := &p.g.calls[n.a]
			p.sites = append(p.sites, &site{net: c.net, inputs: c.inputs, node: int32(id)})
		}
	}
}

// weightMatrices makes, for every site, the derivatives of the outputs with respect to those of the site.
func (p *Program) weightMatrices() []*site {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.sites) == 0 || p.sites[0].matrix != nil {
		return p.sites
	}
	rows := p.g.gradients(p.roots, func(k varKind) bool { return k == varWeights })
	for _, s := range p.sites {
		m := &matrix{}
		for i, row := range rows {
			for _, e := range row {
				if n := &p.g.nodes[e.of]; n.a == s.node {
					m.rows, m.cols, m.nodes = append(m.rows, i), append(m.cols, int(n.b)), append(m.nodes, e.d.id)
				}
			}
		}
		m.unit = p.compile(m.nodes, p.value)
		s.matrix = m
	}
	return p.sites
}

// netSpace evaluates the networks of a program.
type netSpace struct {
	p     *Program
	sites []siteSpace
	// gradient, if not nil, is what sinks add to: the gradient with respect to all parameters
	gradient []float64
}

// siteSpace is a network at one site.
type siteSpace struct {
	net    *nn.Evaluator
	offset int
	params int
	x, u   []float64 // inputs
	w      []float64 // outputs
	gx     []float64
	unit   []float64 // directions along each input
	jac    []float64 // scratch
}

// A netInstr is an instruction that evaluates a network.
type netInstr struct {
	site int
	part netPart
	// sink says that what it makes is added to the gradient with respect to the network's parameters
	sink bool
}

// netInstr makes that of a call.
func (p *Program) netInstr(call int32, sink bool) netInstr {
	c := &p.g.calls[call]
	at := slices.IndexFunc(p.sites, func(s *site) bool { return s.net == c.net && slices.Equal(s.inputs, c.inputs) })
	return netInstr{at, c.part, sink}
}

// newNetSpace makes an evaluator for every site.
func newNetSpace(p *Program) netSpace {
	s := netSpace{p: p}
	for _, at := range p.sites {
		n := p.nets[at.net]
		ev, err := nn.NewEvaluator(n.MLP)
		if err != nil {
			panic(err) // Graph.Network has validated it
		}
		in, out := n.MLP.Inputs, n.MLP.Outputs
		sp := siteSpace{net: ev, offset: n.Offset, params: n.MLP.NumParams(), x: make([]float64, in), u: make([]float64, in), gx: make([]float64, in),
			w: make([]float64, out), unit: make([]float64, in*in), jac: make([]float64, in*out)}
		for i := range in {
			sp.unit[i*in+i] = 1
		}
		s.sites = append(s.sites, sp)
	}
	return s
}

// take copies registers into dst and returns what is left of the list.
func take(dst, r []float64, regs []int32) []int32 {
	for i := range dst {
		dst[i] = r[regs[i]]
	}
	return regs[len(dst):]
}

// run executes one instruction: a has the first register of the result, then those of the inputs, of the direction and of the adjoints, as the part has them.
func (s *netSpace) run(r []float64, in netInstr, a []int32) {
	at := &s.sites[in.site]
	to := a[0]
	a = take(at.x, r, a[1:])
	var gp []float64
	if in.sink && s.gradient != nil {
		gp = s.gradient[at.offset : at.offset+at.params]
	}
	ni, no := len(at.x), len(at.w)
	switch in.part {
	case netValue:
		at.net.Value(r[to:int(to)+no], at.x)
	case netJac:
		at.net.JVP(r[to:int(to)+ni*no], at.unit, nil, ni)
	case netTangent:
		take(at.u, r, a)
		at.net.JVP(r[to:int(to)+no], at.u, nil, 1)
	case netAdjoint:
		take(at.w, r, a)
		clear(at.gx)
		if !zeros(at.w) { // in a branch that is not taken the network need not be finite
			at.net.VJP(at.gx, gp, at.w)
		}
		copy(r[to:int(to)+ni], at.gx)
	case netSecond:
		take(at.w, r, take(at.u, r, a))
		clear(at.gx)
		if !zeros(at.w) {
			at.net.SecondOrder(at.gx, gp, at.w, at.u, 1)
		}
		copy(r[to:int(to)+ni], at.gx)
	}
}

func zeros(w []float64) bool {
	for _, x := range w {
		if x != 0 {
			return false
		}
	}
	return true
}

// timesWeights adds ∂/∂θ·Q for the weights and biases θ of all networks: the derivatives with respect to the outputs of every site times those of its network.
func (e *Evaluator) timesWeights(dst, q []float64, n int) {
	for i, s := range e.weights() {
		at := &e.nets.sites[i]
		d := at.room(len(at.w) * n)
		at.net.JVP(d, nil, q[at.offset*n:(at.offset+at.params)*n], n)
		e.timesColumns(dst, s.matrix, d, n)
	}
}

// weightColumns writes those of columns c0 ≤ c < c1 of ∂/∂p that belong to networks.
func (e *Evaluator) weightColumns(dst []float64, c0, c1 int) {
	for i, s := range e.weights() {
		at := &e.nets.sites[i]
		from, to := max(c0, at.offset), min(c1, at.offset+at.params)
		if from >= to {
			continue
		}
		n := to - from
		d := at.room(len(at.w) * n)
		at.net.ParamJacobian(d, from-at.offset, to-at.offset)
		e.values(s.matrix.unit)
		for k, reg := range s.matrix.out {
			row := s.matrix.rows[k]*(c1-c0) + from - c0
			x, o := e.r[reg], s.matrix.cols[k]
			for c, v := range d[o*n : (o+1)*n] {
				dst[row+c] += x * v
			}
		}
	}
}

// weights are the program's sites with their matrices.
func (e *Evaluator) weights() []*site {
	if len(e.nets.sites) == 0 {
		return nil
	}
	return e.p.weightMatrices()
}

// secondByRows is SecondOrderJacobian for programs with networks, whose second derivatives are not written out: one product for every output.
func (e *Evaluator) secondByRows(dy, dp, v []float64, tau float64, du []float64, c0, c1 int) {
	k, n := len(e.p.states), c1-c0
	if len(e.row.w) == 0 {
		e.row.w, e.row.gp = make([]float64, e.p.outputs), make([]float64, e.p.numParams)
	}
	clear(dy)
	clear(dp)
	for i := range e.p.outputs {
		clear(e.row.w)
		e.row.w[i] = 1
		var gy, gp []float64
		if dy != nil {
			gy = dy[i*k : (i+1)*k]
		}
		if dp != nil {
			gp = e.row.gp
			clear(gp)
		}
		e.SecondOrder(gy, gp, e.row.w, v, tau, du)
		if dp != nil {
			copy(dp[i*n:(i+1)*n], gp[c0:c1])
		}
	}
}

// room returns scratch of n numbers.
func (s *siteSpace) room(n int) []float64 {
	if len(s.jac) < n {
		s.jac = make([]float64, n)
	}
	return s.jac[:n]
}

// bind sets the parameters of all networks.
func (s *netSpace) bind(params []float64) {
	for i := range s.sites {
		at := &s.sites[i]
		at.net.Bind(params[at.offset : at.offset+at.params])
	}
}
