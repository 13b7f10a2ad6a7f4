package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// denseLanes emits elimination of dense complex matrices side by side in lanes, with exchanges of rows that all of them share.
func denseLanes() {
	factorDenseLanes()
	solveDenseLanes()
}

func factorDenseLanes() {
	function("factorDenseLanes", "func(w, inv, values *float64, gamma float64, order *int64, n int, shift, mass *float64) int", "is factorDenseLanesGo.")
	const size = 64
	e := &laneEntries{}
	w, n, order := param("w"), param("n"), param("order")
	e.prepare(param("shift"))
	stride := copyOf(n)
	SHLQ(U8(6), stride)

	{ // z·M − γ·A
		to, values, left := copyOf(w), param("values"), copyOf(n)
		IMULQ(n, left)
		g, zero := broadcast(NewParamAddr("gamma", 24)), YMM()
		VXORPD(zero, zero, zero)
		Label("fill")
		a, v := YMM(), YMM()
		VBROADCASTSD(Mem{Base: values}, a)
		VXORPD(v, v, v)
		VFNMADD231PD(a, g, v)
		VMOVUPD(v, Mem{Base: to})
		VMOVUPD(zero, imaginary(Mem{Base: to}))
		ADDQ(U8(8), values)
		ADDQ(U8(size), to)
		DECQ(left)
		JNE(LabelRef("fill"))

		mass, i := param("mass"), GP64()
		MOVQ(w, to)
		XORQ(i, i)
		Label("diagonal")
		m, re, im := YMM(), YMM(), YMM()
		VBROADCASTSD(Mem{Base: mass}, m)
		VMOVUPD(Mem{Base: to}, re)
		VFMADD231PD(m, e.shift, re)
		VMULPD(m, e.shiftIm, im)
		VMOVUPD(re, Mem{Base: to})
		VMOVUPD(im, imaginary(Mem{Base: to}))
		MOVQ(i, Mem{Base: order, Index: i, Scale: 8})
		ADDQ(U8(8), mass)
		ADDQ(stride, to)
		ADDQ(U8(size), to)
		INCQ(i)
		CMPQ(i, n)
		JLT(LabelRef("diagonal"))
	}

	k, pivot := GP64(), copyOf(w)
	XORQ(k, k)
	Label("step")
	modulusAt := func(at reg.Register) reg.VecVirtual {
		re, im := YMM(), YMM()
		VMOVUPD(Mem{Base: at}, re)
		VMOVUPD(imaginary(Mem{Base: at}), im)
		return e.modulus(re, im)
	}
	{ // the diagonal serves where in no lane an entry below is much larger
		diagonal := modulusAt(pivot)
		most, enough := YMM(), YMM()
		VMOVAPD(diagonal, most)
		below, left := copyOf(pivot), copyOf(n)
		SUBQ(k, left)
		Label("compare")
		DECQ(left)
		JEQ(LabelRef("compared"))
		ADDQ(stride, below)
		VMAXPD(modulusAt(below), most, most)
		JMP(LabelRef("compare"))
		Label("compared")
		VMULPD(num(steepestMultiplier), diagonal, diagonal)
		VCMPPD(U8(compareLessEqual), diagonal, most, enough)
		ok := GP32()
		VMOVMSKPD(enough, ok)
		CMPL(ok, U8(15))
		JEQ(LabelRef("chosen"))
	}
	{ // the row whose entries have the largest sum over the lanes
		row, best, i, bestRow := copyOf(pivot), GP64(), copyOf(k), copyOf(pivot)
		MOVQ(k, best)
		largest := XMM()
		VXORPD(largest, largest, largest)
		Label("search")
		s := horizontalSum(modulusAt(row)).AsX()
		VUCOMISD(largest, s)
		JLS(LabelRef("smaller"))
		VMOVAPD(s, largest)
		MOVQ(i, best)
		MOVQ(row, bestRow)
		Label("smaller")
		ADDQ(stride, row)
		INCQ(i)
		CMPQ(i, n)
		JLT(LabelRef("search"))

		a, b := GP64(), GP64()
		MOVQ(Mem{Base: order, Index: k, Scale: 8}, a)
		MOVQ(Mem{Base: order, Index: best, Scale: 8}, b)
		MOVQ(b, Mem{Base: order, Index: k, Scale: 8})
		MOVQ(a, Mem{Base: order, Index: best, Scale: 8})
		back := copyOf(k)
		SHLQ(U8(6), back)
		from, left := copyOf(pivot), copyOf(n)
		SUBQ(back, from)
		SUBQ(back, bestRow)
		Label("exchange")
		for _, part := range []int{0, 32} {
			x, y := YMM(), YMM()
			VMOVUPD(Mem{Base: from, Disp: part}, x)
			VMOVUPD(Mem{Base: bestRow, Disp: part}, y)
			VMOVUPD(y, Mem{Base: from, Disp: part})
			VMOVUPD(x, Mem{Base: bestRow, Disp: part})
		}
		ADDQ(U8(size), from)
		ADDQ(U8(size), bestRow)
		DECQ(left)
		JNE(LabelRef("exchange"))
	}
	Label("chosen")
	inverse := param("inv")
	{
		at := copyOf(k)
		SHLQ(U8(6), at)
		ADDQ(at, inverse)
	}
	e.invert(Mem{Base: pivot}, Mem{Base: inverse}, LabelRef("failed"))
	{
		row, left := copyOf(pivot), copyOf(n)
		SUBQ(k, left)
		Label("row")
		DECQ(left)
		JEQ(LabelRef("eliminated"))
		ADDQ(stride, row)
		e.multiplier(Mem{Base: row}, Mem{Base: inverse})
		to, upper, columns := copyOf(row), copyOf(pivot), copyOf(n)
		SUBQ(k, columns)
		Label("column")
		DECQ(columns)
		JEQ(LabelRef("row"))
		ADDQ(U8(size), to)
		ADDQ(U8(size), upper)
		e.subtract(Mem{Base: upper}, Mem{Base: to})
		JMP(LabelRef("column"))
	}
	Label("eliminated")
	ADDQ(stride, pivot)
	ADDQ(U8(size), pivot)
	INCQ(k)
	CMPQ(k, n)
	JLT(LabelRef("step"))
	bad := e.unstable()
	MOVQ(I32(-1), k)
	TESTQ(bad, bad)
	JEQ(LabelRef("failed"))
	MOVQ(I32(-2), k)
	Label("failed")
	VZEROUPPER()
	Store(k, ReturnIndex(0))
	RET()
}

