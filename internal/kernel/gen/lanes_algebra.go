package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// laneCount loads the argument k and makes it the bytes of k rows.
func laneCount() reg.Register { return rowsOf(param("k")) }

func factorLanes() {
	function("factorLanesAVX2", "func(lu, pivot, gamma, jac *float64, k int)", "is factorLanesGo.")
	// W = I − g·J
	{
		lu, jac, g := param("lu"), param("jac"), row(Mem{Base: param("gamma")})
		left := param("k")
		IMULQ(left, left)
		Label("fill")
		for k := range laneRegisters {
			z := YMM()
			VXORPD(z, z, z)
			VFNMADD231PD(Mem{Base: jac, Disp: 32 * k}, g[k], z)
			VMOVUPD(z, Mem{Base: lu, Disp: 32 * k})
		}
		ADDQ(U32(laneRow), lu)
		ADDQ(U32(laneRow), jac)
		DECQ(left)
		JNE(LabelRef("fill"))
	}
	{
		lu, step, left := param("lu"), laneCount(), param("k")
		ADDQ(U32(laneRow), step)
		one := constant(1, 1)[0]
		Label("identity")
		for k := range laneRegisters {
			z := YMM()
			VADDPD(Mem{Base: lu, Disp: 32 * k}, one, z)
			VMOVUPD(z, Mem{Base: lu, Disp: 32 * k})
		}
		ADDQ(step, lu)
		DECQ(left)
		JNE(LabelRef("identity"))
	}
	column := laneCount()        // bytes of a column
	diagonal := param("lu")      // the pivot's element
	left, p := param("k"), YMM() // rows from the pivot's on, and its number
	pivot := param("pivot")
	VXORPD(p, p, p)
	Label("column")
	{
		best := row(Mem{Base: diagonal}).abs()
		at := each(laneRegisters, func(_ int, z reg.VecVirtual) { VMOVAPD(p, z) })
		i, number := copyOf(diagonal), YMM()
		VMOVAPD(p, number)
		count := copyOf(left)
		JMP(LabelRef("search_next"))
		Label("search")
		ADDQ(U32(laneRow), i)
		VADDPD(num(1), number, number)
		for k := range laneRegisters {
			x, larger := YMM(), YMM()
			VMOVUPD(Mem{Base: i, Disp: 32 * k}, x)
			VANDPD(bits(signBit-1), x, x)
			VCMPPD(U8(compareGreater), best[k], x, larger)
			VBLENDVPD(larger, x, best[k], best[k])
			VBLENDVPD(larger, number, at[k], at[k])
		}
		Label("search_next")
		DECQ(count)
		JNE(LabelRef("search"))
		at.storeRow(Mem{Base: pivot})
	}
	{
		i, count, number := GP64(), copyOf(left), YMM() // i is the distance of the other row from the pivot's
		XORQ(i, i)
		VMOVAPD(p, number)
		JMP(LabelRef("swap_next"))
		Label("swap")
		ADDQ(U32(laneRow), i)
		VADDPD(num(1), number, number)
		mask := each(laneRegisters, func(k int, z reg.VecVirtual) { VCMPPD(U8(0), Mem{Base: pivot, Disp: 32 * k}, number, z) })
		laneAny(mask, "swap_next")
		a, columns := GP64(), param("k")
		// from the first column on: that of the pivot is k − left columns on
		MOVQ(columns, a)
		SUBQ(left, a)
		IMULQ(column, a)
		NEGQ(a)
		ADDQ(diagonal, a)
		Label("swap_column")
		swapLanes(mask, Mem{Base: a}, Mem{Base: a, Index: i, Scale: 1})
		ADDQ(column, a)
		DECQ(columns)
		JNE(LabelRef("swap_column"))
		Label("swap_next")
		DECQ(count)
		JNE(LabelRef("swap"))
	}
	{
		inverse := constant(laneRegisters, 1).div(row(Mem{Base: diagonal}))
		inverse.storeRow(Mem{Base: diagonal})
		i, count := copyOf(diagonal), copyOf(left)
		JMP(LabelRef("scale_next"))
		Label("scale")
		ADDQ(U32(laneRow), i)
		row(Mem{Base: i}).mul(inverse).storeRow(Mem{Base: i})
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
		for k := range x {
			VFNMADD231PD(Mem{Base: l, Disp: 32 * k}, u[k], x[k])
		}
		x.storeRow(Mem{Base: to})
		DECQ(count)
		JNE(LabelRef("eliminate_row"))
		Label("eliminate_next")
		DECQ(columns)
		JNE(LabelRef("eliminate"))
	}
	VADDPD(num(1), p, p)
	ADDQ(U32(laneRow), pivot)
	LEAQ(Mem{Base: diagonal, Index: column, Scale: 1, Disp: laneRow}, diagonal)
	DECQ(left)
	JNE(LabelRef("column"))
	VZEROUPPER()
	RET()
}

