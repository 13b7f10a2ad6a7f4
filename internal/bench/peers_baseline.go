package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// A baselineRun is one line of the baseline's programs: CVODE or CVODES with one setting on one problem.
type baselineRun struct {
	What      string   `json:"what"`
	Problem   string   `json:"prob"`
	Method    string   `json:"method"`
	Library   string   `json:"lib"`
	Tolerance string   `json:"atol_mode"`
	Variant   string   `json:"variant"`
	Interp    string   `json:"interp"`
	Scheme    string   `json:"ism"`
	RTol      float64  `json:"rtol"`
	Fail      int      `json:"fail"`
	Error     *float64 `json:"err_scaled_max"`
	Gradient  *float64 `json:"grad_relL2_frozen"`
	Micro     float64  `json:"us_cpu_med"`
	Micro90   float64  `json:"us_cpu_p90"`
	Milli     float64  `json:"ms_cpu_med"`
	Milli90   float64  `json:"ms_cpu_p90"`
	// what a solve took, where it is told
	Steps     int `json:"steps"`
	Evals     int `json:"rhs"`
	Jacobians int `json:"jac"`
	Setups    int `json:"setups"`
}

// error is that of the gradient where there is one, otherwise of the solution; a failed run has none.
func (b *baselineRun) error() float64 {
	e := b.Error
	if b.What == "node_grad" {
		e = b.Gradient
	}
	if b.Fail != 0 || e == nil {
		return math.Inf(1)
	}
	return *e
}

// seconds are median and ninetieth percentile.
func (b *baselineRun) seconds() (median, high float64) {
	if b.What == "node_grad" {
		return 1e-3 * b.Milli, 1e-3 * b.Milli90
	}
	return 1e-6 * b.Micro, 1e-6 * b.Micro90
}

// setting says how it was run.
func (b *baselineRun) setting() string {
	words := []string{fmt.Sprintf("rtol %.0e", b.RTol), "atol " + b.Tolerance}
	for _, w := range []string{b.Variant, b.Interp, b.Scheme} {
		if w != "" && w != "default" {
			words = append(words, w)
		}
	}
	if b.Library != "fast" {
		words = append(words, b.Library)
	}
	return strings.Join(words, ", ")
}

// networkParts are the arguments by which the baseline's programs on networks know a part.
var networkParts = map[string]string{"forward": "b", "adjoint": "a", "sens": "f"}

// runBaseline runs one part of the baseline built in a folder: mech, forward, adjoint or sens. The parts on networks can be run with fewer repeats
// than their script asks for; 0 leaves it to the script.
func runBaseline(ctx context.Context, references, build, part string, repeats int) ([]baselineRun, error) {
	script := filepath.Join(references, "peers", "cvodes", "run.sh")
	build, err := filepath.Abs(build)
	if err != nil {
		return nil, err
	}
	for _, path := range []string{script, filepath.Join(build, "mech1")} {
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("the C baseline is not there: %w; build it with peers/cvodes/build.sh of the reference folder", err)
		}
	}
	arg, network := networkParts[part]
	if repeats == 0 || !network {
		return baselineOutput(exec.CommandContext(ctx, "bash", script, build, part))
	}
	var rows []baselineRun
	for _, program := range []string{"node1", "node2", "node1inv", "node2inv"} {
		if strings.HasSuffix(program, "inv") && part != "sens" {
			continue
		}
		cmd := exec.CommandContext(ctx, filepath.Join(build, program), arg, strconv.Itoa(repeats), "0")
		cmd.Dir = filepath.Join(references, "peers", "cvodes", "data")
		found, err := baselineOutput(cmd)
		if err != nil {
			return nil, err
		}
		rows = append(rows, found...)
	}
	return rows, nil
}

func baselineOutput(cmd *exec.Cmd) ([]baselineRun, error) {
	var talk strings.Builder
	cmd.Stderr = &talk
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("the C baseline (%s) failed: %w\n%s", strings.Join(cmd.Args, " "), err, talk.String())
	}
	return parseBaseline(string(out))
}

// parseBaseline reads what the programs print, an object a line, in which numbers that are not finite stand as C prints them.
func parseBaseline(out string) ([]baselineRun, error) {
	finite := strings.NewReplacer(":-nan", ":null", ":nan", ":null", ":-inf", ":null", ":inf", ":null")
	var rows []baselineRun
	s := bufio.NewScanner(strings.NewReader(out))
	for line := 1; s.Scan(); line++ {
		text := strings.TrimSpace(s.Text())
		if !strings.HasPrefix(text, "{") {
			continue
		}
		var b baselineRun
		if err := json.Unmarshal([]byte(finite.Replace(text)), &b); err != nil {
			return nil, fmt.Errorf("output of the C baseline, line %d: %w", line, err)
		}
		rows = append(rows, b)
	}
	return rows, s.Err()
}

// cheapest is the fastest setting on a problem whose error is at most the target, or nil.
func cheapest(rows []baselineRun, problem string, target float64) *baselineRun {
	var best *baselineRun
	for i := range rows {
		b := &rows[i]
		if b.Problem != problem || !(b.error() <= target) {
			continue
		}
		if best == nil || b.time() < best.time() {
			best = b
		}
	}
	return best
}

func (b *baselineRun) time() float64 { median, _ := b.seconds(); return median }
