package optim

import "math"

// lineSearch looks for a step length α along a direction that goes down, in reverse communication: it proposes alpha, and is told what the
// objective is there (evaluated) or that it cannot be had (failed), until done.
//
// It is that of Hager and Zhang, "A new conjugate gradient method with guaranteed descent and an efficient line search", SIAM Journal on Optimization
// 16, 2005, 170–192, section 4: Wolfe's conditions or, where the values differ by rounding errors (or by the errors of a solver) only, the approximate
// ones that need slopes alone; expansion and bisection until the ends bracket a minimum, then secant steps, with a bisection where
// two of them have not shrunk the bracket enough. A trial that failed is an end of the bracket at which the value is infinite and has no slope. Where the objective falls right up to the border of what
// can be evaluated there is no minimum to find: after a few bisections the best trial is taken.
type lineSearch struct {
	value0, slope0 float64
	alpha          float64 // the trial proposed
	trials         int
	done           bool

	lower   linePoint  // an end with slope < 0 and an acceptable value
	upper   linePoint  // an end with slope ≥ 0, a value too high, or failed; alpha is +Inf where there is none yet
	broken  bool       // the upper end has no slope ≥ 0: it failed, or is too high
	halving int        // bisections made against a failed end
	widths  [2]float64 // of the bracket at the last two trials

	best     linePoint // the lowest trial that goes down enough; alpha is 0 where there is none
	grad     []float64 // where the caller writes the gradient of a trial
	bestGrad []float64 // the gradient at best
}

// linePoint is a trial: its step length, value and slope.
type linePoint struct{ alpha, value, slope float64 }

// Constants of Hager and Zhang 2005, section 5, with the same names.
const (
	hzDelta   = 0.1
	hzSigma   = 0.9
	hzEpsilon = 1e-6
	hzGamma   = 0.66
	hzRho     = 5
	// borderHalvings is the number of bisections against a failed end after which the best trial is taken.
	borderHalvings = 3
)

func newLineSearch(n int) lineSearch {
	return lineSearch{grad: make([]float64, n), bestGrad: make([]float64, n)}
}

// start begins a search from a point with the given value and slope (below 0), with the first trial at alpha.
func (s *lineSearch) start(value, slope, alpha float64) {
	grad, bestGrad := s.grad, s.bestGrad
	*s = lineSearch{
		value0: value, slope0: slope, alpha: alpha, grad: grad, bestGrad: bestGrad,
		lower: linePoint{0, value, slope}, upper: linePoint{alpha: math.Inf(1)},
	}
}

// found reports whether there is a trial to take.
func (s *lineSearch) found() bool { return s.best.alpha > 0 }

// failed says that the trial at alpha cannot be evaluated.
func (s *lineSearch) failed() {
	s.trials++
	s.upper = linePoint{s.alpha, math.Inf(1), math.NaN()}
	s.broken = true
	s.bisect()
}

// evaluated says what the objective and its slope are at alpha, and that its gradient is in grad.
func (s *lineSearch) evaluated(value, slope float64) {
	s.trials++
	c := linePoint{s.alpha, value, slope}
	tolerance := hzEpsilon * math.Abs(s.value0)
	wolfe := value-s.value0 <= hzDelta*c.alpha*s.slope0 && slope >= hzSigma*s.slope0
	approximate := value <= s.value0+tolerance && slope >= hzSigma*s.slope0 && slope <= (2*hzDelta-1)*s.slope0
	if wolfe || approximate {
		s.take(c)
		s.done = true
		return
	}
	if value < s.value0+1e-4*c.alpha*s.slope0 && (s.best.alpha == 0 || value < s.best.value) {
		s.take(c)
	}
	switch {
	case slope >= 0:
		s.upper, s.broken = c, false
	case value <= s.value0+tolerance:
		s.lower = c
	default:
		s.upper, s.broken = c, true
	}
	switch {
	case math.IsInf(s.upper.alpha, 1):
		s.alpha = hzRho * c.alpha
	case s.broken:
		s.bisect()
	default:
		s.interpolate()
	}
}

// take makes c the best trial.
func (s *lineSearch) take(c linePoint) {
	s.best = c
	s.grad, s.bestGrad = s.bestGrad, s.grad
}

// bisect proposes a trial between the lower end and an upper end without a slope to use (Hager and Zhang 2005, step U3).
func (s *lineSearch) bisect() {
	if s.found() && math.IsInf(s.upper.value, 1) {
		if s.halving++; s.halving > borderHalvings {
			s.done = true
			return
		}
	}
	if s.lower.alpha == 0 && math.IsInf(s.upper.value, 1) {
		// Nothing is known of where the border lies: go down fast.
		s.alpha = 0.25 * s.upper.alpha
		return
	}
	s.alpha = s.lower.alpha + 0.5*(s.upper.alpha-s.lower.alpha)
}

// interpolate proposes a trial in a bracket whose ends have slopes of opposite sign: the secant step, or the middle where the last two trials have
// not shrunk the bracket enough (Hager and Zhang 2005, step L2).
func (s *lineSearch) interpolate() {
	a, b := s.lower, s.upper
	width := b.alpha - a.alpha
	alpha := (a.alpha*b.slope - b.alpha*a.slope) / (b.slope - a.slope)
	if s.widths[0] > 0 && width > hzGamma*s.widths[0] || !(alpha > a.alpha && alpha < b.alpha) {
		alpha = a.alpha + 0.5*width
	}
	s.widths = [2]float64{s.widths[1], width}
	s.alpha = alpha
}
