package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A columnInverse emits the exchange algorithm of Gauss and Jordan by columns, in the order of columnFactor: every step updates all columns, which
// takes no longer than the search for the next pivot that it hides. It is for AVX-512 alone, whose masks leave the pivot's row out.
type columnInverse struct {
	columnFactor
	others       []reg.OpmaskVirtual // rows that are not the pivot's
	columns, end reg.GPVirtual
}

func invertColumns(rows, lanes int) {
	size := rows * lanes
	function(fmt.Sprintf("invertColumns%d", size), "func(inv, columns *float64, order *int64, n int) int",
		fmt.Sprintf("is InvertColumns for %d < n ≤ %d.", size-lanes, size))
	f := &columnInverse{columnFactor: columnFactor{rows: rows, lanes: lanes, pivot: GP64(), order: param("order")}}
	n := param("n")
	f.columns, f.left = copyOf(param("columns")), copyOf(n)
	f.column = copyOf(f.columns)
	f.end = GP64()
	IMUL3Q(immediate(8*size), n, f.end)
	ADDQ(f.columns, f.end)
	f.l = whole(rows).each(func(int, reg.VecVirtual) {})
	f.active = newActiveRows(&f.columnFactor)
	for range rows {
		f.others = append(f.others, K())
	}
	for r := range rows {
		z := register()
		VMOVUPD(f.numbers(r), z)
		VMOVUPD(z, Mem{Base: f.order, Disp: r * target.width})
	}
	k := GP64()
	XORQ(k, k)
	DECQ(f.left)

	count := GP64() // of columns that are neither the step's nor the one before
	MOVQ(n, count)
	SUBQ(U8(2), count)
	Label("step")
	row, reciprocal := f.search()
	TESTQ(k, k)
	JEQ(LabelRef("updated"))
	f.updateColumns("update", f.column, count)
	Label("updated")
	MOVQ(row, f.pivot)
	MOVQ(f.pivot, Mem{Base: f.order, Index: k, Scale: 8})
	f.exchange(reciprocal)
	ADDQ(immediate(8*size), f.column)
	INCQ(k)
	DECQ(f.left)
	JLT(LabelRef("inverted"))
	f.updateColumn(f.column)
	JMP(LabelRef("step"))

	Label("inverted")
	DECQ(k)
	SUBQ(immediate(8*size), f.column)
	f.updateColumns("last", f.column, k)
	f.store()
	result := GP64()
	leave := func() {
		Store(result, ReturnIndex(0))
		VZEROUPPER()
		RET()
	}
	MOVQ(I64(-1), result)
	leave()
	Label("singular")
	MOVQ(k, result)
	leave()
}

// exchange makes the multipliers, which take the pivot's row of other columns to its quotient, and the step's column.
func (f *columnInverse) exchange(reciprocal reg.VecVirtual) {
	f.active.remove(f.pivot)
	here, row := GP64(), GP64()
	XORQ(here, here)
	MOVQ(f.pivot, row)
	BTSQ(row, here)
	NOTQ(here)
	activeRows{bits: here, k: f.others}.spread()
	d, negative := register(), register()
	VBROADCASTSD(reciprocal, d)
	constantOp(VXORPD, VXORPD_BCST, bits(signBit), d, negative)
	for r, l := range f.l {
		z := register()
		VMOVAPD(negative, l)
		VMULPD(f.at(f.column, r), d, f.others[r], l)
		constantOp(VXORPD, VXORPD_BCST, bits(signBit), l, z)
		VMOVUPD(z, f.at(f.column, r))
	}
}

// updateColumns updates as many columns after one, the first following the last: always in one loop of the same length, whose end is foreseen.
func (f *columnInverse) updateColumns(label string, column, count reg.GPVirtual) {
	next, left := copyOf(column), copyOf(count)
	Label(label)
	ADDQ(immediate(8*f.rows*f.lanes), next)
	CMPQ(next, f.end)
	CMOVQEQ(f.columns, next)
	f.updateColumn(next)
	DECQ(left)
	JNE(LabelRef(label))
}

func (f *columnInverse) updateColumn(column reg.Register) {
	u := broadcast(Mem{Base: column, Index: f.pivot, Scale: 8})
	for r, l := range f.l {
		z := register()
		VMOVUPD_Z(f.at(column, r), f.others[r], z)
		VFNMADD231PD(l, u, z)
		VMOVUPD(z, f.at(column, r))
	}
}

// store writes the columns, rows in order, to the places of their pivots.
func (f *columnInverse) store() {
	inv, next := param("inv"), copyOf(f.order)
	permute := f.permuteRegisters()
	f.everyColumn(func(_ reg.Register, z vec) {
		to := GP64()
		IMUL3Q(immediate(8*f.rows*f.lanes), Mem{Base: next}, to)
		ADDQ(inv, to)
		permute(to, z)
		ADDQ(U8(8), next)
	})
}

// timesColumns emits the product of a matrix that is kept by columns with a vector.
func timesColumns(rows, lanes int) {
	size := rows * lanes
	function(fmt.Sprintf("timesColumns%d", size), "func(x, columns *float64, n int)", fmt.Sprintf("is TimesColumns for %d < n ≤ %d.", size-lanes, size))
	x, column, left := param("x"), param("columns"), param("n")
	rest := GP64()
	LEAQ(Mem{Base: left, Disp: lanes - size}, rest)
	present := lowest(rest)
	from := copyOf(x)
	sums := [2]vec{whole(rows).zero(), whole(rows).zero()}
	add := func(i int) {
		v := broadcast(Mem{Base: from, Disp: 8 * i})
		for r, sum := range sums[i] {
			VFMADD231PD(Mem{Base: column, Disp: 8*size*i + target.width*r}, v, sum)
		}
	}
	SUBQ(U8(2), left)
	Label("pair")
	add(0)
	add(1)
	ADDQ(U8(16), from)
	ADDQ(immediate(2*8*size), column)
	SUBQ(U8(2), left)
	JGE(LabelRef("pair"))
	CMPQ(left, I8(-2))
	JEQ(LabelRef("multiplied"))
	add(0)
	Label("multiplied")
	for r, sum := range sums[0] {
		VADDPD(sums[1][r], sum, sum)
		if r < rows-1 {
			VMOVUPD(sum, Mem{Base: x, Disp: target.width * r})
		} else {
			VMOVUPD(sum, present, Mem{Base: x, Disp: target.width * r})
		}
	}
	VZEROUPPER()
	RET()
}
