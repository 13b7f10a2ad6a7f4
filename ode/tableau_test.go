package ode

import (
	"math"
	"testing"
)

func dirkTableaus() []*DIRKTableau {
	var out []*DIRKTableau
	for _, m := range Methods() {
		if d, ok := m.(dirkMethod); ok {
			out = append(out, d.tab)
		}
	}
	return out
}

func TestDIRKTableaus(t *testing.T) {
	const tol = 1e-13
	for _, tab := range dirkTableaus() {
		info := tab.Info
		s := len(tab.B)
		colours := 1
		if tab.AE != nil {
			colours = 2
		}
		edge := func(_, child *tree, i, j int) float64 {
			if child.colour == 1 {
				return at(tab.AE, i, j)
			}
			return at(tab.A, i, j)
		}
		checkOrder(t, info.Name, tab.B, info.Order, colours, 1, tol, true, edge)
		checkOrder(t, info.Name+" embedded", minus(tab.B, tab.E), info.Embedded, colours, 1, tol, true, edge)
		for _, theta := range []float64{0.1, 0.35, 0.8} {
			checkOrder(t, info.Name+" dense output", continuous(tab.D, theta), info.DenseOrder, colours, theta, tol, true, edge)
		}
		sameWeights(t, info.Name+" dense output at θ = 1", continuous(tab.D, 1), tab.B, 1e-12)
		sameWeights(t, info.Name+" last row", tab.A[s-1], tab.B, 0)
		for i := range s {
			sum, explicit := 0.0, 0.0
			for j := range s {
				sum += at(tab.A, i, j)
				explicit += at(tab.AE, i, j)
			}
			if math.Abs(sum-tab.C[i]) > tol || tab.AE != nil && math.Abs(explicit-tab.C[i]) > tol {
				t.Errorf("%s: row %d sums to %.17g and %.17g, c is %.17g", info.Name, i+1, sum, explicit, tab.C[i])
			}
			if i > 0 && (len(tab.A[i]) != i+1 || tab.A[i][i] != tab.Gamma) {
				t.Errorf("%s: row %d has no diagonal γ", info.Name, i+1)
			}
		}
		if r := dirkAtInfinity(tab, tab.B); math.Abs(r) > 1e-12 {
			t.Errorf("%s: R(∞) = %g", info.Name, r)
		}
	}
}

// dirkAtInfinity is the factor of z in the stability function of weights b as z → ∞ if the weights are not those of the last stage,
// or R(∞) itself: with r_i = Y_i/y_n at infinity (r_1 = 1, Σ_j A_ij r_j = 0), increments are z r_i, and y_{n+1} = r_s y_n.
func dirkAtInfinity(tab *DIRKTableau, b []float64) float64 {
	r := []float64{1}
	for i := 1; i < len(tab.B); i++ {
		s := 0.0
		for j, v := range r {
			s += tab.A[i][j] * v
		}
		r = append(r, -s/tab.Gamma)
	}
	if &b[0] == &tab.B[0] {
		return r[len(r)-1]
	}
	s := 0.0
	for i, v := range b {
		s += v * r[i]
	}
	return s
}

// The embedded formulas and the dense output of the pairs of Kennedy and Carpenter stay bounded for stiff components.
func TestKenCarpBoundedAtInfinity(t *testing.T) {
	for _, tab := range dirkTableaus() {
		if tab.Filter {
			continue
		}
		if v := dirkAtInfinity(tab, minus(tab.B, tab.E)); math.Abs(v) > 1e-12 {
			t.Errorf("%s: the embedded formula grows like %g z", tab.Info.Name, v)
		}
		for _, theta := range []float64{0.1, 0.5, 0.9} {
			if v := dirkAtInfinity(tab, continuous(tab.D, theta)); math.Abs(v) > 1e-12 {
				t.Errorf("%s: the dense output at θ = %g grows like %g z", tab.Info.Name, theta, v)
			}
		}
	}
}

