package paper

import (
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/internal/plots"
	"github.com/stiffnode/stiffnode/internal/study"
	"github.com/stiffnode/stiffnode/train"
)

// lastEpochs is the number of losses whose median stands for where a run ended.
const lastEpochs = 1000

// learning is one training run with its outcome on the data.
type learning struct {
	cfg     train.Config
	set     *data.Set
	result  *train.Result
	history []train.Record
	model   []data.Trajectory // the model on a dense grid
	score   float64           // Eq. 14 of the model at the data; +Inf where it cannot be solved
	states  []float64         // the same for each state
}

// recipe loads one of the recipes of the examples: rober, pollu or baseline.
func recipe(name string) (*train.Config, *data.Set, error) {
	for _, r := range study.Recipes() {
		if r.Name == name {
			return r.Load()
		}
	}
	return nil, nil, fmt.Errorf("there is no recipe %q", name)
}

// learn trains a recipe after change has been applied to its configuration.
func learn(ctx context.Context, env *Env, name string, epochs int, change func(*train.Config)) (*learning, error) {
	cfg, set, err := recipe(name)
	if err != nil {
		return nil, err
	}
	cfg.Train.Epochs, cfg.Train.Seed = epochs, 1
	if change != nil {
		change(cfg)
	}
	return run(ctx, env, cfg, set)
}

func run(ctx context.Context, env *Env, cfg *train.Config, set *data.Set) (*learning, error) {
	cfg.Resolve(set)
	t, err := train.New(cfg, set)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	every := max(1, t.Epochs()/4)
	t.Observer = func(r train.Record) {
		if n := t.Done(); n%every == 0 {
			env.Say("epoch %d of %d, loss %.3g", n, t.Epochs(), r.Loss)
		}
	}
	l := &learning{cfg: *cfg, set: set}
	// a run that comes to a point from which it cannot go on is an outcome, not an error
	if l.result, err = t.Run(ctx); l.result == nil || ctx.Err() != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, err
	}
	l.history = l.result.History
	if l.result.Model == nil {
		return nil, fmt.Errorf("training did not begin: %w", err)
	}
	l.score = math.Inf(1)
	if score, _, err := train.Evaluate(ctx, l.result.Model, set, l.result.Initial); err == nil {
		l.score = score.MAE
		for _, st := range score.States {
			l.states = append(l.states, st.MAE)
		}
	} else if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	for i := range set.Trajectories {
		tr := &set.Trajectories[i]
		grid := tr.Grid(400, set.LogTimes())
		p, err := l.result.Model.NewPredictorWith(train.EvaluationOptions(l.result.Model))
		if err != nil {
			return nil, err
		}
		y, err := p.Predict(ctx, tr.Times[0], l.result.Initial[i], grid)
		if err != nil {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			continue // what cannot be solved is not drawn
		}
		l.model = append(l.model, data.Trajectory{Name: tr.Name, Times: grid, Values: y})
	}
	return l, nil
}

// settled is the median of the last losses, measured by Eq. 14.
func (l *learning) settled() float64 {
	h := make([]train.Record, len(l.history))
	for i, r := range l.history {
		h[i] = train.Record{Loss: r.MAE}
	}
	return train.MedianOfLast(h, lastEpochs)
}

// settledAt is the same at an earlier epoch.
func (l *learning) settledAt(epoch int) float64 {
	h := make([]train.Record, epoch)
	for i := range h {
		h[i] = train.Record{Loss: l.history[i].MAE}
	}
	return train.MedianOfLast(h, lastEpochs)
}

// best is the lowest value of Eq. 14.
func (l *learning) best() float64 {
	b := math.Inf(1)
	for _, r := range l.history {
		b = min(b, r.MAE)
	}
	return b
}

// spread is how many decades the gradient norm covers over the run, from its 1st to its 99th percentile before and at the last change
// of the loss: a run that has died keeps its norm.
func (l *learning) spread() float64 {
	alive := len(l.history)
	for alive > 1 && l.history[alive-1].GradientNorm == l.history[alive-2].GradientNorm {
		alive--
	}
	var norms []float64
	for _, r := range l.history[:alive] {
		if r.GradientNorm > 0 {
			norms = append(norms, r.GradientNorm)
		}
	}
	if len(norms) == 0 {
		return math.NaN()
	}
	return math.Log10(quantile(norms, 0.99) / quantile(norms, 0.01))
}

