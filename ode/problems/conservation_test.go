package problems

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Quantities that the equations conserve: the gradient of each is orthogonal to f at every point.
func TestConservedQuantities(t *testing.T) {
	linearIn := func(weights map[string]float64) func(p *Problem, y []float64) []float64 {
		return func(p *Problem, y []float64) []float64 {
			g := make([]float64, len(y))
			found := 0
			for i, name := range p.IVP.Names {
				if w, ok := weights[name]; ok {
					g[i] = w
					found++
				}
			}
			if found != len(weights) {
				t.Errorf("%s lacks one of the states %v", p.Name, weights)
			}
			return g
		}
	}
	for _, c := range []struct {
		problem  *Problem
		what     string
		gradient func(p *Problem, y []float64) []float64
	}{
		{ROBER(), "mass", linearIn(map[string]float64{"y1": 1, "y2": 1, "y3": 1})},
		{POLLU(), "nitrogen", linearIn(map[string]float64{"NO2": 1, "NO": 1, "PAN": 1, "HNO3": 1, "NO3": 1, "N2O5": 2})},
		{POLLU(), "sulphur", linearIn(map[string]float64{"SO2": 1, "SO4": 1})},
		{HIRES(), "enzyme", linearIn(map[string]float64{"y7": 1, "y8": 1})},
		{E5(), "y2 − y3 − y4", linearIn(map[string]float64{"y2": 1, "y3": -1, "y4": -1})},
		{PLEIADES(), "momentum in x", linearIn(map[string]float64{"x1'": 1, "x2'": 2, "x3'": 3, "x4'": 4, "x5'": 5, "x6'": 6, "x7'": 7})},
		{PLEIADES(), "energy", func(_ *Problem, y []float64) []float64 { return energyGradient(y) }},
		{LotkaVolterra(), "Volterra's integral", func(p *Problem, y []float64) []float64 {
			a, b, c, d := p.Params[0].Value, p.Params[1].Value, p.Params[2].Value, p.Params[3].Value
			return []float64{d - c/y[0], b - a/y[1]}
		}},
	} {
		rng := rand.New(rand.NewPCG(13, 14))
		k := c.problem.IVP.Dim
		y, f := make([]float64, k), make([]float64, k)
		for range 5 {
			for i := range y {
				y[i] = c.problem.IVP.Scale[i] * (0.2 + rng.Float64())
			}
			if err := c.problem.IVP.New().Eval(f, 0, y); err != nil {
				t.Fatal(err)
			}
			sum, size := 0.0, 0.0
			for i, g := range c.gradient(c.problem, y) {
				sum += g * f[i]
				size += math.Abs(g * f[i])
			}
			if size == 0 || math.Abs(sum) > 1e-13*size {
				t.Errorf("%s: %s changes at the rate %g (terms of size %g)", c.problem.Name, c.what, sum, size)
			}
		}
	}
}

// energyGradient is the gradient of Σ mᵢ vᵢ²/2 − Σ mᵢ mⱼ/rᵢⱼ.
func energyGradient(y []float64) []float64 {
	g := make([]float64, len(y))
	for i := range stars {
		mi := float64(i + 1)
		g[2*stars+i], g[3*stars+i] = mi*y[2*stars+i], mi*y[3*stars+i]
		for j := range stars {
			if i != j {
				dx, dy := y[i]-y[j], y[stars+i]-y[stars+j]
				r3 := math.Pow(dx*dx+dy*dy, 1.5)
				g[i] += mi * float64(j+1) * dx / r3
				g[stars+i] += mi * float64(j+1) * dy / r3
			}
		}
	}
	return g
}

// The constraint of the differential-algebraic form holds along the reference solution of the differential one, and both have the same
// right-hand side elsewhere.
func TestRobertsonForms(t *testing.T) {
	ode, dae := ROBER(), ROBERDAE()
	f, g := make([]float64, 3), make([]float64, 3)
	for _, r := range dae.Reference {
		if err := ode.IVP.New().Eval(f, r.T, r.Y); err != nil {
			t.Fatal(err)
		}
		if err := dae.IVP.New().Eval(g, r.T, r.Y); err != nil {
			t.Fatal(err)
		}
		if f[0] != g[0] || f[1] != g[1] || math.Abs(g[2]) > 3e-16 {
			t.Errorf("t = %g: f = %v and %v", r.T, f, g)
		}
	}
}
