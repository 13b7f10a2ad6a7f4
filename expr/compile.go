package expr

import (
	"cmp"
	"math"
	"slices"
)

// A unit is a compiled set of values: what depends on parameters alone is made once for every binding of them, the rest at every point. It is made for the nodes
// in targets, and finds ready what the units that it builds upon have left in their registers.
type unit struct {
	bound, body code
	// targets are the nodes it is for, out their registers
	targets, out []int32
	// first is the first of these, which are in a row
	first int
	// made are the nodes that have their values in registers after this unit, those of its bases included
	made map[int32]bool
	// number counts the units of a program
	number int
}

// compiler makes a unit.
type compiler struct {
	p       *Program
	need    []bool
	uses    []int32
	fixed   []bool // depends on parameters and constants alone
	inlined []bool
	target  []bool
	made    map[int32]bool
	sinks   []int32
}

// compile makes the unit for some nodes upon bases, which will have been run at the same point.
func (p *Program) compile(targets []int32, bases ...*unit) *unit {
	return p.compileSinks(targets, nil, bases...)
}

// compileSinks is compile, and sinks are calls of networks that add to a gradient as they are evaluated.
func (p *Program) compileSinks(targets, sinks []int32, bases ...*unit) *unit {
	g := p.g
	c := &compiler{p: p, made: map[int32]bool{}, sinks: sinks}
	for _, b := range bases {
		for id := range b.made {
			c.made[id] = true
		}
	}
	last := int32(-1)
	for _, t := range slices.Concat(targets, sinks) {
		last = max(last, t)
	}
	n := int(last) + 1
	c.need, c.target, c.inlined, c.fixed, c.uses = make([]bool, n), make([]bool, n), make([]bool, n), make([]bool, n), make([]int32, n)
	for _, t := range slices.Concat(targets, sinks) {
		c.need[t], c.target[t] = true, true
	}
	for id := last; id >= 0; id-- {
		if !c.need[id] || c.leaf(id) {
			c.need[id] = false
			continue
		}
		g.eachArg(id, func(a int32) {
			c.need[a] = true
			c.uses[a]++
		})
	}
	c.findFixed()
	c.inline()
	u := &unit{made: c.made, targets: targets, number: p.units}
	p.units++
	c.reserve(u)
	u.bound = c.schedule(true)
	u.body = c.schedule(false)
	for i, t := range targets {
		to := int32(u.first + i)
		u.out = append(u.out, to)
		if from := p.register(t); from != to {
			part := &u.body
			if c.constant(t) {
				part = &u.bound
			}
			part.copy(to, from)
		}
	}
	u.bound.finish()
	u.body.finish()
	return u
}

// reserve gives the targets registers in a row, as far as they have none and need one instruction of their own; the others are copied there.
func (c *compiler) reserve(u *unit) {
	p := c.p
	u.first = p.registers
	p.registers += len(u.targets)
	for i, t := range u.targets {
		for len(p.regs) <= int(t) {
			p.regs = append(p.regs, -1)
		}
		if o := p.g.nodes[t].op; p.regs[t] < 0 && !c.leaf(t) && o != opOut && o != opNet {
			p.regs[t] = int32(u.first + i)
		}
	}
}

// constant says whether a target depends on parameters alone.
func (c *compiler) constant(t int32) bool {
	switch n := &c.p.g.nodes[t]; n.op {
	case opConst:
		return true
	case opVar:
		return varKind(n.a) == varParam
	case opOut:
		return c.constant(n.a)
	}
	return c.fixed[t] || c.p.isFixed(t)
}

// copy adds an instruction at the end.
func (c *code) copy(to, from int32) {
	if n := len(c.runs); n == 0 || c.runs[n-1].kind != insCopy {
		c.runs = append(c.runs, run{kind: insCopy, stride: 2, from: int32(len(c.args))})
	}
	c.args = append(c.args, to, from)
	c.runs[len(c.runs)-1].to = int32(len(c.args))
}

// leaf says whether a node's value is there without an instruction.
func (c *compiler) leaf(id int32) bool {
	n := &c.p.g.nodes[id]
	if n.op == opOut {
		return c.made[n.a]
	}
	return n.op == opVar || n.op == opConst || c.made[id]
}

func (c *compiler) findFixed() {
	g := c.p.g
	seen := make([]bool, len(c.need))
	for id := range c.need {
		// what is needed, and its leaves
		if c.need[id] {
			seen[id] = true
			g.eachArg(int32(id), func(a int32) { seen[a] = true })
		}
	}
	for id := range seen {
		if !seen[id] {
			continue
		}
		n := &g.nodes[id]
		switch n.op {
		case opConst:
			c.fixed[id] = true
		case opVar:
			c.fixed[id] = varKind(n.a) == varParam
		default:
			if n.op != opOut && c.made[int32(id)] {
				c.fixed[id] = c.p.isFixed(int32(id))
				continue
			}
			c.fixed[id] = true
			g.eachArg(int32(id), func(a int32) { c.fixed[id] = c.fixed[id] && c.fixed[a] })
		}
	}
}

