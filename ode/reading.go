package ode

import "math"

// Steps of a method for stiff problems are right at their ends, where stiff components are damped; between these the dense output is a
// polynomial, and over a step that is long for the slow solution that stiff components follow it is worth little: on y' = −10⁶(y − sin t) + cos t at
// rtol 1e-6 steps of Radau are right to 1e-7 and values between them wrong by 0.2. Values that are read between the ends of a step are
// therefore controlled. The defect d = f(t, p) − M p' of the dense output p at the places read is taken through the iteration matrix of the step,
//
//	δ = (M − γJ)⁻¹ γ d,
//
// which is the error of p in stiff components, γ times its defect in the others, and the residual of constraints in units of the algebraic states
// (the filter of Hairer and Wanner II, eq. IV.8.19, applied to the defect of Enright, SIAM J. Numer. Anal. 23, 588, 1986).

const (
	// readingSlack is the weighted norm of δ up to which a value between the ends of a step is handed out.
	readingSlack = 10
	// readingAt is where a step is looked at in which more than one time is read: there errors in stiff components are at least 0.57 of their maximum over
	// the step with every method here (measured on y' = −10⁶(y − sin t) + cos t). A single time is looked at itself.
	readingAt        = 0.8
	readingSafety    = 0.8
	readingLeast     = 0.1
	readingMost      = 10
	readingGrowth    = 1.5 // of a limit that was reached
	readingDeadband  = 1.2
	readingRecovery  = 1.2  // growth of the limit over a step that says nothing of it
	readingUnusable  = 0.25 // factor of the size where f has no value on the dense output
	readingEndpoints = 1e-9 // fraction of a step that counts as its end
)

// A filterer is a stepper whose dense output may be worth less than its steps.
type filterer interface {
	// filtering says whether the dense output of the latest attempt is of that sort.
	filtering() bool
	// filter overwrites v with (M − γJ)⁻¹ v, with the factors of the latest attempt, and returns γ.
	filter(v []float64) (gamma float64)
	// stiffDense is the order of the dense output in stiff components, by which its error there shrinks with the step size.
	stiffDense() int
}

// readings controls what is read between the ends of steps; it is inactive where the method needs none of it.
type readings struct {
	st filterer
	// everywhere says that all of a step is read, rather than times to save
	everywhere bool
	// limit is the size of steps up to which the dense output is good enough
	limit   float64
	checked bool      // the latest attempt was looked at
	p, f, v []float64 // the dense output at a place, f there, and δ
}

func (r *readings) init(s *Solver) {
	r.st, _ = s.st.(filterer)
	if r.st == nil {
		return
	}
	n := s.p.Dim
	all := make([]float64, 3*n)
	r.p, r.f, r.v = all[:n:n], all[n:2*n:2*n], all[2*n:]
}

// reset prepares for a solve.
func (r *readings) reset(s *Solver) {
	o := &s.opt
	r.everywhere = o.Dense || o.Observer != nil && !o.ObserveEnds || s.events.active() || s.quad.active()
	r.forget()
}

// forget forgets what earlier steps have shown, which says nothing of those behind a discontinuity nor of another method's.
func (r *readings) forget() { r.limit, r.checked = math.Inf(1), false }

// firstWithin returns the next time to save if it lies within a step of size h, not at its end.
func (s *Solver) firstWithin(h float64) (t float64, ok bool) {
	wait := s.sol.saveAt
	if len(wait) == 0 {
		return 0, false
	}
	return wait[0], (s.c.t+h-wait[0])*s.c.dir > readingEndpoints*math.Abs(h)
}

// shorten returns the step to be made in place of one that ends on target (if last) or is of size step: one in which the dense output can be read, or
// that ends on the first time to save, whichever is longer.
func (r *readings) shorten(s *Solver, step, target float64, last bool) (float64, float64, bool) {
	if r.st == nil || !(math.Abs(step) > r.limit) {
		return step, target, last
	}
	c := s.c
	if r.everywhere {
		return c.dir * r.limit, target, false
	}
	at, ok := s.firstWithin(step)
	switch d := at - c.t; {
	case !ok:
		return step, target, last
	case math.Abs(d) >= r.limit:
		return d, at, true
	}
	return c.dir * r.limit, target, false
}

// check looks at the dense output of an attempt of size h where it is going to be read. A *stepError says that it is not good enough; limit is then the size to
// try.
func (r *readings) check(s *Solver, h float64) *stepError {
	r.checked = false
	if r.st == nil || !r.st.filtering() {
		return nil
	}
	theta := readingAt
	if !r.everywhere {
		at, ok := s.firstWithin(h)
		if !ok {
			return nil
		}
		if wait := s.sol.saveAt; len(wait) == 1 || (s.c.t+h-wait[1])*s.c.dir <= readingEndpoints*math.Abs(h) {
			theta = (at - s.c.t) / h
		}
	}
	norm := r.defect(s, h, theta) / readingSlack
	if theta != readingAt && norm <= 1 {
		return nil // at a place where the error may happen to be small: it says little of longer steps
	}
	r.checked = true
	return r.judge(s.c, h, norm)
}

// judge sets the limit by the norm found, in units of what is allowed.
func (r *readings) judge(c *core, h, norm float64) *stepError {
	r.limit = readingLimit(math.Abs(h), r.limit, norm, r.st.stiffDense())
	if norm <= 1 {
		return nil
	}
	return c.reject(RejectDense, nil)
}

// readingLimit is the size of steps up to which the dense output is good enough, after a step in which its error had a norm in units of what is allowed.
func readingLimit(size, limit, norm float64, order int) float64 {
	if !(norm <= math.MaxFloat64) {
		return readingUnusable * size
	}
	most := float64(readingMost)
	if size > 0.9*limit {
		most = readingGrowth
	}
	factor := min(readingSafety*math.Pow(max(norm, errFloor), -1/float64(order+1)), most)
	switch {
	case norm > 1:
		factor = max(min(factor, readingSafety), readingLeast)
	case factor < readingDeadband:
		factor = 1
	}
	return size * factor
}

// defect returns the norm of δ at θ; it is not finite where f has no value there.
func (r *readings) defect(s *Solver, h, theta float64) float64 {
	c, n := s.c, s.p.Dim
	coef := s.coefficients(h)
	horner(r.p, coef, s.degree, theta)
	if bad := c.eval(r.f, c.t+theta*h, r.p); bad != nil || !finite(r.f) {
		return math.Inf(1)
	}
	// h p'
	slope := r.p
	clear(slope)
	for j := s.degree; j > 0; j-- {
		m := float64(j)
		for i, v := range coef[j*n : (j+1)*n] {
			slope[i] = slope[i]*theta + m*v
		}
	}
	c.p.Mass.MulVec(r.v, slope)
	for i, v := range r.f {
		r.v[i] = v - r.v[i]/h
	}
	gamma := r.st.filter(r.v)
	c.stats.Solves++
	scale(r.v, gamma)
	return c.errorNorm(r.v)
}

// accepted is told that a step has been accepted.
func (r *readings) accepted() {
	if !r.checked {
		r.limit *= readingRecovery
	}
	r.checked = false
}
