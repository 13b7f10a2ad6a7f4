package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// classicalGradient is a classical problem with one of its states at the end for a loss.
func classicalGradient(name string, state int) (*gradientCase, error) {
	p, err := problems.ByName(name)
	if err != nil {
		return nil, err
	}
	c := &gradientCase{problem: p.IVP, y0: p.Y0, t0: p.T0, t1: p.T1, times: []float64{p.T1}}
	for _, q := range p.Params {
		c.params = append(c.params, q.Value)
	}
	c.weights = make([]float64, p.IVP.Dim)
	c.weights[state] = 1
	scale := p.IVP.Scale
	c.atol = func(rtol float64) []float64 {
		atol := make([]float64, p.IVP.Dim)
		for i := range atol {
			atol[i] = 1e-3 * rtol
			if scale != nil {
				atol[i] *= scale[i]
			}
		}
		return atol
	}
	return c, nil
}

// manyTrajectories is a network of Robertson's dynamics with a hundred initial states, whose loss is the mean squared difference from data.
func manyTrajectories(dir string) ([]*gradientCase, error) {
	var network struct {
		YScale []float64
		TScale float64
		Layers []struct {
			W [][]float64
			B []float64
		}
		X0    [][]float64
		TS    []float64
		DataX [][][]float64 `json:"data_x"`
	}
	raw, err := os.ReadFile(filepath.Join(dir, "reference", "rober100", "network.json"))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &network); err != nil {
		return nil, fmt.Errorf("rober100: %w", err)
	}
	k := len(network.YScale)
	cfg := model.ScaledConfig{Activation: nn.Tanh, OutputActivation: nn.Sinh, TScale: network.TScale,
		Input: model.NewInput(model.InputNone, make([]float64, k), make([]float64, k), 0)}
	for i := range k {
		cfg.YScale = append(cfg.YScale, 1)
		cfg.States = append(cfg.States, model.State{Name: "x" + strconv.Itoa(i+1), Role: model.Learned})
	}
	var params []float64
	for i, l := range network.Layers {
		if i+1 < len(network.Layers) {
			cfg.Hidden = append(cfg.Hidden, len(l.W))
		}
		for _, row := range l.W {
			params = append(params, row...)
		}
		params = append(params, l.B...)
	}
	s, err := model.NewScaled(cfg)
	if err != nil {
		return nil, err
	}
	var out []*gradientCase
	for i, x0 := range network.X0 {
		c := &gradientCase{problem: s.Problem(), params: params, y0: x0, times: network.TS, t1: network.TS[len(network.TS)-1]}
		for _, row := range network.DataX[i] {
			c.data = append(c.data, row...)
		}
		c.atol = func(rtol float64) []float64 { return []float64{1e-3 * rtol} }
		out = append(out, c)
	}
	return out, nil
}
