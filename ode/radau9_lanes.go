package ode

import (
	"github.com/stiffnode/stiffnode/internal/kernel"
	"github.com/stiffnode/stiffnode/internal/linalg"
)

// shiftedSystems are linear systems that differ in their shifts, side by side in lanes: linalg.ShiftedDense or linalg.ShiftedSparse.
type shiftedSystems interface {
	Factor(mass []float64, gamma float64, jac []float64) error
	Shifts() *[kernel.LaneEntry]float64
	RightHandSides() []float64
	Equations() []int32
	Unknowns() []int32
	Solve()
}

// radau9Lanes solves the three systems of radau9Stepper side by side: in lane 0 that of r M − hJ with the real eigenvalue r, in
// lanes 1 and 2 those of the complex shifts. The variables are those of radau9Stepper too, with the sign of the imaginary parts turned.
type radau9Lanes struct {
	lu shiftedSystems
	// inUse says that the factors in use are these; elimination with the same pivots in all lanes is not always stable
	inUse bool

	tab          *radau9Tableau
	toLanes      kernel.LaneCoefficients             // T⁻¹
	toStages     [radau9Stages][radau9Stages]float64 // T, with the variables in the order of the lanes
	u, zero      []float64                           // the variables W, and no increment of them
	ones, states []float64                           // the identity for a mass matrix, and y + Z_i
	mass         []float64                           // M
	inOrder      []int32                             // places of the states in u
	predicted    kernel.LaneCoefficients             // T⁻¹ M
	none         [kernel.LaneEntry]float64           // no shift
}

// denseLanesMost is the largest dense system for which lanes beat one system after the other (measured).
const denseLanesMost = 24

// newRadau9Lanes returns nil where lanes do not pay.
func newRadau9Lanes(c *core, tab *radau9Tableau) *radau9Lanes {
	if !kernel.LanesPay() {
		return nil
	}
	lu := newShiftedSystems(c, append([]complex128{complex(tab.real, 0)}, tab.complex[:]...))
	if lu == nil {
		return nil
	}
	n := c.n
	s := &radau9Lanes{
		lu: lu, tab: tab, u: make([]float64, kernel.LaneEntry*n), zero: make([]float64, kernel.LaneEntry*n), states: make([]float64, radau9Stages*n),
		mass: c.p.Mass.Diagonal, inOrder: make([]int32, n),
	}
	s.ones = make([]float64, n)
	for j := range n {
		s.ones[j], s.inOrder[j] = 1, int32(kernel.LaneEntry*j)
	}
	if s.mass == nil {
		s.mass = s.ones
	}
	for i := range radau9Stages {
		s.toLanes[i] = inLanes(func(k int) float64 { return tab.tInv[k][i] })
		t := &tab.t[i]
		s.toStages[i] = [radau9Stages]float64{t[0], t[1], t[3], -t[2], -t[4]}
	}
	return s
}

// newShiftedSystems returns nil where the matrices are banded, large and dense, or not made of a diagonal mass matrix.
func newShiftedSystems(c *core, shifts []complex128) shiftedSystems {
	n := c.n
	if rows, cols, at, ok := sparsePlaces(c.p, false); ok {
		lu := linalg.NewShiftedSparse(n, rows, cols, at, shifts...)
		if 2*(lu.Operations()+lu.Entries()) <= n*n*n/3 {
			return lu
		}
	}
	if c.p.Mass.Dense != nil || c.p.Jacobian.Banded || n > denseLanesMost {
		return nil
	}
	return linalg.NewShiftedDense(n, shifts...)
}

// inLanes is an entry with the five variables in the order of the stepper.
func inLanes(variable func(k int) float64) [kernel.LaneEntry]float64 {
	return [kernel.LaneEntry]float64{variable(0), variable(1), variable(3), 0, 0, -variable(2), -variable(4), 0}
}

// factor says whether it succeeded.
func (s *radau9Lanes) factor(h float64, c *core, jac *Jacobian) bool {
	s.inUse = s.lu.Factor(c.p.Mass.Diagonal, h, jac.Data) == nil
	return s.inUse
}

// predict writes Z = M past and y + Z, and the variables that belong to them; a nil M stands for zero.
func (s *radau9Lanes) predict(m *stageMatrix, past, z, y []float64) {
	if m == nil {
		clear(s.u)
	} else {
		s.combine(m)
		kernel.StagesToLanes(s.u, s.inOrder, past, &s.predicted, s.zero, s.ones, 1, &s.none)
	}
	kernel.LanesToStages(z, s.states, s.u, s.zero, s.inOrder, y, s.ones, &s.toStages)
}

// combine makes T⁻¹ M: for the kernel the columns of M are states.
func (s *radau9Lanes) combine(m *stageMatrix) {
	var flat [radau9Stages * radau9Stages]float64
	for i, row := range m {
		copy(flat[i*radau9Stages:], row[:])
	}
	const size = kernel.LaneEntry
	var out, none [radau9Stages * size]float64
	places, ones := [radau9Stages]int32{0, size, 2 * size, 3 * size, 4 * size}, [radau9Stages]float64{}
	kernel.StagesToLanes(out[:], places[:], flat[:], &s.toLanes, none[:], ones[:], 1, &s.none)
	for i := range s.predicted {
		s.predicted[i] = [size]float64(out[i*size:])
	}
}

// iterate adds one increment to the variables, given f at the stages, writes Z and y + Z and returns Σ (increment·w)² over states and variables.
func (s *radau9Lanes) iterate(h float64, f, z, y, w []float64) float64 {
	x := s.lu.RightHandSides()
	kernel.StagesToLanes(x, s.lu.Equations(), f, &s.toLanes, s.u, s.mass, h, s.lu.Shifts())
	s.lu.Solve()
	return kernel.LanesToStages(z, s.states, s.u, x, s.lu.Unknowns(), y, w, &s.toStages)
}

// solveReal overwrites b with (M − h/r J)⁻¹ b.
func (s *radau9Lanes) solveReal(b []float64) {
	x := s.lu.RightHandSides()
	clear(x)
	for i, at := range s.lu.Equations() {
		x[at] = s.tab.real * b[i]
	}
	s.lu.Solve()
	for i, at := range s.lu.Unknowns() {
		b[i] = x[at]
	}
}
