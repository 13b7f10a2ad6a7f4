package main

import "github.com/stiffnode/stiffnode/internal/bench"

type benchProgramsCmd struct{}

func (c *benchProgramsCmd) Run(a *app) error {
	r, err := bench.Programs(a.ctx)
	return a.report(r, err, "")
}
