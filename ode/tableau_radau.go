package ode

import "math"

// A FIRKTableau holds the coefficients of a fully implicit Runge–Kutta method with three stages, stiffly accurate, whose inverse
// matrix A⁻¹ has one real eigenvalue and one pair of complex ones. With increments Z_i = Y_i − y_n:
//
//	M Z_i = h Σ_j A_ij f(t_n + C_j h, y_n + Z_j),  y_{n+1} = y_n + Z_3,
//
// error estimate (M − hγ0 J)⁻¹ (hγ0 f(t_n, y_n) + M Σ E_i Z_i) with γ0 = 1/Real, and dense output
// y_n + Σ_i (Σ_p D_ip θ^{p+1}) Z_i: the collocation polynomial.
//
// On a Tape, Stages holds Z_1, Z_2, Z_3 one after the other. Newton's iteration leaves in them what
// Options.NewtonTol allows. Extra (with KeepFactors, for a dense Jacobian) holds the Jacobian of Newton's iteration, which may have been
// evaluated at an earlier step, and the real factors of M − hγ0 J for it.
type FIRKTableau struct {
	Info Info
	A    [3][3]float64
	C, E [3]float64
	D    [][]float64
	// Real and Complex are the eigenvalues of A⁻¹, Complex the one in the upper half-plane. T⁻¹A⁻¹T has the blocks
	// Real and [[α, β], [−β, α]] with Complex = α + iβ; TInv is T⁻¹.
	Real    float64
	Complex complex128
	T, TInv [3][3]float64
}

// radauIIA5 follows Hairer and Wanner II: table IV.5.6, eqs. IV.8.19 (error estimate) and IV.8.3 (transformation), T normalised so that its
// last row is (1, 1, 0).
func radauIIA5() *FIRKTableau {
	s6 := math.Sqrt(6)
	nine := math.Cbrt(9)
	gamma0 := (6 + nine*nine - nine) / 30
	alpha, beta := (12-nine*nine+nine)/60, (nine*nine+nine)*math.Sqrt(3)/60
	square := alpha*alpha + beta*beta
	c := [3]float64{(4 - s6) / 10, (4 + s6) / 10, 1}
	tab := &FIRKTableau{
		Info: Info{
			Name: "Radau", Family: "fully implicit Runge–Kutta", Order: 5, Embedded: 3, DenseOrder: 3, StiffDense: 3, Stages: 3, Implicit: true, Mass: true, Stability: "L-stable",
			Source: "Hairer and Wanner, Solving Ordinary Differential Equations II (1996), secs. IV.5 and IV.8 (Radau IIA; program RADAU5)",
		},
		A: [3][3]float64{
			{(88 - 7*s6) / 360, (296 - 169*s6) / 1800, (-2 + 3*s6) / 225},
			{(296 + 169*s6) / 1800, (88 + 7*s6) / 360, (-2 - 3*s6) / 225},
			{(16 - s6) / 36, (16 + s6) / 36, 1. / 9},
		},
		C:       c,
		E:       [3]float64{gamma0 * (-13 - 7*s6) / 3, gamma0 * (-13 + 7*s6) / 3, -gamma0 / 3},
		Real:    1 / gamma0,
		Complex: complex(alpha/square, beta/square),
		T: [3][3]float64{
			{0.094438762488975241487, -0.14125529502095420843, 0.030029194105147424492},
			{0.25021312296533331138, 0.204129352293799932, -0.3829421127572619378},
			{1, 1, 0},
		},
		TInv: [3][3]float64{
			{4.1787185915519047273, 0.32768282076106238708, 0.52337644549944954804},
			{-4.1787185915519047273, -0.32768282076106238708, 0.47662355450055045196},
			{0.50287263494578687595, -2.5719269498556054292, 0.59603920482822492497},
		},
	}
	// Lagrange polynomials of the nodes 0, c_1, c_2, c_3 that vanish at 0
	for i := range 3 {
		p, q := c[(i+1)%3], c[(i+2)%3]
		d := c[i] * (c[i] - p) * (c[i] - q)
		tab.D = append(tab.D, []float64{p * q / d, -(p + q) / d, 1 / d})
	}
	return tab
}

// collocation is the tableau as collocationStepper takes it.
func (tab *FIRKTableau) collocation() *collocation {
	c := &collocation{
		nodes: tab.C[:], e: tab.E[:], d: tab.D, real: tab.Real, complex: []complex128{tab.Complex},
		errorOrder: tab.Info.Embedded + 1, newtonMax: radauNewtonMax, recorded: tab,
	}
	for i := range tab.T {
		copy(c.t[i][:], tab.T[i][:])
		copy(c.tInv[i][:], tab.TInv[i][:])
	}
	c.setPowers()
	return c
}
