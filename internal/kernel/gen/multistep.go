package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The fields of kernel.Multistep, in bytes.
const (
	multistepZ       = 24 * iota
	multistepP       = 24 * iota
	multistepE       = 24 * iota
	multistepEPrev   = 24 * iota
	multistepF       = 24 * iota
	multistepD       = 24 * iota
	multistepU       = 24 * iota
	multistepW       = 24 * iota
	multistepATol    = 24 * iota
	multistepY       = 24 * iota
	multistepN       = 24 * iota
	multistepStride  = multistepN + 8
	multistepWidth   = multistepN + 16
	multistepLD      = multistepN + 24
	multistepInverse = multistepN + 32
)

// multistep emits the methods of kernel.Multistep. Vectors are handled by cache lines, at which they begin, and perhaps half of one at the end.
func multistep() {
	multistepPredict()
	multistepNewton()
	multistepAdvance()
	multistepCorrect()
}

// historyRows is the number of rows of a Nordsieck array.
const historyRows = 6

const lineBytes = 64

// line is the span of a cache line.
func line() span { return whole(lineBytes / target.width) }

// lines emits a loop over a number of bytes, a multiple of 32, which is used up, as are the pointers. The body gets the distance from the pointers of
// a register's numbers, its width and its place in a line.
func lines(prefix string, left reg.Register, pointers []reg.Register, body func(at, width, k int)) {
	each := func(s span) {
		for k, width := range s {
			body(s.at(k), width, k)
		}
	}
	SUBQ(U8(lineBytes), left)
	JLT(LabelRef(prefix + "rest"))
	Label(prefix + "line")
	each(line())
	for _, p := range pointers {
		ADDQ(U8(lineBytes), p)
	}
	SUBQ(U8(lineBytes), left)
	JGE(LabelRef(prefix + "line"))
	Label(prefix + "rest")
	CMPQ(left, I8(-lineBytes))
	JEQ(LabelRef(prefix + "end"))
	each(span{lineBytes / 2})
	Label(prefix + "end")
}

// lineSums are the sums of the registers of lines, one for each place in a line.
type lineSums vec

func newLineSums() lineSums { return lineSums(line().zero()) }

// addProduct adds x·y. Of the half of a line at the end, which belongs to the first register, the upper half of a wide register is zero.
func (s lineSums) addProduct(k int, x, y reg.VecVirtual) {
	sum := s[k%len(s)]
	VFMADD231PD(narrowed(x, target.width), narrowed(y, target.width), sum)
}

func (s lineSums) addSquare(k int, x reg.VecVirtual) { s.addProduct(k, x, x) }

// registers adds up to four lanes.
func (s lineSums) registers() reg.VecVirtual {
	high, sum := YMM(), YMM()
	if target.width == lineBytes {
		VEXTRACTF64X4(U8(1), s[0], high)
	} else {
		high = s[1]
	}
	VADDPD(high, s[0].AsY(), sum)
	return sum
}

// total adds all up.
func (s lineSums) total() reg.Register { return horizontalSum(s.registers()).AsX() }

// nordsieckRows are the rows of an array.
func nordsieckRows(base, stride, stride3, stride5 reg.Register) []Mem {
	row := Mem{Base: base}
	return []Mem{
		row, row.Idx(stride, 1), row.Idx(stride, 2), row.Idx(stride3, 1), row.Idx(stride, 4), row.Idx(stride5, 1),
	}
}

// strides is the distance of rows, and three and five times that.
func strides(m reg.Register) (one, three, five reg.Register) {
	stride, stride3, stride5 := field(m, multistepStride), GP64(), GP64()
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, stride3)
	LEAQ(Mem{Base: stride, Index: stride, Scale: 4}, stride5)
	return stride, stride3, stride5
}

func multistepPredict() {
	function("multistepPredict", "func(m *byte, r, rtol float64)", "is Multistep.Predict.")
	m := param("m")
	z, p, e, w, atol := field(m, multistepZ), field(m, multistepP), field(m, multistepE), field(m, multistepW), field(m, multistepATol)
	from, to := func() ([]Mem, []Mem) {
		one, three, five := strides(m)
		return nordsieckRows(z, one, three, five), nordsieckRows(p, one, three, five)
	}()
	rtol := broadcast(NewParamAddr("rtol", 16))
	r := []reg.VecVirtual{broadcast(NewParamAddr("r", 8))}
	for len(r) < historyRows-1 {
		next := register()
		VMULPD(r[0], r[len(r)-1], next)
		r = append(r, next)
	}
	lines("predict_", field(m, multistepWidth), []reg.Register{z, p, e, w, atol}, func(at, width, _ int) {
		s := span{width}
		a := make(vec, historyRows)
		for k := range a {
			a[k] = registerOf(width)
			if k == 0 {
				VMOVUPD(shifted(from[k], at), a[k])
			} else {
				VMULPD(shifted(from[k], at), narrowed(r[k-1], width), a[k])
			}
		}
		tol := vec{a[0]}.abs()
		VFMADD213PD(shifted(Mem{Base: atol}, at), narrowed(rtol, width), tol[0])
		floor := s.constant(weightFloor)
		enough := compare(compareNotLess, s, func(int) Op { return floor[0] }, tol)
		s.constant(1).div(tol).where(enough).store(shifted(Mem{Base: w}, at))
		for k := range historyRows - 1 {
			for j := historyRows - 2; j >= k; j-- {
				VADDPD(a[j+1], a[j], a[j])
			}
			VMOVUPD(a[k], shifted(to[k], at))
		}
		VMOVUPD(a[historyRows-1], shifted(to[historyRows-1], at))
		s.zero().store(shifted(Mem{Base: e}, at))
	})
	VZEROUPPER()
	RET()
}

