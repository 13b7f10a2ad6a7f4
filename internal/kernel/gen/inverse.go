package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// inverses emits the inversion of matrices whose columns are single registers, and the product with such an inverse. It is for AVX-512 alone: masks
// take the place of exchanges of rows.
func inverses() {
	invert()
	timesInverse()
}

// invert emits the exchange algorithm (Gauss and Jordan) in place: in step k the unknown k trades places with the equation of the row whose
// element of column k is the largest of those not yet taken. All eight columns stay in registers.
func invert() {
	function("invert8", "func(inv, a *float64, n int, shift, scale float64) int", "is invertGo: the column without a pivot, or −1.")
	inv, a, n := param("inv"), param("a"), param("n")
	pivots := AllocLocal(64)
	shift, scale := spreadParam("shift"), spreadParam("scale")

	// Rows and columns beyond the matrix are zero.
	rows, row, bytes, present := whole(8).zero(), copyOf(a), copyOf(n), lowest(n)
	SHLQ(U8(3), bytes)
	for i, z := range rows {
		if i > 0 {
			CMPQ(n, U8(i))
			JLE(LabelRef("loaded"))
		}
		VMULPD_Z(Mem{Base: row}, scale, present, z)
		ADDQ(bytes, row)
	}
	Label("loaded")
	columns := transposed(rows)
	for j, column := range columns {
		addUnit(j, shift, column)
	}

	e := &exchanger{columns: columns, free: K(), pivots: pivots, order: register(), magnitude: register(), ranks: register(), one: whole(1).constant(1)[0]}
	KXNORB(e.free, e.free, e.free)
	VMOVDQU64(pattern([]uint64{0, 1, 2, 3, 4, 5, 6, 7}), e.order)
	loadConstant(bits(signBit-1-7), e.magnitude)
	VMOVDQU64(pattern([]uint64{7, 6, 5, 4, 3, 2, 1, 0}), e.ranks)
	for k := range columns {
		if k > 0 {
			CMPQ(n, U8(k))
			JLE(LabelRef("exchanged"))
		}
		e.exchange(k)
	}
	Label("exchanged")

	for k, column := range columns {
		if k > 0 {
			CMPQ(n, U8(k))
			JLE(LabelRef("stored"))
		}
		p, z := GP64(), register()
		MOVQ(shifted(pivots, 8*k), p)
		SHLQ(U8(6), p)
		VPERMPD(column, e.order, z)
		VMOVUPD(z, Mem{Base: inv, Index: p, Scale: 1})
	}
	Label("stored")
	VZEROUPPER()
	result := GP64()
	MOVQ(I64(-1), result)
	Store(result, ReturnIndex(0))
	RET()
	for k := range columns {
		Label(fmt.Sprintf("singular_%d", k))
		VZEROUPPER()
		MOVQ(I64(int64(k)), result)
		Store(result, ReturnIndex(0))
		RET()
	}
}

// spreadParam fetches a number argument into all lanes.
func spreadParam(name string) reg.VecVirtual {
	at, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return broadcast(at.Addr)
}

// addUnit adds a multiple of the unit vector j to a column.
func addUnit(j int, multiple, column reg.VecVirtual) {
	unit := make([]uint64, 8)
	unit[j] = math.Float64bits(1)
	VFMADD231PD(pattern(unit), multiple, column)
}

// transposed are the columns of an 8×8 matrix given by its rows: pairs of rows, then fours, then all.
func transposed(rows vec) vec {
	columns := rows.like(func(int, reg.VecVirtual) {})
	// even[i] holds the even, odd[i] the odd elements of rows 2i and 2i+1 in turn.
	even := whole(4).each(func(i int, z reg.VecVirtual) { VUNPCKLPD(rows[2*i+1], rows[2*i], z) })
	odd := whole(4).each(func(i int, z reg.VecVirtual) { VUNPCKHPD(rows[2*i+1], rows[2*i], z) })
	const first, second = 0x88, 0xdd // of every two pairs
	for parity, pairs := range []vec{even, odd} {
		for half, from := range []uint64{first, second} {
			upper, lower := register(), register()
			VSHUFF64X2(U8(from), pairs[1], pairs[0], upper)
			VSHUFF64X2(U8(from), pairs[3], pairs[2], lower)
			VSHUFF64X2(U8(first), lower, upper, columns[parity+2*half])
			VSHUFF64X2(U8(second), lower, upper, columns[parity+2*half+4])
		}
	}
	return columns
}

