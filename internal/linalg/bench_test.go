package linalg

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkLU is one factorisation, and one solve with it, over sizes.
func BenchmarkLU(b *testing.B) {
	for _, n := range []int{3, 8, 20, 64, 128} {
		f := NewLU(n)
		a, x := make([]float64, n*n), make([]float64, n)
		for i := range a {
			a[i] = 1 / float64(1+(i*7)%13)
			if i%(n+1) == 0 {
				a[i] += float64(n)
			}
		}
		b.Run(fmt.Sprintf("factor/%d", n), func(b *testing.B) {
			for b.Loop() {
				if err := f.Factor(a); err != nil {
					b.Fatal(err)
				}
			}
		})
		for i := range x {
			x[i] = 1
		}
		b.Run(fmt.Sprintf("solve/%d", n), func(b *testing.B) {
			for b.Loop() {
				f.Solve(x)
				x[0] = 1
			}
		})
		b.Run(fmt.Sprintf("transposed/%d", n), func(b *testing.B) {
			for b.Loop() {
				f.SolveTransposed(x)
				x[0] = 1
			}
		})
	}
}

// BenchmarkSparse is one factorisation, and one solve with it, over sizes: real ones beyond those that are inverted, and complex ones.
func BenchmarkSparse(b *testing.B) {
	for _, n := range []int{20, 64} {
		rows, cols, at, diagonal, values, _, gamma := sparseCase(rand.New(rand.NewPCG(1, 2)), n)
		f, c := NewSparse(n, rows, cols, at, diagonal), NewComplexSparse(n, rows, cols, at, diagonal)
		x, z := make([]float64, n), make([]complex128, n)
		for name, run := range map[string]func() error{
			"factor":         func() error { return f.Factor(1, gamma, values) },
			"solve":          func() error { f.Solve(x); x[0] = 1; return nil },
			"complex/factor": func() error { return c.Factor(complex(1, 1), gamma, values) },
			"complex/solve":  func() error { c.Solve(z); z[0] = 1; return nil },
		} {
			if err := errors.Join(f.Factor(1, gamma, values), c.Factor(complex(1, 1), gamma, values)); err != nil {
				b.Fatal(err)
			}
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				for b.Loop() {
					if err := run(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
