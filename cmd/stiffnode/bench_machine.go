package main

import (
	"time"

	"github.com/stiffnode/stiffnode/internal/bench"
)

type benchMachineCmd struct {
	During time.Duration `help:"Time for which each measurement is repeated, 20 times at least." default:"100ms"`
	JSON   bool          `help:"One JSON object."`
}

func (c *benchMachineCmd) Run(a *app) error {
	r, err := bench.Machine(a.ctx, c.During)
	if err != nil || !c.JSON {
		return a.report(r, err, "")
	}
	if err := r.WriteJSON(a.out); err != nil {
		return err
	}
	if r.Failed() {
		return errSilent
	}
	return nil
}
