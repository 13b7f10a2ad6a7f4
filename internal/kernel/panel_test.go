package kernel

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
)

// matrix is an m×n matrix with a row stride, at some place inside a longer slice whose other numbers must stay as they are.
type matrix struct {
	all          []float64
	start, ld    int
	m, n         int
	before       []float64
	rng          *rand.Rand
	insidePlaces map[int]bool
}

const padCells = 5

func newMatrix(rng *rand.Rand, m, n, extra int) *matrix {
	x := &matrix{start: rng.IntN(4), ld: n + extra, m: m, n: n, rng: rng, insidePlaces: map[int]bool{}}
	x.all = make([]float64, x.start+m*x.ld+padCells)
	for i := range x.all {
		x.all[i] = rng.NormFloat64()
	}
	for i := range m {
		for j := range n {
			x.insidePlaces[x.start+i*x.ld+j] = true
		}
	}
	x.before = slices.Clone(x.all)
	return x
}

// v is the matrix's slice, of the shortest length that holds it.
func (x *matrix) v() []float64 {
	if x.m == 0 || x.n == 0 {
		return nil
	}
	return x.all[x.start : x.start+(x.m-1)*x.ld+x.n : x.start+(x.m-1)*x.ld+x.n]
}

func (x *matrix) at(i, j int) float64  { return x.all[x.start+i*x.ld+j] }
func (x *matrix) old(i, j int) float64 { return x.before[x.start+i*x.ld+j] }

// check compares with exact sums: every entry must be within units of rounding of its largest intermediate term.
func (x *matrix) check(t *testing.T, what string, want func(i, j int) *exactSum) {
	t.Helper()
	for i := range x.m {
		for j := range x.n {
			if err := want(i, j).near(x.at(i, j)); err != nil {
				t.Fatalf("%s: element (%d, %d): %v", what, i, j, err)
			}
		}
	}
	for k, v := range x.all {
		if !x.insidePlaces[k] && v != x.before[k] {
			t.Fatalf("%s: wrote outside the matrix, at place %d", what, k-x.start)
		}
	}
}

// exactSum is a sum of products in exact arithmetic, and the sum of their sizes.
type exactSum struct {
	sum, size *big.Float
	terms     int
}

func newExactSum() *exactSum { return &exactSum{sum: bf(0), size: bf(0)} }

func (s *exactSum) add(factors ...float64) *exactSum {
	p := bf(1)
	for _, f := range factors {
		p = bMul(p, bf(f))
	}
	s.sum = bAdd(s.sum, p)
	s.size = bAdd(s.size, new(big.Float).Abs(p))
	s.terms += len(factors)
	return s
}

// times multiplies the sum.
func (s *exactSum) times(f float64) *exactSum {
	s.sum, s.size = bMul(s.sum, bf(f)), new(big.Float).Abs(bMul(s.size, bf(f)))
	s.terms++
	return s
}

func (s *exactSum) near(got float64) error {
	d, _ := new(big.Float).Abs(bSub(bf(got), s.sum)).Float64()
	size, _ := s.size.Float64()
	if !(d <= 1.2e-16*float64(s.terms+1)*size) {
		w, _ := s.sum.Float64()
		return fmt.Errorf("%.17g, want %.17g, difference %.2g of the terms' size", got, w, d/size)
	}
	return nil
}

func TestMulPanel(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 1))
	forEachImpl(t, func(t *testing.T) {
		for trial := range 300 {
			m, k, n := 1+rng.IntN(11), 1+rng.IntN(9), 1+rng.IntN(37)
			if trial%50 == 0 {
				k = 0
			}
			extra := rng.IntN(3)
			y, x := newMatrix(rng, m, n, extra), newMatrix(rng, k, n, rng.IntN(3))
			a := newMatrix(rng, m, k, rng.IntN(3))
			ra, ca := a.ld, 1
			element := a.old
			if trial%2 == 1 {
				a = newMatrix(rng, k, m, rng.IntN(3))
				ra, ca = 1, a.ld
				element = func(i, j int) float64 { return a.old(j, i) }
			}
			var b, scale []float64
			var factor *matrix
			var fv []float64
			ldf := 0
			if rng.IntN(2) == 0 {
				b = newMatrix(rng, 1, m, 0).v()
			}
			if rng.IntN(2) == 0 {
				scale = newMatrix(rng, 1, m, 0).v()
			}
			if rng.IntN(2) == 0 {
				factor = newMatrix(rng, m, n, rng.IntN(3))
				fv, ldf = factor.v(), factor.ld
				if rng.IntN(2) == 0 {
					ldf = 0
				}
			}
			MulPanel(y.v(), y.ld, a.v(), ra, ca, x.v(), x.ld, m, k, n, b, scale, fv, ldf)
			y.check(t, fmt.Sprintf("%d×%d×%d", m, k, n), func(i, j int) *exactSum {
				s := newExactSum()
				if b != nil {
					s.add(b[i])
				}
				for l := range k {
					s.add(element(i, l), x.old(l, j))
				}
				if scale != nil {
					s.times(scale[i])
				}
				if factor != nil {
					s.times(factor.old(min(i, i*ldf), j))
				}
				return s
			})
		}
	})
}