// inline finds what becomes part of the one sum or product that uses it.
func (c *compiler) inline() {
	g := c.p.g
	for id := range c.need {
		if !c.need[id] {
			continue
		}
		n := &g.nodes[id]
		var buf [3]int32
		for _, a := range g.args(n, &buf) {
			if c.leaf(a) || c.uses[a] != 1 || c.target[a] || c.fixed[a] != c.fixed[id] {
				continue
			}
			switch o := g.nodes[a].op; n.op {
			case opAdd, opSub:
				c.inlined[a] = o == opAdd || o == opSub || o == opNeg
			case opNeg:
				c.inlined[a] = o == opAdd || o == opSub
			case opMul:
				c.inlined[a] = o == opMul
			}
		}
	}
}

// An instruction before it has its place.
type pendingInstr struct {
	kind instr
	// extra is the exponent of a power, or the call of a network
	extra int32
	args  []int32 // nodes; the first is the one made
}

// instructions makes those of a node; their arguments are still nodes. A second one goes on with what the one before it has left.
func (c *compiler) instructions(id int32) []pendingInstr {
	g := c.p.g
	n := &g.nodes[id]
	switch n.op {
	case opAdd, opSub, opNeg:
		if n.op == opNeg && !c.inlined[n.a] {
			break
		}
		return c.sum(id)
	case opMul:
		return c.product(id)
	case opPow:
		if v, ok := g.at(n.b).Value(); ok && v == float64(int32(v)) && v >= -maxPower && v <= maxPower {
			in := pendingInstr{kind: insPowInt, extra: int32(v), args: []int32{id, n.a}}
			switch v {
			case 2:
				in.kind = insSquare
			case 3:
				in.kind = insCube
			}
			return []pendingInstr{in}
		} else if ok && 2*v == float64(int32(2*v)) && math.Abs(v) <= maxPower {
			return []pendingInstr{{kind: insPowHalf, extra: int32(2 * v), args: []int32{id, n.a}}}
		}
	}
	in := pendingInstr{kind: instr(n.op), args: []int32{id}}
	if n.op == opNet {
		in.extra = n.a
	}
	g.eachArg(id, func(a int32) { in.args = append(in.args, a) })
	return []pendingInstr{in}
}

// sum collects the terms of a sum, with those of the sums inlined in it, and adds them up, at most three at a time.
func (c *compiler) sum(id int32) []pendingInstr {
	type term struct {
		id    int32
		minus bool
	}
	g := c.p.g
	var plus, minus []int32
	stack := []term{{id, false}}
	for len(stack) > 0 {
		t := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if t.id != id && !c.inlined[t.id] {
			if t.minus {
				minus = append(minus, t.id)
			} else {
				plus = append(plus, t.id)
			}
			continue
		}
		switch n := &g.nodes[t.id]; n.op {
		case opAdd:
			stack = append(stack, term{n.b, t.minus}, term{n.a, t.minus})
		case opSub:
			stack = append(stack, term{n.b, !t.minus}, term{n.a, t.minus})
		case opNeg:
			stack = append(stack, term{n.a, !t.minus})
		}
	}
	if len(plus) == 0 { // a sum begins with a term that is added
		plus = append(plus, g.Num(0).id)
	}
	return c.tree(id, plus, minus)
}

// tree adds terms up three at a time, then the sums, and so on, so that few have to wait for one another.
func (c *compiler) tree(id int32, plus, minus []int32) (out []pendingInstr) {
	threes := func(list []int32) (rest []int32) {
		for ; len(list) >= 3; list = list[3:] {
			t := c.temporary()
			out = append(out, pendingInstr{kind: insAddAdd, args: []int32{t, list[0], list[1], list[2]}})
			rest = append(rest, t)
		}
		return append(rest, list...)
	}
	for len(plus)+len(minus) > 3 {
		if len(plus) < 3 && len(minus) < 3 {
			t := c.temporary()
			out = append(out, pendingInstr{kind: insAddSub, args: []int32{t, plus[0], plus[1], minus[0]}})
			plus, minus = []int32{t}, minus[1:]
			continue
		}
		plus, minus = threes(plus), threes(minus)
	}
	m := len(plus) - 1
	in := pendingInstr{kind: [][]instr{{insCopy, insSub, insSubSub}, {insAdd, insAddSub}, {insAddAdd}}[m][len(minus)], args: append(append([]int32{id}, plus...), minus...)}
	return append(out, in)
}

