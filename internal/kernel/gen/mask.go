package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	signBit          = 1 << 63
	compareEqual     = 0x00
	compareUnordered = 0x03
	compareNotEqual  = 0x04
	compareGreater   = 0x1e // ordered, quiet, as is the next
	compareLess      = 0x11
)

// A mask says for each lane of a vec whether something holds: with all bits of the lane, or at least its sign bit, or by a mask register.
type mask struct {
	bits vec
	k    []reg.OpmaskVirtual
}

// compare is where y stands in a relation to x, of which one may be in memory.
func compare(relation uint64, s span, x func(i int) Op, y vec) mask {
	if !target.spreads {
		return mask{bits: s.each(func(i int, z reg.VecVirtual) { VCMPPD(U8(relation), x(i), y[i], z) })}
	}
	m := mask{k: make([]reg.OpmaskVirtual, len(s))}
	for i := range s {
		m.k[i] = K()
		VCMPPD(U8(relation), x(i), y[i], m.k[i])
	}
	return m
}

// isNaN is where x is NaN.
func (x vec) isNaN() mask {
	return compare(compareUnordered, x.span(), func(i int) Op { return x[i] }, x)
}

// isPositive is where x > 0.
func (x vec) isPositive() mask {
	if !target.spreads {
		return mask{bits: x.like(func(i int, z reg.VecVirtual) {
			VXORPD(z, z, z)
			VCMPPD(U8(compareGreater), z, x[i], z)
		})}
	}
	zero := x.span().zero()
	return compare(compareGreater, x.span(), func(i int) Op { return zero[i] }, x)
}

// isAbove is where x > c.
func (x vec) isAbove(c float64) mask {
	if !target.spreads {
		return mask{bits: x.like(func(i int, z reg.VecVirtual) {
			loadConstant(num(c), z)
			VCMPPD(U8(compareGreater), z, x[i], z)
		})}
	}
	return x.compared(compareGreater, c)
}

// isBelow is where x < c.
func (x vec) isBelow(c float64) mask { return x.compared(compareLess, c) }

func (x vec) compared(relation uint64, c float64) mask {
	bound := x.fill(c)
	return compare(relation, x.span(), func(i int) Op { return bound[i] }, x)
}

// isNegative is where x has its sign bit set.
func (x vec) isNegative() mask {
	if !target.spreads {
		return mask{bits: x}
	}
	m := mask{k: make([]reg.OpmaskVirtual, len(x))}
	for i := range x {
		m.k[i] = K()
		VPMOVQ2M(x[i], m.k[i])
	}
	return m
}

// choose takes y where the mask holds, else x.
func (x vec) choose(m mask, y vec) vec {
	return x.like(func(i int, z reg.VecVirtual) { m.blend(i, y[i], x[i], z) })
}

// blend puts y into z where register i of the mask holds, else x.
func (m mask) blend(i int, y, x, z Op) {
	switch {
	case m.k == nil:
		VBLENDVPD(m.bits[i], y, x, z)
	case z != x:
		VMOVAPD(x, z) // the generator takes what a blend writes for something that it also reads
		fallthrough
	default:
		VMOVAPD(y, m.k[i], z)
	}
}

// where is x where the mask holds, else zero.
func (x vec) where(m mask) vec {
	return x.like(func(i int, z reg.VecVirtual) {
		if m.k != nil {
			VMOVAPD_Z(x[i], m.k[i], z)
		} else {
			VANDPD(x[i], m.bits[i], z)
		}
	})
}

// whereNot is x where the mask does not hold, else zero.
func (x vec) whereNot(m mask) vec {
	return x.like(func(i int, z reg.VecVirtual) {
		if m.k != nil {
			not := K()
			KNOTB(m.k[i], not)
			VMOVAPD_Z(x[i], not, z)
		} else {
			VANDNPD(x[i], m.bits[i], z)
		}
	})
}

// number is a NaN, all bits set, where the mask holds, else zero.
func (m mask) number(s span) vec {
	if m.k == nil {
		return m.bits
	}
	return s.each(func(i int, z reg.VecVirtual) {
		VPMOVM2Q(m.k[i], z)
	})
}

// skipUnlessAny jumps to the label where the mask holds nowhere.
func (m mask) skipUnlessAny(label string) {
	if m.k != nil {
		any := m.k[0]
		for _, k := range m.k[1:] {
			both := K()
			KORB(k, any, both)
			any = both
		}
		KORTESTB(any, any)
		JEQ(LabelRef(label))
		return
	}
	any := register()
	VORPD(m.bits[0], m.bits[1], any)
	for _, z := range m.bits[2:] {
		VORPD(z, any, any)
	}
	found := GP32()
	VMOVMSKPD(any, found)
	TESTL(found, found)
	JEQ(LabelRef(label))
}