// lowest is a mask of the lowest n lanes.
func lowest(n reg.Register) reg.OpmaskVirtual {
	all, k := GP64(), K()
	MOVQ(I32(-1), all)
	SHLXQ(n, all, all)
	NOTQ(all)
	KMOVB(all.As32(), k)
	return k
}

// An exchanger emits the steps of the exchange algorithm.
type exchanger struct {
	columns vec
	free    reg.OpmaskVirtual // rows not yet taken
	// the rows taken, in memory and as a register, rows beyond the matrix being in place
	pivots Mem
	order  reg.VecVirtual
	// constants: a mask of a magnitude but for its last three bits, 7 − lane, and 1
	magnitude, ranks, one reg.VecVirtual
}

// exchange emits step k. Where it ends depends on how soon the next column is known: that is where the order of operations comes from.
func (e *exchanger) exchange(k int) {
	column := e.columns[k]
	// The largest magnitude of the free rows, in all lanes. As integers, magnitudes are ordered alike, NaN being the largest; the last three bits tell the
	// lane, so that of several the first is taken, of those too that differ in these bits only.
	most, other := register(), register()
	VMOVAPD(column, most)
	const productOrThird = 0xea
	VPTERNLOGQ_Z(U8(productOrThird), e.ranks, e.magnitude, e.free, most)
	VSHUFF64X2(U8(0x4e), most, most, other)
	VPMAXUQ(other, most, most)
	VPERMPD(U8(0x4e), most, other)
	VPMAXUQ(other, most, most)
	VPERMILPD(U8(0x55), most, other)
	VPMAXUQ(other, most, most)
	// All reciprocals take no longer than to find the one that is wanted.
	reciprocals := register()
	VDIVPD(column, e.one, reciprocals)

	index, pivot, d := register(), register(), register()
	VPANDNQ_BCST(bits(7), most, index)
	VPERMPD(reciprocals, index, d)
	VPERMPD(column, index, pivot)
	constantOp(VANDPD, VANDPD_BCST, bits(signBit-1), pivot, pivot)
	// the comparison is written so that NaN fails it
	VUCOMISD(num(0), pivot.AsX())
	JLS(LabelRef(fmt.Sprintf("singular_%d", k)))
	VUCOMISD(num(math.MaxFloat64), pivot.AsX())
	JHI(LabelRef(fmt.Sprintf("singular_%d", k)))

	here, others := K(), K()
	VPCMPEQQ(pattern([]uint64{0, 1, 2, 3, 4, 5, 6, 7}), index, here)
	KNOTB(here, others)
	KANDB(others, e.free, e.free)
	VMOVQ(index.AsX(), shifted(e.pivots, 8*k))
	lane := make([]uint64, 8)
	lane[k] = math.MaxUint64
	const secondWhereThird = 0xd8
	VPTERNLOGQ(U8(secondWhereThird), pattern(lane), index, e.order)

	for step := 1; step < len(e.columns); step++ {
		c := e.columns[(k+step)%len(e.columns)] // the next column first: its search can begin
		t := register()
		VPERMPD(c, index, t)
		if step == 1 {
			// the product does not wait for the reciprocal
			p := register()
			VMULPD(t, column, p)
			VMULPD(d, t, t)
			VFNMADD231PD(d, p, others, c)
		} else {
			VMULPD(d, t, t)
			VFNMADD231PD(t, column, others, c)
		}
		VMOVAPD(t, here, c)
	}
	VMULPD(d, column, column)
	constantOp(VXORPD, VXORPD_BCST, bits(signBit), column, column)
	VMOVAPD(d, here, column)
}

// timesInverse emits x ← A⁻¹x.
func timesInverse() {
	function("timesInverse8", "func(x, inv *float64, n int)", "is timesInverseGo.")
	x, inv, n := param("x"), param("inv"), param("n")
	present := lowest(n)
	b, copied := register(), AllocLocal(64)
	VMOVUPD_Z(Mem{Base: x}, present, b)
	VMOVUPD(b, copied)
	sums := whole(4).zero()
	for r := range 8 {
		column := register()
		VMOVUPD(Mem{Base: inv, Disp: 64 * r}, column)
		VFMADD231PD_BCST(shifted(copied, 8*r), column, sums[r%4])
	}
	VADDPD(sums[1], sums[0], sums[0])
	VADDPD(sums[3], sums[2], sums[2])
	VADDPD(sums[2], sums[0], sums[0])
	VMOVUPD(sums[0], present, Mem{Base: x})
	VZEROUPPER()
	RET()
}
