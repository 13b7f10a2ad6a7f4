package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/train"
)

type trainCmd struct {
	Data []string `arg:"" optional:"" name:"data" help:"CSV files."`

	Config      string         `help:"Configuration file; what it does not say is chosen." placeholder:"FILE.toml"`
	Out         string         `help:"Run folder; runs/NAME if not given." placeholder:"DIR"`
	Resume      string         `help:"Go on with the run in this folder." placeholder:"DIR"`
	Overwrite   bool           `help:"Replace the run in the run folder."`
	Seed        *uint64        `help:"Seed of all random numbers." placeholder:"N"`
	Epochs      *int           `help:"Number of epochs." placeholder:"N"`
	Network     *string        `help:"Hidden layers: 3x10, or 20,10,5." placeholder:"LAYERS"`
	Budget      *time.Duration `help:"Time after which training ends; 0: no bound." placeholder:"30s"`
	Constraints []string       `help:"Conservation laws that the model keeps: A+B, or auto for those that the data show. May be repeated." placeholder:"LAW" sep:"none"`
	NonNegative []string       `help:"States that never become negative, or auto for those that never are in the data." placeholder:"A,B"`
	Set         []string       `help:"Any key of the configuration: solver.rtol=1e-5. May be repeated." placeholder:"KEY=VALUE" sep:"none"`
	Figures     bool           `help:"Draw the fit and the loss." default:"true" negatable:""`
	JSON        bool           `help:"One JSON object on standard output."`
	dataFlags
}

func (c *trainCmd) Run(a *app) error {
	var folder *train.Folder
	var err error
	if c.Resume != "" { // before anything in it is read: another run might be replacing it
		if folder, err = c.resumed(); err != nil {
			return err
		}
		defer folder.Close()
	}
	cfg, err := c.config()
	if err != nil {
		return err
	}
	set, err := data.ReadFilesContext(a.ctx, cfg.Data.Files, cfg.ReadOptions())
	if err != nil {
		return err
	}
	if err := train.CheckData(set); err != nil {
		return err
	}
	describe(a, set)
	set, held, err := cfg.Split(set)
	if err != nil {
		return err
	}
	for _, choice := range cfg.Resolve(set) {
		a.say("chosen: %s = %s (%s)", choice.Key, choice.Value, choice.Why)
	}
	run, err := train.New(cfg, set)
	if err != nil {
		return err
	}
	defer run.Close()
	for _, n := range run.Notes() {
		a.say("note: %s", n)
	}
	run.Held = held
	run.Warn = func(err error) { a.say("warning: %v", err) }
	if c.Resume == "" {
		if folder, err = c.folder(cfg, set.Sources); err != nil {
			return err
		}
		defer folder.Close()
	}
	run.Dir = folder.Dir
	if c.Resume != "" {
		folder.Data = cfg.Data.Files
		note, err := run.Resume()
		if err != nil {
			return err
		}
		if note != "" {
			a.say("note: %s", note)
		}
	}
	a.say("training %d parameters for %d epochs, seed %d, in %s", run.NumParams(), run.Epochs(), cfg.Train.Seed, run.Dir)
	p := newProgress(a.err, run.Epochs(), run.Done())
	run.Observer = p.epoch
	res, err := run.Run(a.ctx)
	p.close()
	if err != nil {
		if res != nil && res.Model != nil {
			a.salvage(res)
		}
		if res != nil && res.Verdict != nil {
			a.explain(res.Verdict)
		}
		return err
	}
	if !res.Finished {
		if res.Model != nil {
			a.say("interrupted after %d of %d epochs; the checkpoint and the best model so far are in %s", res.Epochs, run.Epochs(), run.Dir)
		}
		a.say("go on with: stiffnode train --resume %s", shell(run.Dir))
		return errInterrupted
	}
	return c.report(a, run, res, cfg, folder, set)
}

