package train

import (
	"context"
	"math"

	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/optim"
)

// regression is the least-squares problem of the warm start: the network's outputs, before the output activation, against what the
// derivatives estimated from the data ask them to be. Nothing is solved, and where the activation is sinh no gradient is dead: through
// it, derivatives that are small beside the largest one would not count.
type regression struct {
	net     nn.MLP
	inputs  []float64 // points×Inputs
	targets []float64 // points×Outputs; NaN: unknown
	weights []float64 // of every target; 0 where it is unknown
	points  int
}

// newRegression gathers the points of all trajectories; nil if there are none, or the model has no such form.
func newRegression(t *task) *regression {
	rhs, ok := model.Inner(t.rhs)
	if !ok {
		return nil
	}
	net, ok := rhs.Regression()
	if !ok {
		return nil
	}
	g := &regression{net: net}
	k := len(t.states)
	x, y := make([]float64, net.Inputs), make([]float64, k)
	for n, c := range t.courses() {
		for i, at := range c.times {
			copy(y, c.y[i*k:(i+1)*k])
			for j, v := range y {
				if math.IsNaN(v) {
					y[j] = t.firstObserved(&t.set.Trajectories[n], j)
				}
			}
			rhs.Inputs(x, at, y)
			known := false
			for r, j := range rhs.Outputs() {
				target, weight := math.NaN(), 0.0
				if dy, doubt := c.dy[i*k+j], c.doubt[i*k+j]; !math.IsNaN(dy) {
					target = rhs.Target(r, dy, y[j])
					spread := (rhs.Target(r, dy+doubt, y[j]) - rhs.Target(r, dy-doubt, y[j])) / 2
					weight = 1 / math.Hypot(1, spread/targetDoubt)
					known = true
				}
				g.targets, g.weights = append(g.targets, target), append(g.weights, weight)
			}
			if !known {
				g.targets, g.weights = g.targets[:g.points*net.Outputs], g.weights[:g.points*net.Outputs]
				continue
			}
			g.inputs = append(g.inputs, x...)
			g.points++
		}
	}
	if g.points == 0 {
		return nil
	}
	return g
}

// targetDoubt is the uncertainty of a target beyond which its weight falls.
const targetDoubt = 0.1

// regressor is one worker's view of a regression.
type regressor struct {
	*regression
	eval *nn.Evaluator
}

var _ optim.Residuals = (*regressor)(nil)

func newRegressor(g *regression) (*regressor, error) {
	eval, err := nn.NewEvaluator(g.net)
	return &regressor{g, eval}, err
}

// Dims implements optim.Residuals.
func (g *regressor) Dims() (int, int) { return len(g.targets), g.net.NumParams() }

// Residual implements optim.Residuals.
func (g *regressor) Residual(ctx context.Context, r, p []float64) error {
	g.eval.Bind(p)
	g.eval.ValueBatch(r, g.inputs, g.points)
	g.difference(r)
	return context.Cause(ctx)
}

func (g *regressor) difference(r []float64) {
	for i, w := range g.weights {
		if w == 0 {
			r[i] = 0
			continue
		}
		r[i] = w * (r[i] - g.targets[i])
	}
}

// ResidualJacobian implements optim.Residuals.
func (g *regressor) ResidualJacobian(ctx context.Context, r, jac, p []float64) error {
	g.eval.Bind(p)
	in, out, m := g.net.Inputs, g.net.Outputs, len(p)
	const looked = 256 // points between two looks at the context
	for i := range g.points {
		if i%looked == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		g.eval.Value(r[i*out:(i+1)*out], g.inputs[i*in:(i+1)*in])
		g.eval.ParamJacobian(jac[i*out*m:(i+1)*out*m], 0, m)
	}
	for i, w := range g.weights {
		if w == 1 {
			continue
		}
		row := jac[i*m : (i+1)*m]
		for c := range row {
			row[c] *= w
		}
	}
	g.difference(r)
	return nil
}
