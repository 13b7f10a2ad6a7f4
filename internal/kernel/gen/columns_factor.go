package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A columnFactor emits Gaussian elimination by columns. Rows stay where they are until the end, as an exchange would touch every column in every
// step: a set tells which have not been pivot rows yet. Time goes into the chain from one column to the next (largest magnitude, its reciprocal,
// multipliers): the next column is updated first, and the others while its pivot is looked for.
type columnFactor struct {
	rows, lanes int
	column      reg.GPVirtual // of the step
	left        reg.GPVirtual // columns after it
	l           vec           // the multipliers of the step before, then of the step
	pivot       reg.GPVirtual // their pivot's row
	order       reg.Register
	exchanges   bool
	where       Mem // the place of each row after the exchanges so far
	active      activeRows
	found, row  reg.GPVirtual // in a search, bits of rows of the largest magnitude, and one of them
}

func factorColumns(rows, lanes int) {
	size := rows * lanes
	function(fmt.Sprintf("factorColumns%d", size), "func(columns, inv *float64, order *int64, exchanged *int32, n int) bool",
		fmt.Sprintf("is FactorColumns for %d < n ≤ %d.", size-lanes, size))
	f := &columnFactor{rows: rows, lanes: lanes, column: copyOf(param("columns")), left: copyOf(param("n")), pivot: GP64(), order: param("order"), exchanges: true}
	f.l = whole(rows).each(func(int, reg.VecVirtual) {})
	f.where = AllocLocal(8 * size)
	f.active = newActiveRows(f)
	inv, exchanged := param("inv"), param("exchanged")
	for r := range rows {
		z := register()
		VMOVUPD(f.numbers(r), z)
		VMOVUPD(z, shifted(f.where, r*target.width))
		VMOVUPD(z, Mem{Base: f.order, Disp: r * target.width})
	}
	k := GP64()
	XORQ(k, k)
	DECQ(f.left)

	Label("step")
	row, reciprocal := f.search()
	TESTQ(k, k)
	JEQ(LabelRef("updated"))
	f.update()
	Label("updated")
	MOVQ(row, f.pivot)
	place, displaced := GP64(), GP64()
	MOVQ(f.where.Idx(f.pivot, 8), place)
	MOVQ(Mem{Base: f.order, Index: k, Scale: 8}, displaced)
	MOVL(place.As32(), Mem{Base: exchanged, Index: k, Scale: 4})
	MOVQ(displaced, Mem{Base: f.order, Index: place, Scale: 8})
	MOVQ(place, f.where.Idx(displaced, 8))
	MOVQ(f.pivot, Mem{Base: f.order, Index: k, Scale: 8})
	VMOVSD(reciprocal, Mem{Base: inv, Index: k, Scale: 8})
	f.multipliers(reciprocal)
	ADDQ(immediate(8*size), f.column)
	INCQ(k)
	DECQ(f.left)
	JLT(LabelRef("factorised"))
	f.updateColumn(f.column)
	JMP(LabelRef("step"))

	Label("factorised")
	if target.spreads {
		f.everyColumn(f.permuteRegisters())
	} else {
		f.everyColumn(f.permuteNumbers)
	}
	leave := func(answer int) {
		ok := GP8()
		MOVB(U8(answer), ok)
		Store(ok, ReturnIndex(0))
		VZEROUPPER()
		RET()
	}
	leave(1)
	Label("singular")
	leave(0)
	f.breakTie()
}

// numbers is the memory operand with the numbers of register r's rows.
func (f *columnFactor) numbers(r int) Mem {
	rows := make([]uint64, f.lanes)
	for i := range rows {
		rows[i] = uint64(r*f.lanes + i)
	}
	return pattern(rows)
}

// at is register r of a column in memory.
func (f *columnFactor) at(column reg.Register, r int) Mem {
	return Mem{Base: column, Disp: r * target.width}
}

