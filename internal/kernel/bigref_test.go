package kernel

import (
	"math"
	"math/big"
)

// The functions in 240-bit arithmetic, straight from their definitions: the tests' reference.

const bigPrec = 240

func bf(x float64) *big.Float         { return new(big.Float).SetPrec(bigPrec).SetFloat64(x) }
func bAdd(x, y *big.Float) *big.Float { return new(big.Float).SetPrec(bigPrec).Add(x, y) }
func bSub(x, y *big.Float) *big.Float { return new(big.Float).SetPrec(bigPrec).Sub(x, y) }
func bMul(x, y *big.Float) *big.Float { return new(big.Float).SetPrec(bigPrec).Mul(x, y) }
func bDiv(x, y *big.Float) *big.Float { return new(big.Float).SetPrec(bigPrec).Quo(x, y) }
func bNeg(x *big.Float) *big.Float    { return new(big.Float).SetPrec(bigPrec).Neg(x) }

var (
	bigOne = bf(1)
	bigTwo = bf(2)
	bigPi  = bigMachinPi()
)

// bigExp is e^x: Taylor's series of x/2^n, squared n times.
func bigExp(x *big.Float) *big.Float {
	if x.Sign() == 0 {
		return bf(1)
	}
	n := max(0, x.MantExp(nil)+20)
	y := new(big.Float).SetMantExp(x, -n)
	y.SetPrec(bigPrec)
	sum, term := bf(1), bf(1)
	for i := 1; term.MantExp(nil) > -bigPrec-20; i++ {
		term = bDiv(bMul(term, y), bf(float64(i)))
		sum = bAdd(sum, term)
		if term.Sign() == 0 {
			break
		}
	}
	for range n {
		sum = bMul(sum, sum)
	}
	return sum
}

// bigExpm1 is e^x − 1.
func bigExpm1(x *big.Float) *big.Float {
	if x.Sign() == 0 || x.MantExp(nil) > -60 {
		return bSub(bigExp(x), bigOne)
	}
	// x(1 + x/2(1 + x/3)), the next term is below 2^-180 of it
	return bMul(x, bAdd(bigOne, bMul(bDiv(x, bigTwo), bAdd(bigOne, bDiv(x, bf(3))))))
}

// bigLog1p is log(1+x).
func bigLog1p(x *big.Float) *big.Float {
	if x.MantExp(nil) > -60 {
		return bigLog(bAdd(bigOne, x))
	}
	return bMul(x, bSub(bigOne, bMul(x, bSub(bf(0.5), bDiv(x, bf(3))))))
}

// bigLog is log(x) by Newton's method on bigExp.
func bigLog(x *big.Float) *big.Float {
	m := new(big.Float)
	e := x.MantExp(m)
	f, _ := m.Float64()
	y := bf(math.Log(f) + float64(e)*math.Ln2)
	for range 5 {
		// Halley's method, third order: y + 2(x − e^y)/(x + e^y)
		ey := bigExp(y)
		y = bAdd(y, bDiv(bMul(bigTwo, bSub(x, ey)), bAdd(x, ey)))
	}
	return y
}

func bigMachinPi() *big.Float {
	atanInv := func(k float64) *big.Float {
		x := bDiv(bf(1), bf(k))
		x2 := bMul(x, x)
		sum, power := bf(0), x
		for i := 0; power.MantExp(nil) > -bigPrec-20; i++ {
			term := bDiv(power, bf(float64(2*i+1)))
			if i%2 == 1 {
				term = bNeg(term)
			}
			sum = bAdd(sum, term)
			power = bMul(power, x2)
		}
		return sum
	}
	return bSub(bMul(bf(16), atanInv(5)), bMul(bf(4), atanInv(239)))
}

func bigSqrt(x *big.Float) *big.Float { return new(big.Float).SetPrec(bigPrec).Sqrt(x) }

// bigNormalCDF is Φ(x), from the series Φ(x) = ½ + φ(x)·Σ x^(2n+1)/(1·3·5⋯(2n+1)) where it does not cancel, else from the continued
// fraction of the tail, φ(y)/(y + 1/(y + 2/(y + …))) (Abramowitz and Stegun 26.2.11 and 26.2.14).
func bigNormalCDF(x float64) *big.Float {
	y := bf(math.Abs(x))
	phi := bigNormalPDF(x)
	var tail *big.Float
	if math.Abs(x) < 9 {
		sum, term := bf(0), y
		for n := 0; term.Sign() != 0 && term.MantExp(nil) > -bigPrec; n++ {
			sum = bAdd(sum, term)
			term = bDiv(bMul(term, bMul(y, y)), bf(float64(2*n+3)))
		}
		tail = bSub(bf(0.5), bMul(phi, sum))
	} else {
		f := y
		for k := 3000; k >= 1; k-- {
			f = bAdd(y, bDiv(bf(float64(k)), f))
		}
		tail = bDiv(phi, f)
	}
	if x > 0 {
		return bSub(bigOne, tail)
	}
	return tail
}

