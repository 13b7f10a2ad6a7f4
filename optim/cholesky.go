package optim

import (
	"math"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// choleskyBlock is the number of columns factorised between two updates of the rest.
const choleskyBlock = 32

// cholesky is the factor L of a positive definite matrix, A = L Lᵀ, in the lower triangle of a row-major array; the
// diagonal holds reciprocals. What lies above it is undefined.
type cholesky struct {
	n       int
	l       []float64
	block   []float64 // choleskyBlock×n: rows of −L
	scratch []float64 // n
}

func newCholesky(n int) cholesky {
	return cholesky{n: n, l: make([]float64, n*n), block: make([]float64, choleskyBlock*n), scratch: make([]float64, n)}
}

// factor factorises G + mu·I, of which only the lower triangle is read, and reports whether it is positive definite to working
// precision. G is not changed. Once it has been stopped it reports true, and the factor is undefined.
//
// The algorithm goes by block columns, left-looking (Golub and Van Loan, Matrix Computations, 4th ed., section 4.2.6): most of the
// work is products of rows, as in the Gram matrix.
func (c *cholesky) factor(g []float64, mu float64, stop stopped) bool {
	n, l := c.n, c.l
	for i := range n {
		copy(l[i*n:i*n+i+1], g[i*n:i*n+i+1])
		l[i*n+i] += mu
	}
	for j0 := 0; j0 < n; j0 += choleskyBlock {
		if stop.now() {
			return true
		}
		j1 := min(j0+choleskyBlock, n)
		for j := j0; j < j1 && j0 > 0; j++ {
			row := c.block[(j-j0)*n : (j-j0)*n+j0]
			for i, v := range l[j*n : j*n+j0] {
				row[i] = -v
			}
		}
		addRowProducts(l[j0*n+j0:], n, l[j0*n:], n, c.block, n, c.scratch, n-j0, j1-j0, j0, stop)
		for i := j0; i < n; i++ {
			li := l[i*n+j0 : i*n+min(j1, i+1)]
			for j := range li {
				lj := l[(j0+j)*n+j0 : (j0+j)*n+j0+j+1]
				v := li[j] - kernel.Dot(li[:j], lj[:j])
				if j0+j < i {
					li[j] = v * lj[j]
					continue
				}
				// A pivot lost to rounding is no pivot: it would be divided by.
				if !(v > 1e-15*(g[i*n+i]+mu)) {
					return false
				}
				li[j] = 1 / math.Sqrt(v)
			}
		}
	}
	return true
}

// forward solves L z = b in place.
func (c *cholesky) forward(b []float64) {
	for i := range b {
		li := c.l[i*c.n : i*c.n+i+1]
		b[i] = (b[i] - kernel.Dot(li[:i], b[:i])) * li[i]
	}
}

// solve solves L Lᵀ x = b in place.
func (c *cholesky) solve(b []float64) {
	c.forward(b)
	for i := len(b) - 1; i >= 0; i-- {
		li := c.l[i*c.n : i*c.n+i+1]
		b[i] *= li[i]
		kernel.AddScaled(b[:i], -b[i], li[:i])
	}
}
