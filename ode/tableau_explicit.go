package ode

// An ExplicitTableau holds the coefficients of an explicit Runge–Kutta method with s stages:
//
//	Y_i = y_n + h Σ_{j<i} A_ij k_j,  k_i = f(t_n + C_i h, Y_i),  y_{n+1} = y_n + h Σ B_i k_i,
//
// local error estimate e = h Σ E_i k_i and dense output y_n + h Σ_i (Σ_p D_ip θ^{p+1}) k_i. The dense output may need further stages,
// which are evaluated only in steps whose dense output is asked for.
//
// On a Tape, Stages holds k_1 … k_s one after the other, followed by the further stages in steps that have them.
type ExplicitTableau struct {
	Info Info
	// B and E have s values. A has s rows, row i with up to i values, and then a row for each further stage; C and D have as many
	// entries as A has rows.
	A       [][]float64
	B, C, E []float64
	D       [][]float64
	// ECoarse gives a second estimate e' of lower order; the norm of the error is then ‖e‖²/√(‖e‖² + 0.01‖e'‖²), which behaves like one
	// of the order of the method (Hairer, Nørsett, Wanner I, eq. II.10.17). nil means that there is none.
	ECoarse []float64
	// FSAL: the last stage is f at the new point (first same as last).
	FSAL bool
	// StiffLimit is the extent of the stability region along the negative real axis, for the detection of stiffness.
	StiffLimit float64
}

// Tsit5 is the explicit method of order 5(4) with a free interpolant of order 4.
var Tsit5 Method = explicitMethod{&tsit5}

var tsit5 = ExplicitTableau{
	Info: Info{
		Name: "Tsit5", Family: "explicit Runge–Kutta", Order: 5, Embedded: 4, DenseOrder: 4, Stages: 7, Stability: "conditionally stable",
		Source: "Tsitouras, Runge–Kutta pairs of order 5(4) satisfying only the first column simplifying assumption, Comput. Math. Appl. 62, 770 (2011)",
	},
	C: []float64{0, 0.161, 0.327, 0.9, 0.9800255409045097, 1, 1},
	A: [][]float64{
		{},
		{0.161},
		{-0.008480655492356989, 0.335480655492357},
		{2.8971530571054935, -6.359448489975075, 4.3622954328695815},
		{5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525},
		{5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401, -0.028269050394068383},
		{0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774},
	},
	B: []float64{0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774, 0},
	E: []float64{
		-0.00178001105222577714, -0.0008164344596567469, 0.007880878010261995, -0.1447110071732629, 0.5823571654525552,
		-0.45808210592918697, 1.0 / 66,
	},
	D: [][]float64{
		{1, -2.763706197274826, 2.9132554618219126, -1.0530884977290216},
		{0, 0.13169999999999998, -0.2234, 0.1017},
		{0, 3.9302962368947516, -5.941033872131505, 2.490627285651253},
		{0, -12.411077166933676, 30.33818863028232, -16.548102889244902},
		{0, 37.50931341651104, -88.1789048947664, 47.37952196281928},
		{0, -27.896526289197286, 65.09189467479366, -34.87065786149661},
		{0, 1.5, -4, 2.5},
	},
	FSAL:       true,
	StiffLimit: 3.5068,
}
