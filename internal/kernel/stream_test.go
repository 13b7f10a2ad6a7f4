package kernel

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// A net that is evaluated row by row gives what the same net gives by columns.
func TestStreamedNet(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 1))
	shapes := append(netShapes(rng), []int{5, 67, 301, 3}, []int{2, 130, 2})
	forEachImpl(t, func(t *testing.T) {
		for i, sizes := range shapes {
			f := Func(i) % NumFuncs
			n := randomNet(sizes, f, Identity, rng)
			s := newNet(sizes, f, Identity, true)
			s.Bind(n.params)
			for pairs := range MaxPairs + 1 {
				seed := rng.Uint64()
				want := n.run(pairs, rand.New(rand.NewPCG(seed, 1)))
				got := s.run(pairs, rand.New(rand.NewPCG(seed, 1)))
				for name, w := range want {
					if err := compare(got[name], w, 1e-12); err != nil {
						t.Errorf("%v, %v, %d pairs: %s: %v", sizes, f, pairs, name, err)
					}
				}
			}
		}
	})
}

// Additions to a gradient that are put off, more of them than are kept at a time, end in what they are when made at once.
func TestDeferredGradients(t *testing.T) {
	rng := rand.New(rand.NewPCG(35, 1))
	for _, sizes := range [][]int{{3, 7, 5, 2}, {4, 300, 9, 4}} {
		n := newNet(sizes, Tanh, Identity, true)
		p := make([]float64, len(n.Params()))
		for i := range p {
			p[i] = rng.NormFloat64() / 3
		}
		n.Bind(p)
		last := n.layers[len(n.layers)-1]
		gradient := func(put bool, seed uint64) []float64 {
			rng := rand.New(rand.NewPCG(seed, 2))
			gp := make([]float64, len(p))
			n.Defer(put)
			for call := range 3 * mostDeferred {
				for i := range sizes[0] {
					n.A()[i] = rng.NormFloat64()
				}
				n.Forward(2)
				pairs := call % (MaxPairs + 1)
				for c := range pairs {
					for i := range sizes[0] {
						n.TA(c)[i] = rng.NormFloat64()
					}
				}
				if pairs > 0 {
					n.Tangents(pairs)
				}
				for i := range last.Out {
					n.Eta()[last.At+i] = rng.NormFloat64()
					for c := range pairs {
						n.Zeta(c)[last.At+i] = rng.NormFloat64()
					}
				}
				n.Backward(pairs, gp, call%2 == 0)
			}
			n.Settle()
			n.Settle() // has nothing left to do
			n.Defer(false)
			return gp
		}
		want := gradient(false, 7)
		if err := compare(gradient(true, 7), want, 1e-12); err != nil {
			t.Errorf("%v: %v", sizes, err)
		}
	}
}

// Large nets are streamed, and know it when they hand out their rows.
func TestStreamedRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(32, 1))
	for _, width := range []int{31, 203} {
		n := randomNet([]int{3, width, width, 2}, Tanh, Identity, rng)
		if want := len(n.Params()) >= streamFrom; n.streamed != want {
			t.Fatalf("width %d: streamed is %t, want %t", width, n.streamed, want)
		}
		for i := range n.layers {
			l := &n.layers[i]
			rows, ld := n.Rows(l)
			for r := range l.Out {
				if w := n.params[l.Weight+r*l.In:][:l.In]; !slices.Equal(rows[r*ld:r*ld+l.In], w) {
					t.Fatalf("width %d, layer %d: row %d is not that of the weights", width, i, r)
				}
			}
		}
	}
}

func TestAddRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(33, 1))
	forEachImpl(t, func(t *testing.T) {
		for range 300 {
			rows, n := 1+rng.IntN(7), 1+rng.IntN(45)
			x, y, s := newMatrix(rng, rows, n, rng.IntN(4)), newMatrix(rng, 1, n, 0), newMatrix(rng, 1, rows, 0)
			addRows(y.v(), s.v(), x.v(), x.ld)
			y.check(t, fmt.Sprintf("%d rows of %d", rows, n), func(_, j int) *exactSum {
				e := newExactSum().add(y.old(0, j))
				for i := range rows {
					e.add(s.old(0, i), x.old(i, j))
				}
				return e
			})
		}
	})
}

// Products with matrices so large that they are taken in tiles are those of the plain kernels, bit by bit where these are the same.
func TestTiledPanels(t *testing.T) {
	rng := rand.New(rand.NewPCG(34, 1))
	forEachImpl(t, func(t *testing.T) {
		for _, size := range [][3]int{{130, 150, 16}, {67, 301, 37}, {331, 65, 5}, {1, 17000, 4}} {
			m, k, n := size[0], size[1], size[2]
			x := newMatrix(rng, k, n, 1)
			b, scale, factor := newMatrix(rng, 1, m, 0), newMatrix(rng, 1, m, 0), newMatrix(rng, m, n, 2)
			for _, transposed := range []bool{false, true} {
				a := newMatrix(rng, m, k, 3)
				ra, ca := a.ld, 1
				if transposed {
					a = newMatrix(rng, k, m, 3)
					ra, ca = 1, a.ld
				}
				got, want := newMatrix(rng, m, n, 2), newMatrix(rng, m, n, 2)
				MulPanel(got.v(), got.ld, a.v(), ra, ca, x.v(), x.ld, m, k, n, b.v(), scale.v(), factor.v(), factor.ld)
				mulPanel(want.v(), want.ld, a.v(), ra, ca, x.v(), x.ld, m, k, n, b.v(), scale.v(), factor.v(), factor.ld)
				samePanel(t, got, want, fmt.Sprintf("MulPanel %v, transposed %t", size, transposed))
			}
			y, sums := newMatrix(rng, m, n, 1), newMatrix(rng, 1, m, 0)
			g, plain := newMatrix(rng, m, k, 1), newMatrix(rng, m, k, 1)
			copy(plain.v(), g.v())
			other := slices.Clone(sums.v())
			AddPanelTransposed(g.v(), g.ld, sums.v(), y.v(), y.ld, x.v(), x.ld, m, k, n)
			addPanelTransposed(plain.v(), plain.ld, other, y.v(), y.ld, x.v(), x.ld, m, k, n)
			samePanel(t, g, plain, fmt.Sprintf("AddPanelTransposed %v", size))
			if err := compare(sums.v(), other, 1e-13); err != nil {
				t.Errorf("sums of %v: %v", size, err)
			}
		}
	})
}

func samePanel(t *testing.T, got, want *matrix, what string) {
	t.Helper()
	for i := range got.m {
		if err := compare(got.all[got.start+i*got.ld:][:got.n], want.all[want.start+i*want.ld:][:want.n], 1e-13); err != nil {
			t.Fatalf("%s: row %d: %v", what, i, err)
		}
	}
}
