package ode

import (
	"context"
	"fmt"
	"math"
)

// After an attempt that could not be used (NaN, Newton, singular matrix, rejection by the field) the step size is
// multiplied by this (CVODE's value for a failed Newton iteration, Hindmarsh et al., ACM TOMS 31, 363, 2005).
const failedFactor = 0.25

// A state this many times as large as any at the start, where the step size has become too small, is taken to have blown up.
const blowUp = 1e6

// loop is the one loop of all methods: it proposes steps, accepts or rejects them, and hands accepted steps to output,
// quadrature, events, tape and observer.
func (s *Solver) loop(ctx context.Context) error {
	c := s.c
	done := ctx.Done()
	hit := s.segment(s.opt.Hit)
	if err := s.begin(); err != nil {
		return err
	}
	if c.t == c.t1 {
		return s.atStart()
	}
	h, err := s.firstStep()
	if err != nil {
		return err
	}
	if err := s.atStart(); err != nil {
		return err
	}
	now := &s.now
	*now = Attempt{}
	for attempts := 0; ; attempts++ {
		if done != nil {
			select {
			case <-done:
				return s.fail(CauseCanceled, h, context.Cause(ctx), "what was computed so far is kept")
			default:
			}
		}
		if attempts >= s.opt.MaxSteps {
			return s.tooManySteps(h)
		}
		target := s.target
		step, last := s.fit(h, target)
		if s.events.landing {
			// the latest attempt went past an event that ends the solve or changes the state
			target = s.events.aim
			step, last = target-c.t, true
		}
		step, target, last = s.reads.shorten(s, step, target, last)
		if step == 0 || c.t+step == c.t || !last && !(math.Abs(step) >= s.opt.MinStep) {
			return s.tooSmall(step)
		}
		c.h = step
		if !c.ownWeights {
			c.setWeights()
		}
		s.degree = -1
		if s.size == nil {
			c.wantDense = s.wantsDense(step)
		}
		e, bad := s.st.attempt(step)
		if bad == nil {
			bad = s.judge(&e)
		}
		if bad == nil && e <= 1 {
			bad = s.reads.check(s, step)
		}
		if bad == nil && e <= 1 && s.quad.active() {
			if bad, err = s.quad.attempt(s, step, &e); err != nil {
				return err
			}
		}
		if bad == nil && e <= 1 && s.opt.Judge != nil {
			if bad, err = s.consult(step, &e); err != nil {
				return err
			}
		}
		if bad != nil || e > 1 {
			reason := RejectError
			if bad != nil {
				if bad.reason == 0 {
					return s.fail(CauseRightHandSide, step, bad.err, "the error is the right-hand side's own")
				}
				reason = bad.reason
			} else {
				c.failed = stepError{reason: RejectError}
			}
			c.stats.reject(reason)
			if reason != RejectDense { // that one has shortened the next step
				h = s.afterRejection(step, e, reason)
			}
			now.AfterReject = true
			s.events.landing = false
			continue
		}
		tnew := c.t + step
		if last {
			tnew = target
		}
		if s.events.active() {
			again, err := s.events.search(s, tnew, step)
			if err != nil {
				return err
			}
			if again {
				continue
			}
		}
		if err := s.deliver(tnew, step); err != nil {
			return err
		}
		c.stats.Steps++
		s.reads.accepted()
		if s.size != nil {
			h = s.size.nextSize(step, e, true, 0)
		} else {
			now.H, now.Err, now.Order = step, e, s.st.errorOrder()
			now.Newton, now.NewtonMax = s.effort()
			next := step * s.control.Accept(now)
			if math.Abs(step) < math.Abs(h) && math.Abs(next) < math.Abs(h) {
				// the step was cut short by a target, not by its error: the earlier proposal stands
				next = h
			}
			h = next
			now.PrevH, now.PrevErr = step, e
			if s.pair != nil && s.pair.fresh {
				// they were another method's
				now.PrevH = 0
				s.reads.forget()
			}
		}
		now.AfterReject = false
		stop, restart := false, len(hit) > 0 && c.t == hit[0] // f may be discontinuous there
		if s.events.active() {
			changed := false
			if stop, changed, err = s.events.fire(s); err != nil {
				return err
			}
			restart = restart || changed
		}
		if stop || c.t == c.t1 {
			return nil
		}
		if restart {
			hit = s.segment(hit)
			if h, err = s.restart(); err != nil {
				return err
			}
			now.PrevH = 0
		}
	}
}

