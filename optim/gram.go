package optim

// gramBlock is the number of columns taken at a time: the six rows in use then stay in the first-level cache.
const gramBlock = 256

// gram writes the lower triangle of G = S Sᵀ, S being n×k and G n×n, both row-major. It does n²k/2 multiplications. What
// lies above the diagonal of G is undefined.
func gram(g, s []float64, n, k int) {
	for i := range n {
		clear(g[i*n : i*n+i+1])
	}
	for k0 := 0; k0 < k; k0 += gramBlock {
		addRowProducts(g, s, n, k, 0, n, k0, min(k0+gramBlock, k), 1)
	}
}

// addRowProducts adds sign times the products of rows of S, over the columns k0 to k1, to the lower triangle of G: to all G[i, j] with
// j0 ≤ j < j1 and j ≤ i < n. S has rows of length lds. Around the diagonal it also writes above it, where nothing is read.
func addRowProducts(g, s []float64, n, lds, j0, j1, k0, k1 int, sign float64) {
	row := func(i int) []float64 { return s[i*lds+k0 : i*lds+k1] }
	var c [8]float64
	for j := j0; j < j1; j += 4 {
		i := j
		if j+4 <= j1 {
			b0, b1, b2, b3 := row(j), row(j+1), row(j+2), row(j+3)
			for ; i+2 <= n; i += 2 {
				rowProducts(&c, row(i), row(i+1), b0, b1, b2, b3)
				for q := range 4 {
					g[i*n+j+q] += sign * c[q]
					g[(i+1)*n+j+q] += sign * c[4+q]
				}
			}
		}
		for ; i < n; i++ {
			for q := j; q < min(j+4, j1, i+1); q++ {
				g[i*n+q] += sign * dot(row(i), row(q))
			}
		}
	}
}

// rowProducts computes the eight products of two rows with four others: eight sums that depend on nothing but themselves, and
// six loads for eight multiplications where single products need sixteen.
func rowProducts(c *[8]float64, a0, a1, b0, b1, b2, b3 []float64) {
	n := len(a0)
	a1, b0, b1, b2, b3 = a1[:n], b0[:n], b1[:n], b2[:n], b3[:n]
	var s00, s01, s02, s03, s10, s11, s12, s13 float64
	for i, x := range a0 {
		y := a1[i]
		p, q, r, t := b0[i], b1[i], b2[i], b3[i]
		s00 += x * p
		s01 += x * q
		s02 += x * r
		s03 += x * t
		s10 += y * p
		s11 += y * q
		s12 += y * r
		s13 += y * t
	}
	c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7] = s00, s01, s02, s03, s10, s11, s12, s13
}

// dot returns xᵀy. Four sums let the additions overlap.
func dot(x, y []float64) float64 {
	y = y[:len(x)]
	var a, b, c, d float64
	for len(x) >= 4 && len(y) >= 4 {
		a += x[0] * y[0]
		b += x[1] * y[1]
		c += x[2] * y[2]
		d += x[3] * y[3]
		x, y = x[4:], y[4:]
	}
	for i, v := range x {
		a += v * y[i]
	}
	return (a + b) + (c + d)
}

// axpy adds s·x to y.
func axpy(y []float64, s float64, x []float64) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += s * v
	}
}

// mulMatrix writes S x, S being n×k row-major, n = len(dst), k = len(x).
func mulMatrix(dst, s, x []float64) {
	k := len(x)
	for i := range dst {
		dst[i] = dot(s[i*k:(i+1)*k], x)
	}
}

// mulTransposed writes Sᵀ x, S being n×k row-major, n = len(x), k = len(dst).
func mulTransposed(dst, s, x []float64) {
	clear(dst)
	k := len(dst)
	for i, xi := range x {
		axpy(dst, xi, s[i*k:(i+1)*k])
	}
}
