package problems

import "math"

// Kaps is a singularly perturbed problem whose smooth solution does not depend on ε:
//
//	y1' = −(1/ε + 2) y1 + y2²/ε,  y2' = y1 − y2 − y2²;  y1 = e^{−2t}, y2 = e^{−t}.
//
// It shows the order reduction of stiff solvers. The terms with 1/ε are the implicit part of the split right-hand side.
func Kaps() *Problem {
	names := numbered(2)
	params := []Param{{"eps", 1e-5}}
	laws := []law{
		{"eps^-1 y1", "-y1"},
		{"eps^-1 y2^2", "+y1"},
		{"2 y1", "-y1"},
		{"y1", "+y2"},
		{"y2", "-y2"},
		{"y2^2", "-y2"},
	}
	return &Problem{
		Name: "Kaps", Title: "Kaps's singularly perturbed problem, ε = 1e-5",
		Source: "Kaps, Rosenbrock-type methods, in Dahlquist and Jeltsch (eds.), Numerical Methods for Stiff Initial Value Problems, RWTH Aachen (1981); Dekker and Verwer, Stability of Runge–Kutta Methods for Stiff Nonlinear Differential Equations (1984), p. 144",
		IVP:    newPowerLaw(names, params, 2, laws).problem(names, []float64{1, 1}),
		T0:     0, T1: 1, Y0: []float64{1, 1}, Params: params,
		Stiff: true, Times: linear(0, 1, 51),
		ATol: uniform(2, 1e-3), Checks: []float64{1},
		exact: func(dst []float64, t float64, _, _ []float64) { dst[0], dst[1] = math.Exp(-2*t), math.Exp(-t) },
	}
}
