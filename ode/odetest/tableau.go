package odetest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// rational is how exactly published coefficients, often rational approximations, satisfy identities.
const rational = 1e-11

// Tableau checks the coefficients of a method: row sums, the order conditions of the solution, of the embedded one and of the dense
// output for all rooted trees, that the dense output ends at the solution, and the structure of its family.
func Tableau(t testing.TB, m ode.Method) {
	if multistep(m) {
		skip(t, "its coefficients depend on the step sizes")
		return
	}
	tape := &ode.Tape{}
	p := problems.Kaps()
	if _, err := ode.Solve(context.Background(), p.IVP, 0, 1e-3, p.Y0, ode.Options{Method: m, RTol: 1, ATol: []float64{1}, FirstStep: 1e-3, Tape: tape}); err != nil {
		t.Fatal(err)
	}
	switch f := tape.Steps[0].Formula.(type) {
	case *ode.ExplicitTableau:
		checkExplicit(t, f)
	case *ode.DIRKTableau:
		checkDIRK(t, f)
	case *ode.RosenbrockTableau:
		checkRosenbrock(t, f)
	case *ode.FIRKTableau:
		checkFIRK(t, f)
	default:
		t.Errorf("no identities are known for a formula of type %T", f)
	}
}

// same fails unless two numbers agree, relative to the size of the terms that made them.
func same(t testing.TB, what string, got, want, size float64) {
	t.Helper()
	if !(math.Abs(got-want) <= rational*max(1, size)) {
		t.Errorf("%s: %.15g, want %.15g", what, got, want)
	}
}

func sum(v []float64) (s, size float64) {
	for _, x := range v {
		s += x
		size += math.Abs(x)
	}
	return s, size
}

// conditions checks Σ b_i Φ_i(t) = θ^ρ/γ for all trees up to an order.
func conditions(t testing.TB, what string, b []float64, theta float64, trees []*tree, order int, a func(parent, child *tree) [][]float64) {
	t.Helper()
	for _, err := range failures(b, theta, trees, order, a) {
		t.Errorf("%s: %s", what, err)
	}
}

// failures lists the order conditions that do not hold.
func failures(b []float64, theta float64, trees []*tree, order int, a func(parent, child *tree) [][]float64) (bad []string) {
	for n, tr := range trees {
		if tr.order > order {
			break
		}
		s, size := 0.0, 0.0
		for i, phi := range tr.weights(len(b), a) {
			s += b[i] * phi
			size += math.Abs(b[i] * phi)
		}
		want := math.Pow(theta, float64(tr.order)) / tr.density
		if !(math.Abs(s-want) <= rational*max(1, size)) {
			bad = append(bad, fmt.Sprintf("condition %d, of order %d, does not hold: %.15g, want %.15g", n, tr.order, s, want))
		}
	}
	return bad
}

// formulas are what all families have in common: weights, embedded weights and those of the dense output.
type formulas struct {
	info    ode.Info
	b, e    []float64
	d       [][]float64
	colours int
	a       func(parent, child *tree) [][]float64
}

func (f *formulas) check(t testing.TB) {
	t.Helper()
	info := f.info
	trees := rootedTrees(max(info.Order, info.Embedded, info.DenseOrder), f.colours)
	conditions(t, "solution", f.b, 1, trees, info.Order, f.a)
	// the sign of an error estimate is a matter of taste
	minus, plus := slices.Clone(f.b), slices.Clone(f.b)
	for i, x := range f.e {
		minus[i] -= x
		plus[i] += x
	}
	if bad := failures(minus, 1, trees, info.Embedded, f.a); len(bad) > 0 && len(failures(plus, 1, trees, info.Embedded, f.a)) > 0 {
		t.Errorf("embedded solution: %s", bad[0])
	}
	for _, theta := range []float64{0.1, 0.37, 0.5, 0.81, 1} {
		w := make([]float64, len(f.b))
		for i, row := range f.d {
			for p := len(row) - 1; p >= 0; p-- {
				w[i] = w[i]*theta + row[p]
			}
			w[i] *= theta
		}
		conditions(t, fmt.Sprintf("dense output at θ = %g", theta), w, theta, trees, info.DenseOrder, f.a)
		if theta == 1 {
			for i := range w {
				same(t, fmt.Sprintf("dense output at the end of the step, weight %d", i), w[i], f.b[i], 1)
			}
		}
	}
}