// salvage says where the model of a run is that ended with an error. Where the run folder has no room for it, another place may.
func (a *app) salvage(res *train.Result) {
	if res.Path != "" {
		a.say("what was learned until then is in %s", res.Path)
		return
	}
	path := filepath.Join(os.TempDir(), fmt.Sprintf("stiffnode-%d-%s", os.Getpid(), model.FileName))
	if err := res.Model.Save(path); err != nil {
		a.say("the model could be written neither to the run folder nor to %s (%v)", path, err)
		return
	}
	a.say("the run folder cannot take the model: what was learned until then is in %s", path)
}

// config is the configuration that the command line asks for.
func (c *trainCmd) config() (*train.Config, error) {
	cfg := train.Default()
	var err error
	switch {
	case c.Resume != "":
		if c.Config != "" || c.Out != "" || len(c.Data) > 0 || len(c.Set) > 0 || c.Seed != nil || c.Epochs != nil || c.Network != nil || len(c.Constraints) > 0 || len(c.NonNegative) > 0 || c.Overwrite {
			return nil, usageError("--resume goes on with a run as it was: give no data and no other settings")
		}
		if cfg, err = train.LoadConfig(filepath.Join(c.Resume, train.ConfigName)); err != nil {
			return nil, err
		}
		cfg.Train.Budget = 0
	case c.Config != "":
		if cfg, err = train.LoadConfig(c.Config); err != nil {
			return nil, err
		}
	}
	if len(c.Data) > 0 {
		cfg.Data.Files = c.Data
	}
	if len(cfg.Data.Files) == 0 {
		return nil, usageError("name the data: stiffnode train DATA.csv")
	}
	c.dataFlags.change(&cfg.Data)
	if c.Seed != nil {
		cfg.Train.Seed = *c.Seed
	}
	if c.Network != nil {
		if cfg.Model.Hidden, err = train.ParseNetwork(*c.Network); err != nil {
			return nil, err
		}
	}
	if c.Budget != nil {
		cfg.Train.Budget = c.Budget.Seconds()
	}
	if c.Epochs != nil {
		cfg.Train.Epochs = *c.Epochs
	}
	if len(c.Constraints) > 0 {
		cfg.Constraints.Laws = c.Constraints
		if cfg.Constraints.Kind == "none" {
			cfg.Constraints.Kind = "projection"
		}
	}
	if len(c.NonNegative) > 0 {
		cfg.Constraints.NonNegative = c.NonNegative
	}
	for _, s := range c.Set {
		if err := cfg.Set(s); err != nil {
			return nil, err
		}
	}
	return cfg, cfg.Validate()
}

// folder makes the run folder.
func (c *trainCmd) folder(cfg *train.Config, sources []data.Source) (*train.Folder, error) {
	dir := c.Out
	if dir == "" {
		var err error
		if dir, err = train.FreeFolder(cfg.Data.Files[0]); err != nil {
			return nil, err
		}
	}
	return train.MakeFolder(dir, cfg, sources, c.Overwrite)
}

// resumed takes the run folder to go on with.
func (c *trainCmd) resumed() (*train.Folder, error) {
	if _, err := os.Stat(filepath.Join(c.Resume, train.ConfigName)); err != nil {
		return nil, &train.FolderError{Dir: c.Resume, Reason: "is no run folder: " + err.Error(), Remedy: "name the folder that a run has made"}
	}
	return train.OpenFolder(c.Resume)
}

// describe says what the data are.
func describe(a *app, set *data.Set) {
	plural := func(n int, what string) string {
		if n == 1 {
			return "1 " + what
		}
		return fmt.Sprintf("%d %s", n, strings.Replace(what+"s", "ys", "ies", 1))
	}
	times := "linear times"
	if set.LogTimes() {
		times = "logarithmic times"
	}
	a.say("%s of %s, %s, %s", plural(len(set.Trajectories), "trajectory"), plural(len(set.States), "state"), plural(set.Rows(), "row"), times)
	for _, n := range set.Notes {
		a.say("note: %s", n)
	}
}

