package linalg

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// Everything that is solved with an inverse satisfies its equations, as what is solved with factors does.
func TestInverseSolves(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 8))
	for n := 1; n <= kernel.LargestInverse; n++ {
		const cols = 3
		f := NewInverse(n)
		for i := range f.Matrix() {
			f.Matrix()[i] = rng.NormFloat64()
		}
		a := append([]float64(nil), f.Matrix()...)
		if err := f.Invert(); err != nil {
			t.Fatal(err)
		}
		lu := NewLU(n)
		if err := lu.Factor(a); err != nil {
			t.Fatal(err)
		}
		for name, pair := range map[string][2]func(b []float64){
			"solve":      {f.Solve, lu.Solve},
			"transposed": {f.SolveTransposed, lu.SolveTransposed},
		} {
			got := make([]float64, n)
			for i := range got {
				got[i] = rng.NormFloat64()
			}
			want := append([]float64(nil), got...)
			pair[0](got)
			pair[1](want)
			closeTo(t, name, got, want)
		}
		got := make([]float64, n*cols)
		for i := range got {
			got[i] = rng.NormFloat64()
		}
		want := append([]float64(nil), got...)
		f.SolveBlock(got, cols)
		lu.SolveBlock(want, cols)
		closeTo(t, "block", got, want)

		const shift, scale = 2, -0.25
		for i, v := range a {
			f.Matrix()[i] = scale * v
			if i%(n+1) == 0 {
				f.Matrix()[i] += shift
			}
		}
		if err := f.Invert(); err != nil {
			t.Fatal(err)
		}
		copy(want, got)
		f.Solve(want[:n])
		if err := f.InvertShifted(shift, scale, a); err != nil {
			t.Fatal(err)
		}
		f.Solve(got[:n])
		closeTo(t, "shifted", got[:n], want[:n])

		clear(f.Matrix())
		var singular *SingularError
		if err := f.Invert(); !errors.As(err, &singular) || singular.Pivot != 0 {
			t.Fatalf("size %d: the inverse of zero gives %v", n, err)
		}
		f.Matrix()[0] = math.NaN()
		if err := f.Invert(); !errors.As(err, &singular) || singular.Pivot == 0 {
			t.Fatalf("size %d: the inverse of NaN gives %v", n, err)
		}
	}
}

func closeTo(t *testing.T, what string, got, want []float64) {
	t.Helper()
	size := 0.0
	for _, v := range want {
		size = math.Max(size, math.Abs(v))
	}
	for i, w := range want {
		if !(math.Abs(got[i]-w) <= 1e-11*size) {
			t.Fatalf("%s: number %d is %g, with factors %g", what, i, got[i], w)
		}
	}
}
