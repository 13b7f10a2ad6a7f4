package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func elementwise() {
	function("applyAVX2", "func(fn, order int, dst, d1, d2, z *float64, n int)",
		"applies an activation to n numbers, a multiple of 4: the value, and derivatives up to the order.")
	fn, order := Load(Param("fn"), GP64()), Load(Param("order"), GP64())
	to := []reg.Register{Load(Param("dst"), GP64()), Load(Param("d1"), GP64()), Load(Param("d2"), GP64())}
	z, n := Load(Param("z"), GP64()), Load(Param("n"), GP64())
	blocks(n, func(i reg.Register, group int) {
		dispatch(fmt.Sprintf("apply%d", group), fn, group,
			func(k int, _ bool, x reg.VecVirtual) { VMOVUPD(Mem{Base: z, Index: i, Scale: 8, Disp: 32 * k}, x) },
			func(k, of int, y reg.Register) { VMOVUPD(y, Mem{Base: to[of], Index: i, Scale: 8, Disp: 32 * k}) },
			func(of int, end string) {
				CMPQ(order, U8(of))
				JEQ(LabelRef(end))
			})
	})
	VZEROUPPER()
	RET()

	function("expAVX2", "func(dst, x *float64, n int)", "writes exp(x) for n numbers, a multiple of 4.")
	dst, src, n := Load(Param("dst"), GP64()), Load(Param("x"), GP64()), Load(Param("n"), GP64())
	blocks(n, func(i reg.Register, group int) {
		x := each(group, func(k int, z reg.VecVirtual) { VMOVUPD(Mem{Base: src, Index: i, Scale: 8, Disp: 32 * k}, z) })
		for k, y := range x.exponential() {
			VMOVUPD(y, Mem{Base: dst, Index: i, Scale: 8, Disp: 32 * k})
		}
	})
	VZEROUPPER()
	RET()
}

// function starts an assembly function.
func function(name, signature, doc string) {
	TEXT(name, attr.NOSPLIT, signature)
	Doc(name + " " + doc)
	Pragma("noescape")
}

// blocks emits a loop over n numbers, a multiple of 4, two registers at a time and one at the end; the body gets the index and how many
// registers it is to handle.
func blocks(n reg.Register, body func(i reg.Register, group int)) {
	i, last := GP64(), GP64()
	XORQ(i, i)
	MOVQ(n, last)
	SUBQ(U8(8), last)
	JLT(LabelRef("single"))
	Label("double")
	body(i, 2)
	ADDQ(U8(8), i)
	CMPQ(i, last)
	JLE(LabelRef("double"))
	Label("single")
	CMPQ(i, n)
	JGE(LabelRef("done"))
	body(i, 1)
	Label("done")
}
