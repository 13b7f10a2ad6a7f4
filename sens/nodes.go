package sens

import "math"

// gaussLegendre returns the n nodes and weights on [0, 1] of the formula of order 2n (nodes by Newton's iteration on the Legendre
// polynomial; Golub and Welsch, Math. Comp. 23, 221, 1969, give the same).
func gaussLegendre(n int) (x, w []float64) {
	x, w = make([]float64, n), make([]float64, n)
	for i := range n {
		z := math.Cos(math.Pi * (float64(i) + 0.75) / (float64(n) + 0.5))
		var d float64
		for range 100 {
			var p float64
			p, d = legendre(n, z)
			dz := p / d
			z -= dz
			if math.Abs(dz) < 1e-16 {
				break
			}
		}
		_, d = legendre(n, z)
		// node −z first, so that nodes increase
		x[i] = (1 - z) / 2
		w[i] = 1 / ((1 - z*z) * d * d)
	}
	return x, w
}

// legendre returns P_n(z) and its derivative.
func legendre(n int, z float64) (p, d float64) {
	p0, p1 := 1.0, z
	if n == 0 {
		return 1, 0
	}
	for j := 2; j <= n; j++ {
		p0, p1 = p1, (float64(2*j-1)*z*p1-float64(j-1)*p0)/float64(j)
	}
	return p1, float64(n) * (z*p1 - p0) / (z*z - 1)
}

// clenshawCurtis returns the n+1 Chebyshev points and weights on [0, 1] (Clenshaw and Curtis, Numer. Math. 2, 197, 1960; the weights in
// the closed form of Waldvogel, BIT 46, 195, 2006, eq. 2.3).
func clenshawCurtis(n int) (x, w []float64) {
	x, w = make([]float64, n+1), make([]float64, n+1)
	for i := range x {
		th := math.Pi * float64(i) / float64(n)
		x[i] = (1 - math.Cos(th)) / 2
		s := 1.0
		for j := 1; j <= n/2; j++ {
			b := 2.0
			if 2*j == n {
				b = 1
			}
			s -= b / float64(4*j*j-1) * math.Cos(2*float64(j)*th)
		}
		c := 2.0
		if i == 0 || i == n {
			c = 1
		}
		w[i] = c * s / float64(n) / 2
	}
	return x, w
}

// kronrod holds the 7-point Gauss and 15-point Kronrod pair on [−1, 1], positive nodes in decreasing order and the middle
// (Piessens et al., QUADPACK, Springer 1983, routine qk15); Gauss weights belong to the odd-numbered nodes.
var kronrod = struct {
	x, w [8]float64
	g    [4]float64
}{
	x: [8]float64{
		0.991455371120812639206854697526329, 0.949107912342758524526189684047851, 0.864864423359769072789712788640926, 0.741531185599394439863864773280788,
		0.586087235467691130294144691693013, 0.405845151377397166906606412076961, 0.207784955007898467600689403773245, 0,
	},
	w: [8]float64{
		0.022935322010529224963732008058970, 0.063092092629978553290700663189204, 0.104790010322250183839876322541518, 0.140653259715525918745189590510238,
		0.169004726639267902826583426598550, 0.190350578064785409913256402421014, 0.204432940075298892414161999234649, 0.209482141084727828012999174891714,
	},
	g: [4]float64{
		0.129484966168869693270611432679082, 0.279705391489276667901467771423780, 0.381830050505118944950369775488975, 0.417959183673469387755102040816327,
	},
}
