package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// netShapes are layer sizes on all sides of the registers' and of the special widths of the kernels.
func netShapes(rng *rand.Rand) [][]int {
	shapes := [][]int{
		{3, 5, 5, 5, 5, 5, 5, 3}, {20, 10, 10, 10, 20}, {1, 1}, {4, 4}, {2, 8, 12, 16, 4, 1}, {3, 50, 3}, {9, 2}, {4, 1, 1, 7},
	}
	for width := 1; width <= 26; width++ {
		shapes = append(shapes, []int{1 + width%6, width, 1 + (3*width)%7, width})
	}
	for range 20 {
		s := make([]int, 2+rng.IntN(6))
		for i := range s {
			s[i] = 1 + rng.IntN(33)
		}
		shapes = append(shapes, s)
	}
	return shapes
}

func randomNet(sizes []int, f, output Func, rng *rand.Rand) *Net {
	n := NewNet(sizes, f, output)
	p := make([]float64, len(n.Params()))
	for i := range p {
		p[i] = rng.NormFloat64() / 3
		if f == Sinh {
			p[i] *= 0.3 // hyperbolic sines in a row overflow unless the signals are small
		}
	}
	n.Bind(p)
	return n
}

// run puts a net through everything at a random point and returns all results by name.
func (n *Net) run(pairs int, rng *rand.Rand) map[string][]float64 {
	fill := func(v []float64) {
		for i := range v {
			v[i] = rng.NormFloat64()
		}
	}
	const guard = 8
	layers := n.Layers()
	in, last := layers[0].In, layers[len(layers)-1]
	// all is a row without its padding, whose numbers mean nothing.
	all := func(row []float64) (v []float64) {
		for _, l := range layers {
			v = append(v, row[l.At:l.At+l.Out]...)
		}
		return v
	}
	outputs := func(row []float64) []float64 { return row[last.At : last.At+last.Out] }
	results := map[string][]float64{}

	fill(n.A()[:in])
	n.Forward(2)
	results["D2"] = all(n.D2())
	n.Forward(1)
	results["A"], results["D1"] = all(n.A()), all(n.D1())
	results["J"] = make([]float64, last.Out*in)
	n.ForwardJacobian(1, results["J"])
	n.Second()
	for c := range pairs {
		fill(n.TA(c)[:in])
	}
	if pairs > 0 {
		n.Tangents(pairs)
	}
	for c := range pairs {
		results[fmt.Sprint("tangent", c)] = all(n.Tangent(c))
		results[fmt.Sprint("TA", c)] = all(n.TA(c))
	}
	for _, inputs := range []bool{false, true} {
		for _, params := range []bool{true, false} {
			for c := range pairs {
				clear(n.Zeta(c))
				fill(outputs(n.Zeta(c)))
			}
			clear(n.Eta())
			fill(outputs(n.Eta()))
			var gp, guarded []float64
			if params {
				guarded = make([]float64, len(n.Params())+2*guard)
				fill(guarded)
				gp = guarded[guard : len(guarded)-guard]
			}
			n.Backward(pairs, gp, inputs)
			name := fmt.Sprint("backward", inputs, params)
			results[name+"gp"] = guarded
			results[name+"eta"] = all(n.Eta())
			if inputs {
				results[name+"gx"] = slices.Clone(n.Eta()[:in])
			}
		}
	}
	return results
}

func TestNetAssemblyAgainstTwin(t *testing.T) {
	assemblies := impls()[:len(impls())-1]
	if len(assemblies) == 0 {
		t.Skip("no assembly for this build or processor")
	}
	rng := rand.New(rand.NewPCG(5, 5))
	for i, sizes := range netShapes(rng) {
		f := Func(i) % NumFuncs
		output := Identity
		if i%3 == 2 {
			output = Tanh
		}
		n := randomNet(sizes, f, output, rng)
		for pairs := range MaxPairs + 1 {
			seed := rng.Uint64()
			restore := useImpl("go")
			want := n.run(pairs, rand.New(rand.NewPCG(seed, 1)))
			restore()
			for _, impl := range assemblies {
				restore = useImpl(impl)
				got := n.run(pairs, rand.New(rand.NewPCG(seed, 1)))
				restore()
				if len(got) != len(want) {
					t.Fatal("results are missing")
				}
				for name, w := range want {
					if err := compare(got[name], w, 1e-12); err != nil {
						t.Errorf("%s: %v, %v, %d pairs: %s: %v", impl, sizes, f, pairs, name, err)
					}
				}
			}
		}
	}
}

// compare says where two vectors differ by more than tol times the largest entry.
func compare(got, want []float64, tol float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d numbers, want %d", len(got), len(want))
	}
	scale := 0.
	for _, v := range want {
		scale = math.Max(scale, math.Abs(v))
	}
	for i, w := range want {
		if d := math.Abs(got[i] - w); !(d <= tol*scale) {
			return fmt.Errorf("number %d is %.17g, want %.17g", i, got[i], w)
		}
	}
	return nil
}

// NaN and infinities come out of the assembly wherever they come out of the twin.
func TestNetNonFinite(t *testing.T) {
	if len(impls()) == 1 {
		t.Skip("no assembly for this build or processor")
	}
	rng := rand.New(rand.NewPCG(6, 6))
	for f := range NumFuncs {
		for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e308, -1e308} {
			n := randomNet([]int{3, 6, 5, 2}, f, Identity, rng)
			a := make([][]float64, len(impls())) // the twin's last
			for k, impl := range impls() {
				restore := useImpl(impl)
				copy(n.A(), []float64{0.3, bad, -0.2})
				jac := make([]float64, 2*3)
				n.ForwardJacobian(1, jac)
				a[k] = append(slices.Clone(n.A()[n.layers[2].At:][:2]), jac[0], jac[3])
				restore()
			}
			twin := a[len(a)-1]
			for k, got := range a[:len(a)-1] {
				for i := range twin {
					if finite(twin[i]) != finite(got[i]) {
						t.Errorf("%v at %g: result %d is %g by %s, %g in Go", f, bad, i, got[i], impls()[k], twin[i])
					}
				}
			}
		}
	}
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

func BenchmarkNet(b *testing.B) {
	for _, net := range []struct {
		name  string
		sizes []int
	}{{"rober", []int{3, 5, 5, 5, 5, 5, 5, 3}}, {"pollu", []int{20, 10, 10, 10, 20}}, {"wide", []int{3, 50, 50, 3}}} {
		n := randomNet(net.sizes, GELU, Identity, rand.New(rand.NewPCG(1, 1)))
		gp := make([]float64, len(n.Params()))
		jac := make([]float64, net.sizes[0]*net.sizes[len(net.sizes)-1])
		for _, call := range []struct {
			name string
			f    func()
		}{
			{"Forward", func() { n.Forward(1) }},
			{"ForwardJacobian", func() { n.ForwardJacobian(1, jac) }},
			{"Tangents2", func() { n.Tangents(2) }},
			{"Backward0", func() { n.Backward(0, gp, true) }},
			{"Backward2", func() { n.Backward(2, gp, true) }},
		} {
			for _, impl := range impls() {
				b.Run(fmt.Sprintf("%s/%s/impl=%s", net.name, call.name, impl), func(b *testing.B) {
					defer useImpl(impl)()
					clear(n.Eta())
					for range b.N {
						call.f()
					}
				})
			}
		}
	}
}
