package train

import (
	"bytes"
	"context"
	"errors"
	"math"
	"runtime"
	"testing"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/internal/simulate"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// simulated makes data of a problem.
func simulated(t testing.TB, name string, o simulate.Options) *data.Set {
	t.Helper()
	p, err := problems.ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	set, _, err := simulate.Run(context.Background(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// least is a quick configuration of the recipe for a set.
func least(set *data.Set) *Config {
	c := Default()
	c.Model.Hidden, c.Model.Output = []int{4}, "identity"
	c.Train.Epochs, c.Train.Checkpoint = 14, 1e9
	c.LeastSquares.Races = 2
	c.Resolve(set)
	return c
}

func leastTask(t testing.TB, c *Config, set *data.Set) *leastSquares {
	t.Helper()
	r := mustNew(t, c, set).recipe
	return r.(*leastSquares)
}

// The Jacobian of the residuals is their derivative, unknown initial values, missing values, weights and several trajectories included.
func TestShootingJacobian(t *testing.T) {
	set := small(t)
	c := least(set)
	c.Solver.RTol = 1e-10
	l := leastTask(t, c, set)
	if l.t.total == l.t.params {
		t.Fatal("no initial value is unknown")
	}
	s, err := newShooting(l.t, l.whole().curves, l.whole().rows, 1, 1e-10)
	if err != nil {
		t.Fatal(err)
	}
	theta := make([]float64, l.t.total)
	l.t.start(theta, 3)
	for i := range theta[:l.t.params] {
		theta[i] *= 0.3
	}
	ctx := context.Background()
	r, jac := make([]float64, l.whole().rows), make([]float64, l.whole().rows*l.t.total)
	if err := s.ResidualJacobian(ctx, r, jac, theta); err != nil {
		t.Fatal(err)
	}
	lo, hi := make([]float64, l.whole().rows), make([]float64, l.whole().rows)
	for i := range theta {
		const h = 1e-4
		at := theta[i]
		theta[i] = at + h
		if err := s.Residual(ctx, hi, theta); err != nil {
			t.Fatal(err)
		}
		theta[i] = at - h
		if err := s.Residual(ctx, lo, theta); err != nil {
			t.Fatal(err)
		}
		theta[i] = at
		for k := range r {
			want, got := (hi[k]-lo[k])/(2*h), jac[k*l.t.total+i]
			if math.Abs(got-want) > 1e-5*(1+math.Abs(want)) {
				t.Fatalf("residual %d, parameter %d: %g, differences give %g", k, i, got, want)
			}
		}
	}
}

// The Jacobian of the regression is the derivative of its residuals.
func TestRegressionJacobian(t *testing.T) {
	set := simulated(t, "ROBER", simulate.Options{Times: data.LogSpace(1e-5, 1e5, 20), Corruption: data.Corruption{Missing: 0.1}})
	c := least(set)
	c.Model.Output = "sinh"
	l := leastTask(t, c, set)
	g, err := newRegressor(l.regression)
	if err != nil {
		t.Fatal(err)
	}
	rows, cols := g.Dims()
	p := make([]float64, cols)
	l.t.rhs.Init(p, l.t.nn, 1)
	ctx := context.Background()
	r, jac := make([]float64, rows), make([]float64, rows*cols)
	if err := g.ResidualJacobian(ctx, r, jac, p); err != nil {
		t.Fatal(err)
	}
	lo, hi := make([]float64, rows), make([]float64, rows)
	for i := range p {
		const h = 1e-5
		at := p[i]
		p[i] = at + h
		_ = g.Residual(ctx, hi, p)
		p[i] = at - h
		_ = g.Residual(ctx, lo, p)
		p[i] = at
		for k := range r {
			want, got := (hi[k]-lo[k])/(2*h), jac[k*cols+i]
			if math.Abs(got-want) > 1e-7*(1+math.Abs(want)) {
				t.Fatalf("residual %d, parameter %d: %g, differences give %g", k, i, got, want)
			}
		}
	}
}

func TestLeastSquaresResumesExactly(t *testing.T) {
	set := small(t)
	for _, kind := range []string{"mse", "mae", "huber"} {
		c := least(set)
		c.Loss.Kind = kind
		if kind == "mae" {
			c.Train.Epochs, c.Solver.RTol = 60, 1e-3 // into the polish
		}
		whole := mustRun(t, mustNew(t, c, set))
		for _, every := range []int{1, 5} {
			res := interrupted(t, c, set, every)
			if !bytes.Equal(encodeModel(t, whole.Model), encodeModel(t, res.Model)) {
				t.Errorf("%s, every %d: another model", kind, every)
			}
			if res.Failures != whole.Failures || len(res.History) != len(whole.History) {
				t.Errorf("%s, every %d: %d failures in %d epochs, want %d in %d", kind, every, res.Failures, len(res.History), whole.Failures, len(whole.History))
			}
		}
	}
}

// The polish brings down the loss that was asked for: data with an outlier are fitted closer elsewhere.
func TestPolish(t *testing.T) {
	set := simulated(t, "LotkaVolterra", simulate.Options{Times: data.LinSpace(0, 3, 15)})
	set.Trajectories[0].Values[2*8] *= 1.3
	mae := map[string]float64{}
	for _, kind := range []string{"mse", "mae"} {
		c := least(set)
		c.Loss.Kind, c.Train.Epochs, c.LeastSquares.Races, c.Model.Hidden = kind, 300, 1, []int{3}
		c.LeastSquares.Interpolate = false
		res := mustRun(t, mustNew(t, c, set))
		score, _, err := Evaluate(context.Background(), res.Model, set, res.Initial)
		if err != nil {
			t.Fatal(err)
		}
		mae[kind] = score.MAE
	}
	if mae["mae"] > 0.95*mae["mse"] {
		t.Errorf("mean absolute error %g after the polish, %g without", mae["mae"], mae["mse"])
	}
}

func TestLeastSquaresGivesTheSameBitsOnAnyNumberOfCores(t *testing.T) {
	set := small(t)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var first []byte
	for _, cores := range []int{1, 2, 5} {
		runtime.GOMAXPROCS(cores)
		b := encodeModel(t, mustRun(t, mustNew(t, least(set), set)).Model)
		if first == nil {
			first = b
		} else if !bytes.Equal(first, b) {
			t.Errorf("another model on %d cores", cores)
		}
	}
}

// An epoch that is cancelled leaves no trace, wherever it is.
func TestCancelledLeastSquaresLeavesNoTrace(t *testing.T) {
	set := small(t)
	c := least(set)
	tr := mustNew(t, c, set)
	l := tr.recipe.(*leastSquares)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	cancelled := 0
	for range 4 {
		before, err := l.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		for looks := 1; ; looks += 1 + looks/2 {
			ctx := newCountdown(looks)
			if _, err := l.epoch(ctx); err == nil {
				break
			}
			cancelled++
			after, _ := l.MarshalBinary()
			if !bytes.Equal(before, after) {
				t.Fatalf("epoch %d, cancelled at look %d: a trace", l.now, looks)
			}
		}
	}
	if cancelled == 0 {
		t.Error("nothing was cancelled")
	}
}

// Robertson's problem is learned in one race of few epochs better than by the paper's recipe.
func TestLeastSquaresLearns(t *testing.T) {
	set := simulated(t, "ROBER", simulate.Options{Times: data.LogSpace(1e-5, 1e5, 50)})
	c := Default()
	c.Resolve(set)
	c.Train.Epochs, c.LeastSquares.Races = 40, 1
	res := mustRun(t, mustNew(t, c, set))
	unseen := simulated(t, "ROBER", simulate.Options{Times: data.LogSpace(1e-5, 1e5, 200)})
	score, _, err := Evaluate(context.Background(), res.Model, unseen, nil)
	if err != nil {
		t.Fatal(err)
	}
	const published = 4.4e-3 // the paper's best loss, after two hours
	if score.MAE > published {
		t.Errorf("mae %g at unseen times; the paper's best is %g", score.MAE, published)
	}
}

// Where no start can be solved, the error says how many were tried and what to change.
func TestAllStartsFail(t *testing.T) {
	set := simulated(t, "ROBER", simulate.Options{Times: data.LogSpace(1e-5, 1e5, 20)})
	c := Default()
	c.Solver.Method, c.Solver.MaxSteps = "Tsit5", 10 // explicit, on a stiff problem
	c.LeastSquares.Races = 1
	c.Resolve(set)
	_, err := mustNew(t, c, set).Run(context.Background())
	var failed *FailedError
	if !errors.As(err, &failed) || failed.Failures == 0 || failed.Advice == "" {
		t.Errorf("%v", err)
	}
}
