package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func elementwise() {
	function("apply", "func(fn, order int, dst, d1, d2, z *float64, n int)",
		"applies an activation to n numbers, a multiple of 4: the value, and derivatives up to the order.")
	fn, order := Load(Param("fn"), GP64()), Load(Param("order"), GP64())
	to := []reg.Register{Load(Param("dst"), GP64()), Load(Param("d1"), GP64()), Load(Param("d2"), GP64())}
	z, n := Load(Param("z"), GP64()), Load(Param("n"), GP64())
	blocks(n, func(i reg.Register, s span) {
		dispatch(fmt.Sprintf("apply%d", s.bytes()), fn, s,
			func(k int, _ bool, x reg.VecVirtual) { VMOVUPD(Mem{Base: z, Index: i, Scale: 8, Disp: s.at(k)}, x) },
			func(k, of int, y reg.Register) { VMOVUPD(y, Mem{Base: to[of], Index: i, Scale: 8, Disp: s.at(k)}) },
			func(of int, end string) {
				CMPQ(order, U8(of))
				JEQ(LabelRef(end))
			})
	})
	VZEROUPPER()
	RET()

	function("exp", "func(dst, x *float64, n int)", "writes exp(x) for n numbers, a multiple of 4.")
	dst, src, n := Load(Param("dst"), GP64()), Load(Param("x"), GP64()), Load(Param("n"), GP64())
	blocks(n, func(i reg.Register, s span) {
		x := s.load(Mem{Base: src, Index: i, Scale: 8})
		x.exponential().store(Mem{Base: dst, Index: i, Scale: 8})
	})
	VZEROUPPER()
	RET()
}

// function starts an assembly function.
func function(name, signature, doc string) {
	name += target.suffix
	TEXT(name, attr.NOSPLIT, signature)
	Doc(name + " " + doc)
	Pragma("noescape")
}

// blocks emits a loop over n numbers, a multiple of 4, by spans; the body gets the index and the span it is to handle.
func blocks(n reg.Register, body func(i reg.Register, s span)) {
	i, left := GP64(), copyOf(n)
	XORQ(i, i)
	SHLQ(U8(3), left)
	bySpans("", left, func(_ string, s span) { body(i, s) }, func(bytes int) { ADDQ(U8(bytes/8), i) })
}
