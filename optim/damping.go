package optim

import (
	"math"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// Damping says how Levenberg–Marquardt chooses the length of its step.
type Damping int

const (
	// DampingNielsen changes the damping μ smoothly with the gain ratio ρ: it becomes μ·max(1/3, 1 − (2ρ − 1)³) after a good step and
	// is multiplied by 2, 4, 8, … after bad ones in a row (Nielsen, "Damping parameter in Marquardt's method", report IMM-REP-1999-05,
	// Technical University of Denmark, 1999, Eq. 2.21). One factorisation a trial. The default.
	DampingNielsen Damping = iota
	// DampingTrustRegion keeps a radius Δ and finds μ such that ‖D d‖ is within a tenth of it, by Newton's iteration on 1/‖D d‖ (Moré, "The
	// Levenberg–Marquardt algorithm: implementation and theory", Lecture Notes in Mathematics 630, 1978, 105–116, sections 3–5).
	DampingTrustRegion
)

func (d Damping) String() string {
	switch d {
	case DampingNielsen:
		return "nielsen"
	case DampingTrustRegion:
		return "trust-region"
	}
	return "unknown"
}

// damper is what both rules remember: few enough numbers to be one struct, saved and restored as a whole.
type damper struct {
	mu      float64 // of the last trial
	growth  float64 // Nielsen's ν
	radius  float64 // Δ
	started bool
}

// trialStep is a trial of the damped linear problem in scaled variables.
type trialStep struct {
	step  []float64 // d̂ = D d, P
	image []float64 // Ĵ d̂, R
	norm  float64   // ‖d̂‖
	// predicted is the reduction of the linear model, ½‖Ĵd̂‖² + μ‖d̂‖²: both terms positive (Moré 1978, Eq. 4.4)
	predicted float64
	slope     float64 // the derivative of the objective along the step, −‖Ĵd̂‖² − μ‖d̂‖²
}

func (t *trialStep) solve(sys *dampedSystem, rhs []float64, mu float64) {
	mu = sys.factor(mu)
	sys.solve(t.step, t.image, rhs)
	t.norm = Norm(t.step)
	bent := kernel.Dot(t.image, t.image)
	t.predicted = 0.5*bent + mu*t.norm*t.norm
	t.slope = -bent - mu*t.norm*t.norm
}

// propose computes the trial step for the damping as it stands.
func (d *damper) propose(rule Damping, t *trialStep, sys *dampedSystem, rhs []float64, cfg *LMConfig, pointNorm float64) {
	if !d.started {
		d.started = true
		d.growth = 2
		d.mu = cfg.InitialDamping * sys.largestColumn()
		d.radius = cfg.InitialRadius * pointNorm
		if d.radius == 0 {
			d.radius = cfg.InitialRadius
		}
	}
	if rule == DampingNielsen {
		t.solve(sys, rhs, d.mu)
		d.mu = sys.mu
		return
	}
	d.fitRadius(t, sys, rhs)
}

// fitRadius finds μ with ‖d̂(μ)‖ within a tenth of the radius, or takes the undamped step where it is shorter.
func (d *damper) fitRadius(t *trialStep, sys *dampedSystem, rhs []float64) {
	const (
		slack    = 0.1
		maxTries = 10
	)
	lower, upper := 0.0, math.Inf(1)
	mu := d.mu
	for try := range maxTries {
		t.solve(sys, rhs, mu)
		mu = sys.mu
		excess := t.norm - d.radius
		undamped := excess < 0 && mu <= 4*sys.least()
		if math.Abs(excess) <= slack*d.radius || undamped || try == maxTries-1 || t.norm == 0 {
			break
		}
		if excess > 0 {
			lower = mu
		} else {
			upper = mu
		}
		// Newton on 1/‖d̂‖ − 1/Δ, which is nearly linear in μ (Moré 1978, Eq. 5.5).
		next := mu + t.norm*t.norm/sys.bend(t.step, t.image)*excess/d.radius
		switch {
		case next > lower && next < upper:
		case math.IsInf(upper, 1):
			next = 10 * mu
		default:
			next = math.Max(math.Sqrt(lower*upper), 1e-3*upper)
		}
		mu = next
	}
	d.mu = mu
}

// accepted makes the damping ready for the next point.
func (d *damper) accepted(rule Damping, t *trialStep, gain float64) {
	if rule == DampingNielsen {
		d.mu *= math.Max(1.0/3, 1-math.Pow(2*gain-1, 3))
		d.growth = 2
		return
	}
	switch {
	case gain >= 0.75:
		d.radius = 2 * t.norm
	case gain <= 0.25:
		d.shrink(t, gain)
	}
}

// rejected makes the damping stronger after a trial with the given gain ratio.
func (d *damper) rejected(rule Damping, t *trialStep, gain float64) {
	if rule == DampingNielsen {
		d.mu *= d.growth
		d.growth *= 2
		return
	}
	d.shrink(t, gain)
}

// shrink reduces the radius to where a parabola through both ends, with the slope at the near one, has its minimum, between a tenth
// and a half of the step (Moré 1978, section 4).
func (d *damper) shrink(t *trialStep, gain float64) {
	factor := 0.5
	if actual := gain * t.predicted; actual < 0 {
		factor = 0.5 * t.slope / (t.slope + actual)
	}
	if !(factor > 0.1) {
		factor = 0.1
	}
	d.radius = factor * math.Min(d.radius, 10*t.norm)
	d.mu /= factor
}

// failed makes the damping stronger after a trial that could not be evaluated.
func (d *damper) failed(rule Damping, t *trialStep) {
	if rule == DampingNielsen {
		d.rejected(rule, t, math.Inf(-1))
		return
	}
	d.radius = 0.25 * math.Min(d.radius, t.norm)
	d.mu *= 4
}

func (d *damper) write(w *stateWriter) {
	w.float64(d.mu)
	w.float64(d.growth)
	w.float64(d.radius)
	w.bool(d.started)
}

func (d *damper) read(r *stateReader) {
	d.mu, d.growth, d.radius, d.started = r.positive(), r.positive(), r.positive(), r.bool()
}
