package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// laneCount loads the argument k and makes it the bytes of k rows.
func laneCount() reg.Register { return rowsOf(param("k")) }

func factorLanes() {
	function("factorLanes", "func(lu, pivot, gamma, jac *float64, k int)", "is factorLanesGo.")
	// W = I − g·J
	{
		lu, jac, g := param("lu"), param("jac"), row(Mem{Base: param("gamma")})
		left := param("k")
		IMULQ(left, left)
		Label("fill")
		z := laneSpan().zero()
		z.subtractRow(Mem{Base: jac}, g)
		z.store(Mem{Base: lu})
		ADDQ(U32(laneRow), lu)
		ADDQ(U32(laneRow), jac)
		DECQ(left)
		JNE(LabelRef("fill"))
	}
	{
		lu, step, left := param("lu"), laneCount(), param("k")
		ADDQ(U32(laneRow), step)
		one := whole(1).constant(1)[0]
		Label("identity")
		z := laneSpan().each(func(k int, z reg.VecVirtual) { VADDPD(Mem{Base: lu, Disp: laneSpan().at(k)}, one, z) })
		z.store(Mem{Base: lu})
		ADDQ(step, lu)
		DECQ(left)
		JNE(LabelRef("identity"))
	}
	column := laneCount()             // bytes of a column
	diagonal := param("lu")           // the pivot's element
	left, p := param("k"), register() // rows from the pivot's on, and its number
	pivot := param("pivot")
	VXORPD(p, p, p)
	Label("column")
	{
		best := row(Mem{Base: diagonal}).abs()
		at := laneSpan().each(func(_ int, z reg.VecVirtual) { VMOVAPD(p, z) })
		i, number := copyOf(diagonal), register()
		VMOVAPD(p, number)
		count := copyOf(left)
		JMP(LabelRef("search_next"))
		Label("search")
		ADDQ(U32(laneRow), i)
		countUp(number)
		for k, x := range row(Mem{Base: i}) {
			constantOp(VANDPD, VANDPD_BCST, bits(signBit-1), x, x)
			larger := compare(compareGreater, whole(1), func(int) Op { return best[k] }, vec{x})
			larger.blend(0, x, best[k], best[k])
			larger.blend(0, number, at[k], at[k])
		}
		Label("search_next")
		DECQ(count)
		JNE(LabelRef("search"))
		at.store(Mem{Base: pivot})
	}
	{
		i, count, number := GP64(), copyOf(left), register() // i is the distance of the other row from the pivot's
		XORQ(i, i)
		VMOVAPD(p, number)
		JMP(LabelRef("swap_next"))
		Label("swap")
		ADDQ(U32(laneRow), i)
		countUp(number)
		here := rowCompared(compareEqual, pivot, number)
		here.skipUnlessAny("swap_next")
		a, columns := GP64(), param("k")
		// from the first column on: that of the pivot is k − left columns on
		MOVQ(columns, a)
		SUBQ(left, a)
		IMULQ(column, a)
		NEGQ(a)
		ADDQ(diagonal, a)
		Label("swap_column")
		swapLanes(here, Mem{Base: a}, Mem{Base: a, Index: i, Scale: 1})
		ADDQ(column, a)
		DECQ(columns)
		JNE(LabelRef("swap_column"))
		Label("swap_next")
		DECQ(count)
		JNE(LabelRef("swap"))
	}
	{
		inverse := laneSpan().constant(1).div(row(Mem{Base: diagonal}))
		inverse.store(Mem{Base: diagonal})
		i, count := copyOf(diagonal), copyOf(left)
		JMP(LabelRef("scale_next"))
		Label("scale")
		ADDQ(U32(laneRow), i)
		row(Mem{Base: i}).mul(inverse).store(Mem{Base: i})
		Label("scale_next")
		DECQ(count)
		JNE(LabelRef("scale"))
	}
	{
		top, columns := copyOf(diagonal), copyOf(left)
		JMP(LabelRef("eliminate_next"))
		Label("eliminate")
		ADDQ(column, top)
		u := row(Mem{Base: top})
		l, to, count := copyOf(diagonal), copyOf(top), copyOf(left)
		DECQ(count)
		Label("eliminate_row")
		ADDQ(U32(laneRow), l)
		ADDQ(U32(laneRow), to)
		x := row(Mem{Base: to})
		x.subtractRow(Mem{Base: l}, u)
		x.store(Mem{Base: to})
		DECQ(count)
		JNE(LabelRef("eliminate_row"))
		Label("eliminate_next")
		DECQ(columns)
		JNE(LabelRef("eliminate"))
	}
	countUp(p)
	ADDQ(U32(laneRow), pivot)
	LEAQ(Mem{Base: diagonal, Index: column, Scale: 1, Disp: laneRow}, diagonal)
	DECQ(left)
	JNE(LabelRef("column"))
	VZEROUPPER()
	RET()
}

