package ode

import "math"

// root finds a zero of f between a and b, where f has the values fa and fb of different sign (or zero), by the ITP method
// (Oliveira and Takahashi, ACM TOMS 47, 5, 2020) with κ₁ = 0.2/(b−a), κ₂ = 2, n₀ = 1: superlinear on smooth functions and never more than one
// evaluation worse than bisection. The zero is bracketed to within 2·tol; a NaN of f ends the search and is returned.
func root(f func(float64) float64, a, fa, b, fb, tol float64) float64 {
	if fa == 0 {
		return a
	}
	if fb == 0 {
		return b
	}
	k1 := 0.2 / (b - a)
	steps := max(math.Ceil(math.Log2((b-a)/(2*tol))), 0) + 1
	radius := tol * math.Exp2(steps) // of the minmax interval around the midpoint, halved in every step
	for b-a > 2*tol {
		mid := 0.5 * (a + b)
		x := mid
		// interpolate by regula falsi, truncate towards the middle, project onto the minmax interval
		if s := (fb*a - fa*b) / (fb - fa); s > a && s < b {
			toMid := math.Copysign(1, mid-s)
			x = mid
			if delta := k1 * (b - a) * (b - a); delta <= math.Abs(mid-s) {
				x = s + toMid*delta
			}
			if r := radius - 0.5*(b-a); math.Abs(x-mid) > r {
				x = mid - toMid*max(r, 0)
			}
		}
		radius *= 0.5
		if !(x > a && x < b) {
			break
		}
		switch fx := f(x); {
		case math.IsNaN(fx):
			return fx
		case fx == 0:
			return x
		case (fx > 0) == (fb > 0):
			b, fb = x, fx
		default:
			a, fa = x, fx
		}
	}
	return 0.5 * (a + b)
}
