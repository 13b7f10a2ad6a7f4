package odetest

import (
	"fmt"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
)

// checkFIRK writes increments as Z = h A k. The error estimate compares with a formula that also uses f at the start of the step, which is
// stage 0 of an extended tableau here.
func checkFIRK(t testing.TB, tab *ode.FIRKTableau) {
	const s = 3
	a := make([][]float64, s+1)
	a[0] = make([]float64, s+1)
	for i := range s {
		a[i+1] = append([]float64{0}, tab.A[i][:]...)
		total, size := sum(tab.A[i][:])
		same(t, fmt.Sprintf("row sum %d", i), total, tab.C[i], size)
	}
	// weights of k_0 … k_3 in Σ_i v_i Z_i
	through := func(v []float64) []float64 {
		out := make([]float64, s+1)
		for i, x := range v {
			for j := range s {
				out[j+1] += x * tab.A[i][j]
			}
		}
		return out
	}
	d := make([][]float64, s+1)
	d[0] = make([]float64, len(tab.D[0]))
	for j := range s {
		d[j+1] = make([]float64, len(tab.D[0]))
		for i, row := range tab.D {
			for p, x := range row {
				d[j+1][p] += x * tab.A[i][j]
			}
		}
	}
	e := through(tab.E[:])
	e[0] = 1 / tab.Real
	f := formulas{tab.Info, a[s], e, d, 1, func(_, _ *tree) [][]float64 { return a }}
	f.check(t)
	// the dense output collocates: it passes through every stage
	for i, c := range tab.C {
		for j, row := range tab.D {
			v := 0.0
			for p := len(row) - 1; p >= 0; p-- {
				v = (v + row[p]) * c
			}
			want := 0.0
			if i == j {
				want = 1
			}
			same(t, fmt.Sprintf("dense output, polynomial %d at stage %d", j, i), v, want, 1)
		}
	}
	checkTransformation(t, tab)
}

// checkTransformation checks T T⁻¹ = 1 and A T Λ = T, that is, T⁻¹ A⁻¹ T = Λ.
func checkTransformation(t testing.TB, tab *ode.FIRKTableau) {
	alpha, beta := real(tab.Complex), imag(tab.Complex)
	lambda := [3][3]float64{{tab.Real, 0, 0}, {0, alpha, beta}, {0, -beta, alpha}}
	product := func(a, b [3][3]float64) (c [3][3]float64) {
		for i := range a {
			for j := range a {
				for k := range a {
					c[i][j] += a[i][k] * b[k][j]
				}
			}
		}
		return c
	}
	one, back := product(tab.T, tab.TInv), product(tab.A, product(tab.T, lambda))
	for i := range one {
		for j := range one {
			want := 0.0
			if i == j {
				want = 1
			}
			same(t, fmt.Sprintf("T T⁻¹ (%d, %d)", i, j), one[i][j], want, 10)
			same(t, fmt.Sprintf("A T Λ (%d, %d)", i, j), back[i][j], tab.T[i][j], 10)
		}
	}
}
