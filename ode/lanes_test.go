package ode_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// laneByLane is a field of lanes that evaluates one lane after the other.
type laneByLane struct {
	p    *ode.Problem
	f    ode.Field
	y, v []float64
	d    []float64
	jac  *ode.Jacobian
}

func newLaneByLane(p *ode.Problem) *laneByLane {
	f := &laneByLane{p: p, f: p.New(), y: make([]float64, p.Dim), v: make([]float64, p.Dim), jac: ode.NewJacobian(p.Dim, p.Jacobian)}
	if !p.Autonomous {
		f.d = make([]float64, p.Dim)
	}
	return f
}

func (f *laneByLane) EvalLanes(dst, t, y []float64) { f.EvalJacobianLanes(dst, nil, nil, t, y) }

func (f *laneByLane) EvalJacobianLanes(dst, jac, dfdt, t, y []float64) {
	k := f.p.Dim
	for l := range ode.Lanes {
		for i := range k {
			f.y[i] = y[i*ode.Lanes+l]
		}
		var err error
		if jac == nil {
			err = f.f.Eval(f.v, t[l], f.y)
		} else {
			err = f.f.EvalJacobian(f.v, f.jac, f.d, t[l], f.y)
		}
		for i := range k {
			dst[i*ode.Lanes+l] = f.v[i]
			if err != nil {
				dst[i*ode.Lanes+l] = math.NaN()
			}
			if jac == nil {
				continue
			}
			for j := range k {
				jac[(j*k+i)*ode.Lanes+l] = f.jac.At(i, j)
			}
			if dfdt != nil {
				dfdt[i*ode.Lanes+l] = f.d[i]
			}
		}
	}
}

func solveLanes(t *testing.T, p *ode.Problem, opt ode.Options, batch []ode.Trajectory) {
	t.Helper()
	s, err := ode.NewLaneSolver(p, newLaneByLane(p), opt)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Solve(context.Background(), each(batch)); err != nil {
		t.Fatal(err)
	}
}

// each hands out the trajectories one after the other.
func each(batch []ode.Trajectory) func() *ode.Trajectory {
	i := -1
	return func() *ode.Trajectory {
		if i++; i < len(batch) {
			return &batch[i]
		}
		return nil
	}
}

