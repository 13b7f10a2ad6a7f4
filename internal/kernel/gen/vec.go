package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// vec is a group of registers that the same operations are emitted for in turn. The chains of an exponential are long and the processor's
// window holds only part of two of them: interleaved in the code, two chains take hardly longer than one.
type vec []reg.VecVirtual

func newVec(n int) vec {
	v := make(vec, n)
	for i := range v {
		v[i] = YMM()
	}
	return v
}

// each makes a fresh vec, element by element.
func each(n int, emit func(i int, z reg.VecVirtual)) vec {
	v := newVec(n)
	for i := range v {
		emit(i, v[i])
	}
	return v
}

func (x vec) mul(y vec) vec {
	return each(len(x), func(i int, z reg.VecVirtual) { VMULPD(y[i], x[i], z) })
}
func (x vec) add(y vec) vec {
	return each(len(x), func(i int, z reg.VecVirtual) { VADDPD(y[i], x[i], z) })
}
func (x vec) sub(y vec) vec {
	return each(len(x), func(i int, z reg.VecVirtual) { VSUBPD(y[i], x[i], z) })
}
func (x vec) div(y vec) vec {
	return each(len(x), func(i int, z reg.VecVirtual) { VDIVPD(y[i], x[i], z) })
}
func (x vec) and(y vec) vec {
	return each(len(x), func(i int, z reg.VecVirtual) { VANDPD(y[i], x[i], z) })
}
func (x vec) or(y vec) vec {
	return each(len(x), func(i int, z reg.VecVirtual) { VORPD(y[i], x[i], z) })
}

// andNot is y and not x.
func (x vec) andNot(y vec) vec {
	return each(len(x), func(i int, z reg.VecVirtual) { VANDNPD(y[i], x[i], z) })
}

func (x vec) timesConst(c float64) vec {
	return each(len(x), func(i int, z reg.VecVirtual) { VMULPD(num(c), x[i], z) })
}

func (x vec) plusConst(c float64) vec {
	return each(len(x), func(i int, z reg.VecVirtual) { VADDPD(num(c), x[i], z) })
}

func (x vec) minusConst(c float64) vec {
	return each(len(x), func(i int, z reg.VecVirtual) { VSUBPD(num(c), x[i], z) })
}

func (x vec) andBits(u uint64) vec {
	return each(len(x), func(i int, z reg.VecVirtual) { VANDPD(bits(u), x[i], z) })
}

// addProduct adds a·b, subtractProduct subtracts it, in place.
func (x vec) addProduct(a, b vec) {
	for i := range x {
		VFMADD231PD(b[i], a[i], x[i])
	}
}

func (x vec) addProductConst(a vec, c float64) {
	for i := range x {
		VFMADD231PD(num(c), a[i], x[i])
	}
}

func (x vec) subtractProduct(a, b vec) {
	for i := range x {
		VFNMADD231PD(b[i], a[i], x[i])
	}
}

// times multiplies in place and then adds: x ← x·a + b, or x ← x·a − b.
func (x vec) timesPlus(a, b vec) {
	for i := range x {
		VFMADD213PD(b[i], a[i], x[i])
	}
}

func (x vec) timesMinus(a, b vec) {
	for i := range x {
		VFMSUB213PD(b[i], a[i], x[i])
	}
}

// choose takes y where the mask's sign bit is set, else x.
func (x vec) choose(mask, y vec) vec {
	return each(len(x), func(i int, z reg.VecVirtual) { VBLENDVPD(mask[i], y[i], x[i], z) })
}

// atLeast is max(c, x) and atMost is min(c, x); NaN stays NaN, because x is the operand that the instruction returns then.
func (x vec) atLeast(c float64) vec {
	z := constant(len(x), c)
	for i := range z {
		VMAXPD(x[i], z[i], z[i])
	}
	return z
}

func (x vec) atMost(c float64) vec {
	z := constant(len(x), c)
	for i := range z {
		VMINPD(x[i], z[i], z[i])
	}
	return z
}

func (x vec) abs() vec { return x.andBits(signBit - 1) }

const (
	signBit          = 1 << 63
	compareGreater   = 0x1e // ordered, quiet
	compareUnordered = 0x03
)

// isNaN is all ones, itself a NaN, where x is NaN, else zero.
func (x vec) isNaN() vec {
	return each(len(x), func(i int, z reg.VecVirtual) { VCMPPD(U8(compareUnordered), x[i], x[i], z) })
}

// isPositive is all ones where x > 0, else zero.
func (x vec) isPositive() vec {
	return each(len(x), func(i int, z reg.VecVirtual) {
		VXORPD(z, z, z)
		VCMPPD(U8(compareGreater), z, x[i], z)
	})
}

// constant is n registers with the same number.
func constant(n int, c float64) vec {
	v := newVec(n)
	VMOVUPD(num(c), v[0])
	for _, z := range v[1:] {
		VMOVAPD(v[0], z)
	}
	return v
}

// linear is c0 + c1·x.
func (x vec) linear(c0, c1 float64) vec {
	z := constant(len(x), c1)
	for i := range z {
		VFMADD213PD(num(c0), x[i], z[i])
	}
	return z
}
