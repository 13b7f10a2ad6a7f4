package optim

import (
	"errors"
	"math"
	"testing"
)

func TestNormWithoutOverflow(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	cases := []struct {
		v    []float64
		want float64
	}{
		{nil, 0},
		{[]float64{0, 0}, 0},
		{[]float64{3, -4}, 5},
		{[]float64{3e200, 4e200}, 5e200},
		{[]float64{3e-200, 4e-200}, 5e-200},
		{[]float64{3e-320, -4e-320}, 5e-320},
		{[]float64{1, inf}, inf},
		{[]float64{1, -inf}, inf},
		{[]float64{inf, nan}, nan},
		{[]float64{1, nan}, nan},
	}
	for _, c := range cases {
		got := Norm(c.v)
		same := got == c.want || math.IsNaN(got) && math.IsNaN(c.want)
		if !same && !(math.Abs(got-c.want) <= 1e-3*c.want && c.want < 1e-300) && !(math.Abs(got-c.want) <= 1e-15*c.want) {
			t.Errorf("Norm(%v) = %v, want %v", c.v, got, c.want)
		}
	}
}

func TestGradientTransforms(t *testing.T) {
	g := []float64{3, -4}
	if norm := ClipNorm(g, 10); norm != 5 || g[0] != 3 || g[1] != -4 {
		t.Errorf("a short gradient was changed: %v (norm %v)", g, norm)
	}
	if norm := ClipNorm(g, 1); norm != 5 || math.Abs(g[0]-0.6) > 1e-15 || math.Abs(g[1]+0.8) > 1e-15 {
		t.Errorf("clipped to %v (norm %v)", g, norm)
	}
	for _, scale := range []float64{1e-310, 1e-200, 1, 1e200} {
		g = []float64{3 * scale, -4 * scale}
		RescaleNorm(g, 100)
		if math.Abs(g[0]-60) > 1e-9 || math.Abs(g[1]+80) > 1e-9 {
			t.Errorf("scale %g: rescaled to %v, want 60, −80", scale, g)
		}
	}
	for _, bad := range [][]float64{{0, 0}, {1, math.NaN()}, {1, math.Inf(-1)}} {
		g = append([]float64(nil), bad...)
		RescaleNorm(g, 100)
		ClipNorm(g, 1e-3)
		if !equalBits(g, bad) {
			t.Errorf("%v became %v", bad, g)
		}
	}
}

func TestCheckFinite(t *testing.T) {
	if err := CheckFinite("gradient", []float64{1, -math.MaxFloat64, 0, 5e-324}); err != nil {
		t.Error(err)
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		err := CheckFinite("gradient", []float64{1, 2, bad, bad})
		var nf *NonFiniteError
		if !errors.As(err, &nf) || nf.Index != 2 || nf.What != "gradient" {
			t.Errorf("%v: error %v", bad, err)
		}
	}
}
