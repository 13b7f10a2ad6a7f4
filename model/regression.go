package model

import (
	"math"

	"github.com/stiffnode/stiffnode/nn"
)

// Regression returns the network without its output activation, whose outputs can be fitted to known derivatives without solving anything: at
// time t in state y they should be what Targets makes of dy/dt. ok is false where the output activation has no inverse.
func (s *Scaled) Regression() (net nn.MLP, ok bool) {
	net = s.net
	net.OutputActivation = nn.Identity
	return net, s.cfg.OutputActivation == nn.Identity || s.cfg.OutputActivation == nn.Sinh
}

// Inputs writes the network's inputs at time t in state y (one value per state) to dst, which has one value per network input.
func (s *Scaled) Inputs(dst []float64, t float64, y []float64) {
	for j, i := range s.in {
		c := s.cfg.Input.constants(i)
		dst[j], _, _ = c.at(y[i])
	}
	if c := s.cfg.Time; c != nil {
		in := c.constants()
		dst[len(s.in)], _, _ = in.at(t)
	}
}

// Outputs are the states that the network's outputs belong to, in order.
func (s *Scaled) Outputs() []int { return s.out }

// Target is the value of output r, before the output activation, that makes its state's derivative dydt where the state is y:
// g⁻¹(dydt·t_scale/y_scale), and the gate of a non-negative state undone.
func (s *Scaled) Target(r int, dydt, y float64) float64 {
	if i := s.out[r]; s.cfg.States[i].NonNegative {
		g := s.gate(i)
		dydt = g.inverse(dydt, y)
	}
	v := dydt / s.gain[r]
	if s.cfg.OutputActivation == nn.Sinh {
		return math.Asinh(v)
	}
	return v
}
