package optim

import (
	"context"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// Curvature says what Levenberg–Marquardt does about the curvature of the residuals along its step: in a narrow, bent valley a straight step runs
// up the side, and only a short one is good.
type Curvature int

const (
	// CurvatureCorrect solves the damped problem again with the residuals at the end of the step in place of those that the Jacobian
	// predicts there, once or twice, and takes the better point. The step that this tends to is the one of a fully implicit
	// Euler step on the gradient flow of the objective with the Jacobian held fixed, of which the plain step is the linearly implicit
	// one; to second order it is that with geodesic acceleration, by a difference over the whole step, which the
	// noise of a numerical solution does not spoil. Each correction costs an evaluation of the residuals and none of the Jacobian. The default.
	CurvatureCorrect Curvature = iota
	// CurvatureGeodesic adds to each step half the acceleration along the geodesic that it starts (Transtrum and Sethna, "Improvements to the
	// Levenberg–Marquardt algorithm for nonlinear least-squares minimization", arXiv:1201.5885, 2012, section 3), and rejects steps whose
	// acceleration is more than 3/8 of them. It costs one evaluation of the residuals a trial, and takes a second difference of them
	// over a tenth of the step: they must be accurate to much better than a hundredth of their change.
	CurvatureGeodesic
	// CurvatureIgnore takes the straight step.
	CurvatureIgnore
)

func (c Curvature) String() string {
	switch c {
	case CurvatureCorrect:
		return "correct"
	case CurvatureGeodesic:
		return "geodesic"
	case CurvatureIgnore:
		return "ignore"
	}
	return "unknown"
}

const (
	// maxCorrections is the largest number of corrections of a step.
	maxCorrections = 2
	// goodGain is a gain ratio above which the straight step is left as it is: there is little to win.
	goodGain = 0.9
	// correctionLimit is the largest ratio of a correction to the one before, the first to the step: beyond it they do not converge.
	correctionLimit = 0.5
)

// correct improves the trial step, whose objective is given and whose residuals are in rNext, and returns the objective it gets to. Corrections that
// cannot be evaluated or make things worse are left out.
func (l *LevenbergMarquardt) correct(ctx context.Context, objective float64) (float64, error) {
	if l.cfg.Curvature != CurvatureCorrect || l.report.Objective-objective > goodGain*l.trial.predicted {
		return objective, nil
	}
	copy(l.bent.step, l.trial.step)
	copy(l.bent.image, l.trial.image)
	size := l.trial.norm
	for range maxCorrections {
		// d̂ ← −(ĴᵀĴ + μI)⁻¹ Ĵᵀ (r̂(p + d) − Ĵ d̂)
		for i, w := range l.rootW {
			l.rhs[i] = w*l.rNext[i] - l.bent.image[i]
		}
		copy(l.probe, l.bent.step)
		l.sys.solve(l.bent.step, l.bent.image, l.rhs)
		kernel.AddScaled(l.probe, -1, l.bent.step)
		change := Norm(l.probe)
		if !(change <= correctionLimit*size) {
			return objective, nil
		}
		size = change
		for j, v := range l.bent.step {
			l.probe[j] = l.p[j] + v/l.scale[j]
		}
		better, err := l.evaluateResidual(ctx, l.rProbe, l.probe)
		if err != nil && !failed(err) {
			return objective, err
		}
		if err != nil || !(better < objective) {
			return objective, nil
		}
		objective = better
		l.next, l.probe = l.probe, l.next
		l.rNext, l.rProbe = l.rProbe, l.rNext
		for j, v := range l.next {
			l.step[j] = v - l.p[j]
		}
	}
	return objective, nil
}

// accelerate adds to the step half the geodesic acceleration: the solution of the damped problem for the second derivative of the
// residuals along the step, taken by a finite difference (Transtrum and Sethna 2012, Eqs. 9–11 and 15). It reports whether the path
// bends too much for the step to be tried; an error is that of the evaluation which tells.
func (l *LevenbergMarquardt) accelerate(ctx context.Context) (bent bool, err error) {
	const (
		h         = 0.1  // length of the difference relative to the step
		bendLimit = 0.75 // largest 2·‖correction‖/‖step‖
	)
	for j, v := range l.step {
		l.probe[j] = l.p[j] + h*v
	}
	if _, err := l.evaluateResidual(ctx, l.rProbe, l.probe); err != nil {
		return false, err
	}
	for i, w := range l.rootW {
		// Half of the weighted r″ = (2/h)·((r(p + h d) − r)/h − J d).
		l.rhs[i] = (w*(l.rProbe[i]-l.r[i])/h - l.trial.image[i]) / h
	}
	l.sys.solve(l.bent.step, l.bent.image, l.rhs)
	for j, v := range l.bent.step {
		l.step[j] += v / l.scale[j]
	}
	return !(2*Norm(l.bent.step) <= bendLimit*l.trial.norm), nil
}
