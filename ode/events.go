package ode

import (
	"fmt"
	"math"
)

// An Event is a function g(t, y) whose zeros along the solution are looked for.
//
// Every accepted step is searched: g is sampled at four equidistant points of the dense output and at the vertex of a parabola
// wherever |g| has a minimum between samples, so that two zeros within one step are usually found, though not always: bound
// the step size with MaxStep where g oscillates faster than the solution. Zeros that only report are as accurate as the
// dense output. Where an event ends the solve or changes the state, the step is repeated so that it ends on the zero, whose time
// and state then have the accuracy of the method. Events whose zeros coincide to a few units of roundoff in t happen together.
//
// A zero at the initial time is not an event, nor is a change of sign that Apply makes; an event is ready again when g has left
// zero after it. A function that is zero all the time is never an event.
type Event struct {
	// Name for messages.
	Name string
	// Value is the function g(t, y). NaN ends the solve.
	Value func(t float64, y []float64) float64
	// Direction: +1 finds only zeros at which g rises along the integration, −1 only those at which it falls, 0 both.
	Direction int
	// Terminal ends the solve at the event.
	Terminal bool
	// Apply changes the state at the event, after which the solve restarts; nil leaves it alone.
	Apply func(t float64, y []float64)
}

// acts says that a step must end on the event.
func (e *Event) acts() bool { return e.Terminal || e.Apply != nil }

// An EventHit is an event that happened.
type EventHit struct {
	// Event is the number of the event in Options.Events.
	Event int
	T     float64
	// Y is the state at the event, before Apply.
	Y []float64
	// Rising says that g went from negative to positive along the integration.
	Rising bool
}

const (
	// samples is the number of intervals into which every step is divided in search of changes of sign.
	samples = 4
	// maxLandings bounds the attempts to end a step on an event. Each reduces the distance by a power of the step size.
	maxLandings = 8
	unitRound   = 2.220446049250313e-16
	// eventRoundoff·|t| is the uncertainty of the time of an event; events closer than simultaneous times this happen together
	// (CVODE's tolerance), and one that changes the state again within accumulation·|t| has no next time worth the name.
	eventRoundoff = 4 * unitRound
	simultaneous  = 25 // times eventRoundoff
	accumulation  = 1000 * unitRound
	// zenoGaps is the number of ever shorter times between state changes after which an event that stops turning back has not been
	// resolved: its times accumulate within the error of a step.
	zenoGaps = 3
)

// A crossing is a zero of an event within a step.
type crossing struct {
	event  int
	theta  float64
	rising bool
}

// eventFinder looks for events in the steps of one solver; it is inactive when there are none.
type eventFinder struct {
	events []Event
	// now is g at the start of the step; atZero says that an event has just happened there, or that the solve started on a
	// zero, so that the sign of g is that with which it leaves zero.
	now    []float64
	atZero []bool
	// Of the state changes that events have made: time of the latest (NaN if none), time since the one before, how often in succession
	// that became shorter, and whether g was rising.
	last, gap []float64
	shrunk    []int
	up        []bool

	// landing says that the next step is to end at time aim, which must not be beyond limit; target is the event, together marks
	// those that happen with it, and landings counts the attempts.
	landing    bool
	aim, limit float64
	target     int
	targetUp   bool
	together   []bool
	landings   int
	landed     bool

	t, h    float64 // of the step in hand
	node    [samples + 1]float64
	value   []float64 // g at the nodes: value[i*(samples+1)+k]
	found   []crossing
	y       []float64
	probing int                   // event that probe evaluates
	probe   func(float64) float64 // g on the dense output of the step in hand
	nan     error
	zeno    int // an event whose times accumulate, or −1
}

func (e *eventFinder) init(s *Solver) error {
	e.events = s.opt.Events
	n := len(e.events)
	if n == 0 {
		return nil
	}
	for i := range e.events {
		ev := &e.events[i]
		switch {
		case ev.Value == nil:
			return &InputError{What: "event", Msg: fmt.Sprintf("%s has no function (Value is nil)", e.name(i))}
		case ev.Direction < -1 || ev.Direction > 1:
			return &InputError{What: "event", Msg: fmt.Sprintf("%s has direction %d; choose +1, −1 or 0", e.name(i), ev.Direction)}
		}
	}
	e.now, e.last, e.gap, e.shrunk = make([]float64, n), make([]float64, n), make([]float64, n), make([]int, n)
	e.atZero, e.together, e.up = make([]bool, n), make([]bool, n), make([]bool, n)
	e.value = make([]float64, n*(samples+1))
	e.found = make([]crossing, 0, n*(samples+2))
	e.y = make([]float64, s.p.Dim)
	for k := range e.node {
		e.node[k] = float64(k) / samples
	}
	e.probe = func(theta float64) float64 {
		horner(e.y, s.coef, s.degree, theta)
		return e.eval(s, e.probing, e.t+theta*e.h, e.y)
	}
	return nil
}

