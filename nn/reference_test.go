package nn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// hyper is a hyper-dual number a + bε₁ + cε₂ + dε₁ε₂, ε₁² = ε₂² = 0: evaluating a function on it gives the derivative b along ε₁, c along ε₂
// and the mixed second derivative d, without truncation error (Fike and Alonso, AIAA 2011-886). It is the tests' own, slow
// way to every derivative of a network.
type hyper struct{ a, b, c, d float64 }

func (x hyper) add(y hyper) hyper { return hyper{x.a + y.a, x.b + y.b, x.c + y.c, x.d + y.d} }

func (x hyper) mul(y hyper) hyper {
	return hyper{x.a * y.a, x.a*y.b + x.b*y.a, x.a*y.c + x.c*y.a, x.a*y.d + x.b*y.c + x.c*y.b + x.d*y.a}
}

func (x hyper) apply(f Activation) hyper {
	v, d1, d2 := f.Derivatives(x.a)
	return hyper{v, d1 * x.b, d1 * x.c, d1*x.d + d2*x.b*x.c}
}

// evalHyper is the network written as its definition.
func evalHyper(n MLP, p, x []hyper) []hyper {
	layers := n.Layers()
	for li, l := range layers {
		f := n.Activation
		if li == len(layers)-1 {
			f = n.OutputActivation
		}
		y := make([]hyper, l.Out)
		for i := range y {
			y[i] = p[l.Bias+i]
			for j := range l.In {
				y[i] = y[i].add(p[l.Weight+i*l.In+j].mul(x[j]))
			}
			y[i] = y[i].apply(f)
		}
		x = y
	}
	return x
}

func lift(v []float64) []hyper {
	h := make([]hyper, len(v))
	for i := range v {
		h[i].a = v[i]
	}
	return h
}

// reference holds a network, a point, and its derivatives from hyper-dual numbers.
type reference struct {
	net  MLP
	p, x []float64
	f    []float64
	jac  []float64 // outputs×inputs
	pjac []float64 // outputs×params
}

func newReference(n MLP, p, x []float64) *reference {
	r := &reference{net: n, p: p, x: x}
	for _, y := range evalHyper(n, lift(p), lift(x)) {
		r.f = append(r.f, y.a)
	}
	r.jac = make([]float64, n.Outputs*n.Inputs)
	for j := range x {
		h := lift(x)
		h[j].b = 1
		for o, y := range evalHyper(n, lift(p), h) {
			r.jac[o*n.Inputs+j] = y.b
		}
	}
	r.pjac = make([]float64, n.Outputs*len(p))
	for k := range p {
		h := lift(p)
		h[k].b = 1
		for o, y := range evalHyper(n, h, lift(x)) {
			r.pjac[o*len(p)+k] = y.b
		}
	}
	return r
}

// second returns ∂(J u)/∂x (outputs×inputs) and ∂(J u)/∂p (outputs×params).
func (r *reference) second(u []float64) (dx, dp []float64) {
	n := r.net
	dx = make([]float64, n.Outputs*n.Inputs)
	dp = make([]float64, n.Outputs*len(r.p))
	x := lift(r.x)
	for j := range x {
		x[j].c = u[j]
	}
	for j := range x {
		x[j].b = 1
		for o, y := range evalHyper(n, lift(r.p), x) {
			dx[o*n.Inputs+j] = y.d
		}
		x[j].b = 0
	}
	p := lift(r.p)
	for k := range p {
		p[k].b = 1
		for o, y := range evalHyper(n, p, x) {
			dp[o*len(p)+k] = y.d
		}
		p[k].b = 0
	}
	return dx, dp
}

// testNets is a spread of shapes and activations: every activation, depths 0 to 7, widths 1 to 50, widths on both sides of a register's.
func testNets() []MLP {
	var nets []MLP
	shapes := []MLP{
		{Inputs: 3, Outputs: 3, Hidden: []int{5, 5, 5, 5, 5, 5}},
		{Inputs: 1, Outputs: 1, Hidden: []int{1}},
		{Inputs: 4, Outputs: 2, Hidden: []int{8, 3}},
	}
	for a := range Activation(len(activationNames)) {
		for _, s := range shapes {
			s.Activation = a
			nets = append(nets, s)
		}
		nets = append(nets, MLP{Inputs: 3, Outputs: 4, Hidden: []int{6}, Activation: Tanh, OutputActivation: a})
	}
	for depth := range 8 {
		n := MLP{Inputs: 2 + depth, Outputs: 1 + depth%4, Activation: SiLU}
		for l := range depth {
			n.Hidden = append(n.Hidden, 1+(5*l+3*depth)%9)
		}
		nets = append(nets, n)
	}
	return append(nets,
		MLP{Inputs: 20, Outputs: 20, Hidden: []int{10, 10, 10}, Activation: GELU},
		MLP{Inputs: 3, Outputs: 3, Hidden: []int{50}, Activation: Tanh},
		MLP{Inputs: 5, Outputs: 21, Hidden: []int{17, 33}, Activation: Softplus},
		MLP{Inputs: 18, Outputs: 2, Hidden: []int{16, 12}, Activation: ELU, OutputActivation: Sinh},
		MLP{Inputs: 7, Outputs: 5, Activation: GELU},
	)
}

func netName(n MLP) string {
	return fmt.Sprintf("%d-%v-%d/%v/%v", n.Inputs, n.Hidden, n.Outputs, n.Activation, n.OutputActivation)
}

// forEachNet runs a test on every network of testNets with random parameters, at a random point.
func forEachNet(t *testing.T, test func(t *testing.T, e *Evaluator, r *reference, rng *rand.Rand)) {
	t.Helper()
	for i, n := range testNets() {
		t.Run(netName(n), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(uint64(i), 7))
			p := make([]float64, n.NumParams())
			n.Init(p, GlorotNormal, uint64(i))
			for _, l := range n.Layers() {
				copy(p[l.Bias:l.Bias+l.Out], random(rng, l.Out))
			}
			if n.Activation == Sinh { // six hyperbolic sines in a row overflow unless the signals are small
				for k := range p {
					p[k] *= 0.3
				}
			}
			e, err := NewEvaluator(n)
			if err != nil {
				t.Fatal(err)
			}
			e.Bind(p)
			test(t, e, newReference(n, p, random(rng, n.Inputs)), rng)
		})
	}
}

func random(rng *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return v
}

// closeTo fails unless got agrees with want to tol relative to want's largest entry.
func closeTo(t *testing.T, what string, got, want []float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	scale := 0.0
	for _, v := range want {
		scale = math.Max(scale, math.Abs(v))
	}
	for i := range want {
		if d := math.Abs(got[i] - want[i]); !(d <= tol*scale) {
			t.Fatalf("%s[%d] = %.17g, want %.17g, difference %.2g of the largest", what, i, got[i], want[i], d/scale)
		}
	}
}
