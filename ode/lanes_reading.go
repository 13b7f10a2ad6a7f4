package ode

import (
	"math"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// shorten is readings.shorten for a lane.
func (p *lanePool) shorten(lane *laneState, h float64) float64 {
	if p.tab.stiffDense == 0 || !(math.Abs(h) > lane.limit) {
		return h
	}
	at, ok := lane.within(h)
	switch d := at - lane.t; {
	case !ok:
		return h
	case math.Abs(d) >= lane.limit:
		lane.last, lane.landing = false, true
		return d
	}
	lane.last = false
	return lane.dir * lane.limit
}

// within returns the next time wanted if it lies within a step of size h, not at its end.
func (l *laneState) within(h float64) (t float64, ok bool) {
	if l.saved == len(l.tr.Times) {
		return 0, false
	}
	t = l.tr.Times[l.saved]
	return t, (l.t+h-t)*l.dir > readingEndpoints*math.Abs(h)
}

// checkReadings is readings.check for all lanes: it leaves in dense how far the dense output is off where it is going to be read. Lanes in which nothing
// is read cost nothing where that holds for all of them.
func (p *lanePool) checkReadings() {
	clear(p.dense[:])
	if p.tab.stiffDense == 0 {
		return
	}
	any := false
	for l := range p.lanes {
		lane := &p.lanes[l]
		p.theta[l], lane.checked = 0, false
		if lane.tr == nil || lane.fresh || !(p.sum[l] <= float64(p.k)) {
			continue
		}
		h := p.h[l]
		at, ok := lane.within(h)
		if !ok {
			continue
		}
		any = true
		p.theta[l] = readingAt
		if i := lane.saved + 1; i == len(lane.tr.Times) || (lane.t+h-lane.tr.Times[i])*lane.dir <= readingEndpoints*math.Abs(h) {
			p.theta[l] = (at - lane.t) / h
		}
	}
	if !any {
		return
	}
	var norm [Lanes]float64
	p.defect(&norm)
	for l, theta := range p.theta {
		if theta == 0 {
			continue
		}
		lane := &p.lanes[l]
		stats := &lane.tr.Stats
		stats.Evals++
		stats.Solves++
		e := math.Sqrt(norm[l]/float64(p.k)) / readingSlack
		if e > 1 || math.IsNaN(e) {
			p.dense[l] = math.Inf(1)
		}
		if theta == readingAt || p.dense[l] > 1 {
			lane.checked = true
			lane.limit = readingLimit(math.Abs(p.h[l]), lane.limit, e, p.tab.stiffDense)
		}
	}
}

// defect leaves in norm the sums of squares of δ at θ of every lane.
func (p *lanePool) defect(norm *[Lanes]float64) {
	tab, n := p.tab, p.n
	p.coefficients()
	y, slope := p.reading[:n], p.reading[n:2*n]
	for l, theta := range p.theta {
		for i := l; i < n; i += Lanes {
			v, d := 0.0, 0.0
			for j := tab.degree - 1; j >= 0; j-- {
				c := p.coef[j*n+i]
				v = (v + c) * theta
				d = d*theta + float64(j+1)*c
			}
			y[i], slope[i] = p.panel[i]+v, -tab.gamma*d
		}
		p.time[l] = p.t[l] + theta*p.h[l]
	}
	p.f.EvalLanes(p.fi, p.time[:], y)
	kernel.SolveLanes(y, p.lu, p.pivot, p.hg[:], p.fi, slope, p.k)
	kernel.NormLanes(norm[:], y, p.panel, p.z, p.s.atol, p.s.opt.RTol)
}
