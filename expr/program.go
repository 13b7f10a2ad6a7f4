package expr

import (
	"fmt"
	"slices"
	"sync"

	"github.com/stiffnode/stiffnode/nn"
)

// A Program is a vector of expressions as a function of (t, y, u; p): its value, and all its derivatives as far as they have been asked for. It is
// immutable for those who use it, and may be shared by goroutines.
type Program struct {
	states, params, inputs []string
	outputs, sides         int
	autonomous             bool
	numParams              int
	nets                   []NetworkParams

	mu sync.Mutex
	// g is a copy of what the outputs are made of; derivatives are added to it
	g     *Graph
	roots []int32
	// regs has the register of each node that has one, or −1
	regs      []int32
	registers int
	units     int
	fixed     map[int32]bool
	constants []constant
	first     [numVarKinds]int // register of the first variable of a kind

	value *unit
	jac   *matrix // ∂/∂y
	par   *matrix // ∂/∂p
	inp   *matrix // ∂/∂u
	sites []*site // calls of networks and ∂/∂ their outputs
	dt    *unit
	back  *product // VJP
	bend  *second

	switches *switching
}

// constant is a number that a register holds from the beginning.
type constant struct {
	register int32
	value    float64
}

// NewProgram makes a program of outputs, which are expressions of g. Its vectors are those of the graph's variables, used or not.
func NewProgram(g *Graph, outputs ...Expr) (*Program, error) {
	if len(outputs) == 0 {
		return nil, fmt.Errorf("expr: a program needs an output")
	}
	for i, e := range outputs {
		if e.g != g {
			return nil, fmt.Errorf("expr: output %d is not an expression of the program's graph", i+1)
		}
	}
	return newProgram(g, outputs, 0), nil
}

// newProgram makes a program of expressions of g with a number of switches that are held.
func newProgram(g *Graph, outputs []Expr, sides int) *Program {
	p := &Program{states: g.StateNames(), params: g.ParamNames(), inputs: g.InputNames(), outputs: len(outputs), sides: sides, fixed: map[int32]bool{}}
	p.g, p.roots = g.extract(numbers(outputs))
	p.numParams = len(p.params)
	for _, n := range p.g.nets {
		p.nets = append(p.nets, NetworkParams{n.name, n.net, p.numParams})
		p.numParams += n.net.NumParams()
	}
	p.autonomous = true
	for _, n := range p.g.nodes {
		if n.op == opVar && (varKind(n.a) == varTime || varKind(n.a) == varInput) {
			p.autonomous = false
		}
	}
	p.findSites()
	p.layVariables()
	p.value = p.compile(p.roots)
	return p
}

// extract copies what roots are made of into a graph of its own.
func (g *Graph) extract(roots []int32) (*Graph, []int32) {
	out := NewGraph()
	out.inherit(g)
	seen := g.reach(roots)
	to := make([]int32, len(seen))
	for id := range seen {
		if seen[id] {
			to[id] = out.copyNode(g, g.nodes[id], to)
		}
	}
	ids := make([]int32, len(roots))
	for i, r := range roots {
		ids[i] = to[r]
	}
	return out, ids
}

// inherit takes the names and networks of another graph.
func (g *Graph) inherit(from *Graph) {
	for k, names := range from.names {
		g.names[k] = slices.Clone(names)
	}
	for _, n := range from.nets {
		g.nets = append(g.nets, &Network{g, n.index, n.name, n.net})
	}
}

// copyNode makes a node of another graph, whose arguments have become those of to.
func (g *Graph) copyNode(from *Graph, n node, to []int32) int32 {
	switch {
	case n.op == opNet:
		return g.copyCall(&from.calls[n.a], to)
	case n.op == opOut:
		n.a = to[n.a]
	case n.op != opVar && n.op != opConst:
		a := [3]*int32{&n.a, &n.b, &n.c}
		for _, x := range a[:arity[n.op]] {
			*x = to[*x]
		}
	}
	return g.intern(n).id
}

func (g *Graph) copyCall(c *netCall, to []int32) int32 {
	move := func(list []int32) []int32 {
		out := make([]int32, len(list))
		for i, a := range list {
			out[i] = to[a]
		}
		return out
	}
	return g.internCall(netCall{c.net, c.part, move(c.inputs), move(c.direction), move(c.adjoint)})
}

// layVariables gives every variable its register.
func (p *Program) layVariables() {
	k, m, u := len(p.states), len(p.params), len(p.inputs)
	for kind, n := range map[varKind]int{
		varTime: 1, varState: k, varParam: m, varInput: u, varSwitch: p.sides,
		varSeedY: k, varSeedT: 1, varSeedU: u, varSeedP: m, varAdjoint: p.outputs,
	} {
		p.first[kind] = n
	}
	at := 0
	for kind, n := range p.first {
		p.first[kind] = at
		at += n
	}
	p.registers = at
}

// register is the one that holds a node's value, which gets one if it has none.
func (p *Program) register(id int32) int32 {
	if id < 0 { // a temporary
		return -id - 1
	}
	for len(p.regs) <= int(id) {
		p.regs = append(p.regs, -1)
	}
	if r := p.regs[id]; r >= 0 {
		return r
	}
	n := &p.g.nodes[id]
	r := int32(p.registers)
	switch n.op {
	case opVar:
		r = int32(p.first[n.a]) + n.b
	case opNet:
		p.registers += p.g.callSize(&p.g.calls[n.a])
	case opOut:
		r = p.register(n.a) + n.b
	default:
		p.registers++
	}
	if v, ok := p.g.at(id).Value(); ok {
		p.constants = append(p.constants, constant{r, v})
	}
	p.regs[id] = r
	return r
}

