package optim

import (
	"context"
	"math"
)

var _ Stepwise = (*GaussNewtonCG)(nil)

// GNCGConfig holds the choices of Gauss–Newton–CG. The zero value is a good one.
type GNCGConfig struct {
	// Loss is what is minimised. If Loss is nil, it will be defaulted to Squares.
	Loss Loss
	// InitialRadius is the first radius of the trust region relative to the norm of the starting point (or absolute where that is 0). If
	// InitialRadius is 0, it will be defaulted to 1.
	InitialRadius float64
	// MaxCG is the largest number of conjugate-gradient iterations in one iteration, each of one JVP and one VJP. Their directions are kept,
	// MaxCG times P numbers. If MaxCG is 0, it will be defaulted to 50.
	MaxCG int
	// Forcing is the largest η in the stopping rule ‖Jᵀ(r + J d)‖ ≤ η ‖Jᵀr‖, which is also tightened as the gradient falls, to η = √(‖g‖/‖g₀‖). If
	// Forcing is 0, it will be defaulted to 0.1.
	Forcing float64
	// MaxTrials is the largest number of trials in one iteration. If MaxTrials is 0, it will be defaulted to 40.
	MaxTrials int
	// Stop holds the conditions for stopping.
	Stop Stop
}

func (c GNCGConfig) withDefaults() GNCGConfig {
	if c.Loss == nil {
		c.Loss = Squares{}
	}
	if c.InitialRadius == 0 {
		c.InitialRadius = 1
	}
	if c.MaxCG == 0 {
		c.MaxCG = 50
	}
	if c.Forcing == 0 {
		c.Forcing = 0.1
	}
	if c.MaxTrials == 0 {
		c.MaxTrials = 40
	}
	c.Stop = c.Stop.withDefaults()
	return c
}

// Validate reports every value that is out of range, after defaults.
func (c GNCGConfig) Validate() error {
	c = c.withDefaults()
	if err := c.Loss.Validate(); err != nil {
		return err
	}
	var e configErrors
	e.check(c.InitialRadius > 0 && !math.IsInf(c.InitialRadius, 0), "initial radius", c.InitialRadius, "above 0 and finite")
	e.check(c.MaxCG > 0, "max CG iterations", c.MaxCG, "above 0")
	e.check(c.Forcing > 0 && c.Forcing < 1, "forcing", c.Forcing, "above 0 and below 1")
	e.check(c.MaxTrials > 0, "max trials", c.MaxTrials, "above 0")
	c.Stop.check(&e)
	return e.err(gncgName)
}

const gncgName = "Gauss–Newton–CG"

// GaussNewtonCG minimises a sum of squares, or of another loss by reweighting, without the Jacobian: the linear least-squares problem of
// each iteration is solved by conjugate gradients, stopped where they leave the trust region (Steihaug, "The conjugate gradient method and trust
// regions in large scale optimization", SIAM Journal on Numerical Analysis 20, 1983, 626–637). Memory and work other than the products grow
// linearly with the number of parameters.
type GaussNewtonCG struct {
	problem ResidualProducts
	cfg     GNCGConfig

	// The state that a checkpoint carries.
	p         []float64
	radius    float64 // 0 before the first iteration
	firstNorm float64 // of the gradient at the start
	window    window
	report    Report

	// What the problem says at p.
	evaluated bool
	restored  bool
	linear    bool // the problem's products are those at p
	r, grad   []float64
	rootW     []float64

	path       cgPath
	step, next []float64
	rNext      []float64
}

// NewGaussNewtonCG makes the method for a problem, starting at p0, which is copied. Nothing is evaluated yet.
func NewGaussNewtonCG(problem ResidualProducts, p0 []float64, cfg GNCGConfig) (*GaussNewtonCG, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	rows, cols := problem.Dims()
	if err := checkDims(gncgName, rows, cols, len(p0)); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	vec := func(n int) []float64 { return make([]float64, n) }
	return &GaussNewtonCG{
		problem: problem, cfg: cfg, p: append([]float64(nil), p0...), window: newWindow(cfg.Stop),
		r: vec(rows), grad: vec(cols), rootW: vec(rows),
		path: newCGPath(rows, cols, cfg.MaxCG),
		step: vec(cols), next: vec(cols), rNext: vec(rows),
	}, nil
}

