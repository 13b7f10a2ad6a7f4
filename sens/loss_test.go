package sens

import (
	"context"
	"math"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
)

// withIntegral adds ∫ Σ (1 + j) sin(y_j) + t y_0 |dt| to a loss.
type withIntegral struct{ Loss }

func (withIntegral) Integrand(t float64, y, grad []float64) float64 {
	s := t * y[0]
	for j, v := range y {
		s += float64(1+j) * math.Sin(v)
		if grad != nil {
			grad[j] = float64(1+j) * math.Cos(v)
		}
	}
	if grad != nil {
		grad[0] += t
	}
	return s
}

// The derivatives of a loss with an integral, with respect to parameters, initial values and end time, agree between all methods and with
// finite differences of the loss itself at tight tolerance, forward and backward in time.
func TestIntegralCostAndEndTime(t *testing.T) {
	ctx := context.Background()
	prob, p, y0 := netProblem(5, 2, 3, 2, false)
	for _, span := range [][2]float64{{0.5, 2}, {0.5, -1}} {
		t0, t1 := span[0], span[1]
		times := []float64{t0 + 0.3*(t1-t0), t1}
		gradient := func(method Method, m ode.Method, p, y0 []float64, t1 float64) Gradient {
			t.Helper()
			ev, err := method.New(Setup{Problem: prob, Options: ode.Options{Method: m, RTol: 1e-9, ATol: []float64{1e-11}}})
			if err != nil {
				t.Fatal(err)
			}
			var g Gradient
			if err := ev.Gradient(ctx, &g, p, y0, t0, t1, []float64{times[0], t1}, withIntegral{curved}); err != nil {
				t.Fatalf("%s: %v", method.Info().Name, err)
			}
			return g
		}
		ref := gradient(DiscreteReverse{}, ode.Radau, p, y0, t1)
		for _, m := range []ode.Method{ode.Rodas5P, ode.KenCarp5, ode.BDF, ode.Tsit5, ode.DOP853} {
			for _, method := range gradientMethods() {
				if !fits(m, method) {
					continue
				}
				g := gradient(method, m, p, y0, t1)
				if e := relL2(g.joined(), ref.joined()); !(e <= 1e-6) {
					t.Errorf("%s, %s, to %g: gradient differs by %.2g", m.Info().Name, method.Info().Name, t1, e)
				}
				if math.Abs(g.Loss-ref.Loss) > 1e-7 || math.Abs(g.End-ref.End) > 1e-6 {
					t.Errorf("%s, %s, to %g: loss %g and end-time derivative %g; want %g and %g", m.Info().Name, method.Info().Name, t1, g.Loss, g.End, ref.Loss, ref.End)
				}
			}
		}
		const h = 1e-4
		x := append(append([]float64(nil), p...), y0...)
		for _, i := range []int{0, 4, len(p) - 1, len(p), len(p) + 1} {
			at := func(d float64) float64 {
				z := append([]float64(nil), x...)
				z[i] += d
				return gradient(DiscreteReverse{}, ode.Radau, z[:len(p)], z[len(p):], t1).Loss
			}
			if fd := (at(h) - at(-h)) / (2 * h); math.Abs(fd-ref.joined()[i]) > 1e-6*(1+math.Abs(fd)) {
				t.Errorf("to %g, derivative %d: %g, difference %g", t1, i, ref.joined()[i], fd)
			}
		}
		at := func(d float64) float64 { return gradient(DiscreteReverse{}, ode.Radau, p, y0, t1+d).Loss }
		if fd := (at(h) - at(-h)) / (2 * h); math.Abs(fd-ref.End) > 1e-6*(1+math.Abs(fd)) {
			t.Errorf("to %g, end time: %g, difference %g", t1, ref.End, fd)
		}
	}
}

// The discrete derivative of an integral cost is exact: forward and reverse mode agree to rounding at a loose tolerance.
func TestIntegralCostIsDifferentiatedExactly(t *testing.T) {
	for _, c := range discreteCases() {
		a, _ := gradientOf(t, DiscreteReverse{}, c, withIntegral{curved})
		b, _ := gradientOf(t, DiscreteForward{Workers: 1}, c, withIntegral{curved})
		if e := relL2(a.joined(), b.joined()); !(e <= 1e-10) {
			t.Errorf("%s: forward and reverse differ by %.2g", c.name, e)
		}
		plain, _ := gradientOf(t, DiscreteReverse{}, c, curved)
		if plain.Loss == a.Loss {
			t.Errorf("%s: the integral adds nothing to the loss", c.name)
		}
	}
}