func TestAddPanelTransposed(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 1))
	forEachImpl(t, func(t *testing.T) {
		for range 200 {
			m, k, n := 1+rng.IntN(9), 1+rng.IntN(11), 1+rng.IntN(37)
			g, sums := newMatrix(rng, m, k, rng.IntN(3)), newMatrix(rng, 1, m, 0)
			y, x := newMatrix(rng, m, n, rng.IntN(3)), newMatrix(rng, k, n, rng.IntN(3))
			AddPanelTransposed(g.v(), g.ld, sums.v(), y.v(), y.ld, x.v(), x.ld, m, k, n)
			g.check(t, fmt.Sprintf("%d×%d×%d", m, k, n), func(i, j int) *exactSum {
				s := newExactSum().add(g.old(i, j))
				for c := range n {
					s.add(y.old(i, c), x.old(j, c))
				}
				return s
			})
			sums.check(t, "sums", func(_, i int) *exactSum {
				s := newExactSum().add(sums.old(0, i))
				for c := range n {
					s.add(y.old(i, c))
				}
				return s
			})
		}
	})
}

func TestTranspose(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 1))
	forEachImpl(t, func(t *testing.T) {
		for m := 1; m <= 13; m++ {
			for n := 1; n <= 13; n++ {
				src, dst := newMatrix(rng, m, n, rng.IntN(3)), newMatrix(rng, n, m, rng.IntN(3))
				Transpose(dst.v(), dst.ld, src.v(), src.ld, m, n)
				dst.check(t, fmt.Sprintf("%d×%d", m, n), func(i, j int) *exactSum { return newExactSum().add(src.old(j, i)) })
			}
		}
	})
}

func TestOuter(t *testing.T) {
	rng := rand.New(rand.NewPCG(14, 1))
	forEachImpl(t, func(t *testing.T) {
		for m := 1; m <= 9; m++ {
			for k := 1; k <= 13; k++ {
				y, x := newMatrix(rng, 1, m, 0), newMatrix(rng, 1, Padded(k), 0)
				u, v := newMatrix(rng, 1, m, 0), newMatrix(rng, 1, Padded(k), 0)
				dst := newMatrix(rng, m, k, 0)
				Outer(dst.v(), y.v(), x.v(), nil, nil, k)
				dst.check(t, "one", func(i, j int) *exactSum { return newExactSum().add(y.old(0, i), x.old(0, j)) })
				Outer(dst.v(), y.v(), x.v(), u.v(), v.v(), k)
				dst.check(t, "two", func(i, j int) *exactSum {
					return newExactSum().add(y.old(0, i), x.old(0, j)).add(u.old(0, i), v.old(0, j))
				})
			}
		}
	})
}

func TestScaleRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 1))
	forEachImpl(t, func(t *testing.T) {
		for m := 1; m <= 5; m++ {
			for n := 1; n <= 13; n++ {
				dst, src, scale := newMatrix(rng, m, n, 0), newMatrix(rng, m, n, 0), newMatrix(rng, 1, m, 0)
				ScaleRows(dst.v(), src.v(), scale.v(), m, n)
				dst.check(t, "ScaleRows", func(i, j int) *exactSum { return newExactSum().add(src.old(i, j), scale.old(0, i)) })
			}
		}
	})
}

// A solution is right when it satisfies the system: the residual of every row is a rounding of its terms.
func TestTriangularSolves(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 1))
	forEachImpl(t, func(t *testing.T) {
		for trial := range 240 {
			n, c := 1+rng.IntN(14), 1+rng.IntN(40)
			if trial%60 == 0 {
				n = 50
			}
			a, b := newMatrix(rng, n, n, rng.IntN(3)), newMatrix(rng, n, c, rng.IntN(3))
			for i := range n { // off the diagonal small, so that the solution does not grow
				for j := range n {
					if i != j {
						a.all[a.start+i*a.ld+j] /= float64(n)
					}
				}
			}
			upper, unit := trial%2 == 1, trial%3 == 0
			ra, ca := a.ld, 1
			element := a.at
			if trial%4 >= 2 {
				ra, ca = 1, a.ld
				element = func(i, j int) float64 { return a.at(j, i) }
			}
			if upper {
				SolveUpper(a.v(), ra, ca, unit, b.v(), b.ld, n, c)
			} else {
				SolveLower(a.v(), ra, ca, unit, b.v(), b.ld, n, c)
			}
			for i := range n {
				for j := range c {
					s := newExactSum()
					for l := range n {
						switch {
						case l == i && unit:
							s.add(b.at(i, j))
						case l == i:
							// The reciprocal of the diagonal is rounded by itself.
							s.add(a.at(i, i), b.at(i, j))
							s.terms += 2
						case (l > i) == upper:
							s.add(element(i, l), b.at(l, j))
						}
					}
					if err := s.near(b.old(i, j)); err != nil {
						t.Fatalf("n=%d, c=%d, upper %v, unit %v: row %d, column %d: %v", n, c, upper, unit, i, j, err)
					}
				}
			}
			for k, v := range b.all {
				if !b.insidePlaces[k] && v != b.before[k] {
					t.Fatalf("n=%d, c=%d: wrote outside the panel", n, c)
				}
			}
		}
	})
}

