package problems

import "github.com/stiffnode/stiffnode/ode"

// CHEMAKZO describes two reacting species mixed under a continuous inflow of carbon dioxide: a differential-algebraic problem
// M y' = f(y) of index 1, M = diag(1, 1, 1, 1, 1, 0), with
//
//	r1 = k1 y1⁴ √y2, r2 = k2 y3 y4, r3 = (k2/K) y1 y5, r4 = k3 y1 y4², r5 = k4 y6² √y2, F = klA (pCO2/H − y2).
//
// Negative y2 is rejected.
func CHEMAKZO() *Problem {
	names := numbered(6)
	params := []Param{{"k1", 18.7}, {"k2", 0.58}, {"k3", 0.09}, {"k4", 0.42}, {"K", 34.4}, {"klA", 3.3}, {"Ks", 115.83}, {"pCO2", 0.9}, {"H", 737}}
	laws := []law{
		{"k1 y1^4 y2^0.5", "-2*y1 -0.5*y2 +y3"},
		{"k2 y3 y4", "+y1 -y3 -y4 +y5"},
		{"k2 K^-1 y1 y5", "-y1 +y3 +y4 -y5"},
		{"k3 y1 y4^2", "-y1 -y2 -2*y4"},
		{"k4 y6^2 y2^0.5", "-0.5*y2 +y5"},
		{"klA pCO2 H^-1", "+y2"},
		{"klA y2", "-y2"},
		{"Ks y1 y4", "+y6"},
		{"y6", "-y6"},
	}
	points, note := reference("chemakzo")
	p := &Problem{
		Name: "CHEMAKZO", Title: "Akzo Nobel's reacting species (differential-algebraic)",
		Source: "Stortelder, Parameter Estimation in Nonlinear Dynamical Systems, PhD thesis, Amsterdam (1998); Mazzia and Magherini, Test Set for IVP Solvers 2.4 (2008)",
		IVP:    newPowerLaw(names, params, 0, laws).problem(names, []float64{0.444, 0.00123, 0.17, 0.007, 0.018, 0.36}),
		T0:     0, T1: 180, Y0: []float64{0.444, 0.00123, 0, 0.007, 0, 115.83 * 0.444 * 0.007}, Params: params, TimeUnit: "min", Units: uniformUnits(6, "mol/L"),
		Stiff: true, Times: linear(0, 180, 46),
		ATol: []float64{0.1, 1e-3, 0.1, 1e-3, 1e-2, 1e-2}, Checks: []float64{180},
		Reference: points, ReferenceNote: note,
	}
	p.IVP.Mass = ode.DiagonalMass(1, 1, 1, 1, 1, 0)
	return p
}
