package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stiffnode/stiffnode/internal/bench"
)

type benchConstraintsCmd struct {
	Seeds   string        `help:"First and last seed." default:"1:3" placeholder:"A:B"`
	Budget  time.Duration `help:"Time after which a training run that compares models ends; on a machine that is not busy their epochs end sooner." default:"120s"`
	Problem []string      `help:"Problems on which models are compared: ROBER, HIRES, POLLU; all if not given." placeholder:"NAME"`
}

func (c *benchConstraintsCmd) Run(a *app) error {
	seeds, err := seedRange(c.Seeds)
	if err != nil {
		return err
	}
	for _, p := range c.Problem {
		if !slices.Contains(bench.ComparedProblems(), p) {
			return usageError(fmt.Sprintf("models are compared on %s, not on %q", strings.Join(bench.ComparedProblems(), ", "), p))
		}
	}
	r, err := bench.Constraints(a.ctx, bench.ConstraintOptions{Seeds: seeds, Budget: c.Budget, Problems: c.Problem, Say: a.say})
	return a.report(r, err, "")
}
