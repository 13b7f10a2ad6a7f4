package problems

// E5 is a chemical pyrolysis whose species differ by twenty decades:
//
//	y1' = −A y1 − B y1 y3,  y2' = A y1 − M C y2 y3,  y3' = A y1 − B y1 y3 − M C y2 y3 + C y4,  y4' = B y1 y3 − C y4.
//
// y2 − y3 − y4 stays 0. Absolute tolerances must be small enough to see y2 and y3.
func E5() *Problem {
	names := numbered(4)
	params := []Param{{"A", 7.89e-10}, {"B", 1.1e7}, {"C", 1.13e3}, {"M", 1e6}}
	laws := []law{
		{"A y1", "-y1 +y2 +y3"},
		{"M C y2 y3", "-y2 -y3"},
		{"B y1 y3", "-y1 -y3 +y4"},
		{"C y4", "+y3 -y4"},
	}
	points, note := reference("e5")
	return &Problem{
		Name: "E5", Title: "chemical pyrolysis",
		Source: "Enright, Hull, Lindberg, Comparing numerical methods for stiff systems of O.D.E.s, BIT 15, 10 (1975), problem E5; Hairer and Wanner II, eq. IV.10.8",
		IVP:    newPowerLaw(names, params, 0, laws).problem(names, []float64{1.76e-3, 1.5e-10, 9e-12, 1.4e-10}),
		T0:     0, T1: 1e13, Y0: []float64{1.76e-3, 0, 0, 0}, Params: params, TimeUnit: "s",
		Stiff: true, LogTime: true, Times: logarithmic(1e-3, 1e13, 60),
		ATol: uniform(4, 1e-23), Checks: []float64{10, 1e3, 1e5, 1e7, 1e9, 1e11, 1e13},
		Reference: points, ReferenceNote: note,
	}
}
