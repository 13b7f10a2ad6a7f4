package ode

import (
	"fmt"
	"math"
)

// laneState is a trajectory in a lane.
type laneState struct {
	tr  *Trajectory
	t   float64
	dir float64
	h   float64 // the size proposed; the pool's may be cut short
	// fresh: the next sweep evaluates f at the state and makes no step.
	fresh       bool
	last        bool // the step ends on the last time
	afterReject bool
	saved       int // times done
	attempts    int
	stiff       int     // successive steps that speak for the implicit method
	logPrev     float64 // log₂ of the error norm of the step before
	// limit is the size of steps up to which the dense output may be read between their ends; landing: the step ends on the next time
	limit   float64
	landing bool
	wild    int  // as in explicitStepper
	checked bool // the dense output of the latest attempt was looked at
	reason  RejectReason
}

func (l *laneState) t1() float64 { return l.tr.Times[len(l.tr.Times)-1] }

func (p *lanePool) reset() {
	p.active = 0
	for l := range p.lanes {
		p.lanes[l] = laneState{}
		p.set(l, nil)
	}
}

// fill gives every free lane a trajectory, as far as there are any.
func (p *lanePool) fill(get func(p *lanePool, l int) bool) {
	for l := 0; l < Lanes && p.active < Lanes; l++ {
		if p.lanes[l].tr == nil && !get(p, l) {
			break
		}
	}
}

func (p *lanePool) load(l int, state laneState, y []float64) {
	p.active++
	state.fresh, state.stiff, state.logPrev, state.limit, state.wild = true, 0, 0, math.Inf(1), 0
	p.lanes[l] = state
	p.t[l], p.ends[l] = state.t, state.t1()
	if p.active == 1 {
		for i := range p.t {
			p.t[i] = state.t // idle lanes evaluate f as well, at no time that f need not know
		}
	}
	p.set(l, y)
}

// end frees a lane; its numbers become zero when the sweep is over.
func (p *lanePool) end(l int, err error) {
	p.lanes[l].tr.Err = err
	p.free(l)
}

func (p *lanePool) free(l int) {
	p.lanes[l].tr = nil
	p.active--
}

// sweep attempts one step in every lane.
func (p *lanePool) sweep() {
	p.attempt()
	p.checkReadings()
	var kept [Lanes]int
	rejected := kept[:0]
	var ended, moving [Lanes]bool
	for l := range p.lanes {
		lane := &p.lanes[l]
		if lane.tr == nil {
			continue
		}
		switch {
		case lane.fresh:
			p.begin(l)
		case p.judge(l):
			moving[l] = p.accept(l)
		default:
			rejected = append(rejected, l)
		}
		if lane.tr != nil && !moving[l] {
			p.propose(l)
		}
		ended[l] = lane.tr == nil
	}
	p.move(rejected)
	for l := range p.lanes {
		if moving[l] {
			lane := &p.lanes[l]
			for i := range p.at {
				p.at[i] = p.panel[i*Lanes+l]
			}
			p.s.wait(lane, p.at)
			p.free(l)
		}
		if ended[l] || moving[l] {
			p.set(l, nil)
		}
	}
}

// count adds what the attempts of a step cost to the trajectory's statistics.
func (p *lanePool) count(lane *laneState) {
	s := &lane.tr.Stats
	s.Evals += p.tab.stages - 1
	if p.tab.implicit {
		s.Factorisations++
		s.Solves += p.tab.stages
		s.Jacobians++
		if !p.tab.fsal {
			s.Evals++
		}
	}
}

// begin takes up a trajectory whose f, and Jacobian, have just been evaluated.
func (p *lanePool) begin(l int) {
	lane := &p.lanes[l]
	f, jac := p.f0, p.jac
	if p.tab.fsal {
		f, jac = p.fnew, p.jacNew
	}
	stats := &lane.tr.Stats
	stats.Evals++
	if p.tab.implicit {
		stats.Jacobians++
	}
	i, ok := finiteLane(f, l)
	if ok {
		var at int
		if at, ok = finiteLane(jac, l); !ok {
			i = at % p.k
		}
	}
	if !ok {
		p.fail(l, CauseNonFiniteStart, 0, "check the initial values and the parameters", i)
		return
	}
	lane.fresh = false
	if lane.h != 0 {
		return // it comes from another pool
	}
	p.save(l, lane.t)
	if len(lane.tr.Times) == lane.saved {
		p.end(l, nil)
		return
	}
	lane.h = lane.dir * p.firstStep(l, f)
}