func (e *eventFinder) active() bool { return len(e.events) > 0 }

// name describes event i in messages.
func (e *eventFinder) name(i int) string {
	if n := e.events[i].Name; n != "" {
		return fmt.Sprintf("%q", n)
	}
	return fmt.Sprintf("number %d", i)
}

// eval evaluates g of event i; a NaN is remembered.
func (e *eventFinder) eval(s *Solver, i int, t float64, y []float64) float64 {
	c := s.c
	c.stats.EventEvals++
	c.enter(inEvent, t, y)
	g := e.events[i].Value(t, y)
	c.leave()
	if math.IsNaN(g) && e.nan == nil {
		e.nan = fmt.Errorf("event %s is NaN at t = %.10g", e.name(i), t)
	}
	return g
}

// failed reports a NaN.
func (e *eventFinder) failed(s *Solver) error {
	if e.nan == nil {
		return nil
	}
	return s.fail(CauseEvent, e.h, e.nan, "an event function must be defined wherever the solution goes, also shortly beyond the event")
}

// begin evaluates the events at the initial point.
func (e *eventFinder) begin(s *Solver) error {
	e.landing, e.landed, e.nan, e.h = false, false, nil, 0
	for i := range e.events {
		e.now[i] = e.eval(s, i, s.c.t, s.c.y)
		e.atZero[i] = e.now[i] == 0
		e.last[i], e.gap[i], e.shrunk[i] = math.NaN(), math.Inf(1), 0
	}
	return e.failed(s)
}

// roundoff is the uncertainty of a time within the step in hand, in units of the step.
func (e *eventFinder) roundoff() float64 {
	return eventRoundoff * max(math.Abs(e.t), math.Abs(e.t+e.h)) / math.Abs(e.h)
}

// search looks for events in an acceptable step from c.t to tnew. It returns true if the step must be repeated so that it
// ends on one of them; the time is then in aim.
func (e *eventFinder) search(s *Solver, tnew, h float64) (again bool, err error) {
	c := s.c
	e.t, e.h = c.t, h
	s.coefficients(h)
	e.sample(s, tnew)
	if e.nan == nil {
		e.find()
	}
	if err := e.failed(s); err != nil {
		return false, err
	}
	if e.zeno >= 0 {
		return false, e.accumulates(s, e.zeno, "passes through zero after turning back ever sooner")
	}
	first := -1 // the earliest that acts
	for k, x := range e.found {
		if e.events[x.event].acts() {
			first = k
			break
		}
	}
	round := e.roundoff()
	wasLanding := e.landing
	e.landing, e.landed = false, false
	switch {
	case first >= 0:
		x := e.found[first]
		if !wasLanding || !e.together[x.event] {
			e.landings, e.limit = 0, tnew
			clear(e.together)
		}
		e.target, e.targetUp = x.event, x.rising
		e.landed = 1-x.theta <= simultaneous*round || e.landings >= maxLandings
		for _, o := range e.found[first:] {
			// once the step ends beyond its target, whatever acts in it happens at its end
			if o.theta-x.theta <= simultaneous*round || e.landed && e.events[o.event].acts() {
				e.together[o.event] = true
			}
		}
		if !e.landed {
			e.aimAt(c, c.t+x.theta*h)
		}
		return !e.landed, nil
	case wasLanding:
		// the step ends just before its target: extrapolate along the dense output
		g := e.value[e.target*(samples+1)+samples]
		e.probing = e.target
		const back = 1.0 / 64
		ahead := -g / ((g - e.probe(1-back)) / back)
		if err := e.failed(s); err != nil {
			return false, err
		}
		switch {
		case math.Abs(ahead) <= simultaneous*round, ahead > 0 && ahead <= 1 && e.landings >= maxLandings:
			e.landed = true
		case ahead > 0 && ahead <= 1 && (e.limit-tnew)*c.dir > 0:
			e.aimAt(c, tnew+ahead*h)
			return true, nil
		}
		// otherwise the repeated step shows that there is no zero here after all
	}
	return false, nil
}