// laneAny jumps to the label where no lane has a bit of the mask set.
func laneAny(mask vec, label string) {
	any := YMM()
	VORPD(mask[0], mask[1], any)
	for _, m := range mask[2:] {
		VORPD(m, any, any)
	}
	found := GP32()
	VMOVMSKPD(any, found)
	TESTL(found, found)
	JEQ(LabelRef(label))
}

// swapLanes exchanges two rows in the lanes of the mask.
func swapLanes(mask vec, a, b Mem) {
	for k := range laneRegisters {
		x, y, z := YMM(), YMM(), YMM()
		VMOVUPD(shifted(a, 32*k), x)
		VMOVUPD(shifted(b, 32*k), y)
		VBLENDVPD(mask[k], y, x, z)
		VBLENDVPD(mask[k], x, y, y)
		VMOVUPD(z, shifted(a, 32*k))
		VMOVUPD(y, shifted(b, 32*k))
	}
}

func solveLanes() {
	function("solveLanesAVX2", "func(x, lu, pivot, gamma, f, c *float64, k int)", "is solveLanesGo.")
	{
		x, f, c, left := param("x"), param("f"), param("c"), param("k")
		g := row(Mem{Base: param("gamma")})
		TESTQ(c, c)
		JEQ(LabelRef("scale"))
		Label("combine")
		z := row(Mem{Base: c})
		for k := range z {
			VFMADD231PD(Mem{Base: f, Disp: 32 * k}, g[k], z[k])
		}
		z.storeRow(Mem{Base: x})
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
		x, pivot, left, p := param("x"), param("pivot"), param("k"), YMM()
		VXORPD(p, p, p)
		JMP(LabelRef("exchange_next"))
		Label("exchange_row")
		mask := each(laneRegisters, func(k int, z reg.VecVirtual) { VCMPPD(U8(4), Mem{Base: pivot, Disp: 32 * k}, p, z) })
		laneAny(mask, "exchanged")
		i, count, number := copyOf(x), copyOf(left), YMM()
		VMOVAPD(p, number)
		Label("exchange_with")
		ADDQ(U32(laneRow), i)
		VADDPD(num(1), number, number)
		mask = each(laneRegisters, func(k int, z reg.VecVirtual) { VCMPPD(U8(0), Mem{Base: pivot, Disp: 32 * k}, number, z) })
		swapLanes(mask, Mem{Base: x}, Mem{Base: i})
		DECQ(count)
		JNE(LabelRef("exchange_with"))
		Label("exchanged")
		VADDPD(num(1), p, p)
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
		for k := range sum {
			VFNMADD231PD(Mem{Base: element, Disp: 32 * k}, z[k], sum[k])
		}
		ADDQ(column, element)
		ADDQ(U32(laneRow), other)
		DECQ(count)
		JNE(LabelRef("forward_dot"))
		sum.storeRow(Mem{Base: x})
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
		for k := range sum {
			VFNMADD231PD(Mem{Base: element, Disp: 32 * k}, z[k], sum[k])
		}
		Label("backward_next")
		DECQ(count)
		JNE(LabelRef("backward_dot"))
		for k := range sum {
			VMULPD(Mem{Base: u, Disp: 32 * k}, sum[k], sum[k])
		}
		sum.storeRow(Mem{Base: x})
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
		z := YMM()
		VMULPD(Mem{Base: f, Disp: 32 * k}, g[k], z)
		VMOVUPD(z, Mem{Base: x, Disp: 32 * k})
	}
	ADDQ(U32(laneRow), f)
	ADDQ(U32(laneRow), x)
}

func scaleLanes() {
	function("scaleLanesAVX2", "func(x, gamma, f *float64, k int)", "is ScaleLanes.")
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
	function("normLanesAVX2", "func(sum, e, y, z, atol *float64, rtol float64, k int)", "is normLanesGo.")
	e, y, z, atol, left := param("e"), param("y"), param("z"), param("atol"), param("k")
	rtol := broadcast(NewParamAddr("rtol", 40))
	zero := YMM()
	VXORPD(zero, zero, zero)
	sum := each(laneRegisters, func(_ int, s reg.VecVirtual) { VXORPD(s, s, s) })
	Label("row")
	a := broadcast(Mem{Base: atol})
	for k := range sum {
		w, v, x := YMM(), YMM(), YMM()
		VMOVUPD(Mem{Base: y, Disp: 32 * k}, w)
		VANDPD(bits(signBit-1), w, w)
		VMOVUPD(Mem{Base: z, Disp: 32 * k}, v)
		VFMADD231PD(v, zero, sum[k])
		VANDPD(bits(signBit-1), v, v)
		VMAXPD(v, w, w)
		VFMADD213PD(a, rtol, w)
		VMAXPD(num(0x1p-1022), w, w)
		VMOVUPD(Mem{Base: e, Disp: 32 * k}, x)
		VDIVPD(w, x, x)
		VFMADD231PD(x, x, sum[k])
	}
	for _, r := range []reg.Register{e, y, z} {
		ADDQ(U32(laneRow), r)
	}
	ADDQ(U8(8), atol)
	DECQ(left)
	JNE(LabelRef("row"))
	sum.storeRow(Mem{Base: param("sum")})
	VZEROUPPER()
	RET()
}
