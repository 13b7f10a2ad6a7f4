package bench

import (
	"context"
	"fmt"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

const (
	// the interval of switching studies ends behind the thirteenth jump of the oscillation, whose period is 1.614 with two jumps each; the first is
	// at t = 0.807
	switchingSpan   = 11
	switchingJumps  = 13
	mostSwitchRatio = 1.3
	// A jump is worth a change to the explicit method and one back; the solve begins with the explicit method and leaves it once for
	// the first slow phase. More changes than that are chatter.
	mostSwitches = 2*switchingJumps + 1
)

// Switching solves the relaxation oscillation VDPOL (ε = 1e-6) over several periods by every switching pair, and by its implicit method
// alone, which is the better of its two: the explicit one alone would need millions of steps.
func Switching(ctx context.Context) (*Report, error) {
	r := &Report{Title: fmt.Sprintf("VDPOL, ε = 1e-6, to t = %d: work is evaluations of f and J and factorisations", switchingSpan)}
	p := problems.VDPOL()
	t := Table{Rows: [][]string{{"pair", "rtol", "switches", "steps", "of them stiff", "work", "implicit alone", "ratio"}}}
	for _, m := range []struct{ pair, implicit ode.Method }{
		{ode.AutoTsit5Rosenbrock23, ode.Rosenbrock23}, {ode.AutoTsit5Rodas5P, ode.Rodas5P}, {ode.AutoTsit5KenCarp4, ode.KenCarp4}, {ode.AutoDOP853Radau, ode.Radau},
	} {
		for _, rtol := range []float64{1e-3, 1e-6} {
			var works [2]int
			var stats ode.Stats
			for i, method := range []ode.Method{m.pair, m.implicit} {
				sol, err := ode.Solve(ctx, p.IVP, 0, switchingSpan, p.Y0, ode.Options{Method: method, RTol: rtol, ATol: []float64{rtol}, SaveAt: []float64{}})
				if err != nil {
					return nil, err
				}
				works[i] = sol.Stats.Evals + sol.Stats.Jacobians + sol.Stats.Factorisations
				if i == 0 {
					stats = sol.Stats
				}
			}
			ratio := float64(works[0]) / float64(works[1])
			name := m.pair.Info().Name
			t.Rows = append(t.Rows, []string{name, sci(rtol), fmt.Sprint(stats.Switches), fmt.Sprint(stats.Steps), fmt.Sprint(stats.StiffSteps), fmt.Sprint(works[0]), fmt.Sprint(works[1]), fmt.Sprintf("%.2f", ratio)})
			r.claim(ratio <= mostSwitchRatio, "%s at rtol %g: %.2f times the work of the implicit method alone, at most %g", name, rtol, ratio, mostSwitchRatio)
			r.claim(stats.Switches > 0 && stats.Switches <= mostSwitches, "%s at rtol %g: %d switches for %d jumps, at most %d: there and back for each, and one at the start", name, rtol, stats.Switches, switchingJumps, mostSwitches)
		}
	}
	r.Tables = []Table{t}
	return r, nil
}
