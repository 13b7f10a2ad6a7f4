package expr

import "math"

// A Switch is a place where the formula of a program changes: the root function of one comparison, min, max, abs, sign, floor or ceil. Between two
// crossings the program is smooth, and equal to its Frozen with the sides that the switches are on.
type Switch struct {
	// Text is the part of the formula that switches.
	Text string
	// InTime says that its root depends on no state: on the time, inputs and parameters alone, so that its crossings can be found before the solve.
	InTime bool
	// Integer says that the sides change wherever the root is a whole number (floor, ceil); otherwise they change where it is 0.
	Integer bool

	o op
}

// Side is the side that a switch is on where its root has this value: for floor and ceil their value, for others 1 or 0. At a root of 0 that is the side that
// the formula has there: a ≤ b holds, a < b does not, min and max take their first argument.
func (s *Switch) Side(root float64) float64 {
	switch s.o {
	case opFloor:
		return math.Floor(root)
	case opCeil:
		return math.Ceil(root)
	case opLt, opSign:
		return truth(root > 0)
	}
	return truth(root >= 0)
}

// switching is what a program knows about its switches.
type switching struct {
	list   []Switch
	roots  *Program // nil where there are no switches
	frozen *Program
}

// Switches lists the switches, in the order of Roots' outputs and of Evaluator.SetSides. Comparisons of what does not vary in time, or only in steps, are
// not among them, nor are == and !=, which hold on both sides of a crossing alike.
func (p *Program) Switches() []Switch { return p.switching().list }

// Roots is the program of the root functions of the switches, nil where there are none.
func (p *Program) Roots() *Program { return p.switching().roots }

// Frozen is the program whose switches stay on the sides that Evaluator.SetSides says, whatever their roots: smooth, and so are its derivatives. It is p itself
// where there are no switches.
func (p *Program) Frozen() *Program { return p.switching().frozen }

// SetSides sets the sides of a frozen program's switches, which are 0 before.
func (e *Evaluator) SetSides(sides []float64) {
	check("sides", len(sides), e.p.sides)
	copy(e.vector(varSwitch, len(sides)), sides)
}

func (p *Program) switching() *switching {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.switches == nil {
		p.switches = p.findSwitches()
	}
	return p.switches
}

// findSwitches copies the graph node by node, with a variable for every switch.
func (p *Program) findSwitches() *switching {
	s := &switching{frozen: p}
	g := NewGraph()
	g.inherit(p.g)
	seen := p.g.reach(p.roots)
	to := make([]int32, len(seen))
	var roots []Expr
	stepped := p.g.stepped(seen)
	onState := p.g.dependent(seen, func(k varKind) bool { return k == varState })
	for id := range seen {
		if !seen[id] {
			continue
		}
		n := p.g.nodes[id]
		if root, ok := p.g.root(int32(id), stepped); ok {
			x := g.variable(varSwitch, len(s.list))
			s.list = append(s.list, Switch{Text: p.g.at(int32(id)).text(maxClip), InTime: !onState[id], Integer: n.op == opFloor || n.op == opCeil, o: n.op})
			roots = append(roots, root)
			to[id] = g.side(&n, x, to).id
			continue
		}
		to[id] = g.copyNode(p.g, n, to)
	}
	if len(s.list) == 0 {
		return s
	}
	out := make([]Expr, len(p.roots))
	for i, r := range p.roots {
		out[i] = g.at(to[r])
	}
	s.frozen = newProgram(g, out, len(s.list))
	s.roots = newProgram(p.g, roots, 0)
	return s
}

// side is what a switch makes of its arguments, x being its side.
func (g *Graph) side(n *node, x Expr, to []int32) Expr {
	switch a := g.at(to[n.a]); n.op {
	case opMin, opMax:
		return x.If(a, g.at(to[n.b]))
	case opAbs:
		return x.If(a, a.Neg())
	case opSign:
		return x.Scale(2).Sub(g.Num(1))
	}
	return x
}

// root is the root function of a node that is a switch.
func (g *Graph) root(id int32, stepped []bool) (Expr, bool) {
	n := &g.nodes[id]
	a := g.at(n.a)
	switch n.op {
	case opLt, opLe, opMin:
		if !stepped[n.a] || !stepped[n.b] {
			return g.at(n.b).Sub(a), true
		}
	case opMax:
		if !stepped[n.a] || !stepped[n.b] {
			return a.Sub(g.at(n.b)), true
		}
	case opAbs, opSign, opFloor, opCeil:
		return a, !stepped[n.a]
	}
	return Expr{}, false
}

// stepped marks what varies in steps alone, or not at all: what changes it is a switch elsewhere.
func (g *Graph) stepped(seen []bool) []bool {
	out := make([]bool, len(seen))
	for id := range seen {
		if !seen[id] {
			continue
		}
		switch n := &g.nodes[id]; n.op {
		case opVar:
			out[id] = varKind(n.a) == varParam
		case opLt, opLe, opEq, opNe, opAnd, opOr, opNot, opSign, opFloor, opCeil:
			out[id] = true
		case opIf:
			out[id] = out[n.b] && out[n.c]
		default:
			out[id] = true
			g.eachArg(int32(id), func(a int32) { out[id] = out[id] && out[a] })
		}
	}
	return out
}
