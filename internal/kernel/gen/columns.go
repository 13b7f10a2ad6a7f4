package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The sizes of systems that columns solves, as in kernel.
const (
	columnsFrom = 9
	columnsTo   = 32
	inverseTo   = 24
)

// columns emits the solution of triangular systems whose columns are registers: the right-hand side stays in registers, and every unknown, as soon
// as it is known, is spread over all lanes and subtracted with its column. An unknown waits for the one before it by one permutation and one
// multiply-add only.
func columns() {
	lanes := target.width / 8
	for rows := (columnsFrom + lanes - 1) / lanes; rows*lanes <= columnsTo; rows++ {
		solveColumns(rows, lanes)
		factorColumns(rows, lanes)
		if target.spreads && rows*lanes <= inverseTo {
			invertColumns(rows, lanes)
			timesColumns(rows, lanes)
		}
	}
}

func solveColumns(rows, lanes int) {
	size := rows * lanes
	function(fmt.Sprintf("solveColumns%d", size), "func(x, columns, inv *float64, n int)", fmt.Sprintf("is SolveColumns for %d < n ≤ %d.", size-lanes, size))
	x, columns, inv, n := param("x"), param("columns"), param("inv"), param("n")
	v := whole(rows).load(Mem{Base: x})
	spread := spreader(lanes)

	below := rowMasks(lanes, func(row, lane int) bool { return row > lane })
	for k := range size - 1 {
		if k > size-lanes-1 {
			CMPQ(n, U8(k+1))
			JEQ(LabelRef("upper"))
		}
		s := spread(v[k/lanes], k%lanes)
		for r := k / lanes; r < rows; r++ {
			if r == k/lanes && k%lanes == lanes-1 {
				continue // nothing of this register lies below
			}
			l := register()
			VMOVUPD(Mem{Base: columns, Disp: 8*k*size + target.width*r}, l)
			if r == k/lanes {
				below.subtract(k%lanes, l, s, v[r])
			} else {
				VFNMADD231PD(l, s, v[r])
			}
		}
	}

	// The columns of U are divided by their diagonals, which makes the unknowns too large by them: they are divided at the end.
	Label("upper")
	above := rowMasks(lanes, func(row, lane int) bool { return row < lane })
	for k := size - 1; k > 0; k-- {
		if k >= size-lanes+1 {
			CMPQ(n, U8(k))
			JLE(LabelRef(fmt.Sprintf("known_%d", k)))
		}
		s, d := spread(v[k/lanes], k%lanes), broadcast(Mem{Base: inv, Disp: 8 * k})
		for r := k / lanes; r >= 0; r-- {
			if r == k/lanes && k%lanes == 0 {
				continue // nothing of this register lies above
			}
			u := register()
			VMULPD(Mem{Base: columns, Disp: 8*k*size + target.width*r}, d, u)
			if r == k/lanes {
				above.subtract(k%lanes, u, s, v[r])
			} else {
				VFNMADD231PD(u, s, v[r])
			}
		}
		if k >= size-lanes+1 {
			Label(fmt.Sprintf("known_%d", k))
		}
	}
	for r, z := range v {
		VMULPD(Mem{Base: inv, Disp: target.width * r}, z, z)
	}
	v.store(Mem{Base: x})
	VZEROUPPER()
	RET()
}

// spreader is what spreads a lane of a register over all lanes.
func spreader(lanes int) func(z reg.VecVirtual, lane int) reg.VecVirtual {
	if !target.spreads {
		return func(z reg.VecVirtual, lane int) reg.VecVirtual {
			s := register()
			VPERMPD(U8(0x55*lane), z, s)
			return s
		}
	}
	index := whole(lanes).each(func(lane int, z reg.VecVirtual) { loadConstant(bits(uint64(lane)), z) })
	return func(z reg.VecVirtual, lane int) reg.VecVirtual {
		s := register()
		VPERMPD(z, index[lane], s)
		return s
	}
}

// A laneMask holds for each lane of a diagonal element the mask of the rows of the same register on one side of it.
type laneMask struct {
	k       []reg.OpmaskVirtual
	pattern [][]uint64
}

func rowMasks(lanes int, holds func(row, lane int) bool) laneMask {
	m := laneMask{k: make([]reg.OpmaskVirtual, lanes)}
	for lane := range lanes {
		var pattern []uint64
		set := 0
		for row := range lanes {
			if holds(row, lane) {
				pattern = append(pattern, ^uint64(0))
				set |= 1 << row
			} else {
				pattern = append(pattern, 0)
			}
		}
		m.pattern = append(m.pattern, pattern)
		if target.spreads && set != 0 {
			r := GP32()
			MOVL(U32(set), r)
			m.k[lane] = K()
			KMOVB(r, m.k[lane])
		}
	}
	return m
}

// subtract takes the product of a column and an unknown from the rows of the mask; the column's register is used up.
func (m laneMask) subtract(lane int, column, s, v reg.VecVirtual) {
	if m.k[lane] != nil {
		VFNMADD231PD(column, s, m.k[lane], v)
		return
	}
	VANDPD(pattern(m.pattern[lane]), column, column)
	VFNMADD231PD(column, s, v)
}