// aimAt asks for a step that ends at time t, not beyond the limit and not before the next number.
func (e *eventFinder) aimAt(c *core, t float64) {
	if (t-e.limit)*c.dir > 0 {
		t = e.limit
	}
	if (t-c.t)*c.dir <= 0 {
		t = math.Nextafter(c.t, c.t+c.dir)
	}
	e.aim, e.landing = t, true
	e.landings++
}

// sample evaluates all events at the nodes of the step.
func (e *eventFinder) sample(s *Solver, tnew float64) {
	for i, g := range e.now {
		e.value[i*(samples+1)] = g
	}
	for k := 1; k <= samples; k++ {
		t, y := tnew, s.c.ynew
		if k < samples {
			t, y = e.t+e.node[k]*e.h, e.y
			horner(y, s.coef, s.degree, e.node[k])
		}
		for i := range e.events {
			e.value[i*(samples+1)+k] = e.eval(s, i, t, y)
		}
	}
}

// find collects the zeros of all events within the step in the order in which they happen.
func (e *eventFinder) find() {
	e.found, e.zeno = e.found[:0], -1
	tol := e.roundoff() / 4
	for i := range e.events {
		e.probing = i
		g := e.value[i*(samples+1) : (i+1)*(samples+1)]
		left, gl, residual := 0.0, g[0], 0.0
		known, since := !e.atZero[i], 0 // since which node the sign of g is known
		if !known {
			residual = math.Abs(gl)
		}
		for k := 1; k <= samples; k++ {
			if !known {
				if left, gl, known = e.leave(k, residual, g[k]); !known {
					continue
				}
				since = k
				if e.shrunk[i] >= zenoGaps && (gl > 0) == e.up[i] {
					e.zeno = i
				}
			}
			if k-2 >= since && turns(g[k-2], g[k-1], g[k]) {
				// |g| has a minimum between samples: look at the vertex of the parabola through them
				v := vertex(e.node[k-1], 1.0/samples, g[k-2], g[k-1], g[k])
				if gv := e.probe(v); gv != 0 && (gv > 0) != (g[k-1] > 0) {
					if v < e.node[k-1] {
						e.bracket(i, e.node[k-2], g[k-2], v, gv, tol)
						e.bracket(i, v, gv, e.node[k-1], g[k-1], tol)
					} else {
						e.bracket(i, e.node[k-1], g[k-1], v, gv, tol)
						e.bracket(i, v, gv, e.node[k], g[k], tol)
					}
				}
			}
			if crosses(gl, g[k]) {
				e.bracket(i, left, gl, e.node[k], g[k], tol)
			}
			left, gl = e.node[k], g[k]
			if gl == 0 {
				known, residual = false, 0
			}
		}
	}
	// insertion sort: the list is short and nearly sorted
	for i := 1; i < len(e.found); i++ {
		for j := i; j > 0 && (e.found[j].theta < e.found[j-1].theta || e.found[j].theta == e.found[j-1].theta && e.found[j].event < e.found[j-1].event); j-- {
			e.found[j], e.found[j-1] = e.found[j-1], e.found[j]
		}
	}
}

// crosses says that g changes sign, or arrives at zero.
func crosses(a, b float64) bool { return a != 0 && (b == 0 || (a > 0) != (b > 0)) }

// turns says that |g| is smallest at the middle one of three samples of one sign.
func turns(a, b, c float64) bool {
	return (a > 0) == (b > 0) && (b > 0) == (c > 0) && b != 0 && math.Abs(b) < math.Abs(a) && math.Abs(b) < math.Abs(c)
}

// vertex is the place of the extremum of the parabola through three samples at x−d, x and x+d.
func vertex(x, d, a, b, c float64) float64 {
	return x + 0.5*d*(a-c)/(a-2*b+c)
}

// leave finds the sign with which g leaves zero between nodes k−1 and k: the first value that is clearly larger than the
// residual at zero, looked for at geometrically growing distances. It returns where, and the value there.
func (e *eventFinder) leave(k int, residual, end float64) (theta, g float64, known bool) {
	from := e.node[k-1]
	for d := e.roundoff(); d < 1.0/samples; d *= 4 {
		if g = e.probe(from + d); math.Abs(g) > 4*residual {
			return from + d, g, true
		}
	}
	return e.node[k], end, math.Abs(end) > 4*residual
}

