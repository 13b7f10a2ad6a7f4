package ode

import (
	"fmt"
	"math"
	"testing"
)

// A tree is a rooted tree: what the order conditions of one-step methods are indexed by (Butcher 1963; Hairer, Nørsett, Wanner I,
// sec. II.2). The colour of a node says which part of a split right-hand side it stands for.
type tree struct {
	colour   int
	children []*tree
}

func (t *tree) order() int {
	n := 1
	for _, c := range t.children {
		n += c.order()
	}
	return n
}

// density is γ(t): the order times the densities of the subtrees.
func (t *tree) density() float64 {
	d := float64(t.order())
	for _, c := range t.children {
		d *= c.density()
	}
	return d
}

func (t *tree) String() string {
	s := [...]string{"f", "g"}[t.colour]
	if len(t.children) > 0 {
		s += fmt.Sprint(t.children)
	}
	return s
}

// trees returns all rooted trees with up to order nodes of the given number of colours; trees[n-1] are those with n nodes.
func trees(order, colours int) [][]*tree {
	all := make([][]*tree, order)
	// list holds all trees so far, and children are chosen with non-decreasing index, so that every tree appears once
	var list []*tree
	for n := 1; n <= order; n++ {
		var forests func(left, from int, picked []*tree)
		forests = func(left, from int, picked []*tree) {
			if left == 0 {
				for colour := range colours {
					all[n-1] = append(all[n-1], &tree{colour, append([]*tree(nil), picked...)})
				}
				return
			}
			for i := from; i < len(list); i++ {
				if o := list[i].order(); o <= left {
					forests(left-o, i, append(picked, list[i]))
				}
			}
		}
		forests(n-1, 0, nil)
		list = append(list, all[n-1]...)
	}
	return all
}

// weights returns Φ_i(t) for every stage; edge multiplies by the coefficients that lead from a node to a child.
func (t *tree) weights(stages int, edge func(parent, child *tree, i, j int) float64) []float64 {
	out := make([]float64, stages)
	for i := range out {
		out[i] = 1
	}
	for _, c := range t.children {
		w := c.weights(stages, edge)
		for i := range out {
			s := 0.0
			for j, v := range w {
				s += edge(t, c, i, j) * v
			}
			out[i] *= s
		}
	}
	return out
}

// checkOrder tests Σ b_i Φ_i(t) = θ^ρ/γ(t) for all trees up to the order, and that the order is not higher if exact is set.
func checkOrder(t *testing.T, what string, b []float64, order, colours int, theta, tol float64, exact bool, edge func(parent, child *tree, i, j int) float64) {
	t.Helper()
	top := order
	if exact {
		top++
	}
	violated := 0.0
	for n, set := range trees(top, colours) {
		for _, tr := range set {
			sum, size := 0.0, 0.0
			for i, v := range tr.weights(len(b), edge) {
				sum += b[i] * v
				size += math.Abs(b[i] * v)
			}
			e := math.Abs(sum - math.Pow(theta, float64(n+1))/tr.density())
			if n < order && e > tol*max(1, size) {
				t.Errorf("%s: condition of order %d for tree %v violated by %.3g at θ = %g", what, n+1, tr, e, theta)
			}
			if n == order {
				violated = max(violated, e)
			}
		}
	}
	if exact && violated < 1e-6 {
		t.Errorf("%s: the order is higher than the %d that is stated", what, order)
	}
}

func TestTreeCounts(t *testing.T) {
	want := []int{1, 1, 2, 4, 9, 20, 48, 115}
	for n, set := range trees(len(want), 1) {
		if len(set) != want[n] {
			t.Errorf("%d trees with %d nodes, not %d", len(set), n+1, want[n])
		}
	}
}

// at returns entry (i, j) of a matrix given by the stored part of its rows.
func at(m [][]float64, i, j int) float64 {
	if i < len(m) && j < len(m[i]) {
		return m[i][j]
	}
	return 0
}

// continuous evaluates the weights of a dense output at θ.
func continuous(d [][]float64, theta float64) []float64 {
	b := make([]float64, len(d))
	for i, row := range d {
		for p := len(row) - 1; p >= 0; p-- {
			b[i] = (b[i] + row[p]) * theta
		}
	}
	return b
}

func minus(a, b []float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		out[i] = a[i] - b[i]
	}
	return out
}

func sameWeights(t *testing.T, what string, a, b []float64, tol float64) {
	t.Helper()
	for i := range a {
		if math.Abs(a[i]-b[i]) > tol*max(1, math.Abs(b[i])) {
			t.Errorf("%s: weight %d is %.17g, not %.17g", what, i+1, a[i], b[i])
		}
	}
}
