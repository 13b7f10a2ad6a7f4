package main

import (
	"time"

	"github.com/stiffnode/stiffnode/internal/bench"
)

type benchLanesCmd struct {
	Count      int           `help:"Number of initial values." default:"10000"`
	During     time.Duration `help:"Time for which each measurement is repeated, 20 times at least." default:"200ms"`
	References string        `help:"Folder of reference material with the published networks; by default a folder named shared beside the working directory." placeholder:"DIR"`
}

func (c *benchLanesCmd) Run(a *app) error {
	if c.Count < 1 {
		return usageError("--count must be at least 1")
	}
	dir := bench.References(c.References)
	if dir == "" {
		return usageError("the published networks are not part of stiffnode: give the folder that holds them with --references")
	}
	r, err := bench.Lanes(a.ctx, dir, c.Count, c.During)
	return a.report(r, err, "")
}
