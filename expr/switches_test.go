package expr_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stiffnode/stiffnode/internal/formulas"
)

func TestSwitches(t *testing.T) {
	p, err := formulas.Compile([]string{"x", "y"}, []string{"k"}, []string{
		"piecewise(x, t < k && y >= 2, 1) + abs(x) + floor(2*t)", "min(x, y*k) + max(x, 3) + piecewise(1, k > 0, 2) + (floor(2*t) == 1) + sign(y) + ceil(x*y)",
	})
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	var inTime, integer []bool
	for _, s := range p.Switches() {
		texts, inTime, integer = append(texts, s.Text), append(inTime, s.InTime), append(integer, s.Integer)
	}
	want := []string{"time < k", "2 <= y", "abs(x)", "floor(2*time)", "min(x, y*k)", "max(3, x)", "sign(y)", "ceil(x*y)"}
	sorted := func(s []string) []string { return slices.Sorted(slices.Values(s)) }
	if len(texts) != len(want) {
		t.Fatalf("%q of %q", sorted(texts), sorted(want))
	}
	for i, s := range texts {
		if inTime[i] != (s == "time < k" || s == "floor(2*time)") || integer[i] != (s[:3] == "flo" || s[:3] == "cei") {
			t.Errorf("%s: in time %t, integer %t", s, inTime[i], integer[i])
		}
	}
	// On its sides the frozen program is the program; on others it goes on smoothly.
	e, r, f := p.NewEvaluator(), p.Roots().NewEvaluator(), p.Frozen().NewEvaluator()
	for _, ev := range []interface{ Bind([]float64) }{e, r, f} {
		ev.Bind([]float64{0.7})
	}
	rng := rand.New(rand.NewPCG(1, 1))
	roots, sides := make([]float64, len(want)), make([]float64, len(want))
	a, b := make([]float64, 2), make([]float64, 2)
	for range 100 {
		at, y := 2*rng.Float64(), []float64{4 * rng.NormFloat64(), 4 * rng.NormFloat64()}
		r.Eval(roots, at, y, nil)
		for i, s := range p.Switches() {
			sides[i] = s.Side(roots[i])
		}
		f.SetSides(sides)
		e.Eval(a, at, y, nil)
		f.Eval(b, at, y, nil)
		if math.Abs(a[0]-b[0]) > 1e-14*(1+math.Abs(a[0])) || math.Abs(a[1]-b[1]) > 1e-13*(1+math.Abs(a[1])) {
			t.Fatalf("at %g, %v: %v, frozen %v", at, y, a, b)
		}
	}
	f.SetSides(make([]float64, len(sides)))
	f.Eval(b, 0, []float64{5, -1}, nil)
	if want := 1 - 5.; b[0] != want { // not taken, −x, floor 0
		t.Errorf("all sides 0: %g, want %g", b[0], want)
	}
	if smooth := p.Frozen(); smooth.Switches() != nil || smooth.Frozen() != smooth || smooth.Roots() != nil {
		t.Error("a frozen program switches")
	}
}
