package main

import (
	"time"

	"github.com/stiffnode/stiffnode/internal/bench"
)

type benchGradientErrorsCmd struct {
	Problem      string        `help:"OREGO, HIRES, POLLU, CHEMAKZO or rober100; all if not given." placeholder:"NAME"`
	Gradient     string        `help:"One gradient method; all if not given." placeholder:"NAME"`
	Solver       string        `help:"One solver; all if not given." placeholder:"NAME"`
	References   string        `help:"Folder of reference material with rober100; by default a folder named shared beside the working directory." placeholder:"DIR"`
	Trajectories int           `help:"How many of the hundred trajectories of rober100." default:"100" placeholder:"N"`
	Limit        time.Duration `help:"Time for a cell, which ends as a failure after it." default:"20s"`
}

func (c *benchGradientErrorsCmd) Run(a *app) error {
	o := bench.GradientErrorOptions{Problem: c.Problem, Gradient: c.Gradient, Solver: c.Solver, References: bench.References(c.References), Trajectories: c.Trajectories, Limit: c.Limit,
		Done: func(line string) { a.say("%s", line) }}
	r, err := bench.GradientErrors(a.ctx, o)
	return a.report(r, err, "")
}
