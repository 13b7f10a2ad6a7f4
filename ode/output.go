package ode

import (
	"math"
	"sort"
)

// A Solution is the result of a solve. Rows of Y belong to Times; it is owned by its Solver and valid until the next
// solve, unless Clone made it.
type Solution struct {
	// Times and Y are the saved times and states (len(Times)×Dim, row-major).
	Times, Y []float64
	// T and YEnd are where the solve ended: at t1, at a terminal event, or where it failed.
	T    float64
	YEnd []float64
	// Events that happened, in order.
	Events []EventHit
	// Quadrature holds the integrals asked for, from t0 to T; QuadratureAt those at the saved times (len(Times)×Q).
	Quadrature, QuadratureAt []float64
	// Dense is the dense output, if asked for.
	Dense *Dense
	// Stats counts the work.
	Stats Stats
	// Initialized says which initial values of a differential-algebraic problem were changed to make them consistent.
	Initialized []Adjustment

	dim    int
	saveAt []float64 // still to come
	every  bool
}

// An Adjustment is a change of an initial value that consistency required.
type Adjustment struct {
	// T is the time at which the values were made consistent: the start, or that of an event.
	T        float64
	State    int
	Name     string
	From, To float64
}

// State returns row i of Y.
func (s *Solution) State(i int) []float64 { return s.Y[i*s.dim : (i+1)*s.dim] }

// Clone returns a copy that does not depend on the solver.
func (s *Solution) Clone() *Solution {
	c := *s
	c.Times = append([]float64(nil), s.Times...)
	c.Y = append([]float64(nil), s.Y...)
	c.YEnd = append([]float64(nil), s.YEnd...)
	c.Events = append([]EventHit(nil), s.Events...)
	for i := range c.Events {
		c.Events[i].Y = append([]float64(nil), c.Events[i].Y...)
	}
	c.Quadrature = append([]float64(nil), s.Quadrature...)
	c.QuadratureAt = append([]float64(nil), s.QuadratureAt...)
	c.Initialized = append([]Adjustment(nil), s.Initialized...)
	if s.Dense != nil {
		c.Dense = s.Dense.clone()
	}
	c.saveAt = nil
	return &c
}

func (s *Solution) reset(t0 float64, y0, saveAt []float64) {
	s.Times, s.Y = s.Times[:0], s.Y[:0]
	s.T = t0
	s.YEnd = append(s.YEnd[:0], y0...)
	s.Events = s.Events[:0]
	s.Quadrature, s.QuadratureAt = s.Quadrature[:0], s.QuadratureAt[:0]
	s.Initialized = s.Initialized[:0]
	s.saveAt, s.every = saveAt, saveAt == nil
	if s.Dense != nil {
		s.Dense.reset()
	}
}

// finish writes down where the solve ended.
func (s *Solution) finish(sv *Solver) {
	s.T = sv.c.t
	copy(s.YEnd, sv.c.y)
	s.Quadrature = append(s.Quadrature[:0], sv.quad.total...)
	s.Stats = sv.c.stats
}

// row makes room for one more saved state and returns it.
func (s *Solution) row(t float64) []float64 {
	s.Times = append(s.Times, t)
	n := len(s.Y)
	for range s.dim {
		s.Y = append(s.Y, 0)
	}
	return s.Y[n:]
}

// atStart saves the initial state where it is wanted.
func (s *Solver) atStart() error {
	c, sol := s.c, &s.sol
	copy(sol.YEnd, c.y)
	if s.opt.Dense {
		if sol.Dense == nil {
			sol.Dense = &Dense{dim: s.p.Dim}
		}
		sol.Dense.y0 = append(sol.Dense.y0[:0], c.y...)
	}
	s.quad.reset(math.Abs(c.t1 - c.t))
	if sol.every {
		copy(sol.row(c.t), c.y)
		s.quad.save(sol)
	}
	for len(sol.saveAt) > 0 && sol.saveAt[0] == c.t {
		copy(sol.row(c.t), c.y)
		s.quad.save(sol)
		if s.opt.Tape != nil {
			s.opt.Tape.initial(c.t)
		}
		sol.saveAt = sol.saveAt[1:]
	}
	if s.events.active() {
		return s.events.begin(s)
	}
	return nil
}

// coefficients returns the dense output of the latest step, computed at most once.
func (s *Solver) coefficients(h float64) []float64 {
	if s.degree < 0 {
		s.degree = s.st.dense(s.coef, h)
	}
	return s.coef[:(s.degree+1)*s.p.Dim]
}

// interpolate reads the dense output of the latest step at θ.
func (s *Solver) interpolate(dst []float64, h, theta float64) {
	if e, ok := s.st.(evaluator); ok {
		e.evaluate(dst, theta)
		return
	}
	horner(dst, s.coefficients(h), s.degree, theta)
}