// multistepNewton makes the residual's part without f first, then the product with it by columns of the inverse: a field mostly writes f number by number, which
// registers could not load before these stores are done.
func multistepNewton() {
	function("multistepNewton", "func(m *byte, gamma, r, scale float64) float64", "is Multistep.Newton.")
	m := param("m")
	r := broadcast(NewParamAddr("r", 16))
	{
		p, e, u := field(m, multistepP), field(m, multistepE), field(m, multistepU)
		ADDQ(Mem{Base: m, Disp: multistepStride}, p)
		lines("known_", field(m, multistepWidth), []reg.Register{p, e, u}, func(at, width, _ int) {
			z := registerOf(width)
			VMOVUPD(shifted(Mem{Base: p}, at), z)
			VFMADD213PD(shifted(Mem{Base: e}, at), narrowed(r, width), z)
			VMOVUPD(z, shifted(Mem{Base: u}, at))
		})
	}
	columns, ld := field(m, multistepInverse), field(m, multistepLD)
	gamma := broadcast(NewParamAddr("gamma", 8))
	update := newNewtonUpdate(m, NewParamAddr("scale", 24))
	left := field(m, multistepWidth)
	widths := newtonSpans()
	for i, s := range widths {
		prefix := "columns" + string(rune('0'+s.bytes()/32)) + "_"
		Label(prefix + "next")
		CMPQ(left, U32(s.bytes()))
		JLT(LabelRef(prefix + "done"))
		update.by(s, multiplyResidual(prefix, m, columns, ld, gamma, s))
		ADDQ(U32(s.bytes()), columns)
		SUBQ(U32(s.bytes()), left)
		if i == 0 {
			JMP(LabelRef(prefix + "next"))
		} else {
			JMP(LabelRef("updated"))
		}
		Label(prefix + "done")
	}
	Label("updated")
	Store(update.sums.total(), ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// newtonSpans are the rows of the inverse taken at a time, as many as registers allow, and what may be left.
func newtonSpans() []span {
	most := 6
	if target.width < lineBytes {
		most = 4
	}
	var spans []span
	for halves := most; halves > 0; halves-- {
		s := whole(halves * 32 / target.width)
		if s.bytes() < halves*32 {
			s = append(s, 32)
		}
		spans = append(spans, s)
	}
	return spans
}

// multiplyResidual emits the product of a span of rows of the inverse with the residual. Two sums for each row hide the time of an addition.
func multiplyResidual(prefix string, m, columns, ld, gamma reg.Register, s span) vec {
	const terms = 4
	f, u, left, column := field(m, multistepF), field(m, multistepU), field(m, multistepN), copyOf(columns)
	sums := []vec{s.zero(), s.zero()}
	ld3 := GP64()
	LEAQ(Mem{Base: ld, Index: ld, Scale: 2}, ld3)
	from := []Mem{{Base: column}, {Base: column, Index: ld, Scale: 1}, {Base: column, Index: ld, Scale: 2}, {Base: column, Index: ld3, Scale: 1}}
	term := func(i int) {
		t := broadcast(Mem{Base: f, Disp: 8 * i})
		if target.spreads {
			VFMSUB213PD_BCST(Mem{Base: u, Disp: 8 * i}, gamma, t)
		} else {
			VFMSUB213PD(broadcast(Mem{Base: u, Disp: 8 * i}), gamma, t)
		}
		sums[i%len(sums)].addRow(from[i], t)
	}
	SUBQ(U8(terms), left)
	JLT(LabelRef(prefix + "few"))
	Label(prefix + "terms")
	for i := range terms {
		term(i)
	}
	ADDQ(U8(8*terms), f)
	ADDQ(U8(8*terms), u)
	LEAQ(Mem{Base: column, Index: ld, Scale: terms}, column)
	SUBQ(U8(terms), left)
	JGE(LabelRef(prefix + "terms"))
	Label(prefix + "few")
	ADDQ(U8(terms), left)
	JEQ(LabelRef(prefix + "sum"))
	Label(prefix + "term")
	term(0)
	ADDQ(U8(8), f)
	ADDQ(U8(8), u)
	ADDQ(ld, column)
	DECQ(left)
	JNE(LabelRef(prefix + "term"))
	Label(prefix + "sum")
	return sums[0].add(sums[1])
}

// A newtonUpdate emits what an iteration does with its product.
type newtonUpdate struct {
	d, e, p, w, y reg.Register
	scale         reg.VecVirtual
	sums          lineSums
}

func newNewtonUpdate(m reg.Register, scale Mem) *newtonUpdate {
	return &newtonUpdate{
		d: field(m, multistepD), e: field(m, multistepE), p: field(m, multistepP), w: field(m, multistepW), y: field(m, multistepY),
		scale: broadcast(scale), sums: newLineSums(),
	}
}

func (u *newtonUpdate) pointers() []reg.Register { return []reg.Register{u.d, u.e, u.p, u.w, u.y} }

// register updates with register k of the product.
func (u *newtonUpdate) register(x reg.VecVirtual, at, k int) {
	width := int(x.Size())
	e := registerOf(width)
	VMULPD(narrowed(u.scale, width), x, x)
	VMOVUPD(x, shifted(Mem{Base: u.d}, at))
	VADDPD(shifted(Mem{Base: u.e}, at), x, e)
	VMOVUPD(e, shifted(Mem{Base: u.e}, at))
	VADDPD(shifted(Mem{Base: u.p}, at), e, e)
	VMOVUPD(e, shifted(Mem{Base: u.y}, at))
	VMULPD(shifted(Mem{Base: u.w}, at), x, x)
	u.sums.addSquare(k, x)
}

// by updates with a span of the product.
func (u *newtonUpdate) by(s span, product vec) {
	for k, x := range product {
		u.register(x, s.at(k), k)
	}
	for _, p := range u.pointers() {
		ADDQ(U32(s.bytes()), p)
	}
}

func multistepAdvance() {
	function("multistepAdvance", "func(m *byte, scale float64) float64", "is Multistep.Advance.")
	m := param("m")
	u := newNewtonUpdate(m, NewParamAddr("scale", 8))
	lines("advance_", field(m, multistepWidth), u.pointers(), func(at, width, k int) {
		x := registerOf(width)
		VMOVUPD(shifted(Mem{Base: u.d}, at), x)
		u.register(x, at, k)
	})
	Store(u.sums.total(), ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// stepTolerance emits atol + rtol·max(|y|, |x|), at least weightFloor, where y is z_0 and x a state in a register.
func stepTolerance(z, atol Mem, rtol reg.Register, x reg.VecVirtual) vec {
	s := span{int(x.Size())}
	tol, magnitude := s.load(z).abs(), vec{x}.abs()
	VMAXPD(magnitude[0], tol[0], tol[0])
	VFMADD213PD(atol, rtol, tol[0])
	VMAXPD(tol[0], s.constant(weightFloor)[0], tol[0])
	return tol
}

func multistepCorrect() {
	function("multistepCorrect", "func(m *byte, q int, l *float64, c, rtol float64) (latest, top, below, difference float64)", "is Multistep.Correct.")
	m, coef := param("m"), param("l")
	z, p, e, before, atol := field(m, multistepZ), field(m, multistepP), field(m, multistepE), field(m, multistepEPrev), field(m, multistepATol)
	one, three, five := strides(m)
	row := nordsieckRows(p, one, three, five)
	top, below := param("q"), GP64()
	IMULQ(one, top)
	ADDQ(p, top)
	MOVQ(top, below)
	SUBQ(one, below)
	c, rtol, none := broadcast(NewParamAddr("c", 24)), broadcast(NewParamAddr("rtol", 32)), whole(1).zero()[0]
	sums := []lineSums{newLineSums(), newLineSums(), newLineSums(), newLineSums()}
	lines("correct_", field(m, multistepWidth), []reg.Register{z, p, e, before, atol, top, below}, func(at, width, k int) {
		s := span{width}
		x := s.load(shifted(Mem{Base: e}, at))
		var state reg.VecVirtual
		for j := range historyRows {
			a, l := s.load(shifted(row[j], at)), registerOf(width)
			VBROADCASTSD(Mem{Base: coef, Disp: 8 * j}, l)
			VFMADD231PD(l, x[0], a[0])
			a.store(shifted(row[j], at))
			if j == 0 {
				state = a[0]
			}
		}
		w := s.constant(1).div(stepTolerance(shifted(Mem{Base: z}, at), shifted(Mem{Base: atol}, at), narrowed(rtol, width), state))
		sums[0].addProduct(k, state, none)
		change := s.load(shifted(Mem{Base: before}, at))
		VFNMADD213PD(x[0], narrowed(c, width), change[0])
		for v, x := range []vec{x, s.load(shifted(Mem{Base: top}, at)), s.load(shifted(Mem{Base: below}, at)), change} {
			sums[v].addSquare(k, x.mul(w)[0])
		}
	})
	storeTotals(sums, NewParamAddr("latest", 40))
	VZEROUPPER()
	RET()
}

// storeTotals writes four totals one after the other.
func storeTotals(sums []lineSums, to Mem) {
	total := make([]reg.Register, len(sums))
	for v, s := range sums {
		total[v] = s.registers()
	}
	pair, other, low, high := YMM(), YMM(), YMM(), YMM()
	VHADDPD(total[1], total[0], pair)
	VHADDPD(total[3], total[2], other)
	VPERM2F128(U8(0x20), other, pair, low)
	VPERM2F128(U8(0x31), other, pair, high)
	VADDPD(high, low, low)
	VMOVUPD(low, to)
}
