package linalg

import (
	"math"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// A ShiftedSparse factorises matrices z·M − γ·A that differ in their complex shifts z alone, side by side in the lanes of vector registers: four take the time of
// one. Of vectors, too, entry i has the real parts of all four and then the imaginary ones.
type ShiftedSparse struct {
	sparsity
	eliminate  kernel.Elimination
	substitute kernel.Substitution
	shifts     [kernel.LaneEntry]float64

	w, inv, largest, x []float64
	places             []int32
	bad                SingularError
}

// NewShiftedSparse is NewSparse for up to ShiftedLanes shifts.
func NewShiftedSparse(n int, rows, cols, at []int, diagonal []float64, shifts ...complex128) *ShiftedSparse {
	const size = kernel.LaneEntry
	f := &ShiftedSparse{
		sparsity: newSparsity(n, rows, cols, at), inv: make([]float64, size*n), largest: make([]float64, size*n), x: make([]float64, size*n),
		places: make([]int32, n), shifts: inLanes(shifts),
	}
	f.eliminate, f.substitute = f.elimination(size, diagonal), f.substitution(size)
	_, off := f.entries()
	f.w = make([]float64, size*(off+n))
	for k, i := range f.order {
		f.places[i] = int32(size * k)
	}
	return f
}

// Shifts are the shifts, as an entry of a vector.
func (f *ShiftedSparse) Shifts() *[kernel.LaneEntry]float64 { return &f.shifts }

// Factor factorises z·M − γ·A for all shifts z, where values hold A. The error is an UnstableError or, where a pivot of one
// of them is zero, not finite, or near the limits of the range of numbers, a *SingularError.
func (f *ShiftedSparse) Factor(gamma float64, values []float64) error {
	_, off := f.entries()
	clear(f.w[:kernel.LaneEntry*off])
	status := f.eliminate.EliminateLanes(f.w, f.inv, f.largest, values, gamma, &f.shifts)
	if status == kernel.Eliminated {
		return nil
	}
	return f.outcome(status, func(int) float64 { return math.NaN() }, &f.bad)
}

// RightHandSides is where right-hand sides are written and Solve leaves the solutions.
func (f *ShiftedSparse) RightHandSides() []float64 { return f.x }

// Equations says where the right-hand sides of each equation start.
func (f *ShiftedSparse) Equations() []int32 { return f.places }

// Unknowns says where the solutions of each unknown start.
func (f *ShiftedSparse) Unknowns() []int32 { return f.places }

// Solve overwrites the right-hand sides with the solutions.
func (f *ShiftedSparse) Solve() { f.substitute.Lanes(f.x, f.w, f.inv) }
