package train

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"time"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/optim"
)

// ConfigName is the name of the configuration in a run folder.
const ConfigName = "config.toml"

// Software is what a model's provenance names as its origin.
const Software = "stiffnode"

// A Trainer is one training run.
type Trainer struct {
	// Observer, if not nil, is called after every epoch, on the goroutine that called Run.
	Observer func(Record)
	// Warn, if not nil, is told of checkpoints that could not be written.
	Warn func(error)
	// Dir is the run folder, which must exist, for checkpoints, history and model; empty: nothing is written.
	Dir string
	// Held are data kept out of training (see Config.Split), by which the model is judged; nil: by those it was trained on.
	Held *data.Set

	cfg     *Config
	set     *data.Set
	task    *task
	recipe  recipe
	history []Record
	epochs  int           // that lie behind; the history may have lost some
	elapsed time.Duration // before this call of Run, the making of the Trainer included
	mark    [32]byte      // of configuration and data
	file    *historyFile
	closed  bool

	budgetEnd time.Time // zero: none
}

// A Result is what a run has come to.
type Result struct {
	Model *model.Model
	// Loss is the model's loss in training; NaN where the budget ended before it was known.
	Loss float64
	// Score measures the model on the data that it was trained on, HeldOut on Trainer.Held; nil where it cannot be solved or was interrupted.
	Score, HeldOut *data.Score
	// Verdict says whether the model has learned what the data show, and if not, why; nil where the run was interrupted.
	Verdict *Verdict
	// Initial holds the initial states of the data's trajectories, unknown values as estimated, in the set's order.
	Initial [][]float64
	// Finished says that training came to its end or ran out of its budget; otherwise it was interrupted.
	Finished bool
	// Failures counts the solves that failed during training and were survived.
	Failures int
	Elapsed  time.Duration
	// Epochs is the number of epochs. History has their records, without those that a damaged file of a run that was resumed has lost.
	Epochs  int
	History []Record
	// Path is the model file that was written; empty if there is none. Resumable says that the checkpoint is of the end of Run.
	Path      string
	Resumable bool
}

// New prepares a run. The configuration must be resolved; it is copied.
func New(cfg *Config, set *data.Set) (*Trainer, error) {
	began := time.Now()
	cfg = cfg.Clone()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if err := cfg.unresolved(); err != nil {
		return nil, err
	}
	t, err := newTask(cfg, set)
	if err != nil {
		return nil, err
	}
	r, err := recipes[cfg.Train.Recipe](t)
	if err != nil {
		return nil, err
	}
	tr := &Trainer{cfg: cfg, set: set, task: t, recipe: r, mark: fingerprint(cfg, set)}
	tr.history = make([]Record, 0, min(r.epochs(), 1<<20))
	tr.elapsed = time.Since(began) // it counts towards the budget
	return tr, nil
}

// Epochs is the number of epochs that the run will have, and Done the number of those that lie behind.
func (t *Trainer) Epochs() int { return t.recipe.epochs() }

// Done is the number of epochs that lie behind.
func (t *Trainer) Done() int { return t.epochs }

// NumParams is the number of parameters of the model.
func (t *Trainer) NumParams() int { return t.task.params }

// Notes are what a person should know about constraints: laws that the data keep and the model does not, laws that the data violate.
func (t *Trainer) Notes() []string { return t.task.notes }

// Close ends the run's goroutines.
func (t *Trainer) Close() {
	if !t.closed {
		t.closed = true
		t.recipe.Close()
	}
}

// Resume goes back to the latest sound checkpoint in Dir. The note says what a person should know about it. Without a checkpoint the run
// begins anew.
func (t *Trainer) Resume() (note string, err error) {
	s, note, err := loadCheckpoint(t.Dir)
	if err != nil {
		return "", err
	}
	if s == nil {
		return "there is no checkpoint yet: the run begins anew", nil
	}
	if s.Fingerprint != t.mark {
		return "", &CheckpointError{Dir: t.Dir, Reason: "the checkpoint belongs to another configuration or to other data", Remedy: "put back what was changed, or train into another folder"}
	}
	if err := t.recipe.UnmarshalBinary(s.Recipe); err != nil {
		return "", &CheckpointError{Dir: t.Dir, Reason: "the checkpoint does not fit the run: " + err.Error(), Remedy: "train into another folder"}
	}
	history, lost := resumeHistory(t.Dir, s.Epochs)
	if note != "" && lost != "" {
		note += "; "
	}
	note += lost
	t.history = append(t.history[:0], history...)
	t.epochs = s.Epochs
	t.elapsed = s.Elapsed
	return note, nil
}

