package problems

import "github.com/stiffnode/stiffnode/ode"

// roberParams are Robertson's constants, in the paper's order.
func roberParams() []Param { return []Param{{"k1", 0.04}, {"k2", 3e7}, {"k3", 1e4}} }

var roberLaws = []law{
	{"k1 y1", "-y1 +y2"},
	{"k3 y2 y3", "+y1 -y2"},
	{"k2 y2^2", "-y2 +y3"},
}

// roberScale holds the largest values that the states reach.
var roberScale = []float64{1, 3.65e-5, 1}

// ROBER is Robertson's autocatalytic reaction:
//
//	y1' = −k1 y1 + k3 y2 y3,  y2' = k1 y1 − k2 y2² − k3 y2 y3,  y3' = k2 y2².
func ROBER() *Problem {
	names := numbered(3)
	points, note := reference("rober")
	return &Problem{
		Name: "ROBER", Title: "Robertson's autocatalytic reaction",
		Source: "Robertson, in Walsh (ed.), Numerical Analysis: An Introduction, Academic Press (1966), p. 178; Hairer and Wanner II, eq. IV.10.3",
		IVP:    newPowerLaw(names, roberParams(), 0, roberLaws).written(roberEval, roberJacobian).problem(names, roberScale),
		T0:     0, T1: 1e11, Y0: []float64{1, 0, 0}, Params: roberParams(), TimeUnit: "s", Units: uniformUnits(3, "mol/L"),
		Stiff: true, LogTime: true, Times: logarithmic(1e-5, 1e5, 50),
		ATol: []float64{1e-8, 1e-14, 1e-2}, Checks: []float64{40, 1e11},
		Reference: points, ReferenceNote: note,
	}
}

// ROBERDAE is ROBER with its third equation replaced by the conservation law 0 = y1 + y2 + y3 − 1: a differential-algebraic
// problem of index 1 with M = diag(1, 1, 0).
func ROBERDAE() *Problem {
	names := numbered(3)
	laws := []law{
		{"k1 y1", "-y1 +y2"},
		{"k3 y2 y3", "+y1 -y2"},
		{"k2 y2^2", "-y2"},
		{"y1", "+y3"},
		{"y2", "+y3"},
		{"y3", "+y3"},
		{"1", "-y3"},
	}
	p := ROBER()
	p.Name, p.Title = "ROBER-DAE", "Robertson's reaction with its conservation law (differential-algebraic)"
	p.IVP = newPowerLaw(names, roberParams(), 0, laws).problem(names, roberScale)
	p.IVP.Mass = ode.DiagonalMass(1, 1, 0)
	return p
}
