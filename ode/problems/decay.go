package problems

import "math"

// Decay is exponential decay y' = lambda y, whose rate makes it as stiff as one likes.
func Decay() *Problem {
	names := []string{"y"}
	params := []Param{{"lambda", -1}}
	return &Problem{
		Name: "Decay", Title: "exponential decay", Source: "Dahlquist, A special stability problem for linear multistep methods, BIT 3, 27 (1963)",
		IVP: newPowerLaw(names, params, 0, []law{{"lambda y", "+y"}}).problem(names, []float64{1}),
		T0:  0, T1: 1, Y0: []float64{1}, Params: params,
		Times: linear(0, 1, 21), ATol: []float64{1}, Checks: []float64{1},
		exact: func(dst []float64, t float64, y0, p []float64) { dst[0] = y0[0] * math.Exp(p[0]*t) },
	}
}