// deliver makes an attempted step the state and hands it to everyone who wants it.
func (s *Solver) deliver(tnew, h float64) error {
	c := s.c
	sol := &s.sol
	if err := s.save(tnew, h); err != nil {
		return err
	}
	if s.opt.Dense {
		sol.Dense.add(c.t, h, s.coefficients(h), s.degree)
	}
	if s.opt.Tape != nil {
		s.st.record(s.opt.Tape, c.t, h)
	}
	observed := s.opt.Observer != nil
	if observed {
		s.coefficients(h) // the stepper forgets the step when it is accepted
	}
	s.view.T, s.view.TNew, s.view.H = c.t, tnew, h
	s.st.accepted(h)
	c.y, c.ynew = c.ynew, c.y
	c.t = tnew
	s.quad.accept()
	if sol.every {
		copy(sol.row(tnew), c.y)
		s.quad.save(sol)
	}
	if observed {
		c.enter(inObserver, tnew, c.y)
		err := s.opt.Observer(&s.view)
		c.leave()
		if err != nil {
			return s.fail(CauseObserver, h, err, "the observer asked to stop; the step it saw is kept")
		}
	}
	return nil
}

// save reads the times asked for within the step off the dense output.
func (s *Solver) save(tnew, h float64) error {
	c, sol := s.c, &s.sol
	for len(sol.saveAt) > 0 && (tnew-sol.saveAt[0])*c.dir >= 0 {
		t := sol.saveAt[0]
		sol.saveAt = sol.saveAt[1:]
		dst := sol.row(t)
		if t == tnew {
			copy(dst, c.ynew)
		} else {
			s.interpolate(dst, h, (t-c.t)/h)
		}
		if s.quad.active() {
			if err := s.quad.saveAt(s, t, tnew, h); err != nil {
				return err
			}
		}
		if s.opt.Tape != nil {
			s.opt.Tape.output(t, (t-c.t)/h, t == tnew)
		}
	}
	return nil
}

// horner evaluates Σ_j c_j θ^j; row j of coef is c_j.
func horner(dst, coef []float64, degree int, theta float64) {
	n := len(dst)
	copy(dst, coef[degree*n:(degree+1)*n])
	for j := degree - 1; j >= 0; j-- {
		row := coef[j*n : (j+1)*n]
		for i, v := range row {
			dst[i] = dst[i]*theta + v
		}
	}
}

// A Step is what an observer sees of an accepted step from T to TNew; its slices are valid during the call only.
type Step struct {
	// T, TNew and H are start, end and signed size.
	T, TNew, H float64
	solver     *Solver
}

// Y is the state at T, YNew that at TNew.
func (s *Step) Y() []float64    { return s.solver.c.ynew }
func (s *Step) YNew() []float64 { return s.solver.c.y }

// At writes the dense output at time t within the step into dst.
func (s *Step) At(dst []float64, t float64) {
	horner(dst, s.solver.coef, s.solver.degree, (t-s.T)/s.H)
}

// AtTheta is At for the time T + θH. Within a step so small that times of it are hardly told apart it is the one that is exact.
func (s *Step) AtTheta(dst []float64, theta float64) {
	horner(dst, s.solver.coef, s.solver.degree, theta)
}

// Stats are the statistics so far.
func (s *Step) Stats() *Stats { return &s.solver.c.stats }

// Dense is the dense output of a whole solve: a polynomial per step.
type Dense struct {
	dim    int
	y0     []float64
	t, h   []float64
	degree []int
	start  []int
	coef   []float64
}

func (d *Dense) reset() {
	d.t, d.h, d.degree, d.start, d.coef = d.t[:0], d.h[:0], d.degree[:0], d.start[:0], d.coef[:0]
}

func (d *Dense) clone() *Dense {
	return &Dense{dim: d.dim, y0: append([]float64(nil), d.y0...), t: append([]float64(nil), d.t...), h: append([]float64(nil), d.h...),
		degree: append([]int(nil), d.degree...), start: append([]int(nil), d.start...), coef: append([]float64(nil), d.coef...)}
}

func (d *Dense) add(t, h float64, coef []float64, degree int) {
	d.t, d.h = append(d.t, t), append(d.h, h)
	d.degree, d.start = append(d.degree, degree), append(d.start, len(d.coef))
	d.coef = append(d.coef, coef...)
}

// Steps is the number of steps.
func (d *Dense) Steps() int { return len(d.t) }

// Step returns start and signed size of step i.
func (d *Dense) Step(i int) (t, h float64) { return d.t[i], d.h[i] }

// Find returns the step that contains time t, or the nearest one; it is −1 if there are no steps.
func (d *Dense) Find(t float64) int {
	n := len(d.t)
	if n == 0 {
		return -1
	}
	i := sort.Search(n, func(i int) bool { return (d.t[i]-t)*math.Copysign(1, d.h[i]) > 0 }) - 1
	return max(i, 0)
}

// At writes the solution at time t into dst (len Dim). Outside the interval solved it extrapolates the nearest step; if
// there are no steps it is the initial state.
func (d *Dense) At(dst []float64, t float64) {
	i := d.Find(t)
	if i < 0 {
		copy(dst, d.y0)
		return
	}
	d.AtStep(dst, i, t)
}

// AtStep is At for a time known to lie in step i.
func (d *Dense) AtStep(dst []float64, i int, t float64) {
	d.AtTheta(dst, i, (t-d.t[i])/d.h[i])
}

// AtTheta writes the solution at t + θh of step i into dst, t and h being the step's start and size. Within a step so small that times of it are
// hardly told apart it is the one that is exact.
func (d *Dense) AtTheta(dst []float64, i int, theta float64) {
	horner(dst[:d.dim], d.coef[d.start[i]:], d.degree[i], theta)
}
