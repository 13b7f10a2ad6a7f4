package main

import (
	"time"

	"github.com/stiffnode/stiffnode/internal/bench"
)

type benchConstraintsCmd struct {
	Seeds  string        `help:"First and last seed of the runs on Robertson's problem." default:"1:3" placeholder:"A:B"`
	Budget time.Duration `help:"Time of every training run on POLLU and HIRES." default:"30s"`
}

func (c *benchConstraintsCmd) Run(a *app) error {
	seeds, err := seedRange(c.Seeds)
	if err != nil {
		return err
	}
	r, err := bench.Constraints(a.ctx, bench.ConstraintOptions{Seeds: seeds, Budget: c.Budget, Say: a.say})
	return a.report(r, err, "")
}
