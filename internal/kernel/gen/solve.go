package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// solves emits what linear systems are solved with.
func solves() {
	substitution()
	if target == avx512 {
		return // the others have no use for wider registers
	}
	elimination()
	dotRows()
}

// substitution emits substitution for a panel of right-hand sides: four registers of columns at a time, then fewer; two rows at a time, so that every row of
// the solution that is loaded is used twice.
func substitution() {
	function("substitute", "func(a *float64, ra, ca int, unit bool, b *float64, ldb int, n, c int)",
		"is substituteGo for c a multiple of 4. The strides may be negative: then the rows of b are taken from the last to the first.")
	b := param("b")
	ra, ca, ldb := bytesParam("ra"), bytesParam("ca"), bytesParam("ldb")
	left := param("c")
	spans := []span{whole(4), whole(2), whole(1)}
	if target == avx512 {
		spans = append(spans, span{32})
	}
	for _, columns := range spans {
		count := columns.bytes() / 8
		prefix := fmt.Sprintf("columns_%d_", count)
		SUBQ(U8(count), left)
		JLT(LabelRef(prefix + "finished"))
		Label(prefix + "next")
		substituteColumns(prefix, columns, b, ra, ca, ldb)
		ADDQ(U32(columns.bytes()), b)
		SUBQ(U8(count), left)
		JGE(LabelRef(prefix + "next"))
		Label(prefix + "finished")
		ADDQ(U8(count), left)
	}
	VZEROUPPER()
	RET()
}

// substituteColumns solves for a span of columns.
func substituteColumns(prefix string, columns span, b, ra, ca, ldb reg.Register) {
	a := param("a") // the row of the triangle
	to := copyOf(b)
	done := GP64()
	XORQ(done, done)
	Label(prefix + "pair")
	{
		n := param("n")
		SUBQ(done, n)
		CMPQ(n, U8(2))
		JLT(LabelRef(prefix + "last"))
		top := columns.load(Mem{Base: to})
		bottom := columns.load(Mem{Base: to, Index: ldb, Scale: 1})
		ai, x, j := copyOf(a), copyOf(b), copyOf(done)
		TESTQ(j, j)
		JEQ(LabelRef(prefix + "pair_diagonal"))
		Label(prefix + "pair_dot")
		s, t := registerOf(columns[0]), registerOf(columns[0])
		VBROADCASTSD(Mem{Base: ai}, s)
		VBROADCASTSD(Mem{Base: ai, Index: ra, Scale: 1}, t)
		for k := range columns {
			z := registerOf(columns[k])
			VMOVUPD(Mem{Base: x, Disp: columns.at(k)}, z)
			VFNMADD231PD(z, s, top[k])
			VFNMADD231PD(z, t, bottom[k])
		}
		ADDQ(ca, ai)
		ADDQ(ldb, x)
		DECQ(j)
		JNE(LabelRef(prefix + "pair_dot"))
		Label(prefix + "pair_diagonal")
		divideByDiagonal(prefix+"top_", top, Mem{Base: ai})
		VBROADCASTSD(Mem{Base: ai, Index: ra, Scale: 1}, t)
		for k := range columns {
			VMOVUPD(top[k], Mem{Base: to, Disp: columns.at(k)})
			VFNMADD231PD(top[k], t, bottom[k])
		}
		ADDQ(ca, ai)
		divideByDiagonal(prefix+"bottom_", bottom, Mem{Base: ai, Index: ra, Scale: 1})
		bottom.store(Mem{Base: to, Index: ldb, Scale: 1})
	}
	LEAQ(Mem{Base: a, Index: ra, Scale: 2}, a)
	LEAQ(Mem{Base: to, Index: ldb, Scale: 2}, to)
	ADDQ(U8(2), done)
	JMP(LabelRef(prefix + "pair"))
	Label(prefix + "last")
	{
		n := param("n")
		CMPQ(done, n)
		JEQ(LabelRef(prefix + "solved"))
		sum := columns.load(Mem{Base: to})
		ai, x, j := copyOf(a), copyOf(b), copyOf(done)
		TESTQ(j, j)
		JEQ(LabelRef(prefix + "last_diagonal"))
		Label(prefix + "last_dot")
		s := registerOf(columns[0])
		VBROADCASTSD(Mem{Base: ai}, s)
		for k := range columns {
			VFNMADD231PD(Mem{Base: x, Disp: columns.at(k)}, s, sum[k])
		}
		ADDQ(ca, ai)
		ADDQ(ldb, x)
		DECQ(j)
		JNE(LabelRef(prefix + "last_dot"))
		Label(prefix + "last_diagonal")
		divideByDiagonal(prefix+"last_", sum, Mem{Base: ai})
		sum.store(Mem{Base: to})
	}
	Label(prefix + "solved")
}

