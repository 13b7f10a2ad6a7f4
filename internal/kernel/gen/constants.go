package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The constants of a file: one table, in which each number stands once where instructions can spread it over all lanes, else once for each
// lane, so that every one can be a memory operand.
var (
	constantTable  = Symbol{Name: "constants", Static: true}
	constantBits   []uint64
	constantOffset = map[uint64]int{}
)

// Patterns differ from lane to lane.
var (
	patternTable  = Symbol{Name: "patterns", Static: true}
	patternBits   []uint64
	patternOffset = map[string]int{}
)

// constantCopies is how often a number stands in the table.
func constantCopies() int {
	if target.spreads {
		return 1
	}
	return target.width / 8
}

// bits is the memory operand of a bit pattern for constantOp and loadConstant.
func bits(u uint64) Mem {
	offset, ok := constantOffset[u]
	if !ok {
		offset = 8 * constantCopies() * len(constantBits)
		constantBits = append(constantBits, u)
		constantOffset[u] = offset
	}
	return NewDataAddr(constantTable, offset)
}

// num is bits of a number.
func num(x float64) Mem { return bits(math.Float64bits(x)) }

// pattern is the memory operand of a number for each lane.
func pattern(lanes []uint64) Mem {
	key := fmt.Sprint(lanes)
	offset, ok := patternOffset[key]
	if !ok {
		offset = 8 * len(patternBits)
		patternBits = append(patternBits, lanes...)
		patternOffset[key] = offset
	}
	return NewDataAddr(patternTable, offset)
}

// constantOp emits an instruction whose first operand is a constant: plain, or spread where the target has that.
func constantOp(plain, spread func(...Op), c Mem, others ...Op) {
	if target.spreads {
		plain = spread
	}
	plain(append([]Op{c}, others...)...)
}

// loadConstant puts a constant into all lanes.
func loadConstant(c Mem, z reg.VecVirtual) {
	if target.spreads {
		VBROADCASTSD(c, z)
	} else {
		VMOVUPD(c, z)
	}
}

func emitConstants() {
	emitTable(constantTable, constantBits, constantCopies())
	emitTable(patternTable, patternBits, 1)
}

// emitTable writes numbers, each several times over.
func emitTable(table Symbol, numbers []uint64, copies int) {
	if len(numbers) == 0 {
		return
	}
	GLOBL(table.Name, attr.RODATA|attr.NOPTR)
	for i, u := range numbers {
		for lane := range copies {
			// U64 and not F64: the generator prints F64(1) as the integer 1.
			DATA(8*(copies*i+lane), U64(u))
		}
	}
}