// search finds the pivot's row, of several the one that is first, after exchanges where there are any, and its reciprocal.
func (f *columnFactor) search() (row reg.GPVirtual, reciprocal reg.VecVirtual) {
	best := f.active.magnitude(0)
	for r := 1; r < f.rows; r++ {
		VMAXPD(f.active.magnitude(r), best, best)
	}
	swapped := func(emit func(z reg.VecVirtual)) {
		z := register()
		emit(z)
		VMAXPD(z, best, best)
	}
	if f.lanes == 8 {
		swapped(func(z reg.VecVirtual) { VSHUFF64X2(U8(0x4e), best, best, z) })
		swapped(func(z reg.VecVirtual) { VSHUFF64X2(U8(0xb1), best, best, z) })
	} else {
		swapped(func(z reg.VecVirtual) { VPERM2F128(U8(0x01), best, best, z) })
	}
	swapped(func(z reg.VecVirtual) { VPERMILPD(U8(0x55>>(8-f.lanes)), best, z) })

	// One comparison tells zero, infinity and NaN from a pivot.
	bits, bound := GP64(), GP64()
	VMOVQ(best.AsX(), bits)
	DECQ(bits)
	MOVQ(U64(0x7feffffffffffffe), bound)
	CMPQ(bits, bound)
	JHI(LabelRef("singular"))

	size := XMM()
	VMOVSD(num(1), size)
	VDIVSD(best.AsX(), size, size)

	f.found, f.row = f.whereEqual(best), GP64()
	BSFQ(f.found, f.row)
	JEQ(LabelRef("singular"))
	if f.exchanges {
		several := GP64()
		LEAQ(Mem{Base: f.found, Disp: -1}, several)
		TESTQ(f.found, several)
		JNE(LabelRef("tie"))
		Label("found")
	}
	sign := XMM()
	VMOVSD(Mem{Base: f.column, Index: f.row, Scale: 8}, sign)
	VANDPD(pattern([]uint64{signBit, 0}), sign, sign)
	VORPD(sign, size, size)
	return f.row, size
}

// breakTie chooses among the rows found the one that is first after the exchanges.
func (f *columnFactor) breakTie() {
	Label("tie")
	first := GP64()
	MOVQ(f.where.Idx(f.row, 8), first)
	Label("tied")
	{
		row, place, rest := GP64(), GP64(), GP64()
		LEAQ(Mem{Base: f.found, Disp: -1}, rest)
		ANDQ(rest, f.found)
		JEQ(LabelRef("found"))
		BSFQ(f.found, row)
		MOVQ(f.where.Idx(row, 8), place)
		CMPQ(place, first)
		JGT(LabelRef("tied"))
		MOVQ(place, first)
		MOVQ(row, f.row)
	}
	JMP(LabelRef("tied"))
}

// whereEqual has a bit for every row whose magnitude is that of the pivot.
func (f *columnFactor) whereEqual(best reg.VecVirtual) reg.GPVirtual {
	found := GP64()
	for r := range f.rows {
		bits := found
		if r > 0 {
			bits = GP64()
		}
		if target.spreads {
			k := K()
			VCMPPD(U8(compareEqual), best, f.active.magnitude(r), k)
			KMOVB(k, bits.As32())
		} else {
			z := register()
			VCMPPD(U8(compareEqual), best, f.active.magnitude(r), z)
			VMOVMSKPD(z, bits.As32())
		}
		if r > 0 {
			SHLQ(U8(r*f.lanes), bits)
			ORQ(bits, found)
		}
	}
	return found
}

// multipliers takes the pivot's row from the active ones and divides the others by the pivot.
func (f *columnFactor) multipliers(reciprocal reg.VecVirtual) {
	f.active.remove(f.pivot)
	d := register()
	VBROADCASTSD(reciprocal, d)
	for r, l := range f.l {
		z := f.load(r)
		if target.spreads {
			VMULPD_Z(z, d, f.active.k[r], l)
			VMOVAPD(l, f.active.k[r], z)
		} else {
			VMULPD(z, d, l)
			VANDPD(f.active.mask(r), l, l)
			VBLENDVPD(f.active.loaded(r), l, z, z)
		}
		VMOVUPD(z, f.at(f.column, r))
	}
}

// load is register r of the step's column.
func (f *columnFactor) load(r int) reg.VecVirtual {
	z := register()
	VMOVUPD(f.at(f.column, r), z)
	return z
}

// update subtracts what belongs to the pivot of the step before from the columns after that of this step.
func (f *columnFactor) update() {
	column, left := copyOf(f.column), copyOf(f.left)
	TESTQ(left, left)
	JEQ(LabelRef("updated"))
	Label("update")
	ADDQ(immediate(8*f.rows*f.lanes), column)
	f.updateColumn(column)
	DECQ(left)
	JNE(LabelRef("update"))
}

func (f *columnFactor) updateColumn(column reg.Register) {
	u := broadcast(Mem{Base: column, Index: f.pivot, Scale: 8})
	for r, l := range f.l {
		z := register()
		VMOVUPD(f.at(column, r), z)
		VFNMADD231PD(l, u, z)
		VMOVUPD(z, f.at(column, r))
	}
}