// swapLanes exchanges two rows in the lanes of the mask.
func swapLanes(where mask, a, b Mem) {
	for k := range laneSpan() {
		here := laneSpan().at(k)
		x, y, z := register(), register(), register()
		VMOVUPD(shifted(a, here), x)
		VMOVUPD(shifted(b, here), y)
		where.blend(k, y, x, z)
		where.blend(k, x, y, y)
		VMOVUPD(z, shifted(a, here))
		VMOVUPD(y, shifted(b, here))
	}
}

// countUp adds 1 in all lanes.
func countUp(z reg.VecVirtual) { constantOp(VADDPD, VADDPD_BCST, num(1), z, z) }

// rowCompared is where a row stands in a relation to a register.
func rowCompared(relation uint64, row, z reg.Register) mask {
	same := make(vec, len(laneSpan()))
	for k := range same {
		same[k] = z.(reg.VecVirtual)
	}
	return compare(relation, laneSpan(), func(k int) Op { return Mem{Base: row, Disp: laneSpan().at(k)} }, same)
}

// subtractRow subtracts f times a row in memory.
func (x vec) subtractRow(m Mem, f vec) {
	for k := range x {
		VFNMADD231PD(shifted(m, laneSpan().at(k)), f[k], x[k])
	}
}

// scaledRow is a row in memory times a register.
func scaledRow(m Mem, f reg.VecVirtual) vec {
	return laneSpan().each(func(k int, z reg.VecVirtual) { VMULPD(shifted(m, laneSpan().at(k)), f, z) })
}

func solveLanes() {
	function("solveLanes", "func(x, lu, pivot, gamma, f, c *float64, k int)", "is solveLanesGo.")
	{
		x, f, c, left := param("x"), param("f"), param("c"), param("k")
		g := row(Mem{Base: param("gamma")})
		TESTQ(c, c)
		JEQ(LabelRef("scale"))
		Label("combine")
		z := row(Mem{Base: c})
		for k := range z {
			VFMADD231PD(Mem{Base: f, Disp: laneSpan().at(k)}, g[k], z[k])
		}
		z.store(Mem{Base: x})
		for _, r := range []reg.Register{x, f, c} {
			ADDQ(U32(laneRow), r)
		}
		DECQ(left)
		JNE(LabelRef("combine"))
		JMP(LabelRef("exchange"))
		Label("scale")
		scaleRow(g, f, x)
		DECQ(left)
		JNE(LabelRef("scale"))
	}
	Label("exchange")
	{
		x, pivot, left, p := param("x"), param("pivot"), param("k"), register()
		VXORPD(p, p, p)
		JMP(LabelRef("exchange_next"))
		Label("exchange_row")
		rowCompared(compareNotEqual, pivot, p).skipUnlessAny("exchanged")
		i, count, number := copyOf(x), copyOf(left), register()
		VMOVAPD(p, number)
		Label("exchange_with")
		ADDQ(U32(laneRow), i)
		countUp(number)
		swapLanes(rowCompared(compareEqual, pivot, number), Mem{Base: x}, Mem{Base: i})
		DECQ(count)
		JNE(LabelRef("exchange_with"))
		Label("exchanged")
		countUp(p)
		ADDQ(U32(laneRow), x)
		ADDQ(U32(laneRow), pivot)
		Label("exchange_next")
		DECQ(left)
		JNE(LabelRef("exchange_row"))
	}
	column := laneCount()
	// forward: x_i − Σ_{j<i} l_ij x_j
	{
		x, l, i := param("x"), param("lu"), GP64() // of row i, and its number
		MOVQ(U32(1), i)
		JMP(LabelRef("forward_next"))
		Label("forward")
		ADDQ(U32(laneRow), x)
		ADDQ(U32(laneRow), l)
		sum := row(Mem{Base: x})
		element, other, count := copyOf(l), param("x"), copyOf(i)
		Label("forward_dot")
		z := row(Mem{Base: other})
		sum.subtractRow(Mem{Base: element}, z)
		ADDQ(column, element)
		ADDQ(U32(laneRow), other)
		DECQ(count)
		JNE(LabelRef("forward_dot"))
		sum.store(Mem{Base: x})
		INCQ(i)
		Label("forward_next")
		CMPQ(i, NewParamAddr("k", 48))
		JNE(LabelRef("forward"))
	}
	// backward: (x_i − Σ_{j>i} u_ij x_j)/u_ii
	{
		k := param("k")
		DECQ(k)
		rows := rowsOf(copyOf(k))
		x, u := param("x"), param("lu") // of row i, on the diagonal
		ADDQ(rows, x)
		ADDQ(rows, u)
		IMULQ(column, k)
		ADDQ(k, u)
		done := GP64()
		XORQ(done, done)
		Label("backward")
		sum := row(Mem{Base: x})
		element, other, count := copyOf(u), copyOf(x), copyOf(done)
		INCQ(count)
		JMP(LabelRef("backward_next"))
		Label("backward_dot")
		ADDQ(column, element)
		ADDQ(U32(laneRow), other)
		z := row(Mem{Base: other})
		sum.subtractRow(Mem{Base: element}, z)
		Label("backward_next")
		DECQ(count)
		JNE(LabelRef("backward_dot"))
		for k := range sum {
			VMULPD(Mem{Base: u, Disp: laneSpan().at(k)}, sum[k], sum[k])
		}
		sum.store(Mem{Base: x})
		SUBQ(U32(laneRow), x)
		SUBQ(U32(laneRow), u)
		SUBQ(column, u)
		INCQ(done)
		CMPQ(done, NewParamAddr("k", 48))
		JNE(LabelRef("backward"))
	}
	VZEROUPPER()
	RET()
}

