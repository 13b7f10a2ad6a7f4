package ode

import "math"

// A DIRKTableau holds the coefficients of a diagonally implicit Runge–Kutta method with s stages whose first stage is
// explicit and whose other stages share the diagonal entry γ (an ESDIRK method), in terms of increments z_i = h Y'_i:
//
//	Y_i = y_n + Σ_{j≤i} A_ij z_j,  M z_i = h f(t_n + C_i h, Y_i),  y_{n+1} = y_n + Σ B_i z_i,
//
// error estimate Σ E_i z_i and dense output y_n + Σ_i (Σ_p D_ip θ^{p+1}) z_i. The method is stiffly accurate (the last row of A
// is B), so y_{n+1} = Y_s, and z_1 of a step is z_s of the step before, times the ratio of the step sizes.
//
// Where AE is given the tableau is an additive (IMEX) pair for f = fI + fE:
//
//	Y_i = y_n + Σ_{j≤i} A_ij z_j + Σ_{j<i} AE_ij w_j,  z_i = h fI(t_n + C_i h, Y_i),  w_i = h fE(t_n + C_i h, Y_i),
//
// and B, E and D apply to z_i + w_i.
//
// On a Tape, Stages holds z_1 … z_s one after the other, then for a pair w_1 … w_s. Newton's iteration leaves in
// them what Options.NewtonTol allows. Extra (with KeepFactors, for a dense Jacobian) holds the Jacobian of Newton's iteration, which may
// have been evaluated at an earlier step, and the factors of M − h γ J for it: a preconditioner for the exact stage matrices.
type DIRKTableau struct {
	Info  Info
	Gamma float64
	// A has s rows, row i with i+1 values (the first row is {0}); C, B and E have s values; D is s rows.
	A       [][]float64
	B, C, E []float64
	D       [][]float64
	// AE is the explicit partner of an additive pair, row i with i values; nil for a plain method.
	AE [][]float64
	// Filter says that the error estimate is multiplied by (M − hγJ)⁻¹M, which keeps it bounded for stiff components.
	Filter bool

	predict [][]float64
}

// ImplicitEuler is the backward Euler method. Its error estimate compares it with the trapezoidal rule.
var ImplicitEuler Method = dirkMethod{dirk(DIRKTableau{
	Info: Info{
		Name: "ImplicitEuler", Family: "ESDIRK", Order: 1, Embedded: 2, DenseOrder: 1, Stages: 2, Implicit: true, Mass: true, Stability: "L-stable",
		Source: "Hairer and Wanner, Solving Ordinary Differential Equations II (1996), sec. IV.3",
	},
	Gamma:  1,
	A:      [][]float64{{0}, {0, 1}},
	C:      []float64{0, 1},
	B:      []float64{0, 1},
	E:      []float64{-0.5, 0.5},
	D:      [][]float64{{0}, {1}},
	Filter: true,
})}

// TRBDF2 is the composition of the trapezoidal rule and the BDF formula of order 2 with equal iteration matrices.
var TRBDF2 Method = dirkMethod{trbdf2()}

// trbdf2 follows Hosea and Shampine: γ = 2 − √2 is the end of the trapezoidal stage, d = γ/2, w = √2/4; the embedded formula of
// order 3 is b̂ = ((1−w)/3, (3w+1)/3, d/3). The dense output is the cubic Hermite polynomial of the step, whose
// conditions of order 2 hold for every θ: b_3(θ) = (3d−1)θ² + (1−2d)θ³, b_2 = (θ²/2 − b_3)/γ, b_1 = θ − b_2 − b_3.
func trbdf2() *DIRKTableau {
	gamma := 2 - math.Sqrt2
	d, w := gamma/2, math.Sqrt2/4
	b3 := []float64{0, 3*d - 1, 1 - 2*d}
	b2 := []float64{0, (0.5 - b3[1]) / gamma, -b3[2] / gamma}
	b1 := []float64{1, -b2[1] - b3[1], -b2[2] - b3[2]}
	return dirk(DIRKTableau{
		Info: Info{
			Name: "TRBDF2", Family: "ESDIRK", Order: 2, Embedded: 3, DenseOrder: 2, Stages: 3, Implicit: true, Mass: true, Stability: "L-stable",
			Source: "Bank et al., IEEE Trans. CAD 4, 436 (1985); Hosea and Shampine, Analysis and implementation of TR-BDF2, Appl. Numer. Math. 20, 21 (1996)",
		},
		Gamma:  d,
		A:      [][]float64{{0}, {d, d}, {w, w, d}},
		C:      []float64{0, gamma, 1},
		B:      []float64{w, w, d},
		E:      []float64{w - (1-w)/3, w - (3*w+1)/3, d - d/3},
		D:      [][]float64{b1, b2, b3},
		Filter: true,
	})
}

// dirk completes a tableau by the weights with which the increments of a step predict the next one.
func dirk(tab DIRKTableau) *DIRKTableau {
	tab.predict = predictors(tab.C)
	return &tab
}

const (
	// predictDegree bounds the degree of the polynomial through earlier stages that predicts a stage, predictGrowth the sum of the
	// moduli of its weights.
	predictDegree = 2
	predictGrowth = 8.0
)

// predictors returns for each stage the weights of the polynomial in c through z_j of the earlier stages nearest to it, as high a
// degree as keeps the weights small (Hairer and Wanner II, sec. IV.8, "starting values").
func predictors(c []float64) [][]float64 {
	out := make([][]float64, len(c))
	for i := 2; i < len(c); i++ {
		for degree := min(predictDegree, i-1); degree >= 0; degree-- {
			w := lagrange(c, i, degree)
			sum := 0.0
			for _, v := range w {
				sum += math.Abs(v)
			}
			if sum <= predictGrowth || degree == 0 {
				out[i] = w
				break
			}
		}
	}
	return out
}

// lagrange returns the weights at c[i] of the polynomial through the degree+1 nodes among c[0] … c[i-1] nearest to c[i].
func lagrange(c []float64, i, degree int) []float64 {
	used := make([]bool, i)
	var nodes []int
	for range degree + 1 {
		best := -1
		for j := range i {
			if !used[j] && (best < 0 || math.Abs(c[j]-c[i]) < math.Abs(c[best]-c[i])) {
				best = j
			}
		}
		used[best] = true
		nodes = append(nodes, best)
	}
	w := make([]float64, i)
	for _, j := range nodes {
		w[j] = 1
		for _, k := range nodes {
			if k != j {
				w[j] *= (c[i] - c[k]) / (c[j] - c[k])
			}
		}
	}
	return w
}
