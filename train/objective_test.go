package train

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/optim"
)

// evaluateAt computes loss, metric and gradient at one θ.
func evaluateAt(t testing.TB, k *task, theta []float64) *evaluation {
	t.Helper()
	o, err := newObjective(k, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	e := &evaluation{grad: make([]float64, k.total)}
	if err := o.evaluate(context.Background(), [][]float64{theta}, []*evaluation{e}); err != nil {
		t.Fatal(err)
	}
	if e.err != nil {
		t.Fatal(e.err)
	}
	return e
}

func mustTask(t testing.TB, c *Config, set *data.Set) *task {
	t.Helper()
	k, err := newTask(c, set)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// The loss is the weighted mean over observed values of varying states, initial rows left out, written out here once more from
// the model's own predictions; so is the metric.
func TestLossIsItsDefinition(t *testing.T) {
	set := small(t)
	for kind, penalty := range map[string]func(d float64) float64{
		"mae": math.Abs,
		"mse": func(d float64) float64 { return d * d },
		"huber": func(d float64) float64 {
			if math.Abs(d) <= 0.1 {
				return d * d / 2
			}
			return 0.1 * (math.Abs(d) - 0.05)
		},
	} {
		for _, scale := range []string{"range", "max", "none"} {
			for _, initial := range []bool{false, true} {
				c := quick(set)
				c.Loss = LossConfig{Kind: kind, Scale: scale, HuberDelta: 0.1, InitialRow: initial}
				c.Solver.RTol = 1e-8
				k := mustTask(t, c, set)
				theta := make([]float64, k.total)
				k.start(theta, 5)
				got := evaluateAt(t, k, theta)

				m := &model.Model{States: k.states, TimeName: "t", RHS: k.rhs, Params: theta[:k.params], Solver: model.Solver{Method: c.Solver.Method, RTol: 1e-8}}
				p, err := m.NewPredictor()
				if err != nil {
					t.Fatal(err)
				}
				stats := set.Stats()
				sum, weight, mae, count := 0.0, 0.0, 0.0, 0.0
				for i := range set.Trajectories {
					tr := &set.Trajectories[i]
					y0 := slices.Clone(tr.Row(0, 3))
					if i == 1 { // the initial value that is missing is estimated, at first by the first observation
						y0[0] = theta[k.params] * k.size[0]
						for r := 1; ; r++ {
							if v := tr.Values[3*r]; !math.IsNaN(v) {
								if math.Abs(v-y0[0]) > 1e-12 {
									t.Fatalf("the guess of the initial value is %g, want %g", y0[0], v)
								}
								break
							}
						}
					}
					y, err := p.Predict(context.Background(), tr.Times[0], y0, tr.Times)
					if err != nil {
						t.Fatal(err)
					}
					for q, v := range tr.Values {
						j := q % 3
						if math.IsNaN(v) || j == 2 || q < 3 && !initial {
							continue
						}
						s := map[string]float64{"range": stats.States[j].Max - stats.States[j].Min, "max": stats.States[j].Max, "none": 1}[scale]
						w := tr.Weights[q]
						weight += w
						if q < 3 {
							continue
						}
						sum += w * penalty((y[q]-v)/s)
						mae += math.Abs(y[q]-v) / (stats.States[j].Max - stats.States[j].Min)
						count++
					}
				}
				if want := sum / weight; math.Abs(got.loss-want) > 1e-7*want {
					t.Errorf("%s, %s, initial %v: loss %.12g, want %.12g", kind, scale, initial, got.loss, want)
				}
				if want := mae / count; math.Abs(got.mae-want) > 1e-7*want {
					t.Errorf("%s, %s, initial %v: metric %.12g, want %.12g", kind, scale, initial, got.mae, want)
				}
			}
		}
	}
}

// The gradient, that with respect to unknown initial values included, agrees with central differences along random directions; tolerances are
// tight, so that the noise of step-size control is below the error of the differences.
func TestGradientAgreesWithDifferences(t *testing.T) {
	set := small(t)
	for _, c := range []func(*Config){
		func(c *Config) { c.Loss.Kind = "mse" },
		func(c *Config) { c.Loss.Kind, c.Model.Output, c.Model.Input = "mse", "sinh", "log" },
		func(c *Config) { c.Loss.Kind, c.Model.TimeInput = "huber", "linear" },
		func(c *Config) { c.Loss.Kind, c.Solver.Gradient = "mse", "discrete-forward" },
	} {
		cfg := quick(set)
		cfg.Solver.RTol, cfg.Solver.Method = 1e-12, "Tsit5"
		c(cfg)
		k := mustTask(t, cfg, set)
		theta := make([]float64, k.total)
		k.start(theta, 3)
		e := evaluateAt(t, k, theta)
		rng := rand.New(rand.NewPCG(1, 1))
		for trial := range 3 {
			v := make([]float64, k.total)
			for i := range v {
				v[i] = rng.NormFloat64()
			}
			if trial == 0 { // the unknown initial value alone
				clear(v[:k.params])
			}
			const h = 5e-6
			at := func(s float64) float64 {
				x := slices.Clone(theta)
				for i := range x {
					x[i] += s * v[i]
				}
				return evaluateAt(t, k, x).loss
			}
			want := (at(h) - at(-h)) / (2 * h)
			got := 0.0
			for i := range v {
				got += e.grad[i] * v[i]
			}
			if math.Abs(got-want) > 5e-6*math.Max(math.Abs(want), optim.Norm(e.grad)) {
				t.Errorf("%+v: derivative %.9g, differences %.9g", cfg.Model, got, want)
			}
		}
	}
}

// Other gradient methods give the same, continuous ones to the solver's tolerance, as seen through Trainer.GradientDifference.
func TestGradientDifference(t *testing.T) {
	set := small(t)
	tr := mustNew(t, quick(set), set)
	mustRun(t, tr)
	for method, tol := range map[string]float64{"discrete-forward": 1e-10, "quadrature": 1e-2, "gauss": 1e-2, "interpolating": 1e-2} {
		if d, err := tr.GradientDifference(context.Background(), method); err != nil || !(d < tol) {
			t.Errorf("%s: difference %g, %v", method, d, err)
		}
	}
}

func TestNothingToLearn(t *testing.T) {
	still := &data.Set{States: []string{"a"}, Trajectories: []data.Trajectory{{Times: []float64{0, 1}, Values: []float64{2, 2}}}}
	if _, err := New(quick(still), still); err == nil {
		t.Error("a set that never changes was accepted")
	}
	unseen := &data.Set{States: []string{"a"}, Trajectories: []data.Trajectory{{Times: []float64{0, 1}, Values: []float64{2, math.NaN()}}}}
	if _, err := New(quick(unseen), unseen); err == nil {
		t.Error("a set without observations was accepted")
	}
}