// scaleRow writes a row of f times g into x and advances both.
func scaleRow(g vec, f, x reg.Register) {
	for k := range g {
		z := register()
		VMULPD(Mem{Base: f, Disp: laneSpan().at(k)}, g[k], z)
		VMOVUPD(z, Mem{Base: x, Disp: laneSpan().at(k)})
	}
	ADDQ(U32(laneRow), f)
	ADDQ(U32(laneRow), x)
}

func scaleLanes() {
	function("scaleLanes", "func(x, gamma, f *float64, k int)", "is ScaleLanes.")
	x, f, left := param("x"), param("f"), param("k")
	g := row(Mem{Base: param("gamma")})
	Label("row")
	scaleRow(g, f, x)
	DECQ(left)
	JNE(LabelRef("row"))
	VZEROUPPER()
	RET()
}

func normLanes() {
	function("normLanes", "func(sum, e, y, z, atol *float64, rtol float64, k int)", "is normLanesGo.")
	e, y, z, atol, left := param("e"), param("y"), param("z"), param("atol"), param("k")
	rtol := broadcast(NewParamAddr("rtol", 40))
	zero := whole(1).zero()[0]
	sum := laneSpan().zero()
	Label("row")
	a := broadcast(Mem{Base: atol})
	for k := range sum {
		w, v, x, here := register(), register(), register(), laneSpan().at(k)
		VMOVUPD(Mem{Base: y, Disp: here}, w)
		constantOp(VANDPD, VANDPD_BCST, bits(signBit-1), w, w)
		VMOVUPD(Mem{Base: z, Disp: here}, v)
		VFMADD231PD(v, zero, sum[k])
		constantOp(VANDPD, VANDPD_BCST, bits(signBit-1), v, v)
		VMAXPD(v, w, w)
		VFMADD213PD(a, rtol, w)
		constantOp(VMAXPD, VMAXPD_BCST, num(0x1p-1022), w, w)
		VMOVUPD(Mem{Base: e, Disp: here}, x)
		VDIVPD(w, x, x)
		VFMADD231PD(x, x, sum[k])
	}
	for _, r := range []reg.Register{e, y, z} {
		ADDQ(U32(laneRow), r)
	}
	ADDQ(U8(8), atol)
	DECQ(left)
	JNE(LabelRef("row"))
	sum.store(Mem{Base: param("sum")})
	VZEROUPPER()
	RET()
}
