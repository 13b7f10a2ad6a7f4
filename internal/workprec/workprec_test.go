package workprec

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// The accuracy matrix, in part; STIFFNODE_TEST=long runs all of it.
func TestAccuracyMatrix(t *testing.T) {
	opt := Accuracy()
	if os.Getenv("STIFFNODE_TEST") != "long" {
		opt.RTols = []float64{1e-4, 1e-6}
	}
	res, err := Run(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	s := res.Summary()
	var table bytes.Buffer
	if err := res.WriteTable(&table); err != nil {
		t.Fatal(err)
	}
	t.Log(table.String())
	for i := range res.Cells {
		if c := &res.Cells[i]; c.Verdict == Wrong {
			t.Errorf("%s with %s at rtol %g: success with %.2f digits, %.2f are due", c.Problem, c.Method, c.RTol, c.Digits, c.Floor)
		}
	}
	if float64(s.Failed) > mostFailures*float64(s.Cells) {
		t.Errorf("%d of %d cells failed", s.Failed, s.Cells)
	}
	if len(s.Complete) < completeMethods {
		t.Errorf("only %v solve everything", s.Complete)
	}
}

// run measures one method on one problem at one tolerance.
func run(t *testing.T, m ode.Method, p *problems.Problem, rtol float64) *Result {
	t.Helper()
	res, err := Run(context.Background(), Options{Methods: []ode.Method{m}, Problems: []*problems.Problem{p}, RTols: []float64{rtol}})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestVerdicts(t *testing.T) {
	right := problems.HIRES()
	if c := run(t, ode.Radau, right, 1e-6).Cells[0]; c.Verdict != Passed || c.Digits < c.Floor || c.Stats.Steps == 0 || c.Seconds <= 0 {
		t.Errorf("HIRES: %+v", c)
	}

	wrong := *right
	wrong.Reference = slices.Clone(wrong.Reference)
	for i, r := range wrong.Reference {
		wrong.Reference[i].Y = slices.Clone(r.Y)
		wrong.Reference[i].Y[5] *= 1.1
	}
	res := run(t, ode.Radau, &wrong, 1e-6)
	if c := res.Cells[0]; c.Verdict != Wrong || c.Digits > 1.5 || c.Digits < 0.5 {
		t.Errorf("a reference off by a tenth: %+v", c)
	}
	if !res.Failed() {
		t.Error("a wrong success does not fail the matrix")
	}

	// y' = y² from 1 has its singularity at t = 1
	blowUp := problems.Decay()
	blowUp.Stiff, blowUp.T1, blowUp.Checks = true, 2, []float64{2}
	blowUp.IVP = ode.FuncJacobian(1,
		func(dst []float64, _ float64, y []float64) { dst[0] = y[0] * y[0] },
		func(j *ode.Jacobian, _ float64, y []float64) { j.Set(0, 0, 2*y[0]) })
	c := run(t, ode.Rosenbrock23, blowUp, 1e-6).Cells[0]
	if c.Verdict != Failed || !strings.Contains(c.Cause, "step size too small at t = 0.9999") || c.Stats.Steps == 0 {
		t.Errorf("a singularity at t = 1: %+v", c)
	}

	if c := run(t, ode.TRBDF2, problems.OREGO(), 1e-3).Cells[0]; c.Verdict != Reported {
		t.Errorf("OREGO at 1e-3 is reported only: %+v", c)
	}
}

func TestOnlyClaimsAreMeasured(t *testing.T) {
	for _, c := range []struct {
		m    ode.Method
		p    *problems.Problem
		rtol float64
		want int
	}{
		{ode.Tsit5, problems.ROBER(), 1e-3, 0},
		{ode.Tsit5, problems.LotkaVolterra(), 1e-3, 1},
		{ode.KenCarp4IMEX, problems.ROBER(), 1e-3, 0},
		{ode.KenCarp4IMEX, problems.Brusselator(40), 1e-3, 1},
		{ode.AutoTsit5Rosenbrock23, problems.ROBERDAE(), 1e-3, 0},
		{ode.ImplicitEuler, problems.HIRES(), 1e-6, 0},
	} {
		if n := len(run(t, c.m, c.p, c.rtol).Cells); n != c.want {
			t.Errorf("%s on %s: %d cells, want %d", c.m.Info().Name, c.p.Name, n, c.want)
		}
	}
}

// Best finds the fastest of those that are accurate enough, whatever their order.
func TestBest(t *testing.T) {
	r := &Result{Problems: []Description{{Name: "p"}}, Methods: []string{"a", "b"}, Cells: []Cell{
		{Problem: "p", Method: "a", Error: 1e-2, Seconds: 1},
		{Problem: "p", Method: "a", Error: 1e-7, Seconds: 5},
		{Problem: "p", Method: "b", Error: 1e-4, Seconds: 3},
		{Problem: "p", Method: "b", Seconds: 2, Verdict: Failed},
		{Problem: "q", Method: "b", Error: 1e-9, Seconds: 0.5},
	}}
	if c, ok := r.Best("p", 1e-3); !ok || c.Seconds != 3 {
		t.Errorf("error 1e-3: %+v", c)
	}
	if c, ok := r.Best("p", 1e-6); !ok || c.Seconds != 5 {
		t.Errorf("error 1e-6: %+v", c)
	}
	if _, ok := r.Best("p", 1e-9); ok {
		t.Error("nothing reaches 1e-9")
	}
	var b bytes.Buffer
	if err := r.WriteWork(&b); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "1e-03"); n != 2 {
		t.Errorf("two methods reach 1e-3, the table has %d rows:\n%s", n, &b)
	}
	if f := r.Figure("p"); len(f.Panels[0][0].Series) != 2 || len(f.Panels[0][0].Series[1].X) != 1 {
		t.Errorf("the figure holds %+v", f.Panels[0][0].Series)
	}
}

func TestResultSurvivesJSON(t *testing.T) {
	res := run(t, ode.Rodas4, problems.ProtheroRobinson(-1e6), 1e-6)
	data, err := json.Marshal(res)
	if err != nil {
		t.Fatal(err)
	}
	var back Result
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(*res, back) {
		t.Errorf("%+v became %+v", *res, back)
	}
}

// What is measured, times apart, does not depend on the number of workers.
func TestWorkersChangeNothing(t *testing.T) {
	opt := Options{Methods: []ode.Method{ode.Radau, ode.BDF}, Problems: []*problems.Problem{problems.HIRES(), problems.ROBER()}, RTols: []float64{1e-3, 1e-5}}
	var results []*Result
	for _, n := range []int{1, 3} {
		opt.Workers = n
		calls := 0
		opt.Progress = func(_ *Cell, done, total int) {
			calls++
			if done != calls || total != 8 {
				t.Errorf("call %d reports %d of %d", calls, done, total)
			}
		}
		r, err := Run(context.Background(), opt)
		if err != nil {
			t.Fatal(err)
		}
		for i := range r.Cells {
			r.Cells[i].Seconds = 0
		}
		results = append(results, r)
	}
	if !reflect.DeepEqual(results[0], results[1]) {
		t.Error("one worker and three measure different things")
	}
}

// What takes too long is left out with everything tighter, and nothing else is.
func TestTooLongIsLeftOut(t *testing.T) {
	opt := Options{Methods: []ode.Method{ode.ImplicitEuler, ode.Radau}, Problems: []*problems.Problem{problems.HIRES()}, RTols: []float64{1e-3, 1e-4, 1e-5}, Workers: 1, Longest: time.Nanosecond}
	calls := 0
	opt.Progress = func(c *Cell, done, total int) {
		if calls++; c != nil || done != calls || total != 6 {
			t.Errorf("call %d: %v, %d of %d", calls, c, done, total)
		}
	}
	res, err := Run(context.Background(), opt)
	if err != nil || len(res.Cells) != 0 || res.LeftOut != 6 || calls != 6 {
		t.Errorf("a nanosecond is enough for %d cells, %d left out, %v", len(res.Cells), res.LeftOut, err)
	}
	opt.Longest, opt.Progress = time.Hour, nil
	if res, err = Run(context.Background(), opt); err != nil || len(res.Cells) != 6 || res.LeftOut != 0 {
		t.Errorf("an hour is enough for %d cells, %d left out, %v", len(res.Cells), res.LeftOut, err)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	opt := WorkPrecision()
	opt.Progress = func(_ *Cell, done, _ int) {
		if done == 2 {
			cancel()
		}
	}
	res, err := Run(ctx, opt)
	if err == nil || len(res.Cells) < 2 || len(res.Cells) > 3 {
		t.Errorf("%d cells, %v", len(res.Cells), err)
	}
}
