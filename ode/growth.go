package ode

import "math"

// A step that is too large for stability is rejected by the error test as soon as what it magnifies has grown to the tolerance, so that nothing comes of it where stiff
// components decay: the test holds them at the tolerance. Components that oscillate are another matter. Beyond the boundary of stability on the imaginary axis a method
// magnifies them by a little in every step, by less than a loose tolerance allows, and over thousands of periods by 10⁵⁰. The error test sees steps
// and not their number; here the growth of a step is held to its share of what the rest of the interval may have.

const (
	// growthAllowed is the logarithm of the growth, beyond that of the equation, that oscillations may have while the rest of the interval shrinks by a factor of e. Over
	// 10⁵ steps that is a factor of ten at most.
	growthAllowed = 0.2
	// Growth is looked for where h|λ| is at least growthFrom, and where λ is at least this far, by the cosine of its angle, from the real axis.
	growthFrom   = 0.3
	growthGate   = 0.01 // the same, as the momentary weights show it
	growthCosine = 0.9
	// growthBlur is by how much a cosine may be off: an angle so near the imaginary axis is taken for that of the axis.
	growthBlur = 0.15
	// Where growth sets the step size and the oscillation is smaller than so many times the tolerance, it is no part of the solution: an implicit method would take
	// longer steps. What is left of such oscillations with an explicit one was seen to be 160 times the tolerance.
	growthNoise = 300
	// growthWild is the share from which on growth counts as what sets the step size.
	growthWild = 0.3
	// growthNews is the number of steps for which that is remembered: step sizes, and with them the share, go up and down.
	growthNews = 5
)

// stabilityPolynomial returns the coefficients of R(z) = 1 + z Σ_i b_i (A^j 1)_i z^j of an explicit method.
func stabilityPolynomial(tab *ExplicitTableau) []float64 {
	s := len(tab.B)
	r := []float64{1}
	v, w := make([]float64, s), make([]float64, s)
	for i := range v {
		v[i] = 1
	}
	for range s {
		sum := 0.0
		for i, b := range tab.B {
			sum += b * v[i]
		}
		r = append(r, sum)
		for i := range w {
			w[i] = 0
			for j, a := range tab.A[i][:min(i, len(tab.A[i]))] {
				w[i] += a * v[j]
			}
		}
		v, w = w, v
	}
	return r
}

// growthShare returns by how much a step exceeds its share of growthAllowed, given the stability polynomial, h|λ| of the dominant
// eigenvalue, the cosine of its angle, and the fraction of the rest of the interval that the step is.
func growthShare(r []float64, bound, cosine, fraction float64) float64 {
	if !(bound >= growthFrom) || !(math.Abs(cosine) <= growthCosine) {
		return 0
	}
	cosine = math.Copysign(max(math.Abs(cosine)-growthBlur, 0), cosine)
	// R(z) by Horner's rule on real and imaginary parts
	x, y := bound*cosine, bound*math.Sqrt(1-cosine*cosine)
	re, im := 0.0, 0.0
	for i := len(r) - 1; i >= 0; i-- {
		re, im = re*x-im*y+r[i], re*y+im*x
	}
	square := re*re + im*im
	if square <= 1 { // what does not grow needs no logarithm
		return 0
	}
	excess := math.Log(square)/2 - max(0, x)
	return max(excess, 0) / (growthAllowed * fraction)
}

// An oscillationNorm sums what is needed of the last two stages and of the change of f over a step.
type oscillationNorm struct{ slopes, places, dot, change float64 }

// add takes up a state of weight w: the difference of f at the two stages, that of their arguments, and the change of f.
func (o *oscillationNorm) add(w, slope, place, change float64) {
	slope, place, change = slope*w, place*w, change*w
	o.slopes += slope * slope
	o.places += place * place
	o.dot += slope * place
	o.change += change * change
}

// period is the time in which the dominant eigenvalue changes a state by its own size, in units of the step.
//
// In weights of their momentary sizes the states of an oscillation seem to change faster or more slowly than they do, and in turns: where one passes through zero its weight is
// large. Its size is then what its slope makes of it in this time; for a pure oscillation that gives the same weights at all times.
func (o *oscillationNorm) period() float64 {
	if p := math.Sqrt(o.places / o.slopes); p <= math.MaxFloat64 {
		return p
	}
	return 0
}

// judge returns growthShare for a step that is a fraction of the interval, and whether the oscillation is noise, all differences being those of h f.
func (o *oscillationNorm) judge(r []float64, fraction float64, n int) (share float64, noise bool) {
	if !(o.slopes > 0 && o.places > 0 && o.slopes <= math.MaxFloat64 && o.places <= math.MaxFloat64) {
		return 0, false
	}
	bound := math.Sqrt(o.slopes / o.places)
	share = growthShare(r, bound, o.dot/math.Sqrt(o.slopes*o.places), fraction)
	return share, share > growthWild && math.Sqrt(o.change/float64(n)) < growthNoise*bound
}

// holdGrowth is explicitStepper.growth for a lane: it raises the error of the step to what the growth of oscillations asks for.
func (p *lanePool) holdGrowth(l int) {
	lane, n, h := &p.lanes[l], p.n, p.h[l]
	lane.wild = max(lane.wild-1, 0)
	if p.tab.polynomial == nil || !(p.slopes[l] > growthGate*growthGate*p.places[l]) {
		return
	}
	var o oscillationNorm
	o.slopes, o.places = p.slopes[l], p.places[l]
	period := h * o.period()
	o = oscillationNorm{}
	for i, a := range p.s.atol {
		at := i*Lanes + l
		size := max(math.Abs(p.panel[at]), math.Abs(p.z[at]), math.Abs(period*p.f0[at]))
		o.add(1/max(a+p.s.opt.RTol*size, weightFloor), p.e[n+at], p.e[2*n+at], h*(p.fnew[at]-p.f0[at]))
	}
	share, noise := o.judge(p.tab.polynomial, h/(lane.t1()-lane.t), p.k)
	if e2 := share * share * float64(p.k); e2 > p.sum[l] {
		if noise {
			lane.wild = growthNews
		}
		p.sum[l] = e2
	}
}
