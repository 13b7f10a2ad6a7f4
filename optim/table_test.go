package optim_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stiffnode/stiffnode/optim"
	"github.com/stiffnode/stiffnode/optim/functions"
)

// lmVariants are the combinations of choices that the table runs.
func lmVariants() map[string]optim.LMConfig {
	variants := map[string]optim.LMConfig{}
	for _, d := range []optim.Damping{optim.DampingNielsen, optim.DampingTrustRegion} {
		for _, s := range []optim.Scaling{optim.ScaleNone, optim.ScaleMore, optim.ScaleMarquardt} {
			for _, g := range []bool{false, true} {
				name := fmt.Sprintf("%v/%v", d, s)
				if g {
					name += "/geodesic"
				}
				variants[name] = optim.LMConfig{Damping: d, Scaling: s, Geodesic: g}
			}
		}
	}
	return variants
}

// nearMinimum reports whether f, a sum of squares, is a published minimum.
func nearMinimum(p *functions.Problem, f float64) bool {
	for _, m := range p.Minima {
		tol := 2e-6*m.F + 1e-14
		if m.F == 0 && p.Flat {
			tol = 1e-10
		}
		if math.Abs(f-m.F) <= tol {
			return true
		}
	}
	return false
}

func TestLevenbergMarquardtOnTheTable(t *testing.T) {
	for name, cfg := range lmVariants() {
		t.Run(name, func(t *testing.T) {
			total := 0
			for _, p := range functions.All() {
				cfg := cfg
				cfg.Stop.Iterations = 1000
				m, err := optim.NewLevenbergMarquardt(p, p.Start, cfg)
				if err != nil {
					t.Fatal(err)
				}
				status, err := optim.Minimise(t.Context(), m, nil)
				rep := m.Report()
				total += rep.Jacobians
				t.Logf("%-40s n=%2d F=%.8g status %v, iterations %d, trials %d, |g| %.2g %v", p.Name, p.N, 2*rep.Objective, status, rep.Iteration, rep.Trials, rep.GradientNorm, err)
				if !nearMinimum(p, 2*rep.Objective) {
					t.Errorf("%s: no minimum", p.Name)
				}
			}
			t.Logf("total %d", total)
		})
	}
}
