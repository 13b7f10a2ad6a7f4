package main

import (
	"time"

	"github.com/stiffnode/stiffnode/internal/bench"
)

type benchGrowthCmd struct {
	During time.Duration `help:"Time for which each measurement is repeated, 20 times at least." default:"100ms"`
	Out    string        `help:"Folder for the figure." placeholder:"DIR"`
}

func (c *benchGrowthCmd) Run(a *app) error {
	r, err := bench.Growth(a.ctx, c.During)
	return a.report(r, err, c.Out)
}
