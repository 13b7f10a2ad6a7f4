package optim

import (
	"context"
	"math"
)

// acceptGain is the least gain ratio of a step that is taken (Moré 1978, Algorithm 7.1).
const acceptGain = 1e-4

// Iterate implements Stepwise: it tries steps from the current point, each shorter than the one before, until one reduces the objective and
// the Jacobian can be evaluated where it ends.
func (l *LevenbergMarquardt) Iterate(ctx context.Context) (Status, error) {
	if !l.evaluated {
		if err := l.Evaluate(ctx); err != nil {
			return Running, err
		}
	}
	if s := l.cfg.Stop.converged(&l.report, l.grad); s != Running {
		return s, nil
	}
	l.ctx = ctx
	defer func() { l.ctx = nil }()
	if err := l.prepare(ctx); err != nil {
		return Running, err
	}
	// Where no step is taken, the damping is what it was: whatever made the trials fail may be changed before the next ones.
	before := l.damp
	failures, stepNorm := 0, 0.0
	var lastErr error
	noStep := func(trials int, s Status) (Status, error) {
		l.damp = before
		if trials > 0 && failures == trials {
			return Running, &TrialsError{
				Method: lmName, Iteration: l.report.Iteration, Point: append([]float64(nil), l.p...),
				Trials: trials, StepNorm: stepNorm, Err: lastErr,
			}
		}
		return s, nil
	}
	for trials := range l.cfg.MaxTrials {
		if err := ctx.Err(); err != nil {
			l.damp = before
			return Running, err
		}
		bent, err := l.propose(ctx)
		if stop := ctx.Err(); stop != nil { // whatever was computed is undefined
			l.damp = before
			return Running, stop
		}
		stepNorm = Norm(l.step)
		if stepNorm <= l.cfg.Stop.Step*(Norm(l.p)+l.cfg.Stop.Step) {
			return noStep(trials, StepSmall)
		}
		l.report.Trials++
		objective, gain := 0.0, 0.0
		if err == nil && !bent {
			objective, gain, err = l.try(ctx)
			stepNorm = Norm(l.step)
		}
		switch {
		case err != nil && !failed(err):
			l.damp = before
			return Running, err
		case err != nil:
			failures++
			lastErr = err
			l.report.Failed++
			l.damp.failed(l.cfg.Damping, &l.trial)
		case gain > acceptGain:
			return l.accept(gain, stepNorm), nil
		default:
			l.report.Rejected++
			if !bent && l.negligible(objective) {
				return noStep(trials, DecreaseSmall)
			}
			l.damp.rejected(l.cfg.Damping, &l.trial, gain)
		}
	}
	return noStep(l.cfg.MaxTrials, NoProgress)
}

// propose computes the trial step and point. It reports whether the path bends too much for the step to be tried; an error is that of
// the evaluation which tells.
func (l *LevenbergMarquardt) propose(ctx context.Context) (bent bool, err error) {
	l.damp.propose(l.cfg.Damping, &l.trial, l.sys, l.wr, &l.cfg, l.pointNorm())
	step := l.trial.step
	for j, v := range step {
		l.step[j] = v / l.scale[j]
	}
	if l.cfg.Curvature == CurvatureGeodesic {
		bent, err = l.accelerate(ctx)
	}
	for j, v := range l.step {
		l.next[j] = l.p[j] + v
	}
	return bent, err
}

// try evaluates the trial point and, where it is good, the Jacobian there. The point may move by a correction.
func (l *LevenbergMarquardt) try(ctx context.Context) (objective, gain float64, err error) {
	objective, err = l.evaluateResidual(ctx, l.rNext, l.next)
	if err == nil {
		objective, err = l.correct(ctx, objective)
	}
	if err != nil {
		return 0, 0, err
	}
	gain = (l.report.Objective - objective) / l.trial.predicted
	if gain > acceptGain {
		err = l.evaluateJacobian(ctx, l.rNext, l.jNext, l.next, true)
	}
	return objective, gain, err
}

func (l *LevenbergMarquardt) pointNorm() float64 {
	for j, v := range l.p {
		l.next[j] = v * l.scale[j]
	}
	return Norm(l.next)
}

// accept moves to the trial point, whose residuals and Jacobian have been evaluated.
func (l *LevenbergMarquardt) accept(gain, stepNorm float64) Status {
	objective := l.report.Objective
	l.p, l.next = l.next, l.p
	l.r, l.rNext = l.rNext, l.r
	l.jac, l.jNext = l.jNext, l.jac
	l.settle()
	l.report.Iteration++
	l.report.StepNorm = stepNorm
	l.report.GainRatio = gain
	l.report.Damping = l.damp.mu
	l.damp.accepted(l.cfg.Damping, &l.trial, gain)
	if l.cfg.Damping == DampingTrustRegion {
		l.report.Radius = l.damp.radius
	}
	return l.cfg.Stop.after(&l.report, l.grad, &l.window, objective, l.trial.predicted)
}

// negligible reports whether the trial's reduction, predicted and actual, is too small to matter.
func (l *LevenbergMarquardt) negligible(objective float64) bool {
	tiny := l.cfg.Stop.Decrease * l.report.Objective
	return l.trial.predicted <= tiny && math.Abs(objective-l.report.Objective) <= tiny
}

const lmVersion = 1

// MarshalBinary implements Stepwise.
func (l *LevenbergMarquardt) MarshalBinary() ([]byte, error) {
	w := newStateWriter("LevenbergMarquardt", lmVersion)
	w.int(len(l.r))
	w.vector(l.p)
	w.vector(l.scale)
	w.bool(l.scaled)
	w.bool(l.evaluated || l.restored)
	l.damp.write(w)
	l.window.write(w)
	l.report.write(w)
	return w.finish(), nil
}

// UnmarshalBinary implements Stepwise.
func (l *LevenbergMarquardt) UnmarshalBinary(data []byte) error {
	r := newStateReader("LevenbergMarquardt", lmVersion, data)
	if rows := r.int(); r.err == nil && rows != len(l.r) {
		r.fail("belongs to a problem of %d residuals, this one has %d", rows, len(l.r))
	}
	p, scale := r.vector(len(l.p)), r.vector(len(l.p))
	scaled, counted := r.bool(), r.bool()
	var d damper
	d.read(r)
	win := l.window.read(r)
	var rep Report
	rep.read(r)
	if err := r.finish(); err != nil {
		return err
	}
	l.p, l.scale, l.scaled, l.damp, l.window, l.report = p, scale, scaled, d, win, rep
	l.evaluated, l.restored, l.prepared = false, counted, false
	return nil
}
