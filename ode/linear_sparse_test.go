package ode

import (
	"errors"
	"math"
	"testing"
)

// chain is a chain of reactions A_1 → A_2 → … with rates over ten decades, each species taking part in one that is of second order with the
// first.
func chain(n int, layout func(rows, cols []int) JacobianLayout) *Problem {
	rate := func(i int) float64 { return math.Pow(10, float64(i*7%11)-5) }
	var rows, cols []int
	for i := range n {
		rows, cols = append(rows, i), append(cols, i)
		if i > 0 {
			rows, cols = append(rows, i, 0, i), append(cols, i-1, i, 0)
		}
	}
	p := FuncJacobian(n, func(dst []float64, _ float64, y []float64) {
		clear(dst)
		for i := range n - 1 {
			r, s := rate(i)*y[i], 1e3*y[0]*y[i+1]
			dst[i] -= r
			dst[i+1] += r - s
			dst[0] += s
		}
	}, func(jac *Jacobian, _ float64, y []float64) {
		for i := range n - 1 {
			r, a, b := rate(i), 1e3*y[0], 1e3*y[i+1]
			jac.Add(i, i, -r)
			jac.Add(i+1, i, r)
			jac.Add(i+1, i+1, -a)
			jac.Add(i+1, 0, -b)
			jac.Add(0, i+1, a)
			jac.Add(0, 0, b)
		}
	})
	p.Autonomous = true
	p.Jacobian = layout(rows, cols)
	return p
}

func dense(_, _ []int) JacobianLayout { return JacobianLayout{} }

// A sparse layout must change the cost and nothing else: every implicit method gives what it gives with a dense one, up to roundoff and, for a
// method that iterates, to the same sequence of steps.
func TestSparseLayout(t *testing.T) {
	const n = 24
	y0 := make([]float64, n)
	y0[0] = 1
	if _, ok := newLinearSolver(chain(n, SparseJacobian), false).(*sparseSolver); !ok {
		t.Fatal("the chain is not eliminated as a sparse matrix")
	}
	if _, ok := newLinearSolver(chain(n, SparseJacobian), true).(*denseSolver); !ok {
		t.Error("a recorded solve does not keep dense factors")
	}
	for _, m := range []Method{Rodas5P, Rosenbrock23, Radau, KenCarp4, BDF} {
		opt := Options{Method: m, RTol: 1e-7, ATol: []float64{1e-12}}
		want, err := Solve(t.Context(), chain(n, dense), 0, 100, y0, opt)
		if err != nil {
			t.Fatal(err)
		}
		want = want.Clone()
		got, err := Solve(t.Context(), chain(n, SparseJacobian), 0, 100, y0, opt)
		if err != nil {
			t.Fatal(err)
		}
		if got.Stats.Factorisations == 0 {
			t.Fatalf("%s: nothing was factorised", m.Info().Name)
		}
		for i, v := range want.YEnd {
			if math.Abs(got.YEnd[i]-v) > 1e-6*math.Abs(v)+1e-11 {
				t.Errorf("%s: y%d = %g, with a dense layout %g", m.Info().Name, i+1, got.YEnd[i], v)
			}
		}
	}
}

// Where the pivots on the diagonal are too small the matrix must be factorised with partial pivoting: here y₁' = −k y₂, y₂' = k y₁ many times over,
// whose matrix I − γJ has 1 on the diagonal and γk beside it.
func TestSparseFallsBack(t *testing.T) {
	const n, k = 16, 1e6
	var rows, cols []int
	for i := range n {
		rows, cols = append(rows, i), append(cols, i^1)
	}
	p := &Problem{Dim: n, Jacobian: SparseJacobian(rows, cols)}
	lin, ok := newLinearSolver(p, false).(*sparseSolver)
	if !ok {
		t.Fatal("not sparse")
	}
	pair, ok := newComplexSolver(p, false).(*sparseComplexSolver)
	if !ok {
		t.Fatal("not sparse")
	}
	jac := NewJacobian(n, p.Jacobian)
	for i := 0; i < n; i += 2 {
		jac.Set(i, i+1, -k)
		jac.Set(i+1, i, k)
	}
	for _, c := range []struct {
		gamma   float64
		inDense bool
	}{{1e-6, false}, {1, true}} {
		if err := errors.Join(lin.factor(c.gamma, &p.Mass, jac), pair.factor(2i, c.gamma, &p.Mass, jac)); err != nil {
			t.Fatal(err)
		}
		if lin.inDense != c.inDense || pair.inDense != c.inDense {
			t.Errorf("γ = %g: dense %t and %t, want %t", c.gamma, lin.inDense, pair.inDense, c.inDense)
		}
		for _, transposed := range []bool{false, true} {
			b, z := make([]float64, n), make([]complex128, n)
			b[0], z[0] = 1, 1
			g, d, w := c.gamma*k, 1+c.gamma*c.gamma*k*k, -4+complex(c.gamma*c.gamma*k*k, 0)
			if transposed {
				lin.solveTransposed(b)
				pair.solveTransposed(z)
				g = -g
			} else {
				lin.solve(b)
				pair.solve(z)
			}
			// (1, γk; −γk, 1) x = (1, 0)
			if math.Abs(b[0]*d-1) > 1e-13 || math.Abs(b[1]*d-g) > 1e-13*math.Abs(g) {
				t.Errorf("γ = %g, transposed %t: solution %g, %g", c.gamma, transposed, b[0], b[1])
			}
			if e := z[0]*w - 2i; real(e)*real(e)+imag(e)*imag(e) > 1e-24 {
				t.Errorf("γ = %g, transposed %t: complex solution %g", c.gamma, transposed, z[0])
			}
		}
	}
}

// An entry that a layout has no place for must not be lost silently.
func TestSparseLayoutIsChecked(t *testing.T) {
	y0 := make([]float64, 24)
	y0[0] = 1
	incomplete := chain(24, func(rows, cols []int) JacobianLayout { return SparseJacobian(rows[1:], cols[1:]) })
	var input *InputError
	for _, m := range []Method{Rodas5P, BDF, KenCarp4} {
		if _, err := Solve(t.Context(), incomplete, 0, 1, y0, Options{Method: m}); !errors.As(err, &input) {
			t.Errorf("%s: error %v for a layout without entry (0, 0)", m.Info().Name, err)
		}
	}
	for _, l := range []JacobianLayout{SparseJacobian([]int{0}, nil), SparseJacobian([]int{24}, []int{0}), SparseJacobian([]int{0}, []int{-1})} {
		p := chain(24, func(_, _ []int) JacobianLayout { return l })
		if _, err := NewSolver(p, Options{}); !errors.As(err, &input) {
			t.Errorf("error %v for an impossible layout", err)
		}
	}
}
