package bench

import (
	"context"
	"fmt"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

const (
	// the interval of switching studies holds almost seven periods of the oscillation (period 1.614), each with two jumps
	switchingSpan   = 11
	switchingJumps  = 14
	mostSwitchRatio = 1.3
	// a jump is worth a change there and back, and may meet one more at its edge
	mostSwitchesPerJump = 3
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
			r.claim(stats.Switches > 0 && stats.Switches <= mostSwitchesPerJump*switchingJumps, "%s at rtol %g: %d switches for %d jumps, at most %d for each", name, rtol, stats.Switches, switchingJumps, mostSwitchesPerJump)
		}
	}
	r.Tables = []Table{t}
	return r, nil
}
