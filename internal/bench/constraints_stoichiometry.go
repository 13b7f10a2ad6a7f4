package bench

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// stoichiometry returns the dimension of the space of laws of a mechanism, and the largest sine of an angle between laws and that space. Rates
// are linear in their constants, so the columns of ∂f/∂k at random states and constants span what the mechanism can do.
func stoichiometry(p *problems.Problem, laws [][]float64) (int, float64, error) {
	f, ok := p.IVP.New().(ode.ParamField)
	if !ok {
		return 0, 0, fmt.Errorf("%s has no parameters", p.Name)
	}
	k, m := p.IVP.Dim, f.NumParams()
	const points = 4
	span := mat.NewDense(k, m*points, nil)
	y, dst, jac := make([]float64, k), make([]float64, k), make([]float64, k*m)
	for c := range points {
		for i := range y {
			y[i] = 0.5 + math.Abs(math.Sin(float64(1+c*k+i))) // generic numbers of size one
		}
		if err := f.Eval(dst, p.T0, y); err != nil {
			return 0, 0, err
		}
		f.ParamJacobian(jac, 0, m)
		for i := range k {
			for j := range m {
				span.Set(i, c*m+j, jac[i*m+j])
			}
		}
	}
	var svd mat.SVD
	if !svd.Factorize(span, mat.SVDThinU) {
		return 0, 0, fmt.Errorf("%s: no singular value decomposition", p.Name)
	}
	var u mat.Dense
	svd.UTo(&u)
	rank := 0
	for _, s := range svd.Values(nil) {
		if s > 1e-10*svd.Values(nil)[0] {
			rank++
		}
	}
	worst := 0.0
	for _, w := range laws {
		norm, along := 0.0, 0.0
		for _, x := range w {
			norm += x * x
		}
		for j := range rank {
			s := 0.0
			for i, x := range w {
				s += x * u.At(i, j)
			}
			along += s * s
		}
		worst = max(worst, math.Sqrt(along/norm))
	}
	return k - rank, worst, nil
}
