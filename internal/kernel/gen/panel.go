package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// panels emits products of small matrices and what belongs to them. Only the product gains by wider registers.
func panels() {
	mulPanel()
	if target.width > 32 {
		return
	}
	addPanelTransposed()
	transpose()
	outer()
	scaleRows()
}

// param loads an argument into a fresh register; it may be called anywhere.
func param(name string) reg.Register { return Load(Param(name), GP64()) }

// bytes loads an argument that counts numbers, as bytes.
func bytesParam(name string) reg.Register {
	r := param(name)
	SHLQ(U8(3), r)
	return r
}

// A panelTile is what mulPanel makes at a time: registers of columns × rows. There are as many sums as two multiply-add units of four cycles need,
// where the registers suffice, and not more loads than multiplications for them.
type panelTile struct {
	columns span
	height  int
}

// panelTiles are the tiles by falling width. The first is repeated as long as more columns are left than its two successors hold.
func panelTiles() []panelTile {
	if target.width == 32 {
		return []panelTile{{whole(4), 2}, {whole(5), 2}, {whole(3), 3}, {whole(2), 4}, {whole(1), 4}}
	}
	return []panelTile{
		{whole(4), 4}, {span{64, 64, 64, 32}, 4}, {whole(3), 4}, {span{64, 64, 32}, 4}, {whole(2), 4}, {span{64, 32}, 4}, {whole(1), 4}, {span{32}, 4},
	}
}

func mulPanel() {
	function("mulPanel", "func(y *float64, ldy int, a *float64, ra, ca int, x *float64, ldx int, m, k, n int, b, scale, factor *float64, ldf, add int)",
		"is MulPanel or, with add other than 0, adds to Y; n a multiple of 4.")
	ldy, ra, ca, ldx := bytesParam("ldy"), bytesParam("ra"), bytesParam("ca"), bytesParam("ldx")
	column := GP64() // of the tile, in bytes
	XORQ(column, column)
	Label("columns")
	left := bytesParam("n")
	SUBQ(column, left)
	JEQ(LabelRef("finished"))
	// More than the widest tile and the narrowest hold: one of middling width, else the tile that fits.
	tiles := panelTiles()
	CMPQ(left, U32(manyColumns()))
	JGE(LabelRef(tiles[0].name()))
	for i, tile := range tiles {
		last := i == len(tiles)-1
		if !last {
			CMPQ(left, U32(tile.columns.bytes()))
			JNE(LabelRef(tile.name() + "_not"))
		}
		Label(tile.name())
		tile.columnsOfAllRows(ldy, ra, ca, ldx, column)
		ADDQ(U32(tile.columns.bytes()), column)
		JMP(LabelRef("columns"))
		if !last {
			Label(tile.name() + "_not")
		}
	}
	Label("finished")
	VZEROUPPER()
	RET()
}

// manyColumns is from how many bytes of columns on the first tile is taken.
func manyColumns() int {
	if target.width == 32 {
		return 6 * 32
	}
	return 4*64 + 32
}

func (t panelTile) name() string { return fmt.Sprintf("width_%d", t.columns.bytes()/32) }

// columnsOfAllRows makes the tile's columns of all rows.
func (t panelTile) columnsOfAllRows(ldy, ra, ca, ldx, column reg.Register) {
	y, a, done := param("y"), param("a"), GP64()
	ADDQ(column, y)
	XORQ(done, done)
	for _, h := range []int{t.height, 1} {
		prefix := fmt.Sprintf("%s_rows_%d_", t.name(), h)
		Label(prefix + "next")
		m := param("m")
		SUBQ(done, m)
		CMPQ(m, U8(h))
		JLT(LabelRef(prefix + "finished"))
		t.rows(prefix, h, y, ldy, a, ra, ca, ldx, column, done)
		for range h {
			ADDQ(ldy, y)
			ADDQ(ra, a)
		}
		ADDQ(U8(h), done)
		JMP(LabelRef(prefix + "next"))
		Label(prefix + "finished")
	}
}

