package bench

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stiffnode/stiffnode/ode"
)

// powerLaw are counts c·error^−slope at four tolerances a decade, the errors jittering by up to a factor of three.
func powerLaw(steps float64, slope float64) []solveCounts {
	var out []solveCounts
	for quarter := 8; quarter <= 40; quarter++ {
		e := math.Pow(10, -float64(quarter)/4)
		n := steps * math.Pow(e, -slope)
		out = append(out, solveCounts{error: e * math.Pow(3, math.Sin(float64(7*quarter))), steps: n, evals: 2 * n, jacobians: n / 10, factors: n / 5})
	}
	return out
}

func TestTrend(t *testing.T) {
	for _, target := range []float64{1e-4, 1e-7} {
		got, ok := trend(powerLaw(10, 0.2), target)
		want := 10 * math.Pow(target, -0.2)
		if !ok || math.Abs(got.steps/want-1) > trendResolution-1 || math.Abs(got.evals/(2*want)-1) > trendResolution-1 {
			t.Errorf("error %g: %+v, want %g steps", target, got, want)
		}
	}
	if _, ok := trend(powerLaw(10, 0.2), 1e-14); ok {
		t.Error("a trend was drawn where nothing was measured")
	}
	best, ok := bestTrend(map[string][]solveCounts{"a": powerLaw(10, 0.2), "b": powerLaw(8, 0.2), "c": nil}, 1e-5)
	if want := 16 * math.Pow(1e-5, -0.2); !ok || math.Abs(best.evals/want-1) > trendResolution-1 {
		t.Errorf("%+v is not the family with the fewest evaluations, %g", best, want)
	}
}

// A count that is larger than a peer's by more than can be resolved fails, and so does a mean above 1.
func TestCountsJudged(t *testing.T) {
	peer := solveCounts{steps: 100, evals: 200, factors: 30}
	for _, c := range []struct {
		ours   solveCounts
		failed bool
	}{
		{peer, false},
		{solveCounts{steps: 90, evals: 150, factors: 30}, false},
		{solveCounts{steps: 105, evals: 200, factors: 30}, true},
		{solveCounts{steps: 90, evals: 230, factors: 30}, true},
		{solveCounts{steps: 90, evals: 190, factors: 40}, true},
	} {
		var r Report
		var ratios countRatios
		ratios.add(&r, "x", c.ours, peer)
		ratios.judge(&r)
		if len(r.Claims) != 2 || r.Failed() != c.failed {
			t.Errorf("%+v: %+v", c.ours, r.Claims)
		}
	}
}

// The study on a small part of its problems, CVODE being replaced by a program that prints what BDF took: nothing may fail beside a peer that takes
// a little more, and something must beside one that takes half.
func TestSolvers(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the program that stands for CVODE is a shell script")
	}
	c, err := newSolverCase("HIRES")
	if err != nil {
		t.Fatal(err)
	}
	runs, err := c.sweep(t.Context(), []ode.Method{ode.BDF}, 1e-3)
	if err != nil {
		t.Fatal(err)
	}
	for _, share := range []float64{1.05, 0.5} {
		var b strings.Builder
		b.WriteString("#!/bin/sh\ncat > reference.txt\ncat <<'END'\n")
		for _, r := range runs {
			s := &r.stats
			fmt.Fprintf(&b, `{"what":"mech_cvode","lib":"fast","prob":"HIRES","atol_mode":"%d","rtol":%g,"fail":0,"err_scaled_max":%g,"steps":%d,"rhs":%d,"setups":%d,"jac":%d,"us_cpu_med":%g}`+"\n",
				r.atol, r.opt.RTol, r.error, int(share*float64(s.Steps)), int(share*float64(s.Evals)), int(share*float64(s.Factorisations)), s.Jacobians, 1e6*r.quick)
		}
		b.WriteString("END\n")
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, cvodeProgram), []byte(b.String()), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Chdir(dir)
		r, err := Solvers(t.Context(), SolverOptions{CVODE: dir, Problems: []string{"HIRES"}, Targets: []float64{1e-3}, During: time.Millisecond, Say: func(string, ...any) {}})
		if err != nil {
			t.Fatal(err)
		}
		// a claim beside the peer, the mean, and two beside what was published
		if len(r.Claims) != 4 || r.Failed() != (share < 1) {
			t.Errorf("a peer with %g of the counts: %+v", share, r.Claims)
		}
		if rows := r.Tables[0].Rows; len(rows) != 5 {
			t.Errorf("rows: %v", rows)
		}
		table, err := os.ReadFile("reference.txt")
		if err != nil || bytes.Count(table, []byte("\n")) != len(c.times) {
			t.Errorf("the program was given %d lines for %d times, %v", bytes.Count(table, []byte("\n")), len(c.times), err)
		}
	}
	if _, err := runCVODE(t.Context(), t.TempDir(), c, 1); err == nil || !strings.Contains(err.Error(), "build.sh") {
		t.Errorf("no program: %v", err)
	}
}

// Every switching pair keeps what the study claims.
func TestSwitchingStudy(t *testing.T) {
	r, err := Switching(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Claims) != 16 {
		t.Errorf("%d claims, want two for each of four pairs at two tolerances", len(r.Claims))
	}
	for _, c := range r.Claims {
		if !c.Agrees {
			t.Error(c.Text)
		}
	}
}
