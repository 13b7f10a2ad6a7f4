package ode

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/stiffnode/stiffnode/internal/linalg"
)

// The last row of A is a quadrature of order 9 with the nodes, all rows one of order 5, and T⁻¹A⁻¹T has the blocks that its eigenvalues say.
func TestRadau9Coefficients(t *testing.T) {
	const s = radau9Stages
	tab := newRadau9Tableau()
	lu := linalg.NewLU(s)
	for i, row := range tab.inverse {
		copy(lu.Matrix()[i*s:], row[:])
	}
	if err := lu.FactorInPlace(); err != nil {
		t.Fatal(err)
	}
	for q := 1; q <= 9; q++ {
		var x [s]float64 // A c^{q−1}
		for i, c := range tab.nodes {
			x[i] = math.Pow(c, float64(q-1))
		}
		lu.Solve(x[:])
		for i, c := range tab.nodes {
			if want := math.Pow(c, float64(q)) / float64(q); (i == s-1 || q <= s) && math.Abs(x[i]-want) > 1e-14 {
				t.Errorf("row %d: the integral of x^%d is %.17g, want %.17g", i+1, q-1, x[i], want)
			}
		}
	}
	var blocks stageMatrix
	blocks[0][0] = tab.real
	for k, z := range tab.complex {
		i := 1 + 2*k
		blocks[i][i], blocks[i][i+1], blocks[i+1][i], blocks[i+1][i+1] = real(z), imag(z), -imag(z), real(z)
	}
	for i := range s {
		for j := range s {
			left, right := 0.0, 0.0 // A⁻¹T and T times the blocks
			for k := range s {
				left += tab.inverse[i][k] * tab.t[k][j]
				right += tab.t[i][k] * blocks[k][j]
			}
			if math.Abs(left-right) > 1e-12 {
				t.Errorf("entry (%d, %d): %.15g and %.15g", i, j, left, right)
			}
		}
	}
}

// One step of y' = −y + 3e²ᵗ, whose Newton iteration is exact: its error is of order 10 in h, that of the dense output within it of order 7.
func TestRadau9Order(t *testing.T) {
	p := FuncJacobian(1, func(dst []float64, t float64, y []float64) { dst[0] = 3*math.Exp(2*t) - y[0] }, func(j *Jacobian, _ float64, _ []float64) { j.Set(0, 0, -1) })
	exact := func(t float64) float64 { return math.Exp(2 * t) }
	errorsOf := func(h float64) (end, middle float64) {
		at := 0.4 * h
		sol, err := Solve(context.Background(), p, 0, h, []float64{1}, Options{Method: Radau9, RTol: 0.5, ATol: []float64{1}, FirstStep: h, NewtonTol: 1e-12, SaveAt: []float64{at, h}})
		if err != nil {
			t.Fatal(err)
		}
		if sol.Stats.Steps != 1 {
			t.Fatalf("h = %g: %d steps", h, sol.Stats.Steps)
		}
		return math.Abs(sol.Y[1] - exact(h)), math.Abs(sol.Y[0] - exact(at))
	}
	end, middle := errorsOf(0.6)
	end2, middle2 := errorsOf(0.3)
	if order := math.Log2(end / end2); math.Abs(order-10) > 0.7 {
		t.Errorf("errors %.3g and %.3g at the end: order %.2f, want 10", end, end2, order)
	}
	if order := math.Log2(middle / middle2); math.Abs(order-7) > 0.7 {
		t.Errorf("errors %.3g and %.3g within the step: order %.2f, want 7", middle, middle2, order)
	}
}

// Tight tolerances are what the method is for: on ROBER it must reach what Radau reaches with less than half its evaluations.
func TestRadau9Work(t *testing.T) {
	p := robertson()
	solve := func(m Method, rtol float64) *Solution {
		sol, err := Solve(context.Background(), p, 0, 1e5, []float64{1, 0, 0}, Options{Method: m, RTol: rtol, ATol: []float64{1e-6 * rtol}})
		if err != nil {
			t.Fatal(err)
		}
		return sol
	}
	ref, low, high := solve(Rodas5P, 1e-12), solve(Radau, 1e-9), solve(Radau9, 1e-9)
	if 2*high.Stats.Evals > low.Stats.Evals {
		t.Errorf("%d evaluations, Radau takes %d", high.Stats.Evals, low.Stats.Evals)
	}
	for i, scale := range []float64{1, 3.65e-5, 1} {
		if e := math.Abs(high.YEnd[i]-ref.YEnd[i]) / scale; e > 1e-9 {
			t.Errorf("y%d has the error %.2g", i+1, e)
		}
	}
}

func TestRadau9Algebraic(t *testing.T) {
	for name, p := range daeProblems() {
		sol, err := Solve(context.Background(), p, 0, 3, []float64{0.6, 1}, Options{Method: Radau9, RTol: 1e-9, SaveAt: []float64{0.7, 1.9, 3}})
		if err != nil {
			t.Fatal(name, err)
		}
		for i, x := range sol.Times {
			y, z := sol.State(i)[0], sol.State(i)[1]
			if e := max(math.Abs(y-0.5-0.1*math.Cos(2*x)-0.2*math.Sin(2*x)), math.Abs(z-math.Cos(x))); e > 1e-6 {
				t.Errorf("%s at %g: error %.2g", name, x, e)
			}
		}
	}
}

func TestRadau9IsNotRecorded(t *testing.T) {
	var bad *InputError
	if _, err := NewSolver(robertson(), Options{Method: Radau9, Tape: &Tape{}}); !errors.As(err, &bad) {
		t.Errorf("a tape was accepted: %v", err)
	}
	if m, err := MethodByName("radau9"); err != nil || m != Radau9 {
		t.Errorf("not found by its name: %v, %v", m, err)
	}
}
