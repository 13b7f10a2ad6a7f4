package kernel

// A tape is a list of instructions on registers that hold a number each, or, in lanes, LaneWidth numbers side by side. Instructions of one kind form a
// run. Records has two numbers for each run, its kind and the number of its instructions, and ends with TapeEnd. Args has the arguments of all
// instructions one after the other: the register that is written, then those that are read, of which it may be one.
//
// Nothing is checked: a tape is made by a compiler, and its registers lie within r.
const (
	TapeEnd    = iota
	TapeMul2   // a·b
	TapeMul3   // (a·b)·c
	TapeAdd    // a + b
	TapeSub    // a − b
	TapeAddAdd // (a + b) + c
	TapeAddSub // (a + b) − c
	TapeSubSub // (a − b) − c
	TapeCopy
	TapeSquare
	TapeCube
	TapeNeg
	TapeDiv
	tapeKinds
)

// tapeReads is how many registers an instruction reads.
var tapeReads = [tapeKinds]int{
	TapeMul2: 2, TapeMul3: 3, TapeAdd: 2, TapeSub: 2, TapeAddAdd: 3, TapeAddSub: 3, TapeSubSub: 3, TapeCopy: 1, TapeSquare: 1, TapeCube: 1, TapeNeg: 1, TapeDiv: 2,
}

// TapePoint executes a tape on single numbers.
func TapePoint(r []float64, records, args []int32) { tapePoint(r, records, args) }

// TapeLanes executes a tape in lanes: register i is r[i·LaneWidth:][:LaneWidth].
func TapeLanes(r []float64, records, args []int32) { tapeLanes(r, records, args) }

func tapePointGo(r []float64, records, args []int32) { tapeGo(r, records, args, 1) }

func tapeLanesGo(r []float64, records, args []int32) { tapeGo(r, records, args, LaneWidth) }

func tapeGo(r []float64, records, args []int32, width int) {
	for ; records[0] != TapeEnd; records = records[2:] {
		reads := tapeReads[records[0]]
		for range records[1] {
			to := r[int(args[0])*width:]
			for l := range width {
				var x [3]float64
				for k, i := range args[1 : 1+reads] {
					x[k] = r[int(i)*width+l]
				}
				to[l] = tapeValue(records[0], x)
			}
			args = args[1+reads:]
		}
	}
}

func tapeValue(kind int32, x [3]float64) float64 {
	switch kind {
	case TapeMul2:
		return x[0] * x[1]
	case TapeMul3:
		return x[0] * x[1] * x[2]
	case TapeAdd:
		return x[0] + x[1]
	case TapeSub:
		return x[0] - x[1]
	case TapeAddAdd:
		return x[0] + x[1] + x[2]
	case TapeAddSub:
		return x[0] + x[1] - x[2]
	case TapeSubSub:
		return x[0] - x[1] - x[2]
	case TapeSquare:
		return x[0] * x[0]
	case TapeCube:
		return x[0] * x[0] * x[0]
	case TapeNeg:
		return -x[0]
	case TapeDiv:
		return x[0] / x[1]
	}
	return x[0]
}
