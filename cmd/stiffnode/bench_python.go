package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/stiffnode/stiffnode/internal/bench"
)

type benchPythonCmd struct {
	Python     string        `help:"Python interpreter that has the peers." default:"python3" placeholder:"PYTHON"`
	References string        `help:"Folder of reference material with the published networks; by default a folder named shared beside the working directory." placeholder:"DIR"`
	Peers      string        `help:"Libraries compared with: diffrax, torchdiffeq." default:"diffrax,torchdiffeq" placeholder:"A,B"`
	Networks   string        `help:"Published networks: rober, pollu." default:"rober,pollu" placeholder:"A,B"`
	Targets    []float64     `help:"Errors of the gradient at which times are compared." default:"1e-2,1e-4" placeholder:"E,…"`
	Starts     int           `help:"Times that a peer is started, each time until its first gradient; 0 leaves that out." default:"3" placeholder:"N"`
	During     time.Duration `help:"Time for which each of the settings quoted is repeated, 20 times at least." default:"200ms"`
	JSON       bool          `help:"One JSON object."`
}

// Help says how long it takes, and how to get figures that can be compared.
func (c *benchPythonCmd) Help() string {
	return "The peers compile for minutes: expect half an hour. Ratios mean most on a core that nothing else uses."
}

func (c *benchPythonCmd) Run(a *app) error {
	peers, err := someOf("--peers", c.Peers, bench.PythonPeers)
	if err != nil {
		return err
	}
	networks, err := someOf("--networks", c.Networks, bench.PythonNetworks)
	if err != nil {
		return err
	}
	if len(c.Targets) == 0 || !(slices.Min(c.Targets) > 0) {
		return usageError("--targets: errors are larger than 0")
	}
	if c.Starts < 0 {
		return usageError("--starts: a number of starts is not negative")
	}
	dir := bench.References(c.References)
	if dir == "" {
		return usageError("the published networks are not part of stiffnode: give the folder that holds them with --references")
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	r, err := bench.Python(a.ctx, bench.PythonOptions{
		Python: c.Python, References: dir, Self: self, Peers: peers, Networks: networks, Targets: c.Targets, Starts: c.Starts, During: c.During,
		Say: func(f string, v ...any) { a.say(f, v...) },
	})
	var missing *bench.PeerMissingError
	if errors.As(err, &missing) {
		return usageError(missing.Error())
	}
	if err != nil || !c.JSON {
		return a.report(r, err, "")
	}
	if err := r.WriteJSON(a.out); err != nil {
		return err
	}
	if r.Failed() {
		return errSilent
	}
	return nil
}

// someOf reads a list of names, all of which must be known.
func someOf(flag, list string, known []string) ([]string, error) {
	names := strings.Split(list, ",")
	for _, n := range names {
		if !slices.Contains(known, n) {
			return nil, usageError(fmt.Sprintf("%s: %q is not one of %s", flag, n, strings.Join(known, ", ")))
		}
	}
	return names, nil
}

// benchFirstCmd is what bench python starts to measure the time from the start of this program to its first gradient.
type benchFirstCmd struct {
	Problem string  `arg:"" help:"Problem as bench python writes it."`
	Method  string  `help:"Solver." required:""`
	RTol    float64 `name:"rtol" help:"Relative tolerance." required:""`
	Factor  float64 `help:"Absolute over relative tolerance, in units of the scales." required:""`
}

func (c *benchFirstCmd) Run(a *app) error {
	return bench.FirstGradient(a.ctx, a.out, c.Problem, c.Method, c.RTol, c.Factor)
}