// square fills rows up to full length.
func square(a [][]float64) [][]float64 {
	out := make([][]float64, len(a))
	for i, row := range a {
		out[i] = make([]float64, len(a))
		copy(out[i], row)
	}
	return out
}

// padded appends zeros up to length n.
func padded(v []float64, n int) []float64 {
	out := make([]float64, n)
	copy(out, v)
	return out
}

func checkExplicit(t testing.TB, tab *ode.ExplicitTableau) {
	for i, row := range tab.A {
		s, size := sum(row)
		same(t, fmt.Sprintf("row sum %d", i), s, tab.C[i], size)
		if len(row) > i {
			t.Errorf("stage %d uses itself or later stages", i)
		}
	}
	if tab.FSAL {
		last := len(tab.B) - 1
		for j, b := range tab.B[:last] {
			same(t, fmt.Sprintf("first same as last, weight %d", j), tab.A[last][j], b, 1)
		}
	}
	// stages that only the dense output needs come last
	a := square(tab.A)
	f := formulas{tab.Info, padded(tab.B, len(a)), padded(tab.E, len(a)), tab.D, 1, func(_, _ *tree) [][]float64 { return a }}
	f.check(t)
}

func checkDIRK(t testing.TB, tab *ode.DIRKTableau) {
	last := len(tab.B) - 1
	for i, row := range tab.A {
		s, size := sum(row)
		same(t, fmt.Sprintf("row sum %d", i), s, tab.C[i], size)
		if i > 0 && row[i] != tab.Gamma {
			t.Errorf("diagonal entry %d is %g, not γ = %g", i, row[i], tab.Gamma)
		}
	}
	for j, b := range tab.B {
		same(t, fmt.Sprintf("stiff accuracy, weight %d", j), tab.A[last][j], b, 1)
	}
	matrices := [][][]float64{square(tab.A)}
	if tab.AE != nil {
		for i, row := range tab.AE {
			s, size := sum(row)
			same(t, fmt.Sprintf("explicit row sum %d", i), s, tab.C[i], size)
		}
		matrices = append(matrices, square(tab.AE))
	}
	f := formulas{tab.Info, tab.B, tab.E, tab.D, len(matrices), func(_, child *tree) [][]float64 { return matrices[child.colour] }}
	f.check(t)
}

// checkRosenbrock goes back from u = Γ k to the stages k, for which the order conditions are Σ b_i Φ_i(t) = 1/γ(t) with β = α + γ
// below a vertex with one child and α below one with several (Hairer and Wanner II, theorem IV.7.4).
func checkRosenbrock(t testing.TB, tab *ode.RosenbrockTableau) {
	s := len(tab.B)
	inverse := make([][]float64, s)
	c, a := square(tab.C), square(tab.A)
	for i := range s {
		inverse[i] = make([]float64, s)
		for j := range s {
			inverse[i][j] = -c[i][j]
		}
		inverse[i][i] = 1 / tab.Gamma
	}
	gamma := make([][]float64, s) // inverse of the lower triangular Γ⁻¹
	for i := range s {
		gamma[i] = make([]float64, s)
		gamma[i][i] = tab.Gamma
		for j := range i {
			x := 0.0
			for k := j; k < i; k++ {
				x += inverse[i][k] * gamma[k][j]
			}
			gamma[i][j] = -x * tab.Gamma
		}
	}
	product := func(row []float64) []float64 {
		out := make([]float64, s)
		for j := range s {
			for k, x := range row {
				out[j] += x * gamma[k][j]
			}
		}
		return out
	}
	alpha, beta := make([][]float64, s), make([][]float64, s)
	for i := range s {
		alpha[i] = product(a[i])
		sa, sizeA := sum(alpha[i])
		same(t, fmt.Sprintf("row sum %d of α", i), sa, tab.Alpha[i], sizeA)
		sg, sizeG := sum(gamma[i])
		same(t, fmt.Sprintf("row sum %d of Γ", i), sg, tab.GammaI[i], sizeG)
		beta[i] = slices.Clone(alpha[i])
		for j, x := range gamma[i] {
			beta[i][j] += x
		}
	}
	d := make([][]float64, s)
	for p := range tab.D[0] {
		column := make([]float64, s)
		for i, row := range tab.D {
			column[i] = row[p]
		}
		for i, x := range product(column) {
			d[i] = append(d[i], x)
		}
	}
	f := formulas{tab.Info, product(tab.B), product(tab.E), d, 1, func(parent, _ *tree) [][]float64 {
		if len(parent.children) == 1 {
			return beta
		}
		return alpha
	}}
	f.check(t)
}
