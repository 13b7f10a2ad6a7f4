package model

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
)

// First and second-order products in one pass, and those whose additions are put off, are the products one by one; a network large enough to be
// evaluated row by row is among those tried.
func TestAdjointInOnePass(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	const k = 3
	for _, width := range []int{6, 200} {
		states := make([]State, k)
		scale := make([]float64, k)
		for i := range states {
			states[i], scale[i] = State{Name: string(rune('a' + i)), Role: Learned}, 0.5+float64(i)
		}
		s, err := NewScaled(ScaledConfig{
			States: states, Hidden: []int{width, width}, Activation: nn.Tanh,
			Input: NewInput(InputLog, make([]float64, k), scale, 3), YScale: scale, TScale: 2,
		})
		if err != nil {
			t.Fatal(err)
		}
		f := s.Problem().New().(ode.ParamField)
		m := f.NumParams()
		p := make([]float64, m)
		s.Init(p, nn.GlorotNormal, 3)
		f.Bind(p)
		y, w, u, dst := uniform(rng, k), uniform(rng, 2*k), uniform(rng, 2*k), make([]float64, k)
		gradients := func(calls func(gy, gp []float64)) (gy, gp []float64) {
			gy, gp = make([]float64, k), make([]float64, m)
			for range 20 {
				if err := f.Eval(dst, 0, y); err != nil {
					t.Fatal(err)
				}
				calls(gy, gp)
			}
			return gy, gp
		}
		gy, gp := gradients(func(gy, gp []float64) {
			f.VJP(gy, gp, w[:k])
			f.SecondOrder(gy, gp, w, u, nil, 2)
		})
		d := f.(ode.DeferringField)
		for _, put := range []bool{false, true} {
			d.Defer(put)
			gy2, gp2 := gradients(func(gy, gp []float64) { f.(ode.AdjointField).Adjoint(gy, gp, w[:k], w, u, nil, 2) })
			d.Settle()
			d.Defer(false)
			if e := math.Max(difference(gy2, gy), difference(gp2, gp)); !(e <= 1e-12) {
				t.Errorf("width %d, put off %t: differs by %g", width, put, e)
			}
		}
	}
}

func uniform(rng *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = 0.1 + rng.Float64()
	}
	return v
}

// difference is the largest difference relative to the largest entry.
func difference(got, want []float64) float64 {
	worst, size := 0.0, 0.0
	for i, w := range want {
		worst, size = math.Max(worst, math.Abs(got[i]-w)), math.Max(size, math.Abs(w))
	}
	return worst / size
}
