package main

import (
	"github.com/stiffnode/stiffnode/internal/bench"
)

type benchFilesCmd struct {
	Dir      string `arg:"" help:"Folder; the folders in it are read too."`
	Expected string `help:"Table of what is right: file, trajectories, states, rows, last time, sum of values, refused; the folder's expected.csv if not given." placeholder:"FILE.csv"`
	JSON     bool   `help:"One JSON object."`
}

func (c *benchFilesCmd) Run(a *app) error {
	r, err := bench.Files(a.ctx, c.Dir, c.Expected)
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
