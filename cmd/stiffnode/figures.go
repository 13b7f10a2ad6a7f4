package main

import (
	"context"
	"path/filepath"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/internal/plots"
	"github.com/stiffnode/stiffnode/train"
)

// curvePoints is the number of times that a curve is drawn through.
const curvePoints = 300

// drawRun draws the fit and the history of a run into its folder.
func drawRun(ctx context.Context, dir string, res *train.Result, set *data.Set) error {
	p, err := res.Model.NewPredictor()
	if err != nil {
		return err
	}
	stats := set.Stats()
	fit := plots.FitData{Train: set, LogTime: stats.LogTimes}
	for _, s := range stats.States {
		fit.LogValue = append(fit.LogValue, s.Decades)
	}
	for i := range set.Trajectories {
		tr := &set.Trajectories[i]
		grid := tr.Grid(curvePoints, stats.LogTimes)
		y, err := p.Predict(ctx, grid[0], res.Initial[i], grid)
		if err != nil {
			continue // a curve that the model's own tolerances do not reach is left out; the metric says how good it is
		}
		fit.Model = append(fit.Model, data.Trajectory{Name: tr.Name, Times: grid, Values: y})
	}
	if err := plots.Save(plots.Fit(fit), filepath.Join(dir, "fit")); err != nil {
		return err
	}
	history := plots.HistoryData{}
	for _, r := range res.History {
		history.Epoch = append(history.Epoch, float64(r.Epoch))
		history.Loss = append(history.Loss, r.Loss)
		history.GradNorm = append(history.GradNorm, r.GradientNorm)
	}
	return plots.Save(plots.History(history), filepath.Join(dir, "loss"))
}
