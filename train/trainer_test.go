package train

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/model"
)

// settings are runs that take every path: a race, STEER, gradient transforms, all optimisers, steps that fail.
func settings(set *data.Set) map[string]*Config {
	out := map[string]*Config{}
	add := func(name string, change func(*Config)) {
		c := quick(set)
		change(c)
		out[name] = c
	}
	add("race", func(*Config) {})
	add("steer", func(c *Config) { c.STEER.Fraction = 0.5; c.Loss.Kind = "mse" })
	add("rescaled", func(c *Config) {
		c.Optimizer.RescaleNorm, c.Starts.Count, c.Schedule.Kind = 100, 1, "exponential"
	})
	add("sgd", func(c *Config) {
		c.Optimizer.Name, c.Optimizer.Momentum, c.Optimizer.ClipNorm, c.Schedule.Kind = "sgd", 0.9, 0.5, "step"
	})
	add("adam, last", func(c *Config) { c.Optimizer.Name, c.Train.Keep, c.Schedule.Kind = "adam", "last", "constant" })
	add("failing steps", failing)
	return out
}

// failing makes steps so long, and the bound on the solver's so low, that some lead to failed solves.
func failing(c *Config) {
	c.Optimizer.LearningRate, c.Schedule.Kind, c.Optimizer.Retries = 1.5, "constant", 30
	c.Solver.MaxSteps, c.Starts.Count = 40, 2
}

func TestTrainingLowersTheLoss(t *testing.T) {
	set := small(t)
	c := quick(set)
	c.Train.Epochs = 300
	res := mustRun(t, mustNew(t, c, set))
	if first := res.History[0].Loss; !(res.Loss < first/4) {
		t.Errorf("loss %g after %g at the start", res.Loss, first)
	}
	if !res.Finished || len(res.History) != 308 {
		t.Errorf("finished %v after %d epochs, want 308", res.Finished, len(res.History))
	}
	for i, r := range res.History {
		if r.Epoch != i {
			t.Fatalf("record %d is of epoch %d", i, r.Epoch)
		}
	}
	score, _, err := Evaluate(context.Background(), res.Model, set, res.Initial)
	if err != nil {
		t.Fatal(err)
	}
	if d := math.Abs(score.MAE - slices.MinFunc(res.History, func(a, b Record) int { return cmpFloat(a.Loss, b.Loss) }).MAE); d > 1e-3 {
		t.Errorf("the metric differs by %g from that of the best epoch", d)
	}
	if got := res.Model.States[2]; got.Role != model.Constant {
		t.Errorf("the constant column has the role %s", got.Role)
	}
}

func cmpFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// The same seed gives the same bits whatever GOMAXPROCS is; another seed gives others.
func TestBitsDoNotDependOnProcessors(t *testing.T) {
	set := small(t)
	for name, c := range settings(set) {
		run := func(procs int, seed uint64) ([]byte, []Record) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			c := *c
			c.Train.Seed = seed
			res := mustRun(t, mustNew(t, &c, set))
			return encodeModel(t, res.Model), res.History
		}
		one, h1 := run(1, 4)
		two, h2 := run(2, 4)
		if !bytes.Equal(one, two) {
			t.Errorf("%s: two processors give another model", name)
		}
		if d := cmp.Diff(h1, h2, cmpopts.IgnoreFields(Record{}, "Elapsed")); d != "" {
			t.Errorf("%s: two processors give another history: %s", name, d)
		}
		if other, _ := run(1, 5); bytes.Equal(one, other) {
			t.Errorf("%s: another seed gives the same model", name)
		}
	}
}

