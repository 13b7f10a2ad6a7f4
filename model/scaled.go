package model

import (
	"fmt"

	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
)

// TimeInput is the way from the time to the last network input.
type TimeInput struct {
	Kind   InputKind `json:"kind"`
	Center float64   `json:"center,omitempty"`
	Scale  float64   `json:"scale,omitempty"`
	Floor  float64   `json:"floor,omitempty"`
}

// ScaledConfig describes a scaled neural ODE.
type ScaledConfig struct {
	States           []State
	Hidden           []int // widths of the hidden layers
	Activation       nn.Activation
	OutputActivation nn.Activation // g: identity (the paper) or sinh, which lets an output span decades of both signs
	Input            Input
	Time             *TimeInput // nil: the right-hand side does not depend on time
	YScale           []float64  // one per state
	TScale           float64
	// Magnitude holds a typical size of every state, for the default tolerances; nil means YScale. It differs where the
	// equation is left without scaling.
	Magnitude []float64
}

// Scaled is the scaled neural ODE
//
//	dy/dt = g(NN(x(y, t); p)) · y_scale / t_scale,
//
// Eq. 13 of Kim et al., Chaos 31, 093122 (2021), with two additions that are off in the paper: an output activation g and a
// scaling x of the network's inputs. States that are steady or constant have the derivative zero.
type Scaled struct {
	cfg  ScaledConfig
	net  nn.MLP
	in   []int     // state of every network input; the time, where it is one, is the last input and not listed
	out  []int     // state of every network output, increasing
	gain []float64 // y_scale/t_scale of every output
}

var _ RHS = (*Scaled)(nil)

// KindScaled is what a model file calls a scaled neural ODE.
const KindScaled = "scaled neural ODE"

// NewScaled makes the right-hand side, or says what is wrong with the description.
func NewScaled(c ScaledConfig) (*Scaled, error) {
	for _, s := range c.States {
		if s.Role == Algebraic {
			return nil, fmt.Errorf("model: state %s is algebraic, and there is no equation for it", s.Name)
		}
	}
	return newScaled(c)
}

func newScaled(c ScaledConfig) (*Scaled, error) {
	if err := validateStates(c.States); err != nil {
		return nil, err
	}
	n := len(c.States)
	if c.Magnitude == nil {
		c.Magnitude = c.YScale
	}
	if len(c.YScale) != n || len(c.Magnitude) != n {
		return nil, fmt.Errorf("model: %d and %d scales for %d states", len(c.YScale), len(c.Magnitude), n)
	}
	for i, s := range c.States {
		if !positive(c.YScale[i]) || !positive(c.Magnitude[i]) {
			return nil, fmt.Errorf("model: the scale of state %s is %g, its magnitude %g; both must be positive and finite", s.Name, c.YScale[i], c.Magnitude[i])
		}
	}
	if !positive(c.TScale) {
		return nil, fmt.Errorf("model: the time scale is %g; it must be positive and finite", c.TScale)
	}
	if err := c.Input.validate(n); err != nil {
		return nil, err
	}
	if t := c.Time; t != nil {
		if !t.Kind.valid() || !finite(t.Center) || t.Kind != InputNone && !positive(t.Scale) || t.Kind == InputLog && !positive(t.Floor) {
			return nil, fmt.Errorf("model: impossible time input %+v", *t)
		}
	}
	s := &Scaled{cfg: c}
	for i, st := range c.States {
		if st.Role != Constant {
			s.in = append(s.in, i)
		}
		if st.Role == Learned {
			s.out = append(s.out, i)
			gain := c.YScale[i] / c.TScale
			if !positive(gain) {
				return nil, fmt.Errorf("model: y_scale/t_scale of state %s is %g", st.Name, gain)
			}
			s.gain = append(s.gain, gain)
		}
	}
	s.net = nn.MLP{Inputs: len(s.in), Outputs: len(s.out), Hidden: c.Hidden, Activation: c.Activation, OutputActivation: c.OutputActivation}
	if c.Time != nil {
		s.net.Inputs++
	}
	if err := s.net.Validate(); err != nil {
		return nil, err
	}
	return s, nil
}

// Config returns the description.
func (s *Scaled) Config() ScaledConfig { return s.cfg }

// Network returns the network.
func (s *Scaled) Network() nn.MLP { return s.net }

// Kind implements RHS.
func (s *Scaled) Kind() string { return KindScaled }

// NumParams implements RHS.
func (s *Scaled) NumParams() int { return s.net.NumParams() }

// Init implements RHS.
func (s *Scaled) Init(p []float64, scheme nn.Init, seed uint64) { s.net.Init(p, scheme, seed) }

// Tensors implements RHS.
func (s *Scaled) Tensors() []Tensor {
	var t []Tensor
	for i, l := range s.net.Layers() {
		t = append(t,
			Tensor{Name: fmt.Sprintf("layers.%d.weight", i), Shape: []int{l.Out, l.In}, Offset: l.Weight},
			Tensor{Name: fmt.Sprintf("layers.%d.bias", i), Shape: []int{l.Out}, Offset: l.Bias})
	}
	return t
}

// Problem implements RHS.
func (s *Scaled) Problem() *ode.Problem {
	return &ode.Problem{
		Dim:        len(s.cfg.States),
		Names:      names(s.cfg.States),
		Autonomous: s.cfg.Time == nil,
		Scale:      s.cfg.Magnitude,
		New:        func() ode.Field { return newField(s) },
	}
}