// The stability functions on the imaginary axis and on a circle in the left half-plane: |R| ≤ 1 on the axis together with the
// maximum principle is A-stability (the only pole is at 1/γ).
func TestDIRKAStable(t *testing.T) {
	for _, tab := range dirkTableaus() {
		for k := -60; k <= 60; k++ {
			y := math.Pow(10, float64(k)/10)
			if r := dirkStability(tab, complex(0, y)); math.Hypot(real(r), imag(r)) > 1+1e-12 {
				t.Errorf("%s: |R(%gi)| = %.15g", tab.Info.Name, y, math.Hypot(real(r), imag(r)))
			}
		}
	}
}

func dirkStability(tab *DIRKTableau, z complex128) complex128 {
	y := []complex128{1}
	for i := 1; i < len(tab.B); i++ {
		s := complex(1, 0)
		for j, v := range y {
			s += z * complex(tab.A[i][j], 0) * v
		}
		y = append(y, s/(1-z*complex(tab.Gamma, 0)))
	}
	return y[len(y)-1]
}

func TestExplicitTableaus(t *testing.T) {
	for _, m := range Methods() {
		e, ok := m.(explicitMethod)
		if !ok {
			continue
		}
		tab, info := e.tab, e.tab.Info
		const tol = 1e-13
		edge := func(_, _ *tree, i, j int) float64 { return at(tab.A, i, j) }
		checkOrder(t, info.Name, tab.B, info.Order, 1, 1, tol, false, edge)
		checkOrder(t, info.Name+" embedded", minus(tab.B, tab.E), info.Embedded, 1, 1, tol, true, edge)
		for _, theta := range []float64{0.1, 0.35, 0.8} {
			checkOrder(t, info.Name+" dense output", continuous(tab.D, theta), info.DenseOrder, 1, theta, 1e-12, true, edge)
		}
		sameWeights(t, info.Name+" dense output at θ = 1", continuous(tab.D, 1)[:len(tab.B)], tab.B, 1e-12)
		if len(tab.D) != len(tab.A) || len(tab.C) != len(tab.A) {
			t.Errorf("%s: %d rows of A, %d of D and %d values of C", info.Name, len(tab.A), len(tab.D), len(tab.C))
		}
		for i := range tab.C {
			sum := 0.0
			for j := range i {
				sum += at(tab.A, i, j)
			}
			if math.Abs(sum-tab.C[i]) > tol {
				t.Errorf("%s: row %d sums to %.17g, c is %.17g", info.Name, i+1, sum, tab.C[i])
			}
		}
	}
}

// The order conditions of a Rosenbrock method are those of a Runge–Kutta method in which a node with a single child leads to it by
// α + γ instead of α (Hairer and Wanner II, theorem IV.7.3). The textbook form follows from the published one by Γ⁻¹ = I/γ − C.
func TestRosenbrockTableaus(t *testing.T) {
	const tol = 1e-12
	for _, m := range Methods() {
		r, ok := m.(rosenbrockMethod)
		if !ok {
			continue
		}
		tab, info := r.tab, r.tab.Info
		s := len(tab.B)
		inverse := make([][]float64, s)
		for i := range s {
			inverse[i] = make([]float64, i+1)
			inverse[i][i] = 1 / tab.Gamma
			for j := range i {
				inverse[i][j] = -tab.C[i][j]
			}
		}
		gamma := invertLower(inverse)
		times := func(v []float64) []float64 { // vᵀΓ
			out := make([]float64, s)
			for i, x := range v {
				for j := range i + 1 {
					out[j] += x * gamma[i][j]
				}
			}
			return out
		}
		alpha := make([][]float64, s)
		for i := range s {
			row := make([]float64, s)
			copy(row, tab.A[i])
			alpha[i] = times(row)
			sum, sumGamma := 0.0, 0.0
			for j := range s {
				sum += alpha[i][j]
				sumGamma += at(gamma, i, j)
			}
			if math.Abs(sum-tab.Alpha[i]) > tol || math.Abs(sumGamma-tab.GammaI[i]) > 20*tol {
				t.Errorf("%s: stage %d has α = %.17g (row sum %.17g) and γ = %.17g (row sum %.17g)", info.Name, i+1, tab.Alpha[i], sum, tab.GammaI[i], sumGamma)
			}
		}
		edge := func(parent, _ *tree, i, j int) float64 {
			if len(parent.children) == 1 {
				return alpha[i][j] + at(gamma, i, j)
			}
			return alpha[i][j]
		}
		b := times(tab.B)
		checkOrder(t, info.Name, b, info.Order, 1, 1, tol, true, edge)
		checkOrder(t, info.Name+" embedded", times(minus(tab.B, tab.E)), info.Embedded, 1, 1, tol, true, edge)
		for _, theta := range []float64{0.1, 0.35, 0.8} {
			checkOrder(t, info.Name+" dense output", times(continuous(tab.D, theta)), info.DenseOrder, 1, theta, tol, true, edge)
		}
		sameWeights(t, info.Name+" dense output at θ = 1", continuous(tab.D, 1), tab.B, tol)
		// R(∞) = 1 − Σ_ij b_i ω_ij with ω = (α + Γ)⁻¹ (Hairer and Wanner II, eq. IV.7.16)
		beta := make([][]float64, s)
		for i := range s {
			beta[i] = make([]float64, i+1)
			for j := range i + 1 {
				beta[i][j] = edge(&tree{children: make([]*tree, 1)}, nil, i, j)
			}
		}
		omega, infinity := invertLower(beta), 1.0
		for i := range s {
			for _, v := range omega[i] {
				infinity -= b[i] * v
			}
		}
		if math.Abs(infinity) > 1e-11 {
			t.Errorf("%s: R(∞) = %g", info.Name, infinity)
		}
	}
}

