package optim

import (
	"context"
	"math"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

var _ Stepwise = (*LBFGS)(nil)

// LBFGSConfig holds the choices of L-BFGS. The zero value is a good one.
type LBFGSConfig struct {
	// Store is the number of steps remembered. If Store is 0, it will be defaulted to 20.
	Store int
	// MaxTrials is the largest number of trials in one iteration. If MaxTrials is 0, it will be defaulted to 40.
	MaxTrials int
	// InitialStep is the length of the first trial step relative to the norm of the starting point (or absolute where that is 0). If
	// InitialStep is 0, it will be defaulted to 0.01.
	InitialStep float64
	// Stop holds the conditions for stopping.
	Stop Stop
}

func (c LBFGSConfig) withDefaults() LBFGSConfig {
	if c.Store == 0 {
		c.Store = 20
	}
	if c.MaxTrials == 0 {
		c.MaxTrials = 40
	}
	if c.InitialStep == 0 {
		c.InitialStep = 0.01
	}
	c.Stop = c.Stop.withDefaults()
	return c
}

// Validate reports every value that is out of range, after defaults.
func (c LBFGSConfig) Validate() error {
	c = c.withDefaults()
	var e configErrors
	e.check(c.Store > 0, "store", c.Store, "above 0")
	e.check(c.MaxTrials > 0, "max trials", c.MaxTrials, "above 0")
	e.check(c.InitialStep > 0 && !math.IsInf(c.InitialStep, 0), "initial step", c.InitialStep, "above 0 and finite")
	c.Stop.check(&e)
	return e.err(lbfgsName)
}

const lbfgsName = "L-BFGS"

// LBFGS is the limited-memory quasi-Newton method of Nocedal, "Updating quasi-Newton matrices with limited storage", Mathematics of
// Computation 35, 1980, 773–782 (Nocedal and Wright, Numerical Optimization, 2nd ed., Springer, 2006, Algorithms 7.4 and 7.5), with
// the line search of Hager and Zhang (see lineSearch), in which a trial that cannot be evaluated is a step that was too long.
type LBFGS struct {
	problem Objective
	cfg     LBFGSConfig

	// The state that a checkpoint carries.
	p      []float64
	memory pairs
	window window
	report Report

	// What the problem says at p.
	evaluated bool
	restored  bool
	grad      []float64

	dir        []float64
	search     lineSearch
	next, step []float64
}

// NewLBFGS makes the method for a problem, starting at p0, which is copied. Nothing is evaluated yet.
func NewLBFGS(problem Objective, p0 []float64, cfg LBFGSConfig) (*LBFGS, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	n := problem.Dim()
	if err := checkDims(lbfgsName, 1, n, len(p0)); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	vec := func() []float64 { return make([]float64, n) }
	return &LBFGS{
		problem: problem, cfg: cfg, p: append([]float64(nil), p0...),
		memory: newPairs(n, cfg.Store), window: newWindow(cfg.Stop), grad: vec(),
		dir: vec(), search: newLineSearch(n), next: vec(), step: vec(),
	}, nil
}

// Params implements Stepwise.
func (m *LBFGS) Params(dst []float64) {
	checkLengths("LBFGS.Params", len(m.p), dst)
	copy(dst, m.p)
}

// Report implements Stepwise.
func (m *LBFGS) Report() Report { return m.report }

// Evaluate implements Stepwise. The memory of earlier steps is kept.
func (m *LBFGS) Evaluate(ctx context.Context) error {
	again := m.evaluated
	m.evaluated = false
	if !m.restored {
		m.report.Jacobians++
	}
	f, err := m.value(ctx, m.grad, m.p)
	if err != nil {
		if failed(err) {
			return &StartError{Method: lbfgsName, Err: err}
		}
		return err
	}
	if again {
		m.window.reset()
	}
	m.evaluated, m.restored = true, false
	m.settle(f)
	return nil
}

// value evaluates the objective and its gradient, and refuses what is not finite.
func (m *LBFGS) value(ctx context.Context, g, p []float64) (float64, error) {
	f, err := m.problem.ValueGradient(ctx, g, p)
	if err != nil {
		return 0, err
	}
	if f-f != 0 {
		return 0, &NonFiniteError{What: "objective", Value: f}
	}
	return f, CheckFinite("gradient", g)
}

func (m *LBFGS) settle(f float64) {
	m.report.Objective, m.report.Loss = f, f
	m.report.GradientNorm = Norm(m.grad)
}

// Iterate implements Stepwise.
func (m *LBFGS) Iterate(ctx context.Context) (Status, error) {
	if !m.evaluated {
		if err := m.Evaluate(ctx); err != nil {
			return Running, err
		}
	}
	if s := m.cfg.Stop.converged(&m.report, m.grad); s != Running {
		return s, nil
	}
	slope := m.direction()
	first := 1.0
	if m.memory.count == 0 {
		length := m.cfg.InitialStep * Norm(m.p)
		if length == 0 {
			length = m.cfg.InitialStep
		}
		first = length / Norm(m.dir)
	}
	m.search.start(m.report.Objective, slope, first)
	failures := 0
	var lastErr error
	for range m.cfg.MaxTrials {
		if err := ctx.Err(); err != nil {
			return Running, err
		}
		alpha := m.search.alpha
		m.advance(m.next, alpha)
		if alpha*Norm(m.dir) <= m.cfg.Stop.Step*(Norm(m.p)+m.cfg.Stop.Step) {
			break
		}
		m.report.Trials++
		m.report.Jacobians++
		f, err := m.value(ctx, m.search.grad, m.next)
		switch {
		case err == nil:
			m.search.evaluated(f, kernel.Dot(m.search.grad, m.dir))
		case failed(err):
			failures++
			lastErr = err
			m.report.Failed++
			m.search.failed()
		default:
			return Running, err
		}
		if m.search.done {
			break
		}
		if err == nil {
			m.report.Rejected++
		}
	}
	if m.search.found() {
		return m.accept(slope), nil
	}
	switch {
	case m.search.trials > 0 && failures == m.search.trials:
		return Running, &TrialsError{
			Method: lbfgsName, Iteration: m.report.Iteration, Point: append([]float64(nil), m.p...),
			Trials: failures, StepNorm: m.search.alpha * Norm(m.dir), Err: lastErr,
		}
	case m.memory.count > 0:
		// The memory may be at fault: the next iteration tries the gradient alone.
		m.memory.count = 0
		return Running, nil
	case m.search.trials < m.cfg.MaxTrials:
		return StepSmall, nil
	}
	return NoProgress, nil
}

// direction writes the search direction, and returns the slope along it. Where the memory gives a direction that does not go down it
// is forgotten.
func (m *LBFGS) direction() (slope float64) {
	m.memory.apply(m.dir, m.grad)
	negate(m.dir)
	slope = kernel.Dot(m.dir, m.grad)
	if slope < -1e-14*Norm(m.dir)*m.report.GradientNorm {
		return slope
	}
	m.memory.count = 0
	copy(m.dir, m.grad)
	negate(m.dir)
	return -kernel.Dot(m.grad, m.grad)
}

// advance writes p + alpha·dir to dst, and the step to step. The assignment between multiplication and addition keeps a compiler from fusing
// them in one place and not in another.
func (m *LBFGS) advance(dst []float64, alpha float64) {
	for j, v := range m.dir {
		m.step[j] = alpha * v
		dst[j] = m.p[j] + m.step[j]
	}
}

// accept moves to the point the search has found.
func (m *LBFGS) accept(slope float64) Status {
	before := m.report.Objective
	best := &m.search.best
	m.advance(m.p, best.alpha)
	m.memory.push(m.step, m.search.bestGrad, m.grad)
	m.grad, m.search.bestGrad = m.search.bestGrad, m.grad
	m.settle(best.value)
	m.report.Iteration++
	m.report.StepNorm = Norm(m.step)
	// The quadratic model that the direction minimises has fallen by −slope·(α − α²/2) at α ≤ 1.
	predicted := -slope * best.alpha * (1 - math.Min(best.alpha, 1)/2)
	m.report.GainRatio = (before - best.value) / predicted
	return m.cfg.Stop.after(&m.report, m.grad, &m.window, before, predicted)
}

const lbfgsVersion = 1

// MarshalBinary implements Stepwise.
func (m *LBFGS) MarshalBinary() ([]byte, error) {
	w := newStateWriter("LBFGS", lbfgsVersion)
	w.vector(m.p)
	w.bool(m.evaluated || m.restored)
	m.memory.write(w)
	m.window.write(w)
	m.report.write(w)
	return w.finish(), nil
}

// UnmarshalBinary implements Stepwise.
func (m *LBFGS) UnmarshalBinary(data []byte) error {
	r := newStateReader("LBFGS", lbfgsVersion, data)
	p := r.vector(len(m.p))
	counted := r.bool()
	mem := m.memory.read(r)
	win := m.window.read(r)
	var rep Report
	rep.read(r)
	if err := r.finish(); err != nil {
		return err
	}
	m.p, m.memory, m.window, m.report = p, mem, win, rep
	m.evaluated, m.restored = false, counted
	return nil
}
