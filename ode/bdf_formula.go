package ode

import "math"

// A nordsieckPolynomial is Σ_j l_j x^j of degree at most maxBDFOrder.
type nordsieckPolynomial [maxBDFOrder + 1]float64

// timesLinear multiplies a polynomial of degree below d by 1 + a·x.
func (l *nordsieckPolynomial) timesLinear(d int, a float64) {
	for i := d; i > 0; i-- {
		l[i] += a * l[i-1]
	}
}

// timesMonic multiplies a polynomial of degree below d by x + a.
func (l *nordsieckPolynomial) timesMonic(d int, a float64) {
	for i := d; i > 0; i-- {
		l[i] = a*l[i] + l[i-1]
	}
	l[0] *= a
}

// bdfCoefficients are what a BDF of order q needs to know about a step of size h after steps of sizes tau[1], tau[2], ….
// In x = (τ − t_{n+1})/h the corrected polynomial differs from the predicted one by e·Λ(x),
//
//	Λ(x) = (1 + x/ξ*) Π_{i=1}^{q−1} (1 + x/ξ_i),   ξ_i = (t_{n+1} − t_{n+1−i})/h,
//
// so that the two agree at the q−1 latest points; ξ* is such that Λ'(0) = Σ_{j=1}^{q} 1/j, the leading coefficient of the
// formula for constant steps (Jackson and Sacks-Davis 1980). The correction e is then, to leading order, a multiple of
// h^{q+1} y^{(q+1)}; the multiples below follow from interpolation at the points t_{n+1−i} (Byrne and Hindmarsh 1975;
// Hindmarsh et al. 2005).
type bdfCoefficients struct {
	// l are the coefficients of Λ; those above q are zero.
	l nordsieckPolynomial
	// q is the order and h the step size; gamma is h/l[1], the coefficient of f in the equation for e.
	q        int
	h, gamma float64
	// errorCoef·‖e‖ estimates the local error.
	errorCoef float64
	// diffCoef relates e to h^{q+1} y^{(q+1)}.
	diffCoef float64
	// lowerCoef·‖z_q‖ estimates the local error that order q−1 would have made; see neighbours for higherCoef.
	lowerCoef, higherCoef float64

	alpha, alphaHat  float64 // −Σ 1/j and −Σ 1/ξ_i
	inv, star, reach float64 // 1/ξ_q, 1/ξ* and t_{n+1} − t_{n+1−q}
	a2               float64
}

// compute fills l, gamma, errorCoef and diffCoef.
func (k *bdfCoefficients) compute(q int, h float64, tau *[maxBDFOrder + 2]float64) {
	k.l = nordsieckPolynomial{1, 1}
	k.alpha, k.alphaHat, k.inv, k.star, k.reach = -1, -1, 1, 1, h
	for j := 2; j < q; j++ {
		k.reach += tau[j-1]
		k.alpha -= 1 / float64(j)
		k.l.timesLinear(j, h/k.reach)
	}
	if q > 1 {
		k.reach += tau[q-1]
		k.inv = h / k.reach
		k.alpha -= 1 / float64(q)
		k.star = -k.l[1] - k.alpha
		k.alphaHat = -k.l[1] - k.inv
		k.l.timesLinear(q, k.star)
	}
	a1 := 1 - k.alphaHat + k.alpha
	k.a2 = 1 + float64(q)*a1
	k.q, k.h, k.gamma = q, h, h/k.l[1]
	k.errorCoef = math.Abs(a1 / (k.alpha * k.a2))
	k.diffCoef = math.Abs(k.a2 * k.star / (k.l[q] * k.inv))
}

// neighbours fills lowerCoef and higherCoef, which only a step after which the order may change needs. With the correction
// eprev of the step before, of size hprev and differenced coefficient dprev, the local error that order q+1 would have
// made is higherCoef·‖e − (diffCoef/dprev)(h/hprev)^{q+1} eprev‖.
func (k *bdfCoefficients) neighbours(q int, h float64, tau *[maxBDFOrder + 2]float64) {
	p := float64(q)
	k.lowerCoef = 1
	if q > 1 {
		a3, a4 := k.alpha+1/p, k.alphaHat+k.inv
		k.lowerCoef = math.Abs(k.star / k.l[q] * (1 - a4 + a3) / a3)
	}
	inv := h / (k.reach + tau[q])
	a5, a6 := k.alpha-1/(p+1), k.alphaHat-inv
	k.higherCoef = math.Abs((1 - a6 + a5) / (k.a2 * inv * (p + 2) * a5))
}

// raising returns the polynomial that vanishes doubly at t_n and at t_{n−1}, …, t_{n−q+1}, in x = (τ−t_n)/tau[1], and the
// multiple of the correction e of the latest step with which it must be added to the history of order q so that the
// history interpolates t_{n−q} as well.
func raising(q int, tau *[maxBDFOrder + 2]float64) (l nordsieckPolynomial, multiple float64) {
	l[2] = 1
	reach, sum, product := 0.0, 0.0, 1.0
	for i := 1; i <= q; i++ {
		reach += tau[i]
		xi := reach / tau[1]
		sum += 1/float64(i) - 1/xi
		product *= xi
		if i < q {
			l.timesMonic(i+2, xi)
		}
	}
	return l, sum / product
}

// lowering returns the monic polynomial of degree q that vanishes doubly at t_n and at t_{n−1}, …, t_{n−q+2}: a multiple of it
// takes the history of order q to order q−1.
func lowering(q int, tau *[maxBDFOrder + 2]float64) (l nordsieckPolynomial) {
	l[2] = 1
	reach := 0.0
	for i := 1; i <= q-2; i++ {
		reach += tau[i]
		l.timesMonic(i+2, reach/tau[1])
	}
	return l
}
