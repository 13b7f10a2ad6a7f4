package main

import (
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// The constants of a file: one table of 32-byte entries, each a number four times over, so that every one can be a memory operand.
var (
	constantTable  = Symbol{Name: "constants", Static: true}
	constantBits   []uint64
	constantOffset = map[uint64]int{}
)

// bits is the memory operand of a bit pattern in all four lanes.
func bits(u uint64) Mem {
	offset, ok := constantOffset[u]
	if !ok {
		offset = 32 * len(constantBits)
		constantBits = append(constantBits, u)
		constantOffset[u] = offset
	}
	return NewDataAddr(constantTable, offset)
}

// num is the memory operand of a number in all four lanes.
func num(x float64) Mem { return bits(math.Float64bits(x)) }

func emitConstants() {
	if len(constantBits) == 0 {
		return
	}
	GLOBL(constantTable.Name, attr.RODATA|attr.NOPTR)
	for i, u := range constantBits {
		for lane := range 4 {
			// U64 and not F64: the generator prints F64(1) as the integer 1.
			DATA(32*i+8*lane, U64(u))
		}
	}
}
