package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The kinds of runs on a tape, those of package kernel.
const (
	tapeMul2 = iota + 1
	tapeMul3
	tapeAdd
	tapeSub
	tapeAddAdd
	tapeAddSub
	tapeSubSub
	tapeCopy
	tapeSquare
	tapeCube
	tapeNeg
	tapeDiv
)

// laneBytes is the size of a register of a tape in lanes.
const laneBytes = 16 * 8

// tapes emits the execution of tapes, at one point and in lanes.
func tapes() {
	if target == avx2 {
		tape("tapePoint", "is tapePointGo.", pointOperands{})
	}
	tape("tapeLanes", "is tapeLanesGo.", laneOperands{})
}

// tapeOperands are what the registers of a tape hold.
type tapeOperands interface {
	// place is where argument k of the list is.
	place(r, list reg.Register, k int) Mem
	load(m Mem) vec
	store(x vec, m Mem)
	add(m Mem, x vec)
	subtract(m Mem, x vec)
	multiply(m Mem, x vec)
	divide(m Mem, x vec)
	multiplied(x, y vec) vec
	zero() vec
}

func tape(name, doc string, o tapeOperands) {
	function(name, "func(r *float64, records, args *int32)", doc)
	r, records, args := param("r"), param("records"), param("args")
	Label("next")
	kind, count := index(records, 0), index(records, 1)
	ADDQ(U8(8), records)
	kinds := []struct {
		code int
		name string
		args int                            // of an instruction
		body func(list reg.Register, k int) // k: where its arguments begin
	}{
		{tapeMul2, "mul2", 3, func(list reg.Register, k int) { tapeTwo(o, r, list, k, o.multiply) }},
		{tapeSub, "sub", 3, func(list reg.Register, k int) { tapeTwo(o, r, list, k, o.subtract) }},
		{tapeMul3, "mul3", 4, func(list reg.Register, k int) { tapeThree(o, r, list, k, o.multiply, o.multiply) }},
		{tapeAddAdd, "addadd", 4, func(list reg.Register, k int) { tapeThree(o, r, list, k, o.add, o.add) }},
		{tapeAddSub, "addsub", 4, func(list reg.Register, k int) { tapeThree(o, r, list, k, o.add, o.subtract) }},
		{tapeSubSub, "subsub", 4, func(list reg.Register, k int) { tapeThree(o, r, list, k, o.subtract, o.subtract) }},
		{tapeCopy, "copy", 2, func(list reg.Register, k int) { o.store(o.load(o.place(r, list, k+1)), o.place(r, list, k)) }},
		{tapeAdd, "add", 3, func(list reg.Register, k int) { tapeTwo(o, r, list, k, o.add) }},
		{tapeNeg, "neg", 2, func(list reg.Register, k int) {
			x := o.zero()
			o.subtract(o.place(r, list, k+1), x)
			o.store(x, o.place(r, list, k))
		}},
		{tapeSquare, "square", 2, func(list reg.Register, k int) {
			x := o.load(o.place(r, list, k+1))
			o.store(o.multiplied(x, x), o.place(r, list, k))
		}},
		{tapeDiv, "div", 3, func(list reg.Register, k int) { tapeTwo(o, r, list, k, o.divide) }},
		{tapeCube, "cube", 2, func(list reg.Register, k int) {
			x := o.load(o.place(r, list, k+1))
			o.store(o.multiplied(o.multiplied(x, x), x), o.place(r, list, k))
		}},
	}
	for _, k := range kinds {
		CMPQ(kind, U8(k.code))
		JEQ(LabelRef(k.name))
	}
	VZEROUPPER()
	RET()
	for _, k := range kinds {
		unrolled(k.name, count, args, 4*k.args, k.body)
	}
}

// unrolled emits a loop over instructions, four at a time, which leaves for the next run. Body is emitted for the instruction at list.
func unrolled(name string, count, args reg.Register, bytes int, body func(list reg.Register, disp int)) {
	bodies := func(n int) {
		for k := range n {
			body(args, k*bytes/4)
		}
		ADDQ(U8(n*bytes), args)
	}
	Label(name)
	SUBQ(U8(4), count)
	JLT(LabelRef(name + "_rest"))
	Label(name + "_four")
	bodies(4)
	SUBQ(U8(4), count)
	JGE(LabelRef(name + "_four"))
	Label(name + "_rest") // count is the rest less four
	TESTQ(U32(2), count)
	JEQ(LabelRef(name + "_one"))
	bodies(2)
	Label(name + "_one")
	TESTQ(U32(1), count)
	JEQ(LabelRef("next"))
	bodies(1)
	JMP(LabelRef("next"))
}

func tapeTwo(o tapeOperands, r, args reg.Register, k int, op func(m Mem, x vec)) {
	x := o.load(o.place(r, args, k+1))
	op(o.place(r, args, k+2), x)
	o.store(x, o.place(r, args, k))
}

func tapeThree(o tapeOperands, r, args reg.Register, k int, op, last func(m Mem, x vec)) {
	x := o.load(o.place(r, args, k+1))
	op(o.place(r, args, k+2), x)
	last(o.place(r, args, k+3), x)
	o.store(x, o.place(r, args, k))
}

// pointOperands are single numbers.
type pointOperands struct{}

func (pointOperands) place(r, list reg.Register, k int) Mem {
	return Mem{Base: r, Index: index(list, k), Scale: 8}
}

func (pointOperands) load(m Mem) vec {
	x := XMM()
	VMOVSD(m, x)
	return vec{x}
}

func (pointOperands) store(x vec, m Mem)    { VMOVSD(x[0], m) }
func (pointOperands) add(m Mem, x vec)      { VADDSD(m, x[0], x[0]) }
func (pointOperands) subtract(m Mem, x vec) { VSUBSD(m, x[0], x[0]) }
func (pointOperands) multiply(m Mem, x vec) { VMULSD(m, x[0], x[0]) }
func (pointOperands) divide(m Mem, x vec)   { VDIVSD(m, x[0], x[0]) }

func (pointOperands) multiplied(x, y vec) vec {
	z := XMM()
	VMULSD(x[0], y[0], z)
	return vec{z}
}

func (pointOperands) zero() vec {
	x := XMM()
	VMOVSD(bits(signBit), x)
	return vec{x}
}

// laneOperands are 16 numbers side by side.
type laneOperands struct{}

func (laneOperands) span() span { return whole(laneBytes / target.width) }

func (laneOperands) place(r, list reg.Register, k int) Mem {
	i := index(list, k)
	SHLQ(U8(7), i)
	return Mem{Base: r, Index: i, Scale: 1}
}

func (o laneOperands) load(m Mem) vec        { return o.span().load(m) }
func (laneOperands) store(x vec, m Mem)      { x.store(m) }
func (o laneOperands) add(m Mem, x vec)      { o.each(m, x, VADDPD) }
func (o laneOperands) multiply(m Mem, x vec) { o.each(m, x, VMULPD) }

func (o laneOperands) subtract(m Mem, x vec) { o.each(m, x, VSUBPD) }
func (o laneOperands) divide(m Mem, x vec)   { o.each(m, x, VDIVPD) }

func (o laneOperands) each(m Mem, x vec, op func(...Op)) {
	for k, z := range x {
		op(shifted(m, o.span().at(k)), z, z)
	}
}

func (laneOperands) multiplied(x, y vec) vec { return x.mul(y) }

// zero is −0, from which a number is subtracted to change its sign.
func (o laneOperands) zero() vec {
	x := o.span().each(func(_ int, z reg.VecVirtual) { loadConstant(bits(signBit), z) })
	return x
}
