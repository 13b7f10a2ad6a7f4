package expr

import "math/big"

// Functions at 256 bits, for arguments of moderate size: series and Newton's iteration, good to at least 200 bits.

const bits = 256

func num(v float64) *big.Float       { return new(big.Float).SetPrec(bits).SetFloat64(v) }
func zero() *big.Float               { return new(big.Float).SetPrec(bits) }
func add(a, b *big.Float) *big.Float { return zero().Add(a, b) }
func sub(a, b *big.Float) *big.Float { return zero().Sub(a, b) }
func mul(a, b *big.Float) *big.Float { return zero().Mul(a, b) }
func quo(a, b *big.Float) *big.Float { return zero().Quo(a, b) }
func neg(a *big.Float) *big.Float    { return zero().Neg(a) }
func half(a *big.Float) *big.Float   { return zero().SetMantExp(a, -1) }
func float(a *big.Float) float64     { v, _ := a.Float64(); return v }
func tiny(a, beside *big.Float) bool {
	return a.Sign() == 0 || a.MantExp(nil) < beside.MantExp(nil)-bits-4
}

var bigLn2, bigPi = func() (*big.Float, *big.Float) {
	// ln 2 = Σ 1/(n 2ⁿ); π by Machin's formula
	ln2, p := zero(), num(1)
	for n := 1; n < bits+8; n++ {
		p = half(p)
		ln2 = add(ln2, quo(p, num(float64(n))))
	}
	arccot := func(x float64) *big.Float {
		s, t := zero(), quo(num(1), num(x))
		for n := 1; n < bits; n += 2 {
			term := quo(t, num(float64(n)))
			if n%4 == 3 {
				term.Neg(term)
			}
			s, t = add(s, term), quo(t, num(x*x))
		}
		return s
	}
	return ln2, sub(mul(num(16), arccot(5)), mul(num(4), arccot(239)))
}()

func bigExp(x *big.Float) *big.Float {
	k, _ := quo(x, bigLn2).Int64()
	r := sub(x, mul(num(float64(k)), bigLn2))
	r.SetMantExp(r, -8)
	s, t := num(1), num(1)
	for n := 1; n < 200; n++ {
		t = quo(mul(t, r), num(float64(n)))
		if tiny(t, s) {
			break
		}
		s = add(s, t)
	}
	for range 8 {
		s = mul(s, s)
	}
	return s.SetMantExp(s, int(k))
}

// bigLog needs x > 0.
func bigLog(x *big.Float) *big.Float {
	m := zero()
	e := x.MantExp(m)
	y := num(unary[opLog](float(m)))
	for range 3 { // y += 2 (m − eʸ)/(m + eʸ)
		t := bigExp(y)
		d := quo(sub(m, t), add(m, t))
		y = add(y, add(d, d))
	}
	return add(y, mul(num(float64(e)), bigLn2))
}

func bigSinCos(x *big.Float) (sin, cos *big.Float) {
	k, _ := quo(x, bigPi).Int64()
	r := sub(x, mul(num(float64(k)), bigPi))
	s, c, t := zero(), num(1), num(1)
	for n := 1; n < 400; n++ {
		t = quo(mul(t, r), num(float64(n)))
		term := t
		if n%4 > 1 {
			term = neg(t)
		}
		if n%2 == 1 {
			s = add(s, term)
		} else {
			c = add(c, term)
		}
		if t.Sign() == 0 || t.MantExp(nil) < -bits-8 {
			break
		}
	}
	if k%2 != 0 {
		return neg(s), neg(c)
	}
	return s, c
}

func bigAtan(x *big.Float) *big.Float {
	y := num(unary[opAtan](float(x)))
	for range 3 {
		s, c := bigSinCos(y)
		y = sub(y, mul(sub(s, mul(x, c)), c))
	}
	return y
}

func bigErf(x *big.Float) *big.Float {
	s, t, x2 := zero(), x, mul(x, x)
	for n := 0; n < 2000; n++ {
		term := quo(t, num(float64(2*n+1)))
		s = add(s, term)
		if t.Sign() == 0 || t.MantExp(nil) < -bits {
			break
		}
		t = neg(quo(mul(t, x2), num(float64(n+1))))
	}
	return quo(add(s, s), bigSqrt(bigPi))
}

func bigSqrt(x *big.Float) *big.Float { return zero().Sqrt(x) }

// bigUnary is a function of one argument.
func bigUnary(o op, x *big.Float) *big.Float {
	one := num(1)
	switch o {
	case opNeg:
		return neg(x)
	case opExp:
		return bigExp(x)
	case opLog:
		return bigLog(x)
	case opLog2:
		return quo(bigLog(x), bigLn2)
	case opLog10:
		return quo(bigLog(x), bigLog(num(10)))
	case opSqrt:
		return bigSqrt(x)
	case opSin:
		s, _ := bigSinCos(x)
		return s
	case opCos:
		_, c := bigSinCos(x)
		return c
	case opTan:
		s, c := bigSinCos(x)
		return quo(s, c)
	case opAtan:
		return bigAtan(x)
	case opAsin:
		return bigAtan(quo(x, bigSqrt(sub(one, mul(x, x)))))
	case opAcos:
		return sub(half(bigPi), bigUnary(opAsin, x))
	case opSinh:
		return half(sub(bigExp(x), bigExp(neg(x))))
	case opCosh:
		return half(add(bigExp(x), bigExp(neg(x))))
	case opTanh:
		return quo(bigUnary(opSinh, x), bigUnary(opCosh, x))
	case opAsinh:
		return bigLog(add(x, bigSqrt(add(mul(x, x), one))))
	case opAcosh:
		return bigLog(add(x, bigSqrt(sub(mul(x, x), one))))
	case opAtanh:
		return half(bigLog(quo(add(one, x), sub(one, x))))
	case opErf:
		return bigErf(x)
	case opAbs:
		return zero().Abs(x)
	}
	return num(unary[o](float(x))) // steps: sign, floor, ceil, not
}

func bigBinary(o op, a, b *big.Float) *big.Float {
	switch o {
	case opAdd:
		return add(a, b)
	case opSub:
		return sub(a, b)
	case opMul, opGuard:
		return mul(a, b)
	case opDiv:
		return quo(a, b)
	case opPow:
		if n, acc := b.Int64(); acc == big.Exact && n >= 0 && n < 100 {
			p := num(1)
			for range n {
				p = mul(p, a)
			}
			return p
		}
		return bigExp(mul(b, bigLog(a)))
	case opMin:
		if a.Cmp(b) <= 0 {
			return a
		}
		return b
	case opMax:
		if a.Cmp(b) >= 0 {
			return a
		}
		return b
	}
	return num(binary[o](float(a), float(b)))
}
