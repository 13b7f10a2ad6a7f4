package ode

import (
	"math"
	"testing"
)

func TestQuickLogarithms(t *testing.T) {
	for x := 1e-300; x < 1e300; x *= 1.37 {
		if got, want := log2(x), math.Log2(x); !(math.Abs(got-want) <= 2e-6) {
			t.Fatalf("log2(%g) = %g, want %g", x, got, want)
		}
	}
	for x := -999.7; x < 1000; x += 0.37 {
		if got, want := exp2(x), math.Exp2(x); !(math.Abs(got/want-1) <= 6e-5) {
			t.Fatalf("exp2(%g) = %g, want %g", x, got, want)
		}
	}
}
