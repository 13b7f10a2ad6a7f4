package optim

import (
	"context"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

var _ Objective = (*LossObjective)(nil)

// LossObjective is Σ ρ(rᵢ) of a least-squares problem as an objective with a gradient, for methods that know no residuals.
type LossObjective struct {
	problem Residuals
	loss    Loss
	r, jac  []float64
}

// NewLossObjective makes it. A loss of nil is Squares.
func NewLossObjective(problem Residuals, loss Loss) (*LossObjective, error) {
	if loss == nil {
		loss = Squares{}
	}
	if err := loss.Validate(); err != nil {
		return nil, err
	}
	rows, cols := problem.Dims()
	if err := checkDims("objective of a loss", rows, cols, cols); err != nil {
		return nil, err
	}
	return &LossObjective{problem: problem, loss: loss, r: make([]float64, rows), jac: make([]float64, rows*cols)}, nil
}

// Dim implements Objective.
func (o *LossObjective) Dim() int {
	_, cols := o.problem.Dims()
	return cols
}

// ValueGradient implements Objective.
func (o *LossObjective) ValueGradient(ctx context.Context, g, p []float64) (float64, error) {
	if err := o.problem.ResidualJacobian(ctx, o.r, o.jac, p); err != nil {
		return 0, err
	}
	clear(g)
	var f float64
	for i, r := range o.r {
		f += o.loss.Rho(r)
		kernel.AddScaled(g, o.loss.Weight(r)*r, o.jac[i*len(g):(i+1)*len(g)])
	}
	return f, nil
}
