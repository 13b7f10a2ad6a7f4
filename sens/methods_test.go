package sens

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
)

func TestMethodNames(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range Methods() {
		i := m.Info()
		if seen[i.Name] || i.Cost == "" || i.Memory == "" || i.Source == "" {
			t.Errorf("%s: name is taken, or cost, memory or source is missing", i.Name)
		}
		seen[i.Name] = true
		if got, err := MethodByName(strings.ToUpper(i.Name)); err != nil || got.Info().Name != i.Name {
			t.Errorf("%s is not found by its name: %v", i.Name, err)
		}
	}
	var input *ode.InputError
	if _, err := MethodByName("adjoint"); !errors.As(err, &input) {
		t.Errorf("unknown name: %v", err)
	}
	if _, err := MethodByName("discret-reverse"); !errors.As(err, &input) || !strings.Contains(err.Error(), `did you mean "discrete-reverse"`) {
		t.Errorf("misspelt name: %v", err)
	}
}

// Every solver, gradient method and kind of loss in one table: what is not refused is right on a problem with a known derivative, and what
// is refused is in the list of combinations.
func TestMatrix(t *testing.T) {
	// y′ = −p y, y(0) = 1: L = Σ y(t_i)², ∂L/∂p = −Σ 2 t_i y², ∂L/∂y0 = Σ 2y²; with the integral of sin y + t y, by quadrature
	const p = 1.3
	times := []float64{0, 0.4, 1, 2}
	squares := LossFunc(func(_ int, _ float64, y, grad []float64) float64 {
		if grad != nil {
			grad[0] = 2 * y[0]
		}
		return y[0] * y[0]
	})
	plain, integral := [2]float64{}, [2]float64{}
	for _, s := range times {
		y := math.Exp(-p * s)
		plain[0] -= 2 * s * y * y
		plain[1] += 2 * y * y
	}
	x, w := gaussLegendre(40)
	integral = plain
	for i := range x {
		s := 2 * x[i]
		y := math.Exp(-p * s)
		g := math.Cos(y) + s
		integral[0] -= 2 * w[i] * g * s * y
		integral[1] += 2 * w[i] * g * y
	}
	refused := Combinations()
	listed := func(g, solver, condition string) bool {
		return slices.ContainsFunc(refused, func(c Combination) bool {
			return c.Gradient == g && c.Condition == condition && (c.Solvers[0] == "all" || slices.Contains(c.Solvers, solver))
		})
	}
	for _, m := range ode.Methods() {
		tol := 1e-7
		if m.Info().Order < 3 {
			tol = 1e-5
		}
		for _, g := range Methods() {
			for _, mass := range []bool{false, true} {
				prob, condition := probe(m), ""
				if m.Info().Split {
					continue // splitDecay cannot be differentiated part by part
				}
				if mass {
					if !m.Info().Mass {
						continue
					}
					prob.Mass, condition = ode.DiagonalMass(1), "a mass matrix"
				}
				ev, err := g.New(Setup{Problem: prob, Options: ode.Options{Method: m, RTol: tol, ATol: []float64{1e-3 * tol}}})
				name := g.Info().Name + "/" + m.Info().Name + "/" + condition
				if err != nil {
					if !listed(g.Info().Name, m.Info().Name, condition) && !listed(g.Info().Name, m.Info().Name, "") {
						t.Errorf("%s: refused, but not in the list: %v", name, err)
					}
					continue
				}
				for _, c := range []struct {
					loss Loss
					want [2]float64
				}{{squares, plain}, {sineIntegral{squares}, integral}} {
					var out Gradient
					err := ev.Gradient(context.Background(), &out, []float64{p}, []float64{1}, 0, 2, times, c.loss)
					if err != nil {
						if _, ok := c.loss.(sineIntegral); !ok || !listed(g.Info().Name, m.Info().Name, "an integral cost") {
							t.Errorf("%s: %v", name, err)
						}
						continue
					}
					if e := max(math.Abs(out.Params[0]-c.want[0]), math.Abs(out.Initial[0]-c.want[1])); !(e <= 300*tol) {
						t.Errorf("%s, %T: error %.2g", name, c.loss, e)
					}
				}
			}
		}
	}
}

// sineIntegral adds ∫ sin y + t y dt.
type sineIntegral struct{ Loss }

func (sineIntegral) Integrand(t float64, y, grad []float64) float64 {
	if grad != nil {
		grad[0] = math.Cos(y[0]) + t
	}
	return math.Sin(y[0]) + t*y[0]
}

// The check passes for gradients of every method to the accuracy that they have, and finds a wrong component.
func TestChecker(t *testing.T) {
	ctx := context.Background()
	for _, c := range discreteCases() {
		if c.opt.Method.Info().Order < 3 {
			continue
		}
		s := Setup{Problem: c.prob, Options: c.opt}
		checker, err := NewChecker(s)
		if err != nil {
			t.Fatal(err)
		}
		g, _ := gradientOf(t, DiscreteReverse{}, c, withIntegral{curved})
		for range 2 {
			out, err := checker.Check(ctx, &g, c.p, c.y0, c.t0, c.t1, c.times, withIntegral{curved})
			if err != nil {
				t.Fatal(err)
			}
			if !(out.Error <= 1e-11) || out.Loss != g.Loss {
				t.Errorf("%s: identity violated by %.2g, losses %g and %g", c.name, out.Error, out.Loss, g.Loss)
			}
		}
		g.Initial[0] *= 1.01
		if out, err := checker.Check(ctx, &g, c.p, c.y0, c.t0, c.t1, c.times, withIntegral{curved}); err != nil || g.Initial[0] != 0 && out.Error <= 1e-9 {
			t.Errorf("%s: a component off by a hundredth gives %.2g, %v", c.name, out.Error, err)
		}
	}
}