// fingerprint identifies configuration and data, but for the places of files and the times of checkpoints.
func fingerprint(cfg *Config, set *data.Set) [32]byte {
	c := *cfg
	c.Data, c.Train.Checkpoint, c.Train.Budget = DataConfig{}, 0, 0
	var b bytes.Buffer
	// Writing to a buffer does not fail.
	_ = c.WriteTOML(&b)
	_ = set.WriteCSV(&b)
	return sha256.Sum256(b.Bytes())
}

// Run trains to the end, or until the context is cancelled or the budget is spent; in these cases a checkpoint is written and the error
// is nil, with Result.Finished false after a cancellation. A *FailedError comes with the result so far. What has been learned is judged: see Verdict.
func (t *Trainer) Run(ctx context.Context) (*Result, error) {
	if t.Dir != "" && t.file == nil {
		var err error
		if t.file, err = openHistory(t.Dir, t.history); err != nil {
			return nil, err
		}
		defer func() {
			t.file.f.Close()
			t.file = nil
		}()
	}
	began, saved := time.Now(), time.Now()
	now := func() time.Duration { return t.elapsed + time.Since(began) }
	defer func() { t.elapsed = now() }()
	finished, late := true, false
	budget := ctx
	if b := t.cfg.Train.Budget; b > 0 {
		var cancel context.CancelFunc
		t.budgetEnd = began.Add(time.Duration(b*float64(time.Second)) - t.elapsed)
		budget, cancel = context.WithDeadlineCause(ctx, t.budgetEnd, errBudget)
		defer cancel()
	}
	for !t.recipe.done() {
		if late = budget.Err() != nil && ctx.Err() == nil; late {
			break
		}
		r, err := t.recipe.epoch(budget)
		if err != nil {
			if late = budget.Err() != nil && ctx.Err() == nil && (errors.Is(err, errBudget) || errors.Is(err, context.DeadlineExceeded)); late {
				break
			}
			if errors.Is(err, context.Cause(ctx)) && ctx.Err() != nil {
				finished = false
				break
			}
			return t.end(ctx, now(), false, late, err)
		}
		r.Elapsed = now()
		t.history = append(t.history, r)
		t.epochs++
		if t.Observer != nil {
			t.Observer(r)
		}
		if t.Dir != "" && time.Since(saved).Seconds() > t.cfg.Train.Checkpoint {
			// A disk that is full now may have room later: what was computed is not given up for it.
			if err := t.save(now(), false); err != nil && t.Warn != nil {
				t.Warn(fmt.Errorf("no checkpoint could be written: %w; training goes on, and tries again", err))
			}
			saved = time.Now()
		}
	}
	return t.end(ctx, now(), finished, late, nil)
}

// errBudget is why an epoch ends that was under way when the budget was spent.
var errBudget = errors.New("the budget is spent")

// GradientDifference computes the gradient of the latest epoch by another method, and returns the relative difference of the two
// in the Euclidean norm. A name that is not among GradientMethods is a *ConfigError. It may be called from the Observer. Epochs whose trajectories STEER has truncated differ by that too.
func (t *Trainer) GradientDifference(ctx context.Context, method string) (float64, error) {
	other := *t.task
	var err error
	if other.method, err = gradientMethod(method); err != nil {
		return 0, err
	}
	o, err := newObjective(&other, 1)
	if err != nil {
		return 0, err
	}
	defer o.Close()
	theta, g := t.recipe.current()
	e := evaluation{grad: make([]float64, other.total)}
	if err := o.evaluate(ctx, [][]float64{theta}, []*evaluation{&e}); err != nil {
		return 0, err
	}
	if e.err != nil {
		return 0, e.err
	}
	norm := optim.Norm(e.grad)
	for i, v := range g {
		e.grad[i] -= v
	}
	return optim.Norm(e.grad) / norm, nil
}

