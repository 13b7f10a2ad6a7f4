package ode

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// rotations are k damped rotations of frequency 1000, whose diagonals are small beside the entries next to them: elimination must exchange rows.
func rotations(k int, sparse bool) *Problem {
	const frequency, damping = 1e3, 10
	p := FuncJacobian(2*k, func(dst []float64, _ float64, y []float64) {
		for i := 0; i < len(y); i += 2 {
			dst[i], dst[i+1] = -damping*y[i]+frequency*y[i+1], -frequency*y[i]-damping*y[i+1]
		}
	}, func(j *Jacobian, _ float64, _ []float64) {
		for i := 0; i < 2*k; i += 2 {
			j.Set(i, i, -damping)
			j.Set(i, i+1, frequency)
			j.Set(i+1, i, -frequency)
			j.Set(i+1, i+1, -damping)
		}
	})
	if sparse {
		var rows, cols []int
		for i := 0; i < 2*k; i += 2 {
			rows, cols = append(rows, i, i, i+1, i+1), append(cols, i, i+1, i, i+1)
		}
		p.Jacobian = SparseJacobian(rows, cols)
	}
	return p
}

// cascade is a chain of decays of rates 1, 3, 9, ….
func cascade(n int, sparse bool) *Problem {
	rate := func(i int) float64 { return math.Pow(3, float64(i)) }
	p := FuncJacobian(n, func(dst []float64, _ float64, y []float64) {
		for i, v := range y {
			dst[i] = -rate(i) * v
			if i > 0 {
				dst[i] += rate(i-1) * y[i-1]
			}
		}
	}, func(j *Jacobian, _ float64, _ []float64) {
		for i := range n {
			j.Set(i, i, -rate(i))
			if i > 0 {
				j.Set(i, i-1, rate(i-1))
			}
		}
	})
	if sparse {
		var rows, cols []int
		for i := range n {
			rows, cols = append(rows, i), append(cols, i)
			if i > 0 {
				rows, cols = append(rows, i), append(cols, i-1)
			}
		}
		p.Jacobian = SparseJacobian(rows, cols)
	}
	return p
}

// Systems side by side give what systems one after the other give, and where elimination side by side is not stable it is left out.
func TestCollocationLanes(t *testing.T) {
	if !kernel.Vectorised() {
		t.Skip("no vector registers: there are no lanes")
	}
	for _, c := range []struct {
		name  string
		p     *Problem
		lanes bool // are stable
	}{
		{"three states", cascade(3, false), true},
		{"dense", cascade(11, false), true},
		{"sparse", cascade(11, true), true},
		{"with exchanges", rotations(3, false), true},
		{"without the exchanges needed", rotations(8, true), false},
	} {
		for _, m := range []Method{Radau, Radau9} {
			t.Run(fmt.Sprint(c.name, m.Info().Name), func(t *testing.T) {
				y0, times := make([]float64, c.p.Dim), []float64{1e-3, 0.02, 5}
				y0[0], y0[c.p.Dim-2] = 1, 0.5
				solve := func() (*Solver, *Solution) {
					s, err := NewSolver(c.p, Options{Method: m, RTol: 1e-8, SaveAt: times})
					if err != nil {
						t.Fatal(err)
					}
					sol, err := s.Solve(context.Background(), 0, 5, y0)
					if err != nil {
						t.Fatal(err)
					}
					return s, sol
				}
				s, got := solve()
				lanes := s.st.(*collocationStepper).lanes
				if lanes == nil || lanes.inUse != c.lanes {
					t.Fatalf("lanes are in use: %t", lanes != nil && lanes.inUse)
				}
				defer kernel.UseInstructions("go")()
				s, want := solve()
				if s.st.(*collocationStepper).lanes != nil {
					t.Fatal("lanes without vector registers")
				}
				for i, v := range want.Y {
					if math.Abs(got.Y[i]-v) > 1e-7 {
						t.Errorf("number %d is %.12g, one after the other %.12g", i, got.Y[i], v)
					}
				}
				if a, b := got.Stats.Steps, want.Stats.Steps; max(a, b)-min(a, b) > 2+b/20 {
					t.Errorf("%d steps, one after the other %d", a, b)
				}
			})
		}
	}
}
