package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// An activation emits code that, for the numbers that x loads (again at every call: registers are few), makes the value, the first and the
// second derivative, and hands each to put as soon as it is there: put(0, value), put(1, first), put(2, second). put leaves the
// code where the caller wants no higher derivative. The last call of x comes before put(0). The formulas are those of activation.go in
// package kernel, where their reasons stand.
type activation struct {
	name string
	code int // the Func of package kernel
	wide bool
	emit func(x func() vec, put func(order int, y vec))
}

// The most used ones come first: they are recognised by a chain of comparisons.
var activations = []activation{
	{"gelu", codeGELU, true, gelu},
	{"tanh", 1, true, tanh},
	{"identity", 0, true, identity},
	{"silu", 7, true, silu},
	{"relu", 4, true, relu},
	{"softplus", 6, false, softplus},
	{"leaky_relu", 5, true, leakyReLU},
	{"elu", 8, true, elu},
	{"gelu_erf", 3, false, geluErf},
	{"sinh", 9, true, sinh},
}

// dispatch emits the choice between the activations by the code fn, and all activations, for a span. load loads register i, again set if
// it must come from memory; store stores the derivative of an order of register i; more, called after all registers of an order lower
// than 2, emits a jump to the label where that was all that is wanted.
func dispatch(prefix string, fn Op, s span, load func(i int, again bool, x reg.VecVirtual), store func(i, order int, y reg.Register), more func(order int, end string)) {
	end := prefix + "_end"
	for i, a := range activations {
		next := prefix + "_not_" + a.name
		if i < len(activations)-1 {
			CMPQ(fn, U8(a.code))
			JNE(LabelRef(next))
		}
		Comment(a.name)
		group := len(s)
		if !a.wide {
			group = 1
		}
		for first := 0; first < len(s); first += group {
			done := end
			if first+group < len(s) {
				done = prefix + "_" + a.name + "_next"
			}
			again := first > 0
			x := func() vec {
				v := s[first : first+group].each(func(i int, z reg.VecVirtual) { load(first+i, again, z) })
				again = true
				return v
			}
			a.emit(x, func(order int, y vec) {
				for i := range y {
					store(first+i, order, y[i])
				}
				if order < 2 {
					more(order, done)
				}
			})
			if done != end {
				Label(done)
			}
		}
		if i < len(activations)-1 {
			JMP(LabelRef(end))
			Label(next)
		}
	}
	Label(end)
}

func identity(load func() vec, put func(int, vec)) {
	x := load()
	put(0, x)
	put(1, x.fill(1))
	put(2, x.fill(0))
}

func relu(load func() vec, put func(int, vec)) {
	x := load()
	put(0, x.atLeast(0))
	nan := x.isNaN().number(x.span())
	positive := x.isPositive()
	put(1, x.fill(1).where(positive).or(nan))
	put(2, nan)
}

func leakyReLU(load func() vec, put func(int, vec)) {
	x := load()
	slope := x.fill(0.01).choose(x.isPositive(), x.fill(1))
	put(0, x.mul(slope))
	nan := x.isNaN().number(x.span())
	put(1, slope.or(nan))
	put(2, nan)
}

func tanh(load func() vec, put func(int, vec)) {
	r := load().abs().atMost(354.614).reduceNatural(-2)
	sum := r.r.exp2Minus1Parts().scaledBy(r.scale.mul(r.r)) // 2^k(2^r − 1)
	m := sum.plus(r.scale.minusConst(1))                    // e − 1
	one := sum.plus(r.scale.plusConst(1))                   // e + 1
	// (e−1)/(e+1) = −tanh|x|: x's sign bit is the result's.
	sign := load().andBits(signBit)
	t := m.div(one).andBits(signBit - 1).or(sign)
	put(0, t)
	w := t.fill(2).div(one)
	d1 := sum.plus(r.scale).mul(w).mul(w)
	put(1, d1)
	put(2, t.timesConst(-2).mul(d1))
}

// logistic makes s(1−s) and 1−2s from s = 1/(1+e) and e, which may be infinite.
func logistic(e, s vec) (slope, skew vec) {
	finite := e.atMost(math.MaxFloat64)
	return finite.mul(s).mul(s), finite.minusConst(1).mul(s)
}

var geluA = math.Sqrt(2 / math.Pi)

const geluB = 0.044715

// v = 1024.2, so that e is infinite, at the lower bound; v = −1023.2, e zero, at the upper.
const geluLower, geluUpper = -21.16122, 21.15409

// codeGELU is the Func of package kernel.
const codeGELU = 2

// geluBound is beyond both.
const geluBound = 21.3

// geluExponent is the exponent of two of 1/s − 1, in parts, for the logistic function s of GELU; x is bounded. Where one instruction bounds
// a magnitude, which gives a NaN the bound, what is too small is left to a mask.
func (x vec) geluExponent() reduced {
	c := x
	if target.spreads {
		const smallerMagnitude = 0x02 // with the sign of x
		c = x.like(func(i int, z reg.VecVirtual) { VRANGEPD_BCST(U8(smallerMagnitude), num(geluBound), x[i], z) })
	} else {
		c = x.atLeast(geluLower).atMost(geluUpper)
	}
	v := c.timesConst(-2 * geluA * log2e)
	v.addProduct(c.timesConst(-2*geluA*geluB*log2e), c.mul(c))
	if target.spreads {
		return v.reduceWhere(x.isBelow(geluUpper))
	}
	return v.reduce()
}

