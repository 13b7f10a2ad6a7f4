package train

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/internal/durable"
)

// judgingTime is what judging may take beyond the budget, where there is one.
const judgingTime = 500 * time.Millisecond

// judge solves the model as models are judged, whatever it was trained at, and gives the verdict. A model that is not good enough is compared
// with the others that training has at hand, and the best as evaluated is kept; judge reports whether that is another one.
func (t *Trainer) judge(ctx context.Context, res *Result, late bool, cause error) (changed bool) {
	within := ctx
	if !t.budgetEnd.IsZero() {
		end := time.Now()
		if t.budgetEnd.After(end) {
			end = t.budgetEnd
		}
		var cancel context.CancelFunc
		within, cancel = context.WithDeadlineCause(ctx, end.Add(judgingTime), errors.New("the budget is spent"))
		defer cancel()
	}
	v := t.verdictOf(within, res)
	if v.Grade != Learned {
		for _, f := range t.recipe.others() {
			if within.Err() != nil {
				break
			}
			other := t.result(f.theta, f.loss, res.Elapsed, res.Finished)
			if o := t.verdictOf(within, other); o.MAE < v.MAE || math.IsNaN(v.MAE) && !math.IsNaN(o.MAE) {
				other.History, other.Path, other.Resumable = res.History, res.Path, res.Resumable
				*res, v, changed = *other, o, true
			}
		}
	}
	if ctx.Err() != nil { // interrupted: what was found so far is no verdict
		return changed
	}
	v.TimeRanOut, v.EpochsRanOut = late, t.epochs >= t.recipe.epochs() && t.epochs > 0 && t.cfg.Train.Recipe == "least-squares"
	if cause != nil && v.Err == nil {
		v.Err = cause
	}
	if v.Grade != Learned {
		v.Findings = diagnose(t.set, t.task.stats, v, t.task.params)
	}
	res.Verdict = v
	return changed
}

// hopeless is the verdict on a run that has no model.
func (t *Trainer) hopeless(cause error) *Verdict {
	v := &Verdict{MAE: math.NaN(), Err: cause}
	v.Findings = diagnose(t.set, t.task.stats, v, t.task.params)
	return v
}

// verdictOf evaluates a model on the data it was trained on, and on those kept out, and grades it.
func (t *Trainer) verdictOf(ctx context.Context, res *Result) *Verdict {
	v := &Verdict{MAE: math.NaN()}
	stats := t.task.stats
	noise := make([]float64, len(stats.States))
	for i, s := range stats.States {
		noise[i] = s.Noise
	}
	score, predicted, err := Evaluate(ctx, res.Model, t.set, res.Initial)
	if err != nil {
		v.Err = err
		return v
	}
	res.Score = score
	j := judged{t.set, predicted, stats.Ranges()}
	rows := t.set.Rows() - len(t.set.Trajectories)
	if t.Held != nil {
		initial := res.Initial
		if !sameTrajectories(t.set, t.Held) {
			initial = nil
		}
		if res.HeldOut, predicted, err = Evaluate(ctx, res.Model, t.Held, initial); err != nil {
			v.Err = err
			return v
		}
		j.set, j.predicted, v.HeldOut = t.Held, predicted, true
	}
	v.grade(j, noise, rows)
	return v
}

// sameTrajectories says that two sets are rows of the same trajectories, in the same order.
func sameTrajectories(a, b *data.Set) bool {
	if len(a.Trajectories) != len(b.Trajectories) {
		return false
	}
	for i := range a.Trajectories {
		if a.Trajectories[i].Name != b.Trajectories[i].Name || a.Trajectories[i].Times[0] != b.Trajectories[i].Times[0] {
			return false
		}
	}
	return true
}

// verdictMark begins the lines of a configuration that hold the verdict.
const verdictMark = "# verdict: "

// noteVerdict writes the verdict to the end of the configuration in a run folder, as a comment, in the place of the one of an earlier part of the
// run. A folder without a configuration is left as it is.
func noteVerdict(dir string, v *Verdict) error {
	path := filepath.Join(dir, ConfigName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	body, _, _ := strings.Cut(string(text), "\n"+verdictMark)
	var b strings.Builder
	b.WriteString(strings.TrimRight(body, "\n") + "\n\n")
	comment := func(s string) { b.WriteString(verdictMark + strings.Join(strings.Fields(s), " ") + "\n") }
	comment(v.String())
	for _, f := range v.Findings {
		comment(fmt.Sprintf("%s: %s; %s", f.Cause, f.Detail, f.Try))
	}
	return durable.Replace(path, []byte(b.String()))
}
