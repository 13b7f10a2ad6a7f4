package expr

import "math"

// code is a list of instructions on a file of registers, in runs of the same kind: a run is one loop, and what an instruction is, is looked
// up once a run.
type code struct {
	runs []run
	args []int32 // of all instructions, one after the other: the register written, then those read
	// calls are the instructions that evaluate networks, to which plus refers
	calls []netInstr
}

// A run are the instructions of one kind whose arguments are args[from:to].
type run struct {
	kind     instr
	stride   int32 // arguments of an instruction
	plus     int32 // of a sum: how many terms are added; the rest is subtracted
	from, to int32
}

// instr is a kind of instruction: an op of the graph, or one that stands for several.
type instr uint8

const (
	insMul2 = instr(numOps) + iota
	insMul3
	insProduct
	insSub
	insAdd
	insSum
	insSquare
	insCube
	insPowInt // the last argument is the exponent, not a register
	numInstrs
)

// run executes the code on the registers; nets has the networks, if there are any.
func (c *code) run(r []float64, nets *netSpace) {
	for i := range c.runs {
		s := &c.runs[i]
		a := c.args[s.from:s.to]
		switch s.kind {
		case insMul2:
			for ; len(a) >= 3; a = a[3:] {
				r[a[0]] = r[a[1]] * r[a[2]]
			}
		case insMul3:
			for ; len(a) >= 4; a = a[4:] {
				r[a[0]] = r[a[1]] * r[a[2]] * r[a[3]]
			}
		case insProduct:
			products(r, a, int(s.stride))
		case insSub:
			for ; len(a) >= 3; a = a[3:] {
				r[a[0]] = r[a[1]] - r[a[2]]
			}
		case insAdd:
			for ; len(a) >= 3; a = a[3:] {
				r[a[0]] = r[a[1]] + r[a[2]]
			}
		case insSum:
			sums(r, a, int(s.stride), int(s.plus))
		case insSquare:
			for ; len(a) >= 2; a = a[2:] {
				x := r[a[1]]
				r[a[0]] = x * x
			}
		case insCube:
			for ; len(a) >= 2; a = a[2:] {
				x := r[a[1]]
				r[a[0]] = x * x * x
			}
		case insPowInt:
			for ; len(a) >= 3; a = a[3:] {
				r[a[0]] = powInt(r[a[1]], int(a[2]))
			}
		case instr(opDiv):
			for ; len(a) >= 3; a = a[3:] {
				r[a[0]] = r[a[1]] / r[a[2]]
			}
		case instr(opNeg):
			for ; len(a) >= 2; a = a[2:] {
				r[a[0]] = -r[a[1]]
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
			nets.run(r, c.calls[s.plus], a)
		default:
			if s.stride == 2 {
				f := unary[s.kind]
				for ; len(a) >= 2; a = a[2:] {
					r[a[0]] = f(r[a[1]])
				}
				continue
			}
			f := binary[s.kind]
			for ; len(a) >= 3; a = a[3:] {
				r[a[0]] = f(r[a[1]], r[a[2]])
			}
		}
	}
}

func products(r []float64, a []int32, stride int) {
	for ; len(a) >= stride; a = a[stride:] {
		p := r[a[1]]
		for _, k := range a[2:stride] {
			p *= r[k]
		}
		r[a[0]] = p
	}
}

// sums adds the first plus terms and subtracts the others.
func sums(r []float64, a []int32, stride, plus int) {
	if plus == 0 {
		for ; len(a) >= stride; a = a[stride:] {
			s := 0.0
			for _, k := range a[1:stride] {
				s += r[k]
			}
			r[a[0]] = -s
		}
		return
	}
	for ; len(a) >= stride; a = a[stride:] {
		s := r[a[1]]
		for _, k := range a[2 : 1+plus] {
			s += r[k]
		}
		for _, k := range a[1+plus : stride] {
			s -= r[k]
		}
		r[a[0]] = s
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