// rows makes height rows of the product in the tile's columns.
func (t panelTile) rows(prefix string, height int, y, ldy, a, ra, ca, ldx, column, done reg.Register) {
	sums := make([]vec, height)
	for i := range sums {
		sums[i] = t.columns.each(func(int, reg.VecVirtual) {})
	}
	b := param("b")
	TESTQ(b, b)
	JEQ(LabelRef(prefix + "zero"))
	for i, sum := range sums {
		sum.spread(Mem{Base: b, Index: done, Scale: 8, Disp: 8 * i})
	}
	JMP(LabelRef(prefix + "start"))
	Label(prefix + "zero")
	add := param("add")
	TESTQ(add, add)
	JNE(LabelRef(prefix + "add"))
	for _, sum := range sums {
		for _, z := range sum {
			VXORPD(z, z, z)
		}
	}
	JMP(LabelRef(prefix + "start"))
	Label(prefix + "add")
	for i, row := range rowsAt(y, ldy, height) {
		for k, z := range sums[i] {
			VMOVUPD(shifted(row, t.columns.at(k)), z)
		}
	}
	Label(prefix + "start")
	ai, xi, count := copyOf(a), param("x"), param("k")
	ADDQ(column, xi)
	elements := rowsAt(ai, ra, height)
	Label(prefix + "dot")
	if height == 1 {
		sums[0].addRow(Mem{Base: xi}, broadcast(elements[0]))
	} else {
		x := t.columns.load(Mem{Base: xi})
		for i, sum := range sums {
			s := broadcast(elements[i])
			for k, width := range t.columns {
				VFMADD231PD(x[k], narrowed(s, width), sum[k])
			}
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
		s := broadcast(Mem{Base: scale, Index: done, Scale: 8, Disp: 8 * i})
		for k, width := range t.columns {
			VMULPD(narrowed(s, width), sum[k], sum[k])
		}
	}
	Label(prefix + "unscaled")
	factor := param("factor")
	TESTQ(factor, factor)
	JEQ(LabelRef(prefix + "store"))
	ldf, row := bytesParam("ldf"), copyOf(done)
	IMULQ(ldf, row)
	ADDQ(column, row)
	ADDQ(row, factor)
	for i, f := range rowsAt(factor, ldf, height) {
		for k, z := range sums[i] {
			VMULPD(shifted(f, t.columns.at(k)), z, z)
		}
	}
	Label(prefix + "store")
	for i, row := range rowsAt(y, ldy, height) {
		sums[i].store(row)
	}
}

// addPanelTransposed takes two rows and four columns of the matrix at a time, whose eight sums keep both multiply-add units busy.
func addPanelTransposed() {
	function("addPanelTransposed", "func(dst *float64, ldd int, sums, y *float64, ldy int, x *float64, ldx int, m, k, n int)",
		"is AddPanelTransposed, n a multiple of 4.")
	g, y := param("dst"), param("y")
	ldg, ldy, ldx := bytesParam("ldd"), bytesParam("ldy"), bytesParam("ldx")
	m := NewParamAddr("m", 56)
	for _, height := range []int{2, 1} {
		prefix := fmt.Sprintf("rows_%d_", height)
		Label(prefix + "next")
		SUBQ(U8(height), m) // the arguments themselves count: general registers are scarce
		JLT(LabelRef(prefix + "finished"))
		addRowSums(prefix, height, y, ldy)
		x, to, k := param("x"), copyOf(g), param("k")
		for _, width := range []int{4, 1} {
			part := fmt.Sprintf("%scolumns_%d_", prefix, width)
			SUBQ(U8(width), k)
			JLT(LabelRef(part + "finished"))
			Label(part + "next")
			transposedTile(part, height, width, to, ldg, y, ldy, x, ldx)
			ADDQ(U8(8*width), to)
			for range width {
				ADDQ(ldx, x)
			}
			SUBQ(U8(width), k)
			JGE(LabelRef(part + "next"))
			Label(part + "finished")
			ADDQ(U8(width), k)
		}
		for range height {
			ADDQ(ldg, g)
			ADDQ(ldy, y)
		}
		ADDQ(U8(8*height), NewParamAddr("sums", 16))
		JMP(LabelRef(prefix + "next"))
		Label(prefix + "finished")
		ADDQ(U8(height), m)
	}
	VZEROUPPER()
	RET()
}

// addRowSums adds the sums of height rows of y to sums.
func addRowSums(prefix string, height int, y, ldy reg.Register) {
	yi, left, sums := copyOf(y), bytesParam("n"), param("sums")
	rows := rowsAt(yi, ldy, height)
	total := whole(height).zero()
	Label(prefix + "sum")
	for i := range total {
		VADDPD(rows[i], total[i], total[i])
	}
	ADDQ(U8(32), yi)
	SUBQ(U8(32), left)
	JNE(LabelRef(prefix + "sum"))
	for i := range total {
		addScalar(horizontalSum(total[i]), Mem{Base: sums, Disp: 8 * i})
	}
}

// transposedTile adds height × width products of rows of y with rows of x to the matrix at g.
func transposedTile(prefix string, height, width int, g, ldg, y, ldy, x, ldx reg.Register) {
	yi, xi, left := copyOf(y), copyOf(x), bytesParam("n")
	yRows, xRows := rowsAt(yi, ldy, height), rowsAt(xi, ldx, width)
	sums := make([]vec, height)
	for i := range sums {
		sums[i] = whole(width).zero()
	}
	Label(prefix + "dot")
	s := whole(height).each(func(i int, z reg.VecVirtual) { VMOVUPD(yRows[i], z) })
	for j := range width {
		t := YMM()
		VMOVUPD(xRows[j], t)
		for i := range sums {
			VFMADD231PD(t, s[i], sums[i][j])
		}
	}
	ADDQ(U8(32), yi)
	advanceRows(xRows, 32)
	SUBQ(U8(32), left)
	JNE(LabelRef(prefix + "dot"))
	for i, row := range rowsAt(g, ldg, height) {
		if width == 1 {
			addScalar(horizontalSum(sums[i][0]), row)
			continue
		}
		// [a0+a1, b0+b1, a2+a3, b2+b3] and so on, then across the halves.
		ab, cd, low, high := YMM(), YMM(), YMM(), YMM()
		VHADDPD(sums[i][1], sums[i][0], ab)
		VHADDPD(sums[i][3], sums[i][2], cd)
		VPERM2F128(U8(0x21), cd, ab, low)
		VBLENDPD(U8(0xc), cd, ab, high)
		VADDPD(low, high, low)
		VADDPD(row, low, low)
		VMOVUPD(low, row)
	}
}

// addScalar adds the lowest number of a register to one in memory.
func addScalar(s reg.VecVirtual, to Mem) {
	VADDSD(to, s, s)
	VMOVSD(s, to)
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
	function("transpose", "func(dst *float64, ldd int, src *float64, lds int, m, n int)",
		"writes the transpose of the m×n matrix src into dst, m and n multiples of 4.")
	dst, src := param("dst"), param("src")
	ldd, lds := bytesParam("ldd"), bytesParam("lds")
	m := param("m")
	Label("rows")
	{
		n, from, to := param("n"), copyOf(src), copyOf(dst)
		Label("columns")
		r := whole(4).each(func(i int, z reg.VecVirtual) { VMOVUPD(rowsAt(from, lds, 4)[i], z) })
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

// outer writes whole registers: what a row writes beyond its end the next one overwrites. Rows for which that would reach beyond the end of
// the matrix are written number by number.
func outer() {
	function("outer", "func(dst, y, x, u, v *float64, whole, single, k int)",
		"is Outer: whole rows by registers, which write up to three numbers beyond them, then single rows to their exact end.")
	dst, y, x, u, v := param("dst"), param("y"), param("x"), param("u"), param("v")
	k := bytesParam("k")
	TESTQ(u, u)
	JNE(LabelRef("two"))
	for _, two := range []bool{false, true} {
		prefix := "one_"
		if two {
			prefix = "two_"
			Label("two")
		}
		rows := param("whole")
		TESTQ(rows, rows)
		JEQ(LabelRef(prefix + "exact"))
		outerRows(prefix+"whole_", two, false, rows, dst, y, x, u, v, k)
		Label(prefix + "exact")
		rows = param("single")
		TESTQ(rows, rows)
		JEQ(LabelRef(prefix + "finished"))
		outerRows(prefix+"single_", two, true, rows, dst, y, x, u, v, k)
		Label(prefix + "finished")
		VZEROUPPER()
		RET()
	}
}

func outerRows(prefix string, two, exact bool, rows, dst, y, x, u, v, k reg.Register) {
	Label(prefix + "row")
	s, t := YMM(), YMM()
	VBROADCASTSD(Mem{Base: y}, s)
	if two {
		VBROADCASTSD(Mem{Base: u}, t)
	}
	j := GP64()
	XORQ(j, j)
	if exact {
		left := copyOf(k)
		SUBQ(U8(32), left)
		JLT(LabelRef(prefix + "tail"))
		Label(prefix + "column")
		outerRegister(two, dst, x, v, j, s, t)
		ADDQ(U8(32), j)
		SUBQ(U8(32), left)
		JGE(LabelRef(prefix + "column"))
		Label(prefix + "tail")
		ADDQ(U8(32), left)
		JEQ(LabelRef(prefix + "end"))
		Label(prefix + "number")
		z := XMM()
		VMULSD(Mem{Base: x, Index: j, Scale: 1}, s.AsX(), z)
		if two {
			VFMADD231SD(Mem{Base: v, Index: j, Scale: 1}, t.AsX(), z)
		}
		VMOVSD(z, Mem{Base: dst, Index: j, Scale: 1})
		ADDQ(U8(8), j)
		CMPQ(j, k)
		JLT(LabelRef(prefix + "number"))
		Label(prefix + "end")
	} else {
		Label(prefix + "column")
		outerRegister(two, dst, x, v, j, s, t)
		ADDQ(U8(32), j)
		CMPQ(j, k)
		JLT(LabelRef(prefix + "column"))
	}
	ADDQ(k, dst)
	ADDQ(U8(8), y)
	if two {
		ADDQ(U8(8), u)
	}
	DECQ(rows)
	JNE(LabelRef(prefix + "row"))
}

func outerRegister(two bool, dst, x, v, j reg.Register, s, t reg.VecVirtual) {
	z := YMM()
	VMULPD(Mem{Base: x, Index: j, Scale: 1}, s, z)
	if two {
		VFMADD231PD(Mem{Base: v, Index: j, Scale: 1}, t, z)
	}
	VMOVUPD(z, Mem{Base: dst, Index: j, Scale: 1})
}

func scaleRows() {
	function("scaleRows", "func(dst, src, scale *float64, m, n int)", "is ScaleRows, n a multiple of 4.")
	dst, src, scale, m, n := param("dst"), param("src"), param("scale"), param("m"), bytesParam("n")
	Label("row")
	s, left := YMM(), copyOf(n)
	VBROADCASTSD(Mem{Base: scale}, s)
	Label("column")
	z := YMM()
	VMULPD(Mem{Base: src}, s, z)
	VMOVUPD(z, Mem{Base: dst})
	ADDQ(U8(32), src)
	ADDQ(U8(32), dst)
	SUBQ(U8(32), left)
	JNE(LabelRef("column"))
	ADDQ(U8(8), scale)
	DECQ(m)
	JNE(LabelRef("row"))
	VZEROUPPER()
	RET()
}
