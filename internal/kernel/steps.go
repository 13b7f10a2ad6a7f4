package kernel

import "math"

// What a step of a solver does with whole vectors. Sums of squares are added up in four interleaved partial sums; the assembly differs from its
// Go twin by the rounding of fused multiplications.

// WeightFloor is the smallest tolerance of a component that has a weight: the smallest normal number.
const WeightFloor = 2.2250738585072014e-308

// HistoryRows is the number of rows of a Nordsieck array, that of order 5.
const HistoryRows = 6

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

// LargerWeights writes the error weights 1/(atol + rtol·max(|y|, |z|)) into w; no tolerance is below WeightFloor.
func LargerWeights(w, y, z, atol []float64, rtol float64) {
	y, z, atol = y[:len(w)], z[:len(w)], atol[:len(w)]
	largerWeights(w, y, z, atol, rtol)
}

func largerWeightsGo(w, y, z, atol []float64, rtol float64) {
	y, z, atol = y[:len(w)], z[:len(w)], atol[:len(w)]
	for i, v := range y {
		w[i] = 1 / max(atol[i]+rtol*max(math.Abs(v), math.Abs(z[i])), WeightFloor)
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

// ErrorSquares is Σ (e_i/tol_i)² over the length of e with the tolerances of LargerWeights.
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

// Predict evaluates the polynomials Σ_j z_j x^j, whose coefficients are the rows of the Nordsieck array z, n numbers each, about x = r in units of r:
// it scales row j by r^j and multiplies by Pascal's triangle.
func Predict(p, z []float64, n int, r float64) {
	if n > 0 {
		predict(p[:HistoryRows*n], z[:HistoryRows*n], n, r)
	}
}

// predictGo handles columns from first on.
func predictGo(p, z []float64, n, first int, r float64) {
	z0, z1, z2, z3, z4, z5 := z[:n], z[n:2*n], z[2*n:3*n], z[3*n:4*n], z[4*n:5*n], z[5*n:6*n]
	p0, p1, p2, p3, p4, p5 := p[:n], p[n:2*n], p[2*n:3*n], p[3*n:4*n], p[4*n:5*n], p[5*n:6*n]
	r2 := r * r
	r3 := r * r2
	r4 := r * r3
	r5 := r * r4
	for i := first; i < n; i++ {
		a0, a1, a2, a3, a4, a5 := z0[i], r*z1[i], r2*z2[i], r3*z3[i], r4*z4[i], r5*z5[i]
		// successive sums, from the top: after pass k row k−1 is final
		a4 += a5
		a3 += a4
		a2 += a3
		a1 += a2
		a0 += a1
		a4 += a5
		a3 += a4
		a2 += a3
		a1 += a2
		a4 += a5
		a3 += a4
		a2 += a3
		a4 += a5
		a3 += a4
		a4 += a5
		p0[i], p1[i], p2[i], p3[i], p4[i], p5[i] = a0, a1, a2, a3, a4, a5
	}
}

// Correct adds l_j e to row j of the Nordsieck array p, whose rows have the length of e.
func Correct(p, e []float64, l *[HistoryRows]float64) {
	if len(e) > 0 {
		correct(p[:HistoryRows*len(e)], e, l)
	}
}

func correctGo(p, e []float64, first int, l *[HistoryRows]float64) {
	n := len(e)
	for j, c := range l {
		row := p[j*n : (j+1)*n]
		for i := first; i < n; i++ {
			row[i] += c * e[i]
		}
	}
}

// Advance adds scale·d to e, writes z + e into y and returns Σ (scale·d_i·w_i)².
func Advance(e, y, z, d, w []float64, scale float64) float64 {
	n := len(e)
	return advance(e, y[:n], z[:n], d[:n], w[:n], scale)
}

func advanceGo(e, y, z, d, w []float64, scale float64) float64 {
	y, z, d, w = y[:len(e)], z[:len(e)], d[:len(e)], w[:len(e)]
	var s [Lanes]float64
	for i, x := range d {
		x *= scale
		e[i] += x
		y[i] = z[i] + e[i]
		x *= w[i]
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

// SubtractRows subtracts values[e] times row places[2e+1] of x from row places[2e], for one e after the other. Rows are n numbers long.
func SubtractRows(x []float64, n int, places []int32, values []float64) {
	if len(values) > 0 && n > 0 {
		subtractRows(x, n, places[:2*len(values)], values)
	}
}

// subtractRowsGo handles columns from first on.
func subtractRowsGo(x []float64, n, first int, places []int32, values []float64) {
	for e, v := range values {
		to, from := int(places[2*e])*n, int(places[2*e+1])*n
		addScaledGo(x[to+first:to+n], -v, x[from+first:from+n])
	}
}
