package problems

import (
	"math"

	"github.com/stiffnode/stiffnode/ode"
)

// ProtheroRobinson is y' = λ (y − φ(t)) + φ'(t) with φ(t) = sin(t + π/4): the solution through φ(0) is φ, whatever λ. As λ → −∞ it
// shows the stiff order of a method. λ (y − φ) is the implicit part of the split right-hand side, φ' the explicit one.
func ProtheroRobinson(lambda float64) *Problem {
	params := []Param{{"lambda", lambda}}
	return &Problem{
		Name: "ProtheroRobinson", Title: "Prothero and Robinson's problem",
		Source: "Prothero and Robinson, On the stability and accuracy of one-step methods for solving stiff systems of ordinary differential equations, Math. Comput. 28, 145 (1974); Hairer and Wanner II, eq. IV.15.1",
		IVP: &ode.Problem{Dim: 1, Names: []string{"y"}, Scale: []float64{1}, New: func() ode.Field {
			return &protheroField{newDenseField(prothero{}, 1, params)}
		}},
		T0: 0, T1: 10, Y0: []float64{math.Sin(math.Pi / 4)}, Params: params,
		Stiff: true, Times: linear(0, 10, 101),
		ATol: uniform(1, 1), Checks: []float64{10},
		exact: func(dst []float64, t float64, y0, p []float64) {
			phi, _, _ := phase(t)
			start, _, _ := phase(0)
			dst[0] = phi + (y0[0]-start)*math.Exp(p[0]*t)
		},
	}
}

// phase returns φ(t) and its first two derivatives.
func phase(t float64) (phi, d, dd float64) {
	s, c := math.Sincos(t + math.Pi/4)
	return s, c, -s
}

type prothero struct{}

func (prothero) eval(dst []float64, at *point) error {
	phi, d, _ := phase(at.t)
	dst[0] = at.p[0]*(at.y[0]-phi) + d
	return nil
}

func (prothero) jacobian(jac, dfdt, par []float64, at *point) {
	phi, d, dd := phase(at.t)
	jac[0], dfdt[0], par[0] = at.p[0], dd-at.p[0]*d, at.y[0]-phi
}

func (prothero) second(_, dp, u []float64, tau float64, at *point) {
	_, d, _ := phase(at.t)
	dp[0] = u[0] - d*tau
}

// protheroField adds the splitting.
type protheroField struct{ *denseField }

var _ ode.SplitField = (*protheroField)(nil)

// EvalImplicit implements ode.SplitField.
func (f *protheroField) EvalImplicit(dst []float64, jac *ode.Jacobian, t float64, y []float64) error {
	phi, _, _ := phase(t)
	dst[0] = f.at.p[0] * (y[0] - phi)
	if jac != nil {
		jac.Set(0, 0, f.at.p[0])
	}
	return nil
}

// EvalExplicit implements ode.SplitField.
func (f *protheroField) EvalExplicit(dst []float64, t float64, _ []float64) error {
	_, dst[0], _ = phase(t)
	return nil
}
