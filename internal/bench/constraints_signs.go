package bench

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
)

// signNetworks is the number of random networks whose signs are looked at, signPoints the number of points for each.
const (
	signNetworks = 50
	signPoints   = 40
)

// signs looks at the derivatives of states that are zero, at random points of random networks: those of non-negative states must not be negative,
// with laws and without.
func signs(ctx context.Context, r *Report, _ ConstraintOptions) error {
	_, set, err := trajectories(ctx, "ROBER", 1, 1)
	if err != nil {
		return err
	}
	law, err := model.ParseLaw("y1 + y2 + y3", set.States)
	if err != nil {
		return err
	}
	stats := set.Stats()
	t := Table{Title: fmt.Sprintf("derivatives of states that are zero, %d random networks at %d points", signNetworks, signPoints), Rows: [][]string{{"model", "smallest, in sizes of the state per time scale", "largest rate of change of the law, relative"}}}
	for _, v := range variants {
		cfg := model.ScaledConfig{
			Hidden: []int{8, 8}, Activation: nn.Tanh, OutputActivation: nn.Sinh, Input: model.Input{Kind: model.InputNone},
			YScale: stats.Scale(data.ScaleRange), TScale: stats.TimeScale(),
		}
		for _, name := range set.States {
			cfg.States = append(cfg.States, model.State{Name: name, Role: model.Learned, NonNegative: v.nonNegative})
		}
		var rhs model.RHS
		inner, err := model.NewScaled(cfg)
		if err != nil {
			return err
		}
		rhs = inner
		if v.kind != "none" {
			if rhs, err = model.NewProjected(inner, []model.Law{law}); err != nil {
				return err
			}
		}
		smallest, drift, err := derivativesAtZero(rhs, cfg, law)
		if err != nil {
			return err
		}
		t.Rows = append(t.Rows, []string{v.name, sci(smallest), sci(drift)})
		if v.nonNegative {
			r.claim(smallest >= 0, "random networks, %s: the smallest derivative of a state that is zero is %s of its size per time scale, floor 0", v.name, sci(smallest))
		}
		if v.kind != "none" {
			r.claim(drift <= lawBound, "random networks, %s: the law changes at %s of the rates in it, floor %g", v.name, sci(drift), lawBound)
		}
	}
	r.Tables = append(r.Tables, t)
	return nil
}

// derivativesAtZero returns the smallest derivative of a state that is zero while others are not, and the largest |Σ cᵢ y′ᵢ| relative to Σ |cᵢ y′ᵢ|.
func derivativesAtZero(rhs model.RHS, cfg model.ScaledConfig, law model.Law) (smallest, drift float64, err error) {
	k := len(cfg.States)
	f := rhs.Problem().New().(ode.ParamField)
	p, y, dy := make([]float64, rhs.NumParams()), make([]float64, k), make([]float64, k)
	rng := rand.New(rand.NewPCG(1, 8))
	smallest = math.Inf(1)
	for n := range uint64(signNetworks) {
		rhs.Init(p, nn.GlorotNormal, n+1)
		for i := range p {
			p[i] *= 6 // derivatives over decades, as trained networks have them
		}
		f.Bind(p)
		for range signPoints {
			for i := range y {
				y[i] = cfg.YScale[i] * rng.Float64()
			}
			zero := rng.IntN(k)
			y[zero] = 0
			if err := f.Eval(dy, 0, y); err != nil {
				return 0, 0, err
			}
			smallest = min(smallest, dy[zero]/cfg.YScale[zero]*cfg.TScale)
			size := 0.0
			for i, w := range law.Weights {
				size += math.Abs(w * dy[i])
			}
			drift = max(drift, math.Abs(law.Value(dy))/size)
		}
	}
	return smallest, drift, nil
}
