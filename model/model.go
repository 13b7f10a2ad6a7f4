package model

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
)

// A Role says what a right-hand side does with a state.
type Role string

const (
	// Learned states have a derivative that the right-hand side computes, and it may depend on them.
	Learned Role = "learned"
	// Steady states keep the value that a trajectory begins with, and the derivatives of others may depend on it: a
	// temperature that was held, say, at another value in every experiment.
	Steady Role = "steady"
	// Constant states keep their value and nothing depends on them: a bath gas.
	Constant Role = "constant"
	// Algebraic states are solved for from algebraic equations, and the derivatives of others may depend on them.
	Algebraic Role = "algebraic"
)

// State is one component of the state vector.
type State struct {
	Name string `json:"name"`
	Unit string `json:"unit,omitempty"`
	Role Role   `json:"role"`
	// NonNegative states do not become negative, by the form of the vector field, whatever the parameters are: exact solutions that begin at or
	// above zero stay there, and numerical ones that a Predictor makes go below zero by no more than the absolute tolerance at any step. It has
	// no effect on algebraic states, which equations determine.
	NonNegative bool `json:"non_negative,omitempty"`
}

// An RHS is a learnable right-hand side f(t, y; p). It is immutable and may be shared by goroutines.
type RHS interface {
	// Kind is the name under which a model file knows it.
	Kind() string
	// NumParams is the length m of the parameter vector p.
	NumParams() int
	// Problem is the initial value problem. Its Field is an ode.BatchParamField, with every parameter zero until Bind; its
	// derivatives are exact, and nothing allocates once scratch space has the size that calls ask for. Problem.Scale
	// holds typical magnitudes, so that default tolerances fit every state.
	Problem() *ode.Problem
	// Init fills p with random parameters; the same seed gives the same numbers.
	Init(p []float64, scheme nn.Init, seed uint64)
	// Tensors says how p is laid out.
	Tensors() []Tensor
	// Describe returns what a model file says about the right-hand side, besides the states and the parameters, as a value
	// that encoding/json writes and the kind's entry in the list of kinds reads.
	Describe() any
}

// Tensor is a named part of a parameter vector: its values, row-major, begin at Offset.
type Tensor struct {
	Name   string
	Shape  []int
	Offset int
}

// Len is the number of values.
func (t Tensor) Len() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// Solver says how a model is solved unless someone asks for something else.
type Solver struct {
	Method string    `json:"method"` // a name that ode.MethodByName knows
	RTol   float64   `json:"rtol"`
	ATol   []float64 `json:"atol,omitempty"` // one value or one per state; empty means ode's default, 1e-3·rtol·scale
}

// Options returns the solver's options.
func (s Solver) Options() (ode.Options, error) {
	method, err := ode.MethodByName(s.Method)
	if err != nil {
		return ode.Options{}, err
	}
	return ode.Options{Method: method, RTol: s.RTol, ATol: s.ATol}, nil
}

// Span is the stretch of time that a model was trained on.
type Span struct {
	T0  float64 `json:"t0"`
	T1  float64 `json:"t1"`
	Log bool    `json:"log"` // the times of the data were spread over decades
	// First is the first time after T0 of the data: where a logarithmic axis begins.
	First float64 `json:"first"`
}

// Provenance says where a model comes from. It carries no time stamp, so that the same run writes the same file.
type Provenance struct {
	Software string   `json:"software"`
	Recipe   string   `json:"recipe"`
	Seed     uint64   `json:"seed"`
	Epochs   int      `json:"epochs"`
	Data     []string `json:"data,omitempty"`   // file names
	SHA256   []string `json:"sha256,omitempty"` // of the files
}

// Model is a right-hand side with its parameters and all that is needed to use it.
type Model struct {
	States     []State
	TimeName   string
	TimeUnit   string
	RHS        RHS
	Params     []float64
	Solver     Solver
	Span       Span
	Ranges     []Range // of the states in the training data; nil where a file does not give them
	Provenance Provenance
}

// Names are the names of the states.
func (m *Model) Names() []string { return names(m.States) }

// Units are the units of the states, "" where there is none.
func (m *Model) Units() []string {
	u := make([]string, len(m.States))
	for i, s := range m.States {
		u[i] = s.Unit
	}
	return u
}

func names(states []State) []string {
	n := make([]string, len(states))
	for i, s := range states {
		n[i] = s.Name
	}
	return n
}

// Validate says what does not fit together.
func (m *Model) Validate() error {
	if m.RHS == nil {
		return errors.New("model: no right-hand side")
	}
	if err := validateStates(m.States); err != nil {
		return err
	}
	p := m.RHS.Problem()
	if p.Dim != len(m.States) {
		return fmt.Errorf("model: a right-hand side of %d states for %d named ones", p.Dim, len(m.States))
	}
	if len(m.Params) != m.RHS.NumParams() {
		return fmt.Errorf("model: %d parameters where the right-hand side has %d", len(m.Params), m.RHS.NumParams())
	}
	for i, v := range m.Params {
		if !finite(v) {
			return fmt.Errorf("model: parameter %d is %g", i, v)
		}
	}
	if s := m.Span; !finite(s.T0) || !finite(s.T1) || !finite(s.First) || s.T1 < s.T0 {
		return fmt.Errorf("model: the span of time from %g to %g is impossible", s.T0, s.T1)
	}
	if err := m.checkRanges(); err != nil {
		return err
	}
	opt, err := m.Solver.Options()
	if err != nil {
		return err
	}
	_, err = ode.NewSolver(p, opt)
	return err
}

// maxStates bounds the size of the dense Jacobian, whatever a file claims.
const maxStates = 2048

func validateStates(states []State) error {
	if len(states) == 0 || len(states) > maxStates {
		return fmt.Errorf("model: %d states; there must be at least one and at most %d", len(states), maxStates)
	}
	seen := map[string]bool{}
	learned := false
	for _, s := range states {
		switch {
		case s.Name == "":
			return errors.New("model: a state has no name")
		case seen[s.Name]:
			return fmt.Errorf("model: two states have the name %q", s.Name)
		case !slices.Contains([]Role{Learned, Steady, Constant, Algebraic}, s.Role):
			return fmt.Errorf("model: state %q has the unknown role %q", s.Name, s.Role)
		}
		seen[s.Name] = true
		learned = learned || s.Role == Learned
	}
	if !learned {
		return errors.New("model: every state is constant: there is nothing to learn")
	}
	return nil
}

func finite(v float64) bool { return math.Abs(v) <= math.MaxFloat64 }

func positive(v float64) bool { return v > 0 && finite(v) }