func pair(t *testing.T, implicit ode.Method) ode.Method {
	t.Helper()
	m, err := ode.AutoSwitch(ode.Tsit5, implicit)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Every method in lanes solves the stiff problems to within a small multiple of the error of the same method alone.
func TestLanesSolveStiffProblems(t *testing.T) {
	for _, name := range []string{"ROBER", "HIRES", "OREGO", "POLLU", "VDPOL"} {
		p, err := problems.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		exact, err := ode.Solve(context.Background(), p.IVP, p.T0, p.T1, p.Y0, ode.Options{Method: ode.Radau, RTol: 1e-11, ATol: p.AbsTol(1e-11), SaveAt: p.Times})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range []ode.Method{ode.Rosenbrock23, ode.Rodas4, ode.Rodas5P, pair(t, ode.Rodas4)} {
			for _, rtol := range []float64{1e-3, 1e-6} {
				opt := ode.Options{Method: m, RTol: rtol, ATol: p.AbsTol(rtol), SaveAt: p.Times}
				alone, err := ode.Solve(context.Background(), p.IVP, p.T0, p.T1, p.Y0, opt)
				if err != nil {
					t.Fatal(err)
				}
				batch := []ode.Trajectory{{T0: p.T0, Y0: p.Y0, Times: p.Times}}
				opt.SaveAt = nil
				solveLanes(t, p.IVP, opt, batch)
				if batch[0].Err != nil {
					t.Errorf("%s by %s at %g: %v", name, m.Info().Name, rtol, batch[0].Err)
					continue
				}
				// in units of the tolerance, so that every state counts
				atol := p.AbsTol(rtol)
				worst := func(y []float64) float64 {
					e := 0.
					for i, v := range exact.Y {
						e = max(e, math.Abs(y[i]-v)/(atol[i%len(p.Y0)%len(atol)]+rtol*math.Abs(v)))
					}
					return e
				}
				got, want := worst(batch[0].Y), worst(alone.Y)
				if !(got <= 5*want+30) {
					t.Errorf("%s by %s at %g: error %.3g tolerances in lanes, %.3g alone", name, m.Info().Name, rtol, got, want)
				}
				if n, w := batch[0].Stats.Steps, alone.Stats.Steps; n > 2*w+20 {
					t.Errorf("%s by %s at %g: %d steps in lanes, %d alone", name, m.Info().Name, rtol, n, w)
				}
			}
		}
	}
}

// oscillators has a stiff transient towards a driven oscillation: dy/dt = −c(y − cos t) − sin t, whose solution from cos 0 is cos t; the second
// state holds c, so that every trajectory is stiff to its own degree.
func oscillators() *ode.Problem {
	return ode.FuncJacobian(2, func(d []float64, t float64, y []float64) {
		d[0], d[1] = -y[1]*(y[0]-math.Cos(t))-math.Sin(t), 0
	}, func(j *ode.Jacobian, t float64, y []float64) {
		j.Set(0, 0, -y[1])
		j.Set(0, 1, -(y[0] - math.Cos(t)))
	})
}

// The error of saved values, also between steps, goes down with the tolerance, forwards and backwards in time, with f depending on it.
func TestLanesConverge(t *testing.T) {
	for _, m := range []ode.Method{ode.Tsit5, ode.Rosenbrock23, ode.Rodas4, ode.Rodas5P, nil} {
		for _, dir := range []float64{1, -1} {
			last := math.Inf(1)
			for _, rtol := range []float64{1e-3, 1e-5, 1e-7} {
				batch := make([]ode.Trajectory, 20)
				for i := range batch {
					tr := &batch[i]
					tr.Y0 = []float64{1, dir * (1 + float64(i))}
					for s := range 30 {
						tr.Times = append(tr.Times, dir*float64(s)*0.21)
					}
				}
				solveLanes(t, oscillators(), ode.Options{Method: m, RTol: rtol, ATol: []float64{rtol}}, batch)
				worst := 0.
				for i := range batch {
					tr := &batch[i]
					if tr.Err != nil {
						t.Fatal(tr.Err)
					}
					for j, at := range tr.Times {
						worst = max(worst, math.Abs(tr.Y[2*j]-math.Cos(at)))
					}
				}
				if !(worst < 100*rtol) || !(worst < 0.2*last) {
					t.Errorf("method %v, direction %g: error %.3g at rtol %g, %.3g before", m, dir, worst, rtol, last)
				}
				last = worst
			}
		}
	}
}

// A pair leaves the explicit method in the trajectories that are stiff, and in no others.
func TestLanesSwitch(t *testing.T) {
	batch := make([]ode.Trajectory, 40)
	for i := range batch {
		batch[i] = ode.Trajectory{Y0: []float64{1, 1}, Times: []float64{20}}
		if i%3 == 0 {
			batch[i].Y0[1] = 1e5
		}
	}
	solveLanes(t, oscillators(), ode.Options{RTol: 1e-4, ATol: []float64{1e-4}}, batch)
	for i := range batch {
		tr := &batch[i]
		if tr.Err != nil {
			t.Fatal(tr.Err)
		}
		stiff := i%3 == 0
		if (tr.Stats.StiffSteps > 0) != stiff || (tr.Stats.Switches == 1) != stiff || tr.Stats.Steps > 3000 { // the explicit method alone needs 570 000
			t.Errorf("trajectory %d: %s, %d of the steps stiff", i, tr.Stats.String(), tr.Stats.StiffSteps)
		}
		if e := math.Abs(tr.Y[0] - math.Cos(20)); e > 1e-3 {
			t.Errorf("trajectory %d: error %g", i, e)
		}
	}
}

// hazards explodes, is undefined or goes on, by the value of its second state.
func hazards() *ode.Problem {
	p := ode.FuncJacobian(2, func(d []float64, t float64, y []float64) {
		d[1] = 0
		switch {
		case y[1] < 1:
			d[0] = -y[0]
		case y[1] < 2:
			d[0] = y[0] * y[0] // y = 1/(1−t)
		case y[1] < 3:
			d[0] = -1 / math.Sqrt(y[0]) // y = (1 − 3t/2)^(2/3), undefined beyond
		default:
			d[0] = math.NaN()
		}
	}, func(j *ode.Jacobian, t float64, y []float64) {
		switch {
		case y[1] < 1:
			j.Set(0, 0, -1)
		case y[1] < 2:
			j.Set(0, 0, 2*y[0])
		case y[1] < 3:
			j.Set(0, 0, 0.5*math.Pow(y[0], -1.5))
		}
	})
	p.Names = []string{"u", "kind"}
	return p
}

// What goes wrong with a trajectory is reported with it, with what was reached, and touches no other.
func TestLanesFailAlone(t *testing.T) {
	times := []float64{0, 0.5, 2}
	for _, m := range []ode.Method{nil, ode.Tsit5, ode.Rosenbrock23, ode.Rodas5P} {
		batch := make([]ode.Trajectory, 60)
		for i := range batch {
			batch[i] = ode.Trajectory{Y0: []float64{1, float64(i%6) + 0.5}, Times: times}
			if i%6 == 4 {
				batch[i].Y0[0] = math.Inf(1)
			}
			if i%6 == 5 {
				batch[i].Y0 = []float64{1}
			}
		}
		opt := ode.Options{Method: m, RTol: 1e-5, ATol: []float64{1e-8}}
		solveLanes(t, hazards(), opt, batch)
		for i := range batch {
			tr := &batch[i]
			var failure *ode.Failure
			var input *ode.InputError
			switch i % 6 {
			case 0:
				if tr.Err != nil || len(tr.Y) != 6 || math.Abs(tr.Y[4]-math.Exp(-2)) > 1e-4 {
					t.Errorf("%v: a trajectory beside failing ones: %v, %v", m, tr.Y, tr.Err)
				}
			case 1, 2:
				end := []float64{1, 2. / 3}[i%6-1]
				if !errors.As(tr.Err, &failure) || failure.Cause != ode.CauseStepTooSmall || math.Abs(failure.Time-end) > 1e-2 || failure.Name != "u" {
					t.Errorf("%v: a trajectory that ends at %g: %v", m, end, tr.Err)
					continue
				}
				want := []float64{2, math.Pow(0.25, 2./3)}[i%6-1]
				if len(tr.Y) != 4 || math.Abs(tr.Y[2]-want) > 1e-3 || len(failure.Solution.Times) != 2 {
					t.Errorf("%v: reached %v", m, tr.Y)
				}
			case 3:
				if !errors.As(tr.Err, &failure) || failure.Cause != ode.CauseNonFiniteStart || len(tr.Y) != 0 {
					t.Errorf("%v: a trajectory without a beginning: %v", m, tr.Err)
				}
			default:
				if !errors.As(tr.Err, &input) {
					t.Errorf("%v: bad input: %v", m, tr.Err)
				}
			}
		}
		opt.MaxSteps = 3
		batch = batch[:6]
		solveLanes(t, hazards(), opt, batch)
		var failure *ode.Failure
		if !errors.As(batch[0].Err, &failure) || failure.Cause != ode.CauseTooManySteps || failure.Time <= 0 || failure.Time >= 2 {
			t.Errorf("%v: three steps allowed: %v", m, batch[0].Err)
		}
	}
}

// A trajectory's bits are the same alone and in a batch, in every lane, beside any neighbours, failing ones included.
func TestLanesAreBitwiseIndependent(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 1))
	for _, m := range []ode.Method{nil, ode.Rodas4} {
		batch := make([]ode.Trajectory, 50)
		for i := range batch {
			batch[i].Y0 = []float64{rng.Float64(), 4 * rng.Float64()}
			for at := 0.; at < 3; at += rng.Float64() {
				batch[i].Times = append(batch[i].Times, at)
			}
		}
		opt := ode.Options{Method: m, RTol: 1e-4, ATol: []float64{1e-7}}
		alone := slices.Clone(batch)
		for i := range alone {
			solveLanes(t, hazards(), opt, alone[i:i+1])
		}
		for range 3 {
			order := rng.Perm(len(batch))
			shuffled := make([]ode.Trajectory, len(batch))
			for i, j := range order {
				shuffled[i] = ode.Trajectory{Y0: batch[j].Y0, Times: batch[j].Times}
			}
			solveLanes(t, hazards(), opt, shuffled)
			for i, j := range order {
				a, b := &shuffled[i], &alone[j]
				if !slices.EqualFunc(a.Y, b.Y, func(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) }) || a.Stats != b.Stats {
					t.Fatalf("%v: trajectory %d: %v in a batch, %v alone", m, j, a.Y, b.Y)
				}
				if (a.Err == nil) != (b.Err == nil) || a.Err != nil && a.Err.Error() != b.Err.Error() {
					t.Fatalf("%v: trajectory %d: %v in a batch, %v alone", m, j, a.Err, b.Err)
				}
			}
		}
	}
}

