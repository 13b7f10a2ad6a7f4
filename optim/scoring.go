package optim

import "context"

// Scoring is a statistical objective f of P parameters with a positive semidefinite stand-in for its Hessian, the Fisher information or the
// Gauss–Newton matrix, given by its square root: R rows s and J with
//
//	∇f = Jᵀ s,   H ≈ Jᵀ J.
//
// For least squares, f = ½‖r‖², these are the residuals and their Jacobian. A normal likelihood with a standard deviation σ to be estimated has beside
// r/σ a row (1 − (r/σ)²)/√2 for each observation, with the derivatives √2 ∂ln σ (Fisher scoring: Osborne, "Fisher's method of
// scoring", International Statistical Review 60, 1992, 99–117). What is said of errors at [Residuals] holds here too.
type Scoring interface {
	// Dims returns R and P, which must not change.
	Dims() (rows, params int)
	// Value returns f(p).
	Value(ctx context.Context, p []float64) (float64, error)
	// Score returns f(p) and writes s, R elements, and J, R×P in row-major order.
	Score(ctx context.Context, s, jac, p []float64) (float64, error)
}

// LeastSquares is the scoring problem of f = ½‖r‖².
func LeastSquares(r Residuals) Scoring { return squares{r, nil} }

type squares struct {
	Residuals
	r []float64
}

// Value implements Scoring.
func (s squares) Value(ctx context.Context, p []float64) (float64, error) {
	rows, _ := s.Dims()
	r := make([]float64, rows)
	if err := s.Residual(ctx, r, p); err != nil {
		return 0, err
	}
	return halfSquares(r), nil
}

// Score implements Scoring.
func (s squares) Score(ctx context.Context, rows, jac, p []float64) (float64, error) {
	if err := s.ResidualJacobian(ctx, rows, jac, p); err != nil {
		return 0, err
	}
	return halfSquares(rows), nil
}

func halfSquares(r []float64) float64 {
	sum := 0.0
	for _, v := range r {
		sum += v * v
	}
	return 0.5 * sum
}
