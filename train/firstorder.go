package train

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/stiffnode/stiffnode/optim"
)

// firstOrder is the paper's recipe: gradient steps of Adam or its relatives along a learning-rate schedule. Where several starts
// are asked for they race first, all at the schedule's first rate, and the one with the lowest loss goes on.
//
// A step after which a trajectory cannot be solved is undone, exactly, and made again with a smaller rate. Where no step, however small,
// can be made, training goes back to the best parameters so far and on from there with half the rate and without memory of
// earlier gradients.
type firstOrder struct {
	t        *task
	o        *objective
	schedule optim.Schedule
	runs     []*descent
	now      int // epochs that lie behind
	failed   int
	source   rand.PCG
	rng      *rand.Rand // of STEER

	before  []*descent // the runs at the beginning of the epoch
	pending []*descent
	thetas  [][]float64
	evals   []*evaluation
}

// descent is one start on its way.
type descent struct {
	theta, best []float64
	bestLoss    float64
	eval        evaluation // at theta
	trial       evaluation // of the step in hand; it becomes eval when the epoch is complete
	opt         *optim.Undoable
	direction   []float64 // the gradient, clipped or rescaled
	rate        float64
	failures    int // in a row
	returns     int // to the best parameters
}

func newFirstOrder(t *task) (recipe, error) {
	n := t.cfg.Starts.Count
	if t.cfg.Starts.Epochs == 0 {
		n = 1
	}
	o, err := newObjective(t, n)
	if err != nil {
		return nil, err
	}
	f := &firstOrder{t: t, o: o}
	f.rng = rand.New(&f.source)
	if f.schedule, err = newSchedule(t.cfg); err == nil {
		err = f.schedule.Validate()
	}
	if err != nil {
		o.Close()
		return nil, err
	}
	for range n {
		d, err := newDescent(t)
		if err != nil {
			o.Close()
			return nil, err
		}
		f.runs = append(f.runs, d)
	}
	return f, nil
}

func newDescent(t *task) (*descent, error) {
	m, err := newOptimizer(t.cfg.Optimizer, t.total)
	if err != nil {
		return nil, err
	}
	return &descent{
		theta: make([]float64, t.total), best: make([]float64, t.total),
		eval: evaluation{grad: make([]float64, t.total)}, trial: evaluation{grad: make([]float64, t.total)},
		opt: optim.NewUndoable(m, t.total), direction: make([]float64, t.total),
	}, nil
}

// newMemory is an optimiser that has seen nothing; that the configuration is possible was found when the first was made.
func (f *firstOrder) newMemory() *optim.Undoable {
	m, err := newOptimizer(f.t.cfg.Optimizer, f.t.total)
	if err != nil {
		panic(err)
	}
	return optim.NewUndoable(m, f.t.total)
}

func newOptimizer(c OptimizerConfig, n int) (optim.FirstOrder, error) {
	adam := optim.AdamConfig{Beta1: c.Beta1, Beta2: c.Beta2, Epsilon: c.Epsilon}
	switch c.Name {
	case "sgd":
		return optim.NewSGD(n, optim.SGDConfig{Momentum: c.Momentum, Nesterov: c.Nesterov})
	case "adam":
		return optim.NewAdam(n, adam)
	case "adamw":
		decay, err := optim.ParseDecay(c.Decay)
		if err != nil {
			return nil, err
		}
		return optim.NewAdamW(n, optim.AdamWConfig{AdamConfig: adam, WeightDecay: c.WeightDecay, Decay: decay})
	}
	return nil, unknownName("optimizer.name", c.Name, choices()["optimizer.name"])
}

func newSchedule(c *Config) (optim.Schedule, error) {
	s, rate := c.Schedule, c.Optimizer.LearningRate
	switch s.Kind {
	case "step":
		return optim.StepDecay{Base: rate, Factor: s.Factor, Every: s.Every, Floor: s.Final}, nil
	case "exponential":
		return optim.Exponential{Base: rate, Factor: s.Factor, Every: s.Every, Floor: s.Final}, nil
	case "cosine":
		return optim.Cosine{Base: rate, Final: s.Final, Warmup: s.Warmup, Epochs: c.Train.Epochs}, nil
	case "constant":
		return optim.Constant{Base: rate}, nil
	}
	return nil, unknownName("schedule.kind", s.Kind, choices()["schedule.kind"])
}

func (f *firstOrder) Close() { f.o.Close() }

// raceEpochs is the number of epochs before the main part.
func (f *firstOrder) raceEpochs() int {
	if f.t.cfg.Starts.Count > 1 {
		return f.t.cfg.Starts.Epochs
	}
	return 0
}

func (f *firstOrder) epochs() int   { return f.raceEpochs() + f.t.cfg.Train.Epochs }
func (f *firstOrder) done() bool    { return f.now >= f.epochs() }
func (f *firstOrder) failures() int { return f.failed }

