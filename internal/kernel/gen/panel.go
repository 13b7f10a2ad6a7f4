package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func panels() {
	mulPanel()
	addPanelTransposed()
	transpose()
	outer()
}

// param loads an argument into a fresh register; it may be called anywhere.
func param(name string) reg.Register { return Load(Param(name), GP64()) }

// bytes loads an argument that counts numbers, as bytes.
func bytesParam(name string) reg.Register {
	r := param(name)
	SHLQ(U8(3), r)
	return r
}

// mulPanel: tiles of 4 rows × 2 registers keep eight sums going, as many as two multiply-add units of four cycles need.
func mulPanel() {
	function("mulPanelAVX2", "func(y *float64, ldy int, a *float64, ra, ca int, x *float64, ldx int, m, k, n int, b, scale, factor *float64, ldf int)",
		"is MulPanel, n a multiple of 4.")
	y, a := param("y"), param("a")
	ldy, ra, ca, ldx := bytesParam("ldy"), bytesParam("ra"), bytesParam("ca"), bytesParam("ldx")
	m := NewParamAddr("m", 56)
	done := GP64() // rows done
	XORQ(done, done)
	rowsOf := func(height int) {
		prefix := fmt.Sprintf("rows_%d_", height)
		Label(prefix + "next")
		SUBQ(U8(height), m) // the argument itself counts: general registers are scarce
		JLT(LabelRef(prefix + "finished"))
		x := param("x")
		column := GP64() // bytes
		XORQ(column, column)
		left := bytesParam("n")
		doubleThenSingle(prefix, left, func(prefix string, width int) {
			panelTile(prefix, height, width, y, ldy, a, ra, ca, x, ldx, column, done)
		}, func(bytes int) { ADDQ(U8(bytes), column) })
		for range height {
			ADDQ(ldy, y)
			ADDQ(ra, a)
		}
		ADDQ(U8(height), done)
		JMP(LabelRef(prefix + "next"))
		Label(prefix + "finished")
		ADDQ(U8(height), m)
	}
	rowsOf(4)
	rowsOf(1)
	VZEROUPPER()
	RET()
}

// panelTile makes height rows × width registers of the product, at a column.
func panelTile(prefix string, height, width int, y, ldy, a, ra, ca, x, ldx, column, done reg.Register) {
	sums := make([]vec, height)
	b := param("b")
	for i := range sums {
		sums[i] = newVec(width)
	}
	TESTQ(b, b)
	JEQ(LabelRef(prefix + "zero"))
	for i, sum := range sums {
		VBROADCASTSD(Mem{Base: b, Index: done, Scale: 8, Disp: 8 * i}, sum[0])
		for k := 1; k < width; k++ {
			VMOVAPD(sum[0], sum[k])
		}
	}
	JMP(LabelRef(prefix + "start"))
	Label(prefix + "zero")
	for _, sum := range sums {
		for _, z := range sum {
			VXORPD(z, z, z)
		}
	}
	Label(prefix + "start")
	ai, xi, count := copyOf(a), GP64(), param("k")
	LEAQ(Mem{Base: x, Index: column, Scale: 1}, xi)
	elements := rowsAt(ai, ra, height)
	Label(prefix + "dot")
	t := each(width, func(k int, z reg.VecVirtual) { VMOVUPD(Mem{Base: xi, Disp: 32 * k}, z) })
	for i, sum := range sums {
		s := YMM()
		VBROADCASTSD(elements[i], s)
		for k := range sum {
			VFMADD231PD(t[k], s, sum[k])
		}
	}
	ADDQ(ca, ai)
	if height > 3 {
		ADDQ(ca, elements[3].Base)
	}
	ADDQ(ldx, xi)
	DECQ(count)
	JNE(LabelRef(prefix + "dot"))

	scale := param("scale")
	TESTQ(scale, scale)
	JEQ(LabelRef(prefix + "unscaled"))
	for i, sum := range sums {
		s := YMM()
		VBROADCASTSD(Mem{Base: scale, Index: done, Scale: 8, Disp: 8 * i}, s)
		for _, z := range sum {
			VMULPD(s, z, z)
		}
	}
	Label(prefix + "unscaled")
	factor := param("factor")
	TESTQ(factor, factor)
	JEQ(LabelRef(prefix + "store"))
	ldf := bytesParam("ldf")
	to := copyOf(done)
	IMULQ(ldf, to)
	ADDQ(column, to)
	ADDQ(to, factor)
	for i, f := range rowsAt(factor, ldf, height) {
		for k, z := range sums[i] {
			VMULPD(shifted(f, 32*k), z, z)
		}
	}
	Label(prefix + "store")
	to = GP64()
	LEAQ(Mem{Base: y, Index: column, Scale: 1}, to)
	for i, row := range rowsAt(to, ldy, height) {
		for k, z := range sums[i] {
			VMOVUPD(z, shifted(row, 32*k))
		}
	}
}

