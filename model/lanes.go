package model

import (
	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
)

var _ ode.LaneField = (*scaledLanes)(nil)

// scaledLanes evaluates a scaled neural ODE at ode.Lanes points at once: scaledField in lanes. Linear scalings of the inputs, and the gains of
// outputs without an activation, are part of the network's parameters.
type scaledLanes struct {
	s      *Scaled
	net    *nn.LaneEvaluator
	k      int
	inputs []transform
	plain  bool // the network's inputs are the states themselves
	gained bool // the gains are in the parameters
	direct bool // inputs and outputs are all states, in order
	d1     []float64
	jac    []float64 // of the network
}

// newScaledLanes makes the field with its parameters.
func newScaledLanes(s *Scaled, params []float64) (*scaledLanes, error) {
	net, err := nn.NewLaneEvaluator(s.net)
	if err != nil {
		return nil, err
	}
	one := newScaledField(s)
	f := &scaledLanes{
		s: s, net: net, k: one.k, inputs: one.inputs, gained: s.net.OutputActivation == nn.Identity,
		d1: make([]float64, one.ni*ode.Lanes), jac: make([]float64, one.ni*one.no*ode.Lanes),
	}
	f.direct = one.direct
	p := append([]float64(nil), params...)
	layers := s.net.Layers()
	first, last := layers[0], layers[len(layers)-1]
	if f.plain = s.cfg.Time == nil && s.cfg.Input.Kind != InputLog; f.plain {
		for j, in := range f.inputs {
			for r := range first.Out {
				w := &p[first.Weight+r*first.In+j]
				*w /= in.scale
				p[first.Bias+r] -= *w * in.center
			}
		}
	}
	if f.gained {
		for r, g := range s.gain {
			for c := range last.In {
				p[last.Weight+r*last.In+c] *= g
			}
			p[last.Bias+r] *= g
		}
	}
	net.Bind(p)
	return f, nil
}

// points makes the network's inputs and their derivatives.
func (f *scaledLanes) points(t, y []float64) {
	x := f.net.Inputs()
	if f.plain && f.direct {
		copy(x, y)
		return
	}
	for j := range f.inputs {
		from := t
		if j < len(f.s.in) {
			from = y[f.s.in[j]*ode.Lanes:]
		}
		at := j * ode.Lanes
		if f.plain {
			copy(x[at:at+ode.Lanes], from)
			continue
		}
		tr := &f.inputs[j]
		for l, v := range from[:ode.Lanes] {
			x[at+l], f.d1[at+l], _ = tr.at(v)
		}
	}
}

// row writes output r's row, times its gain unless that is in the parameters, and in every lane times by, unless that is nil.
func (f *scaledLanes) row(dst, src []float64, r int, by []float64) {
	dst, src = dst[:ode.Lanes], src[:ode.Lanes]
	g := f.s.gain[r]
	if f.gained {
		g = 1
	}
	for l, v := range src {
		dst[l] = g * v
	}
	if by == nil {
		return
	}
	for l, d := range by[:ode.Lanes] {
		dst[l] *= d
	}
}

// scatter writes the derivatives of the states from the network's outputs.
func (f *scaledLanes) scatter(dst, o []float64) {
	if f.direct && f.gained {
		copy(dst, o)
		return
	}
	if !f.direct {
		clear(dst[:f.k*ode.Lanes])
	}
	for r, i := range f.s.out {
		f.row(dst[i*ode.Lanes:], o[r*ode.Lanes:], r, nil)
	}
}

// EvalLanes implements ode.LaneField.
func (f *scaledLanes) EvalLanes(dst, t, y []float64) {
	f.points(t, y)
	f.scatter(dst, f.net.Value())
}

// EvalJacobianLanes implements ode.LaneField.
func (f *scaledLanes) EvalJacobianLanes(dst, jac, dfdt, t, y []float64) {
	f.points(t, y)
	if f.plain && f.direct && f.gained {
		copy(dst, f.net.ValueJacobian(jac))
		return
	}
	f.scatter(dst, f.net.ValueJacobian(f.jac))
	clear(jac)
	clear(dfdt)
	for j := range f.inputs {
		to, by := dfdt, f.d1[j*ode.Lanes:]
		if j < len(f.s.in) {
			to = jac[f.s.in[j]*f.k*ode.Lanes:]
		}
		if to == nil {
			continue
		}
		if f.plain {
			by = nil
		}
		for r, i := range f.s.out {
			f.row(to[i*ode.Lanes:], f.jac[(j*len(f.s.out)+r)*ode.Lanes:], r, by)
		}
	}
}
