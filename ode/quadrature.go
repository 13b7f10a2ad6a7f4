package ode

import (
	"fmt"
	"math"
)

// A Quadrature asks for integrals ∫ g(t, y) dt along the solution. They ride along outside the linear algebra: on every
// step g is integrated over the dense output by a Gauss rule whose order exceeds that of the method.
type Quadrature struct {
	// N is the number of integrals.
	N int
	// Eval writes g(t, y) into dst (len N). A *Rejection asks for a smaller step; any other error ends the solve.
	Eval func(dst []float64, t float64, y []float64) error
	// ErrorTest holds the integrals to RTol and ATol as well: every step also evaluates the Kronrod extension of the Gauss
	// rule, keeps the result of the extension, and is rejected if the two differ too much. Without it the integrals are
	// as accurate as the steps that the states need.
	ErrorTest bool
	// RTol is the relative tolerance of the integrals; 0 means Options.RTol. ATol is the absolute one: one value, or one per integral;
	// nil means 1e-3·RTol times the length of the interval.
	RTol float64
	ATol []float64
}

// check reports what is wrong with the description.
func (q *Quadrature) check() error {
	bad := func(format string, a ...any) error {
		return &InputError{What: "quadrature", Msg: fmt.Sprintf(format, a...)}
	}
	switch {
	case q.N < 1:
		return bad("has %d integrals; at least one is needed", q.N)
	case q.Eval == nil:
		return bad("has no integrand (Eval is nil)")
	case q.RTol != 0 && !(q.RTol >= minRTol && q.RTol <= 1):
		return bad("has a relative tolerance of %g; choose a value between %g and 1", q.RTol, minRTol)
	case len(q.ATol) > 1 && len(q.ATol) != q.N:
		return bad("has %d absolute tolerances for %d integrals", len(q.ATol), q.N)
	}
	for i, a := range q.ATol {
		if !(a >= 0) || math.IsInf(a, 0) {
			return bad("has an absolute tolerance of %g (number %d); it must be finite and not negative", a, i)
		}
	}
	return nil
}

// quadratureState integrates along the steps of one solver; it is inactive when there is nothing to integrate.
type quadratureState struct {
	q          *Quadrature
	rule       quadratureRule
	rtol       float64
	atol       []float64
	total, inc []float64 // up to the start of the step, and over the step
	diff, g, y []float64
}

func (q *quadratureState) init(opt *Options, dim int) error {
	def := opt.Quadrature
	if def == nil {
		return nil
	}
	if err := def.check(); err != nil {
		return err
	}
	n := def.N
	info := opt.Method.Info()
	*q = quadratureState{q: def, rule: quadratureRuleFor(min(info.Order, info.DenseOrder+1)), atol: make([]float64, n),
		total: make([]float64, n), inc: make([]float64, n), diff: make([]float64, n), g: make([]float64, n), y: make([]float64, dim)}
	if q.rtol = def.RTol; q.rtol == 0 {
		q.rtol = opt.RTol
	}
	for i := range q.atol {
		switch len(def.ATol) {
		case 0: // see reset
		case 1:
			q.atol[i] = def.ATol[0]
		default:
			q.atol[i] = def.ATol[i]
		}
	}
	return nil
}

func (q *quadratureState) active() bool { return q.q != nil }

// reset prepares for a solve over an interval of length span.
func (q *quadratureState) reset(span float64) {
	clear(q.total)
	if q.q != nil && len(q.q.ATol) == 0 {
		for i := range q.atol {
			q.atol[i] = 1e-3 * q.rtol * span
		}
	}
}

// attempt integrates over the step just attempted; with an error test it raises the error norm e of the step. A
// *stepError rejects the step, an error ends the solve.
func (q *quadratureState) attempt(s *Solver, h float64, e *float64) (*stepError, error) {
	c := s.c
	coef := s.coefficients(h)
	clear(q.inc)
	clear(q.diff)
	for i, theta := range q.rule.node {
		b := 0.0
		if i%2 == 1 {
			b = q.rule.gauss[i/2]
		} else if !q.q.ErrorTest {
			continue
		}
		if err := q.eval(s, coef, c.t+theta*h, theta); err != nil {
			return s.quadratureError(h, err)
		}
		if !finite(q.g) {
			return c.reject(RejectNonFinite, errIntegrand), nil
		}
		if !q.q.ErrorTest {
			addTo(q.inc, b*h, q.g)
			continue
		}
		addTo(q.inc, q.rule.kronrod[i]*h, q.g)
		addTo(q.diff, (q.rule.kronrod[i]-b)*h, q.g)
	}
	if q.q.ErrorTest {
		sum := 0.0
		for i, d := range q.diff {
			if d == 0 {
				continue
			}
			x := d / max(q.atol[i]+q.rtol*max(math.Abs(q.total[i]), math.Abs(q.total[i]+q.inc[i])), weightFloor)
			sum += x * x
		}
		if norm := math.Sqrt(sum / float64(len(q.diff))); norm > *e {
			*e = min(norm, math.MaxFloat64)
		}
	}
	return nil, nil
}

// errIntegrand explains a step rejected for its integrals.
var errIntegrand = fmt.Errorf("an integrand of the quadrature is not finite")

// quadratureError sorts the error of an integrand into a rejection or an end.
func (s *Solver) quadratureError(h float64, err error) (*stepError, error) {
	if bad := s.c.fieldError(err); bad.reason != 0 {
		return bad, nil
	}
	return nil, s.fail(CauseQuadrature, h, err, "the error is the integrand's own")
}

// eval evaluates g at a point of the dense output.
func (q *quadratureState) eval(s *Solver, coef []float64, t, theta float64) error {
	c := s.c
	horner(q.y, coef, s.degree, theta)
	c.stats.QuadratureEvals++
	t = c.inside(t)
	c.enter(inQuadrature, t, q.y)
	err := q.q.Eval(q.g, t, q.y)
	c.leave()
	return err
}

// accept adds the integrals over the accepted step.
func (q *quadratureState) accept() { addTo(q.total, 1, q.inc) }

// save appends the integrals so far.
func (q *quadratureState) save(sol *Solution) {
	sol.QuadratureAt = append(sol.QuadratureAt, q.total...)
}

// saveAt appends the integrals up to a time within the step.
func (q *quadratureState) saveAt(s *Solver, t, tnew, h float64) error {
	c, sol := s.c, &s.sol
	q.save(sol)
	row := sol.QuadratureAt[len(sol.QuadratureAt)-len(q.total):]
	if t == tnew {
		addTo(row, 1, q.inc)
		return nil
	}
	part := t - c.t
	for i, b := range q.rule.gauss {
		tau := q.rule.node[2*i+1] * part
		if err := q.eval(s, s.coef, c.t+tau, tau/h); err != nil {
			return s.fail(CauseQuadrature, h, err, "the integrand failed while the integrals at a saved time were computed")
		}
		addTo(row, b*part, q.g)
	}
	return nil
}

// addTo adds a·x to dst.
func addTo(dst []float64, a float64, x []float64) {
	for i, v := range x {
		dst[i] += a * v
	}
}
