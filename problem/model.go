package problem

import (
	"math"

	"github.com/stiffnode/stiffnode/expr"
	"github.com/stiffnode/stiffnode/ode"
)

// A Model is a problem that was found sound: programs, what is unknown, and the cases that it is solved for.
type Model struct {
	Problem *Problem
	// States are their names, in the order of the state vector.
	States []string
	// Unknowns are what is estimated, in the order of the vector θ.
	Unknowns []Unknown
	// Blocks are the weights of networks in θ, after the scalar unknowns.
	Blocks []Block
	// Cases are the trajectories that the model is solved for.
	Cases []*Case
	// Laws are the weighted sums of states that reactions keep, if the system is reactions alone.
	Laws [][]float64
	// Notes are what a person should be told.
	Notes []string
}

// NumTheta is the length of θ.
func (m *Model) NumTheta() int {
	n := len(m.Unknowns)
	for _, b := range m.Blocks {
		n += b.Len
	}
	return n
}

// An Unknown is a component of θ: a parameter on its scale.
type Unknown struct {
	// Name is that of the parameter, with the case after a colon where every experiment has its own.
	Name, Unit string
	Scale      Scale
	// Lower, Upper and Start are on the scale.
	Lower, Upper, Start float64
	Prior               Prior
	// Noise marks sizes of measurement errors.
	Noise bool
}

// Value is the parameter's value where θ has x.
func (u Unknown) Value(x float64) float64 { return u.Scale.Off(x) }

// A Block is the weights of a network in θ, in the layout of package nn.
type Block struct {
	Network     int // in Problem.Networks
	Offset, Len int
}

// Programs are those that cases share: over the same states and inputs, in the layouts of their own parameters.
type Programs struct {
	// RHS has an output for every state: its derivative, or what is zero for an algebraic one. Start has their values at the beginning.
	RHS, Start *expr.Program
	// Observables has the values of the observables, then the sizes of their errors.
	Observables *expr.Program
	Mass        ode.Mass
	// dynamics and observation are where their parameters are in θ for cases without conditions of their own: by name.
	dynamics, observation layout
}

// layout names the parameters of a program, and lists its networks.
type layout struct {
	names []string
	nets  []expr.NetworkParams
	total int
}

// A Case is one trajectory: conditions, inputs, and what was observed.
type Case struct {
	// Name is that of the experiment and, where it has several, of the trajectory.
	Name       string
	Experiment int
	Programs   *Programs
	// Dynamics and Observation say where the parameters of RHS and Start, and of Observables, are in θ.
	Dynamics, Observation Map
	// Inputs are the signals of the programs' inputs, in their order.
	Inputs []*Signal
	T0, T1 float64
	// Hit are the times inside at which inputs jump.
	Hit []float64
	// Times are those at which something was observed, increasing; T0 may be the first.
	Times []float64
	// Data are the observations in the order of time.
	Data []Datum
}

// A Map says where the parameters of a program are in θ.
type Map struct{ Theta []int }

// A Datum is one observed value.
type Datum struct {
	Time       int // in Case.Times
	Observable int
	Value      float64
	// Noise is the size of its error; NaN leaves it to the program, or to the range of the data where there is none.
	Noise float64
	// Censored says that the true value is known to be at most Value.
	Censored bool
}

// Fill writes the values of a program's parameters at θ into p.
func (m *Model) Fill(p []float64, at Map, theta []float64) {
	for i, j := range at.Theta {
		if j < len(m.Unknowns) {
			p[i] = m.Unknowns[j].Value(theta[j])
		} else {
			p[i] = theta[j]
		}
	}
}

// Slopes writes the derivatives of a program's parameters with respect to their components of θ into d, where p are their values.
func (m *Model) Slopes(d, p []float64, at Map) {
	for i, j := range at.Theta {
		d[i] = 1
		if j < len(m.Unknowns) {
			d[i] = m.Unknowns[j].Scale.Slope(p[i])
		}
	}
}

// Signals makes the inputs of a field over a case.
func (c *Case) Signals() expr.Signal { return caseSignals(c.Inputs) }

type caseSignals []*Signal

// At implements expr.Signal.
func (s caseSignals) At(u, du []float64, t float64) {
	for i, x := range s {
		u[i], du[i] = x.At(t)
	}
}

// IVP is the initial value problem of the case. scale holds typical magnitudes of the states, or is nil.
func (c *Case) IVP(scale []float64) (*ode.Problem, error) {
	s := expr.Setup{Params: make([]float64, c.Programs.RHS.NumParams()), Scale: scale, Mass: c.Programs.Mass}
	if len(c.Inputs) > 0 {
		s.Inputs = c.Signals
	}
	return c.Programs.RHS.Problem(s)
}

// Start fills θ with where estimation starts; weights of networks stay as they are.
func (m *Model) Start(theta []float64) {
	for i, u := range m.Unknowns {
		theta[i] = u.Start
	}
}

// Bounds are those of θ: infinite where there are none.
func (m *Model) Bounds() (lower, upper []float64) {
	n := m.NumTheta()
	lower, upper = make([]float64, n), make([]float64, n)
	for i := range n {
		lower[i], upper[i] = math.Inf(-1), math.Inf(1)
		if i < len(m.Unknowns) {
			lower[i], upper[i] = m.Unknowns[i].Lower, m.Unknowns[i].Upper
		}
	}
	return lower, upper
}
