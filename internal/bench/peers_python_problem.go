package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"

	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
)

// A peerProblem is a network with the gradient asked of it, in the form in which another program reads it: the right-hand side is NN(y)·y_scale/t_scale with
// GELU in the form of the hyperbolic tangent, the loss Σ sign·(y − data)/(y_scale·n) over all times and states, n their number.
type peerProblem struct {
	Problem string      `json:"problem"`
	Layers  []peerLayer `json:"layers"`
	YScale  []float64   `json:"y_scale"`
	TScale  float64     `json:"t_scale"`
	T0      float64     `json:"t0"`
	Y0      []float64   `json:"y0"`
	Times   []float64   `json:"times"`
	// Data and Signs have a row for every time.
	Data  [][]float64 `json:"data"`
	Signs [][]float64 `json:"signs"`
	// Gradient is the exact one, layer by layer: weights row by row, then biases.
	Gradient []float64 `json:"gradient"`
}

type peerLayer struct {
	Weight [][]float64 `json:"weight"` // out × in
	Bias   []float64   `json:"bias"`
}

// export describes the network for another program.
func (n *publishedNetwork) export() *peerProblem {
	k := len(n.y0)
	p := &peerProblem{Problem: n.name, YScale: n.scale, TScale: n.tScale, T0: n.t0, Y0: n.y0, Times: n.times, Gradient: n.exact}
	in, at := k, 0
	for _, out := range append(append([]int(nil), n.hidden...), k) {
		var l peerLayer
		for range out {
			l.Weight = append(l.Weight, n.params[at:at+in])
			at += in
		}
		l.Bias = n.params[at : at+out]
		at += out
		p.Layers = append(p.Layers, l)
		in = out
	}
	for o := range n.times {
		signs := make([]float64, k)
		for i := range signs {
			if w := n.weights[o*k+i]; w != 0 {
				signs[i] = math.Copysign(1, w)
			}
		}
		p.Data = append(p.Data, n.values[o*k:(o+1)*k])
		p.Signs = append(p.Signs, signs)
	}
	return p
}

// network is the inverse of export, but for the network's own trajectory. What is read may come from anywhere, and is checked.
func (p *peerProblem) network() (*publishedNetwork, error) {
	k := len(p.YScale)
	bad := func(format string, args ...any) (*publishedNetwork, error) {
		return nil, fmt.Errorf("problem %q: %s", p.Problem, fmt.Sprintf(format, args...))
	}
	n := &publishedNetwork{name: p.Problem, scale: p.YScale, tScale: p.TScale}
	switch {
	case k == 0 || len(p.Y0) != k:
		return bad("%d scales and %d initial values", k, len(p.Y0))
	case len(p.Times) == 0 || len(p.Data) != len(p.Times) || len(p.Signs) != len(p.Times):
		return bad("%d times, %d rows of data, %d rows of signs", len(p.Times), len(p.Data), len(p.Signs))
	case len(p.Layers) == 0:
		return bad("no layers")
	}
	in := k
	for i, l := range p.Layers {
		if len(l.Weight) == 0 || len(l.Weight) != len(l.Bias) {
			return bad("layer %d has %d rows of weights and %d biases", i, len(l.Weight), len(l.Bias))
		}
		for _, row := range l.Weight {
			if len(row) != in {
				return bad("layer %d has a row of %d weights for %d inputs", i, len(row), in)
			}
			n.params = append(n.params, row...)
		}
		n.params = append(n.params, l.Bias...)
		if in = len(l.Bias); i < len(p.Layers)-1 {
			n.hidden = append(n.hidden, in)
		}
	}
	if in != k || len(p.Gradient) != len(n.params) {
		return bad("%d outputs for %d states, a gradient of %d for %d parameters", in, k, len(p.Gradient), len(n.params))
	}
	for o, signs := range p.Signs {
		if len(signs) != k || len(p.Data[o]) != k {
			return bad("row %d has %d signs and %d data for %d states", o, len(signs), len(p.Data[o]), k)
		}
		n.values = append(n.values, p.Data[o]...)
		for i, sign := range signs {
			n.weights = append(n.weights, sign/(p.YScale[i]*float64(k*len(p.Times))))
		}
	}
	cfg := model.ScaledConfig{Hidden: n.hidden, Activation: nn.GELU, Input: model.NewInput(model.InputNone, make([]float64, k), make([]float64, k), 0), YScale: p.YScale, TScale: p.TScale}
	for i := range k {
		cfg.States = append(cfg.States, model.State{Name: "y" + strconv.Itoa(i+1), Role: model.Learned})
	}
	s, err := model.NewScaled(cfg)
	if err != nil {
		return bad("%v", err)
	}
	n.problem, n.exact = s.Problem(), p.Gradient
	n.t0, n.t1, n.y0, n.times = p.T0, p.Times[len(p.Times)-1], p.Y0, p.Times
	return n, nil
}

// FirstGradient reads a problem, computes its gradient once by the discrete adjoint and prints the line that a peer prints: what a process does whose time from
// its start to its first result is taken. The absolute tolerances are factor·rtol·scale.
func FirstGradient(ctx context.Context, w io.Writer, path, method string, rtol, factor float64) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var p peerProblem
	if err := json.Unmarshal(raw, &p); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	n, err := p.network()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	m, err := ode.MethodByName(method)
	if err != nil {
		return err
	}
	opt := ode.Options{Method: m, RTol: rtol, MaxSteps: 100_000}
	for _, s := range n.scale {
		opt.ATol = append(opt.ATol, factor*rtol*s)
	}
	compute, wrong, err := n.gradientWork().make(opt)
	if err != nil {
		return err
	}
	if err := compute(); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	e := wrong()
	return json.NewEncoder(w).Encode(peerLine{Peer: "stiffnode", Problem: n.name, Combination: method, RTol: rtol, Factor: factor, Error: &e, Repeats: 1})
}
