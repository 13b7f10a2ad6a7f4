package ode

import (
	"context"
	"math"
	"testing"
)

// On ROBER to 1e5 the work must not exceed that of a published implementation of the same method: SciPy 1.10's Radau takes 1842 and 5459
// evaluations of f at these tolerances, for errors of 7e-8 and 9e-10.
func TestRadauWork(t *testing.T) {
	p := robertson()
	ref, err := Solve(context.Background(), p, 0, 1e5, []float64{1, 0, 0}, Options{Method: Rodas5P, RTol: 1e-12, ATol: []float64{1e-19}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		rtol, most float64
		evals      int
	}{{1e-6, 7e-8, 1842}, {1e-8, 9e-10, 5459}} {
		sol, err := Solve(context.Background(), p, 0, 1e5, []float64{1, 0, 0}, Options{Method: Radau, RTol: c.rtol, ATol: []float64{1e-6 * c.rtol}})
		if err != nil {
			t.Fatal(err)
		}
		if sol.Stats.Evals > c.evals {
			t.Errorf("rtol %g: %d evaluations, published %d", c.rtol, sol.Stats.Evals, c.evals)
		}
		for i, scale := range []float64{1, 3.65e-5, 1} {
			if e := math.Abs(sol.YEnd[i]-ref.YEnd[i]) / scale; e > c.most {
				t.Errorf("rtol %g: y%d has the error %.2g, published %g", c.rtol, i+1, e, c.most)
			}
		}
	}
}
