package accuracy

import (
	"bytes"
	"context"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// cells runs a part of the matrix.
func cells(t *testing.T, opt Options) []Cell {
	t.Helper()
	out, err := Run(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A success is judged by the distance to the solution, at the end and at the saved times, in units of the tolerance and the amplification.
func TestJudge(t *testing.T) {
	p, err := problems.TrialByName("Bateman")
	if err != nil {
		t.Fatal(err)
	}
	j := job{p: p, m: Method{Name: "x", Method: ode.Radau}, s: Setting{RTol: 1e-6}}
	exact := func() answer {
		a := answer{t: p.T1, end: make([]float64, 3)}
		for _, s := range p.Saved {
			y := make([]float64, 3)
			p.Solution(y, s)
			a.rows = append(a.rows, y...)
		}
		p.Solution(a.end, p.T1)
		return a
	}
	_, atol := j.s.atol(p)
	allowed := 30 * p.Amplification * (1e-6*p.Size[2] + atol[2])
	for _, c := range []struct {
		name   string
		method ode.Method
		spoil  func(a *answer)
		want   Verdict
	}{
		{"the solution", ode.Radau, func(*answer) {}, Right},
		{"just right", ode.Radau, func(a *answer) { a.end[2] += 0.99 * allowed }, Right},
		{"wrong at the end", ode.Radau, func(a *answer) { a.end[2] -= 1.01 * allowed }, Wrong},
		{"wrong at a saved time", ode.Radau, func(a *answer) { a.rows[3*2+2] += 1.01 * allowed }, Wrong},
		{"BDF has more slack", ode.BDF, func(a *answer) { a.end[2] += 33 * allowed }, Right},
		{"but not much more", ode.BDF, func(a *answer) { a.end[2] += 34 * allowed }, Wrong},
		{"a small state is judged by its own size", ode.Radau, func(a *answer) { a.end[0] += allowed }, Right},
		{"NaN", ode.Radau, func(a *answer) { a.end[0] = math.NaN() }, Wrong},
		{"a row is missing", ode.Radau, func(a *answer) { a.rows = a.rows[3:] }, Wrong},
		{"it stops before the end", ode.Radau, func(a *answer) { a.t = 4.99 }, Wrong},
	} {
		j.m.Method = c.method
		a := exact()
		c.spoil(&a)
		var got Cell
		if got.judge(&j, &a, atol); got.Verdict != c.want {
			t.Errorf("%s: %s, want %s: %v", c.name, got.Verdict, c.want, &got)
		}
	}
	end, _ := problems.TrialByName("BlowUp")
	j.p = end
	var got Cell
	if got.judge(&j, &answer{t: end.T1, end: []float64{1}}, []float64{1}); got.Verdict != Wrong {
		t.Errorf("a success beyond the end of the solution is %s", got.Verdict)
	}
}

// Failures have a kind, or are named as those that have none.
func TestFailuresAreSorted(t *testing.T) {
	for _, c := range []struct {
		err  error
		want Verdict
	}{
		{&ode.Failure{Cause: ode.CauseStepTooSmall}, Failed},
		{&ode.Failure{Cause: ode.CausePanic}, Untyped},
		{errors.New("something"), Untyped},
		{&ode.Failure{Cause: ode.CauseCanceled}, Untyped}, // nobody cancelled
	} {
		var got Cell
		if got.fail(context.Background(), c.err); got.Verdict != c.want {
			t.Errorf("%v is %s", c.err, got.Verdict)
		}
	}
}

// A cell that takes too long ends with its kind.
func TestProcessorTimeEnds(t *testing.T) {
	got := cells(t, Options{Problems: []string{"Kepler"}, Methods: []string{"Rosenbrock23"}, RTols: []float64{1e-10}, Longest: time.Millisecond, MaxSteps: 100_000_000, Workers: 1})
	if len(got) != 1 || got[0].Verdict != Failed || got[0].Kind != "processor time" {
		t.Errorf("%+v", got)
	}
	got = cells(t, Options{Problems: []string{"Kepler"}, Methods: []string{"Rosenbrock23"}, RTols: []float64{1e-10}, MaxSteps: 100})
	if len(got) != 1 || got[0].Verdict != Failed || got[0].Kind != ode.CauseTooManySteps.String() {
		t.Errorf("%+v", got)
	}
}

// The number of workers changes nothing.
func TestWorkersChangeNothing(t *testing.T) {
	opt := Options{Problems: []string{"HIRES", "ROBER-4e10"}, Methods: []string{"Radau", "BDF", "Auto*", "lanes:auto"}, RTols: []float64{1e-3, 1e-5}}
	opt.Workers = 1
	one := cells(t, opt)
	opt.Workers = 3
	if three := cells(t, opt); len(one) < 30 || !reflect.DeepEqual(one, three) {
		t.Errorf("%d cells by one worker, %d by three, or they differ", len(one), len(three))
	}
}

// The matrix holds everything that can be named or built.
func TestWhatTheMatrixHolds(t *testing.T) {
	jobs, err := plan(Options{})
	if err != nil {
		t.Fatal(err)
	}
	methods, names, own := map[string]int{}, map[string]int{}, map[string]int{}
	for _, j := range jobs {
		methods[j.m.Name]++
		names[j.p.Name]++
		if j.p.Name == "ROBER-4e10" && j.s.ATol != 0 {
			own[j.m.Name]++
		}
	}
	for _, m := range append(ode.Solvers(), ode.Auto) {
		if methods[m.Info().Name] == 0 {
			t.Errorf("%s is not in the matrix", m.Info().Name)
		}
	}
	for _, e := range []string{"Tsit5", "DOP853"} {
		for _, i := range []string{"ImplicitEuler", "TRBDF2", "KenCarp3", "KenCarp4", "KenCarp5", "Rosenbrock23", "Rodas4", "Rodas5P", "Radau"} {
			if methods["Auto"+e+"("+i+")"] == 0 {
				t.Errorf("Auto%s(%s) is not in the matrix", e, i)
			}
		}
	}
	for _, l := range []string{"lanes:auto", "lanes:Tsit5", "lanes:Rodas5P", "lanes:AutoTsit5(Rosenbrock23)"} {
		if methods[l] == 0 || own[l] != 2 {
			t.Errorf("%s is not in the matrix, or not in both rows of Robertson's problem", l)
		}
	}
	if len(names) != len(problems.Trials()) {
		t.Errorf("%d problems of %d", len(names), len(problems.Trials()))
	}
	if n := methods["Radau"]; n != 12*len(names)+2 {
		t.Errorf("Radau has %d cells for %d problems", n, len(names))
	}
	if own["BDF"] != 2 || own["auto"] != 2 {
		t.Errorf("Robertson's own rows: %v", own)
	}
}

// An unknown name is an error that says what is meant.
func TestUnknownNames(t *testing.T) {
	var unknown *problems.UnknownError
	if _, err := plan(Options{Problems: []string{"Keppler"}}); !errors.As(err, &unknown) || unknown.Nearest != "Kepler" {
		t.Errorf("%v", err)
	}
	var input *ode.InputError
	if _, err := plan(Options{Methods: []string{"Radaus"}}); !errors.As(err, &input) {
		t.Errorf("%v", err)
	}
}

// A lane evaluates the field in which its trajectory lies: the answer is that of the solver that has all lanes filled.
func TestTheFirstLaneHoldsTheTrajectory(t *testing.T) {
	got := cells(t, Options{Problems: []string{"HIRES", "Kepler"}, Methods: []string{"lanes:*"}, RTols: []float64{1e-5}})
	for i := range got {
		if c := &got[i]; c.Verdict != Right && c.Verdict != Failed {
			t.Error(c)
		}
	}
	if len(got) < 10 {
		t.Errorf("%d cells", len(got))
	}
}

// The amplification of problems whose variational equation has a closed form.
func TestAmplification(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to float64
	}{
		{"Decay", 1, 1},
		{"Kaps", 1.9, 2.05},
		// from y = 1e-3 to y = ½: y' grows by a factor of 250
		{"Logistic", 249, 252},
		// a rotation has the norm |cos| + |sin| ≤ √2, at the 10 points that the sine passes
		{"ForcedOscillator-1e+06", 9, 10 * math.Sqrt2},
		{"BlowUp", 1, 1},
	} {
		p, err := problems.TrialByName(c.name)
		if err != nil {
			t.Fatal(err)
		}
		kappa, size, err := Amplification(context.Background(), p)
		if err != nil || kappa < c.from || kappa > c.to || len(size) != p.IVP.Dim {
			t.Errorf("%s: %g, want %g to %g; %v", c.name, kappa, c.from, c.to, err)
		}
		// the points lie on ends of steps, which change with the solver
		if math.Abs(kappa-p.Amplification) > 0.2*kappa {
			t.Errorf("%s: the file says %g, computed %g", c.name, p.Amplification, kappa)
		}
	}
}

// A reference is written only where two methods agree.
func TestReference(t *testing.T) {
	p, _ := problems.TrialByName("Logistic")
	var b bytes.Buffer
	if err := Reference(context.Background(), &b, p, [2]ode.Method{ode.Radau, ode.DOP853}, [2]float64{1e-13, 1e-13}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "\n"); n != referencePoints+3 {
		t.Errorf("%d lines:\n%s", n, &b)
	}
	b.Reset()
	if err := Reference(context.Background(), &b, p, [2]ode.Method{ode.Radau, ode.DOP853}, [2]float64{1e-6, 1e-13}); err == nil || b.Len() > 0 {
		t.Errorf("methods that differ by a millionth agree: %v", err)
	}
}

// open are the problems that some method still gets wrong without saying so; stiffnode bench accuracy names the cells.
var open = map[string]bool{
	"ForcedOscillator-1e+03": true, "Oscillator": true, "FastOscillator": true, "TanhFront-1": true, "TanhFront-1000": true, "Pulses": true,
	"SwitchedInput": true, "SlidingSign": true, "EndingRoot": true, "CurtissHirschfelder": true, "AlgebraicDecay": true,
}

// A part of the matrix: all methods, at a loose and at a tight tolerance. No success is wrong and no failure without a type.
func TestNoSuccessIsWrong(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 10 s on two cores")
	}
	var names []string
	for _, p := range problems.Trials() {
		if !open[p.Name] {
			names = append(names, p.Name)
		}
	}
	got := cells(t, Options{Problems: names, RTols: []float64{1e-4, 1e-8}})
	for i := range got {
		if c := &got[i]; c.Verdict == Wrong || c.Verdict == Untyped {
			t.Error(c)
		}
	}
	if s := Summarise(got); s.Right < 2000 {
		t.Errorf("only %d of %d cells are right", s.Right, s.Cells)
	}
}