func encodeModel(t testing.TB, m *model.Model) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := m.Encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// interrupted trains in a folder, is interrupted in every epoch that is a multiple of every, in the middle of an evaluation, and
// resumed by a new Trainer each time.
func interrupted(t *testing.T, c *Config, set *data.Set, every int) *Result {
	t.Helper()
	dir := t.TempDir()
	for range 1000 {
		tr := mustNew(t, c, set)
		tr.Dir = dir
		if _, err := tr.Resume(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		left := every
		tr.Observer = func(Record) {
			if left--; left == 0 {
				cancel() // the next epoch is begun and abandoned
			}
		}
		res, err := tr.Run(ctx)
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		if res.Finished {
			return res
		}
		tr.Close()
	}
	t.Fatal("it never ends")
	return nil
}

func TestResumeIsExact(t *testing.T) {
	set := small(t)
	for name, c := range settings(set) {
		whole := mustRun(t, mustNew(t, c, set))
		if name == "failing steps" && whole.Failures == 0 {
			t.Errorf("%s: no step failed; the test shows nothing", name)
		}
		for _, every := range []int{1, 7} {
			res := interrupted(t, c, set, every)
			if !bytes.Equal(encodeModel(t, whole.Model), encodeModel(t, res.Model)) {
				t.Errorf("%s, every %d: another model", name, every)
			}
			if res.Failures != whole.Failures {
				t.Errorf("%s, every %d: %d failures, want %d", name, every, res.Failures, whole.Failures)
			}
			// the history has passed through a file that holds nine digits
			if d := cmp.Diff(whole.History, res.History, cmpopts.IgnoreFields(Record{}, "Elapsed"), cmpopts.EquateApprox(1e-8, 0)); d != "" {
				t.Errorf("%s, every %d: another history: %s", name, every, d)
			}
		}
	}
}

// An epoch that is cancelled while a failed step is being made smaller leaves no trace.
func TestCancelledRetryLeavesNoTrace(t *testing.T) {
	set := small(t)
	c := quick(set)
	failing(c)
	tr := mustNew(t, c, set)
	f := tr.recipe.(*firstOrder)
	cancelled := 0
	if _, err := f.epoch(context.Background()); err != nil {
		t.Fatal(err)
	}
	for !f.done() {
		before, err := f.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		// cancelled after the first, second, … look at the context: before, between and after solves
		for looks := 1; looks < 400; looks += 2 {
			ctx := newCountdown(looks)
			if _, err := f.epoch(ctx); err == nil {
				break
			}
			cancelled++
			after, _ := f.MarshalBinary()
			if !bytes.Equal(before, after) {
				t.Fatalf("epoch %d, cancelled at look %d, has left a trace", f.now, looks)
			}
		}
	}
	if cancelled < 50 || f.failures() == 0 {
		t.Errorf("%d cancellations, %d failures: the test shows too little", cancelled, f.failures())
	}
}

// countdown is a context that is cancelled after it has been looked at a number of times, by whatever goroutine.
type countdown struct {
	context.Context
	left atomic.Int64
}

func newCountdown(looks int) *countdown {
	c := &countdown{Context: context.Background()}
	c.left.Store(int64(looks))
	return c
}

func (c *countdown) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

func (c *countdown) Value(any) any { return nil }

// Whenever a run is interrupted, while it is written and judged too, it has not come to its end or it has a verdict.
func TestInterruptedAtAnyLook(t *testing.T) {
	set := small(t)
	interrupted, judged := 0, 0
	for looks := 1; judged == 0 && looks < 5000; looks++ {
		c := quick(set)
		c.Train.Epochs = 1
		tr := mustNew(t, c, set)
		tr.Dir = t.TempDir()
		res, err := tr.Run(newCountdown(looks))
		tr.Close()
		switch {
		case res == nil:
			t.Fatalf("interrupted at look %d: no result, %v", looks, err)
		case res.Finished && res.Verdict == nil:
			t.Fatalf("interrupted at look %d: it has come to its end without a verdict", looks)
		case res.Finished:
			judged++
		default:
			interrupted++
		}
	}
	if interrupted < 3 || judged == 0 {
		t.Errorf("%d interrupted, %d judged: the test shows too little", interrupted, judged)
	}
}

func TestFailedStepsAreSurvivedAndCounted(t *testing.T) {
	set := small(t)
	c := quick(set)
	failing(c)
	res := mustRun(t, mustNew(t, c, set))
	sum := 0
	for _, r := range res.History {
		sum += r.Failures
		if r.Epoch > 0 && r.Failures == 1 && len(res.History) > 20 && r.Epoch > c.Starts.Epochs && r.LearningRate != c.Optimizer.LearningRate*c.Optimizer.RetryFactor {
			t.Errorf("epoch %d: one failure, but the rate is %g", r.Epoch, r.LearningRate)
		}
	}
	if sum == 0 || sum != res.Failures {
		t.Errorf("%d failures in the history, %d in the result; want the same, above 0", sum, res.Failures)
	}
}

// A run that cannot go on says so, and gives what it has.
func TestHopelessRunFails(t *testing.T) {
	set := small(t)
	c := quick(set)
	failing(c)
	c.Optimizer.LearningRate, c.Optimizer.Retries, c.Starts.Count, c.Train.Seed = 1e60, 0, 1, 2
	tr := mustNew(t, c, set)
	tr.Dir = t.TempDir()
	res, err := tr.Run(context.Background())
	var f *FailedError
	if !errors.As(err, &f) || !strings.Contains(err.Error(), "learning_rate") {
		t.Fatalf("%v", err)
	}
	if res == nil || res.Model == nil || res.Finished {
		t.Errorf("%+v", res)
	}
	if _, err := model.Load(tr.Dir); err != nil {
		t.Error(err)
	}
	c.Solver.MaxSteps, c.Solver.RTol = 10, 1e-12
	if _, err := mustNew(t, c, set).Run(context.Background()); !errors.As(err, &f) || !strings.Contains(err.Error(), "no random start") {
		t.Errorf("%v", err)
	}
}

func TestDamagedCheckpoint(t *testing.T) {
	set := small(t)
	c := quick(set)
	c.Train.Checkpoint = 1e-9 // in every epoch
	whole := encodeModel(t, mustRun(t, mustNew(t, c, set)).Model)
	stop := func(dir string) {
		tr := mustNew(t, c, set)
		tr.Dir = dir
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		tr.Observer = func(r Record) {
			if r.Epoch == 20 {
				cancel()
			}
		}
		if _, err := tr.Run(ctx); err != nil {
			t.Fatal(err)
		}
	}
	resume := func(dir string) (string, *Result, error) {
		tr := mustNew(t, c, set)
		tr.Dir = dir
		note, err := tr.Resume()
		if err != nil {
			return note, nil, err
		}
		res, err := tr.Run(context.Background())
		return note, res, err
	}
	for name, damage := range map[string]func([]byte) []byte{
		"flipped": func(b []byte) []byte { b[len(b)/2] ^= 4; return b },
		"head":    func(b []byte) []byte { b[3] ^= 1; return b },
		"cut":     func(b []byte) []byte { return b[:len(b)-40] },
		"empty":   func([]byte) []byte { return nil },
		"absent":  nil,
	} {
		dir := t.TempDir()
		stop(dir)
		path := filepath.Join(dir, checkpointName)
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if damage == nil {
			os.Remove(path)
		} else {
			os.WriteFile(path, damage(raw), 0o600)
		}
		note, res, err := resume(dir)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if damage != nil && !strings.Contains(note, "the one before it is used") {
			t.Errorf("%s: note %q", name, note)
		}
		if !bytes.Equal(whole, encodeModel(t, res.Model)) {
			t.Errorf("%s: another model", name)
		}
	}
	dir := t.TempDir()
	stop(dir)
	for _, f := range []string{checkpointName, previousCheckpoint} {
		os.WriteFile(filepath.Join(dir, f), []byte("x"), 0o600)
	}
	var e *CheckpointError
	if _, _, err := resume(dir); !errors.As(err, &e) {
		t.Errorf("both damaged: %v", err)
	}
}

func TestCheckpointOfAnotherRunIsRefused(t *testing.T) {
	set := small(t)
	c := quick(set)
	tr := mustNew(t, c, set)
	tr.Dir = t.TempDir()
	mustRun(t, tr)
	other := *c
	other.Solver.RTol *= 2
	changed := set.Clone()
	changed.Trajectories[0].Values[3] *= 1.0000001
	for what, again := range map[string]*Trainer{"configuration": mustNew(t, &other, set), "data": mustNew(t, c, changed)} {
		again.Dir = tr.Dir
		var e *CheckpointError
		if _, err := again.Resume(); !errors.As(err, &e) {
			t.Errorf("another %s: %v", what, err)
		}
	}
	done := mustNew(t, c, set)
	done.Dir = tr.Dir
	if _, err := done.Resume(); err != nil {
		t.Fatal(err)
	}
	if res := mustRun(t, done); len(res.History) != tr.Epochs() || !res.Finished {
		t.Errorf("a finished run, resumed, has %d epochs of %d", len(res.History), tr.Epochs())
	}
}

// Twice the epochs make no more allocations than a few that do not depend on the number: of growing buffers, maps and the like.
func TestEpochsDoNotAllocate(t *testing.T) {
	set := small(t)
	for name, c := range settings(set) {
		if name == "failing steps" {
			continue // a failed solve describes itself
		}
		tr := mustNew(t, c, set)
		ctx := context.Background()
		for range 15 { // past the race
			if _, err := tr.recipe.epoch(ctx); err != nil {
				t.Fatal(err)
			}
		}
		// The counter is that of the whole process, and whatever else runs in it allocates now and then: what epochs allocate is in every count.
		least := math.Inf(1)
		for trial := 0; trial < 3 && least > 0; trial++ {
			least = min(least, testing.AllocsPerRun(10, func() {
				if _, err := tr.recipe.epoch(ctx); err != nil {
					t.Error(err)
				}
			}))
		}
		if least > 0 {
			t.Errorf("%s: %g allocations per epoch", name, least)
		}
	}
}

// STEER leaves out rows at the end, at most the fraction asked for, another number in every epoch, and their loss is the mean over what is left.
func TestSTEER(t *testing.T) {
	set := small(t)
	c := quick(set)
	c.STEER.Fraction, c.Starts.Count = 0.4, 1
	tr := mustNew(t, c, set)
	f := tr.recipe.(*firstOrder)
	seen := map[int]bool{}
	for f.now < 30 {
		r, err := f.epoch(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		n := len(f.t.trajectories[0].times)
		rows := f.o.rows[0]
		if rows > n || float64(rows) < 0.6*float64(n)-1 {
			t.Fatalf("%d of %d rows", rows, n)
		}
		seen[rows] = true
		if f.now != 25 {
			continue
		}
		cut := set.Clone()
		for k := range cut.Trajectories {
			last := f.t.trajectories[k].times[f.o.rows[k]-1]
			x := &cut.Trajectories[k]
			i := slices.Index(x.Times, last) + 1
			x.Times, x.Values, x.Weights = x.Times[:i], x.Values[:3*i], x.Weights[:3*i]
		}
		k := *f.t
		k.set, k.trajectories = cut, nil
		k.total, k.guess = k.params, nil
		for i := range cut.Trajectories {
			k.addTrajectory(i, lossScale(c.Loss.Scale, k.stats))
		}
		theta, _ := f.current()
		if e := evaluateAt(t, &k, theta); math.Abs(e.loss-r.Loss) > 1e-12*r.Loss {
			t.Errorf("loss %g, of the set cut short %g", r.Loss, e.loss)
		}
	}
	if len(seen) < 3 {
		t.Errorf("only %d different lengths", len(seen))
	}
}

func TestBudgetEndsTraining(t *testing.T) {
	set := small(t)
	c := quick(set)
	c.Train.Budget = 1e-9
	res := mustRun(t, mustNew(t, c, set))
	if len(res.History) != 1 || !res.Finished || res.Model == nil {
		t.Errorf("%d epochs, finished %v", len(res.History), res.Finished)
	}
}

func TestHistoryRoundTrip(t *testing.T) {
	want := []Record{{Epoch: 0, Loss: 0.25, MAE: 1e-9, GradientNorm: 3e8, LearningRate: 0.005, Failures: 2, Elapsed: 1500 * 1e6}, {Epoch: 1}}
	var b bytes.Buffer
	if err := WriteHistory(&b, want); err != nil {
		t.Fatal(err)
	}
	b.WriteString("2,0.1,0.2") // the run was killed here
	got, err := ReadHistory(&b)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for _, bad := range []string{"", "t,y\n1,2\n", historyHeader + "1,2\n", historyHeader + "1,2,3,4,x,6,7\n"} {
		if _, err := ReadHistory(strings.NewReader(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestMedianOfLast(t *testing.T) {
	var h []Record
	for _, l := range []float64{100, 5, 1, 3, 9} {
		h = append(h, Record{Loss: l})
	}
	for n, want := range map[int]float64{1: 9, 2: 6, 3: 3, 4: 4, 5: 5, 99: 5} {
		if got := MedianOfLast(h, n); got != want {
			t.Errorf("of the last %d: %g, want %g", n, got, want)
		}
	}
}
