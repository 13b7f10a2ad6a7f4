package main

import (
	"math"
	mathbits "math/bits"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// sparse emits elimination along lists: of one real matrix, and of complex matrices side by side in the lanes of two registers. The lists name numbers by
// their distance in numbers from the start of an array.
func sparse() {
	invertLists()
	if target == avx512 {
		return // the others have no use for wider registers
	}
	eliminate("eliminateReal", "is eliminateRealGo.", &realEntries{})
	eliminate("eliminateLanes", "is eliminateLanesGo.", &laneEntries{})
	substituteLanes()
}

// The limits of elimination without exchanges, those of package kernel, and the least squared modulus of a complex pivot that is inverted.
const (
	steepestMultiplier = 10
	largestGrowth      = 1e3
	leastSquare        = 0x1p-960
)

// entries are what a matrix consists of.
type entries interface {
	bytes() int // of an entry
	// prepare fetches what stays: the shifts, and the sums of checks.
	prepare(shift reg.Register)
	// diagonal starts an entry of the diagonal, from its mass, and its largest entry.
	diagonal(mass, entry, largest Mem)
	// given subtracts gamma·value from an entry.
	given(gamma, value, entry, largest Mem)
	// multiplier divides an entry by a pivot; it stays for subtract.
	multiplier(entry, inverse Mem)
	subtract(upper, entry Mem)
	// invert goes to a label where a pivot cannot be inverted.
	invert(pivot, inverse Mem, fail LabelRef)
	grown(upper, largest Mem)
	// unstable is set where a check has failed.
	unstable() reg.GPVirtual
}

func eliminate(name, doc string, e entries) {
	function(name, "func(w, inv, largest, values *float64, gamma float64, given *int32, count int, rows, growth *int32, n, below, above int, shift, mass *float64) int", doc)
	size := e.bytes()
	w, inv, largest := param("w"), param("inv"), param("largest")
	e.prepare(param("shift"))
	upper, pivot := param("below"), param("above")
	for _, count := range []reg.Register{upper, pivot} {
		SHLQ(U8(mathbits.TrailingZeros(uint(size))), count)
	}
	ADDQ(w, upper)
	ADDQ(upper, pivot)

	// z·M
	mass, left, to, most := param("mass"), param("n"), copyOf(pivot), copyOf(largest)
	Label("diagonal")
	e.diagonal(Mem{Base: mass}, Mem{Base: to}, Mem{Base: most})
	ADDQ(U8(8), mass)
	ADDQ(U8(size), to)
	ADDQ(U8(size), most)
	DECQ(left)
	JNE(LabelRef("diagonal"))

	// − γ·A
	values, given, count := param("values"), param("given"), param("count")
	TESTQ(count, count)
	JEQ(LabelRef("filled"))
	Label("fill")
	from, place, column := index(given, 0), index(given, 1), index(given, 2)
	e.given(NewParamAddr("gamma", 32), Mem{Base: values, Index: from, Scale: 8}, Mem{Base: w, Index: place, Scale: 8}, Mem{Base: largest, Index: column, Scale: 8})
	ADDQ(U8(12), given)
	DECQ(count)
	JNE(LabelRef("fill"))
	Label("filled")

	rows, lower, u := param("rows"), copyOf(w), GP64()
	to, inverse, k := copyOf(pivot), copyOf(inv), GP64()
	XORQ(k, k)
	Label("row")
	{
		entriesLeft := index(rows, 0)
		ADDQ(U8(4), rows)
		TESTQ(entriesLeft, entriesLeft)
		JEQ(LabelRef("pivot"))
		Label("entry")
		place, start, targets := index(rows, 0), index(rows, 1), index(rows, 2)
		ADDQ(U8(12), rows)
		e.multiplier(Mem{Base: lower}, Mem{Base: inv, Index: place, Scale: 8})
		ADDQ(U8(size), lower)
		LEAQ(Mem{Base: upper, Index: start, Scale: 8}, u)
		TESTQ(targets, targets)
		JEQ(LabelRef("subtracted"))
		Label("target")
		at := index(rows, 0)
		e.subtract(Mem{Base: u}, Mem{Base: w, Index: at, Scale: 8})
		ADDQ(U8(4), rows)
		ADDQ(U8(size), u)
		DECQ(targets)
		JNE(LabelRef("target"))
		Label("subtracted")
		DECQ(entriesLeft)
		JNE(LabelRef("entry"))
	}
	Label("pivot")
	e.invert(Mem{Base: to}, Mem{Base: inverse}, LabelRef("failed"))
	ADDQ(U8(size), to)
	ADDQ(U8(size), inverse)
	INCQ(k)
	CMPQ(k, NewParamAddr("n", 72))
	JLT(LabelRef("row"))

	growth, left := param("growth"), param("above")
	TESTQ(left, left)
	JEQ(LabelRef("grown"))
	Label("growth")
	at := index(growth, 0)
	e.grown(Mem{Base: upper}, Mem{Base: largest, Index: at, Scale: 8})
	ADDQ(U8(4), growth)
	ADDQ(U8(size), upper)
	DECQ(left)
	JNE(LabelRef("growth"))
	Label("grown")
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

// index fetches a number of a list.
func index(list reg.Register, k int) reg.GPVirtual {
	i := GP64()
	MOVLQSX(Mem{Base: list, Disp: 4 * k}, i)
	return i
}

// realEntries are single numbers.
type realEntries struct{ shift, l, bad reg.VecVirtual }

func (e *realEntries) bytes() int { return 8 }

func (e *realEntries) prepare(shift reg.Register) {
	e.shift, e.l, e.bad = XMM(), XMM(), XMM()
	VMOVSD(Mem{Base: shift}, e.shift)
	VXORPD(e.bad, e.bad, e.bad)
}

func (e *realEntries) diagonal(mass, entry, largest Mem) {
	d := XMM()
	VMULSD(mass, e.shift, d)
	VMOVSD(d, entry)
	VMOVSD(e.modulus(d), largest)
}

func (e *realEntries) modulus(x reg.VecVirtual) reg.VecVirtual {
	m := XMM()
	VANDPD(bits(signBit-1), x, m)
	return m
}

func (e *realEntries) given(gamma, value, entry, largest Mem) {
	a, v := XMM(), XMM()
	VMOVSD(value, a)
	VMOVSD(entry, v)
	g := XMM()
	VMOVSD(gamma, g)
	VFNMADD231SD(g, a, v)
	VMOVSD(v, entry)
	m := e.modulus(v)
	VMAXSD(largest, m, m)
	VMOVSD(m, largest)
}

// above notes where |x| is not at most bound.
func (e *realEntries) above(bound Op, x reg.VecVirtual) {
	m := XMM()
	VCMPSD(U8(compareNotLessEqual), bound, e.modulus(x), m)
	VORPD(m, e.bad, e.bad)
}

// compareNotLessEqual is true for NaN.
const compareNotLessEqual = 0x06

func (e *realEntries) multiplier(entry, inverse Mem) {
	VMOVSD(entry, e.l)
	VMULSD(inverse, e.l, e.l)
	VMOVSD(e.l, entry)
	e.above(num(steepestMultiplier), e.l)
}

func (e *realEntries) subtract(upper, entry Mem) {
	v := XMM()
	VMOVSD(entry, v)
	VFNMADD231SD(upper, e.l, v)
	VMOVSD(v, entry)
}

func (e *realEntries) invert(pivot, inverse Mem, fail LabelRef) {
	d, q := XMM(), XMM()
	VMOVSD(pivot, d)
	m := e.modulus(d)
	VUCOMISD(num(0), m) // NaN is neither
	JLS(fail)
	VUCOMISD(num(math.MaxFloat64), m)
	JHI(fail)
	VMOVSD(num(1), q)
	VDIVSD(d, q, q)
	VMOVSD(q, inverse)
}

func (e *realEntries) grown(upper, largest Mem) {
	u, most := XMM(), XMM()
	VMOVSD(upper, u)
	VMOVSD(largest, most)
	VMULSD(num(largestGrowth), most, most)
	e.above(most, u)
}

func (e *realEntries) unstable() reg.GPVirtual {
	bad := GP64()
	VMOVQ(e.bad, bad)
	return bad
}

// laneEntries are complex numbers of four matrices: their real parts, then their imaginary parts.
type laneEntries struct {
	shift, l, bad reg.VecVirtual
	shiftIm, lIm  reg.VecVirtual
}

func imaginary(m Mem) Mem { return shifted(m, 32) }

func (e *laneEntries) bytes() int { return 64 }

func (e *laneEntries) prepare(shift reg.Register) {
	e.shift, e.shiftIm, e.l, e.lIm, e.bad = YMM(), YMM(), YMM(), YMM(), YMM()
	VMOVUPD(Mem{Base: shift}, e.shift)
	VMOVUPD(imaginary(Mem{Base: shift}), e.shiftIm)
	VXORPD(e.bad, e.bad, e.bad)
}

// modulus is |re| + |im|.
func (e *laneEntries) modulus(re, im reg.VecVirtual) reg.VecVirtual {
	m, i := YMM(), YMM()
	VANDPD(bits(signBit-1), re, m)
	VANDPD(bits(signBit-1), im, i)
	VADDPD(i, m, m)
	return m
}

func (e *laneEntries) diagonal(mass, entry, largest Mem) {
	m, re, im := YMM(), YMM(), YMM()
	VBROADCASTSD(mass, m)
	VMULPD(m, e.shift, re)
	VMULPD(m, e.shiftIm, im)
	VMOVUPD(re, entry)
	VMOVUPD(im, imaginary(entry))
	VMOVUPD(e.modulus(re, im), largest)
}

func (e *laneEntries) given(gamma, value, entry, largest Mem) {
	g, a, re, im := YMM(), YMM(), YMM(), YMM()
	VBROADCASTSD(value, a)
	VBROADCASTSD(gamma, g)
	VMOVUPD(entry, re)
	VMOVUPD(imaginary(entry), im)
	VFNMADD231PD(g, a, re)
	VMOVUPD(re, entry)
	m := e.modulus(re, im)
	VMAXPD(largest, m, m)
	VMOVUPD(m, largest)
}

// above notes where the modulus is not at most bound.
func (e *laneEntries) above(bound Op, re, im reg.VecVirtual) {
	mask := YMM()
	VCMPPD(U8(compareNotLessEqual), bound, e.modulus(re, im), mask)
	VORPD(mask, e.bad, e.bad)
}

func (e *laneEntries) multiplier(entry, inverse Mem) {
	wr, wi := YMM(), YMM()
	VMOVUPD(entry, wr)
	VMOVUPD(imaginary(entry), wi)
	timesComplex(wr, wi, inverse, e.l, e.lIm)
	VMOVUPD(e.l, entry)
	VMOVUPD(e.lIm, imaginary(entry))
	e.above(num(steepestMultiplier), e.l, e.lIm)
}

// timesComplex multiplies xr + i·xi by what is in memory.
func timesComplex(xr, xi reg.VecVirtual, y Mem, re, im reg.VecVirtual) {
	VMULPD(y, xr, re)
	VMULPD(imaginary(y), xr, im)
	VFNMADD231PD(imaginary(y), xi, re)
	VFMADD231PD(y, xi, im)
}

func (e *laneEntries) subtract(upper, entry Mem) {
	ur, ui, re, im := YMM(), YMM(), YMM(), YMM()
	VMOVUPD(upper, ur)
	VMOVUPD(imaginary(upper), ui)
	VMOVUPD(entry, re)
	VMOVUPD(imaginary(entry), im)
	VFNMADD231PD(ur, e.l, re)
	VFNMADD231PD(ui, e.l, im)
	VFMADD231PD(ui, e.lIm, re)
	VFNMADD231PD(ur, e.lIm, im)
	VMOVUPD(re, entry)
	VMOVUPD(im, imaginary(entry))
}

func (e *laneEntries) invert(pivot, inverse Mem, fail LabelRef) {
	re, im, square, small, large := YMM(), YMM(), YMM(), YMM(), YMM()
	VMOVUPD(pivot, re)
	VMOVUPD(imaginary(pivot), im)
	VMULPD(re, re, square)
	VFMADD231PD(im, im, square)
	VCMPPD(U8(compareNotLess), num(leastSquare), square, small)
	VCMPPD(U8(compareLessEqual), num(math.MaxFloat64), square, large)
	VANDPD(large, small, small)
	ok := GP32()
	VMOVMSKPD(small, ok)
	CMPL(ok, U8(15))
	JNE(fail)
	q := YMM()
	VMOVUPD(num(1), q)
	VDIVPD(square, q, q)
	VMULPD(q, re, re)
	VMULPD(q, im, im)
	VXORPD(bits(signBit), im, im)
	VMOVUPD(re, inverse)
	VMOVUPD(im, imaginary(inverse))
}

// compareLessEqual is false for NaN.
const compareLessEqual = 0x02

func (e *laneEntries) grown(upper, largest Mem) {
	re, im, most := YMM(), YMM(), YMM()
	VMOVUPD(upper, re)
	VMOVUPD(imaginary(upper), im)
	VMOVUPD(largest, most)
	VMULPD(num(largestGrowth), most, most)
	e.above(most, re, im)
}

func (e *laneEntries) unstable() reg.GPVirtual {
	bad := GP64()
	XORQ(bad, bad)
	VMOVMSKPD(e.bad, bad.As32())
	return bad
}

// laneSums are the real and imaginary parts of a row of a right-hand side in lanes, from which products are subtracted. Those of real and of imaginary parts are
// summed apart, since a row waits for the row before.
type laneSums struct{ re, im, re2, im2 reg.VecVirtual }

func newLaneSums() *laneSums { return &laneSums{YMM(), YMM(), YMM(), YMM()} }

// subtract emits the row at row minus count products of the entries from entry on, one following the other, and what next names.
func (s *laneSums) subtract(prefix string, row, entry, count reg.Register, next func() Mem) {
	VMOVUPD(Mem{Base: row}, s.re)
	VMOVUPD(imaginary(Mem{Base: row}), s.im)
	TESTQ(count, count)
	JEQ(LabelRef(prefix + "summed"))
	VXORPD(s.re2, s.re2, s.re2)
	VXORPD(s.im2, s.im2, s.im2)
	Label(prefix + "entry")
	wr, wi := YMM(), YMM()
	VMOVUPD(Mem{Base: entry}, wr)
	VMOVUPD(imaginary(Mem{Base: entry}), wi)
	x := next()
	VFNMADD231PD(x, wr, s.re)
	VFNMADD231PD(imaginary(x), wr, s.im)
	VFMADD231PD(imaginary(x), wi, s.re2)
	VFNMADD231PD(x, wi, s.im2)
	ADDQ(U8(64), entry)
	DECQ(count)
	JNE(LabelRef(prefix + "entry"))
	VADDPD(s.re2, s.re, s.re)
	VADDPD(s.im2, s.im, s.im)
	Label(prefix + "summed")
}

// store writes the row.
func (s *laneSums) store(row reg.Register) {
	VMOVUPD(s.re, Mem{Base: row})
	VMOVUPD(s.im, imaginary(Mem{Base: row}))
}

// storeDivided writes the row times an inverse pivot.
func (s *laneSums) storeDivided(row, inverse reg.Register) {
	re, im := YMM(), YMM()
	timesComplex(s.re, s.im, Mem{Base: inverse}, re, im)
	VMOVUPD(re, Mem{Base: row})
	VMOVUPD(im, imaginary(Mem{Base: row}))
}

// substituteLanes emits forward and back substitution.
func substituteLanes() {
	function("substituteLanes", "func(x, w, inv *float64, lower, upper *int32, n, below, above int)", "is substituteLanesGo.")
	const size = 64
	x, entry := param("x"), param("w")
	row := copyOf(x)
	left := param("n")
	sums := newLaneSums()
	subtract := func(prefix string, list, count reg.Register) {
		sums.subtract(prefix, row, entry, count, func() Mem {
			at := index(list, 0)
			ADDQ(U8(4), list)
			return Mem{Base: x, Index: at, Scale: 8}
		})
	}
	lower := param("lower")
	Label("forward")
	count := index(lower, 0)
	ADDQ(U8(4), lower)
	subtract("forward_", lower, count)
	sums.store(row)
	ADDQ(U8(size), row)
	DECQ(left)
	JNE(LabelRef("forward"))

	upper, inverse, end := param("upper"), param("inv"), param("above")
	left = param("n")
	SHLQ(U8(6), end)
	ADDQ(end, entry) // behind the last row
	inverseEnd := copyOf(left)
	SHLQ(U8(6), inverseEnd)
	ADDQ(inverseEnd, inverse)
	start := GP64()
	Label("back")
	count = index(upper, 0)
	ADDQ(U8(4), upper)
	SUBQ(U8(size), row)
	SUBQ(U8(size), inverse)
	MOVQ(count, start)
	SHLQ(U8(6), start)
	SUBQ(start, entry)
	MOVQ(entry, start)
	subtract("back_", upper, count)
	MOVQ(start, entry)
	sums.storeDivided(row, inverse)
	DECQ(left)
	JNE(LabelRef("back"))
	VZEROUPPER()
	RET()
}

// invertLists emits substitution for the columns of the inverse, some registers of every column at a time: a sum stays in registers until it is complete.
func invertLists() {
	function("invertLists", "func(x, identity, w, inv *float64, lists *int32, n, stride int)", "is invertListsGo for a stride of whole registers.")
	x, identity, w, left := param("x"), param("identity"), param("w"), bytesParam("stride")
	widths := []int{5, 2, 1}
	if target == avx512 {
		widths = []int{3, 2, 1}
	}
	for _, width := range widths {
		prefix := []string{1: "one_", 2: "two_", 3: "three_", 5: "five_"}[width]
		bytes := target.width * width
		Label(prefix + "block")
		CMPQ(left, U32(bytes))
		JLT(LabelRef(prefix + "done"))
		list, inverse := param("lists"), param("inv")
		substituteRows(prefix+"upper_", width, x, identity, w, list, func(sum vec) vec {
			d := broadcast(Mem{Base: inverse})
			ADDQ(U8(8), inverse)
			return sum.like(func(k int, z reg.VecVirtual) { VMULPD(d, sum[k], z) })
		})
		substituteRows(prefix+"lower_", width, x, x, w, list, func(sum vec) vec { return sum })
		ADDQ(U32(bytes), x)
		ADDQ(U32(bytes), identity)
		SUBQ(U32(bytes), left)
		JMP(LabelRef(prefix + "block"))
		Label(prefix + "done")
	}
	VZEROUPPER()
	RET()
}

// substituteRows makes one row after the other: what is at its place in start, minus multiples of rows of x, finished.
func substituteRows(prefix string, width int, x, start, w, list reg.Register, finish func(vec) vec) {
	rows := param("n")
	Label(prefix + "row")
	place, count := index(list, 0), index(list, 1)
	ADDQ(U8(8), list)
	sum := whole(width).load(Mem{Base: start, Index: place, Scale: 8})
	TESTQ(count, count)
	JEQ(LabelRef(prefix + "summed"))
	Label(prefix + "entry")
	entry, from := index(list, 0), index(list, 1)
	ADDQ(U8(8), list)
	v := broadcast(Mem{Base: w, Index: entry, Scale: 8})
	for k, z := range sum {
		VFNMADD231PD(Mem{Base: x, Index: from, Scale: 8, Disp: target.width * k}, v, z)
	}
	DECQ(count)
	JNE(LabelRef(prefix + "entry"))
	Label(prefix + "summed")
	finish(sum).store(Mem{Base: x, Index: place, Scale: 8})
	DECQ(rows)
	JNE(LabelRef(prefix + "row"))
}
