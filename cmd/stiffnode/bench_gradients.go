package main

import (
	"context"
	"os"
	"time"

	"github.com/stiffnode/stiffnode/internal/bench"
)

type benchGradientsCmd struct {
	Study      string        `arg:"" help:"rober (all methods and solvers against the exact gradient), backsolve (where it fails), networks (published networks, work and precision), dae, cost (growth with m and k), or memory (growth with the number of steps, and checkpointing)." enum:"rober,backsolve,networks,dae,cost,memory"`
	During     time.Duration `help:"Time for which each measurement is repeated." default:"50ms"`
	References string        `help:"Folder of reference material with the published networks; by default a folder named shared beside the working directory." placeholder:"DIR"`
	CVODES     string        `name:"cvodes" help:"Folder into which the C baseline was built, to have CVODES in the same run (networks)." placeholder:"DIR"`
	Repeats    int           `name:"baseline-repeats" help:"Repeats of each of the baseline's settings." default:"5" placeholder:"N"`
	Out        string        `help:"Folder for figures." placeholder:"DIR"`
}

func (c *benchGradientsCmd) Run(a *app) error {
	var r *bench.Report
	var err error
	switch c.Study {
	case "rober":
		r, err = bench.RobertsonGradients(a.ctx)
	case "backsolve":
		r, err = bench.BacksolveGradients(a.ctx)
	case "dae":
		r, err = bench.DAEGradients(a.ctx)
	case "cost":
		r, err = bench.GradientCost(a.ctx, c.During)
	case "memory":
		r, err = bench.GradientMemory(a.ctx)
	case "networks":
		dir := bench.References(c.References)
		if dir == "" {
			return usageError("the published networks are not part of stiffnode: give the folder that holds them with --references")
		}
		r, err = bench.NetworkGradients(a.ctx, dir, c.CVODES, c.Repeats, c.During)
	}
	return a.report(r, err, c.Out)
}

// report prints a report, saves its figures and says by the error whether a claim does not hold.
func (a *app) report(r *bench.Report, err error, out string) error {
	if err != nil {
		if a.ctx.Err() != nil {
			return context.Cause(a.ctx)
		}
		return err
	}
	if err := r.Write(a.out); err != nil {
		return err
	}
	if out != "" {
		if err := os.MkdirAll(out, 0o755); err != nil {
			return err
		}
		if err := r.Save(out); err != nil {
			return err
		}
	}
	if r.Failed() {
		return errSilent
	}
	return nil
}
