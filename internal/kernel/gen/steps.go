package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// registers emits a loop over n bytes, a positive multiple of 32; the body gets the offset.
func registers(prefix string, n reg.Register, body func(i reg.Register)) {
	i := GP64()
	XORQ(i, i)
	Label(prefix)
	body(i)
	ADDQ(U8(32), i)
	CMPQ(i, n)
	JLT(LabelRef(prefix))
}

// load fetches the register of an array at an offset.
func load(base, i reg.Register) reg.VecVirtual {
	z := YMM()
	VMOVUPD(Mem{Base: base, Index: i, Scale: 1}, z)
	return z
}

// every fetches a number argument into all lanes.
func every(name string) reg.VecVirtual {
	x, z := XMM(), YMM()
	Load(Param(name), x)
	VBROADCASTSD(x, z)
	return z
}

const weightFloor = 2.2250738585072014e-308

// constantRegister is a number in all lanes of a register that stays.
func constantRegister(m Mem) reg.VecVirtual {
	z := register()
	loadConstant(m, z)
	return z
}

// steps emits what a step of a solver does with whole vectors. Everywhere n is a multiple of 4.
func steps() {
	weights()
	squares()
	combination()
}

func weights() {
	function("weights", "func(w, y, atol *float64, rtol float64, n int)", "is Weights for n a multiple of 4.")
	w, y, atol, n := param("w"), param("y"), param("atol"), bytesParam("n")
	rtol, magnitude, one, floor := every("rtol"), constantRegister(bits(signBit-1)), constantRegister(num(1)), constantRegister(num(weightFloor))
	registers("weights", n, func(i reg.Register) {
		v, enough := load(y, i), YMM()
		VANDPD(magnitude, v, v)
		VFMADD213PD(Mem{Base: atol, Index: i, Scale: 1}, rtol, v)
		VCMPPD(U8(compareNotLess), floor, v, enough)
		VDIVPD(v, one, v)
		VANDPD(enough, v, v)
		VMOVUPD(v, Mem{Base: w, Index: i, Scale: 1})
	})
	VZEROUPPER()
	RET()
}

// compareNotLess is true for NaN.
const compareNotLess = 0x05

// largerTolerance prepares for atol + rtol·max(|y|, |z|), at least weightFloor, at an offset.
func largerTolerance(y, z, atol reg.Register) func(i reg.Register) reg.VecVirtual {
	rtol, magnitude, floor := every("rtol"), constantRegister(bits(signBit-1)), constantRegister(num(weightFloor))
	return func(i reg.Register) reg.VecVirtual {
		v, u := load(y, i), load(z, i)
		VANDPD(magnitude, v, v)
		VANDPD(magnitude, u, u)
		VMAXPD(u, v, v)
		VFMADD213PD(Mem{Base: atol, Index: i, Scale: 1}, rtol, v)
		VMAXPD(v, floor, v)
		return v
	}
}

func squares() {
	function("weightedSquares", "func(v, w *float64, n int) float64", "is WeightedSquares for n a multiple of 4.")
	v, w, n := param("v"), param("w"), bytesParam("n")
	sum := YMM()
	VXORPD(sum, sum, sum)
	registers("squares", n, func(i reg.Register) {
		x := load(v, i)
		VMULPD(Mem{Base: w, Index: i, Scale: 1}, x, x)
		VFMADD231PD(x, x, sum)
	})
	Store(horizontalSum(sum).AsX(), ReturnIndex(0))
	VZEROUPPER()
	RET()

	function("errorSquares", "func(e, y, z, atol *float64, rtol float64, n int) float64", "is ErrorSquares for n a multiple of 4.")
	e, y, z, atol, n := param("e"), param("y"), param("z"), param("atol"), bytesParam("n")
	larger := largerTolerance(y, z, atol)
	sum = YMM()
	VXORPD(sum, sum, sum)
	registers("errors", n, func(i reg.Register) {
		x := load(e, i)
		VDIVPD(larger(i), x, x)
		VFMADD231PD(x, x, sum)
	})
	Store(horizontalSum(sum).AsX(), ReturnIndex(0))
	VZEROUPPER()
	RET()
}

func combination() {
	function("combine", "func(dst, y *float64, h float64, a, x *float64, ld, terms, n int)", "is Combine for n a multiple of 4.")
	dst, y, a, x, ld, terms, left := param("dst"), param("y"), param("a"), param("x"), bytesParam("ld"), param("terms"), bytesParam("n")
	h := every("h")
	block := func(prefix string, width int) {
		z := whole(width).load(Mem{Base: y})
		at, from, count, s := copyOf(a), copyOf(x), copyOf(terms), YMM()
		Label(prefix + "term")
		CMPQ(Mem{Base: at}, U8(0))
		JEQ(LabelRef(prefix + "skip"))
		VBROADCASTSD(Mem{Base: at}, s)
		VMULPD(h, s, s)
		for k := range z {
			VFMADD231PD(Mem{Base: from, Disp: 32 * k}, s, z[k])
		}
		Label(prefix + "skip")
		ADDQ(U8(8), at)
		ADDQ(ld, from)
		DECQ(count)
		JNE(LabelRef(prefix + "term"))
		for k := range z {
			VMOVUPD(z[k], Mem{Base: dst, Disp: 32 * k})
		}
		for _, p := range []reg.Register{dst, y, x} {
			ADDQ(U32(32*width), p)
		}
	}
	for _, width := range []int{5, 2, 1} {
		prefix := []string{5: "five_", 2: "two_", 1: "one_"}[width]
		Label(prefix + "columns")
		CMPQ(left, U32(32*width))
		JLT(LabelRef(prefix + "done"))
		block(prefix, width)
		SUBQ(U32(32*width), left)
		JMP(LabelRef(prefix + "columns"))
		Label(prefix + "done")
	}
	VZEROUPPER()
	RET()
}