// addPanelTransposed makes 4 columns of the matrix at a time: four sums over registers, then one register of four sums.
func addPanelTransposed() {
	function("addPanelTransposedAVX2", "func(dst *float64, ldd int, sums, y *float64, ldy int, x *float64, ldx int, m, k, n int)",
		"is AddPanelTransposed, n a multiple of 4.")
	g, sums, y := param("dst"), param("sums"), param("y")
	ldg, ldy, ldx, n := bytesParam("ldd"), bytesParam("ldy"), bytesParam("ldx"), bytesParam("n")
	Label("row")
	{
		// The sum of the row.
		yi, left := copyOf(y), copyOf(n)
		total := YMM()
		VXORPD(total, total, total)
		Label("sum")
		VADDPD(Mem{Base: yi}, total, total)
		ADDQ(U8(32), yi)
		SUBQ(U8(32), left)
		JNE(LabelRef("sum"))
		s := horizontalSum(total)
		VADDSD(Mem{Base: sums}, s, s)
		VMOVSD(s, Mem{Base: sums})
	}
	x, gi, k := param("x"), copyOf(g), param("k")
	SUBQ(U8(4), k)
	JLT(LabelRef("rest"))
	Label("four")
	{
		yi, xi, left := copyOf(y), copyOf(x), copyOf(n)
		rows := rowsAt(xi, ldx, 4)
		sum := each(4, func(_ int, z reg.VecVirtual) { VXORPD(z, z, z) })
		Label("four_dot")
		t := YMM()
		VMOVUPD(Mem{Base: yi}, t)
		for i := range sum {
			VFMADD231PD(rows[i], t, sum[i])
		}
		ADDQ(U8(32), yi)
		advanceRows(rows, 32)
		SUBQ(U8(32), left)
		JNE(LabelRef("four_dot"))
		// [a0+a1, b0+b1, a2+a3, b2+b3] and so on, then across the halves.
		ab, cd, low, high := YMM(), YMM(), YMM(), YMM()
		VHADDPD(sum[1], sum[0], ab)
		VHADDPD(sum[3], sum[2], cd)
		VPERM2F128(U8(0x21), cd, ab, low)
		VBLENDPD(U8(0xc), cd, ab, high)
		VADDPD(low, high, low)
		VADDPD(Mem{Base: gi}, low, low)
		VMOVUPD(low, Mem{Base: gi})
		ADDQ(U8(32), gi)
		LEAQ(Mem{Base: x, Index: ldx, Scale: 4}, x)
	}
	SUBQ(U8(4), k)
	JGE(LabelRef("four"))
	Label("rest")
	ADDQ(U8(4), k)
	JEQ(LabelRef("row_end"))
	Label("one")
	{
		yi, xi, left := copyOf(y), copyOf(x), copyOf(n)
		sum, t := YMM(), YMM()
		VXORPD(sum, sum, sum)
		Label("one_dot")
		VMOVUPD(Mem{Base: yi}, t)
		VFMADD231PD(Mem{Base: xi}, t, sum)
		ADDQ(U8(32), yi)
		ADDQ(U8(32), xi)
		SUBQ(U8(32), left)
		JNE(LabelRef("one_dot"))
		s := horizontalSum(sum)
		VADDSD(Mem{Base: gi}, s, s)
		VMOVSD(s, Mem{Base: gi})
		ADDQ(U8(8), gi)
		ADDQ(ldx, x)
	}
	DECQ(k)
	JNE(LabelRef("one"))
	Label("row_end")
	ADDQ(ldg, g)
	ADDQ(ldy, y)
	ADDQ(U8(8), sums)
	DECQ(NewParamAddr("m", 56))
	JNE(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// horizontalSum adds the four lanes.
func horizontalSum(y reg.VecVirtual) reg.VecVirtual {
	high, s := XMM(), XMM()
	VEXTRACTF128(U8(1), y, high)
	VADDPD(high, y.AsX(), s)
	VHADDPD(s, s, s)
	return s
}

// transpose turns rows into columns, four by four.
func transpose() {
	function("transposeAVX2", "func(dst *float64, ldd int, src *float64, lds int, m, n int)",
		"writes the transpose of the m×n matrix src into dst, m and n multiples of 4.")
	dst, src := param("dst"), param("src")
	ldd, lds := bytesParam("ldd"), bytesParam("lds")
	m := param("m")
	Label("rows")
	{
		n, from, to := param("n"), copyOf(src), copyOf(dst)
		Label("columns")
		r := each(4, func(i int, z reg.VecVirtual) { VMOVUPD(rowsAt(from, lds, 4)[i], z) })
		// Pairs within halves, then halves.
		p := []reg.VecVirtual{YMM(), YMM(), YMM(), YMM()}
		VUNPCKLPD(r[1], r[0], p[0])
		VUNPCKHPD(r[1], r[0], p[1])
		VUNPCKLPD(r[3], r[2], p[2])
		VUNPCKHPD(r[3], r[2], p[3])
		VPERM2F128(U8(0x20), p[2], p[0], r[0])
		VPERM2F128(U8(0x20), p[3], p[1], r[1])
		VPERM2F128(U8(0x31), p[2], p[0], r[2])
		VPERM2F128(U8(0x31), p[3], p[1], r[3])
		for i, row := range rowsAt(to, ldd, 4) {
			VMOVUPD(r[i], row)
		}
		ADDQ(U8(32), from)
		LEAQ(Mem{Base: to, Index: ldd, Scale: 4}, to)
		SUBQ(U8(4), n)
		JNE(LabelRef("columns"))
	}
	LEAQ(Mem{Base: src, Index: lds, Scale: 4}, src)
	ADDQ(U8(32), dst)
	SUBQ(U8(4), m)
	JNE(LabelRef("rows"))
	VZEROUPPER()
	RET()
}

// outer writes whole registers: what one row writes beyond its end the next row overwrites. The last row is the caller's.
func outer() {
	function("outerAVX2", "func(dst, y, x, u, v *float64, m, k int)",
		"writes y·xᵀ + u·vᵀ, or y·xᵀ for a nil u, into the m×k matrix dst and up to three numbers beyond its end; x and v are padded.")
	dst, y, x, u, v := param("dst"), param("y"), param("x"), param("u"), param("v")
	m, k := param("m"), bytesParam("k")
	TESTQ(u, u)
	JNE(LabelRef("two"))
	for _, two := range []bool{false, true} {
		prefix := "one_"
		if two {
			prefix = "two_"
			Label("two")
		}
		Label(prefix + "row")
		s, t := YMM(), YMM()
		VBROADCASTSD(Mem{Base: y}, s)
		if two {
			VBROADCASTSD(Mem{Base: u}, t)
		}
		j := GP64()
		XORQ(j, j)
		Label(prefix + "column")
		z := YMM()
		VMULPD(Mem{Base: x, Index: j, Scale: 1}, s, z)
		if two {
			VFMADD231PD(Mem{Base: v, Index: j, Scale: 1}, t, z)
		}
		VMOVUPD(z, Mem{Base: dst, Index: j, Scale: 1})
		ADDQ(U8(32), j)
		CMPQ(j, k)
		JLT(LabelRef(prefix + "column"))
		ADDQ(k, dst)
		ADDQ(U8(8), y)
		if two {
			ADDQ(U8(8), u)
		}
		DECQ(m)
		JNE(LabelRef(prefix + "row"))
		VZEROUPPER()
		RET()
	}
}
