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
	function("addScaled", "func(y *float64, s float64, x *float64, n int)", "is AddScaled for n a multiple of 4.")
	y, x, n := param("y"), param("x"), bytesParam("n")
	s := broadcast(NewParamAddr("s", 8))
	bySpans("", n, func(_ string, block span) {
		z := block.load(Mem{Base: y})
		z.addRow(Mem{Base: x}, s)
		z.store(Mem{Base: y})
	}, func(bytes int) {
		ADDQ(immediate(bytes), y)
		ADDQ(immediate(bytes), x)
	})
	VZEROUPPER()
	RET()

	function("dot", "func(x, y *float64, n int) float64", "is Dot for n a multiple of 16, in sixteen interleaved sums.")
	x, y, n = param("x"), param("y"), bytesParam("n")
	sum := whole(4).zero()
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
	function(fmt.Sprintf("addRows%d", rows), "func(y, s, x *float64, ldx, n int)", "is addRows for that many rows, n a multiple of 4.")
	y, s, x, ldx, n := param("y"), param("s"), param("x"), bytesParam("ldx"), bytesParam("n")
	factors := whole(rows).each(func(i int, z reg.VecVirtual) { VBROADCASTSD(Mem{Base: s, Disp: 8 * i}, z) })
	from := rowsAt(x, ldx, rows)
	bySpans("", n, func(_ string, block span) {
		z := block.load(Mem{Base: y})
		for i, f := range factors {
			z.addRow(from[i], f)
		}
		z.store(Mem{Base: y})
	}, func(bytes int) {
		ADDQ(immediate(bytes), y)
		advanceRows(from, bytes)
	})
	VZEROUPPER()
	RET()
}
