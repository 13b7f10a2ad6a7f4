package main

import "github.com/stiffnode/stiffnode/internal/bench"

type benchFilesCmd struct {
	Dir string `arg:"" help:"Folder of data files."`
}

func (c *benchFilesCmd) Run(a *app) error {
	r, err := bench.Files(a.ctx, c.Dir)
	return a.report(r, err, "")
}