// firstStep is the first step of a lane: half of that with which a method of the order at hand would just meet the tolerance if the solution
// changed by its own size in the time ‖y‖/‖f‖.
func (p *lanePool) firstStep(l int, f []float64) float64 {
	lane, opt := &p.lanes[l], &p.s.opt
	span := math.Abs(lane.t1() - lane.t)
	if opt.FirstStep > 0 {
		return min(opt.FirstStep, span)
	}
	y2, f2 := 0.0, 0.0
	for i, a := range p.s.atol {
		y := p.panel[i*Lanes+l]
		w := max(a+opt.RTol*math.Abs(y), weightFloor)
		y2 += y / w * (y / w)
		f2 += f[i*Lanes+l] / w * (f[i*Lanes+l] / w)
	}
	d0, d1 := math.Sqrt(y2/float64(p.k)), math.Sqrt(f2/float64(p.k))
	h := smallestFirst * span
	if d0 >= 1e-5 && d1*span >= 1e-5 {
		h = min(0.5*d0/d1*exp2(log2(opt.RTol)/float64(p.tab.order)), span)
	}
	if !(h > 0) {
		h = smallestFirst * span
	}
	return max(h, 16*unitRound*math.Abs(lane.t))
}

// judge says whether the step of a lane is accepted, and if not proposes another size.
func (p *lanePool) judge(l int) bool {
	lane := &p.lanes[l]
	lane.attempts++
	p.count(lane)
	p.holdGrowth(l)
	e2 := p.sum[l] / float64(p.k)
	if e2 <= 1 {
		if p.dense[l] <= 1 {
			return true
		}
		lane.afterReject, lane.reason = true, RejectDense
		lane.tr.Stats.reject(RejectDense)
		return false
	}
	lane.afterReject = true
	lane.reason = RejectNonFinite
	factor := failedFactor
	if e2 <= math.MaxFloat64 {
		lane.reason = RejectError
		factor = min(max(0.9*exp2(-0.5*log2(e2)/float64(p.tab.order)), 0.2), 0.9)
	}
	lane.tr.Stats.reject(lane.reason)
	lane.h = p.h[l] * factor
	return false
}

// accept makes an attempted step the trajectory's, saves the times within it, and proposes the next size; it says whether the trajectory is to go
// on with the implicit method. It is the controller PI with its default constants.
func (p *lanePool) accept(l int) (stiff bool) {
	lane, step := &p.lanes[l], p.h[l]
	tnew := lane.t + step
	switch {
	case lane.last:
		tnew = lane.t1()
	case lane.landing:
		tnew = lane.tr.Times[lane.saved]
	}
	p.save(l, tnew)
	if !lane.checked {
		lane.limit *= readingRecovery
	}
	stats := &lane.tr.Stats
	stats.Steps++
	if p.tab.implicit && len(p.s.pools) == 2 {
		stats.StiffSteps++
	}
	lane.t, p.t[l] = tnew, tnew
	if lane.saved == len(lane.tr.Times) {
		p.end(l, nil)
		return false
	}
	log := 0.5 * log2(max(p.sum[l]/float64(p.k), errFloor*errFloor))
	factor := min(max(0.9*exp2((0.4*lane.logPrev-0.7*log)/float64(p.tab.order)), 0.2), 10)
	if lane.afterReject {
		factor = min(factor, 1)
	}
	next := step * factor
	if math.Abs(step) < math.Abs(lane.h) && math.Abs(next) < math.Abs(lane.h) {
		next = lane.h // the step was cut short by the end, not by its error
	}
	lane.h, lane.afterReject = next, false
	lane.logPrev = max(log, logPrevErrFloor)
	if p.tab.implicit || len(p.s.pools) == 1 {
		return false
	}
	// h times the dominant eigenvalue, from the last two stages
	limit := stiffFraction * p.tab.stiffLimit
	if lane.wild == 0 && !(p.slopes[l] > limit*limit*p.places[l]) {
		lane.stiff = 0
		return false
	}
	if lane.stiff++; lane.stiff < stiffSteps {
		return false
	}
	stats.Switches++
	return true
}

// logPrevErrFloor is log₂ of prevErrFloor.
var logPrevErrFloor = math.Log2(prevErrFloor)

