package main

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/train"
)

type evaluateCmd struct {
	Model string   `arg:"" help:"Model file or run folder."`
	Data  []string `arg:"" help:"CSV files."`
	JSON  bool     `help:"One JSON object."`
	dataFlags
}

func (c *evaluateCmd) Run(a *app) error {
	m, err := model.Load(c.Model)
	if err != nil {
		return err
	}
	set, notes, err := a.readFor(m, c.Data, &c.dataFlags)
	if err != nil {
		return err
	}
	for i, missing := range set.MissingInitial() {
		for _, j := range missing {
			a.say("note: the initial value of %s of trajectory %q is missing; the first observed value stands for it", set.States[j], set.Trajectories[i].Name)
		}
	}
	score, _, err := train.Evaluate(a.ctx, m, set, nil)
	if err != nil {
		return err
	}
	beyond := a.extrapolations(m, set, "the data")
	if c.JSON {
		out, err := withNotes(score, notes, beyond)
		if err != nil {
			return err
		}
		return json.NewEncoder(a.out).Encode(out)
	}
	fmt.Fprintf(a.out, "mae %.4g\n\n", score.MAE)
	rows := [][]string{{"state", "mae", "largest error", "mean |log10 ratio|", "negative", "values"}}
	for _, s := range score.States {
		log := "–"
		if !math.IsNaN(s.Log10) {
			log = fmt.Sprintf("%.3g", s.Log10)
		}
		rows = append(rows, []string{s.Name, fmt.Sprintf("%.3g", s.MAE), fmt.Sprintf("%.3g", s.Max), log, fmt.Sprint(s.Negative), fmt.Sprint(s.Values)})
	}
	table(a.out, rows)
	a.say("\nerrors are in units of each state's range, max − min of the data")
	return nil
}
