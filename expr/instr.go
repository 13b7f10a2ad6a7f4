package expr

import (
	"math"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// code is a list of instructions on a file of registers, in runs of the same kind: a run is one loop, and what an instruction is, is looked
// up once a run.
type code struct {
	runs []run
	args []int32 // of all instructions, one after the other: the register written, then those read
	// calls are the instructions that evaluate networks, to which runs refer
	calls []netInstr
	// stretches are the runs as they are executed
	stretches []stretch
}

// A run are the instructions of one kind whose arguments are args[from:to].
type run struct {
	kind     instr
	stride   int32 // arguments of an instruction
	call     int32 // of a network: which of the calls
	from, to int32
}

// instr is a kind of instruction: an op of the graph, or one that stands for several.
type instr uint8

const (
	insMul2 = instr(numOps) + iota
	insMul3
	insSub
	insAdd
	insAddAdd
	insAddSub
	insSubSub
	insCopy
	insSquare
	insCube
	insPowInt  // the last argument is the exponent, not a register
	insPowHalf // and here twice the exponent, an odd number
	numInstrs
)

// A stretch is a part of a code: runs that are one tape, or, without records, one run of another kind.
type stretch struct {
	records, args []int32
	run           int
}

// tapeKinds are the kinds that tapes know.
var tapeKinds = map[instr]int32{
	insMul2: kernel.TapeMul2, insMul3: kernel.TapeMul3, insAdd: kernel.TapeAdd, insSub: kernel.TapeSub, insAddAdd: kernel.TapeAddAdd, insAddSub: kernel.TapeAddSub,
	insSubSub: kernel.TapeSubSub, insCopy: kernel.TapeCopy, insSquare: kernel.TapeSquare, insCube: kernel.TapeCube, instr(opNeg): kernel.TapeNeg, instr(opDiv): kernel.TapeDiv,
}

// finish lays the runs out in stretches.
func (c *code) finish() {
	for i := 0; i < len(c.runs); {
		first := c.runs[i].from
		var records []int32
		for ; i < len(c.runs); i++ {
			r := &c.runs[i]
			kind, ok := tapeKinds[r.kind]
			if !ok {
				break
			}
			records = append(records, kind, (r.to-r.from)/r.stride)
		}
		if records != nil {
			c.stretches = append(c.stretches, stretch{append(records, kernel.TapeEnd, 0), c.args[first:c.runs[i-1].to], 0})
		}
		if i < len(c.runs) {
			c.stretches = append(c.stretches, stretch{run: i})
			i++
		}
	}
}

// run executes the code on the registers; nets has the networks, if there are any.
func (c *code) run(r []float64, nets *netSpace) {
	for i := range c.stretches {
		if s := &c.stretches[i]; s.records != nil {
			kernel.TapePoint(r, s.records, s.args)
		} else {
			c.single(s.run, r, nets)
		}
	}
}

// single executes one run of a kind that tapes do not know.
func (c *code) single(i int, r []float64, nets *netSpace) {
	s := &c.runs[i]
	a := c.args[s.from:s.to]
	switch s.kind {
	case insPowInt:
		for ; len(a) >= 3; a = a[3:] {
			r[a[0]] = powInt(r[a[1]], int(a[2]))
		}
	case insPowHalf:
		for ; len(a) >= 3; a = a[3:] {
			r[a[0]] = powHalf(r[a[1]], int(a[2]))
		}
	case instr(opExp):
		for ; len(a) >= 2; a = a[2:] {
			r[a[0]] = kernel.ExpOf(r[a[1]])
		}
	case instr(opSqrt):
		for ; len(a) >= 2; a = a[2:] {
			r[a[0]] = math.Sqrt(r[a[1]])
		}
	case instr(opIf):
		for ; len(a) >= 4; a = a[4:] {
			k := a[2]
			if r[a[1]] == 0 {
				k = a[3]
			}
			r[a[0]] = r[k]
		}
	case instr(opNet):
		nets.run(r, c.calls[s.call], a)
	default:
		if s.stride == 2 {
			f := unary[s.kind]
			for ; len(a) >= 2; a = a[2:] {
				r[a[0]] = f(r[a[1]])
			}
			return
		}
		f := binary[s.kind]
		for ; len(a) >= 3; a = a[3:] {
			r[a[0]] = f(r[a[1]], r[a[2]])
		}
	}
}

// maxPower is up to which whole exponents powers are products.
const maxPower = 64

// powInt is x^n by squaring, n ≠ 0.
func powInt(x float64, n int) float64 {
	m := n
	if n < 0 {
		m = -n
	}
	p := 1.0
	for ; ; x *= x {
		if m&1 != 0 {
			p *= x
		}
		if m >>= 1; m == 0 {
			break
		}
	}
	if n < 0 {
		return 1 / p
	}
	return p
}

// powHalf is x^(n/2) for an odd n.
func powHalf(x float64, n int) float64 {
	s := math.Sqrt(x)
	switch {
	case n == 1:
		return s
	case n == 3:
		return x * s
	case n < 0:
		return 1 / powHalf(x, -n)
	}
	return powInt(x, n/2) * s
}