// temporary is a register that belongs to no node, as a number that is none of a node.
func (c *compiler) temporary() int32 {
	c.p.registers++
	return -int32(c.p.registers)
}

// product collects the factors of a product, with those of the products inlined in it, and multiplies at most three at a time.
func (c *compiler) product(id int32) []pendingInstr {
	g := c.p.g
	var factors []int32
	stack := []int32{id}
	for len(stack) > 0 {
		t := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if t != id && !c.inlined[t] {
			factors = append(factors, t)
			continue
		}
		stack = append(stack, g.nodes[t].b, g.nodes[t].a)
	}
	var out []pendingInstr
	first := factors[0]
	for factors = factors[1:]; len(factors) > 0; first = id {
		m := min(2, len(factors))
		out = append(out, pendingInstr{kind: []instr{insMul2, insMul3}[m-1], args: append([]int32{id, first}, factors[:m]...)})
		factors = factors[m:]
	}
	return out
}

// runKey is what the instructions of a run have in common.
type runKey struct {
	kind   instr
	stride int32
	call   int32 // of a network
}

// schedule orders the instructions that are, or are not, fixed, and lays them out in runs. Of the instructions that are ready it takes the
// kind that has most, so that runs are long.
func (c *compiler) schedule(fixed bool) code {
	g := c.p.g
	var list []pendingInstr
	place := map[int32]int{} // of the last instruction of a node
	for id := range c.need {
		if c.need[id] && g.nodes[id].op != opOut && !c.inlined[id] && c.fixed[id] == fixed && !c.made[int32(id)] {
			for _, in := range c.instructions(int32(id)) {
				place[in.args[0]] = len(list)
				list = append(list, in)
			}
		}
	}
	waiting, users := make([]int32, len(list)), make([][]int32, len(list))
	var queue readyQueue
	for i := range list {
		own := list[i].args[0]
		for _, a := range list[i].args[1:] {
			if a >= 0 && g.nodes[a].op == opOut {
				a = g.nodes[a].a
			}
			j, ok := place[a]
			if a == own { // goes on with the instruction before it
				j = i - 1
			}
			if ok {
				waiting[i]++
				users[j] = append(users[j], int32(i))
			}
		}
	}
	for i := range list {
		if waiting[i] == 0 {
			queue.push(&list[i], int32(i))
		}
	}
	var out code
	for left := len(list); left > 0; {
		key, ready := queue.pop()
		r := run{kind: key.kind, stride: key.stride, from: int32(len(out.args))}
		if key.kind == instr(opNet) {
			in := &list[ready[0]]
			r.call = int32(len(out.calls))
			out.calls = append(out.calls, c.p.netInstr(in.extra, slices.Contains(c.sinks, in.args[0])))
		}
		for _, i := range ready {
			in := &list[i]
			for _, a := range in.args {
				out.args = append(out.args, c.p.register(a))
			}
			if in.kind == insPowInt || in.kind == insPowHalf {
				out.args = append(out.args, in.extra)
			}
			if in.args[0] >= 0 {
				c.made[in.args[0]] = true
			}
			for _, u := range users[i] {
				if waiting[u]--; waiting[u] == 0 {
					queue.push(&list[u], u)
				}
			}
		}
		r.to = int32(len(out.args))
		out.runs = append(out.runs, r)
		left -= len(ready)
	}
	if fixed {
		for i := range list {
			if id := list[i].args[0]; id >= 0 {
				c.p.markFixed(id)
			}
		}
	}
	return out
}

// readyQueue has the instructions that are ready, by kind.
type readyQueue struct {
	keys  []runKey
	ready [][]int32
	index map[runKey]int
}

func (q *readyQueue) push(in *pendingInstr, i int32) {
	k := runKey{kind: in.kind, stride: int32(len(in.args))}
	switch in.kind {
	case insPowInt, insPowHalf:
		k.stride = 3
	case instr(opNet):
		k.call = in.extra
	}
	j, ok := q.index[k]
	if !ok {
		if q.index == nil {
			q.index = map[runKey]int{}
		}
		j = len(q.keys)
		q.index[k] = j
		q.keys, q.ready = append(q.keys, k), append(q.ready, nil)
	}
	q.ready[j] = append(q.ready[j], i)
}

// pop takes the kind that has most; of several the first in a fixed order.
func (q *readyQueue) pop() (runKey, []int32) {
	best := 0
	for j := range q.keys {
		if d := cmp.Compare(len(q.ready[j]), len(q.ready[best])); d > 0 {
			best = j
		}
	}
	list := q.ready[best]
	q.ready[best] = nil
	slices.Sort(list)
	return q.keys[best], list
}
