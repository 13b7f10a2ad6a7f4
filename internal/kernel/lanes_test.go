package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func normals(rng *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return v
}

// lane gathers one lane of rows.
func lane(rows []float64, l int) []float64 { return laneOf(rows, l, LaneWidth) }

func laneOf(rows []float64, l, width int) []float64 {
	var v []float64
	for i := l; i < len(rows); i += width {
		v = append(v, rows[i])
	}
	return v
}

func relativeDifference(a, b []float64) float64 {
	size, diff := 0., 0.
	for i := range a {
		size, diff = max(size, math.Abs(a[i])), max(diff, math.Abs(a[i]-b[i]))
	}
	return diff / max(size, 1e-300)
}

// A net of lanes is the net of one point at every lane's own point, for all shapes and activations.
func TestLaneNetIsTheNetOfOnePoint(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for i, sizes := range netShapes(rng) {
		hidden, output := Func(i)%NumFuncs, Func(i/2)%NumFuncs
		one := randomNet(sizes, hidden, output, rng)
		for _, impl := range impls() {
			for _, many := range []*LaneNet{NewLaneNet(sizes, hidden, output), one.Lanes(StageLanes)} {
				width, restore := many.width, useImpl(impl)
				copy(many.Params(), one.Params())
				in, out := sizes[0], sizes[len(sizes)-1]
				x := normals(rng, in*width)
				jac, want := make([]float64, in*out*width), make([]float64, in*out)
				copy(many.Inputs(), x)
				many.ForwardJacobian(jac)
				values := slices.Clone(many.Outputs())
				many.Forward()
				for j, v := range many.Outputs() {
					if math.Float64bits(v) != math.Float64bits(values[j]) {
						t.Fatalf("%v, %s: the value with the Jacobian is not the value alone", sizes, impl)
					}
				}
				for l := range width {
					copy(one.A(), laneOf(x, l, width))
					one.ForwardJacobian(1, want)
					last := one.Layers()[len(sizes)-2]
					if d := relativeDifference(laneOf(values, l, width), one.A()[last.At:last.At+out]); !(d < 1e-12) {
						t.Fatalf("%v, %s, lane %d: values differ by %g", sizes, impl, l, d)
					}
					got := laneOf(jac, l, width)
					transposed := make([]float64, in*out)
					for r := range out {
						for c := range in {
							transposed[r*in+c] = got[c*out+r]
						}
					}
					if d := relativeDifference(transposed, want); !(d < 1e-11) {
						t.Fatalf("%v, %s, lane %d: Jacobians differ by %g", sizes, impl, l, d)
					}
				}
				restore()
			}
		}
	}
}

// W·(W⁻¹(g·f + c)) is g·f + c in every lane, also where pivots are needed.
func TestSolveLanesInverts(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 2))
	for _, impl := range impls() {
		func() {
			defer useImpl(impl)()
			for k := 1; k <= 21; k++ {
				jac, f, c := normals(rng, k*k*LaneWidth), normals(rng, k*LaneWidth), normals(rng, k*LaneWidth)
				g := normals(rng, LaneWidth)
				for l := range LaneWidth {
					// from the identity to matrices whose diagonals say nothing
					g[l] = math.Pow(10, float64(l-8))
				}
				lu, pivot, x := make([]float64, k*k*LaneWidth), make([]float64, k*LaneWidth), make([]float64, k*LaneWidth)
				FactorLanes(lu, pivot, g, jac, k)
				for _, with := range [][]float64{c, nil} {
					SolveLanes(x, lu, pivot, g, f, with, k)
					for l := range LaneWidth {
						for i := range k {
							want := g[l] * f[i*LaneWidth+l]
							if with != nil {
								want += with[i*LaneWidth+l]
							}
							got, size := x[i*LaneWidth+l], math.Abs(want)
							for j := range k {
								w := -g[l] * jac[(j*k+i)*LaneWidth+l] * x[j*LaneWidth+l]
								got, size = got+w, size+math.Abs(w)
							}
							if !(math.Abs(got-want) <= 1e-12*size*float64(k)) {
								t.Fatalf("%s, %d states, lane %d: residual %g of %g", impl, k, l, got-want, size)
							}
						}
					}
				}
			}
		}()
	}
}

// Every element of a factor is at most 1 in modulus, which is what pivots are for.
func TestFactorLanesPivots(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for _, impl := range impls() {
		func() {
			defer useImpl(impl)()
			const k = 7
			jac, g := normals(rng, k*k*LaneWidth), normals(rng, LaneWidth)
			for l := range g {
				g[l] = 1e3
			}
			lu, pivot := make([]float64, k*k*LaneWidth), make([]float64, k*LaneWidth)
			FactorLanes(lu, pivot, g, jac, k)
			for c := range k {
				for r := c + 1; r < k; r++ {
					for l := range LaneWidth {
						if v := lu[(c*k+r)*LaneWidth+l]; !(math.Abs(v) <= 1+1e-15) {
							t.Fatalf("%s: factor %g", impl, v)
						}
					}
				}
			}
		}()
	}
}

