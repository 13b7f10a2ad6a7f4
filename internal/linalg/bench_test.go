package linalg

import (
	"fmt"
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