func (p *Program) isFixed(id int32) bool { return p.fixed[id] }
func (p *Program) markFixed(id int32)    { p.fixed[id] = true }

// States are the names of the states; they must not be changed. So are Params and Inputs.
func (p *Program) States() []string { return p.states }

// Params are the names of the parameters, without those of networks.
func (p *Program) Params() []string { return p.params }

// Inputs are the names of the inputs.
func (p *Program) Inputs() []string { return p.inputs }

// Outputs is the number of outputs.
func (p *Program) Outputs() int { return p.outputs }

// NumParams is the length of the vector of parameters, those of networks included.
func (p *Program) NumParams() int { return p.numParams }

// A NetworkParams says where the parameters of a network lie in the vector p: from Offset on, in the layout of package nn.
type NetworkParams struct {
	Name   string
	MLP    nn.MLP
	Offset int
}

// Networks are the networks in order.
func (p *Program) Networks() []NetworkParams { return slices.Clone(p.nets) }

// Autonomous says that no output depends on the time or an input.
func (p *Program) Autonomous() bool { return p.autonomous }

// A matrix is a sparse derivative: entry e, in row rows[e] and column cols[e], is the value of a node.
type matrix struct {
	*unit
	rows, cols []int
	nodes      []int32
}

// newMatrix makes the derivatives of nodes with respect to the variables of a kind. Entries are sorted by row, then column.
func (p *Program) newMatrix(of []int32, kind varKind, bases ...*unit) *matrix {
	m := &matrix{}
	for i, row := range p.g.gradients(of, func(k varKind) bool { return k == kind }) {
		slices.SortFunc(row, func(a, b partial) int { return int(p.g.nodes[a.of].b - p.g.nodes[b.of].b) })
		for _, e := range row {
			m.rows, m.cols, m.nodes = append(m.rows, i), append(m.cols, int(p.g.nodes[e.of].b)), append(m.nodes, e.d.id)
		}
	}
	m.unit = p.compile(m.nodes, bases...)
	return m
}

func (p *Program) jacobian() *matrix {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.jac == nil {
		p.jac = p.newMatrix(p.roots, varState, p.value)
	}
	return p.jac
}

func (p *Program) paramJacobian() *matrix {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.par == nil {
		p.par = p.newMatrix(p.roots, varParam, p.value)
	}
	return p.par
}

func (p *Program) inputJacobian() *matrix {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inp == nil {
		p.inp = p.newMatrix(p.roots, varInput, p.value)
	}
	return p.inp
}

// timeDerivative is ∂/∂t with ∂/∂u times the seeds of u, which are du/dt: the total derivative with y held fixed.
func (p *Program) timeDerivative() *unit {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dt == nil {
		d := p.g.tangents(p.roots, func(k varKind, i int32) Expr {
			switch k {
			case varTime:
				return p.g.Num(1)
			case varInput:
				return p.g.variable(varSeedU, int(i))
			}
			return Expr{}
		})
		p.dt = p.compile(numbers(d), p.value)
	}
	return p.dt
}

func numbers(e []Expr) []int32 {
	out := make([]int32, len(e))
	for i, x := range e {
		out[i] = x.id
	}
	return out
}

// A product is a unit that makes gradients: out[e] is added to component cols[e] of the vector of a kind of variables.
type product struct {
	*unit
	kind []varKind
	cols []int32
}

// newProduct makes Σ wᵢ·rootᵢ's derivatives with respect to states, parameters and inputs.
func (p *Program) newProduct(roots []int32, bases ...*unit) *product {
	w := make([]Expr, len(roots))
	for i := range w {
		w[i] = p.g.variable(varAdjoint, i)
	}
	out := &product{}
	var nodes []int32
	grads, sinks := p.g.adjoints(roots, w, func(k varKind) bool { return k == varState || k == varParam || k == varInput || k == varWeights })
	for _, e := range grads {
		n := p.g.nodes[e.of]
		out.kind, out.cols, nodes = append(out.kind, varKind(n.a)), append(out.cols, n.b), append(nodes, e.d.id)
	}
	out.unit = p.compileSinks(nodes, sinks, bases...)
	return out
}

func (p *Program) vjp() *product {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.back == nil {
		p.back = p.newProduct(p.roots, p.value)
	}
	return p.back
}

// second are the derivatives of ∂f/∂y·v + ∂f/∂u·u̇ τ + ∂f/∂t·τ along the seeds.
type second struct {
	along   []int32
	adjoint *product
	dy, dp  *matrix
}

// directional makes the nodes of the derivative along (SeedY, SeedT, SeedU).
func (p *Program) directional() *second {
	if p.bend == nil {
		d := p.g.tangents(p.roots, func(k varKind, i int32) Expr {
			switch k {
			case varState:
				return p.g.variable(varSeedY, int(i))
			case varTime:
				return p.g.variable(varSeedT, 0)
			case varInput:
				return p.g.variable(varSeedU, int(i))
			}
			return Expr{}
		})
		p.bend = &second{along: numbers(d)}
	}
	return p.bend
}

func (p *Program) secondAdjoint() *product {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.directional()
	if s.adjoint == nil {
		s.adjoint = p.newProduct(s.along, p.value)
	}
	return s.adjoint
}

func (p *Program) secondMatrices() (dy, dp *matrix) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.directional()
	if s.dy == nil {
		s.dy = p.newMatrix(s.along, varState, p.value)
		s.dp = p.newMatrix(s.along, varParam, p.value)
	}
	return s.dy, s.dp
}
