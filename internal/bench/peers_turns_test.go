package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stiffnode/stiffnode/ode"
)

// A noisyMachine slows whatever it runs by a factor that stays the same for some turns.
type noisyMachine struct {
	turns int
	order []int
}

func (m *noisyMachine) slowness() float64 {
	m.turns++
	return []float64{1, 1.9, 1.4}[m.turns/7%3]
}

// A fakeSide takes some seconds on a quiet machine and is repeated as often as asked in every turn.
type fakeSide struct {
	machine *noisyMachine
	name    int
	seconds float64
	repeats int
	fail    error
}

func (f *fakeSide) turn(time.Duration) ([]float64, error) {
	f.machine.order = append(f.machine.order, f.name)
	return slices.Repeat([]float64{f.seconds * f.machine.slowness()}, f.repeats), f.fail
}

func (f *fakeSide) close() error { return nil }

// The ratio of sides that took turns is that of the quiet machine, although the times of each spread by 1.9.
func TestRatioOfTurns(t *testing.T) {
	m := new(noisyMachine)
	spent, err := takeTurns(t.Context(), []side{&fakeSide{machine: m, seconds: 3e-3, repeats: 2}, &fakeSide{machine: m, seconds: 1.2e-3, repeats: 5}}, 0, 21, leastRepeats)
	if err != nil {
		t.Fatal(err)
	}
	ratio := ratioOf(spent[1], spent[0])
	if math.Abs(ratio.median-0.4) > 1e-12 || ratio.repeats != 21 {
		t.Errorf("ratio %g of %d rounds, want 0.4 of 21", ratio.median, ratio.repeats)
	}
	if theirs := summary(slices.Concat(spent[0]...)); theirs.high/theirs.low < 1.8 {
		t.Errorf("the machine was not noisy: %v", theirs)
	}
	// by hand: medians within rounds of 2, 3 and 10 over 1, 2 and 4
	ratio = ratioOf([][]float64{{2, 1, 9}, {4, 2}, {10}}, [][]float64{{1}, {1, 3}, {4}})
	if ratio.low != 1.5 || ratio.median != 2 || ratio.high != 2.5 {
		t.Errorf("ratio %g [%g–%g], want 2 [1.5–2.5]", ratio.median, ratio.low, ratio.high)
	}
}

