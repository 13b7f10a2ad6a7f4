package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/stiffnode/stiffnode/internal/bench"
	"github.com/stiffnode/stiffnode/internal/plots"
	"github.com/stiffnode/stiffnode/internal/workprec"
	"github.com/stiffnode/stiffnode/ode/problems"
)

type benchDigitsCmd struct {
	Problems []string `arg:"" optional:"" name:"problem" help:"Problems (see stiffnode problems); all stiff ones if none is given."`
}

func (c *benchDigitsCmd) Run(a *app) error {
	opt := workprec.Accuracy()
	list, err := problemList(c.Problems)
	if err != nil {
		return err
	}
	if list != nil {
		opt.Problems = list
	}
	res, err := a.measure(opt)
	if err != nil {
		return err
	}
	if err := res.WriteTable(a.out); err != nil {
		return err
	}
	failed := res.Failed()
	if list != nil {
		failed = res.Summary().Wrong > 0 // shares are of the whole matrix
	}
	if failed {
		fmt.Fprintln(a.out, "FAIL: a success without the digits due, more failures than allowed, or too few methods that solve everything")
		return errSilent
	}
	fmt.Fprintln(a.out, "agrees: every success has the digits due")
	return nil
}

type benchWorkprecisionCmd struct {
	Problems []string `arg:"" optional:"" name:"problem" help:"Problems (see stiffnode problems); ROBER, POLLU, HIRES, OREGO and VDPOL if none is given."`
	Out      string   `help:"Folder for figures." placeholder:"DIR"`
}

func (c *benchWorkprecisionCmd) Run(a *app) error {
	list, err := problemList(c.Problems)
	if err != nil {
		return err
	}
	res, err := a.measure(workprec.WorkPrecision(list...))
	if err != nil {
		return err
	}
	if err := res.WriteWork(a.out); err != nil {
		return err
	}
	if err := res.WritePeers(a.out); err != nil {
		return err
	}
	if c.Out == "" {
		return nil
	}
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return err
	}
	for _, p := range res.Problems {
		if err := plots.Save(res.Figure(p.Name), filepath.Join(c.Out, "workprecision-"+p.Name)); err != nil {
			return err
		}
	}
	return nil
}

// problemList finds problems by their names; nil stands for no names.
func problemList(names []string) ([]*problems.Problem, error) {
	var list []*problems.Problem
	for _, n := range names {
		p, err := problems.ByName(n)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// measure runs a matrix, telling how far it is.
func (a *app) measure(opt workprec.Options) (*workprec.Result, error) {
	opt.Progress = func(_ *workprec.Cell, done, total int) {
		if done%100 == 0 || done == total {
			a.say("%d of %d cells", done, total)
		}
	}
	res, err := workprec.Run(a.ctx, opt)
	if a.ctx.Err() != nil {
		return nil, context.Cause(a.ctx)
	}
	return res, err
}

type benchSwitchingCmd struct{}

func (*benchSwitchingCmd) Run(a *app) error {
	r, err := bench.Switching(a.ctx)
	return a.report(r, err, "")
}

type benchSolversCmd struct {
	CVODES string        `name:"cvodes" help:"Folder of a SUNDIALS build with the program made by internal/bench/cvodes/build.sh; without it only published counts are compared." placeholder:"DIR"`
	During time.Duration `help:"Time for which each of the settings quoted is repeated, 20 times at least." default:"50ms"`
}

func (c *benchSolversCmd) Run(a *app) error {
	r, err := bench.Solvers(a.ctx, bench.SolverOptions{CVODE: c.CVODES, During: c.During, Say: func(f string, v ...any) { a.say(f, v...) }})
	return a.report(r, err, "")
}

type benchNetworksCmd struct {
	Count      int    `help:"Number of networks made here." default:"200" placeholder:"N"`
	References string `help:"Folder of reference material with the published networks; by default a folder named shared beside the working directory." placeholder:"DIR"`
}

func (c *benchNetworksCmd) Run(a *app) error {
	dir := bench.References(c.References)
	if dir == "" {
		return usageError("the published networks are not part of stiffnode: give the folder that holds them with --references")
	}
	if c.Count < 3 {
		return usageError("--count must be at least 3: random, half-trained and trained networks")
	}
	r, err := bench.NetworkAccuracy(a.ctx, dir, c.Count, a.say)
	return a.report(r, err, "")
}
