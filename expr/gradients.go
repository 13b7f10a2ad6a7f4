package expr

import "slices"

// gradients returns for each root its derivatives with respect to variables, those that are not always zero, in the order of their nodes.
//
// Nodes that are used more than once, and branches of choices, are cuts. Between cuts there are trees, along which adjoints run from the
// top without any sum; the gradient of a cut is then a short sum over those of the cuts below it. What several roots share is differentiated once.
//
// With on(varWeights) the outputs of networks are variables too, with what reaches the roots through the inputs of other networks.
func (g *Graph) gradients(roots []int32, on func(k varKind) bool) [][]partial {
	seen := g.reach(roots)
	s := sparse{g: g, dep: g.dependent(seen, on), outputs: on(varWeights), cut: make([]bool, len(seen)), grads: make([][]partial, len(seen)), place: map[int32]int{}}
	uses := make([]int, len(seen))
	for id := range seen {
		if !seen[id] {
			continue
		}
		choice := chooses(g.nodes[id].op)
		s.cut[id] = s.cut[id] || choice
		g.eachArg(int32(id), func(a int32) {
			uses[a]++
			s.cut[a] = s.cut[a] || choice || uses[a] > 1
		})
		switch n := &g.nodes[id]; n.op {
		case opGuard:
			s.cut[n.b] = true
		case opNet:
			g.eachArg(int32(id), func(a int32) { s.cut[a] = true })
		case opOut:
			s.cut[id] = s.cut[id] || s.outputs
		}
	}
	for _, r := range roots {
		s.cut[r] = true
	}
	for id := range seen {
		if seen[id] && s.cut[id] && s.dep[id] && g.nodes[id].op != opNet {
			s.grads[id] = s.of(int32(id))
		}
	}
	out := make([][]partial, len(roots))
	for i, r := range roots {
		out[i] = s.grads[r]
	}
	return out
}

type sparse struct {
	g        *Graph
	outputs  bool // of networks are variables
	dep, cut []bool
	grads    [][]partial
	sum      []partial
	place    map[int32]int
	work     []weighted
}

// weighted is a node with its adjoint.
type weighted struct {
	id  int32
	adj Expr
}

// add adds d to the derivative with respect to a variable.
func (s *sparse) add(of int32, d Expr) {
	if d.is(0) {
		return
	}
	k, ok := s.place[of]
	if !ok {
		s.place[of] = len(s.sum)
		s.sum = append(s.sum, partial{of, d})
		return
	}
	s.sum[k].d = s.sum[k].d.Add(d)
}

// of makes the gradient of a cut from those below it.
func (s *sparse) of(id int32) []partial {
	g := s.g
	s.sum = s.sum[:0]
	clear(s.place)
	switch n := &g.nodes[id]; {
	case n.op == opVar:
		return []partial{{id, g.Num(1)}}
	case chooses(n.op):
		return s.choice(id)
	}
	if s.outputs && g.nodes[id].op == opOut {
		s.add(id, g.Num(1))
	}
	s.work = append(s.work[:0], weighted{id, g.Num(1)})
	for len(s.work) > 0 {
		top := s.work[len(s.work)-1]
		s.work = s.work[:len(s.work)-1]
		n := g.nodes[top.id]
		if n.op == opOut {
			inputs, row := g.callJacobian(n.a, n.b)
			for j := len(inputs) - 1; j >= 0; j-- {
				s.below(inputs[j], top.adj.Mul(row[j]), false)
			}
			continue
		}
		var buf [3]int32
		args := g.args(&n, &buf)
		for i := len(args) - 1; i >= 0; i-- {
			if s.dep[args[i]] {
				s.below(args[i], g.times(top.adj, top.id, i), n.op == opGuard && i == 1)
			}
		}
	}
	return s.sorted()
}

// below goes on with the adjoint of a node that is part of the one at hand.
func (s *sparse) below(a int32, adj Expr, guard bool) {
	switch {
	case adj.is(0) || !s.dep[a]:
	case s.g.nodes[a].op == opVar:
		s.add(a, adj)
	case s.cut[a]:
		for _, p := range s.grads[a] {
			if guard {
				s.add(p.of, adj.guarded(p.d))
			} else {
				s.add(p.of, adj.Mul(p.d))
			}
		}
	default:
		s.work = append(s.work, weighted{a, adj})
	}
}

// choice takes the derivatives of the branch that the value is from.
func (s *sparse) choice(id int32) []partial {
	c, x, y := s.g.branches(id)
	zero := s.g.Num(0)
	gx, gy := s.grads[x.id], s.grads[y.id]
	for len(gx) > 0 || len(gy) > 0 {
		switch {
		case len(gy) == 0 || len(gx) > 0 && gx[0].of < gy[0].of:
			s.add(gx[0].of, c.If(gx[0].d, zero))
			gx = gx[1:]
		case len(gx) == 0 || gy[0].of < gx[0].of:
			s.add(gy[0].of, c.If(zero, gy[0].d))
			gy = gy[1:]
		default:
			s.add(gx[0].of, c.If(gx[0].d, gy[0].d))
			gx, gy = gx[1:], gy[1:]
		}
	}
	return s.sorted()
}

func (s *sparse) sorted() []partial {
	out := slices.Clone(s.sum)
	slices.SortFunc(out, func(a, b partial) int { return int(a.of - b.of) })
	return slices.DeleteFunc(out, func(p partial) bool { return p.d.is(0) })
}