func (f *firstOrder) result() ([]float64, float64) {
	d := f.leader()
	if f.now == 0 { // nothing has been evaluated
		theta := make([]float64, f.t.total)
		f.t.start(theta, f.t.cfg.Train.Seed)
		return theta, math.NaN()
	}
	if f.t.cfg.Train.Keep == "last" {
		return d.theta, d.eval.loss
	}
	return d.best, d.bestLoss
}

func (f *firstOrder) others() []fitted {
	if f.t.cfg.Train.Keep == "last" || f.now == 0 {
		return nil
	}
	d := f.leader()
	return []fitted{{d.theta, d.eval.loss}}
}

func (f *firstOrder) current() (theta, gradient []float64) {
	d := f.leader()
	return d.theta, d.eval.grad
}

// leader is the run with the lowest loss so far.
func (f *firstOrder) leader() *descent {
	return slices.MinFunc(f.runs, func(a, b *descent) int {
		switch {
		case a.bestLoss < b.bestLoss:
			return -1
		case a.bestLoss > b.bestLoss:
			return 1
		}
		return 0
	})
}

func (f *firstOrder) epoch(ctx context.Context) (Record, error) {
	if f.now == 0 {
		return f.first(ctx)
	}
	f.before = append(f.before[:0], f.runs...)
	f.truncate()
	rate := f.rate()
	f.pending = f.pending[:0]
	for _, d := range f.runs {
		copy(d.direction, d.eval.grad)
		c := f.t.cfg.Optimizer
		if c.ClipNorm > 0 {
			optim.ClipNorm(d.direction, c.ClipNorm)
		}
		if c.RescaleNorm > 0 {
			optim.RescaleNorm(d.direction, c.RescaleNorm)
		}
		d.rate, d.failures = math.Ldexp(rate, -d.returns), 0
		d.opt.Step(d.theta, d.direction, d.rate)
		f.pending = append(f.pending, d)
	}
	failures, err := f.settle(ctx)
	if err != nil {
		return Record{}, err
	}
	return f.record(failures), nil
}

// rate is the learning rate of the step that leads to the epoch in hand.
func (f *firstOrder) rate() float64 {
	return f.schedule.Rate(max(0, f.now-1-f.raceEpochs()))
}

// settle evaluates the pending runs, and makes the steps of those that failed smaller, until none has failed or one has failed too
// often; in a race such a run drops out.
func (f *firstOrder) settle(ctx context.Context) (failures int, err error) {
	c := f.t.cfg.Optimizer
	for len(f.pending) > 0 {
		f.thetas, f.evals = f.thetas[:0], f.evals[:0]
		for _, d := range f.pending {
			f.thetas, f.evals = append(f.thetas, d.theta), append(f.evals, &d.trial)
		}
		if err := f.evaluate(ctx); err != nil {
			return failures, err
		}
		again := f.pending[:0]
		for _, d := range f.pending {
			if g := c.MaxGrowth; d.trial.err == nil && g > 0 && d.trial.loss > g*d.bestLoss {
				d.trial.err = &growthError{d.bestLoss, d.trial.loss}
			}
			if d.trial.err == nil {
				continue
			}
			failures++
			d.failures++
			switch {
			case d.failures <= c.Retries:
				d.rate, _ = d.opt.Retry(d.theta, c.RetryFactor)
				again = append(again, d)
				continue
			case d.failures == c.Retries+1 && d.returns < maxReturns && !math.IsInf(d.bestLoss, 1):
				copy(d.theta, d.best)
				again = append(again, d)
				continue
			case len(f.runs) > 1:
				f.runs = slices.DeleteFunc(f.runs, func(r *descent) bool { return r == d })
				continue
			}
			return failures, &FailedError{
				Epoch: f.now, Failures: d.failures, Err: d.trial.err,
				Advice: "try another train.seed, a smaller optimizer.learning_rate, a larger solver.max_steps, or optimizer.clip_norm",
			}
		}
		f.pending = again
	}
	return failures, nil
}

// growthError says that a step led to where the model blows up, though it can still be solved. From there first-order methods hardly
// ever come back: gradients are so large that their squares overflow, or shadow all that follow.
type growthError struct{ best, loss float64 }

func (e *growthError) Error() string {
	return fmt.Sprintf("the loss is %.3g after %.3g", e.loss, e.best)
}

// maxReturns bounds how often a run goes back to its best parameters.
const maxReturns = 20

// evaluate calls the objective; when that is cancelled every run becomes what it was before the epoch.
func (f *firstOrder) evaluate(ctx context.Context) error {
	err := f.o.evaluate(ctx, f.thetas, f.evals)
	if err != nil && f.now > 0 {
		f.runs = append(f.runs[:0], f.before...)
		for _, d := range f.runs {
			d.opt.Undo(d.theta)
		}
	}
	return err
}

// maxDraws is how often a start that cannot be solved is drawn again.
const maxDraws = 50