func TestNormLanes(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const k, rtol = 5, 1e-3
	for _, impl := range impls() {
		func() {
			defer useImpl(impl)()
			e, y, z := normals(rng, k*LaneWidth), normals(rng, k*LaneWidth), normals(rng, k*LaneWidth)
			atol := []float64{1e-3, 0, 1, 2, 3}
			y[LaneWidth], z[LaneWidth], e[LaneWidth] = 0, 0, 0 // a state that is zero, held to nothing, without an error
			z[3], z[2*LaneWidth+4], e[5] = math.NaN(), math.Inf(-1), math.Inf(1)
			sum := make([]float64, LaneWidth)
			NormLanes(sum, e, y, z, atol, rtol)
			for l, got := range sum {
				want := 0.
				for i, a := range atol {
					if l == 0 && i == 1 {
						continue
					}
					j := i*LaneWidth + l
					want += math.Pow(e[j]/(a+rtol*max(math.Abs(y[j]), math.Abs(z[j]))), 2)
				}
				switch {
				case l == 3 || l == 4:
					if got <= math.MaxFloat64 {
						t.Errorf("%s: norm %g of a lane that is not finite", impl, got)
					}
				case l == 5:
					if !math.IsInf(got, 1) {
						t.Errorf("%s: norm %g of an infinite error", impl, got)
					}
				case !(math.Abs(got-want) <= 1e-13*want):
					t.Errorf("%s, lane %d: %g, want %g", impl, l, got, want)
				}
			}
		}()
	}
}

// A lane's bits depend neither on its place nor on its neighbours, even where these are not finite.
func TestLanesAreIndependent(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	const k = 3
	for _, impl := range impls() {
		func() {
			defer useImpl(impl)()
			for f := range NumFuncs {
				net := NewLaneNet([]int{k, 5, 4, k}, f, Identity)
				for i := range net.Params() {
					net.Params()[i] = rng.NormFloat64()
				}
				y, g := normals(rng, k), rng.Float64()
				var first []float64
				for place := range LaneWidth {
					// neighbours: ordinary, huge, NaN
					x, gs := normals(rng, k*LaneWidth), normals(rng, LaneWidth)
					for i := range x {
						if l := i % LaneWidth; l%3 == 1 {
							x[i] *= 1e300
						} else if l%3 == 2 {
							x[i] = math.NaN()
						}
					}
					for i, v := range y {
						x[i*LaneWidth+place] = v
					}
					gs[place] = g
					jac, lu, pivot := make([]float64, k*k*LaneWidth), make([]float64, k*k*LaneWidth), make([]float64, k*LaneWidth)
					copy(net.Inputs(), x)
					net.ForwardJacobian(jac)
					FactorLanes(lu, pivot, gs, jac, k)
					u, e, sum := make([]float64, k*LaneWidth), make([]float64, k*LaneWidth), make([]float64, LaneWidth)
					SolveLanes(u, lu, pivot, gs, net.Outputs(), x, k)
					ScaleLanes(e, gs, u, k)
					NormLanes(sum, e, x, u, []float64{1, 0, 1e-3}, 1e-3)
					var all []float64
					for _, rows := range [][]float64{net.Outputs(), jac, lu, pivot, u, e, sum} {
						all = append(all, lane(rows, place)...)
					}
					if first == nil {
						first = all
					}
					for i, v := range all {
						if math.Float64bits(v) != math.Float64bits(first[i]) {
							t.Fatalf("%s, activation %d: number %d is %g in lane %d and %g in lane 0", impl, f, i, v, place, first[i])
						}
					}
				}
			}
		}()
	}
}

func BenchmarkLaneNet(b *testing.B) {
	rng := rand.New(rand.NewPCG(3, 6))
	for name, sizes := range map[string][]int{"rober": {3, 5, 5, 5, 5, 5, 5, 3}, "pollu": {20, 10, 10, 10, 20}} {
		n := NewLaneNet(sizes, GELU, Identity)
		for i := range n.Params() {
			n.Params()[i] = rng.NormFloat64() / 3
		}
		k := sizes[0]
		jac := make([]float64, k*k*LaneWidth)
		lu, pivot, x, g := make([]float64, k*k*LaneWidth), make([]float64, k*LaneWidth), make([]float64, k*LaneWidth), make([]float64, LaneWidth)
		copy(n.Inputs(), normals(rng, k*LaneWidth))
		perLane := func(b *testing.B) {
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/LaneWidth, "ns/lane")
		}
		b.Run(name+"/value", func(b *testing.B) {
			for b.Loop() {
				n.Forward()
			}
			perLane(b)
		})
		b.Run(name+"/jacobian", func(b *testing.B) {
			for b.Loop() {
				n.ForwardJacobian(jac)
			}
			perLane(b)
		})
		g = normals(rng, LaneWidth)
		b.Run(name+"/factor", func(b *testing.B) {
			for b.Loop() {
				FactorLanes(lu, pivot, g, jac, k)
			}
			perLane(b)
		})
		b.Run(name+"/solve", func(b *testing.B) {
			for b.Loop() {
				SolveLanes(x, lu, pivot, g, n.Outputs(), nil, k)
			}
			perLane(b)
		})
	}
}