// end writes what belongs on the disk, makes the result and judges it. late says that the budget ended training.
func (t *Trainer) end(ctx context.Context, elapsed time.Duration, finished, late bool, cause error) (*Result, error) {
	if t.epochs == 0 && (!late || cause != nil) {
		res := &Result{Elapsed: elapsed}
		if cause != nil && ctx.Err() == nil {
			res.Verdict = t.hopeless(cause)
		}
		return res, cause
	}
	finished = finished && ctx.Err() == nil // what was not judged has not come to its end
	theta, loss := t.recipe.result()
	res := t.result(theta, loss, elapsed, finished)
	if t.epochs == 0 { // the budget ended within the first epoch: its record says what is known
		res.History = []Record{{Loss: loss, MAE: math.NaN(), GradientNorm: math.NaN(), LearningRate: math.NaN(), Elapsed: elapsed}}
	}
	err := t.write(res, elapsed)
	if ctx.Err() != nil {
		res.Finished = false // interrupted while it was written
		return res, errors.Join(cause, err)
	}
	if t.judge(ctx, res, late, cause) && t.Dir != "" {
		err = errors.Join(err, t.writeModel(res))
	}
	res.Finished = res.Finished && ctx.Err() == nil
	if t.Dir != "" && res.Verdict != nil {
		err = errors.Join(err, noteVerdict(t.Dir, res.Verdict))
	}
	return res, errors.Join(cause, err)
}

// write puts model, history and checkpoint on the disk. The model comes first: where there is little room, it is what counts.
func (t *Trainer) write(res *Result, elapsed time.Duration) error {
	if t.Dir == "" {
		return nil
	}
	err := t.writeModel(res)
	if errSave := t.save(elapsed, res.Finished); errSave == nil {
		res.Resumable = true
	} else if err == nil {
		err = errSave
	}
	return err
}

func (t *Trainer) writeModel(res *Result) error {
	path := filepath.Join(t.Dir, model.FileName)
	err := res.Model.Save(path)
	if err == nil {
		res.Path = path
	}
	return err
}

// save writes history and checkpoint, the history first: a checkpoint's history is always complete.
func (t *Trainer) save(elapsed time.Duration, finished bool) error {
	if err := t.file.flush(t.history); err != nil {
		return err
	}
	state, err := t.recipe.MarshalBinary()
	if err != nil {
		return err
	}
	return saveCheckpoint(t.Dir, &checkpointState{Fingerprint: t.mark, Epochs: t.epochs, Elapsed: elapsed, Finished: finished, Recipe: state})
}

func (t *Trainer) result(theta []float64, loss float64, elapsed time.Duration, finished bool) *Result {
	k := t.task
	m := &model.Model{
		States: k.states, TimeName: k.set.TimeName, TimeUnit: k.set.TimeUnit, RHS: k.rhs, Params: slices.Clone(theta[:k.params]),
		Solver: model.Solver{Method: k.setup.Options.Method.Info().Name, RTol: k.setup.Options.RTol, ATol: k.setup.Options.ATol},
		Span:   model.Span{T0: k.stats.T0, T1: k.stats.T1, Log: k.stats.LogTimes, First: firstTime(k.set)},
		Provenance: model.Provenance{
			Software: Software, Recipe: k.cfg.Train.Recipe, Seed: k.cfg.Train.Seed, Epochs: t.epochs,
		},
	}
	if m.TimeName == "" {
		m.TimeName = "t"
	}
	for _, s := range k.stats.States {
		m.Ranges = append(m.Ranges, model.Range{Min: s.Min, Max: s.Max})
	}
	for _, s := range k.set.Sources {
		m.Provenance.Data = append(m.Provenance.Data, s.Name())
		m.Provenance.SHA256 = append(m.Provenance.SHA256, s.SHA256)
	}
	res := &Result{Model: m, Loss: loss, Finished: finished, Failures: t.recipe.failures(), Elapsed: elapsed, Epochs: t.epochs, History: t.history}
	at := k.params
	for i := range k.set.Trajectories {
		y0 := slices.Clone(k.set.Trajectories[i].Row(0, len(k.states)))
		for j, v := range y0 {
			if math.IsNaN(v) {
				y0[j] = theta[at] * k.size[j]
				at++
			}
		}
		res.Initial = append(res.Initial, y0)
	}
	return res
}
