package kernel

import "math"

// The exponential is evaluated as 2^k·2^r with k integer and |r| ≤ ½. Reduction with a fused multiply-add loses nothing in r, and
// 2^r = 1 + r·q(r) with q of degree 10, whose relative error of 1.8e-17 is minimal (Remez). The generator has the same table.
const (
	log2e   = 0x1.71547652b82fep+0  // log₂(e), rounded
	log2eLo = 0x1.777d0ffda0d24p-56 // log₂(e) − log2e

	q0  = 0x1.62e42fefa39efp-1
	q1  = 0x1.ebfbdff82c598p-3
	q2  = 0x1.c6b08d704a08ep-5
	q3  = 0x1.3b2ab6fba1e40p-7
	q4  = 0x1.5d87fe78b2111p-10
	q5  = 0x1.4309130958e26p-13
	q6  = 0x1.ffcbfc1ea7709p-17
	q7  = 0x1.62bfd4b4b8149p-20
	q8  = 0x1.b525a088f9638p-24
	q9  = 0x1.e605d27f476bbp-28
	q10 = 0x1.e8cac9d6b130dp-32

	// shifter added to k + r leaves k + 1023, the biased exponent of 2^k, in the low bits of the sum.
	shifter = 0x1.8p52 + 1023
)

// Exp writes exp(x) into dst, which may be x. The error is below 2 units in the last place; subnormal results are right to the last place
// or two of their own.
func Exp(dst, x []float64) {
	if len(dst) < len(x) {
		panic("kernel: dst is shorter than x")
	}
	expSlice(dst[:len(x)], x)
}

// ExpOf is Exp of one number. It takes less time than math.Exp, whose operations wait for one another.
func ExpOf(x float64) float64 { return exp(x) }

func expSliceGo(dst, x []float64) {
	for i, v := range x {
		dst[i] = exp(v)
	}
}

// exp is e^x over the whole range.
func exp(x float64) float64 {
	switch {
	case x > 709.8:
		return math.Inf(1)
	case x < -745.2:
		return 0
	}
	r, k := reduceInteger(x, log2e, log2eLo)
	// 2^k as a product, which reaches subnormal results with a single rounding.
	h := int64(k) >> 1
	return exp2Fast(r) * pow2(h) * pow2(int64(k)-h)
}

func pow2(k int64) float64 { return math.Float64frombits(uint64(k+1023) << 52) }

// reduceInteger splits x·(hi+lo) into k + r.
func reduceInteger(x, hi, lo float64) (r, k float64) {
	k = (x*hi + 0x1.8p52) - 0x1.8p52
	return math.FMA(x, hi, -k) + x*lo, k
}

// reduce splits x·(hi+lo), between −1023.5 and 1023.5, into k + r and returns r and 2^k, which is zero for k = −1023.
func reduce(x, hi, lo float64) (r, scale float64) {
	n := x*hi + shifter
	k := n - shifter
	return math.FMA(x, hi, -k) + x*lo, math.Float64frombits(math.Float64bits(n) << 52)
}

// exp2Fast is 2^r for |r| ≤ ½, by Estrin's scheme.
func exp2Fast(r float64) float64 {
	r2 := r * r
	r4 := r2 * r2
	a := (1 + q0*r) + (q1+q2*r)*r2
	b := (q3 + q4*r) + (q5+q6*r)*r2
	c := (q7 + q8*r) + (q9+q10*r)*r2
	return a + r4*(b+r4*c)
}

// exp2Minus1 is 2^r − 1 for |r| ≤ ½ with a small relative error also near r = 0.
func exp2Minus1(r float64) float64 {
	r2 := r * r
	r4 := r2 * r2
	a := (q0 + q1*r) + (q2+q3*r)*r2
	b := (q4 + q5*r) + (q6+q7*r)*r2
	c := (q8 + q9*r) + q10*r2
	return r * (a + r4*(b+r4*c))
}

// The coefficients Lg1 … Lg7 of FreeBSD's e_log.c (Sun Microsystems, 1993): log((1+s)/(1−s)) = 2s + s·R(s²), error below 2^-58.45 for
// |s| ≤ 0.1716.
const (
	lg1 = 6.666666666666735130e-01
	lg2 = 3.999999999940941908e-01
	lg3 = 2.857142874366239149e-01
	lg4 = 2.222219843214978396e-01
	lg5 = 1.818357216161805012e-01
	lg6 = 1.531383769920937332e-01
	lg7 = 1.479819860511658591e-01
)

// log1p is log(1+e) for 0 ≤ e ≤ 1.
func log1p(e float64) float64 {
	f, base := e, 0.
	if e > math.Sqrt2-1 {
		f, base = 0.5*e-0.5, math.Ln2 // log(1+e) = log 2 + log(1+f)
	}
	s := f / (2 + f)
	z := s * s
	z2 := z * z
	r := z * ((lg1 + lg2*z) + z2*((lg3+lg4*z)+z2*((lg5+lg6*z)+z2*lg7)))
	h := 0.5 * f * f
	return base + (f - (h - s*(h+r)))
}

// geluErfC gives Φ(−y)·exp(y²/2)·(y+4) as a polynomial in (y−4)/(y+4), 0 ≤ y ≤ 37.7, minimal in its relative error, 1.9e-17 (Remez). The
// generator has the same table.
var geluErfC = [...]float64{
	0x1.82b4bb8c94dcep-1,
	-0x1.373e3a893c28ap-1,
	0x1.8c6dbf2cfc302p-2,
	-0x1.7dff2bff684e0p-3,
	0x1.eec4cc3e44d56p-5,
	-0x1.ee27610424ac5p-8,
	-0x1.c81719ca1adadp-9,
	0x1.ab825fabd0585p-10,
	0x1.17a4a66f198c2p-13,
	-0x1.e4a4206da1fedp-13,
	-0x1.0011a6bf30b32p-19,
	0x1.26d048db23f91p-15,
	0x1.7fe172f33f69fp-21,
	-0x1.8d464d2d39ed3p-18,
	-0x1.4fb8d0efb7c13p-21,
	0x1.1236f633ccfb0p-20,
	0x1.1bb8610f5b25bp-22,
	-0x1.4f61a4db5b5d8p-23,
	-0x1.4b853a237fcb7p-24,
	0x1.0ef0232f8ba42p-26,
	0x1.f37324be070d7p-27,
	-0x1.104609d3a63fap-32,
	-0x1.3d99f66b0aeb3p-30,
}

// normalTail returns Φ(−y) and exp(−y²/2) for 0 ≤ y ≤ 37.66.
func normalTail(y float64) (tail, e float64) {
	// y² = h + l without rounding, because an error of y² is a relative error of the result.
	h := y * y
	l := math.FMA(y, y, -h)
	r, scale := reduce(h, -0.5*log2e, -0.5*log2eLo)
	e = exp2Fast(r-0.5*log2e*l) * scale
	d := y + 4
	q := (y - 4) / d
	g := 0.
	for i := len(geluErfC) - 1; i >= 0; i-- {
		g = g*q + geluErfC[i]
	}
	return g * e / d, e
}