// begin makes initial values consistent, evaluates f at the start and prepares the stepper.
func (s *Solver) begin() error {
	c := s.c
	c.failed, c.suspect, c.component = stepError{}, nil, -1
	if d, ok := c.field.(interface{ reset() }); ok {
		d.reset()
	}
	if !c.p.Mass.IsIdentity() {
		if err := s.consistent(); err != nil {
			return err
		}
	}
	if bad := s.st.start(); bad != nil {
		return s.fail(CauseRightHandSide, 0, bad.err, "the right-hand side cannot be evaluated at the starting point")
	}
	for i, v := range c.f0 {
		if !(math.Abs(v) <= math.MaxFloat64) {
			return s.fail(CauseNonFiniteStart, 0, nil, "check the initial values and the parameters").blame(c, i)
		}
	}
	return nil
}

// restart begins anew at the current point, as after a discontinuity.
func (s *Solver) restart() (float64, error) {
	s.c.haveF = false
	s.reads.forget()
	if err := s.begin(); err != nil {
		return 0, err
	}
	return s.firstStep()
}

// fit shortens a step so that it ends on the target, or halves what remains when the next step would be a splinter.
func (s *Solver) fit(h, target float64) (step float64, last bool) {
	c := s.c
	if s.opt.MaxStep > 0 && math.Abs(h) > s.opt.MaxStep {
		h = math.Copysign(s.opt.MaxStep, h)
	}
	rest := target - c.t
	switch a, r := math.Abs(h), math.Abs(rest); {
	case a >= r*(1-1e-10):
		return rest, true
	case a > 0.5*r && s.size == nil:
		return rest / 2, false
	}
	return h, false
}

// tooSmall reports a step that no longer changes t, or that is smaller than the minimum.
func (s *Solver) tooSmall(step float64) error {
	c := s.c
	advice := "the solution may have a singularity here, or the tolerance asks for more than double precision holds: loosen rtol, raise atol for small components, or check the right-hand side"
	differenced := ApproximateJacobian(c.field)
	switch c.failed.reason {
	case RejectError:
		if s.constraints != nil && len(s.constraints.null) > 0 {
			advice = "the error estimate holds what is left in the algebraic equations, at any step size: choose a method whose estimate leaves that out (Rodas5P, Radau), loosen rtol, or raise atol for algebraic states"
			if differenced {
				advice += "; the Jacobian is one by differences: give its own (ode.FuncJacobian)"
			}
		}
	case RejectNewton, RejectSingular:
		advice = "Newton's iteration fails however small the step is: check the Jacobian, or use ode.FiniteDifference"
		if differenced {
			advice = "Newton's iteration fails however small the step is, with a Jacobian by differences, which roundoff of f or a tiny state can spoil: give its own (ode.FuncJacobian), set Problem.Scale, or choose another tolerance"
		}
	case RejectNonFinite, RejectField:
		advice = "the right-hand side, or what else is evaluated along the solution, is not defined beyond this point: the solution may leave its domain or blow up here"
	case RejectDense:
		advice = "the solution cannot be read between the ends of steps, as where the right-hand side jumps: name such times in Hit, or save at the ends of steps (no SaveAt)"
	case RejectBounds:
		advice = "the solution leaves the bounds asked for: the bounds contradict the equations, or the tolerance is too loose"
	}
	f := s.fail(CauseStepTooSmall, step, c.failed.err, advice).blame(c, c.culprit())
	if math.Abs(f.Value) > blowUp*s.size0 {
		f.Advice = "the solution appears to have a singularity here: the state has grown without bound"
	}
	return f
}

func (s *Solver) tooManySteps(h float64) error {
	f := s.fail(CauseTooManySteps, h, nil, fmt.Sprintf("%d steps were not enough: if the problem is stiff choose an implicit method, otherwise raise MaxSteps or loosen the tolerance", s.opt.MaxSteps))
	return f.blame(s.c, s.c.culprit())
}

