package main

import (
	"time"

	"github.com/stiffnode/stiffnode/internal/bench"
)

type benchConstraintsCmd struct {
	Seeds  string        `help:"First and last seed." default:"1:3" placeholder:"A:B"`
	Budget time.Duration `help:"Time after which a training run that compares models ends." default:"60s"`
}

func (c *benchConstraintsCmd) Run(a *app) error {
	seeds, err := seedRange(c.Seeds)
	if err != nil {
		return err
	}
	r, err := bench.Constraints(a.ctx, bench.ConstraintOptions{Seeds: seeds, Budget: c.Budget, Say: a.say})
	return a.report(r, err, "")
}