// Params implements Stepwise.
func (m *GaussNewtonCG) Params(dst []float64) {
	checkLengths("GaussNewtonCG.Params", len(m.p), dst)
	copy(dst, m.p)
}

// Report implements Stepwise.
func (m *GaussNewtonCG) Report() Report { return m.report }

// Evaluate implements Stepwise.
func (m *GaussNewtonCG) Evaluate(ctx context.Context) error {
	again := m.evaluated
	m.evaluated = false
	err := m.linearise(ctx, m.r, m.p, !m.restored)
	if err == nil {
		err = m.settle(ctx, !m.restored)
	}
	if err != nil {
		if failed(err) {
			return &StartError{Method: gncgName, Err: err}
		}
		return err
	}
	if again {
		m.window.reset()
	}
	m.evaluated, m.restored = true, false
	return nil
}

func (m *GaussNewtonCG) linearise(ctx context.Context, r, p []float64, count bool) error {
	m.linear = false
	if count {
		m.report.Jacobians++
	}
	if err := m.problem.Linearise(ctx, r, p); err != nil {
		return err
	}
	return CheckFinite("residuals", r)
}

// settle derives from r, and from the linearisation at p, what the next iteration starts from.
func (m *GaussNewtonCG) settle(ctx context.Context, count bool) error {
	m.report.Objective, m.report.Loss = evaluateLoss(m.cfg.Loss, m.r)
	for i, r := range m.r {
		w := m.cfg.Loss.Weight(r)
		m.rootW[i] = math.Sqrt(w)
		m.path.rows[i] = w * r
	}
	if err := m.product(ctx, m.problem.VJP, m.grad, m.path.rows); err != nil {
		return err
	}
	if !count {
		m.report.Products--
	}
	m.report.GradientNorm = Norm(m.grad)
	m.linear = true
	m.path.count = 0
	return nil
}

// product computes a product with the Jacobian or its transpose.
func (m *GaussNewtonCG) product(ctx context.Context, with func(context.Context, []float64, []float64) error, dst, v []float64) error {
	m.report.Products++
	if err := with(ctx, dst, v); err != nil {
		return err
	}
	return CheckFinite("product with the Jacobian", dst)
}

// Iterate implements Stepwise.
func (m *GaussNewtonCG) Iterate(ctx context.Context) (Status, error) {
	if !m.evaluated {
		if err := m.Evaluate(ctx); err != nil {
			return Running, err
		}
	}
	if s := m.cfg.Stop.converged(&m.report, m.grad); s != Running {
		return s, nil
	}
	if !m.linear {
		// A linearisation at a trial point failed after the one at p was given up for it.
		if err := m.linearise(ctx, m.r, m.p, true); err != nil {
			return Running, err
		}
		m.linear = true
	}
	if m.radius == 0 {
		m.firstNorm = m.report.GradientNorm
		m.radius = m.cfg.InitialRadius * Norm(m.p)
		if m.radius == 0 {
			m.radius = m.cfg.InitialRadius
		}
	}
	eta := math.Min(m.cfg.Forcing, math.Sqrt(m.report.GradientNorm/m.firstNorm))
	if m.path.count == 0 {
		if err := m.path.build(ctx, m, eta); err != nil {
			return Running, err
		}
	}
	return m.search(ctx)
}