// bracket refines a zero and notes it if its direction is wanted.
func (e *eventFinder) bracket(i int, a, ga, b, gb, tol float64) {
	rising := ga < 0
	if d := e.events[i].Direction; d > 0 && !rising || d < 0 && rising {
		return
	}
	e.found = append(e.found, crossing{event: i, theta: root(e.probe, a, ga, b, gb, tol), rising: rising})
}

// fire notes the events of the step that has just become the state and lets them act. It returns whether one of them ends
// the solve, and whether the state was changed.
func (e *eventFinder) fire(s *Solver) (stop, changed bool, err error) {
	c := s.c
	for i := range e.events {
		e.now[i] = e.value[i*(samples+1)+samples]
		e.atZero[i] = e.now[i] == 0 || e.atZero[i] && !e.left(i)
	}
	round := e.roundoff()
	for _, x := range e.found {
		if e.landed && (e.together[x.event] || e.events[x.event].acts()) {
			continue // happens at the end of the step
		}
		if 1-x.theta <= simultaneous*round {
			s.sol.hit(x.event, c.t, c.y, x.rising)
			e.atZero[x.event] = true
			continue
		}
		horner(e.y, s.coef, s.degree, x.theta)
		s.sol.hit(x.event, e.t+x.theta*e.h, e.y, x.rising)
	}
	if !e.landed {
		return false, false, nil
	}
	e.landed = false
	for i := range e.events {
		if e.together[i] {
			s.sol.hit(i, c.t, c.y, e.rising(i))
			e.atZero[i] = true
			stop = stop || e.events[i].Terminal
		}
	}
	for i := range e.events {
		if !e.together[i] || e.events[i].Apply == nil {
			continue
		}
		up := e.rising(i)
		c.enter(inApply, c.t, c.y)
		e.events[i].Apply(c.t, c.y)
		c.leave()
		changed = true
		gap := math.Abs(c.t - e.last[i])
		if gap <= accumulation*math.Abs(c.t) {
			return false, false, e.accumulates(s, i, fmt.Sprintf("happened again after %.3g", gap))
		}
		if gap < e.gap[i] {
			e.shrunk[i]++
		} else {
			e.shrunk[i] = 0
		}
		e.last[i], e.gap[i], e.up[i] = c.t, gap, up
	}
	if !changed {
		return stop, false, nil
	}
	if !finite(c.y) {
		c.suspect, c.component = c.y, -1
		return false, false, s.fail(CauseEvent, e.h, fmt.Errorf("the state after an event is not finite"), "check the function Apply of the event").blame(c, c.culprit())
	}
	if s.opt.Tape != nil {
		s.opt.Tape.Jumps++
	}
	if s.sol.every {
		copy(s.sol.row(c.t), c.y)
		s.quad.save(&s.sol)
	}
	return stop, true, e.reread(s)
}

// accumulates reports an event whose times have a limit.
func (e *eventFinder) accumulates(s *Solver, i int, what string) error {
	return s.fail(CauseEvent, e.h, fmt.Errorf("event %s %s", e.name(i), what),
		"the times of this event accumulate (Zeno behaviour): end the solve, or let Apply bring the state to rest, before they do")
}

// rising says in which direction event i crossed zero in the step in hand.
func (e *eventFinder) rising(i int) bool {
	for _, x := range e.found {
		if x.event == i {
			return x.rising
		}
	}
	if i == e.target {
		return e.targetUp
	}
	return e.now[i] < 0 // still just before its zero
}

// left says that event i, which was at zero when the step began, has left it.
func (e *eventFinder) left(i int) bool {
	return math.Abs(e.now[i]) > 4*math.Abs(e.value[i*(samples+1)])
}

// reread evaluates the events after a change of state. One that has happened and whose value the change left as small as it
// was remains at zero.
func (e *eventFinder) reread(s *Solver) error {
	for i := range e.events {
		g := e.eval(s, i, s.c.t, s.c.y)
		e.atZero[i] = g == 0 || e.atZero[i] && math.Abs(g) <= 2*math.Abs(e.now[i])
		e.now[i] = g
	}
	return e.failed(s)
}

// hit appends an event, reusing the memory of an earlier solve.
func (s *Solution) hit(event int, t float64, y []float64, rising bool) {
	n := len(s.Events)
	if n < cap(s.Events) {
		s.Events = s.Events[:n+1]
	} else {
		s.Events = append(s.Events, EventHit{})
	}
	h := &s.Events[n]
	h.Event, h.T, h.Rising = event, t, rising
	h.Y = append(h.Y[:0], y...)
}