// divideByDiagonal multiplies by the reciprocal of a diagonal element, which does not wait for the sums; nothing for a unit diagonal.
func divideByDiagonal(prefix string, x vec, diagonal Mem) {
	CMPB(NewParamAddr("unit", 24), U8(0))
	JNE(LabelRef(prefix + "unit"))
	d, one := registerOf(int(x[0].Size())), x[:1].fill(1)[0]
	VBROADCASTSD(diagonal, d)
	VDIVPD(d, one, d)
	for _, z := range x {
		VMULPD(d, z, z)
	}
	Label(prefix + "unit")
}

// elimination emits one step of Gaussian elimination: a row at a time, by registers and then number by number.
func elimination() {
	function("eliminate", "func(a *float64, ld int, d float64, rows, cols int)", "is eliminateGo for at least one row.")
	pivot, ld, rows := param("a"), bytesParam("ld"), param("rows")
	d, l, multiplier := XMM(), XMM(), YMM()
	Load(Param("d"), d)
	row := copyOf(pivot)
	Label("row")
	{
		ADDQ(ld, row)
		VMULSD(Mem{Base: row}, d, l)
		VMOVSD(l, Mem{Base: row})
		VBROADCASTSD(l, multiplier)
		from, to, left := copyOf(pivot), copyOf(row), param("cols")
		SUBQ(U8(4), left)
		JLT(LabelRef("single"))
		Label("register")
		z := YMM()
		VMOVUPD(Mem{Base: to, Disp: 8}, z)
		VFNMADD231PD(Mem{Base: from, Disp: 8}, multiplier, z)
		VMOVUPD(z, Mem{Base: to, Disp: 8})
		ADDQ(U8(32), from)
		ADDQ(U8(32), to)
		SUBQ(U8(4), left)
		JGE(LabelRef("register"))
		Label("single")
		ADDQ(U8(4), left)
		JEQ(LabelRef("finished"))
		Label("number")
		x := XMM()
		VMOVSD(Mem{Base: to, Disp: 8}, x)
		VFNMADD231SD(Mem{Base: from, Disp: 8}, l, x)
		VMOVSD(x, Mem{Base: to, Disp: 8})
		ADDQ(U8(8), from)
		ADDQ(U8(8), to)
		DECQ(left)
		JNE(LabelRef("number"))
		Label("finished")
		DECQ(rows)
		JNE(LabelRef("row"))
	}
	VZEROUPPER()
	RET()
}

// dotRows emits the products of four rows with one vector.
func dotRows() {
	function("dotRows", "func(sums *float64, x, a *float64, ld, n int)", "is dotRowsGo for n a positive multiple of 4.")
	sums, x, row, ld, left := param("sums"), param("x"), param("a"), bytesParam("ld"), bytesParam("n")
	rows := []reg.Register{row}
	for len(rows) < 4 {
		next := GP64()
		LEAQ(Mem{Base: rows[len(rows)-1], Index: ld, Scale: 1}, next)
		rows = append(rows, next)
	}
	s := whole(4).zero()
	registers("products", left, func(i reg.Register) {
		v := load(x, i)
		for k, r := range rows {
			VFMADD231PD(Mem{Base: r, Index: i, Scale: 1}, v, s[k])
		}
	})
	VHADDPD(s[1], s[0], s[0])
	VHADDPD(s[3], s[2], s[2])
	low, high := YMM(), YMM()
	VPERM2F128(U8(0x20), s[2], s[0], low)
	VPERM2F128(U8(0x31), s[2], s[0], high)
	VADDPD(high, low, low)
	VMOVUPD(low, Mem{Base: sums})
	VZEROUPPER()
	RET()
}
