package kernel

import "math"

// What a step of a solver does with whole vectors. Sums of squares are added up in four interleaved partial sums; the assembly differs from its
// Go twin by the rounding of fused multiplications.

// WeightFloor is the smallest tolerance of a component that has a weight: the smallest normal number.
const WeightFloor = 2.2250738585072014e-308

// Weights writes the error weights 1/(atol + rtol·|y|) into w, 0 where the tolerance is below WeightFloor.
func Weights(w, y, atol []float64, rtol float64) {
	y, atol = y[:len(w)], atol[:len(w)]
	weights(w, y, atol, rtol)
}

func weightsGo(w, y, atol []float64, rtol float64) {
	y, atol = y[:len(w)], atol[:len(w)]
	for i, v := range y {
		tol := atol[i] + rtol*math.Abs(v)
		if tol < WeightFloor {
			w[i] = 0
			continue
		}
		w[i] = 1 / tol
	}
}

// WeightedSquares is Σ (v_i w_i)² over the length of v.
func WeightedSquares(v, w []float64) float64 { return weightedSquares(v, w[:len(v)]) }

func weightedSquaresGo(v, w []float64) float64 {
	w = w[:len(v)]
	var s [Lanes]float64
	for len(v) >= Lanes && len(w) >= Lanes {
		a, b, c, d := v[0]*w[0], v[1]*w[1], v[2]*w[2], v[3]*w[3]
		s[0] += a * a
		s[1] += b * b
		s[2] += c * c
		s[3] += d * d
		v, w = v[Lanes:], w[Lanes:]
	}
	for i, x := range v {
		x *= w[i]
		s[i] += x * x
	}
	return (s[0] + s[2]) + (s[1] + s[3])
}

// ErrorSquares is Σ (e_i/tol_i)² over the length of e with the tolerances atol + rtol·max(|y|, |z|), none below WeightFloor.
func ErrorSquares(e, y, z, atol []float64, rtol float64) float64 {
	n := len(e)
	return errorSquares(e, y[:n], z[:n], atol[:n], rtol)
}

func errorSquaresGo(e, y, z, atol []float64, rtol float64) float64 {
	y, z, atol = y[:len(e)], z[:len(e)], atol[:len(e)]
	var s [Lanes]float64
	for i, v := range e {
		x := v / max(atol[i]+rtol*max(math.Abs(y[i]), math.Abs(z[i])), WeightFloor)
		s[i%Lanes] += x * x
	}
	return (s[0] + s[2]) + (s[1] + s[3])
}

// Combine writes y + Σ_j (h a_j) x_j into dst, where x_j are the rows of x, as long as dst; rows whose a_j is zero are not read.
// dst may be y.
func Combine(dst, y []float64, h float64, a, x []float64) {
	n := len(dst)
	combine(dst, y[:n], h, a, x[:len(a)*n])
}

func combineGo(dst, y []float64, first int, h float64, a, x []float64) {
	n := len(dst)
	copy(dst[first:], y[first:n])
	for j, w := range a {
		if w == 0 {
			continue
		}
		w *= h
		for i, v := range x[j*n+first : (j+1)*n] {
			dst[first+i] += w * v
		}
	}
}
