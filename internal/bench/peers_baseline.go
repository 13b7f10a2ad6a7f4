package bench

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
	MicroMin  float64  `json:"us_cpu_min"`
	Milli     float64  `json:"ms_cpu_med"`
	Milli90   float64  `json:"ms_cpu_p90"`
	MilliMin  float64  `json:"ms_cpu_min"`
	// what else a gradient's setting is told by
	Newton       float64 `json:"nlconv"`
	ToleranceB   string  `json:"atolB"`
	QuadratureOn int     `json:"quad_errcon"`
	SensOn       int     `json:"sens_errcon"`
	// what a solve took, where it is told
	Steps     int `json:"steps"`
	Evals     int `json:"rhs"`
	Jacobians int `json:"jac"`
	Setups    int `json:"setups"`
	// inTurns is the program that runs this setting alone, in turns, with what it is told first.
	inTurns func(context.Context) (*exec.Cmd, string)
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
	if b.ToleranceB != "" {
		words = append(words, fmt.Sprintf("atolB %s, nlconv=%g", b.ToleranceB, b.Newton))
	}
	if b.QuadratureOn != 0 {
		words = append(words, "quadratures in the error test")
	}
	if b.SensOn != 0 {
		words = append(words, "sensitivities in the error test")
	}
	if b.Library != "fast" {
		words = append(words, b.Library)
	}
	return strings.Join(words, ", ")
}

// A baselinePart is what a part of the baseline runs: of its two problems, by programs of these names followed by the problem's number and, on
// networks, by one more with a faster linear solver; with which arguments, repeats and seconds for each setting.
type baselinePart struct {
	program, arg    string
	inverse         bool
	repeats, during string
}

var baselineParts = map[string]baselinePart{
	"mech":    {program: "mech"},
	"forward": {program: "node", arg: "b", repeats: "30", during: "0.3"},
	"adjoint": {program: "node", arg: "a", repeats: "21", during: "0.3"},
	"sens":    {program: "node", arg: "f", inverse: true, repeats: "21", during: "0.1"},
}

// runBaseline runs one part of the baseline built in a folder, with the arguments of its script run.sh, which however would move it to core 0: it
// belongs on the core of this process. The parts on networks can be run with fewer repeats; 0 means those of the script.
func runBaseline(ctx context.Context, references, build, part string, repeats int) ([]baselineRun, error) {
	p, ok := baselineParts[part]
	if !ok {
		return nil, fmt.Errorf("the baseline has no part %q; there are %v", part, PeerParts)
	}
	data := filepath.Join(references, "peers", "cvodes", "data")
	build, err := filepath.Abs(build)
	if err != nil {
		return nil, err
	}
	for _, path := range []string{data, filepath.Join(build, "mech1")} {
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("the C baseline is not there: %w; build it with peers/cvodes/build.sh of the reference folder", err)
		}
	}
	programs := []string{p.program + "1", p.program + "2"}
	if p.inverse {
		programs = append(programs, p.program+"1inv", p.program+"2inv")
	}
	var args []string
	switch {
	case p.arg != "" && repeats > 0:
		args = []string{p.arg, strconv.Itoa(repeats), "0"}
	case p.arg != "":
		args = []string{p.arg, p.repeats, p.during}
	}
	command := func(ctx context.Context, program string, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, filepath.Join(build, program), args...)
		cmd.Dir = data
		return cmd
	}
	var rows []baselineRun
	for _, program := range programs {
		found, err := baselineOutput(command(ctx, program, args...))
		if err != nil {
			return nil, err
		}
		for i := range found {
			words := found[i].words(part)
			found[i].inTurns = func(ctx context.Context) (*exec.Cmd, string) { return command(ctx, "turns-"+program, words...), "" }
		}
		rows = append(rows, found...)
	}
	return rows, nil
}

// words are those by which cvodes/turns.c knows a setting.
func (b *baselineRun) words(part string) []string {
	rtol := exactly(b.RTol)
	switch part {
	case "mech":
		return []string{b.Tolerance, rtol}
	case "forward":
		return []string{part, b.Variant, b.Tolerance, rtol}
	case "adjoint":
		return []string{part, b.Interp, exactly(b.Newton), b.Tolerance, b.ToleranceB, strconv.Itoa(b.QuadratureOn), rtol}
	}
	return []string{part, b.Scheme, b.Tolerance, strconv.Itoa(b.SensOn), rtol}
}

func exactly(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

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

// least is the time of the fastest repeat, which says more than the median does when neighbours disturbed some; the median where it was not printed.
func (b *baselineRun) least() float64 {
	switch {
	case b.MilliMin > 0:
		return 1e-3 * b.MilliMin
	case b.MicroMin > 0:
		return 1e-6 * b.MicroMin
	}
	return b.time()
}

// contendersOf are the settings on a problem with an error of at most the target whose fastest repeats come near the fastest of all, that one first.
func contendersOf(rows []baselineRun, problem string, target float64) []*baselineRun {
	const most, near = 12, 2
	var able []*baselineRun
	for i := range rows {
		if b := &rows[i]; b.Problem == problem && b.error() <= target {
			able = append(able, b)
		}
	}
	slices.SortStableFunc(able, func(a, b *baselineRun) int { return cmp.Compare(a.least(), b.least()) })
	return nearFirst(able, (*baselineRun).least, most, near)
}

// nearFirst are those of a sorted list that come near its first, at most so many.
func nearFirst[T any](sorted []T, value func(T) float64, most int, near float64) []T {
	for i, v := range sorted {
		if i == most || value(v) > near*value(sorted[0]) {
			return sorted[:i]
		}
	}
	return sorted
}
