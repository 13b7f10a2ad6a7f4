package problems

// OREGO is the Oregonator, a model of the Belousov–Zhabotinskii reaction whose limit cycle runs over five decades:
//
//	y1' = s (y2 + y1 (1 − q y1 − y2)),  y2' = (y3 − (1 + y1) y2)/s,  y3' = w (y1 − y3).
func OREGO() *Problem {
	names := numbered(3)
	params := []Param{{"s", 77.27}, {"q", 8.375e-6}, {"w", 0.161}}
	laws := []law{
		{"s y2", "+y1"},
		{"s y1", "+y1"},
		{"s q y1^2", "-y1"},
		{"s y1 y2", "-y1"},
		{"s^-1 y3", "+y2"},
		{"s^-1 y2", "-y2"},
		{"s^-1 y1 y2", "-y2"},
		{"w y1", "+y3"},
		{"w y3", "-y3"},
	}
	points, note := reference("orego")
	return &Problem{
		Name: "OREGO", Title: "the Oregonator (Belousov–Zhabotinskii reaction)",
		Source: "Field and Noyes, Oscillations in chemical systems IV, J. Chem. Phys. 60, 1877 (1974); Hairer and Wanner II, eq. IV.10.6",
		IVP:    newPowerLaw(names, params, 0, laws).written(oregoEval, oregoJacobian).problem(names, uniform(3, 1)),
		T0:     0, T1: 360, Y0: []float64{1, 2, 3}, Params: params,
		Stiff: true, Times: linear(0, 30, 100),
		ATol: uniform(3, 1), Checks: []float64{360},
		Reference: points, ReferenceNote: note,
	}
}