func TestRadauTableau(t *testing.T) {
	tab := Radau.(radauMethod).tab
	const tol = 1e-14
	a := [][]float64{tab.A[0][:], tab.A[1][:], tab.A[2][:]}
	edge := func(_, _ *tree, i, j int) float64 { return a[i][j] }
	checkOrder(t, "Radau", a[2], tab.Info.Order, 1, 1, tol, true, edge)
	// the stages have order 3: Σ_j a_ij c_j^{q−1} = c_i^q/q
	for i := range 3 {
		for q := 1; q <= 3; q++ {
			sum := 0.0
			for j, c := range tab.C {
				sum += a[i][j] * math.Pow(c, float64(q-1))
			}
			if e := sum - math.Pow(tab.C[i], float64(q))/float64(q); math.Abs(e) > tol {
				t.Errorf("stage %d, q = %d: residual %g", i+1, q, e)
			}
		}
	}
	// A (T Λ) = T with Λ the block diagonal matrix of eigenvalues of A⁻¹, and T⁻¹T = I
	alpha, beta := real(tab.Complex), imag(tab.Complex)
	lambda := [3][3]float64{{tab.Real, 0, 0}, {0, alpha, beta}, {0, -beta, alpha}}
	product := func(x, y [3][3]float64) (z [3][3]float64) {
		for i := range 3 {
			for j := range 3 {
				for k := range 3 {
					z[i][j] += x[i][k] * y[k][j]
				}
			}
		}
		return z
	}
	atl, one := product(tab.A, product(tab.T, lambda)), product(tab.TInv, tab.T)
	for i := range 3 {
		for j := range 3 {
			if e := atl[i][j] - tab.T[i][j]; math.Abs(e) > tol {
				t.Errorf("A T Λ − T has an entry %g", e)
			}
			want := 0.0
			if i == j {
				want = 1
			}
			if e := one[i][j] - want; math.Abs(e) > tol {
				t.Errorf("T⁻¹T − I has an entry %g", e)
			}
		}
	}
	// The dense output passes through (0, 0) and (c_i, Z_i).
	for i, c := range tab.C {
		for k, v := range continuous(tab.D, c) {
			want := 0.0
			if i == k {
				want = 1
			}
			if math.Abs(v-want) > tol {
				t.Errorf("weight %d of the dense output at c_%d is %g", k+1, i+1, v)
			}
		}
	}
	// γ0 f(t_n, y_n) h + Σ E_i Z_i has order 3: with Z_i = (c_i h)^q it cancels h y' and vanishes for q = 2, 3
	for q := 1; q <= 3; q++ {
		sum := 0.0
		if q == 1 {
			sum = 1 / tab.Real
		}
		for i, c := range tab.C {
			sum += tab.E[i] * math.Pow(c, float64(q))
		}
		if math.Abs(sum) > tol {
			t.Errorf("error estimate of t^%d is %g", q, sum)
		}
	}
}
