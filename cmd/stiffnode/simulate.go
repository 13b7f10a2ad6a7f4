package main

import (
	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/internal/simulate"
	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

type simulateCmd struct {
	Problem string `arg:"" help:"Name of a problem (see stiffnode problems)."`

	Times        string  `help:"Times: 0,1,2 or log:1e-5:1e5:50 or lin:0:60:20; the problem's own if not given." placeholder:"TIMES"`
	Y0           string  `name:"y0" help:"Initial values other than the problem's: y1=0.9,y3=0.1." placeholder:"A=1,B=0"`
	Param        string  `help:"Parameters other than the problem's: k1=0.05." placeholder:"K=X"`
	Trajectories int     `help:"Number of trajectories; all but the first begin elsewhere." default:"1" placeholder:"N"`
	Spread       float64 `help:"How far they do: values are multiplied by 1 − X to 1 + X at random." default:"0.5" placeholder:"X"`
	RandomTimes  bool    `help:"Draw the times of every trajectory at random, as many, over the same span."`
	Noise        float64 `help:"Standard deviation of added errors, in units of each state's range." placeholder:"X"`
	Missing      float64 `help:"Share of values that are missing." placeholder:"X"`
	Seed         uint64  `help:"Seed of all random numbers." default:"1" placeholder:"N"`
	Stats        bool    `help:"Say how much work it was."`
	Out          string  `help:"File; standard output if not given." placeholder:"FILE.csv"`
	solverFlags
}

func (c *simulateCmd) Run(a *app) error {
	if err := free(c.Out); err != nil {
		return err
	}
	p, err := problems.ByName(c.Problem)
	if err != nil {
		return err
	}
	o := simulate.Options{
		Trajectories: c.Trajectories, Spread: c.Spread, RandomTimes: c.RandomTimes, Seed: c.Seed,
		Corruption: data.Corruption{Noise: c.Noise, Missing: c.Missing},
	}
	if c.Times != "" {
		if o.Times, err = data.ParseTimes(c.Times); err != nil {
			return err
		}
	}
	if c.Y0 != "" {
		if o.Y0, err = assignments("--y0", c.Y0); err != nil {
			return err
		}
	}
	if c.Param != "" {
		if o.Params, err = assignments("--param", c.Param); err != nil {
			return err
		}
	}
	var opt ode.Options
	if err := c.apply(&opt); err != nil {
		return err
	}
	o.Method, o.RTol, o.ATol = opt.Method, opt.RTol, opt.ATol
	set, stats, err := simulate.Run(a.ctx, p, o)
	if err != nil {
		return err
	}
	if c.Stats {
		a.say("%s", stats.String())
	}
	return a.writeSet(set, c.Out)
}
