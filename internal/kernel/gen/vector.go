package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func vectors() {
	for rows := 2; rows <= 4; rows++ {
		addRows(rows)
	}
	function("addScaledAVX2", "func(y *float64, s float64, x *float64, n int)", "is AddScaled for n a multiple of 4.")
	y, x, n := param("y"), param("x"), bytesParam("n")
	s := YMM()
	VBROADCASTSD(NewParamAddr("s", 8), s)
	doubleThenSingle("", n, func(_ string, width int) {
		z := each(width, func(k int, z reg.VecVirtual) { VMOVUPD(Mem{Base: y, Disp: 32 * k}, z) })
		for k := range z {
			VFMADD231PD(Mem{Base: x, Disp: 32 * k}, s, z[k])
			VMOVUPD(z[k], Mem{Base: y, Disp: 32 * k})
		}
	}, func(bytes int) {
		ADDQ(U8(bytes), y)
		ADDQ(U8(bytes), x)
	})
	VZEROUPPER()
	RET()

	function("dotAVX2", "func(x, y *float64, n int) float64", "is Dot for n a multiple of 16, in sixteen interleaved sums.")
	x, y, n = param("x"), param("y"), bytesParam("n")
	sum := each(4, func(_ int, z reg.VecVirtual) { VXORPD(z, z, z) })
	Label("dot")
	for k := range sum {
		t := YMM()
		VMOVUPD(Mem{Base: x, Disp: 32 * k}, t)
		VFMADD231PD(Mem{Base: y, Disp: 32 * k}, t, sum[k])
	}
	ADDQ(U32(128), x)
	ADDQ(U32(128), y)
	SUBQ(U32(128), n)
	JNE(LabelRef("dot"))
	VADDPD(sum[1], sum[0], sum[0])
	VADDPD(sum[3], sum[2], sum[2])
	VADDPD(sum[2], sum[0], sum[0])
	Store(horizontalSum(sum[0]).AsX(), ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// addRows reads and writes y once for several rows.
func addRows(rows int) {
	function(fmt.Sprintf("addRows%dAVX2", rows), "func(y, s, x *float64, ldx, n int)", "is addRows for that many rows, n a multiple of 4.")
	y, s, x, ldx, n := param("y"), param("s"), param("x"), bytesParam("ldx"), bytesParam("n")
	factors := each(rows, func(i int, z reg.VecVirtual) { VBROADCASTSD(Mem{Base: s, Disp: 8 * i}, z) })
	from := rowsAt(x, ldx, rows)
	doubleThenSingle("", n, func(_ string, width int) {
		z := each(width, func(k int, z reg.VecVirtual) { VMOVUPD(Mem{Base: y, Disp: 32 * k}, z) })
		for i, f := range factors {
			for k := range z {
				VFMADD231PD(shifted(from[i], 32*k), f, z[k])
			}
		}
		for k := range z {
			VMOVUPD(z[k], Mem{Base: y, Disp: 32 * k})
		}
	}, func(bytes int) {
		ADDQ(U8(bytes), y)
		advanceRows(from, bytes)
	})
	VZEROUPPER()
	RET()
}