// solveDenseLanes emits forward and back substitution, like substituteLanes.
func solveDenseLanes() {
	function("solveDenseLanes", "func(x, w, inv *float64, n int)", "is solveDenseLanesGo.")
	const size = 64
	x, w, n := param("x"), param("w"), param("n")
	sums := newLaneSums()
	subtract := func(prefix string, row, entry, from, count reg.Register) {
		sums.subtract(prefix, row, entry, count, func() Mem {
			ADDQ(U8(size), from)
			return Mem{Base: from, Disp: -size}
		})
	}
	stride := copyOf(n)
	SHLQ(U8(6), stride)
	i, row, line := GP64(), copyOf(x), copyOf(w)
	MOVQ(U32(1), i)
	Label("forward")
	CMPQ(i, n)
	JGE(LabelRef("forwarded"))
	ADDQ(U8(size), row)
	ADDQ(stride, line)
	subtract("forward_", row, copyOf(line), copyOf(x), copyOf(i))
	sums.store(row)
	INCQ(i)
	JMP(LabelRef("forward"))
	Label("forwarded")

	// row and line are those of the last unknown
	inverse, diagonal := param("inv"), copyOf(line)
	ADDQ(stride, inverse)
	ADDQ(stride, diagonal)
	SUBQ(U8(size), diagonal)
	XORQ(i, i)
	Label("back")
	SUBQ(U8(size), inverse)
	entry, from := GP64(), GP64()
	LEAQ(Mem{Base: diagonal, Disp: size}, entry)
	LEAQ(Mem{Base: row, Disp: size}, from)
	subtract("back_", row, entry, from, copyOf(i))
	sums.storeDivided(row, inverse)
	SUBQ(U8(size), row)
	SUBQ(stride, diagonal)
	SUBQ(U8(size), diagonal)
	INCQ(i)
	CMPQ(i, n)
	JLT(LabelRef("back"))
	VZEROUPPER()
	RET()
}
