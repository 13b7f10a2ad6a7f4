package model

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
)

// The stages of a step, evaluated in one call, are the values at their points, for every path through the field.
func TestEvalStages(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 28))
	for name, s := range variants(t) {
		f, _, t0, y0 := point(s, 3)
		k := len(y0)
		for n := 1; n <= 9; n++ {
			y, times, got, want := make([]float64, n*k), make([]float64, n), make([]float64, n*k), make([]float64, k)
			for i := range y {
				y[i] = y0[i%k] * (1 + 0.1*rng.Float64())
			}
			for i := range times {
				times[i] = t0 + rng.Float64()
			}
			if err := f.(ode.StageField).EvalStages(got, times, y, n); err != nil {
				t.Fatal(err)
			}
			for c := range n {
				if err := f.Eval(want, times[c], y[c*k:(c+1)*k]); err != nil {
					t.Fatal(err)
				}
				for i, w := range want {
					if d := math.Abs(got[c*k+i] - w); !(d <= 1e-12*math.Abs(w)) {
						t.Fatalf("%s: point %d of %d: f_%d is %g, want %g", name, c, n, i, got[c*k+i], w)
					}
				}
			}
		}
	}
}
