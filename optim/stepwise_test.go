package optim_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stiffnode/stiffnode/optim"
	"github.com/stiffnode/stiffnode/optim/functions"
)

func params(m optim.Stepwise, n int) []float64 {
	x := make([]float64, n)
	m.Params(x)
	return x
}

func sameBits(a, b []float64) bool {
	for i := range a {
		if math.Float64bits(a[i]) != math.Float64bits(b[i]) {
			return false
		}
	}
	return len(a) == len(b)
}

// iterate makes up to n iterations and returns the points after each.
func iterate(t *testing.T, m optim.Stepwise, dim, n int) (path [][]float64, status optim.Status) {
	t.Helper()
	for range n {
		var err error
		if status, err = m.Iterate(t.Context()); err != nil {
			t.Fatal(err)
		}
		path = append(path, params(m, dim))
		if status != optim.Running {
			break
		}
	}
	return path, status
}

// A method resumed from its saved state goes on with the same bits, whatever the iteration it was saved after.
func TestResumeBitForBit(t *testing.T) {
	stop := optim.Stop{Window: 4, WindowDecrease: 1e-3, Iterations: 30}
	for _, method := range stepwiseMethods() {
		for _, p := range []*functions.Problem{functions.Wood(), functions.Osborne1(), functions.VariablyDimensioned(10)} {
			for _, at := range []int{0, 1, 5, 12} {
				m, err := method.make(p, p.Start, stop)
				if err != nil {
					t.Fatal(err)
				}
				if _, status := iterate(t, m, p.N, at); status != optim.Running {
					continue
				}
				state, err := m.MarshalBinary()
				if err != nil {
					t.Fatal(err)
				}
				resumed, err := method.make(p, make([]float64, p.N), stop)
				if err != nil {
					t.Fatal(err)
				}
				if err := resumed.UnmarshalBinary(state); err != nil {
					t.Fatal(err)
				}
				a, statusA := iterate(t, m, p.N, 20)
				b, statusB := iterate(t, resumed, p.N, 20)
				same := len(a) == len(b) && statusA == statusB && m.Report() == resumed.Report()
				for i := range min(len(a), len(b)) {
					same = same && sameBits(a[i], b[i])
				}
				if !same {
					t.Errorf("%s, %s, saved after %d iterations: the resumed run differs", method.name, p.Name, at)
				}
			}
		}
	}
}

func TestDamagedStepwiseStateIsRefused(t *testing.T) {
	p := functions.Wood()
	for _, method := range stepwiseMethods() {
		m, err := method.make(p, p.Start, optim.Stop{Window: 3})
		if err != nil {
			t.Fatal(err)
		}
		iterate(t, m, p.N, 3)
		state, err := m.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var se *optim.StateError
		for cut := range state {
			if err := m.UnmarshalBinary(state[:cut]); !errors.As(err, &se) {
				t.Fatalf("%s, cut to %d of %d bytes: %v", method.name, cut, len(state), err)
			}
		}
		for i := range state {
			damaged := append([]byte(nil), state...)
			damaged[i] ^= 1
			if err := m.UnmarshalBinary(damaged); !errors.As(err, &se) {
				t.Fatalf("%s, byte %d changed: %v", method.name, i, err)
			}
		}
		for _, other := range []*functions.Problem{functions.Rosenbrock(2), functions.Rosenbrock(10)} {
			wrong, err := method.make(other, other.Start, optim.Stop{Window: 3})
			if err != nil {
				t.Fatal(err)
			}
			if err := wrong.UnmarshalBinary(state); !errors.As(err, &se) {
				t.Errorf("%s: the state of a problem of 4 parameters is read for one of %d: %v", method.name, other.N, err)
			}
		}
		after, err := m.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if string(after) != string(state) {
			t.Errorf("%s: a refused state changed the method", method.name)
		}
	}
}

