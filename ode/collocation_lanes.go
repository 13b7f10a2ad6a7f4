package ode

import (
	"github.com/stiffnode/stiffnode/internal/kernel"
	"github.com/stiffnode/stiffnode/internal/linalg"
)

// shiftedSystems are linear systems that differ in their shifts, side by side in lanes: linalg.ShiftedDense or linalg.ShiftedSparse.
type shiftedSystems interface {
	Factor(gamma float64, jac []float64) error
	Shifts() *[kernel.LaneEntry]float64
	RightHandSides() []float64
	Equations() []int32
	Unknowns() []int32
	Solve()
}

// collocationLanes solves the systems of collocationStepper side by side: in lane 0 that of r M − hJ with the real eigenvalue r, in the next ones
// those of the complex shifts. The variables are those of the stepper too, with the sign of the imaginary parts turned.
type collocationLanes struct {
	lu shiftedSystems
	// inUse says that the factors in use are these; elimination with the same pivots in all lanes is not always stable
	inUse bool

	tab       *collocation
	toLanes   [][kernel.LaneEntry]float64 // T⁻¹
	toStages  []float64                   // T, with the variables in the order of the lanes
	u, zero   []float64                   // the variables W, and no increment of them
	states    []float64                   // y + Z_i
	mass      []float64                   // M
	ones      []float64                   // the identity for a mass matrix
	inOrder   []int32                     // places of the states in u
	predicted [][kernel.LaneEntry]float64 // T⁻¹ M for a matrix M of stages
	none      [kernel.LaneEntry]float64   // no shift
}

// denseLanesMost is the largest dense system for which lanes beat one system after the other (measured).
const denseLanesMost = 24

// newCollocationLanes returns nil where lanes do not pay, or a tape wants other factors.
func newCollocationLanes(c *core, tab *collocation) *collocationLanes {
	if c.recorded || !kernel.Vectorised() {
		return nil
	}
	lu := newShiftedSystems(c, append([]complex128{complex(tab.real, 0)}, tab.complex...))
	if lu == nil {
		return nil
	}
	const size = kernel.LaneEntry
	n, s := c.n, len(tab.nodes)
	l := &collocationLanes{
		lu: lu, tab: tab, toLanes: make([][size]float64, s), predicted: make([][size]float64, s), u: make([]float64, size*n), zero: make([]float64, size*n),
		states: make([]float64, s*n), mass: c.p.Mass.Diagonal, ones: make([]float64, max(n, s)), inOrder: make([]int32, max(n, s)),
	}
	for j := range l.ones {
		l.ones[j], l.inOrder[j] = 1, int32(size*j)
	}
	if l.mass == nil {
		l.mass = l.ones[:n]
	}
	pairs := s / 2
	for i := range s {
		l.toLanes[i][0] = tab.tInv[0][i]
		l.toStages = append(l.toStages, tab.t[i][0])
		for k := range pairs {
			l.toLanes[i][1+k], l.toLanes[i][1+k+size/2] = tab.tInv[1+2*k][i], -tab.tInv[2+2*k][i]
			l.toStages = append(l.toStages, tab.t[i][1+2*k])
		}
		for k := range pairs {
			l.toStages = append(l.toStages, -tab.t[i][2+2*k])
		}
	}
	return l
}

// newShiftedSystems returns nil where the matrices are banded, large and dense, or not made of a diagonal mass matrix.
func newShiftedSystems(c *core, shifts []complex128) shiftedSystems {
	n := c.n
	if rows, cols, at, ok := sparsePlaces(c.p, false); ok {
		lu := linalg.NewShiftedSparse(n, rows, cols, at, c.p.Mass.Diagonal, shifts...)
		if 2*(lu.Operations()+lu.Entries()) <= n*n*n/3 {
			return lu
		}
	}
	if c.p.Mass.Dense != nil || c.p.Jacobian.Banded || n > denseLanesMost {
		return nil
	}
	return linalg.NewShiftedDense(n, c.p.Mass.Diagonal, shifts...)
}

// factor says whether it succeeded.
func (l *collocationLanes) factor(h float64, jac *Jacobian) bool {
	l.inUse = l.lu.Factor(h, jac.Data) == nil
	return l.inUse
}

// predict writes Z = M past and y + Z, and the variables that belong to them; a nil M stands for zero.
func (l *collocationLanes) predict(m *stageMatrix, past, z, y []float64) {
	n := len(y)
	if m == nil {
		clear(l.u)
	} else {
		l.combine(m)
		kernel.StagesToLanes(l.u, l.inOrder[:n], past, l.predicted, l.zero, l.ones, 1, &l.none)
	}
	kernel.LanesToStages(z, l.states, l.u, l.zero, l.inOrder[:n], y, l.ones, l.toStages, len(l.predicted))
}

// combine makes T⁻¹ M: for the kernel the columns of M are states.
func (l *collocationLanes) combine(m *stageMatrix) {
	const size = kernel.LaneEntry
	s := len(l.predicted)
	var flat [maxStages * maxStages]float64
	for i := range s {
		copy(flat[i*s:], m[i][:s])
	}
	var out, none [maxStages * size]float64
	kernel.StagesToLanes(out[:], l.inOrder[:s], flat[:], l.toLanes, none[:], l.ones, 1, &l.none)
	for i := range l.predicted {
		l.predicted[i] = [size]float64(out[i*size:])
	}
}

// iterate adds one increment to the variables, given f at the stages, writes Z and y + Z and returns Σ (increment·w)² over states and variables.
func (l *collocationLanes) iterate(h float64, f, z, y, w []float64) float64 {
	x := l.lu.RightHandSides()
	kernel.StagesToLanes(x, l.lu.Equations(), f, l.toLanes, l.u, l.mass, h, l.lu.Shifts())
	l.lu.Solve()
	return kernel.LanesToStages(z, l.states, l.u, x, l.lu.Unknowns(), y, w, l.toStages, len(l.toLanes))
}

// solveReal overwrites b with (M − h/r J)⁻¹ b.
func (l *collocationLanes) solveReal(b []float64) {
	x := l.lu.RightHandSides()
	clear(x)
	for i, at := range l.lu.Equations() {
		x[at] = l.tab.real * b[i]
	}
	l.lu.Solve()
	for i, at := range l.lu.Unknowns() {
		b[i] = x[at]
	}
}
