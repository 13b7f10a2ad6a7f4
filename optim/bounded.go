package optim

import (
	"context"
	"math"
)

var _ Stepwise = (*Bounded)(nil)

// BoundedConfig holds the choices of [Bounded]. The zero value is a good one, without bounds.
type BoundedConfig struct {
	// Lower and Upper bound the parameters; infinities are allowed, and nil means no bounds. A starting point outside is moved to the nearest point inside.
	Lower, Upper []float64
	// InitialDamping is the first damping μ relative to the largest diagonal element of JᵀJ/D². If InitialDamping is 0, it will be defaulted to 1e-3.
	InitialDamping float64
	// ScaleFloor is the smallest element of D relative to the largest norm of a column; see [LMConfig]. If ScaleFloor is 0, it will be defaulted to 1e-6.
	ScaleFloor float64
	// MaxStep bounds the change of a parameter in one iteration; 0 means no bound. Parameters on a logarithmic scale are safer with one.
	MaxStep float64
	// MaxTrials is the largest number of trials in one iteration. If MaxTrials is 0, it will be defaulted to 60.
	MaxTrials int
	// Stop holds the conditions for stopping. The gradient that Stop.Gradient bounds is the projected one: it is zero where it points out of the box.
	Stop Stop
}

func (c BoundedConfig) withDefaults() BoundedConfig {
	if c.InitialDamping == 0 {
		c.InitialDamping = 1e-3
	}
	if c.ScaleFloor == 0 {
		c.ScaleFloor = 1e-6
	}
	if c.MaxTrials == 0 {
		c.MaxTrials = 60
	}
	c.Stop = c.Stop.withDefaults()
	return c
}

// Validate reports every value that is out of range, after defaults.
func (c BoundedConfig) Validate() error {
	c = c.withDefaults()
	var e configErrors
	e.check(c.InitialDamping > 0 && !math.IsInf(c.InitialDamping, 0), "initial damping", c.InitialDamping, "above 0 and finite")
	e.check(c.ScaleFloor > 0 && c.ScaleFloor <= 1, "scale floor", c.ScaleFloor, "above 0 and at most 1")
	e.check(c.MaxStep >= 0, "largest step", c.MaxStep, "at least 0")
	e.check(c.MaxTrials > 0, "max trials", c.MaxTrials, "above 0")
	for i := range min(len(c.Lower), len(c.Upper)) {
		e.check(c.Lower[i] <= c.Upper[i], "lower bound", c.Lower[i], "at most the upper bound")
	}
	c.Stop.check(&e)
	return e.err(boundedName)
}

const boundedName = "bounded Levenberg–Marquardt"

// Bounded minimises a Scoring objective inside of a box. Every step minimises the damped model
//
//	½‖J d + s‖² + ½μ‖D d‖²   over   lower ≤ p + d ≤ upper
//
// itself, so that a step slides along a bound instead of being cut off at it, and a point is a solution exactly where the conditions of Karush, Kuhn and Tucker hold:
// also on a bound, and a start on one is a start like any other. The damping follows Nielsen's rule; see [DampingNielsen]. An iteration costs O(R·P²).
type Bounded struct {
	problem Scoring
	cfg     BoundedConfig

	p      []float64
	scale  []float64
	scaled bool
	mu     float64
	growth float64
	report Report
	window window

	evaluated bool
	restored  bool // p was read from a checkpoint, and its evaluation counted there
	s, jac    []float64
	grad      []float64 // projected
	norms     []float64
	box       *boxStep
	factored  bool
	lo, hi    []float64 // of the step
	next      []float64
	scratch   []float64
	sNext     []float64
	jNext     []float64
}

// NewBounded makes the method for a problem, starting at p0, which is copied and moved into the box. Nothing is evaluated yet.
func NewBounded(problem Scoring, p0 []float64, cfg BoundedConfig) (*Bounded, error) {
	rows, cols := problem.Dims()
	if err := checkDims(boundedName, rows, cols, len(p0)); err != nil {
		return nil, err
	}
	var e configErrors
	e.check(cfg.Lower == nil || len(cfg.Lower) == cols, "number of lower bounds", len(cfg.Lower), "the number of parameters")
	e.check(cfg.Upper == nil || len(cfg.Upper) == cols, "number of upper bounds", len(cfg.Upper), "the number of parameters")
	if err := e.err(boundedName); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	cfg.Lower, cfg.Upper = bounds(cfg.Lower, cols, math.Inf(-1)), bounds(cfg.Upper, cols, math.Inf(1))
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	vec := func(n int) []float64 { return make([]float64, n) }
	b := &Bounded{
		problem: problem, cfg: cfg, p: vec(cols), scale: vec(cols), window: newWindow(cfg.Stop), growth: 2,
		s: vec(rows), jac: vec(rows * cols), grad: vec(cols), norms: vec(cols), box: newBoxStep(cols),
		lo: vec(cols), hi: vec(cols), next: vec(cols), scratch: vec((max(rows, cols) + 1) * (cols + 1)), sNext: vec(rows), jNext: vec(rows * cols),
	}
	for j, v := range p0 {
		b.p[j] = math.Max(cfg.Lower[j], math.Min(cfg.Upper[j], v))
		b.scale[j] = 1
	}
	return b, nil
}