// first draws the starts and evaluates them. One that cannot be solved is drawn again.
func (f *firstOrder) first(ctx context.Context) (Record, error) {
	f.o.full()
	f.pending = append(f.pending[:0], f.runs...)
	draw, failures := uint64(0), 0
	for len(f.pending) > 0 {
		f.thetas, f.evals = f.thetas[:0], f.evals[:0]
		for _, d := range f.pending {
			// the first start of a seed is the seed's own, so that a race begins with what would run alone
			f.t.start(d.theta, f.t.cfg.Train.Seed+draw<<32)
			draw++
			f.thetas, f.evals = append(f.thetas, d.theta), append(f.evals, &d.trial)
		}
		if err := f.evaluate(ctx); err != nil {
			return Record{}, err
		}
		var again []*descent
		for _, d := range f.pending {
			if d.trial.err != nil {
				failures++
				again = append(again, d)
			}
		}
		if len(again) > 0 && draw >= maxDraws {
			if len(again) == len(f.runs) {
				return Record{}, &FailedError{
					Failures: failures, Err: again[0].trial.err,
					Advice: "no random start could be solved: try model.output = \"identity\", other scalings, or a larger solver.max_steps",
				}
			}
			f.runs = slices.DeleteFunc(f.runs, func(d *descent) bool { return slices.Contains(again, d) })
			again = nil
		}
		f.pending = again
	}
	for _, d := range f.runs {
		d.bestLoss = math.Inf(1)
	}
	return f.record(failures), nil
}

// record closes an epoch.
func (f *firstOrder) record(failures int) Record {
	for _, d := range f.runs {
		d.eval, d.trial = d.trial, d.eval
		if d.failures > f.t.cfg.Optimizer.Retries {
			d.returns++
			d.opt = f.newMemory()
		}
		if f.whole() && d.eval.loss < d.bestLoss {
			d.bestLoss = d.eval.loss
			copy(d.best, d.theta)
		}
	}
	d := f.leader()
	r := Record{Epoch: f.now, Loss: d.eval.loss, MAE: d.eval.mae, GradientNorm: optim.Norm(d.eval.grad), LearningRate: d.rate, Failures: failures}
	f.failed += failures
	f.now++
	if f.now == f.raceEpochs() && len(f.runs) > 1 {
		f.runs = []*descent{f.leader()}
	}
	return r
}

// steerStream separates the random numbers of STEER from others that the seed is used for.
const steerStream = 0x737465657200

// truncate chooses the rows of the epoch. The numbers depend on seed and epoch alone, so that a resumed run draws the same ones.
func (f *firstOrder) truncate() {
	fraction := f.t.cfg.STEER.Fraction
	if fraction == 0 {
		return
	}
	f.source.Seed(f.t.cfg.Train.Seed, steerStream+uint64(f.now))
	for i := range f.o.rows {
		n := len(f.t.trajectories[i].times)
		f.o.rows[i] = max(1, n-f.rng.IntN(int(fraction*float64(n))+1))
	}
}

// whole says whether the epoch's loss is that of all rows.
func (f *firstOrder) whole() bool {
	for i, n := range f.o.rows {
		if n < len(f.t.trajectories[i].times) {
			return false
		}
	}
	return true
}

// firstOrderState is what a checkpoint holds.
type firstOrderState struct {
	Now, Failed int
	Runs        []descentState
}

type descentState struct {
	Theta, Best, Grad   []float64
	BestLoss, Loss, MAE float64
	Returns             int
	Optimizer           []byte
}

// MarshalBinary implements recipe.
func (f *firstOrder) MarshalBinary() ([]byte, error) {
	s := firstOrderState{Now: f.now, Failed: f.failed}
	for _, d := range f.runs {
		opt, err := d.opt.Method().MarshalBinary()
		if err != nil {
			return nil, err
		}
		s.Runs = append(s.Runs, descentState{d.theta, d.best, d.eval.grad, d.bestLoss, d.eval.loss, d.eval.mae, d.returns, opt})
	}
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(s)
	return b.Bytes(), err
}

// UnmarshalBinary implements recipe.
func (f *firstOrder) UnmarshalBinary(raw []byte) error {
	var s firstOrderState
	if err := gob.NewDecoder(bytes.NewReader(raw)).Decode(&s); err != nil {
		return err
	}
	if s.Now < 0 || len(s.Runs) == 0 || len(s.Runs) > len(f.runs) {
		return fmt.Errorf("%d runs in epoch %d", len(s.Runs), s.Now)
	}
	runs := make([]*descent, len(s.Runs))
	for i, r := range s.Runs {
		if n := f.t.total; len(r.Theta) != n || len(r.Best) != n || len(r.Grad) != n {
			return fmt.Errorf("%d parameters where the model has %d", len(r.Theta), n)
		}
		d, err := newDescent(f.t)
		if err != nil {
			return err
		}
		d.theta, d.best, d.bestLoss, d.returns = r.Theta, r.Best, r.BestLoss, r.Returns
		d.eval = evaluation{loss: r.Loss, mae: r.MAE, grad: r.Grad}
		if err := d.opt.Method().UnmarshalBinary(r.Optimizer); err != nil {
			return err
		}
		runs[i] = d
	}
	f.runs, f.now, f.failed = runs, s.Now, s.Failed
	return nil
}
