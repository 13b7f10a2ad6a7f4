package optim

import (
	"context"
	"math"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

var _ Stepwise = (*LevenbergMarquardt)(nil)

// LMConfig holds the choices of Levenberg–Marquardt. The zero value is a good one.
type LMConfig struct {
	// Loss is what is minimised. If Loss is nil, it will be defaulted to Squares.
	Loss Loss
	// Damping is the rule for the length of the step.
	Damping Damping
	// Scaling is the norm in which that length is measured.
	Scaling Scaling
	// ScaleFloor, above 0 and at most 1, is the smallest element of D relative to the largest norm of a column: it keeps parameters that
	// hardly matter at a point, as many of a network's do at the start, from running away there. At 1 every parameter counts alike; well below 1e-3 the
	// method does not depend on units, and converges fastest close to a minimum. If ScaleFloor is 0, it will be defaulted to 0.1.
	ScaleFloor float64
	// Curvature says what is done about the curvature of the residuals along a step.
	Curvature Curvature
	// InitialDamping is the first damping μ relative to the largest diagonal element of JᵀJ. If InitialDamping is 0, it will be defaulted to 1e-3.
	InitialDamping float64
	// InitialRadius is the first radius of the trust region relative to the norm ‖D p‖ of the starting point (or absolute where that is
	// 0). If InitialRadius is 0, it will be defaulted to 1.
	InitialRadius float64
	// MaxTrials is the largest number of trials in one iteration. If MaxTrials is 0, it will be defaulted to 40.
	MaxTrials int
	// Stop holds the conditions for stopping.
	Stop Stop
}

func (c LMConfig) withDefaults() LMConfig {
	if c.Loss == nil {
		c.Loss = Squares{}
	}
	if c.ScaleFloor == 0 {
		c.ScaleFloor = 0.1
	}
	if c.InitialDamping == 0 {
		c.InitialDamping = 1e-3
	}
	if c.InitialRadius == 0 {
		c.InitialRadius = 1
	}
	if c.MaxTrials == 0 {
		c.MaxTrials = 40
	}
	c.Stop = c.Stop.withDefaults()
	return c
}

// Validate reports every value that is out of range, after defaults.
func (c LMConfig) Validate() error {
	c = c.withDefaults()
	if err := c.Loss.Validate(); err != nil {
		return err
	}
	var e configErrors
	e.check(c.Damping == DampingNielsen || c.Damping == DampingTrustRegion, "damping", int(c.Damping), "nielsen or trust-region")
	e.check(c.Scaling >= ScaleMore && c.Scaling <= ScaleMarquardt, "scaling", int(c.Scaling), "more, none or marquardt")
	e.check(c.ScaleFloor > 0 && c.ScaleFloor <= 1, "scale floor", c.ScaleFloor, "above 0 and at most 1")
	e.check(c.Curvature >= CurvatureCorrect && c.Curvature <= CurvatureIgnore, "curvature", int(c.Curvature), "correct, geodesic or ignore")
	e.check(c.InitialDamping > 0 && !math.IsInf(c.InitialDamping, 0), "initial damping", c.InitialDamping, "above 0 and finite")
	e.check(c.InitialRadius > 0 && !math.IsInf(c.InitialRadius, 0), "initial radius", c.InitialRadius, "above 0 and finite")
	e.check(c.MaxTrials > 0, "max trials", c.MaxTrials, "above 0")
	c.Stop.check(&e)
	return e.err(lmName)
}

const lmName = "Levenberg–Marquardt"

// LevenbergMarquardt minimises a sum of squares, or of another loss by reweighting, with damped Gauss–Newton steps
//
//	(Jᵀ W J + μ D²) d = −Jᵀ W r
//
// (Levenberg 1944, Marquardt 1963). It handles any rank and any shape of the Jacobian: with R residuals and P parameters an iteration costs
// about max(R, P)·min(R, P)² floating-point operations and three arrays of R·P elements. A trial that
// cannot be evaluated makes the damping grow, as does one that does not reduce the objective.
type LevenbergMarquardt struct {
	problem Residuals
	cfg     LMConfig

	// The state that a checkpoint carries.
	p      []float64
	scale  []float64
	scaled bool // scale holds the norms of a Jacobian
	damp   damper
	window window
	report Report

	// What the problem says at p.
	evaluated bool
	restored  bool // p was read from a checkpoint, and its evaluation counted there
	r, jac    []float64
	grad      []float64
	rootW     []float64
	wr        []float64 // W^½ r
	prepared  bool      // sys holds jac, rootW and scale

	ctx           context.Context // of the iteration under way, for sys
	sys           *dampedSystem
	trial         trialStep
	bent          trialStep // what curvature makes of it
	step          []float64 // D⁻¹ d̂
	next          []float64 // p + step
	rNext, jNext  []float64
	probe, rProbe []float64 // another point, and its residuals
	rhs           []float64
	norms         []float64
}

// NewLevenbergMarquardt makes the method for a problem, starting at p0, which is copied. Nothing is evaluated yet.
func NewLevenbergMarquardt(problem Residuals, p0 []float64, cfg LMConfig) (*LevenbergMarquardt, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	rows, cols := problem.Dims()
	if err := checkDims(lmName, rows, cols, len(p0)); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	vec := func(n int) []float64 { return make([]float64, n) }
	l := &LevenbergMarquardt{
		problem: problem, cfg: cfg,
		p: append([]float64(nil), p0...), scale: vec(cols), window: newWindow(cfg.Stop),
		r: vec(rows), jac: vec(rows * cols), grad: vec(cols), rootW: vec(rows), wr: vec(rows),
		sys:   newDampedSystem(rows, cols),
		trial: trialStep{step: vec(cols), image: vec(rows)},
		bent:  trialStep{step: vec(cols), image: vec(rows)},
		step:  vec(cols), next: vec(cols), rNext: vec(rows), jNext: vec(rows * cols),
		probe: vec(cols), rProbe: vec(rows), rhs: vec(rows), norms: vec(cols),
	}
	for j := range l.scale {
		l.scale[j] = 1
	}
	l.sys.stop = func() bool { return l.ctx != nil && l.ctx.Err() != nil }
	return l, nil
}

func checkDims(of string, rows, cols, given int) error {
	var e configErrors
	e.check(rows > 0, "number of residuals", rows, "above 0")
	e.check(cols > 0, "number of parameters", cols, "above 0")
	e.check(cols == given, "length of the starting point", given, "the problem's number of parameters")
	return e.err(of)
}

// Params implements Stepwise.
func (l *LevenbergMarquardt) Params(dst []float64) {
	checkLengths("LevenbergMarquardt.Params", len(l.p), dst)
	copy(dst, l.p)
}

// Report implements Stepwise.
func (l *LevenbergMarquardt) Report() Report { return l.report }

// Residuals copies the residuals at the current point to dst.
func (l *LevenbergMarquardt) Residuals(dst []float64) {
	checkLengths("LevenbergMarquardt.Residuals", len(l.r), dst)
	copy(dst, l.r)
}

// SetLoss changes the loss, the floor of the absolute value say, and keeps all else. The conditions that compare objectives start
// anew, and so does the damping: at the minimum of another loss it has grown large.
func (l *LevenbergMarquardt) SetLoss(loss Loss) error {
	if err := loss.Validate(); err != nil {
		return err
	}
	l.cfg.Loss = loss
	l.damp = damper{}
	l.window.reset()
	if l.evaluated {
		l.settle()
	}
	return nil
}

// Evaluate implements Stepwise.
func (l *LevenbergMarquardt) Evaluate(ctx context.Context) error {
	err := l.evaluateJacobian(ctx, l.r, l.jac, l.p, !l.restored)
	if err != nil {
		l.evaluated = false
		if failed(err) {
			return &StartError{Method: lmName, Err: err}
		}
		return err
	}
	if l.evaluated {
		// The problem may have changed: its values do not compare with those before.
		l.window.reset()
	}
	l.evaluated, l.restored = true, false
	l.settle()
	return nil
}

func (l *LevenbergMarquardt) evaluateJacobian(ctx context.Context, r, jac, p []float64, count bool) error {
	if count {
		l.report.Jacobians++
	}
	if err := l.problem.ResidualJacobian(ctx, r, jac, p); err != nil {
		return err
	}
	if err := CheckFinite("residuals", r); err != nil {
		return err
	}
	return CheckFinite("Jacobian", jac)
}

// evaluateResidual evaluates the residuals and what the loss makes of them.
func (l *LevenbergMarquardt) evaluateResidual(ctx context.Context, r, p []float64) (objective float64, err error) {
	l.report.Values++
	if err := l.problem.Residual(ctx, r, p); err != nil {
		return 0, err
	}
	if err := CheckFinite("residuals", r); err != nil {
		return 0, err
	}
	objective, _ = evaluateLoss(l.cfg.Loss, r)
	return objective, nil
}

// settle derives from r and jac all that the trials of the next iteration start from, but for the Gram matrix.
func (l *LevenbergMarquardt) settle() {
	l.report.Objective, l.report.Loss = evaluateLoss(l.cfg.Loss, l.r)
	clear(l.grad)
	clear(l.norms)
	p := len(l.p)
	for i, r := range l.r {
		w := l.cfg.Loss.Weight(r)
		l.rootW[i] = math.Sqrt(w)
		l.wr[i] = l.rootW[i] * r
		row := l.jac[i*p : (i+1)*p]
		kernel.AddScaled(l.grad, w*r, row)
		for j, v := range row {
			l.norms[j] += w * v * v
		}
	}
	for j, v := range l.norms {
		l.norms[j] = math.Sqrt(v)
	}
	l.report.GradientNorm = Norm(l.grad)
	l.prepared = false
}

// prepare forms the Gram matrix at the current point. It fails where the squares of the Jacobian's elements come near to overflow.
func (l *LevenbergMarquardt) prepare(ctx context.Context) error {
	if l.prepared {
		return nil
	}
	l.scaled = updateScale(l.cfg.Scaling, l.scale, l.norms, l.cfg.ScaleFloor, !l.scaled)
	l.sys.set(l.jac, l.rootW, l.scale)
	if err := ctx.Err(); err != nil {
		return err
	}
	if !l.sys.usable() {
		return &NonFiniteError{What: "squares of the Jacobian's columns", Value: l.sys.largest}
	}
	l.prepared = true
	return nil
}