func bounds(given []float64, n int, without float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = without
		if given != nil {
			out[i] = given[i]
		}
	}
	return out
}

// Params implements Stepwise.
func (b *Bounded) Params(dst []float64) {
	checkLengths("Bounded.Params", len(b.p), dst)
	copy(dst, b.p)
}

// Report implements Stepwise. The gradient's norm is that of the projected gradient.
func (b *Bounded) Report() Report { return b.report }

// Jacobian returns s and J at the current point, valid until the next call of a method.
func (b *Bounded) Jacobian() (s, jac []float64) { return b.s, b.jac }

// Evaluate implements Stepwise.
func (b *Bounded) Evaluate(ctx context.Context) error {
	f, err := b.score(ctx, b.s, b.jac, b.p, !b.restored)
	if err != nil {
		b.evaluated = false
		if failed(err) {
			return &StartError{Method: boundedName, Err: err}
		}
		return err
	}
	if b.evaluated {
		b.window.reset()
	}
	b.evaluated, b.restored = true, false
	b.settle(f)
	return nil
}

func (b *Bounded) score(ctx context.Context, s, jac, p []float64, count bool) (float64, error) {
	if count {
		b.report.Jacobians++
	}
	f, err := b.problem.Score(ctx, s, jac, p)
	if err != nil {
		return 0, err
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, &NonFiniteError{What: "objective", Value: f}
	}
	if err := CheckFinite("scores", s); err != nil {
		return 0, err
	}
	return f, CheckFinite("Jacobian", jac)
}

// settle derives gradient and scales from s and J at the point.
func (b *Bounded) settle(f float64) {
	b.report.Objective, b.report.Loss = f, f
	clear(b.grad)
	clear(b.norms)
	n := len(b.p)
	for i, r := range b.s {
		for j, v := range b.jac[i*n : (i+1)*n] {
			b.grad[j] += r * v
			b.norms[j] += v * v
		}
	}
	for j := range b.norms {
		b.norms[j] = math.Sqrt(b.norms[j])
		if b.p[j] <= b.cfg.Lower[j] && b.grad[j] > 0 || b.p[j] >= b.cfg.Upper[j] && b.grad[j] < 0 {
			b.grad[j] = 0
		}
	}
	b.report.GradientNorm = Norm(b.grad)
	b.factored = false
}

// prepare factorises J at the point, and starts the damping.
func (b *Bounded) prepare() {
	if b.factored {
		return
	}
	b.scaled = updateScale(ScaleMore, b.scale, b.norms, b.cfg.ScaleFloor, !b.scaled)
	b.box.set(b.jac, b.s, b.scratch)
	if b.mu == 0 {
		for j, v := range b.norms {
			b.mu = math.Max(b.mu, v*v/(b.scale[j]*b.scale[j]))
		}
		b.mu *= b.cfg.InitialDamping
		if b.mu == 0 {
			b.mu = b.cfg.InitialDamping
		}
	}
	b.factored = true
}