func TestLanesCancel(t *testing.T) {
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	batch := make([]ode.Trajectory, 100)
	for i := range batch {
		batch[i] = ode.Trajectory{Y0: []float64{1, 1 + float64(i%4)*1e4}, Times: []float64{0, 1e-6, 1e3}}
	}
	s, err := ode.NewLaneSolver(oscillators(), newLaneByLane(oscillators()), ode.Options{RTol: 1e-4})
	if err != nil {
		t.Fatal(err)
	}
	next, begun := each(batch), 0
	err = s.Solve(ctx, func() *ode.Trajectory {
		if begun++; begun == 50 {
			cancel(cause)
		}
		return next()
	})
	if !errors.Is(err, cause) {
		t.Fatal(err)
	}
	done, stopped := 0, 0
	for i := range batch[:50] {
		var f *ode.Failure
		switch tr := &batch[i]; {
		case tr.Err == nil && len(tr.Y) == 6:
			done++
		case errors.As(tr.Err, &f) && f.Cause == ode.CauseCanceled && errors.Is(f, cause) && len(tr.Y) < 6:
			stopped++
		default:
			t.Errorf("trajectory %d: %v, %v", i, tr.Y, tr.Err)
		}
	}
	if done == 0 || stopped == 0 {
		t.Errorf("%d done, %d stopped", done, stopped)
	}
	// and the solver is as good as new
	one := []ode.Trajectory{{Y0: []float64{1, 1}, Times: []float64{1}}}
	if err := s.Solve(context.Background(), each(one)); err != nil || one[0].Err != nil {
		t.Fatal(err, one[0].Err)
	}
}