// search tries points along the path of the conjugate gradients, each nearer than the one before.
func (m *GaussNewtonCG) search(ctx context.Context) (Status, error) {
	radius, before := m.radius, m.radius
	failures, stepNorm := 0, 0.0
	var lastErr error
	noStep := func(trials int, s Status) (Status, error) {
		m.radius = before
		if trials > 0 && failures == trials {
			return Running, &TrialsError{
				Method: gncgName, Iteration: m.report.Iteration, Point: append([]float64(nil), m.p...),
				Trials: trials, StepNorm: stepNorm, Err: lastErr,
			}
		}
		return s, nil
	}
	for trials := range m.cfg.MaxTrials {
		if err := ctx.Err(); err != nil {
			return Running, err
		}
		predicted, onBoundary := m.path.walk(m.step, radius)
		stepNorm = Norm(m.step)
		if stepNorm <= m.cfg.Stop.Step*(Norm(m.p)+m.cfg.Stop.Step) {
			return noStep(trials, StepSmall)
		}
		for j, v := range m.step {
			m.next[j] = m.p[j] + v
		}
		m.report.Trials++
		m.report.Values++
		err := m.problem.Residual(ctx, m.rNext, m.next)
		if err == nil {
			err = CheckFinite("residuals", m.rNext)
		}
		var gain float64
		if err == nil {
			objective, _ := evaluateLoss(m.cfg.Loss, m.rNext)
			gain = (m.report.Objective - objective) / predicted
			if gain > acceptGain {
				var s Status
				if s, err = m.accept(ctx, radius, predicted, gain, stepNorm, onBoundary); err == nil {
					return s, nil
				}
			} else {
				m.report.Rejected++
				tiny := m.cfg.Stop.Decrease * m.report.Objective
				if predicted <= tiny && math.Abs(objective-m.report.Objective) <= tiny {
					return noStep(trials, DecreaseSmall)
				}
			}
		}
		if err != nil {
			if !failed(err) {
				return Running, err
			}
			failures++
			lastErr = err
			m.report.Failed++
		}
		radius = 0.25 * math.Min(radius, stepNorm)
	}
	return noStep(m.cfg.MaxTrials, NoProgress)
}

// accept moves to the trial point. Where the problem cannot be linearised there it stays, and returns the error.
func (m *GaussNewtonCG) accept(ctx context.Context, radius, predicted, gain, stepNorm float64, onBoundary bool) (Status, error) {
	if err := m.linearise(ctx, m.rNext, m.next, true); err != nil {
		return Running, err
	}
	old, segments := m.report, m.path.count
	grad := append(m.path.saved[:0], m.grad...)
	m.r, m.rNext = m.rNext, m.r
	if err := m.settle(ctx, true); err != nil {
		products := m.report.Products
		m.path.count = segments
		m.r, m.rNext = m.rNext, m.r
		copy(m.grad, grad)
		m.report = old
		m.report.Products = products
		for i, r := range m.r {
			m.rootW[i] = math.Sqrt(m.cfg.Loss.Weight(r))
		}
		m.linear = false
		return Running, err
	}
	m.p, m.next = m.next, m.p
	switch {
	case gain > 0.75 && onBoundary:
		radius *= 2
	case gain < 0.25:
		radius = 0.25 * stepNorm
	}
	m.radius = radius
	m.report.Iteration++
	m.report.StepNorm, m.report.GainRatio, m.report.Radius = stepNorm, gain, radius
	return m.cfg.Stop.after(&m.report, m.grad, &m.window, old.Objective, predicted), nil
}

const gncgVersion = 1

// MarshalBinary implements Stepwise.
func (m *GaussNewtonCG) MarshalBinary() ([]byte, error) {
	w := newStateWriter("GaussNewtonCG", gncgVersion)
	w.int(len(m.r))
	w.vector(m.p)
	w.float64(m.radius)
	w.float64(m.firstNorm)
	w.bool(m.evaluated || m.restored)
	m.window.write(w)
	m.report.write(w)
	return w.finish(), nil
}

// UnmarshalBinary implements Stepwise.
func (m *GaussNewtonCG) UnmarshalBinary(data []byte) error {
	r := newStateReader("GaussNewtonCG", gncgVersion, data)
	if rows := r.int(); r.err == nil && rows != len(m.r) {
		r.fail("belongs to a problem of %d residuals, this one has %d", rows, len(m.r))
	}
	p := r.vector(len(m.p))
	radius, first := r.positive(), r.positive()
	counted := r.bool()
	win := m.window.read(r)
	var rep Report
	rep.read(r)
	if err := r.finish(); err != nil {
		return err
	}
	m.p, m.radius, m.firstNorm, m.window, m.report = p, radius, first, win, rep
	m.evaluated, m.restored, m.linear = false, counted, false
	return nil
}