// Turns alternate in order, and there are enough rounds for every side's repeats.
func TestTakeTurns(t *testing.T) {
	m := new(noisyMachine)
	sides := []side{&fakeSide{machine: m, name: 0, repeats: 1}, &fakeSide{machine: m, name: 1, repeats: 3}}
	spent, err := takeTurns(t.Context(), sides, 0, 3, 4)
	if err != nil {
		t.Fatal(err)
	}
	if want := []int{0, 1, 1, 0, 0, 1, 1, 0}; !slices.Equal(m.order, want) {
		t.Errorf("turns %v, want %v", m.order, want)
	}
	if len(spent[0]) != 4 || len(spent[1]) != 4 || len(spent[1][0]) != 3 {
		t.Errorf("%d and %d rounds, want 4: three are asked for, but four repeats", len(spent[0]), len(spent[1]))
	}
	broken := errors.New("broken")
	if _, err := takeTurns(t.Context(), []side{&fakeSide{machine: m, repeats: 1, fail: broken}}, 0, 1, 1); !errors.Is(err, broken) {
		t.Errorf("got %v, want the error of the side", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := takeTurns(ctx, sides, 0, 1, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v after it was cancelled", err)
	}
}

// The fastest side is found by turns though it differs by a few per cent and the machine slows by 1.9.
func TestFastestSide(t *testing.T) {
	for best := range 7 {
		m := new(noisyMachine)
		var sides []side
		for i := range 7 {
			seconds := 1.05e-3
			if i == best {
				seconds = 1e-3
			}
			sides = append(sides, &fakeSide{machine: m, name: i, seconds: seconds, repeats: 2})
		}
		got, err := fastestSide(t.Context(), sides)
		if err != nil || got != best {
			t.Errorf("side %d, want %d; %v", got, best, err)
		}
	}
}

// playing is a setting of the baseline with an error of 1e-4 that a shell script plays.
func playing(t *testing.T, script string) *baselineRun {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell to play the baseline")
	}
	wrong := 1e-4
	b := &baselineRun{Problem: "rober", Error: &wrong, Micro: 500, Micro90: 600}
	b.inTurns = func(ctx context.Context) (*exec.Cmd, string) {
		return exec.CommandContext(ctx, shell, "-c", script), "1 2 3\nend\n"
	}
	return b
}

const playedTurns = `read table; read end; echo 1.0e-04; while read during; do echo '[1000.0,1001.5]'; done`

// A program is told its table, says its error and takes turns; one that breaks is an error that says why.
func TestProgramTurns(t *testing.T) {
	cmd, preamble := playing(t, playedTurns).inTurns(t.Context())
	p, err := startTurns(cmd, preamble)
	if err != nil {
		t.Fatal(err)
	}
	seconds, err := p.turn(time.Second)
	if err != nil || p.error != 1e-4 || len(seconds) != 2 || math.Abs(seconds[1]-1001.5e-6) > 1e-15 {
		t.Errorf("error %g, seconds %v, %v", p.error, seconds, err)
	}
	if err := p.close(); err != nil {
		t.Errorf("it did not end well: %v", err)
	}
	for _, script := range []string{
		`echo no such setting >&2; exit 2`,
		`echo 1e-4; read table; read end; read during; echo no such setting >&2; exit 2`,
		`echo 1e-4; read table; read end; read during; echo no such setting >&2; echo '[]'; cat >/dev/null`,
	} {
		cmd, preamble := playing(t, script).inTurns(t.Context())
		p, err := startTurns(cmd, preamble)
		if err == nil {
			_, err = p.turn(time.Second)
			_ = p.close()
		}
		if err == nil {
			t.Errorf("%s: no error", script)
		}
	}
}

// Turns are compared where there is a program for them; otherwise the ratio is that of the baseline's own time, and says so.
func TestMatch(t *testing.T) {
	row := peerRow{problem: "rober", what: "solve", floor: 0.5, bdf: 1, targets: []float64{1e-3}, solvers: []ode.Method{ode.Radau, ode.BDF}, work: workload{
		atols: scaledTolerances([]float64{1}),
		make: func(opt ode.Options) (func() error, func() float64, error) {
			return func() error { return nil }, func() float64 { return opt.RTol }, nil
		},
	}}
	missing := playing(t, "")
	missing.inTurns = func(ctx context.Context) (*exec.Cmd, string) {
		return exec.CommandContext(ctx, filepath.Join(t.TempDir(), "turns")), ""
	}
	for _, c := range []struct {
		label  string
		paired bool
		peer   *baselineRun
	}{
		{"in turns", true, playing(t, playedTurns)},
		{"program not built", false, missing},
		{"another error alone", false, playing(t, strings.Replace(playedTurns, "1.0e-04", "2.0e-04", 1))},
	} {
		said := ""
		o := &PeerOptions{During: time.Millisecond, Say: func(f string, v ...any) { said += fmt.Sprintf(f, v...) }}
		r := new(Report)
		if err := row.compare(t.Context(), r, []baselineRun{*c.peer}, o); err != nil {
			t.Fatalf("%s: %v", c.label, err)
		}
		cell := r.Tables[0].Rows[1][7]
		if unpaired := strings.Contains(cell, "unpaired"); unpaired == c.paired || unpaired != strings.Contains(r.Claims[0].Text, "not timed in turns") {
			t.Errorf("%s: ratio %q, claim %q", c.label, cell, r.Claims[0].Text)
		}
		if len(r.Claims) != 2 || r.Failed() {
			t.Errorf("%s: claims %+v", c.label, r.Claims)
		}
		if (said != "") != (c.label == "another error alone") {
			t.Errorf("%s: said %q", c.label, said)
		}
	}
	r := new(Report)
	if err := row.compare(t.Context(), r, nil, &PeerOptions{}); err != nil || len(r.Claims) != 0 {
		t.Errorf("without a baseline: %v, %+v", err, r.Claims)
	}
}
