package ode

import (
	"context"
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// Lanes is the number of trajectories that a LaneSolver advances side by side.
const Lanes = kernel.LaneWidth

// A LaneField evaluates a right-hand side at Lanes points at once. Its vectors have a row of Lanes numbers for every component: number
// i·Lanes+l is component i in lane l. Numbers that are not finite must stay in their lane; they reject the step that met them. A
// LaneField owns its scratch space and parameters and belongs to one goroutine.
type LaneField interface {
	// EvalLanes writes f(t, y) of every lane into dst; t has one time per lane.
	EvalLanes(dst, t, y []float64)
	// EvalJacobianLanes writes f(t, y), ∂f/∂y and, where dfdt is not nil, ∂f/∂t. Row j·Dim+i of jac holds ∂f_i/∂y_j.
	EvalJacobianLanes(dst, jac, dfdt, t, y []float64)
}

// A Trajectory is one initial value problem of many, and what became of it.
type Trajectory struct {
	// T0 and Y0 are the initial time and state. Times are those at which the solution is wanted, sorted away from T0; the last one is where
	// the solve ends.
	T0        float64
	Y0, Times []float64

	// Y holds the states at the times reached (times×Dim, row-major): at all of them where Err is nil. Its room is used where there is enough.
	Y     []float64
	Stats Stats
	// Err is an *InputError, or a *Failure, or nil.
	Err error
}

// A NoLanesError says why something must be solved one trajectory at a time.
type NoLanesError struct{ Reason string }

func (e *NoLanesError) Error() string { return "ode: not in lanes: " + e.Reason }

const (
	// maxLaneStates keeps the Jacobians and factors of all lanes in the second-level cache.
	maxLaneStates = 64
	// laneLoose is the relative tolerance from which on the automatic choice pairs Tsit5 with Rosenbrock23, whose steps cost least in lanes,
	// and not with Rodas5P.
	laneLoose = 1e-5
)

// laneMethod finds the formulas that stand for a method in lanes, either of which may be nil.
func laneMethod(m Method, rtol float64) (*ExplicitTableau, *RosenbrockTableau, error) {
	switch m := m.(type) {
	case nil, autoMethod:
		partner := Rodas5P
		if rtol >= laneLoose {
			partner = Rosenbrock23
		}
		return &tsit5, partner.(rosenbrockMethod).tab, nil
	case explicitMethod:
		if m.tab.FSAL && len(m.tab.A) == len(m.tab.B) && m.tab.ECoarse == nil {
			return m.tab, nil, nil
		}
	case rosenbrockMethod:
		return nil, m.tab, nil
	case switchMethod:
		e, _, err := laneMethod(m.explicit, rtol)
		if err != nil {
			return nil, nil, err
		}
		if i, ok := m.implicit.(rosenbrockMethod); ok {
			return e, i.tab, nil
		}
	}
	return nil, nil, &NoLanesError{fmt.Sprintf("%s is neither Tsit5, nor a Rosenbrock method, nor a pair of these", m.Info().Name)}
}

// laneOptions says which options a LaneSolver does not know.
func laneOptions(p *Problem, opt *Options) error {
	for _, o := range []struct {
		set  bool
		what string
	}{
		{!p.Mass.IsIdentity(), "a mass matrix"},
		{p.Dim > maxLaneStates, fmt.Sprintf("more than %d states", maxLaneStates)},
		{opt.RTol != 0 && opt.RTol < refineBelow, fmt.Sprintf("a relative tolerance below %g", refineBelow)},
		{len(opt.Events) > 0, "events"},
		{len(opt.Hit) > 0, "times to hit"},
		{opt.Dense, "dense output"},
		{opt.Quadrature != nil, "a quadrature"},
		{opt.Observer != nil, "an observer"},
		{opt.Judge != nil, "a judge of steps"},
		{opt.Tape != nil, "a tape"},
		{opt.Controller != nil, "a controller of its own"},
		{opt.Lower != nil || opt.Upper != nil, "bounds"},
	} {
		if o.set {
			return &NoLanesError{"there is " + o.what}
		}
	}
	return nil
}

// A LaneSolver solves many initial value problems with one right-hand side, Lanes of them at a time in the lanes of vector registers. Every
// trajectory has its own step size, error control and Jacobian, and when one is done the next takes its lane; its result is the same
// to the bit wherever and beside whatever it was computed. It belongs to one goroutine.
//
// A pair of methods starts with the explicit one; a trajectory that turns out stiff moves on to the implicit one and stays there.
type LaneSolver struct {
	p       *Problem
	opt     Options
	atol    []float64
	pools   []*lanePool   // the explicit one, then the implicit one, as there are
	waiting []waitingLane // from the explicit to the implicit one
	next    func() *Trajectory
	dry     bool // next has no more
}

// waitingLane is a trajectory between the pools.
type waitingLane struct {
	laneState
	y []float64
}

// NewLaneSolver makes the workspace. The method may be nil or Auto, Tsit5, a Rosenbrock method or a pair of these. The error is an
// *InputError, or a *NoLanesError where the problem can be solved, but not in lanes. Options.SaveAt is not used.
func NewLaneSolver(p *Problem, f LaneField, opt Options) (*LaneSolver, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	s := &LaneSolver{p: p, opt: opt, atol: make([]float64, p.Dim)}
	if err := s.opt.resolve(p, s.atol); err != nil {
		return nil, err
	}
	if err := laneOptions(p, &opt); err != nil {
		return nil, err
	}
	explicit, implicit, err := laneMethod(opt.Method, s.opt.RTol)
	if err != nil {
		return nil, err
	}
	if explicit != nil {
		s.pools = append(s.pools, newLanePool(s, f, explicitLanes(explicit)))
	}
	if implicit != nil {
		s.pools = append(s.pools, newLanePool(s, f, rosenbrockLanes(implicit)))
	}
	if len(s.pools) == 2 {
		s.waiting = make([]waitingLane, 0, 2*Lanes)
		for i := range cap(s.waiting) {
			s.waiting[:cap(s.waiting)][i].y = make([]float64, p.Dim)
		}
	}
	return s, nil
}

// Solve solves the trajectories that next returns until it returns nil. What went wrong with one of them is its own Err; the error
// returned is that of a cancelled context, and then every trajectory under way has a *Failure with what was computed.
func (s *LaneSolver) Solve(ctx context.Context, next func() *Trajectory) error {
	s.next, s.dry = next, false
	s.waiting = s.waiting[:0]
	for _, p := range s.pools {
		p.reset()
	}
	done := ctx.Done()
	for {
		select {
		case <-done:
			s.cancel(context.Cause(ctx))
			return context.Cause(ctx)
		default:
		}
		p := s.ready()
		if p == nil {
			return nil
		}
		p.sweep()
	}
}

// ready fills a pool and returns it, or nil when there is nothing left: the implicit pool when all its lanes are busy, or when no other
// trajectory can move.
func (s *LaneSolver) ready() *lanePool {
	first, last := s.pools[0], s.pools[len(s.pools)-1]
	if first == last || last.active+len(s.waiting) < Lanes {
		first.fill(s.newcomer)
		if first.active > 0 {
			return first
		}
	}
	if first == last {
		return nil
	}
	last.fill(s.handed)
	if last.active > 0 {
		return last
	}
	return nil
}

// newcomer puts the next trajectory into a lane.
func (s *LaneSolver) newcomer(p *lanePool, l int) bool {
	for !s.dry {
		tr := s.next()
		if tr == nil {
			s.dry = true
			break
		}
		tr.Y, tr.Stats, tr.Err = tr.Y[:0], Stats{}, nil
		if tr.Err = s.check(tr); tr.Err != nil || len(tr.Times) == 0 {
			continue
		}
		if room := len(tr.Times) * s.p.Dim; cap(tr.Y) < room {
			tr.Y = make([]float64, 0, room)
		}
		p.load(l, laneState{tr: tr, t: tr.T0, dir: 1}, tr.Y0)
		if p.lanes[l].t1() < tr.T0 {
			p.lanes[l].dir = -1
		}
		return true
	}
	return false
}

// handed puts a trajectory from the explicit pool into a lane.
func (s *LaneSolver) handed(p *lanePool, l int) bool {
	n := len(s.waiting)
	if n == 0 {
		return false
	}
	w := &s.waiting[n-1]
	p.load(l, w.laneState, w.y)
	s.waiting = s.waiting[:n-1]
	return true
}

// wait keeps a trajectory for the implicit pool.
func (s *LaneSolver) wait(l *laneState, y []float64) {
	n := len(s.waiting)
	s.waiting = s.waiting[:n+1]
	w := &s.waiting[n]
	w.laneState = *l
	copy(w.y, y)
}

func (s *LaneSolver) check(tr *Trajectory) error {
	if len(tr.Y0) != s.p.Dim {
		return &InputError{What: "initial state", Msg: fmt.Sprintf("has %d values for %d states", len(tr.Y0), s.p.Dim)}
	}
	for i, v := range tr.Y0 {
		if !(math.Abs(v) <= math.MaxFloat64) {
			return &InputError{What: "initial state", Msg: fmt.Sprintf("has %s = %g", s.p.Name(i), v)}
		}
	}
	if !(math.Abs(tr.T0) <= math.MaxFloat64) {
		return &InputError{What: "initial time", Msg: fmt.Sprintf("is %g", tr.T0)}
	}
	if len(tr.Times) == 0 {
		return nil
	}
	t1, dir := tr.Times[len(tr.Times)-1], 1.0
	if t1 < tr.T0 {
		dir = -1
	}
	return checkTimes("times to save", tr.Times, tr.T0, t1, dir)
}

// cancel ends all trajectories under way.
func (s *LaneSolver) cancel(cause error) {
	const advice = "what was computed so far is kept"
	for _, p := range s.pools {
		for l := range p.lanes {
			if lane := &p.lanes[l]; lane.tr != nil {
				for i := range p.at {
					p.at[i] = p.panel[i*Lanes+l]
				}
				p.end(l, s.failure(lane, CauseCanceled, lane.h, cause, advice, p.at))
			}
		}
	}
	for i := range s.waiting {
		w := &s.waiting[i]
		w.tr.Err = s.failure(&w.laneState, CauseCanceled, w.h, cause, advice, w.y)
	}
}

// failure describes why a trajectory ends at the state y.
func (s *LaneSolver) failure(l *laneState, cause Cause, step float64, err error, advice string, y []float64) *Failure {
	tr := l.tr
	return &Failure{
		Cause: cause, Time: l.t, Step: step, Component: -1, Last: l.reason, Advice: advice, Err: err,
		Solution: &Solution{Times: tr.Times[:len(tr.Y)/s.p.Dim], Y: tr.Y, T: l.t, YEnd: append([]float64(nil), y...), Stats: tr.Stats, dim: s.p.Dim},
	}
}
