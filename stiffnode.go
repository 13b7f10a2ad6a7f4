package stiffnode

import (
	"context"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/train"
)

// Options say how to train. The zero value leaves every choice to the data.
type Options struct {
	// Config decides everything; nil means train.Default().
	Config *train.Config
	// Seed, if not 0, replaces the configuration's.
	Seed uint64
	// Observer, if not nil, is called after every epoch.
	Observer func(train.Record)
}

// Result is a trained model and how good it is.
type Result struct {
	Model *Model
	// Score measures the model on the data that it was trained on, HeldOut on those that data.holdout kept from training; that is nil if none were.
	Score, HeldOut *data.Score
	// Verdict says whether the model has learned what the data show, and if not, why. A model that has not is no error.
	Verdict *train.Verdict
	// Config is the complete configuration, which reproduces the result.
	Config *train.Config
	// Run says how training went.
	Run *train.Result
}

// Train learns a model from CSV files; data describes the format. A cancelled context ends training early: the result is then the best
// model so far, with the context's error. What is wrong with the data is returned as a *data.Error, with the configuration as a
// *train.ConfigError.
func Train(ctx context.Context, o Options, files ...string) (*Result, error) {
	cfg := o.config()
	cfg.Data.Files = files
	set, err := data.ReadFiles(files, cfg.ReadOptions())
	if err != nil {
		return nil, err
	}
	return trainSet(ctx, cfg, o, set)
}

// TrainSet is Train for data that are in memory.
func TrainSet(ctx context.Context, o Options, set *data.Set) (*Result, error) {
	return trainSet(ctx, o.config(), o, set)
}

func (o *Options) config() *train.Config {
	cfg := train.Default()
	if o.Config != nil {
		cfg = o.Config.Clone() // Resolve changes it
	}
	if o.Seed != 0 {
		cfg.Train.Seed = o.Seed
	}
	return cfg
}

func trainSet(ctx context.Context, cfg *train.Config, o Options, set *data.Set) (*Result, error) {
	if err := train.CheckData(set); err != nil {
		return nil, err
	}
	set, held, err := cfg.Split(set)
	if err != nil {
		return nil, err
	}
	cfg.Resolve(set)
	t, err := train.New(cfg, set)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	t.Observer, t.Held = o.Observer, held
	run, err := t.Run(ctx)
	if err != nil {
		return nil, err
	}
	if run.Model == nil {
		return nil, context.Cause(ctx)
	}
	res := &Result{Model: &Model{run.Model}, Score: run.Score, HeldOut: run.HeldOut, Verdict: run.Verdict, Config: cfg, Run: run}
	if !run.Finished {
		return res, context.Cause(ctx)
	}
	if run.Score == nil {
		return res, run.Verdict.Err
	}
	return res, nil
}

// Model is a trained model. Its methods may be called from several goroutines.
type Model struct{ *model.Model }

// Load reads a model from a model file or a run folder. The error is a *model.FileError.
func Load(path string) (*Model, error) {
	m, err := model.Load(path)
	if err != nil {
		return nil, err
	}
	return &Model{m}, nil
}

// Predict returns the states at the times, one row for each, of the trajectory that begins with y0 at the start of the model's span of
// time. The times increase. To solve many times, or from another time, make one model.Predictor per goroutine with NewPredictor.
func (m *Model) Predict(ctx context.Context, y0, times []float64) ([][]float64, error) {
	p, err := m.NewPredictor()
	if err != nil {
		return nil, err
	}
	y, err := p.Predict(ctx, m.Span.T0, y0, times)
	if err != nil {
		return nil, err
	}
	k := len(m.States)
	rows := make([][]float64, len(times))
	for i := range rows {
		rows[i] = y[i*k : (i+1)*k : (i+1)*k]
	}
	return rows, nil
}
