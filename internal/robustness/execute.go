package robustness

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// run is one run of the program that has ended.
type run struct {
	args     []string
	out, err string
	status   int // exit status; −1 after a signal
	hung     bool
}

// command makes a command with the limits of memory where there is a shell that knows them.
func (l *lab) command(ctx context.Context, dir string, args []string) *exec.Cmd {
	c := exec.CommandContext(ctx, l.Program, args...)
	if sh, err := exec.LookPath("sh"); err == nil {
		limited := append([]string{"-c", fmt.Sprintf(`ulimit -v %d 2>/dev/null; exec "$0" "$@"`, l.Memory>>10), l.Program}, args...)
		c = exec.CommandContext(ctx, sh, limited...)
	}
	c.Dir, c.WaitDelay = dir, time.Second
	c.Env = append(os.Environ(), "TMPDIR="+dir)
	return c
}

// execute runs the program to its end or its limit.
func (l *lab) execute(ctx context.Context, dir string, args ...string) run {
	ctx, cancel := context.WithTimeout(ctx, l.Limit)
	defer cancel()
	c := l.command(ctx, dir, args)
	var out, talk bytes.Buffer
	c.Stdout, c.Stderr = &out, &talk
	err := c.Run()
	r := run{args: args, out: out.String(), err: talk.String(), hung: errors.Is(ctx.Err(), context.DeadlineExceeded)}
	if c.ProcessState == nil {
		r.status, r.err = -1, fmt.Sprint(err)
	} else {
		r.status = c.ProcessState.ExitCode()
	}
	return r
}

var (
	trace = regexp.MustCompile(`(?m)^(panic: |fatal error: |runtime: |goroutine \d+ \[)|SIGSEGV`)
	// overflowed are numbers that a message shows where arithmetic on what was asked for went over its end.
	overflowed = regexp.MustCompile(`-9223372036854775808|9223372036854775807|%!|<nil>`)
)

// judge sorts a run. For one that was successful right says whether its results are; nil: it must not have been successful.
func (r *run) judge(right func() error) (Outcome, string) {
	last := strings.TrimSpace(r.err)
	if i := strings.LastIndex(last, "\nstiffnode: "); i >= 0 {
		last = last[i+1:]
	}
	who := fmt.Sprintf("%q: status %d: %.300s", r.args, r.status, last)
	switch {
	case r.hung:
		return Hang, who
	case trace.MatchString(r.err):
		return Panic, who
	case r.status < 0:
		return Panic, who
	case r.status == 0 && right == nil:
		return Wrong, "accepted: " + who
	case r.status == 0:
		if err := right(); err != nil {
			return Wrong, fmt.Sprintf("%v: %s", err, who)
		}
		return Right, ""
	}
	message := last
	switch {
	case r.status != 1 && r.status != 2:
		return Wrong, "a status without meaning: " + who
	case !strings.HasPrefix(message, "stiffnode: ") && r.status == 2, len(message) < 20:
		return Wrong, "no message: " + who
	case len(message) > 4000:
		return Wrong, fmt.Sprintf("a message of %d bytes: %s", len(message), who)
	case overflowed.MatchString(message):
		return Wrong, "a message with numbers that nobody gave: " + who
	case strings.Contains(message, "\x1b"):
		return Wrong, "control characters in a message: " + who
	case r.status == 2 && r.out != "":
		return Wrong, "results in spite of a refusal: " + who
	}
	return Clear, ""
}

// finiteCSV says what is not a number among the results of predict.
func (r *run) finiteCSV() error {
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	if len(lines) < 2 {
		return errors.New("no results")
	}
	// The header has names and units, which may be anything.
	if rows := strings.Join(lines[1:], "\n"); strings.Contains(rows, "Inf") || strings.Contains(rows, "NaN") {
		return errors.New("results that are no numbers")
	}
	return nil
}

// score is the mae that evaluate --json printed.
func (r *run) score() (float64, error) {
	var s struct {
		MAE *float64 `json:"mae"`
	}
	if err := json.Unmarshal([]byte(r.out), &s); err != nil || s.MAE == nil {
		return 0, fmt.Errorf("no mae in %.100q", r.out)
	}
	if math.IsNaN(*s.MAE) || math.IsInf(*s.MAE, 0) || *s.MAE < 0 {
		return 0, fmt.Errorf("mae is %g", *s.MAE)
	}
	return *s.MAE, nil
}

// prepare makes the data and the models that trials damage.
func (l *lab) prepare(ctx context.Context) error {
	do := func(args ...string) error {
		r := l.execute(ctx, l.dir, args...)
		// A model that has not learned much, status 1, is as good as another here.
		if r.hung || r.status != 0 && (args[0] != "train" || r.status != 1) {
			return fmt.Errorf("stiffnode %s: status %d: %s", strings.Join(args, " "), r.status, r.err)
		}
		return nil
	}
	if err := os.WriteFile(filepath.Join(l.dir, "plain.csv"), []byte(exampleTable().text(plainStyle)), 0o644); err != nil {
		return err
	}
	steps := [][]string{
		{"simulate", "ROBER", "--times", "log:1e-4:1e2:20", "--out", "rober.csv"},
		{"train", "plain.csv", "--out", "plain"},
		{"train", "rober.csv", "--out", "projected", "--constraints", "y1+y2+y3", "--non-negative", "y1,y2,y3", "--network", "2x5", "--epochs", "20"},
		{"train", "rober.csv", "--out", "dae", "--set", "constraints.kind=dae", "--constraints", "y1+y2+y3=1", "--network", "2x5", "--epochs", "20"},
		{"train", "plain.csv", "--out", "timed", "--set", "model.time_input=linear", "--network", "1x4", "--epochs", "20"},
	}
	for _, s := range steps {
		if s[0] == "train" {
			s = append(s, "--no-figures")
		}
		if err := do(s...); err != nil {
			return err
		}
	}
	return nil
}
