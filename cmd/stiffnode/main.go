// Command stiffnode learns stiff dynamics from time series, and uses what it has learned.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// cli is the command line. Each verb is in a file of its own.
type cli struct {
	Train     trainCmd     `cmd:"" help:"Learn a model from time series."`
	Predict   predictCmd   `cmd:"" help:"Solve a model from new initial states or at new times; CSV on standard output."`
	Evaluate  evaluateCmd  `cmd:"" help:"Measure how far a model is from data."`
	Simulate  simulateCmd  `cmd:"" help:"Make data from a known problem; CSV on standard output."`
	Laws      lawsCmd      `cmd:"" help:"Find linear conservation laws in time series; one law a line on standard output."`
	Problems  problemsCmd  `cmd:"" help:"List the known problems."`
	Gradients gradientsCmd `cmd:"" help:"Compare every gradient method on a model and data."`
	Methods   methodsCmd   `cmd:"" help:"List the solvers and the gradient methods."`
	Paper     paperCmd     `cmd:"" help:"Reproduce the figures and claims of the paper, with verdicts."`
	Bench     benchCmd     `cmd:"" help:"Figures of this machine."`
}

// app is what every verb is run with.
type app struct {
	ctx      context.Context
	out, err io.Writer // results, talk
}

// say writes a line of talk.
func (a *app) say(format string, args ...any) { fmt.Fprintf(a.err, format+"\n", args...) }

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

const description = `Learn stiff dynamics: give time series of a stiff system, get a neural ordinary differential equation that reproduces them.

Begin with:  stiffnode simulate ROBER > rober.csv  and  stiffnode train rober.csv`

// run is main with everything that a test wants to choose, and returns the exit status.
func run(args []string, out, talk io.Writer) int {
	results := &checked{w: out}
	status := runChecked(args, results, talk)
	if results.err != nil && status == 0 {
		fmt.Fprintln(talk, "stiffnode: the results could not be written:", results.err)
		return exitFailed
	}
	return status
}

// checked remembers whether all that was written has arrived: a full disk behind standard output must not end with status 0.
type checked struct {
	w   io.Writer
	err error
}

func (c *checked) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	if err != nil && c.err == nil {
		c.err = err
	}
	return n, err
}

func runChecked(args []string, out, talk io.Writer) int {
	var c cli
	code := -1
	parser, err := kong.New(&c, kong.Name("stiffnode"), kong.Description(description), kong.Writers(out, talk),
		kong.Exit(func(n int) { code = n }), kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.UsageOnError())
	if err != nil {
		fmt.Fprintln(talk, "stiffnode:", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if code >= 0 { // help was asked for
		return code
	}
	if err != nil {
		fmt.Fprintf(talk, "stiffnode: %s; --help shows what there is\n", legible(err.Error()))
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends at once
	err = parsed.Run(&app{ctx: ctx, out: out, err: talk})
	status := exitStatus(err)
	if err != nil && !errors.Is(err, errSilent) {
		fmt.Fprintln(talk, "stiffnode:", legible(err.Error()))
	}
	return status
}
