package bench

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// cvodeProgram is what cvodes/build.sh leaves in the folder of a SUNDIALS build.
const cvodeProgram = "solve"

// runCVODE runs CVODE with hundreds of settings on a problem, at the case's times and against its solution, each as often as repeats at least.
func runCVODE(ctx context.Context, build string, c *solverCase, repeats int) ([]baselineRun, error) {
	return sweepCVODE(ctx, build, c, 10*time.Millisecond, repeats, 4)
}

// sweepCVODE runs every setting as long and as often as asked, with so many relative tolerances in a decade.
func sweepCVODE(ctx context.Context, build string, c *solverCase, during time.Duration, repeats, perDecade int) ([]baselineRun, error) {
	path, err := filepath.Abs(filepath.Join(build, cvodeProgram))
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("CVODE's program is not there: %w; make it with internal/bench/cvodes/build.sh", err)
	}
	command := func(ctx context.Context, args ...string) *exec.Cmd {
		return exec.CommandContext(ctx, path, append([]string{c.problem.Name}, args...)...)
	}
	table := c.table()
	cmd := command(ctx, fmt.Sprint(during.Seconds()), fmt.Sprint(repeats), fmt.Sprint(perDecade))
	cmd.Stdin = strings.NewReader(table)
	runs, err := baselineOutput(cmd)
	if err != nil {
		return nil, err
	}
	for i := range runs {
		b := &runs[i]
		variant, mode, rtol := b.Variant, b.Tolerance, exactly(b.RTol)
		b.inTurns = func(ctx context.Context) (*exec.Cmd, string) {
			return command(ctx, "turns", variant, mode, rtol), table + "end\n"
		}
	}
	return runs, nil
}

// table is the solution as CVODE's program reads it: a line for every time.
func (c *solverCase) table() string {
	var b strings.Builder
	k := c.problem.IVP.Dim
	for i, t := range c.times {
		fmt.Fprintf(&b, "%.17g", t)
		for _, v := range c.want[i*k : (i+1)*k] {
			fmt.Fprintf(&b, " %.17g", v)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// furtherPeers are CVODE's runs on known problems with more settings than the baseline's own programs have, which know two of these
// only; none where the program has not been built. Tolerances are fine, since ours are refined around each target, and passes several, so that a
// setting is timed at moments far apart.
func furtherPeers(ctx context.Context, build, references string) ([]baselineRun, error) {
	if _, err := os.Stat(filepath.Join(build, cvodeProgram)); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	const passes, perDecade = 2, 8
	var out []baselineRun
	for _, name := range peerProblems {
		c, key, err := mechanisticCase(references, name)
		if err != nil {
			return nil, err
		}
		var runs []baselineRun
		for range passes {
			again, err := sweepCVODE(ctx, build, c, 3*time.Millisecond, leastRepeats/passes, perDecade)
			if err != nil {
				return nil, err
			}
			runs = quietest(runs, again)
		}
		for i := range runs {
			runs[i].Problem = key
		}
		out = append(out, runs...)
	}
	return out, nil
}

// quietest takes, of the same settings run twice, those runs whose fastest repeat is less.
func quietest(runs, again []baselineRun) []baselineRun {
	if runs == nil {
		return again
	}
	for i := range runs {
		if i < len(again) && again[i].least() < runs[i].least() {
			runs[i] = again[i]
		}
	}
	return runs
}
