package model

import (
	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
)

var _ ode.LaneField = (*scaledLanes)(nil)

// scaledLanes evaluates a scaled neural ODE at ode.Lanes points at once: scaledField in lanes. Where the network's outputs have no activation
// their gains are part of its parameters.
type scaledLanes struct {
	s      *Scaled
	net    *nn.LaneEvaluator
	k      int
	inputs []transform
	plain  bool // inputs are the states themselves
	gained bool // the gains are in the parameters
	direct bool // outputs and, where plain, inputs are all states, in order
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
		s: s, net: net, k: one.k, inputs: one.inputs, plain: s.cfg.Input.Kind == InputNone && s.cfg.Time == nil, gained: s.net.OutputActivation == nn.Identity,
		d1: make([]float64, one.ni*ode.Lanes), jac: make([]float64, one.ni*one.no*ode.Lanes),
	}
	f.direct = one.direct && f.gained
	p := append([]float64(nil), params...)
	if f.gained {
		layers := s.net.Layers()
		last := layers[len(layers)-1]
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
	if f.direct && f.plain {
		copy(x, y)
		return
	}
	for j := range f.inputs {
		from := t
		if j < len(f.s.in) {
			i := f.s.in[j]
			from = y[i*ode.Lanes:]
		}
		tr := &f.inputs[j]
		at := j * ode.Lanes
		for l, v := range from[:ode.Lanes] {
			x[at+l], f.d1[at+l], _ = tr.at(v)
		}
	}
}

// scatter writes the derivatives of the states from the network's outputs.
func (f *scaledLanes) scatter(dst, o []float64) {
	if f.direct {
		copy(dst, o)
		return
	}
	clear(dst[:f.k*ode.Lanes])
	for r, g := range f.s.gain {
		if f.gained {
			g = 1
		}
		to := dst[f.s.out[r]*ode.Lanes:]
		for l, v := range o[r*ode.Lanes : (r+1)*ode.Lanes] {
			to[l] = g * v
		}
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
	if f.direct && f.plain {
		f.scatter(dst, f.net.ValueJacobian(jac))
		return
	}
	f.scatter(dst, f.net.ValueJacobian(f.jac))
	clear(jac)
	clear(dfdt)
	for j := range f.inputs {
		to := dfdt
		if j < len(f.s.in) {
			to = jac[f.s.in[j]*f.k*ode.Lanes:]
		}
		if to == nil {
			continue
		}
		d1 := f.d1[j*ode.Lanes : (j+1)*ode.Lanes]
		for r, g := range f.s.gain {
			if f.gained {
				g = 1
			}
			from := f.jac[(j*len(f.s.out)+r)*ode.Lanes:]
			row := to[f.s.out[r]*ode.Lanes:]
			for l, d := range d1 {
				row[l] = g * from[l] * d
			}
		}
	}
}