// Iterate implements Stepwise.
func (b *Bounded) Iterate(ctx context.Context) (Status, error) {
	if !b.evaluated {
		if err := b.Evaluate(ctx); err != nil {
			return Running, err
		}
	}
	if s := b.cfg.Stop.converged(&b.report, b.grad); s != Running {
		return s, nil
	}
	b.prepare()
	mu, growth := b.mu, b.growth
	failures, trials := 0, 0
	stepNorm := 0.0
	var last error
	for ; trials < b.cfg.MaxTrials; trials++ {
		if err := ctx.Err(); err != nil {
			b.mu, b.growth = mu, growth
			return Running, err
		}
		predicted := b.propose()
		stepNorm = 0
		for j, v := range b.next {
			stepNorm += (v - b.p[j]) * (v - b.p[j])
		}
		stepNorm = math.Sqrt(stepNorm)
		if stepNorm <= b.cfg.Stop.Step*(Norm(b.p)+b.cfg.Stop.Step) {
			if failures > 0 && failures == trials {
				break
			}
			return StepSmall, nil
		}
		b.report.Trials++
		before := b.report.Objective
		b.report.Values++
		f, err := b.problem.Value(ctx, b.next)
		if err == nil && (math.IsNaN(f) || math.IsInf(f, 0)) {
			err = &NonFiniteError{What: "objective", Value: f}
		}
		gain := (before - f) / predicted
		if err == nil && gain > acceptGain && f < before {
			f, err = b.score(ctx, b.sNext, b.jNext, b.next, true)
		}
		switch {
		case err != nil && !failed(err):
			b.mu, b.growth = mu, growth
			return Running, err
		case err != nil:
			failures++
			last = err
			b.report.Failed++
		case gain > acceptGain && f < before:
			return b.accept(f, gain, predicted, stepNorm), nil
		default:
			b.report.Rejected++
			if tiny := b.cfg.Stop.Decrease * math.Abs(before); predicted <= tiny && math.Abs(before-f) <= tiny {
				b.mu, b.growth = mu, growth
				return DecreaseSmall, nil
			}
		}
		b.mu *= b.growth
		b.growth *= 2
	}
	b.mu, b.growth = mu, growth
	if trials > 0 && failures == trials {
		return Running, &TrialsError{Method: boundedName, Iteration: b.report.Iteration, Point: append([]float64(nil), b.p...), Trials: trials, StepNorm: stepNorm, Err: last}
	}
	return NoProgress, nil
}

// propose makes the next point and returns the reduction that the model predicts.
func (b *Bounded) propose() float64 {
	for j, v := range b.p {
		b.lo[j], b.hi[j] = b.cfg.Lower[j]-v, b.cfg.Upper[j]-v
		if m := b.cfg.MaxStep; m > 0 {
			b.lo[j], b.hi[j] = math.Max(b.lo[j], -m), math.Min(b.hi[j], m)
		}
	}
	d := b.box.solve(b.mu, b.scale, b.lo, b.hi)
	for j, v := range d {
		b.next[j] = math.Max(b.cfg.Lower[j], math.Min(b.cfg.Upper[j], b.p[j]+v))
		// a variable that went all the way is on its bound, not a rounding beside it
		if v == b.lo[j] && b.lo[j] == b.cfg.Lower[j]-b.p[j] {
			b.next[j] = b.cfg.Lower[j]
		} else if v == b.hi[j] && b.hi[j] == b.cfg.Upper[j]-b.p[j] {
			b.next[j] = b.cfg.Upper[j]
		}
	}
	return b.box.predicted(d)
}

func (b *Bounded) accept(f, gain, predicted, stepNorm float64) Status {
	before := b.report.Objective
	copy(b.p, b.next)
	b.s, b.sNext = b.sNext, b.s
	b.jac, b.jNext = b.jNext, b.jac
	b.mu *= math.Max(1.0/3, 1-math.Pow(2*math.Min(gain, 2)-1, 3))
	b.growth = 2
	b.report.Iteration++
	b.report.StepNorm, b.report.GainRatio, b.report.Damping = stepNorm, gain, b.mu
	b.settle(f)
	return b.cfg.Stop.after(&b.report, b.grad, &b.window, before, predicted)
}

const boundedVersion = 1

// MarshalBinary implements Stepwise.
func (b *Bounded) MarshalBinary() ([]byte, error) {
	w := newStateWriter(boundedName, boundedVersion)
	w.vector(b.p)
	w.vector(b.scale)
	w.bool(b.scaled)
	w.bool(b.evaluated || b.restored)
	w.float64(b.mu)
	w.float64(b.growth)
	b.report.write(w)
	b.window.write(w)
	return w.finish(), nil
}

// UnmarshalBinary implements Stepwise.
func (b *Bounded) UnmarshalBinary(data []byte) error {
	r := newStateReader(boundedName, boundedVersion, data)
	p, scale := r.vector(len(b.p)), r.vector(len(b.p))
	scaled, counted := r.bool(), r.bool()
	mu, growth := r.positive(), r.positive()
	var rep Report
	rep.read(r)
	win := b.window.read(r)
	for j, v := range p {
		if r.err == nil && !(v >= b.cfg.Lower[j] && v <= b.cfg.Upper[j]) {
			r.fail("holds parameter %d = %g, outside of its bounds %g … %g", j, v, b.cfg.Lower[j], b.cfg.Upper[j])
		}
	}
	if err := r.finish(); err != nil {
		return err
	}
	b.p, b.scale, b.scaled, b.mu, b.growth, b.report, b.window = p, scale, scaled, mu, growth, rep, win
	b.evaluated, b.restored, b.factored = false, counted, false
	return nil
}
