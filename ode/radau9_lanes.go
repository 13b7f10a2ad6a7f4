package ode

import (
	"github.com/stiffnode/stiffnode/internal/kernel"
	"github.com/stiffnode/stiffnode/internal/linalg"
)

// radau9Lanes solves the three systems of radau9Stepper side by side, where the Jacobian is sparse: in lane 0 that of r M − hJ with the real eigenvalue r, in
// lanes 1 and 2 those of the complex shifts. The variables are those of radau9Stepper too, with the sign of the imaginary parts turned.
type radau9Lanes struct {
	lu *linalg.ShiftedSparse
	// inUse says that the factors in use are these; elimination without interchanges is not always stable
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

// lanesFrom is the size from which lanes beat the factors of small dense matrices (measured).
const lanesFrom = 4

// newRadau9Lanes returns nil where the problem's Jacobian is not sparse, or lanes do not pay.
func newRadau9Lanes(c *core, tab *radau9Tableau) *radau9Lanes {
	if !kernel.LanesPay() || c.n < lanesFrom {
		return nil
	}
	rows, cols, at, ok := sparsePlaces(c.p, false)
	if !ok {
		return nil
	}
	n := c.n
	s := &radau9Lanes{
		lu: linalg.NewShiftedSparse(n, rows, cols, at, append([]complex128{complex(tab.real, 0)}, tab.complex[:]...)...), tab: tab,
		u: make([]float64, kernel.LaneEntry*n), zero: make([]float64, kernel.LaneEntry*n), states: make([]float64, radau9Stages*n),
		mass: c.p.Mass.Diagonal, inOrder: make([]int32, n),
	}
	if s.lu.Operations()+s.lu.Entries() > n*n*n/3 {
		return nil
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
	x, places := s.lu.RightHandSides(), s.lu.Places()
	kernel.StagesToLanes(x, places, f, &s.toLanes, s.u, s.mass, h, s.lu.Shifts())
	s.lu.Solve()
	return kernel.LanesToStages(z, s.states, s.u, x, places, y, w, &s.toStages)
}

// solveReal overwrites b with (M − h/r J)⁻¹ b.
func (s *radau9Lanes) solveReal(b []float64) {
	x, places := s.lu.RightHandSides(), s.lu.Places()
	clear(x)
	for i, v := range b {
		x[places[i]] = s.tab.real * v
	}
	s.lu.Solve()
	for i := range b {
		b[i] = x[places[i]]
	}
}
