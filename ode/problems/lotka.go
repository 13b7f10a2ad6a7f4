package problems

// LotkaVolterra is the predator–prey model x' = a x − b x y, y' = −c y + d x y.
func LotkaVolterra() *Problem {
	names := []string{"prey", "predator"}
	params := []Param{{"a", 1.5}, {"b", 1}, {"c", 3}, {"d", 1}}
	laws := []law{
		{"a prey", "+prey"},
		{"b prey predator", "-prey"},
		{"c predator", "-predator"},
		{"d prey predator", "+predator"},
	}
	points, note := reference("lotkavolterra")
	return &Problem{
		Name: "LotkaVolterra", Title: "predators and prey",
		Source: "Lotka, Elements of Physical Biology (1925), ch. VIII; Volterra, Fluctuations in the abundance of a species considered mathematically, Nature 118, 558 (1926)",
		IVP:    newPowerLaw(names, params, 0, laws).problem(names, []float64{7, 5}),
		T0:     0, T1: 10, Y0: []float64{1, 1}, Params: params,
		Times: linear(0, 10, 100),
		ATol:  uniform(2, 1), Checks: []float64{10},
		Reference: points, ReferenceNote: note,
	}
}
