package bench

import (
	"math"
	"strconv"

	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
)

// unrulyNetworks are random networks with the recipes' activation, 3 or 8 states and two hidden layers of 10, whose weights are so large
// (2 to 4 times those of an initial network) that errors grow along the solution.
func unrulyNetworks(count int) ([]networkCase, error) {
	const span, width, rows = 16.0, 10, 20
	out := make([]networkCase, count)
	for i := range out {
		k := 3
		if i%2 == 1 {
			k = 8
		}
		gain := 2 + float64(i%5)/2
		cfg := model.ScaledConfig{Hidden: []int{width, width}, Activation: nn.GELU, Input: model.NewInput(model.InputNone, make([]float64, k), make([]float64, k), 0), TScale: 1}
		c := networkCase{kind: "gain " + strconv.FormatFloat(gain, 'g', -1, 64), t1: span}
		for s := range k {
			cfg.States = append(cfg.States, model.State{Name: "y" + strconv.Itoa(s+1), Role: model.Learned})
			cfg.YScale = append(cfg.YScale, 1)
			c.y0 = append(c.y0, math.Cos(float64(s+i)))
		}
		net, err := model.NewScaled(cfg)
		if err != nil {
			return nil, err
		}
		p := make([]float64, net.NumParams())
		net.Init(p, nn.GlorotNormal, uint64(i+1))
		for j := range p {
			p[j] *= gain
		}
		c.problem = bound(net.Problem(), p)
		for row := range rows + 1 {
			c.times = append(c.times, span*float64(row)/rows)
		}
		out[i] = c
	}
	return out, nil
}

// whollyImplicit is a problem as one with a split right-hand side, whose explicit part is zero.
func whollyImplicit(p *ode.Problem) *ode.Problem {
	q := *p
	q.New = func() ode.Field { return implicitField{p.New(), make([]float64, p.Dim)} }
	return &q
}

type implicitField struct {
	ode.Field
	dfdt []float64
}

var _ ode.SplitField = implicitField{}

// EvalImplicit implements ode.SplitField.
func (f implicitField) EvalImplicit(dst []float64, jac *ode.Jacobian, t float64, y []float64) error {
	if jac == nil {
		return f.Eval(dst, t, y)
	}
	return f.EvalJacobian(dst, jac, f.dfdt, t, y)
}

// EvalExplicit implements ode.SplitField.
func (f implicitField) EvalExplicit(dst []float64, _ float64, _ []float64) error {
	clear(dst)
	return nil
}
