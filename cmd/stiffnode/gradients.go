package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/internal/bench"
	"github.com/stiffnode/stiffnode/model"
)

type gradientsCmd struct {
	Model  string        `arg:"" help:"Model file or run folder."`
	Data   []string      `arg:"" help:"CSV files."`
	JSON   bool          `help:"One JSON object."`
	During time.Duration `help:"Time for which each measurement is repeated." default:"100ms"`
	dataFlags
	solverFlags
}

func (c *gradientsCmd) Run(a *app) error {
	m, err := model.Load(c.Model)
	if err != nil {
		return err
	}
	set, _, err := a.readFor(m, c.Data, &c.dataFlags)
	if err != nil {
		return err
	}
	for i, missing := range set.MissingInitial() {
		if len(missing) > 0 {
			return &data.Error{Column: set.States[missing[0]], Msg: fmt.Sprintf("the initial value of trajectory %q is missing", set.Trajectories[i].Name), Remedy: "gradients are compared from known initial states: fill in the first row"}
		}
	}
	opt, err := m.Solver.Options()
	if err != nil {
		return err
	}
	if err := c.apply(&opt); err != nil {
		return err
	}
	r, err := bench.CompareGradients(a.ctx, m, set, opt, c.During)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(a.out).Encode(r)
	}
	return r.Report().Write(a.out)
}
