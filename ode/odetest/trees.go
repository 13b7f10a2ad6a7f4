package odetest

// A tree is a rooted tree, whose vertices may be coloured, and stands for one elementary differential (Butcher 1963; Hairer,
// Nørsett, Wanner I, sec. II.2; for two colours, sec. II.15).
type tree struct {
	colour   int
	children []*tree
	order    int
	density  float64 // γ(t)
}

// rootedTrees lists all trees up to an order with vertices of the given number of colours.
func rootedTrees(order, colours int) []*tree {
	var all []*tree
	for n := 1; n <= order; n++ {
		var found []*tree
		// forests of order n−1, each once: children in the order of the list
		var grow func(from, left int, children []*tree)
		grow = func(from, left int, children []*tree) {
			if left == 0 {
				for c := range colours {
					t := &tree{colour: c, children: append([]*tree(nil), children...), order: n, density: float64(n)}
					for _, k := range children {
						t.density *= k.density
					}
					found = append(found, t)
				}
				return
			}
			for i := from; i < len(all); i++ {
				if all[i].order > left {
					break
				}
				grow(i, left-all[i].order, append(children, all[i]))
			}
		}
		grow(0, n-1, nil)
		all = append(all, found...)
	}
	return all
}

// weights returns Φ_i(t) for every stage i: the product over the children k of Σ_j a_ij Φ_j(k), where a depends on the vertex
// and on the child.
func (t *tree) weights(stages int, a func(parent, child *tree) [][]float64) []float64 {
	phi := make([]float64, stages)
	for i := range phi {
		phi[i] = 1
	}
	for _, k := range t.children {
		sub, m := k.weights(stages, a), a(t, k)
		for i := range phi {
			s := 0.0
			for j, x := range m[i] {
				s += x * sub[j]
			}
			phi[i] *= s
		}
	}
	return phi
}