// Solving twice as many trajectories allocates no more.
func TestLanesDoNotAllocate(t *testing.T) {
	p := oscillators()
	s, err := ode.NewLaneSolver(p, newLaneByLane(p), ode.Options{RTol: 1e-4})
	if err != nil {
		t.Fatal(err)
	}
	count := func(n int) float64 {
		batch := make([]ode.Trajectory, n)
		for i := range batch {
			batch[i] = ode.Trajectory{Y0: []float64{1, 1 + float64(i%4)*1e4}, Times: []float64{0, 1, 2}, Y: make([]float64, 6)}
		}
		i := 0
		next := func() *ode.Trajectory {
			if i++; i <= n {
				return &batch[i-1]
			}
			return nil
		}
		return testing.AllocsPerRun(3, func() {
			i = 0
			if err := s.Solve(context.Background(), next); err != nil {
				t.Fatal(err)
			}
		})
	}
	if a, b := count(40), count(80); a != b {
		t.Errorf("%g allocations for 40 trajectories, %g for 80", a, b)
	}
}

func TestLanesSayWhatTheyCannot(t *testing.T) {
	p := oscillators()
	for name, c := range map[string]struct {
		opt   ode.Options
		wants string
	}{
		"method":    {ode.Options{Method: ode.BDF}, "BDF"},
		"pair":      {ode.Options{Method: ode.AutoTsit5KenCarp4}, "KenCarp4"},
		"tolerance": {ode.Options{RTol: 1e-10}, "tolerance"},
		"bounds":    {ode.Options{Lower: []float64{0, 0}}, "bounds"},
		"hit":       {ode.Options{Hit: []float64{1}}, "hit"},
	} {
		_, err := ode.NewLaneSolver(p, newLaneByLane(p), c.opt)
		var no *ode.NoLanesError
		if !errors.As(err, &no) || !strings.Contains(err.Error(), c.wants) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var input *ode.InputError
	if _, err := ode.NewLaneSolver(p, newLaneByLane(p), ode.Options{RTol: -1}); !errors.As(err, &input) {
		t.Errorf("a negative tolerance: %v", err)
	}
}
