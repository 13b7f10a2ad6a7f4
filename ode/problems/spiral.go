package problems

// Spiral is the cubic spiral of the demonstrations of neural ODEs: u' = A u³ (componentwise) with A = (a11 a12; a21 a22).
func Spiral() *Problem {
	names := []string{"u1", "u2"}
	params := []Param{{"a11", -0.1}, {"a12", -2}, {"a21", 2}, {"a22", -0.1}}
	laws := []law{
		{"a11 u1^3", "+u1"},
		{"a12 u2^3", "+u1"},
		{"a21 u1^3", "+u2"},
		{"a22 u2^3", "+u2"},
	}
	points, note := reference("spiral")
	return &Problem{
		Name: "Spiral", Title: "cubic spiral of the neural ODE demonstrations",
		Source: "Chen, Rubanova, Bettencourt, Duvenaud, Neural ordinary differential equations, NeurIPS (2018), and the demonstration that accompanies it",
		IVP:    newPowerLaw(names, params, 0, laws).problem(names, []float64{2, 2}),
		T0:     0, T1: 25, Y0: []float64{2, 0}, Params: params,
		Times: linear(0, 25, 200),
		ATol:  uniform(2, 1), Checks: []float64{25},
		Reference: points, ReferenceNote: note,
	}
}
