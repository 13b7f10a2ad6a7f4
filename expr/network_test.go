package expr_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stiffnode/stiffnode/expr"
	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
)

// expanded writes a network of one hidden layer of tanh out as an expression of parameters in the layout of package nn.
func expanded(net nn.MLP, p []expr.Expr, x []expr.Expr) []expr.Expr {
	for l, layer := range net.Layers() {
		out := make([]expr.Expr, layer.Out)
		for i := range out {
			s := p[layer.Bias+i]
			for j := range layer.In {
				s = s.Add(p[layer.Weight+i*layer.In+j].Mul(x[j]))
			}
			if l < len(net.Hidden) {
				s = s.Tanh()
			}
			out[i] = s
		}
		x = out
	}
	return x
}

// hybrid is a right-hand side with networks: one within another, one at two places, one in a branch.
func hybrid(t *testing.T, written bool) *expr.Program {
	t.Helper()
	first := nn.MLP{Inputs: 2, Outputs: 2, Hidden: []int{3}, Activation: nn.Tanh}
	second := nn.MLP{Inputs: 1, Outputs: 1, Hidden: []int{4}, Activation: nn.Tanh}
	g := expr.NewGraph()
	x, y, k := g.State("x"), g.State("y"), g.Param("k")
	var apply [2]func(in ...expr.Expr) []expr.Expr
	for i, net := range []nn.MLP{first, second} {
		if written {
			weights := make([]expr.Expr, net.NumParams())
			for j := range weights {
				weights[j] = g.Param(string(rune('a'+i)) + string(rune('A'+j)))
			}
			apply[i] = func(in ...expr.Expr) []expr.Expr { return expanded(net, weights, in) }
			continue
		}
		n, err := g.Network([]string{"N", "M"}[i], net)
		if err != nil {
			t.Fatal(err)
		}
		apply[i] = func(in ...expr.Expr) []expr.Expr {
			out, err := n.Apply(in...)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
	}
	a := apply[0](x, y.Mul(k))
	b := apply[1](a[1].Mul(x).Add(g.Time()))
	c := apply[0](y.Sqrt(), x)
	f, err := expr.NewProgram(g, k.Mul(x).Neg().Add(a[0]), x.Mul(b[0]).Sub(y.Less(g.Num(-1)).If(b[0], c[1].Mul(y))))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestNetworks(t *testing.T) {
	got, want := hybrid(t, false), hybrid(t, true)
	if got.NumParams() != want.NumParams() || got.Networks()[1].Offset != 1+17 {
		t.Fatalf("%d parameters, want %d; networks %v", got.NumParams(), want.NumParams(), got.Networks())
	}
	rng := rand.New(rand.NewPCG(5, 6))
	par := make([]float64, got.NumParams())
	for i := range par {
		par[i] = rng.NormFloat64()
	}
	y := []float64{0.7, 0.4}
	var all [2]map[string][]float64
	for i, p := range []*expr.Program{got, want} {
		ivp, err := p.Problem(expr.Setup{Params: par})
		if err != nil {
			t.Fatal(err)
		}
		all[i] = products(t, ivp.New().(ode.ParamField), 2, ivp.Jacobian, 0.3, y, par)
	}
	for what, w := range all[1] {
		for i, x := range all[0][what] {
			if math.Abs(x-w[i]) > 1e-13*(1+math.Abs(w[i])) {
				t.Errorf("%s[%d]: %g, want %g", what, i, x, w[i])
			}
		}
	}
}

// TestNetworkText reads outputs of networks as calls.
func TestNetworkText(t *testing.T) {
	g := expr.NewGraph()
	g.State("x")
	if _, err := g.Network("N", nn.MLP{Inputs: 1, Outputs: 2}); err != nil {
		t.Fatal(err)
	}
	e, err := g.Parse("x*N_2(1 - x)", nil)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := g.Parse(e.String(), nil); err != nil || again != e {
		t.Errorf("%s is read as %v, %v", e, again, err)
	}
	if _, err := g.Parse("N_1(x, x)", nil); err == nil {
		t.Error("two inputs for one")
	}
	if _, err := g.Network("N", nn.MLP{Inputs: 1, Outputs: 1}); err == nil {
		t.Error("a name twice")
	}
}