// everyColumn emits a loop in which move puts the rows of a column in order, and jumps to "singular" where there is a NaN, which the maximum of a
// search may have passed over.
func (f *columnFactor) everyColumn(move func(column reg.Register, z vec)) {
	column, left := copyOf(param("columns")), copyOf(param("n"))
	spoilt, zero := whole(2).zero(), whole(1).zero()[0]
	Label("column")
	z := whole(f.rows).load(Mem{Base: column})
	for r := range z {
		VFMADD231PD(z[r], zero, spoilt[r%2])
	}
	move(column, z)
	ADDQ(immediate(8*f.rows*f.lanes), column)
	DECQ(left)
	JNE(LabelRef("column"))
	spoilt.isNaN().skipUnlessAny("sound")
	JMP(LabelRef("singular"))
	Label("sound")
}

// permuteNumbers moves rows one by one.
func (f *columnFactor) permuteNumbers(column reg.Register, z vec) {
	copied := f.active.masks // no longer needed
	z.store(copied)
	for i := range f.rows * f.lanes {
		from, x := GP64(), GP64()
		MOVQ(Mem{Base: f.order, Disp: 8 * i}, from)
		MOVQ(copied.Idx(from, 8), x)
		MOVQ(x, Mem{Base: column, Disp: 8 * i})
	}
}

// permuteRegisters moves the rows of a register at once.
func (f *columnFactor) permuteRegisters() func(column reg.Register, z vec) {
	order := whole(f.rows).load(Mem{Base: f.order})
	high := make([]reg.OpmaskVirtual, f.rows) // rows of the third and fourth register
	if f.rows > 2 {
		for r := range high {
			high[r] = K()
			VPTESTMQ_BCST(bits(uint64(2*f.lanes)), order[r], high[r])
		}
	}
	return func(column reg.Register, z vec) {
		pair := func(r, of int) reg.VecVirtual {
			moved := register()
			VMOVAPD(order[r], moved)
			VPERMI2PD(z[of+1], z[of], moved)
			return moved
		}
		for r := range f.rows {
			low := pair(r, 0)
			switch f.rows {
			case 3:
				VPERMPD(z[2], order[r], high[r], low)
			case 4:
				VMOVAPD(pair(r, 2), high[r], low)
			}
			VMOVUPD(low, f.at(column, r))
		}
	}
}

// activeRows are the rows that have not been pivot rows: in mask registers and as bits, or as masks in memory.
type activeRows struct {
	f     *columnFactor
	bits  reg.GPVirtual
	k     []reg.OpmaskVirtual
	masks Mem
}

func newActiveRows(f *columnFactor) activeRows {
	a := activeRows{f: f}
	if target.spreads {
		n := param("n").(reg.GPVirtual)
		MOVQ(n, reg.RCX)
		a.bits = GP64()
		MOVQ(U64(1), a.bits)
		SHLQ(reg.CL, a.bits)
		DECQ(a.bits)
		for range f.rows {
			a.k = append(a.k, K())
		}
		a.spread()
		return a
	}
	a.masks = AllocLocal(8 * f.rows * f.lanes)
	n := register()
	VPBROADCASTQ(NewParamAddr("n", 32), n)
	for r := range f.rows {
		z := register()
		VPCMPGTQ(f.numbers(r), n, z)
		VMOVUPD(z, a.mask(r))
	}
	return a
}

// spread makes mask registers of the bits.
func (a activeRows) spread() {
	for r, k := range a.k {
		bits := a.bits
		if r > 0 {
			bits = copyOf(a.bits)
			SHRQ(U8(8*r), bits)
		}
		KMOVB(bits.As32(), k)
	}
}

func (a activeRows) mask(r int) Mem { return shifted(a.masks, r*target.width) }

func (a activeRows) loaded(r int) reg.VecVirtual {
	z := register()
	VMOVUPD(a.mask(r), z)
	return z
}

func (a activeRows) remove(row reg.GPVirtual) {
	if target.spreads {
		BTRQ(row, a.bits)
		a.spread()
		return
	}
	number, spread := XMM(), register()
	VMOVQ(row, number)
	VPBROADCASTQ(number, spread)
	for r := range a.f.rows {
		z := register()
		VPCMPEQQ(a.f.numbers(r), spread, z)
		VPANDN(a.mask(r), z, z)
		VMOVUPD(z, a.mask(r))
	}
}

// magnitude is that of register r of the step's column, zero for rows that are not active.
func (a activeRows) magnitude(r int) reg.VecVirtual {
	z := a.f.load(r)
	if target.spreads {
		VANDPD_BCST_Z(bits(signBit-1), z, a.k[r], z)
		return z
	}
	VANDPD(a.mask(r), z, z)
	VANDPD(bits(signBit-1), z, z)
	return z
}
