package kernel

import "math"

// HistoryRows is the number of rows of a Nordsieck array, that of order 5.
const HistoryRows = 6

// A Multistep is what a step of an implicit multistep method works on, for n states. Rows of arrays and vectors begin at cache lines, and what whole registers
// hold beyond n is zero. The assembly takes fields by their places. It differs from its Go twin by the rounding of fused multiplications and the order in which
// squares are added up.
type Multistep struct {
	// Z is the Nordsieck array of the history, z_j = h^j y^(j)/j!, and P the one predicted for the end of the step, then corrected: HistoryRows rows,
	// stride apart.
	Z, P []float64
	// E is the correction of the step, EPrev that of the step before.
	E, EPrev []float64
	// F is f at the latest iterate. D is the change of E by the latest iteration; Advance expects the solution of the linear system there.
	F, D []float64
	u    []float64 // the part of the residual that does not depend on f
	// W are the error weights at the start of the step, ATol the absolute tolerances.
	W, ATol []float64
	// Y is the iterate.
	Y []float64

	n, stride, width int // stride is the distance of rows, width the length of the registers that hold one, in bytes

	ld      int // distance of the columns of the inverse, in bytes
	inverse []float64
}

const numberBytes = 8

// NewMultistep returns a workspace for n states; W, ATol and Y are the caller's, made by Vectors.
func NewMultistep(n int, w, atol []float64) *Multistep {
	ld, width := onLine(n), Padded(n)
	m := &Multistep{n: n, stride: numberBytes * ld, width: numberBytes * width, W: w[:width], ATol: atol[:width]}
	all := aligned((2*HistoryRows + 5) * ld)
	rows := func(k int) []float64 { // the first of what is left
		r := all[: k*ld : k*ld]
		all = all[k*ld:]
		return r
	}
	m.Z, m.P = rows(HistoryRows), rows(HistoryRows)
	m.E, m.EPrev, m.F, m.D, m.u = rows(1), rows(1), rows(1), rows(1), rows(1)
	return m
}

// Vectors returns count vectors of n numbers that begin at cache lines and have room for whole registers.
func Vectors(count, n int) [][]float64 {
	ld := onLine(n)
	all, v := aligned(count*ld), make([][]float64, count)
	for i := range v {
		v[i] = all[i*ld:][:n:ld]
	}
	return v
}

// Row is row j of an array.
func (m *Multistep) Row(all []float64, j int) []float64 {
	ld := onLine(m.n)
	return all[j*ld:][:m.n:m.n]
}

// Iterate says where the next iterates go, a vector of Vectors.
func (m *Multistep) Iterate(y []float64) { m.Y = y[:Padded(m.n)] }

// Predict evaluates the polynomials Σ_j z_j x^j of the history about x = r in units of r: it scales row j by r^j and multiplies by Pascal's triangle.
// It also computes the error weights of the state, z_0, as Weights does, and makes E zero.
func (m *Multistep) Predict(r, rtol float64) {
	multistepPredict(m, r, rtol)
}

