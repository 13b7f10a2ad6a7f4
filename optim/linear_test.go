package optim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

var linearSizes = []struct{ n, k int }{{1, 1}, {2, 5}, {3, 3}, {4, 9}, {5, 300}, {7, 2}, {33, 40}, {66, 257}, {101, 130}}

func TestGramIsTheProductOfRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, d := range linearSizes {
		s := randomVector(rng, d.n*d.k)
		g := make([]float64, d.n*d.n)
		for i := range g {
			g[i] = math.NaN()
		}
		gram(g, s, make([]float64, d.n), d.n, d.k, nil)
		for i := range d.n {
			for j := range i + 1 {
				var want, size float64
				for c := range d.k {
					p := s[i*d.k+c] * s[j*d.k+c]
					want += p
					size += math.Abs(p)
				}
				if !(math.Abs(g[i*d.n+j]-want) <= 1e-14*size) {
					t.Errorf("%d×%d: element %d,%d = %v, want %v", d.n, d.k, i, j, g[i*d.n+j], want)
				}
			}
		}
	}
}

func TestCholeskySolves(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	for _, d := range linearSizes {
		n := d.n
		s := randomVector(rng, n*d.k)
		g := make([]float64, n*n)
		gram(g, s, make([]float64, n), n, d.k, nil)
		c := newCholesky(n)
		for _, mu := range []float64{1e-3, 1, 1e6} {
			if !c.factor(g, mu, nil) {
				t.Fatalf("n = %d, mu = %g: not factorised", n, mu)
			}
			x := randomVector(rng, n)
			b := make([]float64, n)
			var scale float64
			for i := range n {
				for j := range n {
					b[i] += g[max(i, j)*n+min(i, j)] * x[j]
				}
				b[i] += mu * x[i]
				scale = max(scale, g[i*n+i]+mu)
			}
			c.solve(b)
			for i := range x {
				if math.Abs(b[i]-x[i]) > 1e-14*float64(n)*scale/mu {
					t.Errorf("n = %d, mu = %g: x[%d] = %v, want %v", n, mu, i, b[i], x[i])
				}
			}
		}
	}
}

func TestCholeskyRefusesWhatIsNotPositiveDefinite(t *testing.T) {
	const n = 40
	rng := rand.New(rand.NewPCG(3, 1))
	s := randomVector(rng, n*n/2)
	g := make([]float64, n*n)
	gram(g, s, make([]float64, n), n, n/2, nil)
	c := newCholesky(n)
	if c.factor(g, 0, nil) {
		t.Error("a matrix of half the rank is factorised")
	}
	if !c.factor(g, 1e-3, nil) {
		t.Error("the same matrix, damped, is not factorised")
	}
	g[5*n+5] = math.NaN()
	if c.factor(g, 1, nil) {
		t.Error("a matrix with a NaN is factorised")
	}
}

func BenchmarkStepSolve(b *testing.B) {
	for _, d := range []struct{ n, k int }{{150, 188}, {400, 650}} {
		rng := rand.New(rand.NewPCG(4, 1))
		s := randomVector(rng, d.n*d.k)
		g := make([]float64, d.n*d.n)
		c := newCholesky(d.n)
		x, scratch := make([]float64, d.n), make([]float64, d.n)
		b.Run(fmt.Sprintf("gram/%dx%d", d.n, d.k), func(b *testing.B) {
			for range b.N {
				gram(g, s, scratch, d.n, d.k, nil)
			}
		})
		b.Run(fmt.Sprintf("cholesky/%d", d.n), func(b *testing.B) {
			for range b.N {
				c.factor(g, 1, nil)
			}
		})
		b.Run(fmt.Sprintf("solve/%d", d.n), func(b *testing.B) {
			for range b.N {
				c.solve(x)
			}
		})
	}
}