func bigNormalPDF(x float64) *big.Float {
	return bDiv(bigExp(bMul(bf(-0.5), bMul(bf(x), bf(x)))), bigSqrt(bMul(bigTwo, bigPi)))
}

// bigFunc returns f(x), f′(x), f″(x) and, for each, the size of the terms that it is a sum of: near a zero of a derivative no evaluation
// in double precision is better than a rounding error of its terms.
func bigFunc(f Func, x float64) (d, size [3]*big.Float) {
	X := bf(x)
	abs := func(v *big.Float) *big.Float { return new(big.Float).Abs(v) }
	sigma := func(u *big.Float) *big.Float { return bDiv(bigOne, bAdd(bigOne, bigExp(bNeg(u)))) }
	switch f {
	case Identity:
		d = [3]*big.Float{X, bf(1), bf(0)}
	case ReLU, LeakyReLU:
		slope := bf(1)
		if x <= 0 {
			slope = bf(0)
			if f == LeakyReLU {
				slope = bf(LeakySlope)
			}
		}
		d = [3]*big.Float{bMul(slope, X), slope, bf(0)}
	case Tanh:
		e := bigExp(bMul(bf(-2), abs(X)))
		t := bNeg(bDiv(bigExpm1(bMul(bf(-2), abs(X))), bAdd(bigOne, e)))
		if x < 0 {
			t = bNeg(t)
		}
		s := bDiv(bMul(bf(4), e), bMul(bAdd(bigOne, e), bAdd(bigOne, e)))
		d = [3]*big.Float{t, s, bMul(bf(-2), bMul(t, s))}
	case SiLU:
		s := sigma(X)
		t := bMul(s, sigma(bNeg(X)))
		c := bSub(bigOne, bMul(bigTwo, s))
		d = [3]*big.Float{bMul(X, s), bAdd(s, bMul(X, t)), bMul(t, bAdd(bigTwo, bMul(X, c)))}
		size = [3]*big.Float{nil, bAdd(s, abs(bMul(X, t))), bMul(t, bAdd(bigTwo, abs(X)))}
	case GELU:
		a := bMul(bigTwo, bigSqrt(bDiv(bigTwo, bigPi)))
		b := bf(geluB)
		x2 := bMul(X, X)
		u := bMul(bMul(a, X), bAdd(bigOne, bMul(b, x2)))
		u1 := bMul(a, bAdd(bigOne, bMul(bf(3), bMul(b, x2))))
		u2 := bMul(bMul(bf(6), a), bMul(b, X))
		s := sigma(u)
		t := bMul(s, sigma(bNeg(u)))
		c := bSub(bigOne, bMul(bigTwo, s))
		d = [3]*big.Float{
			bMul(X, s),
			bAdd(s, bMul(X, bMul(t, u1))),
			bMul(t, bAdd(bMul(bigTwo, u1), bMul(X, bAdd(u2, bMul(c, bMul(u1, u1)))))),
		}
		// The exponent's own rounding, |u| units, is part of any evaluation.
		k := bAdd(bigOne, abs(u))
		size = [3]*big.Float{
			bMul(k, abs(d[0])),
			bMul(k, bAdd(s, abs(bMul(X, bMul(t, u1))))),
			bMul(k, bMul(t, bAdd(bMul(bigTwo, u1), bMul(abs(X), bAdd(abs(u2), bMul(u1, u1)))))),
		}
	case GELUErf:
		phi := bigNormalPDF(x)
		cdf := bigNormalCDF(x)
		x2 := bMul(X, X)
		d = [3]*big.Float{bMul(X, cdf), bAdd(cdf, bMul(X, phi)), bMul(phi, bSub(bigTwo, x2))}
		size = [3]*big.Float{nil, bAdd(cdf, abs(bMul(X, phi))), bMul(phi, bAdd(bigTwo, x2))}
	case Softplus:
		s := sigma(X)
		v := bigLog1p(bigExp(bNeg(abs(X))))
		if x > 0 {
			v = bAdd(v, X)
		}
		d = [3]*big.Float{v, s, bMul(s, sigma(bNeg(X)))}
	case ELU:
		if x > 0 {
			d = [3]*big.Float{X, bf(1), bf(0)}
		} else {
			e := bigExp(X)
			d = [3]*big.Float{bigExpm1(X), e, e}
		}
	case Sinh:
		e, i := bigExp(X), bigExp(bNeg(X))
		s := bDiv(bSub(bigExpm1(X), bigExpm1(bNeg(X))), bigTwo)
		d = [3]*big.Float{s, bDiv(bAdd(e, i), bigTwo), s}
	}
	for k := range size {
		if size[k] == nil {
			size[k] = abs(d[k])
		}
	}
	return d, size
}

// ulps is |got − want| in units of the last place of size.
func ulps(got float64, want, size *big.Float) float64 {
	diff := new(big.Float).Abs(bSub(bf(got), want))
	s, _ := size.Float64()
	s = math.Abs(s)
	unit := math.Nextafter(s, math.Inf(1)) - s
	q, _ := bDiv(diff, bf(unit)).Float64()
	return q
}
