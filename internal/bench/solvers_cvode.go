package bench

import (
	"bytes"
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
	const during = 10 * time.Millisecond
	path, err := filepath.Abs(filepath.Join(build, cvodeProgram))
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("CVODE's program is not there: %w; make it with internal/bench/cvodes/build.sh", err)
	}
	var table bytes.Buffer
	k := c.problem.IVP.Dim
	for i, t := range c.times {
		fmt.Fprintf(&table, "%.17g", t)
		for _, v := range c.want[i*k : (i+1)*k] {
			fmt.Fprintf(&table, " %.17g", v)
		}
		table.WriteByte('\n')
	}
	cmd := exec.CommandContext(ctx, path, c.problem.Name, fmt.Sprint(during.Seconds()), fmt.Sprint(repeats))
	cmd.Stdin = &table
	var talk strings.Builder
	cmd.Stderr = &talk
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("CVODE on %s failed: %w\n%s", c.problem.Name, err, talk.String())
	}
	return parseBaseline(string(out))
}

// furtherPeers are CVODE's runs on the problems that the baseline's own programs do not know; none where the program has not been built.
func furtherPeers(ctx context.Context, build string) ([]baselineRun, error) {
	if _, err := os.Stat(filepath.Join(build, cvodeProgram)); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var out []baselineRun
	for _, name := range []string{"HIRES", "OREGO", "VDPOL"} {
		c, err := newSolverCase(name)
		if err != nil {
			return nil, err
		}
		runs, err := runCVODE(ctx, build, c, leastRepeats)
		if err != nil {
			return nil, err
		}
		out = append(out, runs...)
	}
	return out, nil
}