// judge rejects a step whose state or error is not finite or whose state violates the bounds.
func (s *Solver) judge(e *float64) *stepError {
	c := s.c
	if !(c.provesFinite && *e <= math.MaxFloat64) && !finite(c.ynew) {
		c.suspect, c.component = c.ynew, -1
		return c.reject(RejectNonFinite, nil)
	}
	if !(*e <= math.MaxFloat64) {
		return c.reject(RejectNonFinite, nil)
	}
	if *e > 1 {
		return nil
	}
	for i, lo := range s.opt.Lower {
		if s.outside(i, lo-c.ynew[i], lo) {
			c.component = i
			return c.reject(RejectBounds, nil)
		}
	}
	for i, hi := range s.opt.Upper {
		if s.outside(i, c.ynew[i]-hi, hi) {
			c.component = i
			return c.reject(RejectBounds, nil)
		}
	}
	return nil
}

func (s *Solver) afterRejection(step, e float64, reason RejectReason) float64 {
	if s.size != nil {
		return s.size.nextSize(step, e, false, reason)
	}
	if reason == RejectError {
		s.now.H, s.now.Err, s.now.Order = step, e, s.st.errorOrder()
		s.now.Newton, s.now.NewtonMax = s.effort()
		return step * s.control.Reject(&s.now)
	}
	return step * failedFactor
}

// firstStep chooses the size of the first step (Hairer, Nørsett, Wanner I, sec. II.4, algorithm "starting step size"), for
// the order with which the stepper starts. Where that algorithm has times of its own, this one has the time in which the solution
// changes, or a fraction of the interval up to the next jump, so that the choice does not depend on the unit of time.
func (s *Solver) firstStep() (float64, error) {
	c := s.c
	span := math.Abs(s.target - c.t)
	if s.opt.FirstStep > 0 {
		return c.dir * min(s.opt.FirstStep, span), nil
	}
	c.setWeights()
	c.setDerivative(c.f0)
	d0, d1 := c.norm(c.y), c.norm(c.dydt)
	h0 := smallestFirst * span
	if d0 >= 1e-5 && d1*span >= 1e-5 {
		h0 = min(0.01*d0/d1, span)
	}
	if s.opt.MaxStep > 0 {
		h0 = min(h0, s.opt.MaxStep)
	}
	d2 := 0.0
	for range 8 {
		for i, v := range c.dydt {
			c.ynew[i] = c.y[i] + c.dir*h0*v
		}
		bad := c.eval(c.scaled, c.t+c.dir*h0, c.ynew)
		if bad == nil && finite(c.scaled) {
			for i := range c.scaled {
				c.ynew[i] = c.scaled[i] - c.f0[i]
			}
			c.setDerivative(c.ynew)
			d2 = c.norm(c.dydt) / h0
			break
		}
		if bad != nil && bad.reason == 0 {
			return 0, s.fail(CauseRightHandSide, h0, bad.err, "the error is the right-hand side's own")
		}
		h0 *= 0.1
	}
	c.failed = stepError{}
	// 100 h0 is the time in which the solution changes by its own size: the unit in which the second derivative is
	// taken for those of higher order
	h := 100 * h0
	if m := d2 * h * h; m > 1e-15 {
		h *= min(1, 0.5*math.Pow(0.01/m, 1/float64(s.st.errorOrder())))
	}
	if !(h > 0) {
		h = smallestFirst * span
	}
	// far from t = 0 the spacing of times is coarse
	return c.dir * min(max(h, 16*unitRound*math.Abs(c.t)), span), nil
}

// smallestFirst is the first step, as a fraction of the interval, where nothing is known of the solution's scale.
const smallestFirst = 1e-6

// wantsDense says whether the dense output of a step of size h will be asked for.
func (s *Solver) wantsDense(h float64) bool {
	if s.opt.Dense || s.opt.Observer != nil || s.events.active() || s.quad.active() {
		return true
	}
	wait := s.sol.saveAt
	// with room for the rounding of t + h
	return len(wait) > 0 && (s.c.t+h-wait[0])*s.c.dir > -1e-9*math.Abs(h)
}

// effort is how hard the stages of the latest attempt were to find.
func (s *Solver) effort() (iterations, limit int) {
	if s.newton == nil {
		return 0, 0
	}
	return s.newton.effort()
}
