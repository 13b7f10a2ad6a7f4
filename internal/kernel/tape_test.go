package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// randomTape has runs of every kind; an instruction writes a register of its own, or one that it reads.
func randomTape(rng *rand.Rand) (records, args []int32, registers int) {
	registers = 12
	for range 8 {
		for kind := int32(TapeMul2); kind < tapeKinds; kind++ {
			count := int32(1 + rng.IntN(3))
			records = append(records, kind, count)
			for range count {
				args = append(args, int32(registers))
				registers++
				for range tapeReads[kind] {
					args = append(args, int32(rng.IntN(registers-1)))
				}
				if rng.IntN(4) == 0 {
					args[len(args)-1] = args[len(args)-1-tapeReads[kind]]
				}
			}
		}
	}
	return append(records, TapeEnd, 0), args, registers
}

// The assembly and the twin give the same bits, and no lane touches another.
func TestTape(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	records, args, n := randomTape(rng)
	start := make([]float64, n*LaneWidth)
	for i := range 12 * LaneWidth {
		start[i] = rng.NormFloat64()
	}
	start[3], start[LaneWidth+5] = math.NaN(), math.Copysign(0, -1)
	lanes := append([]float64(nil), start...)
	tapeLanesGo(lanes, records, args)
	same := func(what string, got, want []float64) {
		for i := range want {
			if math.Float64bits(got[i]) != math.Float64bits(want[i]) && (got[i] == got[i] || want[i] == want[i]) {
				t.Fatalf("%s, number %d: %g, want %g", what, i, got[i], want[i])
			}
		}
	}
	for _, impl := range impls() {
		restore := useImpl(impl)
		got := append([]float64(nil), start...)
		TapeLanes(got, records, args)
		same(impl+" lanes", got, lanes)
		for l := range LaneWidth {
			point, want := make([]float64, n), make([]float64, n)
			for i := range n {
				want[i] = lanes[i*LaneWidth+l]
				if i < 12 {
					point[i] = want[i]
				}
			}
			TapePoint(point, records, args)
			same(fmt.Sprint(impl, " lane ", l), point, want)
		}
		restore()
	}
	if got := start[12*LaneWidth]; got != 0 {
		t.Error("the test changes its start")
	}
}

func BenchmarkTape(b *testing.B) {
	records, args, n := randomTape(rand.New(rand.NewPCG(3, 3)))
	r := make([]float64, n*LaneWidth)
	for i := range r {
		r[i] = 1
	}
	b.Run("point", func(b *testing.B) {
		for b.Loop() {
			TapePoint(r, records, args)
		}
	})
	b.Run("lanes", func(b *testing.B) {
		for b.Loop() {
			TapeLanes(r, records, args)
		}
	})
}
