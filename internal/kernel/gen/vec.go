package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// vec is a group of registers that the same operations are emitted for in turn. The chains of an exponential are long and the processor's
// window holds only part of two of them: interleaved in the code, two chains take hardly longer than one.
type vec []reg.VecVirtual

// span is that of the numbers which x holds.
func (x vec) span() span {
	s := make(span, len(x))
	for i, r := range x {
		s[i] = int(r.Size())
	}
	return s
}

// like makes a fresh vec of registers as wide as those of x.
func (x vec) like(emit func(i int, z reg.VecVirtual)) vec { return x.span().each(emit) }

// store writes a span to memory.
func (x vec) store(m Mem) {
	s := x.span()
	for k, z := range x {
		VMOVUPD(z, shifted(m, s.at(k)))
	}
}

// spread puts a number in memory into all lanes.
func (x vec) spread(m Mem) {
	VBROADCASTSD(m, x[0])
	for _, z := range x[1:] {
		if z.Size() == x[0].Size() {
			VMOVAPD(x[0], z)
		} else {
			VBROADCASTSD(m, z)
		}
	}
}

func (x vec) mul(y vec) vec {
	return x.like(func(i int, z reg.VecVirtual) { VMULPD(y[i], x[i], z) })
}
func (x vec) add(y vec) vec {
	return x.like(func(i int, z reg.VecVirtual) { VADDPD(y[i], x[i], z) })
}
func (x vec) sub(y vec) vec {
	return x.like(func(i int, z reg.VecVirtual) { VSUBPD(y[i], x[i], z) })
}
func (x vec) div(y vec) vec {
	return x.like(func(i int, z reg.VecVirtual) { VDIVPD(y[i], x[i], z) })
}
func (x vec) or(y vec) vec {
	return x.like(func(i int, z reg.VecVirtual) { VORPD(y[i], x[i], z) })
}

func (x vec) timesConst(c float64) vec {
	return x.like(func(i int, z reg.VecVirtual) { constantOp(VMULPD, VMULPD_BCST, num(c), x[i], z) })
}

func (x vec) plusConst(c float64) vec {
	return x.like(func(i int, z reg.VecVirtual) { constantOp(VADDPD, VADDPD_BCST, num(c), x[i], z) })
}

func (x vec) minusConst(c float64) vec {
	return x.like(func(i int, z reg.VecVirtual) { constantOp(VSUBPD, VSUBPD_BCST, num(c), x[i], z) })
}

func (x vec) andBits(u uint64) vec {
	return x.like(func(i int, z reg.VecVirtual) { constantOp(VANDPD, VANDPD_BCST, bits(u), x[i], z) })
}

// addProduct adds a·b, subtractProduct subtracts it, in place.
func (x vec) addProduct(a, b vec) {
	for i := range x {
		VFMADD231PD(b[i], a[i], x[i])
	}
}

func (x vec) addProductConst(a vec, c float64) {
	for i := range x {
		constantOp(VFMADD231PD, VFMADD231PD_BCST, num(c), a[i], x[i])
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

// atLeast is max(c, x) and atMost is min(c, x); NaN stays NaN, because x is the operand that the instruction returns then.
func (x vec) atLeast(c float64) vec {
	z := x.fill(c)
	for i := range z {
		VMAXPD(x[i], z[i], z[i])
	}
	return z
}

func (x vec) atMost(c float64) vec {
	z := x.fill(c)
	for i := range z {
		VMINPD(x[i], z[i], z[i])
	}
	return z
}

func (x vec) abs() vec { return x.andBits(signBit - 1) }

// rounded is the nearest integer, the even one of two.
func (x vec) rounded() vec {
	return x.like(func(i int, z reg.VecVirtual) { round(x[i], z) })
}

func round(x, z reg.VecVirtual) {
	if target.spreads {
		VRNDSCALEPD(U8(0), x, z)
	} else {
		VROUNDPD(U8(0), x, z)
	}
}

// fill is a number in all lanes of registers like those of x.
func (x vec) fill(c float64) vec { return x.span().constant(c) }

// constant is a span with the same number everywhere.
func (s span) constant(c float64) vec {
	var first reg.VecVirtual
	return s.each(func(_ int, z reg.VecVirtual) {
		if first != nil && first.Size() == z.Size() {
			VMOVAPD(first, z)
			return
		}
		loadConstant(num(c), z)
		first = z
	})
}

// linear is c0 + c1·x.
func (x vec) linear(c0, c1 float64) vec {
	z := x.fill(c1)
	for i := range z {
		constantOp(VFMADD213PD, VFMADD213PD_BCST, num(c0), x[i], z[i])
	}
	return z
}
