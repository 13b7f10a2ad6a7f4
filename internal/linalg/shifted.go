package linalg

import (
	"math"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// ShiftedLanes is the number of shifts of a ShiftedDense or ShiftedSparse.
const ShiftedLanes = kernel.LaneEntry / 2

// inLanes makes complex shifts z of matrices z·M − γ·A an entry of a vector in lanes: the real parts, then the imaginary ones. Lanes without a shift of
// their own repeat the first.
func inLanes(shifts []complex128) (s [kernel.LaneEntry]float64) {
	for lane := range ShiftedLanes {
		z := shifts[0]
		if lane < len(shifts) {
			z = shifts[lane]
		}
		s[lane], s[lane+ShiftedLanes] = real(z), imag(z)
	}
	return s
}

// A ShiftedDense is a ShiftedSparse of dense matrices.
type ShiftedDense struct {
	shifts             [kernel.LaneEntry]float64
	w, inv, x, mass    []float64
	order              []int64
	equations, unknown []int32
	bad                SingularError
}

// NewShiftedDense returns a workspace for matrices of size n and up to ShiftedLanes shifts; diagonal holds M, nil for the identity.
func NewShiftedDense(n int, diagonal []float64, shifts ...complex128) *ShiftedDense {
	const size = kernel.LaneEntry
	f := &ShiftedDense{
		shifts: inLanes(shifts), w: make([]float64, size*n*n), inv: make([]float64, size*n), x: make([]float64, size*n), mass: make([]float64, n),
		order: make([]int64, n), equations: make([]int32, n), unknown: make([]int32, n),
	}
	for i := range f.unknown {
		f.unknown[i], f.mass[i] = int32(size*i), 1
	}
	copy(f.mass, diagonal)
	return f
}

// Shifts are the shifts, as an entry of a vector.
func (f *ShiftedDense) Shifts() *[kernel.LaneEntry]float64 { return &f.shifts }

// Factor factorises z·M − γ·A for all shifts z, where values hold A row by row. The error is an UnstableError, where no
// exchange of rows suits all of them, or a *SingularError.
func (f *ShiftedDense) Factor(gamma float64, values []float64) error {
	switch k := kernel.FactorDenseLanes(f.w, f.inv, values, gamma, f.order, &f.shifts, f.mass); k {
	case kernel.Eliminated:
	case kernel.Unstable:
		return errUnstable
	default:
		f.bad = SingularError{Column: k, Pivot: math.NaN()}
		return &f.bad
	}
	for i, equation := range f.order {
		f.equations[equation] = int32(kernel.LaneEntry * i)
	}
	return nil
}

// RightHandSides is where right-hand sides are written, that of equation i from Equations()[i] on, and where Solve leaves the solutions, unknown i
// from Unknowns()[i] on.
func (f *ShiftedDense) RightHandSides() []float64 { return f.x }

// Equations says where right-hand sides start, for the latest factors.
func (f *ShiftedDense) Equations() []int32 { return f.equations }

// Unknowns says where solutions start.
func (f *ShiftedDense) Unknowns() []int32 { return f.unknown }

// Solve overwrites the right-hand sides with the solutions.
func (f *ShiftedDense) Solve() { kernel.SolveDenseLanes(f.x, f.w, f.inv, len(f.order)) }
