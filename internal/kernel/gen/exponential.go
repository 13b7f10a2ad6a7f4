package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// 2^r = 1 + r·q(r) for |r| ≤ ½, q of degree 10 minimal in its relative error, 1.8e-17 (Remez). Package kernel has the same table for the
// Go twins.
var exp2Coefficients = []float64{
	0x1.62e42fefa39efp-1,
	0x1.ebfbdff82c598p-3,
	0x1.c6b08d704a08ep-5,
	0x1.3b2ab6fba1e40p-7,
	0x1.5d87fe78b2111p-10,
	0x1.4309130958e26p-13,
	0x1.ffcbfc1ea7709p-17,
	0x1.62bfd4b4b8149p-20,
	0x1.b525a088f9638p-24,
	0x1.e605d27f476bbp-28,
	0x1.e8cac9d6b130dp-32,
}

const (
	log2e   = 0x1.71547652b82fep+0  // log₂(e), rounded
	log2eLo = 0x1.777d0ffda0d24p-56 // log₂(e) − log2e
)

// shifter added to k + r leaves k rounded to an integer, plus the exponent bias 1023, in the low bits of the sum.
const shifter = 0x1.8p52 + 1023

// reduced is v = k + r with k integer, |r| ≤ ½, and scale = 2^k: zero for k = −1023, infinite for k = 1024.
type reduced struct{ r, scale vec }

// reduce splits v, which is already in units of the binary exponent: −1023.5 < v < 1024.5.
func (v vec) reduce() reduced {
	k := v.rounded() // r need not wait for the sum with the shifter
	return reduced{v.sub(k), v.plusConst(shifter).exponentBits()}
}

// reduceWhere is reduce, with a scale of zero where the mask does not hold, by instructions for the remainder and for powers of two, which take any
// number and wait for one another less. Without the mask subnormal powers would cost an interruption each.
func (v vec) reduceWhere(m mask) reduced {
	r := v.like(func(i int, z reg.VecVirtual) { VREDUCEPD(U8(0), v[i], z) })
	k, one := v.rounded(), v.fill(1)
	return reduced{r, v.like(func(i int, z reg.VecVirtual) { VSCALEFPD_Z(k[i], one[i], m.k[i], z) })}
}

// reduceNatural splits x·c·log₂(e) for a power of two c, exact to the last place of r for all x.
func (x vec) reduceNatural(c float64) reduced {
	n := x.fill(shifter)
	n.addProductConst(x, c*log2e)
	k := n.minusConst(shifter)
	r := x.fill(c * log2e)
	r.timesMinus(x, k)
	r.addProductConst(x, c*log2eLo)
	return reduced{r, n.exponentBits()}
}

// exponentBits moves the low bits into the place of the exponent.
func (n vec) exponentBits() vec {
	return n.like(func(i int, z reg.VecVirtual) { VPSLLQ(U8(52), n[i], z) })
}

// exp2Fast is 2^r, |r| ≤ ½: all twelve coefficients, the shortest chain.
func (r vec) exp2Fast() vec { return r.polynomial(append([]float64{1}, exp2Coefficients...)) }

// exp2Minus1 is 2^r − 1 with a small relative error also near r = 0.
func (r vec) exp2Minus1() vec { return r.polynomial(exp2Coefficients).mul(r) }

// parts is a sum low + x⁴·high, left open so that what it is multiplied by can be multiplied into both terms while high is being made.
type parts struct{ low, x4, high vec }

// exp2Parts is 2^r, |r| ≤ ½.
func (r vec) exp2Parts() parts { return r.polynomialParts(append([]float64{1}, exp2Coefficients...)) }

// exp2Minus1Parts is (2^r − 1)/r, |r| ≤ ½.
func (r vec) exp2Minus1Parts() parts { return r.polynomialParts(exp2Coefficients) }

func (x vec) polynomialParts(c []float64) parts {
	x2 := x.mul(x)
	x4 := x2.mul(x2)
	high := x.block(c[8:], x2)
	middle := x.block(c[4:8], x2)
	middle.addProduct(high, x4)
	return parts{x.block(c[:4], x2), x4, middle}
}

// scaledBy is p·(low + x⁴·high).
func (s parts) scaledBy(p vec) scaled { return scaled{s, p, p.mul(s.x4)} }

type scaled struct {
	parts
	p, px4 vec
}

// plus is c + the scaled sum, the register c being used up.
func (s scaled) plus(c vec) vec {
	c.addProduct(s.p, s.low)
	c.addProduct(s.px4, s.high)
	return c
}

// value is the scaled sum.
func (s scaled) value() vec {
	v := s.p.mul(s.low)
	v.addProduct(s.px4, s.high)
	return v
}

// polynomial evaluates c[0] + c[1]x + …: blocks of four coefficients by Estrin's scheme, the blocks by Horner's in x⁴, highest first, so that
// few registers are in use at a time.
func (x vec) polynomial(c []float64) vec {
	x2 := x.mul(x)
	x4 := x2.mul(x2)
	var sum vec
	for i := (len(c) - 1) / 4 * 4; i >= 0; i -= 4 {
		block := x.block(c[i:min(i+4, len(c))], x2)
		if sum == nil {
			sum = block
		} else {
			block.addProduct(sum, x4)
			sum = block
		}
	}
	return sum
}

// block is a polynomial of up to four coefficients.
func (x vec) block(c []float64, x2 vec) vec {
	pair := func(c []float64) vec {
		if len(c) == 1 {
			return x.fill(c[0])
		}
		return x.linear(c[0], c[1])
	}
	if len(c) <= 2 {
		return pair(c)
	}
	low, high := pair(c[:2]), pair(c[2:])
	low.addProduct(high, x2)
	return low
}

// exponential is exp(x) over the whole range, subnormal results included: 2^k is the product of two halves.
func (x vec) exponential() vec {
	c := x.atMost(709.8).atLeast(-745.2) // exp is infinite and 0 beyond
	n := x.fill(0x1.8p52)
	n.addProductConst(c, log2e)
	k := n.minusConst(0x1.8p52)
	r := x.fill(log2e)
	r.timesMinus(c, k)
	r.addProductConst(c, log2eLo)
	p := r.exp2Fast()
	// n's low 32 bits hold k, which halves there without an arithmetic shift of 64 bits.
	half := n.like(func(i int, z reg.VecVirtual) { VPSRAD(U8(1), n[i], z) })
	rest := n.like(func(i int, z reg.VecVirtual) { VPSUBD(half[i], n[i], z) })
	for i := range n {
		constantOp(VPADDQ, VPADDQ_BCST, bits(1023), half[i], half[i])
		constantOp(VPADDQ, VPADDQ_BCST, bits(1023), rest[i], rest[i])
	}
	return p.mul(half.exponentBits()).mul(rest.exponentBits())
}
