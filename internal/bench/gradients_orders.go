package bench

import (
	"context"
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/sens"
)

// A OrderKind is one of the orders of cost in section III B of Kim et al., Chaos 31, 093122 (2021).
type OrderKind int

const (
	// Separated: O(k³ + m), where the parameters stay out of the implicit system.
	Separated OrderKind = iota
	// AdjointAtOnce: O((k+m)³), adjoint and parameter integral in one implicit system.
	AdjointAtOnce
	// ForwardAtOnce: O(k³m³), the state and all sensitivities in one implicit system.
	ForwardAtOnce
	// ForwardChunks: O(m k³ l²), the same in chunks of l columns.
	ForwardChunks
	// AdjointChunks: O(m/l (k+l)³), the adjoint with l parameters at a time.
	AdjointChunks
)

// A CostOrder is the exponent with which the cost of a gradient grows, and the bounds between which it must lie.
type CostOrder struct {
	Kind OrderKind
	// What grows with what.
	What        string
	Exponent    float64
	Least, Most float64
}

// Holds says whether the exponent is within its bounds. NaN is not.
func (g CostOrder) Holds() bool { return g.Exponent >= g.Least && g.Exponent <= g.Most }

func (g CostOrder) String() string {
	if g.Least == 0 {
		return fmt.Sprintf("%s: exponent %.2f (at most %g)", g.What, g.Exponent, g.Most)
	}
	return fmt.Sprintf("%s: exponent %.2f (%g to %g)", g.What, g.Exponent, g.Least, g.Most)
}

// orderCase is one size at which a classical order is counted: k states, two hidden layers of a width, chunks of l (0: all at once).
type orderCase struct{ k, width, l int }

// classicalOrder is an order that the separated methods are compared with: an expression of k, m and l, and the sizes of the implicit systems.
type classicalOrder struct {
	kind    OrderKind
	words   string
	cases   []orderCase
	method  func(l int) sens.Method
	formula func(k, m, l float64) float64
	// sizes are those of the systems of the solve and of what follows it: the reverse pass, or the further chunks.
	sizes func(k, l float64) (forward, after float64)
}

// classicalOrders counts the operations of the methods that treat parameters implicitly, and holds their growth against the paper's expressions: an exponent
// of 1 in the expression.
func classicalOrders(ctx context.Context, r *Report) ([]CostOrder, error) {
	reverse := sens.ReverseOptions{RTol: 1, ATol: 1e3}
	orders := []classicalOrder{
		{
			AdjointAtOnce, "interpolating adjoint against (k+m)³", []orderCase{{4, 8, 0}, {4, 12, 0}, {4, 18, 0}, {4, 26, 0}},
			func(int) sens.Method { return sens.InterpolatingAdjoint{Reverse: reverse} },
			func(k, m, _ float64) float64 { return math.Pow(k+m, 3) }, func(k, l float64) (float64, float64) { return k, k + l },
		},
		{
			ForwardAtOnce, "unsplit forward sensitivities against k³m³", []orderCase{{2, 4, 0}, {4, 4, 0}, {4, 6, 0}, {4, 9, 0}, {6, 9, 0}},
			func(int) sens.Method { return sens.UnsplitForward{} },
			func(k, m, _ float64) float64 { return math.Pow(k*m, 3) }, func(k, l float64) (float64, float64) { return k * (1 + l), k * (1 + l) },
		},
		{
			ForwardChunks, "unsplit forward sensitivities in chunks against m k³ l²", []orderCase{{4, 8, 16}, {4, 16, 16}, {4, 8, 32}, {4, 16, 32}, {8, 8, 32}, {4, 8, 64}, {8, 16, 32}},
			func(l int) sens.Method { return sens.UnsplitForward{Chunk: l} },
			func(k, m, l float64) float64 { return m * k * k * k * l * l }, func(k, l float64) (float64, float64) { return k * (1 + l), k * (1 + l) },
		},
		{
			AdjointChunks, "interpolating adjoint in chunks against m/l (k+l)³", []orderCase{{4, 16, 32}, {4, 16, 64}, {4, 16, 128}, {4, 26, 64}, {4, 26, 128}, {8, 26, 256}},
			func(l int) sens.Method { return sens.InterpolatingAdjoint{Reverse: reverse, Chunk: l} },
			func(k, m, l float64) float64 { return m / l * math.Pow(k+l, 3) }, func(k, l float64) (float64, float64) { return k, k + l },
		},
	}
	var out []CostOrder
	for _, o := range orders {
		table := Table{Title: o.words + ": operations per step", Rows: [][]string{{"k", "m", "l", "operations", "over the expression"}}}
		var x, y []float64
		for _, c := range o.cases {
			k, m, ops, err := o.count(ctx, c)
			if err != nil {
				return nil, err
			}
			l := float64(c.l)
			f := o.formula(k, m, l)
			x, y = append(x, f), append(y, ops)
			table.Rows = append(table.Rows, []string{fmt.Sprint(k), fmt.Sprint(m), fmt.Sprint(c.l), fmt.Sprintf("%.3g", ops), fmt.Sprintf("%.3g", ops/f)})
		}
		g := CostOrder{Kind: o.kind, What: o.words + ", operations", Exponent: slope(x, y), Least: 0.85, Most: 1.15}
		out = append(out, g)
		r.claim(g.Holds(), "%s", g)
		r.Tables = append(r.Tables, table)
	}
	return out, nil
}

// count returns the numbers of states and parameters of a case, and the operations of a step of its gradient.
func (o *classicalOrder) count(ctx context.Context, c orderCase) (k, m, ops float64, err error) {
	base, err := costCase(c.k, []int{c.width, c.width}, 1)
	if err != nil {
		return 0, 0, 0, err
	}
	k, m = float64(base.problem.Dim), float64(len(base.params))
	l := float64(c.l)
	if c.l == 0 {
		l = m
	}
	var w work
	once := *base
	once.problem = counted(base.problem, &w)
	run := once.measure(ctx, o.method(c.l), once.equalSteps(costSolver, costSteps), 0)
	if ctx.Err() != nil {
		return 0, 0, 0, context.Cause(ctx)
	}
	if run.err != nil {
		return 0, 0, 0, fmt.Errorf("%s at k = %g, m = %g, l = %d: %w", o.words, k, m, c.l, run.err)
	}
	forward, after := o.sizes(k, l)
	w.factorised(&run, forward, after)
	return k, m, w.flops / costSteps, nil
}
