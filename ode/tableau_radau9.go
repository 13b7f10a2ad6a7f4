package ode

import (
	"sync"

	"github.com/stiffnode/stiffnode/internal/linalg"
)

// radau9Stages is the number of stages of Radau9, radau9Pairs that of the pairs of complex eigenvalues of A⁻¹.
const (
	radau9Stages = 5
	radau9Pairs  = 2
)

// A stageMatrix takes stages to stages.
type stageMatrix [radau9Stages][radau9Stages]float64

// A radau9Tableau holds the coefficients of the Radau IIA method with five stages, in the notation of FIRKTableau: A⁻¹ has one real and two pairs
// of complex eigenvalues.
type radau9Tableau struct {
	c, e [radau9Stages]float64
	// d[i] are the coefficients of θ, θ², … of the Lagrange polynomial of node i among 0, c_1, …, c_5
	d [][]float64
	// powers[p][i] is d[i][p]
	powers stageMatrix
	// bend are the coefficients of θ, θ², … of ∫₀^θ Π (x − c_i) dx / (γ0 Π (−c_i)): see radau9Stepper.dense
	bend    [radau9Stages + 1]float64
	inverse stageMatrix // A⁻¹
	real    float64
	complex [radau9Pairs]complex128
	// t⁻¹A⁻¹t has the block real, then a block [[α, β], [−β, α]] for each α + iβ of complex; the last row of t is (1, 1, 0, 1, 0)
	t, tInv stageMatrix
}

// radauIIA9 makes the coefficients when they are first needed. Nodes are the zeros of P_5(2x−1) − P_4(2x−1) with Legendre polynomials P, and the
// eigenvalues those of A⁻¹ (both in agreement with the program RADAU of Hairer and Wanner, J. Comput. Appl. Math. 111, 93, 1999).
var radauIIA9 = sync.OnceValue(func() *radau9Tableau {
	const s = radau9Stages
	tab := &radau9Tableau{
		c:       [s]float64{0.057104196114517682193, 0.27684301363812382768, 0.58359043236891682006, 0.86024013565621944785, 1},
		real:    6.2867047517292766452,
		complex: [radau9Pairs]complex128{complex(3.6556943254635722582, 6.543736899360077294), complex(5.7009532986717894192, 3.2102656003085498884)},
	}
	for i := range s {
		l, scale := []float64{1}, tab.c[i] // x Π (x − c_k) over the other nodes, divided by x
		for k := range s {
			if k == i {
				continue
			}
			l = append(l, 0)
			for p := len(l) - 1; p > 0; p-- {
				l[p] = l[p-1] - tab.c[k]*l[p]
			}
			l[0] *= -tab.c[k]
			scale *= tab.c[i] - tab.c[k]
		}
		for p := range l {
			l[p] /= scale
		}
		tab.d = append(tab.d, l)
		for p, v := range l {
			tab.powers[p][i] = v
		}
		// the embedded formula is γ0 f(t_n, y_n) and, for the rest, the quadrature of order 5: what it differs by is γ0 times the difference of f(t_n, y_n)
		// and the slope of the collocation polynomial there
		tab.e[i] = -l[0] / tab.real
		for j := range s {
			// slope of this polynomial at node j
			slope := 0.0
			for p := s - 1; p >= 0; p-- {
				slope = slope*tab.c[j] + float64(p+1)*l[p]
			}
			tab.inverse[j][i] = slope
		}
	}
	product := []float64{1}
	for _, c := range tab.c {
		product = append(product, 0)
		for p := len(product) - 1; p > 0; p-- {
			product[p] = product[p-1] - c*product[p]
		}
		product[0] *= -c
	}
	for p, v := range product {
		tab.bend[p] = v * tab.real / (product[0] * float64(p+1))
	}
	tab.setEigenvector(0, -1, complex(tab.real, 0))
	for k, z := range tab.complex {
		tab.setEigenvector(1+2*k, 2+2*k, z)
	}
	lu := linalg.NewLU(s)
	for i, row := range tab.t {
		copy(lu.Matrix()[i*s:], row[:])
	}
	// eigenvectors of different eigenvalues are independent
	_ = lu.FactorInPlace()
	for j := range s {
		var column [s]float64
		column[j] = 1
		lu.Solve(column[:])
		for i, v := range column {
			tab.tInv[i][j] = v
		}
	}
	return tab
})

// setEigenvector writes real and, where there is a column for it, imaginary part of the eigenvector of A⁻¹, whose last entry is 1, into columns of t.
func (tab *radau9Tableau) setEigenvector(re, im int, z complex128) {
	const m = radau9Stages - 1
	lu := linalg.NewComplexLU(m)
	v := make([]complex128, m, radau9Stages)
	for i := range m {
		for j := range m {
			lu.Matrix()[i*m+j] = complex(tab.inverse[i][j], 0)
		}
		lu.Matrix()[i*m+i] -= z
		v[i] = complex(-tab.inverse[i][m], 0)
	}
	_ = lu.FactorInPlace() // the eigenvalue is simple
	lu.Solve(v)
	for i, x := range append(v, 1) {
		tab.t[i][re] = real(x)
		if im >= 0 {
			tab.t[i][im] = imag(x)
		}
	}
}

// extrapolation takes the increments of a step to those of the next one, ratio times as long, by the collocation polynomial.
func (tab *radau9Tableau) extrapolation(ratio float64) (m stageMatrix) {
	for i, c := range tab.c {
		theta, row := 1+c*ratio, &m[i]
		for p := radau9Stages - 1; p >= 0; p-- {
			for k, d := range tab.powers[p] {
				row[k] = (row[k] + d) * theta
			}
		}
		row[radau9Stages-1]-- // measured from the end of that step
	}
	return m
}

// apply writes the combinations Σ_j m_ij x_j of the fifths of x into the fifths of dst, which may be x.
func (m *stageMatrix) apply(dst, x []float64) {
	n := len(x) / radau9Stages
	x1, x2, x3, x4, x5 := x[:n], x[n:2*n], x[2*n:3*n], x[3*n:4*n], x[4*n:5*n]
	d1, d2, d3, d4, d5 := dst[:n], dst[n:2*n], dst[2*n:3*n], dst[3*n:4*n], dst[4*n:5*n]
	for j, a := range x1 {
		b, c, d, e := x2[j], x3[j], x4[j], x5[j]
		d1[j] = m[0][0]*a + m[0][1]*b + m[0][2]*c + m[0][3]*d + m[0][4]*e
		d2[j] = m[1][0]*a + m[1][1]*b + m[1][2]*c + m[1][3]*d + m[1][4]*e
		d3[j] = m[2][0]*a + m[2][1]*b + m[2][2]*c + m[2][3]*d + m[2][4]*e
		d4[j] = m[3][0]*a + m[3][1]*b + m[3][2]*c + m[3][3]*d + m[3][4]*e
		d5[j] = m[4][0]*a + m[4][1]*b + m[4][2]*c + m[4][3]*d + m[4][4]*e
	}
}
