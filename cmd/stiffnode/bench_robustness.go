package main

import (
	"fmt"
	"os"
	"time"

	"github.com/stiffnode/stiffnode/internal/robustness"
)

type benchRobustnessCmd struct {
	Seed     uint64        `help:"Seed of all random numbers." default:"1" placeholder:"N"`
	Models   int           `help:"Number of damaged models." default:"2000" placeholder:"N"`
	Settings int           `help:"Number of bad configurations and command lines." default:"1500" placeholder:"N"`
	Files    int           `help:"Number of odd data files." default:"300" placeholder:"N"`
	Kills    int           `help:"Number of training runs that are killed at random moments and gone on with." default:"60" placeholder:"N"`
	Workers  int           `help:"Trials at a time; one per core if not given." placeholder:"N"`
	Limit    time.Duration `help:"Time that each run of the program may take." default:"30s"`
	Memory   int64         `help:"Address space that each may have, in MiB." default:"4096" placeholder:"N"`
	Keep     string        `help:"Folder for the inputs of trials that end badly." placeholder:"DIR"`
	Program  string        `help:"The program; this one if not given." placeholder:"FILE"`
}

func (c *benchRobustnessCmd) Run(a *app) error {
	if min(c.Models, c.Settings, c.Files, c.Kills) < 0 {
		return usageError("numbers of trials are not negative")
	}
	program := c.Program
	if program == "" {
		var err error
		if program, err = os.Executable(); err != nil {
			return fmt.Errorf("this program does not know where it is: %w; name it with --program", err)
		}
	}
	r, err := robustness.Run(a.ctx, robustness.Options{
		Program: program, Seed: c.Seed, Models: c.Models, Settings: c.Settings, Files: c.Files, Kills: c.Kills, Workers: c.Workers, Limit: c.Limit, Memory: c.Memory << 20,
		Keep: c.Keep, Say: a.say,
	})
	return a.report(r, err, "")
}
