package problems

// HIRES describes the high irradiance response of photomorphogenesis: how light-activated phytochrome steers the growth of a
// plant. States: P_r, P_fr, P_rX, P_frX, P_rX', P_frX', P_frX'E, E.
func HIRES() *Problem {
	names := numbered(8)
	params := []Param{{"k1", 1.71}, {"k2", 0.43}, {"k3", 8.32}, {"k4", 0.69}, {"k5", 0.035}, {"k6", 8.32}, {"k7", 280}, {"k8", 0.69}, {"k9", 0.69}, {"oks", 7e-4}}
	laws := []law{
		{"oks", "+y1"},
		{"k1 y1", "-y1 +y2"},
		{"k2 y2", "+y1 -y2"},
		{"k6 y3", "+y1 -y3"},
		{"k3 y2", "-y2 +y4"},
		{"k1 y3", "-y3 +y4"},
		{"k2 y4", "+y3 -y4"},
		{"k5 y5", "+y3 -y5"},
		{"k4 y4", "-y4 +y6"},
		{"k1 y5", "-y5 +y6"},
		{"k2 y6", "+y5 -y6"},
		{"k7 y6 y8", "-y6 -y8 +y7"},
		{"k8 y7", "+y6 -y7 +y8"},
		{"k2 y7", "+y5 -y7 +y8"},
		{"k9 y7", "-y7 +y8"},
	}
	points, note := reference("hires")
	return &Problem{
		Name: "HIRES", Title: "high irradiance response of a plant",
		Source: "Schäfer, A new approach to explain the high irradiance responses of photomorphogenesis on the basis of phytochrome, J. Math. Biol. 2, 41 (1975); Hairer and Wanner II, eq. IV.10.4",
		IVP:    newPowerLaw(names, params, 0, laws).written(hiresEval, hiresJacobian).problem(names, []float64{1, 0.13, 0.019, 0.46, 0.18, 0.75, 0.0057, 0.0057}),
		T0:     0, T1: 321.8122, Y0: []float64{1, 0, 0, 0, 0, 0, 0, 0.0057}, Params: params,
		Stiff: true, Times: logarithmic(1e-3, 321.8122, 40), LogTime: true,
		ATol: uniform(8, 1e-4), Checks: []float64{321.8122},
		Reference: points, ReferenceNote: note,
	}
}
