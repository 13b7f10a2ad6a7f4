package sens

import (
	"context"
	"math"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
)

// paperLoss is L = Σ y1(t_i) at 50 log-spaced times in [1e-5, 1e5] on Robertson's problem, whose derivatives with respect to
// (k1, k2, k3) are known to nine digits (Kim et al., Chaos 31, 093122, 2021, sec. III A, for the loss).
func paperLoss() (times []float64, loss Loss, want []float64) {
	for i := range 50 {
		times = append(times, math.Pow(10, -5+10*float64(i)/49))
	}
	times[49] = 1e5
	loss = LossFunc(func(_ int, _ float64, y, grad []float64) float64 {
		if grad != nil {
			grad[0] = 1
		}
		return y[0]
	})
	return times, loss, []float64{-91.9127227, -5.26308296e-8, 3.15797532e-4}
}

func TestPaperLossProbe(t *testing.T) {
	prob, p, y0 := roberProblem()
	times, loss, want := paperLoss()
	for _, rtol := range []float64{1e-4, 1e-6, 1e-7} {
		for _, method := range []Method{DiscreteReverse{}, QuadratureAdjoint{}, QuadratureAdjoint{Adaptive: true}, GaussAdjoint{}} {
			ev, err := method.New(Setup{Problem: prob, Options: ode.Options{Method: ode.Rosenbrock23, RTol: rtol, ATol: []float64{1e-6 * rtol}}})
			if err != nil {
				t.Fatal(err)
			}
			var g Gradient
			if err := ev.Gradient(context.Background(), &g, p, y0, 0, 1e5, times, loss); err != nil {
				t.Error(err)
				continue
			}
			t.Logf("%g %s: %.2e %.2e %.2e; %d + %d steps, %s", rtol, method.Info().Name, g.Params[0]/want[0]-1, g.Params[1]/want[1]-1, g.Params[2]/want[2]-1, g.Forward.Steps, g.Reverse.Steps, g.Reverse.String())
		}
	}
}