// Many methods iterate in rounds, each in its goroutine; the bits do not depend on GOMAXPROCS or on who else runs.
func TestRoundsAreDeterministic(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	race := func(procs int) (points [][]float64) {
		runtime.GOMAXPROCS(procs)
		var methods []optim.Stepwise
		p := functions.DiscreteIntegral(150) // large enough for every block of the Gram product and of the factorisation
		for _, method := range stepwiseMethods() {
			m, err := method.make(p, p.Start, optim.Stop{})
			if err != nil {
				t.Fatal(err)
			}
			methods = append(methods, m)
		}
		for range 3 {
			var wg sync.WaitGroup
			for _, m := range methods {
				wg.Go(func() {
					if _, err := m.Iterate(context.Background()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		}
		for _, m := range methods {
			points = append(points, params(m, p.N))
		}
		return points
	}
	one, two := race(1), race(2)
	for i := range one {
		if !sameBits(one[i], two[i]) {
			t.Errorf("%s: other bits on two processors than on one", stepwiseMethods()[i].name)
		}
	}
}

// The number of allocations does not grow with the number of iterations.
func TestIterationsDoNotAllocate(t *testing.T) {
	for _, method := range stepwiseMethods() {
		for _, p := range []*functions.Problem{functions.Meyer(), functions.Rosenbrock(40)} {
			m, err := method.make(p, p.Start, optim.Stop{Gradient: -1, Step: -1, Decrease: -1, Target: -1})
			if err != nil {
				t.Fatal(err)
			}
			ctx := context.Background()
			if _, err := m.Iterate(ctx); err != nil {
				t.Fatal(err)
			}
			if n := testing.AllocsPerRun(5, func() {
				if _, err := m.Iterate(ctx); err != nil {
					t.Fatal(err)
				}
			}); n != 0 {
				t.Errorf("%s, %s: %v allocations an iteration", method.name, p.Name, n)
			}
		}
	}
}

// wideProblem has more parameters than residuals: r_i = Σ_j a_ij x_j + 0.01 Σ_j x_j² − i.
func wideProblem() *functions.Problem {
	const m, n = 5, 9
	return &functions.Problem{
		Name: "wide", M: m, N: n, Start: make([]float64, n), Minima: []functions.Minimum{{F: 0}},
		Eval: func(r, jac, x []float64) {
			var sq float64
			for _, v := range x {
				sq += v * v
			}
			for i := range m {
				r[i] = 0.01*sq - float64(i)
				for j, v := range x {
					a := math.Cos(float64((i + 1) * (j + 1)))
					r[i] += a * v
					if jac != nil {
						jac[i*n+j] = a + 0.02*v
					}
				}
			}
		},
	}
}

func TestMoreParametersThanResiduals(t *testing.T) {
	for _, method := range stepwiseMethods() {
		p := wideProblem()
		m, err := method.make(p, p.Start, optim.Stop{Iterations: 500})
		if err != nil {
			t.Fatal(err)
		}
		status, err := optim.Minimise(t.Context(), m, nil)
		if f := 2 * m.Report().Objective; err != nil || f > 1e-20 {
			t.Errorf("%s: Σr² = %g, %v, error %v", method.name, f, status, err)
		}
	}
}

// A start that cannot be evaluated is a typed error, and the method can go on once the problem can be evaluated.
func TestStartThatCannotBeEvaluated(t *testing.T) {
	for _, method := range stepwiseMethods() {
		for _, how := range []functions.Failure{functions.FailWithNaN, functions.FailWithInf, functions.FailWithError} {
			broken := true
			f := &functions.Failing{
				Problem: functions.Rosenbrock(2), Failure: how,
				Inside: func([]float64) bool { return !broken },
			}
			m, err := method.make(f, f.Start, optim.Stop{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = m.Iterate(t.Context())
			var se *optim.StartError
			if !errors.As(err, &se) {
				t.Fatalf("%s, %v: error %v", method.name, how, err)
			}
			var nf *optim.NonFiniteError
			var fe *optim.FailedError
			if byError := how == functions.FailWithError; errors.As(err, &fe) != byError || errors.As(err, &nf) == byError {
				t.Errorf("%s, %v: error %v does not wrap the reason", method.name, how, err)
			}
			if !strings.Contains(err.Error(), "start elsewhere") {
				t.Errorf("%s, %v: no remedy in %q", method.name, how, err)
			}
			broken = false
			if _, err := optim.Minimise(t.Context(), m, nil); err != nil || m.Report().Objective > 1e-14 {
				t.Errorf("%s, %v: after the repair: %v, objective %g", method.name, how, err, m.Report().Objective)
			}
		}
	}
}

// noJacobian is a problem whose residuals are known everywhere and whose Jacobian (or linearisation, or gradient) only inside a domain.
type noJacobian struct {
	*functions.Problem
	inside func(x []float64) bool
	failed int
}

func (p *noJacobian) ResidualJacobian(ctx context.Context, r, jac, x []float64) error {
	if !p.inside(x) {
		p.failed++
		return &optim.FailedError{Err: errors.New("no Jacobian here")}
	}
	return p.Problem.ResidualJacobian(ctx, r, jac, x)
}

// lateFailure linearises everywhere, and fails in the first product with the transpose outside a domain.
type lateFailure struct {
	jacobianProducts
	inside  func(x []float64) bool
	outside bool
	failed  int
}

func (p *lateFailure) Linearise(ctx context.Context, r, x []float64) error {
	p.outside = !p.inside(x)
	return p.jacobianProducts.Linearise(ctx, r, x)
}

func (p *lateFailure) VJP(ctx context.Context, dst, w []float64) error {
	if p.outside {
		p.failed++
		dst[0] = math.NaN()
		return nil
	}
	return p.jacobianProducts.VJP(ctx, dst, w)
}

// A trial whose residuals can be evaluated, but not its Jacobian, is a failed trial too: the method goes back to the point and the Jacobian it had.
func TestJacobianFailsWhereResidualsDoNot(t *testing.T) {
	inside := func(x []float64) bool { return math.Abs(x[1]-x[0]*x[0]) < 0.45 && x[1] > -0.02 }
	total := 0
	for _, method := range stepwiseMethods() {
		p := &noJacobian{Problem: functions.Rosenbrock(2), inside: inside}
		m, err := method.make(p, p.Start, optim.Stop{Iterations: 2000})
		if err != nil {
			t.Fatal(err)
		}
		status, err := optim.Minimise(t.Context(), m, nil)
		if rep := m.Report(); err != nil || rep.Objective > 1e-14 || rep.Failed != p.failed {
			t.Errorf("%s: %v, %v, %d failures of the problem, report %+v", method.name, status, err, p.failed, rep)
		}
		total += p.failed
	}
	if total == 0 {
		t.Error("no Jacobian failed: nothing is tested")
	}
	late := &lateFailure{jacobianProducts: jacobianProducts{Residuals: functions.Rosenbrock(2)}, inside: inside}
	m, err := optim.NewGaussNewtonCG(late, functions.Rosenbrock(2).Start, optim.GNCGConfig{InitialRadius: 10})
	if err != nil {
		t.Fatal(err)
	}
	status, err := optim.Minimise(t.Context(), m, nil)
	if rep := m.Report(); err != nil || rep.Objective > 1e-14 || rep.Failed != late.failed || late.failed == 0 {
		t.Errorf("products that fail late: %v, %v, %d failures of the problem, report %+v", status, err, late.failed, rep)
	}
}

// Where no trial can be evaluated the error tells the point and the count, the method stays, and goes on once the problem is changed.
func TestNoTrialCanBeEvaluated(t *testing.T) {
	for _, method := range stepwiseMethods() {
		start := []float64{-1.2, 1}
		locked := true
		f := &functions.Failing{
			Problem: functions.Rosenbrock(2), Failure: functions.FailWithError,
			Inside: func(x []float64) bool { return !locked || x[0] == start[0] && x[1] == start[1] },
		}
		m, err := method.make(f, start, optim.Stop{})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			_, err = m.Iterate(t.Context())
			var te *optim.TrialsError
			if !errors.As(err, &te) {
				t.Fatalf("%s: error %v", method.name, err)
			}
			if !sameBits(te.Point, start) || te.Trials < 5 || te.Trials > 40 || !strings.Contains(te.Error(), "outside the domain") {
				t.Errorf("%s: %v at %v", method.name, te, te.Point)
			}
		}
		if !sameBits(params(m, 2), start) {
			t.Errorf("%s: the point moved to %v", method.name, params(m, 2))
		}
		locked = false
		if _, err := optim.Minimise(t.Context(), m, nil); err != nil || m.Report().Objective > 1e-14 {
			t.Errorf("%s: after the repair: %v, objective %g", method.name, err, m.Report().Objective)
		}
	}
}

// Errors other than failures come back as they are and leave the method able to go on as if nothing had been.
func TestOtherErrorsLeaveTheMethodAsItWas(t *testing.T) {
	for _, method := range stepwiseMethods() {
		p := functions.Wood()
		reference, err := method.make(p, p.Start, optim.Stop{})
		if err != nil {
			t.Fatal(err)
		}
		want, _ := iterate(t, reference, p.N, 8)

		boom := errors.New("boom")
		for _, at := range []int{3, 4, 5, 9, 10} {
			calls := 0
			q := &interrupted{Problem: p, hook: func() error {
				if calls++; calls == at {
					return boom
				}
				return nil
			}}
			m, err := method.make(q, p.Start, optim.Stop{})
			if err != nil {
				t.Fatal(err)
			}
			var got [][]float64
			hits := 0
			for len(got) < 8 {
				_, err := m.Iterate(t.Context())
				if err != nil {
					if !errors.Is(err, boom) || hits > 0 {
						t.Fatalf("%s: %v", method.name, err)
					}
					hits++
					continue
				}
				got = append(got, params(m, p.N))
			}
			for i := range want {
				if !sameBits(got[i], want[i]) {
					t.Errorf("%s, interrupted at call %d: iteration %d differs", method.name, at, i)
					break
				}
			}
			if hits != 1 {
				t.Errorf("%s: call %d was never made", method.name, at)
			}
		}
	}
}

// interrupted calls a hook before each evaluation.
type interrupted struct {
	*functions.Problem
	hook func() error
}

func (p *interrupted) Residual(ctx context.Context, r, x []float64) error {
	if err := p.hook(); err != nil {
		return err
	}
	return p.Problem.Residual(ctx, r, x)
}

func (p *interrupted) ResidualJacobian(ctx context.Context, r, jac, x []float64) error {
	if err := p.hook(); err != nil {
		return err
	}
	return p.Problem.ResidualJacobian(ctx, r, jac, x)
}

func TestCancellation(t *testing.T) {
	for _, method := range stepwiseMethods() {
		p := functions.Rosenbrock(2)
		m, err := method.make(p, p.Start, optim.Stop{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		status, err := optim.Minimise(ctx, m, func(r optim.Report) error {
			if n++; n == 2 {
				cancel()
			}
			return nil
		})
		if !errors.Is(err, context.Canceled) || n != 2 || status != optim.Running {
			t.Errorf("%s: %v, %v after %d iterations", method.name, status, err, n)
		}
		stop := errors.New("stop")
		if _, err := optim.Minimise(t.Context(), m, func(optim.Report) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("%s: the observer's error is lost: %v", method.name, err)
		}
	}
}

// A problem that changes between two iterations, as by a tighter solver tolerance, is taken up by Evaluate.
func TestProblemChangesBetweenIterations(t *testing.T) {
	for _, method := range stepwiseMethods() {
		shift := 0.3
		p := functions.Rosenbrock(2)
		base := p.Eval
		p.Eval = func(r, jac, x []float64) {
			base(r, jac, x)
			r[1] += shift
		}
		m, err := method.make(p, p.Start, optim.Stop{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := optim.Minimise(t.Context(), m, nil); err != nil {
			t.Fatal(err)
		}
		if x := params(m, 2); math.Abs(x[0]-1.3) > 1e-6 {
			t.Errorf("%s: at %v, want x = 1.3", method.name, x)
		}
		shift = 0
		if err := m.Evaluate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if f := m.Report().Objective; math.Abs(f-0.045) > 1e-9 {
			t.Errorf("%s: objective %g after the change, want 0.045", method.name, f)
		}
		if _, err := optim.Minimise(t.Context(), m, nil); err != nil {
			t.Fatal(err)
		}
		if x := params(m, 2); math.Abs(x[0]-1) > 1e-6 {
			t.Errorf("%s: at %v, want x = 1", method.name, x)
		}
	}
}

func TestStopConditions(t *testing.T) {
	cases := []struct {
		stop optim.Stop
		p    *functions.Problem
		want []optim.Status
	}{
		{optim.Stop{Target: 1}, functions.Rosenbrock(2), []optim.Status{optim.TargetReached}},
		{optim.Stop{Gradient: 1e-3}, functions.Bard(), []optim.Status{optim.GradientSmall}},
		{optim.Stop{Step: 1e-2, Decrease: -1}, functions.Bard(), []optim.Status{optim.StepSmall}},
		{optim.Stop{Decrease: 1e-3}, functions.Bard(), []optim.Status{optim.DecreaseSmall}},
		{optim.Stop{Window: 5, WindowDecrease: 0.999}, functions.Wood(), []optim.Status{optim.Stagnated}},
		{optim.Stop{Iterations: 2}, functions.Rosenbrock(2), []optim.Status{optim.IterationLimit}},
		{optim.Stop{}, functions.LinearFullRank(5, 10), []optim.Status{optim.GradientSmall, optim.DecreaseSmall, optim.StepSmall}},
		{optim.Stop{}, atMinimum(functions.Rosenbrock(2)), []optim.Status{optim.TargetReached}},
	}
	for _, method := range stepwiseMethods() {
		for i, c := range cases {
			m, err := method.make(c.p, c.p.Start, c.stop)
			if err != nil {
				t.Fatal(err)
			}
			status, err := optim.Minimise(t.Context(), m, nil)
			ok := false
			for _, w := range c.want {
				ok = ok || status == w
			}
			if err != nil || !ok {
				t.Errorf("%s, case %d: %v (error %v), want one of %v", method.name, i, status, err, c.want)
			}
			if c.want[0] == optim.IterationLimit && m.Report().Iteration != 2 {
				t.Errorf("%s: stopped by the limit of 2 after %d iterations", method.name, m.Report().Iteration)
			}
		}
	}
	if s := fmt.Sprint(optim.Stagnated, optim.Status(99)); s != "stagnated Status(99)" {
		t.Errorf("statuses print as %q", s)
	}
}

func atMinimum(p *functions.Problem) *functions.Problem {
	p.Start = p.Minima[0].X
	return p
}

// Every impossible choice is named, all at once.
func TestStepwiseConfigurations(t *testing.T) {
	bad := optim.Stop{Window: -1, WindowDecrease: 1, Iterations: -1, Gradient: math.NaN()}
	cases := []struct {
		name string
		err  error
		want []string
	}{
		{"LM", optim.LMConfig{Damping: 9, Scaling: -1, ScaleFloor: 2, Curvature: 3, InitialDamping: -1, InitialRadius: math.Inf(1), MaxTrials: -1, Stop: bad}.Validate(),
			[]string{"damping", "scaling", "scale floor", "curvature", "initial damping", "initial radius", "max trials", "gradient tolerance", "window", "window decrease", "iterations"}},
		{"GNCG", optim.GNCGConfig{InitialRadius: -1, MaxCG: -1, Forcing: 1, MaxTrials: -1}.Validate(), []string{"initial radius", "max CG iterations", "forcing", "max trials"}},
		{"L-BFGS", optim.LBFGSConfig{Store: -1, MaxTrials: -1, InitialStep: -1}.Validate(), []string{"store", "max trials", "initial step"}},
	}
	for _, c := range cases {
		var ce *optim.ConfigError
		if !errors.As(c.err, &ce) || len(ce.Problems) != len(c.want) {
			t.Errorf("%s: %v, want problems in %v", c.name, c.err, c.want)
			continue
		}
		for i, p := range ce.Problems {
			if p.Field != c.want[i] || !strings.Contains(ce.Error(), p.Field) {
				t.Errorf("%s: problem %d is in %q, want %q; %v", c.name, i, p.Field, c.want[i], ce)
			}
		}
	}
	for _, method := range stepwiseMethods() {
		var ce *optim.ConfigError
		if _, err := method.make(functions.Wood(), []float64{1, 2}, optim.Stop{}); !errors.As(err, &ce) {
			t.Errorf("%s: a starting point of two parameters for a problem of four: %v", method.name, err)
		}
	}
}
