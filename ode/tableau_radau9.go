package ode

import (
	"sync"

	"github.com/stiffnode/stiffnode/internal/linalg"
)

// radau9Stages is the number of stages of Radau9.
const radau9Stages = 5

// A radau9Tableau holds the coefficients of the Radau IIA method with five stages; the last row of T is (1, 1, 0, 1, 0).
type radau9Tableau struct {
	collocation
	inverse stageMatrix // A⁻¹
}

// radauIIA9 makes the coefficients when they are first needed. Nodes are the zeros of P_5(2x−1) − P_4(2x−1) with Legendre polynomials P, and the
// eigenvalues those of A⁻¹ (both in agreement with the program RADAU of Hairer and Wanner, J. Comput. Appl. Math. 111, 93, 1999).
var radauIIA9 = sync.OnceValue(func() *collocation { return &newRadau9Tableau().collocation })

func newRadau9Tableau() *radau9Tableau {
	const s = radau9Stages
	tab := &radau9Tableau{collocation: collocation{
		nodes:   []float64{0.057104196114517682193, 0.27684301363812382768, 0.58359043236891682006, 0.86024013565621944785, 1},
		real:    6.2867047517292766452,
		complex: []complex128{complex(3.6556943254635722582, 6.543736899360077294), complex(5.7009532986717894192, 3.2102656003085498884)},
		e:       make([]float64, s), bend: make([]float64, s+1), errorOrder: s + 1, newtonMax: radau9NewtonMax, relaxation: radau9Relaxation,
	}}
	for i := range s {
		l, scale := []float64{1}, tab.nodes[i] // x Π (x − c_k) over the other nodes, divided by x
		for k := range s {
			if k == i {
				continue
			}
			l = append(l, 0)
			for p := len(l) - 1; p > 0; p-- {
				l[p] = l[p-1] - tab.nodes[k]*l[p]
			}
			l[0] *= -tab.nodes[k]
			scale *= tab.nodes[i] - tab.nodes[k]
		}
		for p := range l {
			l[p] /= scale
		}
		tab.d = append(tab.d, l)
		// the embedded formula is γ0 f(t_n, y_n) and, for the rest, the quadrature of order 5: what it differs by is γ0 times the difference of f(t_n, y_n)
		// and the slope of the collocation polynomial there
		tab.e[i] = -l[0] / tab.real
		for j := range s {
			// slope of this polynomial at node j
			slope := 0.0
			for p := s - 1; p >= 0; p-- {
				slope = slope*tab.nodes[j] + float64(p+1)*l[p]
			}
			tab.inverse[j][i] = slope
		}
	}
	product := []float64{1}
	for _, c := range tab.nodes {
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
	tab.setPowers()
	return tab
}

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