// table is the history, thinned to about a thousand rows.
func (l *learning) table(name string) Table {
	t := Table{Name: name, Header: []string{"epoch", "loss", "scaled mae", "gradient norm"}}
	step := max(1, len(l.history)/1000)
	for i := 0; i < len(l.history); i += step {
		r := l.history[i]
		t.Rows = append(t.Rows, []string{strconv.Itoa(r.Epoch), num(r.Loss), num(r.MAE), num(r.GradientNorm)})
	}
	return t
}

// fit is the figure of data and model.
func (l *learning) fit(name, caption string, logValue []bool) Figure {
	return Figure{name, caption, plots.Fit(plots.FitData{
		Train: l.set, Model: l.model, LogTime: l.set.LogTimes(), LogValue: logValue,
	})}
}

// A curve is a series of values over epochs.
type curve struct{ epochs, values []float64 }

// curveWindows is the number of windows of epochs for each of which smoothed draws a point.
const curveWindows = 60

// smoothed are the medians of windows of equal length: what fluctuates from epoch to epoch would hide the curves behind it.
func smoothed(history []train.Record, of func(train.Record) float64) curve {
	var c curve
	size := max(1, (len(history)+curveWindows-1)/curveWindows)
	for i := 0; i < len(history); i += size {
		window := history[i:min(i+size, len(history))]
		var v []float64
		for _, r := range window {
			v = append(v, of(r))
		}
		c.epochs, c.values = append(c.epochs, float64(window[len(window)/2].Epoch)), append(c.values, median(v))
	}
	return c
}

// every takes about 2000 of the epochs as they are.
func every(history []train.Record, of func(train.Record) float64) curve {
	var c curve
	step := max(1, len(history)/2000)
	for i := 0; i < len(history); i += step {
		c.epochs, c.values = append(c.epochs, float64(history[i].Epoch)), append(c.values, of(history[i]))
	}
	return c
}

// curves are loss and gradient norm over epochs: of one run as they are, of several as medians of windows, told apart by colour, marker and dashes.
func curves(name, caption string, runs []*learning, names []string, published plots.Series) Figure {
	loss := plots.Panel{Y: plots.Axis{Label: "scaled mean absolute error", Log: true}, X: plots.Axis{Bare: true}}
	grad := plots.Panel{Y: plots.Axis{Label: "gradient norm", Log: true}, X: plots.Axis{Label: "epoch"}, Legend: plots.LegendNone}
	take := every
	if len(runs) > 1 {
		take = smoothed
		caption += fmt.Sprintf(" Each point is the median of a %dth of the epochs.", curveWindows)
	}
	dashes := []plots.Dash{plots.Solid, plots.Dashed, plots.Dotted, plots.DashDot}
	for i, l := range runs {
		var style plots.Style
		if len(runs) > 1 {
			style = plots.Style{Color: plots.Palette(i), Dash: dashes[i%len(dashes)], Marker: plots.MarkerAt(i), Size: 4}
		}
		a := take(l.history, func(r train.Record) float64 { return r.MAE })
		b := take(l.history, func(r train.Record) float64 { return r.GradientNorm })
		loss.Series = append(loss.Series, plots.Series{Name: names[i], X: a.epochs, Y: a.values, Style: style})
		grad.Series = append(grad.Series, plots.Series{Name: names[i], X: b.epochs, Y: b.values, Style: style})
	}
	if len(published.X) > 0 {
		if len(runs) > 1 {
			var h []train.Record
			for i := range published.X {
				h = append(h, train.Record{Epoch: int(published.X[i]), MAE: published.Y[i]})
			}
			c := smoothed(h, func(r train.Record) float64 { return r.MAE })
			published.X, published.Y = c.epochs, c.values
		}
		published.Style = plots.Style{Color: plots.Black, Dash: plots.Dashed, Width: 2}
		loss.Series = append(loss.Series, published)
	}
	return Figure{name, caption, &plots.Figure{Panels: [][]plots.Panel{{loss}, {grad}}}}
}

// publishedHistory is a loss history released with the paper; it is empty where there is no folder of references.
func publishedHistory(env *Env, name string) plots.Series {
	s := plots.Series{Name: "published", Style: plots.Style{Dash: plots.Dashed}}
	if env.References == "" {
		return s
	}
	f, err := os.Open(filepath.Join(env.References, "reference", name+"_published_history.csv"))
	if err != nil {
		return s
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return s
	}
	for _, row := range rows[1:] {
		x, err1 := strconv.ParseFloat(row[0], 64)
		y, err2 := strconv.ParseFloat(row[1], 64)
		if err1 == nil && err2 == nil {
			s.X, s.Y = append(s.X, x), append(s.Y, y)
		}
	}
	return s
}