func (c *trainCmd) report(a *app, run *train.Trainer, res *train.Result, cfg *train.Config, folder *train.Folder, set *data.Set) error {
	if res.Failures > 0 {
		a.say("%d solves failed during training; each time the step was undone and made smaller", res.Failures)
	}
	if c.Figures && res.Score != nil {
		if err := drawRun(a.ctx, run.Dir, res, set); err != nil {
			return err
		}
	}
	v := res.Verdict
	a.explain(v)
	if c.JSON {
		if err := json.NewEncoder(a.out).Encode(resultJSON(run, res, cfg)); err != nil {
			return err
		}
		return failed(v)
	}
	if res.Score != nil {
		fmt.Fprintf(a.out, "mae %.3g after %d epochs in %.1f s\n", res.Score.MAE, res.Epochs, res.Elapsed.Seconds())
	}
	if res.HeldOut != nil {
		fmt.Fprintf(a.out, "mae %.3g on %d values held out\n", res.HeldOut.MAE, v.Values)
	}
	fmt.Fprintf(a.out, "verdict: %v\n", v)
	files := []string{model.FileName, train.ConfigName, train.HistoryName}
	if c.Figures && res.Score != nil {
		files = append(files, "fit.png", "loss.png")
	}
	fmt.Fprintf(a.out, "in %s: %s\n", run.Dir, strings.Join(files, ", "))
	read := cfg.ReadOptions()
	read.States = nil // the model knows them
	a.say("use it:  stiffnode predict %s --like %s%s", shell(run.Dir), shell(folder.Data[0]), dataWords(read))
	a.say("         stiffnode evaluate %s %s%s", shell(run.Dir), shell(folder.Data[0]), dataWords(read))
	return failed(v)
}

// failed is the status of a run whose model has learned nothing: the output has said so.
func failed(v *train.Verdict) error {
	if v.Grade == train.NotLearned {
		return errSilent
	}
	return nil
}

// explain says why a model has not learned, and what to try.
func (a *app) explain(v *train.Verdict) {
	switch v.Grade {
	case train.Learned:
		return
	case train.Partly:
		a.say("warning: the model has learned the data in part only, and is not to be relied on")
	case train.NotLearned:
		a.say("the model has not learned the data")
	}
	for _, f := range v.Findings {
		a.say("why:     %s: %s", f.Cause, f.Detail)
		a.say("try:     %s", f.Try)
	}
}

// resultJSON is a run as --json prints it.
func resultJSON(run *train.Trainer, res *train.Result, cfg *train.Config) map[string]any {
	v := res.Verdict
	out := map[string]any{
		"mae": nil, "states": nil, "loss": number(res.Loss), "epochs": res.Epochs, "seconds": res.Elapsed.Seconds(),
		"failures": res.Failures, "seed": cfg.Train.Seed, "run": run.Dir, "model": filepath.Join(run.Dir, model.FileName),
		"verdict": v.Grade.String(),
		"judged": map[string]any{
			"mae": number(v.MAE), "learned_up_to": number(v.Bound), "best_constant": number(v.Constant), "noise": number(v.Noise),
			"held_out": v.HeldOut, "values": v.Values, "time_ran_out": v.TimeRanOut,
		},
		"diagnosis": append([]train.Finding{}, v.Findings...),
	}
	if res.Score != nil {
		out["mae"], out["states"] = res.Score.MAE, statesOf(res.Score)
	}
	if res.HeldOut != nil {
		out["held_out_mae"] = res.HeldOut.MAE
	}
	return out
}

// number is a number in JSON, which has none that is not finite.
func number(x float64) any {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return x
}

// statesOf are the scores by state, as evaluate --json prints them.
func statesOf(s *data.Score) json.RawMessage {
	var whole struct {
		States json.RawMessage `json:"states"`
	}
	b, err := s.MarshalJSON()
	if err == nil {
		err = json.Unmarshal(b, &whole)
	}
	if err != nil {
		return nil
	}
	return whole.States
}

// shell is a path as one writes it in a command.
func shell(path string) string {
	if wd, err := os.Getwd(); err == nil {
		if r, err := filepath.Rel(wd, path); err == nil && !strings.HasPrefix(r, "..") {
			path = r
		}
	}
	return shellWord(path)
}

// shellWord puts what a shell would split or interpret into quotes.
func shellWord(s string) string {
	if strings.ContainsAny(s, " '\"$&|;<>()*?[]{}\\!#~`") {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}