func gelu(load func() vec, put func(int, vec)) {
	r := load().geluExponent()
	sum := r.r.exp2Parts().scaledBy(r.scale)
	one := sum.plus(r.r.fill(1))
	low := load().atLeast(geluLower)
	put(0, low.div(one))
	s := one.reciprocal()
	c := low.atMost(geluUpper)
	slope, skew := logistic(sum.value(), s)
	u1 := c.mul(c).linear(2*geluA, 6*geluA*geluB)
	d1 := c.mul(slope)
	d1.timesPlus(u1, s)
	put(1, d1)
	// s(1−s)·(2u′ + c·(u″ + (1−2s)·u′²))
	inner := u1.mul(u1).mul(skew)
	inner.addProductConst(c, 12*geluA*geluB)
	inner.timesPlus(c, u1.add(u1))
	put(2, inner.mul(slope))
}

func silu(load func() vec, put func(int, vec)) {
	const lower, upper = -709.9213, 709.2282
	r := load().atLeast(lower).atMost(upper).reduceNatural(-1)
	sum := r.r.exp2Parts().scaledBy(r.scale)
	one := sum.plus(r.r.fill(1))
	low := load().atLeast(lower)
	put(0, low.div(one))
	c := low.atMost(upper)
	s := one.fill(1).div(one)
	slope, skew := logistic(sum.value(), s)
	put(1, c.mul(slope).add(s))
	put(2, c.mul(skew).plusConst(2).mul(slope))
}

// logCoefficients are Lg1 … Lg7 of FreeBSD's e_log.c (Sun Microsystems, 1993): log((1+s)/(1−s)) = 2s + s·R(s²), error below 2^-58.45 for
// |s| ≤ 0.1716.
var logCoefficients = []float64{
	6.666666666666735130e-01,
	3.999999999940941908e-01,
	2.857142874366239149e-01,
	2.222219843214978396e-01,
	1.818357216161805012e-01,
	1.531383769920937332e-01,
	1.479819860511658591e-01,
}

// log1p is log(1+e) for 0 ≤ e ≤ 1: of f = e, or of f = (e−1)/2 and log 2, whichever is smaller.
func (e vec) log1p() vec {
	upper := e.isAbove(math.Sqrt2 - 1)
	f := e.choose(upper, e.linear(-0.5, 0.5))
	s := f.div(f.plusConst(2))
	z := s.mul(s)
	r := z.polynomial(logCoefficients).mul(z)
	half := f.timesConst(0.5).mul(f)
	// f − (f²/2 − s(f²/2 + R))
	r = r.add(half)
	r.timesMinus(s, half)
	return r.add(f).add(e.fill(math.Ln2).where(upper))
}

func softplus(load func() vec, put func(int, vec)) {
	r := load().abs().atMost(709.2282).reduceNatural(-1)
	e := r.r.exp2Fast().mul(r.scale)
	y := e.log1p()
	x := load()
	put(0, y.add(x.atLeast(0)))
	w := e.fill(1).div(e.plusConst(1))
	ew := e.mul(w)
	put(1, w.choose(x.isNegative(), ew))
	put(2, ew.mul(w))
}

func elu(load func() vec, put func(int, vec)) {
	r := load().atMost(0).atLeast(-709.2282).reduceNatural(1)
	p := r.r.exp2Minus1()
	m := r.scale.minusConst(1)
	m.addProduct(p, r.scale)
	x := load()
	positive := x.isPositive()
	put(0, m.choose(positive, x))
	e := r.scale
	e.addProduct(p, e)
	put(1, e.choose(positive, x.fill(1)))
	put(2, e.whereNot(positive))
}

// geluErfCoefficients give Φ(−y)·exp(y²/2)·(y+4) as a polynomial in q = (y−4)/(y+4), 0 ≤ y ≤ 37.7, minimal in its relative error,
// 1.9e-17 (Remez).
var geluErfCoefficients = []float64{
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

func geluErf(load func() vec, put func(int, vec)) {
	x := load()
	y := x.abs().atMost(37.6624)
	// −y²/2·log₂(e), y² = high + low without rounding
	high := y.mul(y)
	low := x.like(func(i int, z reg.VecVirtual) { VMOVAPD(high[i], z) })
	for i := range low {
		VFMSUB231PD(y[i], y[i], low[i])
	}
	r := high.reduceNatural(-0.5)
	r.r.addProductConst(low, -0.5*log2e)
	e := r.r.exp2Fast().mul(r.scale)
	denominator := y.plusConst(4)
	g := y.minusConst(4).div(denominator).polynomial(geluErfCoefficients)
	tail := g.mul(e).div(denominator)
	cdf := x.fill(1).sub(tail).choose(x.isNegative(), tail)
	bounded := x.atLeast(-37.6624)
	put(0, bounded.mul(cdf))
	bounded = bounded.atMost(37.6624)
	pdf := e.timesConst(1 / math.Sqrt(2*math.Pi))
	put(1, bounded.mul(pdf).add(cdf))
	d2 := x.fill(2)
	d2.subtractProduct(bounded, bounded)
	put(2, d2.mul(pdf))
}

func sinh(load func() vec, put func(int, vec)) {
	r := load().abs().atMost(710.7531).reduceNatural(1)
	p := r.r.exp2Minus1()
	// A quarter of e^|x|, so that it is finite wherever half of it is.
	quarter := r.scale
	for i := range quarter {
		constantOp(VPSUBQ, VPSUBQ_BCST, bits(2<<52), quarter[i], quarter[i])
	}
	m := quarter.minusConst(0.25) // (e^|x| − 1)/4
	m.addProduct(p, quarter)
	quarter.addProduct(p, quarter)
	y := m.div(quarter).timesConst(0.5)
	y.addProductConst(m, 2)
	y = y.or(load().andBits(signBit))
	put(0, y)
	cosh := y.fill(0.125).div(quarter)
	cosh.addProductConst(quarter, 2)
	put(1, cosh)
	put(2, y)
}