// save keeps the states at the times up to tnew.
func (p *lanePool) save(l int, tnew float64) {
	lane := &p.lanes[l]
	tr := lane.tr
	for lane.saved < len(tr.Times) && (tnew-tr.Times[lane.saved])*lane.dir >= 0 {
		t := tr.Times[lane.saved]
		lane.saved++
		if t == tnew {
			for i := l; i < p.n; i += Lanes {
				tr.Y = append(tr.Y, p.z[i])
			}
			continue
		}
		tr.Y = p.read(tr.Y, l, (t-lane.t)/p.h[l])
	}
}

// propose sets the next step of a lane, shortened so that it ends on the last time, or halves what remains when the step after it would be
// a splinter; or it ends the trajectory where there is no step to be made.
func (p *lanePool) propose(l int) {
	lane, opt := &p.lanes[l], &p.s.opt
	h, rest := lane.h, lane.t1()-lane.t
	if opt.MaxStep > 0 && math.Abs(h) > opt.MaxStep {
		h = math.Copysign(opt.MaxStep, h)
	}
	lane.last = false
	lane.landing = false
	switch a, r := math.Abs(h), math.Abs(rest); {
	case a >= r*(1-1e-10):
		h, lane.last = rest, true
	case a > 0.5*r:
		h = rest / 2
	}
	h = p.shorten(lane, h)
	switch {
	case lane.attempts >= opt.MaxSteps:
		p.fail(l, CauseTooManySteps, h, fmt.Sprintf("%d steps were not enough: raise MaxSteps or loosen the tolerance", opt.MaxSteps), p.worst(l))
	case h == 0 || lane.t+h == lane.t || !lane.last && !lane.landing && math.Abs(h) < opt.MinStep:
		advice := "the solution may have a singularity here, or the tolerance asks for more than double precision holds: loosen rtol, or raise atol for small components"
		if lane.reason == RejectNonFinite {
			advice = "the right-hand side is not finite beyond this point: the solution may leave its domain or blow up here"
		}
		p.fail(l, CauseStepTooSmall, h, advice, p.worst(l))
	}
	p.h[l] = h
}

// worst is the component that contributes most to the error of a lane's latest step, or −1.
func (p *lanePool) worst(l int) int {
	for _, rows := range [][]float64{p.z[:p.n], p.e[:p.n]} {
		if i, ok := finiteLane(rows, l); !ok {
			return i
		}
	}
	at, most := -1, 0.0
	for i, a := range p.s.atol {
		j := i*Lanes + l
		if x := math.Abs(p.e[j]) / (a + p.s.opt.RTol*math.Abs(p.panel[j])); x > most {
			at, most = i, x
		}
	}
	return at
}

// fail ends a trajectory with a *Failure that blames a component, if it is not negative.
func (p *lanePool) fail(l int, cause Cause, h float64, advice string, component int) {
	lane := &p.lanes[l]
	now := p.z // a step accepted in this sweep has not been moved yet
	if lane.fresh || lane.afterReject {
		now = p.panel
	}
	for i := range p.at {
		p.at[i] = now[i*Lanes+l]
	}
	f := p.s.failure(lane, cause, h, nil, advice, p.at)
	if component >= 0 {
		f.Component, f.Name, f.Value = component, p.s.p.Name(component), p.at[component]
	}
	p.end(l, f)
}

// log2 and exp2 are made for step sizes: a few digits, without branches and in a fifth of the time of package math.

// log2 is log₂ x for normal x > 0, to 2e-6.
func log2(x float64) float64 {
	// x = 2^k·m, √½ ≤ m < √2
	const half = 0x3fe6a09e667f3bcd // the bits of √½
	b := int64(math.Float64bits(x))
	k := (b - half) >> 52
	m := math.Float64frombits(uint64(b - k<<52))
	// log₂ m = 2/ln 2 · artanh s
	s := (m - 1) / (m + 1)
	s2 := s * s
	return float64(k) + 2/math.Ln2*s*(1+s2*(1./3+0.2*s2))
}

// exp2 is 2^x to 6e-5 for |x| < 1000.
func exp2(x float64) float64 {
	const shifter = 0x1.8p52 // leaves the integer nearest to x in the low bits of the sum
	sum := x + shifter
	r := (x - (sum - shifter)) * math.Ln2
	m := 1 + r*(1+r*(0.5+r*(1./6+r*(1./24))))
	return m * math.Float64frombits((math.Float64bits(sum)+1023)<<52)
}