func TestVectors(t *testing.T) {
	rng := rand.New(rand.NewPCG(16, 1))
	forEachImpl(t, func(t *testing.T) {
		for n := range 71 {
			y, x := newMatrix(rng, 1, n, 0), newMatrix(rng, 1, n, 0)
			if n == 0 {
				AddScaled(nil, 2, nil)
				if Dot(nil, nil) != 0 {
					t.Error("the dot product of nothing is not 0")
				}
				continue
			}
			d := newExactSum()
			for i := range n {
				d.add(x.old(0, i), y.old(0, i))
			}
			if err := d.near(Dot(x.v(), y.v())); err != nil {
				t.Errorf("Dot of %d: %v", n, err)
			}
			s := rng.NormFloat64()
			AddScaled(y.v(), s, x.v())
			y.check(t, "AddScaled", func(_, i int) *exactSum { return newExactSum().add(y.old(0, i)).add(s, x.old(0, i)) })
		}
	})
}

func TestShortSlicesPanic(t *testing.T) {
	v := make([]float64, 100)
	for name, call := range map[string]func(){
		"MulPanel y":         func() { MulPanel(v[:11], 4, v, 3, 1, v, 4, 3, 3, 4, nil, nil, nil, 0) },
		"MulPanel a":         func() { MulPanel(v, 4, v[:8], 3, 1, v, 4, 3, 3, 4, nil, nil, nil, 0) },
		"MulPanel x":         func() { MulPanel(v, 4, v, 3, 1, v[:11], 4, 3, 3, 4, nil, nil, nil, 0) },
		"MulPanel b":         func() { MulPanel(v, 4, v, 3, 1, v, 4, 3, 3, 4, v[:2], nil, nil, 0) },
		"MulPanel scale":     func() { MulPanel(v, 4, v, 3, 1, v, 4, 3, 3, 4, nil, v[:2], nil, 0) },
		"MulPanel factor":    func() { MulPanel(v, 4, v, 3, 1, v, 4, 3, 3, 4, nil, nil, v[:11], 4) },
		"AddPanelTransposed": func() { AddPanelTransposed(v, 3, v, v, 4, v[:11], 4, 3, 3, 4) },
		"Transpose":          func() { Transpose(v[:15], 4, v, 4, 4, 4) },
		"Outer":              func() { Outer(v, v[:3], v[:3], nil, nil, 3) },
		"ScaleRows":          func() { ScaleRows(v, v[:8], v, 3, 3) },
		"SolveLower":         func() { SolveLower(v[:8], 3, 1, true, v, 4, 3, 4) },
		"SolveUpper":         func() { SolveUpper(v, 3, 1, true, v[:11], 4, 3, 4) },
		"AddScaled":          func() { AddScaled(v[:3], 1, v[:2:2]) },
		"Dot":                func() { Dot(v[:3], v[:2:2]) },
		"Apply":              func() { GELU.Apply(1, v, v[:3], nil, v[:4]) },
		"Exp":                func() { Exp(v[:3], v[:4]) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			call()
		})
	}
}

func BenchmarkPanels(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	const n, c = 20, 64
	a, x, y := newMatrix(rng, n, n, 0).v(), newMatrix(rng, n, c, 0).v(), newMatrix(rng, n, c, 0).v()
	for i := range n {
		a[i*n+i] += n
	}
	long, longer := newMatrix(rng, 1, 650, 0).v(), newMatrix(rng, 1, 650, 0).v()
	for _, call := range []struct {
		name string
		f    func()
	}{
		{"MulPanel", func() { MulPanel(y, c, a, n, 1, x, c, n, n, c, nil, nil, nil, 0) }},
		{"AddPanelTransposed", func() { AddPanelTransposed(a, n, a[:n], y, c, x, c, n, n, c) }},
		{"Transpose", func() { Transpose(y, n, x, c, n, c) }},
		{"Outer", func() { Outer(y, x[:n], x, x[:n], x, n) }},
		{"SolveLower", func() { SolveLower(a, n, 1, true, y, c, n, c) }},
		{"SolveUpper", func() { SolveUpper(a, n, 1, false, y, c, n, c) }},
		{"AddScaled650", func() { AddScaled(long, 1e-9, longer) }},
		{"Dot650", func() { long[0] = Dot(long, longer) }},
	} {
		for _, impl := range impls() {
			b.Run(call.name+"/impl="+impl, func(b *testing.B) {
				defer useImpl(impl)()
				for range b.N {
					call.f()
				}
			})
		}
	}
}
