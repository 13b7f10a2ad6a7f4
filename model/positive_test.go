package model

import (
	"math"
	"testing"

	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
)

// A gate takes every value, its inverse finds where, it is positive at zero and leaves f alone at the size of the state.
func TestGate(t *testing.T) {
	g := gate{s: 3e-5, delta: 0.2}
	for _, y := range []float64{1e-12, 1e-7, 3e-5, 4e-5} {
		for _, v := range []float64{-1e3, -0.2, -1e-9, 0, 1e-9, 0.3, 1e6} {
			f := g.inverse(v, y)
			if got := g.at(f, y).v; y/g.s >= least && math.Abs(got-v) > 1e-12*(math.Abs(v)+g.delta) {
				t.Errorf("ψ(ψ⁻¹(%g)) = %g at y = %g", v, got, y)
			}
		}
	}
	for _, f := range []float64{-1e9, -1, 0, 1, 1e9} {
		if v := g.at(f, 0).v; !(v > 0) {
			t.Errorf("ψ(%g, 0) = %g", f, v)
		}
		if v := g.at(f, g.s).v; math.Abs(v-f) > 1e-15*(math.Abs(f)+g.delta) {
			t.Errorf("ψ(%g, s) = %g", f, v)
		}
	}
}

// Whatever the parameters, non-negative states do not become negative beyond the absolute tolerance, with laws, which hold to roundoff, and
// without; states that are not marked do.
func TestNonNegative(t *testing.T) {
	for name, weights := range map[string][]float64{"free": nil, "law": {1, 1, 1, 0}, "law of both signs": {1, -1, 0, 2}} {
		lowest := map[bool]float64{}
		for _, marked := range []bool{false, true} {
			c := constrainedConfig(4, nil)
			c.Activation = nn.Tanh // bounded, so that no solution runs away
			for i := range c.States {
				c.States[i].NonNegative = marked
			}
			s, err := NewScaled(c)
			if err != nil {
				t.Fatal(err)
			}
			var rhs RHS = s
			law := Law{Weights: weights}
			if weights != nil {
				if rhs, err = NewProjected(s, []Law{law}); err != nil {
					t.Fatal(err)
				}
			}
			const rtol = 1e-6
			m := &Model{States: c.States, RHS: rhs, Params: make([]float64, rhs.NumParams()), Solver: Solver{Method: "Rodas5P", RTol: rtol}}
			for seed := range uint64(10) {
				rhs.Init(m.Params, nn.GlorotNormal, seed)
				for i := range m.Params {
					m.Params[i] *= 2
				}
				opt, err := m.Solver.Options()
				if err != nil {
					t.Fatal(err)
				}
				opt.Lower = Floors(c.States)
				solver, err := ode.NewSolver(rhs.Problem(), opt)
				if err != nil {
					t.Fatal(err)
				}
				solver.Field().(ode.ParamField).Bind(m.Params)
				y0 := []float64{0, 0, 1, 0.3}
				sol, err := solver.Solve(t.Context(), 0, 1.5, y0)
				if err != nil {
					t.Fatalf("%s, seed %d: %v", name, seed, err)
				}
				for r := range sol.Times {
					y := sol.Y[4*r : 4*r+4]
					for i, v := range y {
						lowest[marked] = min(lowest[marked], v/(1e-3*rtol*c.YScale[i]))
					}
					if weights == nil {
						continue
					}
					if d := law.Value(y) - law.Value(y0); math.Abs(d) > 1e-13 {
						t.Errorf("%s, seed %d: the law is off by %g", name, seed, d)
					}
				}
			}
		}
		if lowest[true] < -1.001 {
			t.Errorf("%s: a non-negative state falls to %g times its absolute tolerance", name, lowest[true])
		}
		if lowest[false] > -1e3 {
			t.Errorf("%s: unmarked states fall to %g times their absolute tolerance only: this test tests nothing", name, lowest[false])
		}
	}
}

// A negative initial value, as noisy data have, is led back to zero, and integration backward in time is not bounded.
func TestNonNegativeFromBelow(t *testing.T) {
	c := constrainedConfig(4, nil)
	c.Activation, c.Time = nn.Tanh, nil
	for i := range c.States {
		c.States[i].NonNegative = true
	}
	s, err := NewScaled(c)
	if err != nil {
		t.Fatal(err)
	}
	m := &Model{States: c.States, RHS: s, Params: make([]float64, s.NumParams()), Solver: Solver{Method: "Rodas5P", RTol: 1e-6}}
	s.Init(m.Params, nn.GlorotNormal, 1)
	p, err := m.NewPredictor()
	if err != nil {
		t.Fatal(err)
	}
	y, err := p.Predict(t.Context(), 0, []float64{-0.01, 0, 1, 0.3}, []float64{0, 2})
	if err != nil {
		t.Fatal(err)
	}
	if y[0] != -0.01 || y[4] < 0 {
		t.Errorf("from −0.01 to %g", y[4])
	}
	if _, err := p.Predict(t.Context(), 0, []float64{0.1, 1e-4, 1, 0.3}, []float64{0, -0.1}); err != nil {
		t.Error(err)
	}
}
