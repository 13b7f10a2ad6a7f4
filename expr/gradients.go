package expr

import "slices"

// gradients returns for each root its derivatives with respect to variables, those that are not always zero, in the order of their nodes.
//
// Nodes that are used more than once, and branches of choices, are cuts. Between cuts there are trees, along which adjoints run from the
// top without any sum; the gradient of a cut is then a short sum over those of the cuts below it. What several roots share is differentiated once.
func (g *Graph) gradients(roots []int32, on func(k varKind) bool) [][]partial {
	seen := g.reach(roots)
	s := sparse{g: g, dep: g.dependent(seen, on), cut: make([]bool, len(seen)), grads: make([][]partial, len(seen)), place: map[int32]int{}}
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
		if g.nodes[id].op == opGuard {
			s.cut[g.nodes[id].b] = true
		}
	}
	for _, r := range roots {
		s.cut[r] = true
	}
	for id := range seen {
		if seen[id] && s.cut[id] && s.dep[id] {
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
	s.work = append(s.work[:0], weighted{id, g.Num(1)})
	for len(s.work) > 0 {
		top := s.work[len(s.work)-1]
		s.work = s.work[:len(s.work)-1]
		n := g.nodes[top.id]
		var buf [3]int32
		args := g.args(&n, &buf)
		for i := len(args) - 1; i >= 0; i-- {
			a := args[i]
			if !s.dep[a] {
				continue
			}
			adj := g.times(top.adj, top.id, i)
			switch {
			case adj.is(0):
			case g.nodes[a].op == opVar:
				s.add(a, adj)
			case s.cut[a]:
				for _, p := range s.grads[a] {
					if n.op == opGuard && i == 1 {
						s.add(p.of, adj.guarded(p.d))
					} else {
						s.add(p.of, adj.Mul(p.d))
					}
				}
			default:
				s.work = append(s.work, weighted{a, adj})
			}
		}
	}
	return s.sorted()
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
