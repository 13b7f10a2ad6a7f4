package ode

import "math"

// A RosenbrockTableau holds the coefficients of a Rosenbrock method in the form of Hairer and Wanner II, sec. IV.7, that
// needs no product with the Jacobian (variables u = Γ k):
//
//	(M/(hγ) − J) u_i = f(t_n + α_i h, y_n + Σ_{j<i} A_ij u_j) + M Σ_{j<i} (C_ij/h) u_j + γ_i h ∂f/∂t,
//	y_{n+1} = y_n + Σ B_i u_i,  error estimate Σ E_i u_i,  dense output y_n + Σ_i (Σ_p D_ip θ^{p+1}) u_i.
//
// On a Tape, Stages holds u_1 … u_s one after the other; Extra (with KeepFactors, for a dense Jacobian) holds J at (t_n, y_n) and
// the factors of M − hγJ.
type RosenbrockTableau struct {
	Info  Info
	Gamma float64
	// A and C are strictly lower triangular; Alpha and GammaI have one value per stage.
	A, C          [][]float64
	Alpha, GammaI []float64
	B, E          []float64
	D             [][]float64
	// FSAL: the argument of the last stage is y_{n+1}, so that f and J there serve the next step.
	FSAL bool
}

// Rosenbrock23 is the L-stable Rosenbrock method of order 2 with an error estimate of order 3 behind MATLAB's ode23s.
var Rosenbrock23 Method = rosenbrockMethod{rosenbrock23()}

// rosenbrock23 derives the tableau from the published k-form: with d = 1/(2+√2), stages
// k_1 = γ-form at y_n, k_2 at y_n + h k_1/2, k_3 at y_{n+1} = y_n + h k_2, coefficients γ_21 = −d,
// γ_31 = d(c32 − 2), γ_32 = −d c32, c32 = 6 + √2 and error −h (k_1 − 2 k_2 + k_3)/6.
func rosenbrock23() *RosenbrockTableau {
	d := 1 / (2 + math.Sqrt2)
	c32 := 6 + math.Sqrt2
	alpha := [][]float64{{}, {0.5}, {0, 1}}
	gamma := [][]float64{{d}, {-d, d}, {d * (c32 - 2), -d * c32, d}}
	b := []float64{0, 1, 0}
	e := []float64{-1. / 6, 2. / 6, -1. / 6} // of y_{n+1} − ŷ_{n+1}
	// y(θ) = y_n + h [θ(1−θ)/(1−2d) k_1 + θ(θ−2d)/(1−2d) k_2]
	q := 1 / (1 - 2*d)
	dense := [][]float64{{q, -q}, {-2 * d * q, q}, {0, 0}}
	return rosenbrockFromKForm(Info{
		Name: "Rosenbrock23", Family: "Rosenbrock", Order: 2, Embedded: 3, DenseOrder: 2, Stages: 3, Implicit: true, Mass: true, Stability: "L-stable",
		Source: "Shampine and Reichelt, The MATLAB ODE Suite, SIAM J. Sci. Comput. 18, 1 (1997), sec. 3.1",
	}, alpha, gamma, b, e, dense, true)
}

// rosenbrockFromKForm transforms the coefficients α, Γ, b, e, dense of the textbook form
// k_i = h f(y_n + Σ α_ij k_j) + h J Σ γ_ij k_j into those of u = Γ k (Hairer and Wanner II, eq. IV.7.25).
func rosenbrockFromKForm(info Info, alpha, gamma [][]float64, b, e []float64, dense [][]float64, fsal bool) *RosenbrockTableau {
	s := len(b)
	inv := invertLower(gamma)
	tab := &RosenbrockTableau{Info: info, Gamma: gamma[0][0], FSAL: fsal, Alpha: make([]float64, s), GammaI: make([]float64, s)}
	for i := range s {
		a, c := make([]float64, i), make([]float64, i)
		for j := range i {
			for l := j; l < i; l++ {
				a[j] += alpha[i][l] * inv[l][j]
			}
			c[j] = -inv[i][j]
		}
		tab.A, tab.C = append(tab.A, a), append(tab.C, c)
		for _, v := range alpha[i] {
			tab.Alpha[i] += v
		}
		for _, v := range gamma[i] {
			tab.GammaI[i] += v
		}
	}
	rowTimesInverse := func(v []float64) []float64 {
		out := make([]float64, s)
		for j := range s {
			for l := j; l < s; l++ {
				out[j] += v[l] * inv[l][j]
			}
		}
		return out
	}
	tab.B, tab.E = rowTimesInverse(b), rowTimesInverse(e)
	tab.D = make([][]float64, s)
	for p := range dense[0] {
		col := make([]float64, s)
		for i := range s {
			col[i] = dense[i][p]
		}
		for i, v := range rowTimesInverse(col) {
			tab.D[i] = append(tab.D[i], v)
		}
	}
	return tab
}

// invertLower inverts a lower triangular matrix given by its rows.
func invertLower(l [][]float64) [][]float64 {
	inv := make([][]float64, len(l))
	for i := range l {
		inv[i] = make([]float64, i+1)
		inv[i][i] = 1 / l[i][i]
		for j := range i {
			s := 0.0
			for k := j; k < i; k++ {
				s += l[i][k] * inv[k][j]
			}
			inv[i][j] = -s / l[i][i]
		}
	}
	return inv
}