func multistepPredictGo(m *Multistep, r, rtol float64) {
	weightsGo(m.W[:m.n], m.Z, m.ATol, rtol)
	clear(m.E)
	n, ld := m.n, onLine(m.n)
	z0, z1, z2, z3, z4, z5 := m.Z[:n], m.Z[ld:][:n], m.Z[2*ld:][:n], m.Z[3*ld:][:n], m.Z[4*ld:][:n], m.Z[5*ld:][:n]
	p0, p1, p2, p3, p4, p5 := m.P[:n], m.P[ld:][:n], m.P[2*ld:][:n], m.P[3*ld:][:n], m.P[4*ld:][:n], m.P[5*ld:][:n]
	r2 := r * r
	r3 := r * r2
	r4 := r * r3
	r5 := r * r4
	for i := range n {
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

// UseInverse says which inverse Newton takes from now on: its columns lie ld apart and hold zeros from n up to Padded(n).
func (m *Multistep) UseInverse(columns []float64, ld int) {
	m.inverse, m.ld = columns[:(m.n-1)*ld+Padded(m.n)], numberBytes*ld
}

// Newton makes an iteration of Newton's method for gamma·f − (r·p_1 + e) = 0 with the inverse of its matrix: D is scale times the product of the
// inverse and the residual, E grows by D, and Y = p_0 + E. It returns Σ (D_i W_i)².
func (m *Multistep) Newton(gamma, r, scale float64) float64 {
	return multistepNewton(m, gamma, r, scale)
}

func multistepNewtonGo(m *Multistep, gamma, r, scale float64) float64 {
	n, inverse, ld := m.n, m.inverse, m.ld/numberBytes
	f, p1, e, u, d := m.F[:n], m.Row(m.P, 1), m.E[:n], m.u[:n], m.D[:n]
	for j, v := range f {
		u[j] = gamma*v - (r*p1[j] + e[j])
	}
	clear(d)
	j := 0
	for ; j+4 <= n; j += 4 { // four columns at a time, so that D is read and written a quarter as often
		a, b, c, t := inverse[j*ld:][:n], inverse[(j+1)*ld:][:n], inverse[(j+2)*ld:][:n], inverse[(j+3)*ld:][:n]
		ua, ub, uc, ut := u[j], u[j+1], u[j+2], u[j+3]
		for i := range d {
			d[i] += (ua*a[i] + ub*b[i]) + (uc*c[i] + ut*t[i])
		}
	}
	for ; j < n; j++ {
		addScaledGo(d, u[j], inverse[j*ld:])
	}
	return multistepAdvanceGo(m, scale)
}

// Advance multiplies D by scale, adds it to E and makes Y = p_0 + E. It returns Σ (D_i W_i)².
func (m *Multistep) Advance(scale float64) float64 { return multistepAdvance(m, scale) }

func multistepAdvanceGo(m *Multistep, scale float64) float64 {
	n := m.n
	d, e, y, p, w := m.D[:n], m.E[:n], m.Y[:n], m.P[:n], m.W[:n]
	sum := 0.0
	for i, x := range d {
		x *= scale
		d[i] = x
		e[i] += x
		y[i] = p[i] + e[i]
		x *= w[i]
		sum += x * x
	}
	return sum
}

// Correct adds l_j E to row j of P up to q; l_0 is 1, and those beyond l_q are 0. It returns Σ (v_i/tol_i)² for v = E, p_q, p_{q−1} and E − c·EPrev, and the tolerances
// atol + rtol·max(|z_0|, |p_0|), at least WeightFloor: those of the step. A p_0 that is not finite makes the first sum NaN.
func (m *Multistep) Correct(q int, l *[HistoryRows]float64, c, rtol float64) (latest, top, below, difference float64) {
	if q < 1 || q >= HistoryRows {
		panic("kernel: a multistep method of an order that there is not")
	}
	return multistepCorrect(m, q, l, c, rtol)
}

func multistepCorrectGo(m *Multistep, q int, l *[HistoryRows]float64, c, rtol float64) (latest, top, below, difference float64) {
	n := m.n
	e, before, z, atol := m.E[:n], m.EPrev[:n], m.Z[:n], m.ATol[:n]
	for j, c := range l[:q+1] {
		addScaledGo(m.Row(m.P, j), c, e)
	}
	p, at, under := m.P[:n], m.Row(m.P, q), m.Row(m.P, q-1)
	for i, v := range e {
		w := 1 / max(atol[i]+rtol*max(math.Abs(z[i]), math.Abs(p[i])), WeightFloor)
		x, a, b, d := v*w, at[i]*w, under[i]*w, (v-c*before[i])*w
		latest += x*x + 0*p[i]
		top += a * a
		below += b * b
		difference += d * d
	}
	return latest, top, below, difference
}
