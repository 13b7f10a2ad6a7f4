package train

import (
	"math"
	"slices"
)

// spline is a natural cubic smoothing spline in the value–second-derivative form of Green and Silverman, Nonparametric Regression and
// Generalized Linear Models (1994), ch. 2.
type spline struct {
	x, g []float64 // knots and values there
	m    []float64 // second derivatives at the knots; 0 at both ends
}

// newSpline smooths n ≥ 3 points with increasing x: of all curves within the errors, whose mean square is noise², it is the one with the least
// integrated squared second derivative (Reinsch, Numerische Mathematik 10 (1967) 177).
func newSpline(x, y []float64, noise float64) *spline {
	s := &spline{x: x, g: make([]float64, len(x)), m: make([]float64, len(x))}
	span := x[len(x)-1] - x[0]
	lo, hi := -30.0, 10.0 // log10 of the smoothing parameter in units of span³
	for range 40 {
		mid := (lo + hi) / 2
		s.fit(y, math.Pow(10, mid)*span*span*span)
		sum := 0.0
		for i, v := range y {
			sum += (v - s.g[i]) * (v - s.g[i])
		}
		if sum < noise*noise*float64(len(x)) {
			lo = mid
		} else {
			hi = mid
		}
	}
	s.fit(y, math.Pow(10, lo)*span*span*span)
	return s
}

// fit solves (R + α QᵀQ) γ = Qᵀ y, a system with five diagonals, by its LDLᵀ factors, and sets g = y − α Q γ.
func (s *spline) fit(y []float64, alpha float64) {
	n := len(s.x)
	h := func(i int) float64 { return s.x[i+1] - s.x[i] }
	// column j of Q has elements in rows j−1, j, j+1, for j = 1 … n−2
	q := func(j int) (a, b, c float64) { return 1 / h(j-1), -1/h(j-1) - 1/h(j), 1 / h(j) }
	size := n - 2
	d, e, f, rhs := make([]float64, size), make([]float64, size), make([]float64, size), make([]float64, size)
	for i := range size {
		j := i + 1
		a, b, c := q(j)
		rhs[i] = a*y[j-1] + b*y[j] + c*y[j+1]
		d[i] = (h(j-1)+h(j))/3 + alpha*(a*a+b*b+c*c)
		if i+1 < size {
			a2, b2, _ := q(j + 1)
			e[i] = h(j)/6 + alpha*(b*a2+c*b2)
		}
		if i+2 < size {
			a3, _, _ := q(j + 2)
			f[i] = alpha * c * a3
		}
	}
	// LDLᵀ with two subdiagonals
	for i := range size {
		if i+1 < size {
			l1 := e[i] / d[i]
			d[i+1] -= l1 * e[i]
			if i+2 < size {
				e[i+1] -= l1 * f[i]
			}
			rhs[i+1] -= l1 * rhs[i]
			e[i] = l1
		}
		if i+2 < size {
			l2 := f[i] / d[i]
			d[i+2] -= l2 * f[i]
			rhs[i+2] -= l2 * rhs[i]
			f[i] = l2
		}
	}
	for i := size - 1; i >= 0; i-- {
		v := rhs[i] / d[i]
		if i+1 < size {
			v -= e[i] * s.m[i+2]
		}
		if i+2 < size {
			v -= f[i] * s.m[i+3]
		}
		s.m[i+1] = v
	}
	copy(s.g, y)
	for j := 1; j <= size; j++ {
		a, b, c := q(j)
		s.g[j-1] -= alpha * a * s.m[j]
		s.g[j] -= alpha * b * s.m[j]
		s.g[j+1] -= alpha * c * s.m[j]
	}
}

// at returns value and derivative at t within the knots.
func (s *spline) at(t float64) (value, slope float64) {
	i, found := slices.BinarySearch(s.x, t)
	if !found {
		i--
	}
	i = min(max(i, 0), len(s.x)-2)
	h := s.x[i+1] - s.x[i]
	a, b := (s.x[i+1]-t)/h, (t-s.x[i])/h
	value = a*s.g[i] + b*s.g[i+1] - a*b*h*h/6*((1+a)*s.m[i]+(1+b)*s.m[i+1])
	slope = (s.g[i+1]-s.g[i])/h - h/6*((3*a*a-1)*s.m[i]-(3*b*b-1)*s.m[i+1])
	return value, slope
}
