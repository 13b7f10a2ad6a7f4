package bench

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strconv"
	"time"

	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
)

const (
	laneRTol = 1e-4
	// laneFloor and laneReach are how many times as many trajectories a second lanes must, and should, solve as one at a time.
	laneFloor, laneReach = 4, 8
	// laneSample of the trajectories are solved one at a time, and compared with tight solutions.
	laneSample = 200
)

// Lanes counts trajectories a second on one core: count initial values of a published network in lanes and one at a time, with every method that
// could be asked for. One at a time stands for the fastest method there is, whatever its error.
func Lanes(ctx context.Context, references string, count int, during time.Duration) (*Report, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	r := &Report{Title: fmt.Sprintf("Batch prediction on one core: %d initial values, rtol %g, default absolute tolerances, the %s; errors: largest |y − reference|/y_scale of a trajectory, reference: Radau at rtol 1e-10", count, laneRTol, "times of the data")}
	for _, name := range []string{"rober", "pollu"} {
		n, err := loadNetwork(references, name)
		if err != nil {
			return nil, err
		}
		ratio, t, err := n.lanes(ctx, count, during)
		if err != nil {
			return nil, fmt.Errorf("network %s: %w", name, err)
		}
		r.Tables = append(r.Tables, t)
		if name == "rober" {
			r.claim(ratio >= laneFloor, "%s: %.1f times as many trajectories a second as one at a time, floor %d, to be reached %d", name, ratio, laneFloor, laneReach)
		}
	}
	return r, nil
}

// model is the published network as a model.
func (n *publishedNetwork) model() (*model.Model, error) {
	k := len(n.scale)
	cfg := model.ScaledConfig{Hidden: n.hidden, Activation: nn.GELU, Input: model.NewInput(model.InputNone, make([]float64, k), make([]float64, k), 0), YScale: n.scale, TScale: n.tScale}
	for i := range k {
		cfg.States = append(cfg.States, model.State{Name: "y" + strconv.Itoa(i+1), Role: model.Learned})
	}
	rhs, err := model.NewScaled(cfg)
	if err != nil {
		return nil, err
	}
	return &model.Model{States: cfg.States, RHS: rhs, Params: n.params, Solver: model.Solver{Method: "auto", RTol: laneRTol}}, nil
}

// starts are initial values around the published one: each state within a fifth of it, and a fifth of the first one, at most, moved to the
// last.
func (n *publishedNetwork) starts(count int) []ode.Trajectory {
	rng := rand.New(rand.NewPCG(1, 10))
	batch := make([]ode.Trajectory, count)
	k := len(n.y0)
	for i := range batch {
		y0 := make([]float64, k)
		for j, v := range n.y0 {
			y0[j] = v * (1 - 0.2*rng.Float64())
		}
		y0[k-1] += n.y0[0] - y0[0]
		batch[i] = ode.Trajectory{Y0: y0, Times: n.times, Y: make([]float64, 0, k*len(n.times))}
	}
	return batch
}

// lanes measures one network; the ratio is that of the automatic choice in lanes to the fastest method one at a time.
func (n *publishedNetwork) lanes(ctx context.Context, count int, during time.Duration) (float64, Table, error) {
	m, err := n.model()
	if err != nil {
		return 0, Table{}, err
	}
	batch := n.starts(max(count, laneSample))
	sample := batch[:laneSample]
	exact := n.starts(laneSample)
	if err := m.PredictBatch(ctx, exact, model.BatchOptions{Options: &ode.Options{Method: ode.Radau, RTol: networkReferenceRTol}}); err != nil {
		return 0, Table{}, err
	}
	t := Table{Title: n.name, Rows: [][]string{{"method", "", "trajectories/s [10–90 %]", "µs each", "mean error", "worst", "steps", "rejected", "failed"}}}
	var best, lanes float64
	solve := func(method ode.Method, batch []ode.Trajectory, one bool) error {
		opt := ode.Options{Method: method, RTol: laneRTol}
		do := func() error {
			return m.PredictBatch(ctx, batch, model.BatchOptions{Options: &opt, Workers: 1, OneByOne: one})
		}
		took, err := timeOf(during, do)
		if err != nil {
			return err
		}
		rate := float64(len(batch)) / took.median
		how := "one at a time"
		if one {
			best = max(best, rate)
		} else {
			how = "lanes"
			if method == ode.Auto {
				lanes = rate
			}
		}
		t.Rows = append(t.Rows, append([]string{
			method.Info().Name, how, fmt.Sprintf("%.0f [%.0f–%.0f]", rate, float64(len(batch))/took.high, float64(len(batch))/took.low), fmt.Sprintf("%.2f", 1e6/rate),
		}, n.laneErrors(sample, exact)...))
		return nil
	}
	for _, method := range []ode.Method{ode.Auto, ode.AutoTsit5Rosenbrock23, ode.Tsit5, ode.Rosenbrock23, ode.Rodas4, ode.Rodas5P, ode.KenCarp4, ode.Radau, ode.BDF} {
		if err := solve(method, sample, true); err != nil {
			return 0, t, err
		}
	}
	for _, method := range []ode.Method{ode.Auto, ode.Tsit5, ode.Rosenbrock23, ode.Rodas4, ode.Rodas5P} {
		if err := solve(method, batch[:count], false); err != nil {
			return 0, t, err
		}
	}
	return lanes / best, t, nil
}

// laneErrors are cells about a sample: mean and largest error, steps, rejected steps, failures.
func (n *publishedNetwork) laneErrors(sample, exact []ode.Trajectory) []string {
	var sum, worst float64
	failed, steps, rejected := 0, 0, 0
	for i := range sample {
		tr := &sample[i]
		steps += tr.Stats.Steps
		rejected += tr.Stats.Rejected()
		if tr.Err != nil || exact[i].Err != nil {
			failed++
			continue
		}
		e := 0.
		for j, v := range exact[i].Y {
			e = max(e, math.Abs(tr.Y[j]-v)/n.scale[j%len(n.scale)])
		}
		sum += e
		worst = max(worst, e)
	}
	return []string{sci(sum / float64(max(1, len(sample)-failed))), sci(worst), fmt.Sprint(steps / len(sample)), fmt.Sprint(rejected / len(sample)), fmt.Sprint(failed)}
}
