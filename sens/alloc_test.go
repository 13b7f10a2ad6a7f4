package sens

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
)

// No method allocates once its workspaces are made, however many steps it takes.
func TestNoAllocationPerStep(t *testing.T) {
	prob, p, y0 := roberProblem()
	ctx := context.Background()
	times := []float64{1e-3, 1, 1e2}
	reverse := ReverseOptions{Checkpoint: 50}
	methods := append(Methods(), GaussAdjoint{Reverse: reverse}, QuadratureAdjoint{Adaptive: true}, DiscreteReverse{MemoryLimit: 64 << 10}, InterpolatingAdjoint{Chunk: 1})
	for _, m := range []ode.Method{ode.KenCarp4, ode.Rodas5P, ode.Radau, ode.BDF, ode.Auto} {
	solvers:
		for _, method := range methods {
			switch method.(type) {
			case Backsolve:
				continue // fails on this problem
			case DiscreteForward:
				method = DiscreteForward{Workers: 1}
			case ContinuousForward:
				method = ContinuousForward{Workers: 1}
			}
			var allocs, steps [2]float64
			for i, rtol := range []float64{1e-4, 1e-7} {
				ev, err := method.New(Setup{Problem: prob, Options: ode.Options{Method: m, RTol: rtol, ATol: []float64{1e-6 * rtol}}})
				var refused *RefusedError
				if errors.As(err, &refused) {
					continue solvers
				}
				if err != nil {
					t.Fatal(err)
				}
				var g Gradient
				run := func() {
					if err := ev.Gradient(ctx, &g, p, y0, 0, 1e2, times, curved); err != nil {
						t.Fatal(err)
					}
				}
				// workspaces are made in the first runs; what the runtime allocates now and then is not in all of those that follow
				run()
				run()
				allocs[i], steps[i] = math.Inf(1), float64(g.Forward.Steps)
				for try := 0; try < 4 && allocs[i] > 0; try++ {
					allocs[i] = min(allocs[i], testing.AllocsPerRun(2, run))
				}
			}
			if steps[1] < 2*steps[0] {
				t.Errorf("%s, %s: %g and %g steps tell nothing", method.Info().Name, m.Info().Name, steps[0], steps[1])
			}
			if allocs[0]+allocs[1] > 0 {
				t.Errorf("%s, %s: %g allocations in %g steps, %g in %g", method.Info().Name, m.Info().Name, allocs[0], steps[0], allocs[1], steps[1])
			}
		}
	}
}
