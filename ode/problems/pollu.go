package problems

// polluParams are the 25 rate constants of POLLU.
func polluParams() []Param {
	return []Param{
		{"k1", 0.35}, {"k2", 26.6}, {"k3", 12.3e3}, {"k4", 0.86e-3}, {"k5", 0.82e-3}, {"k6", 15e3}, {"k7", 0.13e-3}, {"k8", 24e3}, {"k9", 16.5e3},
		{"k10", 9e3}, {"k11", 0.022}, {"k12", 12e3}, {"k13", 1.88}, {"k14", 16.3e3}, {"k15", 4.8e6}, {"k16", 0.35e-3}, {"k17", 0.0175}, {"k18", 1e8},
		{"k19", 0.444e12}, {"k20", 1.24e3}, {"k21", 2.1}, {"k22", 5.78}, {"k23", 0.0474}, {"k24", 1.78e3}, {"k25", 3.12},
	}
}

// polluNames are the species y1 … y20.
var polluNames = []string{
	"NO2", "NO", "O3P", "O3", "HO2", "OH", "HCHO", "CO", "ALD", "MEO2", "C2O3", "CO2", "PAN", "CH3O", "HNO3", "O1D", "SO2", "SO4", "NO3", "N2O5",
}

var polluLaws = []law{
	{"k1 NO2", "-NO2 +NO +O3P"},
	{"k2 NO O3", "+NO2 -NO -O3"},
	{"k3 HO2 NO", "+NO2 -NO -HO2 +OH"},
	{"k4 HCHO", "+2*HO2 -HCHO +CO"},
	{"k5 HCHO", "-HCHO +CO"},
	{"k6 HCHO OH", "+HO2 -OH -HCHO +CO"},
	{"k7 ALD", "+HO2 +CO -ALD +MEO2"},
	{"k8 ALD OH", "-OH -ALD +C2O3"},
	{"k9 C2O3 NO", "+NO2 -NO +MEO2 -C2O3 +CO2"},
	{"k10 C2O3 NO2", "-NO2 -C2O3 +PAN"},
	{"k11 PAN", "+NO2 +C2O3 -PAN"},
	{"k12 MEO2 NO", "+NO2 -NO -MEO2 +CH3O"},
	{"k13 CH3O", "+HO2 +HCHO -CH3O"},
	{"k14 NO2 OH", "-NO2 -OH +HNO3"},
	{"k15 O3P", "-O3P +O3"},
	{"k16 O3", "-O3 +O1D"},
	{"k17 O3", "+O3P -O3"},
	{"k18 O1D", "+2*OH -O1D"},
	{"k19 O1D", "+O3P -O1D"},
	{"k20 SO2 OH", "+HO2 -OH -SO2 +SO4"},
	{"k21 NO3", "+NO -NO3"},
	{"k22 NO3", "+NO2 +O3P -NO3"},
	{"k23 NO2 O3", "-NO2 -O3 +NO3"},
	{"k24 NO3 NO2", "-NO2 -NO3 +N2O5"},
	{"k25 N2O5", "+NO2 +NO3 -N2O5"},
}

// POLLU is the chemical part of an air pollution model: 20 species (in the order of the publication), 25 reactions.
func POLLU() *Problem {
	points, note := reference("pollu")
	return &Problem{
		Name: "POLLU", Title: "air pollution chemistry",
		Source: "Verwer, Gauss–Seidel iteration for stiff ODEs from chemical kinetics, SIAM J. Sci. Comput. 15, 1243 (1994); Mazzia and Magherini, Test Set for IVP Solvers 2.4 (2008)",
		IVP:    newPowerLaw(polluNames, polluParams(), 0, polluLaws).written(polluEval, polluJacobian).problem(polluNames, polluScale),
		T0:     0, T1: 60, Y0: []float64{0, 0.2, 0, 0.04, 0, 0, 0.1, 0.3, 0.01, 0, 0, 0, 0, 0, 0, 0, 0.007, 0, 0, 0},
		Params: polluParams(), Units: uniformUnits(20, "ppm"), TimeUnit: "min",
		Stiff: true, Times: linear(0, 60, 20),
		ATol: polluScale, Checks: []float64{60},
		Reference: points, ReferenceNote: note,
	}
}

// polluScale holds the largest values that the states reach.
var polluScale = []float64{
	0.056, 0.2, 4.1e-9, 0.04, 4.3e-7, 5.8e-7, 0.1, 0.32, 0.01, 5.9e-8, 4.2e-8, 2.2e-3, 2.1e-4, 3e-5, 9e-3, 3.1e-17, 7e-3, 1e-4, 1.8e-6, 5.7e-5,
}
