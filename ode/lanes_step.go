package ode

import (
	"math"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// lanePool is what advances up to Lanes trajectories by one method: one attempted step of each in a sweep. Vectors of n numbers have a row of
// Lanes numbers per state.
type lanePool struct {
	s     *LaneSolver
	f     LaneField
	tab   *laneTableau
	k, n  int
	lanes [Lanes]laneState
	// active lanes hold a trajectory; the others hold zeros and steps of size zero.
	active int

	t, h, hg, time, sum [Lanes]float64
	ends                [Lanes]float64 // the last times
	slopes, places      [Lanes]float64 // norms that tell stiffness
	dense, theta        [Lanes]float64 // norm of the error of the dense output, in units of what is allowed, at θ
	panel               []float64      // y, u_1 … u_s
	z                   []float64      // the argument of a stage, at last the new state; then γ Σ C_ij u_j
	e                   []float64      // the sums of tab.errors
	coef                []float64      // dense output of the sweep, where made
	haveCoef            bool
	f0, fi, fnew        []float64
	jac, jacNew         []float64
	dfdt, dfdtNew       []float64
	lu, pivot           []float64
	at                  []float64 // one state
	reading             []float64 // the dense output at θ, and −γ times its slope
}

func newLanePool(s *LaneSolver, f LaneField, tab *laneTableau) *lanePool {
	k := s.p.Dim
	n := k * Lanes
	p := &lanePool{s: s, f: f, tab: tab, k: k, n: n, at: make([]float64, k)}
	zeros := func(rows int) []float64 { return make([]float64, rows*Lanes) }
	p.panel, p.z, p.e, p.coef = zeros(k*(tab.stages+1)), zeros(2*k), zeros(k*len(tab.errors)/(tab.stages+1)), zeros(k*tab.degree)
	p.f0, p.fi, p.fnew = zeros(k), zeros(k), zeros(k)
	if tab.implicit {
		p.reading = zeros(2 * k)
		p.jac, p.jacNew, p.lu, p.pivot = zeros(k*k), zeros(k*k), zeros(k*k), zeros(k)
		if !s.p.Autonomous {
			p.dfdt, p.dfdtNew = zeros(k), zeros(k)
		}
	}
	return p
}

// attempt tries a step of size h in every lane from y, in the panel's first rows, to z. In a lane with h = 0 all stages are y itself, so that
// it serves to evaluate f, and the Jacobian, at the start.
func (p *lanePool) attempt() {
	tab, n := p.tab, p.n
	if tab.implicit {
		if !tab.fsal {
			p.f.EvalJacobianLanes(p.f0, p.jac, p.dfdt, p.t[:], p.panel[:n])
		}
		for l, h := range p.h {
			p.hg[l] = h * tab.gamma
		}
		kernel.FactorLanes(p.lu, p.pivot, p.hg[:], p.jac, p.k)
	}
	last := tab.stages - 1
	for i := range tab.stages {
		f := p.f0
		if i > 0 {
			f = p.argument(i, i == last && tab.fsal)
		}
		p.stage(i, f)
	}
	if !tab.fsal {
		kernel.MulPanel(p.z, n, tab.result, last+2, 1, p.panel, n, 1, last+2, n, nil, nil, nil, 0)
	}
	rows := len(p.e) / n
	kernel.MulPanel(p.e, n, tab.errors, last+2, 1, p.panel, n, rows, last+2, n, nil, nil, nil, 0)
	norm := func(sum *[Lanes]float64, row int) {
		kernel.NormLanes(sum[:], p.e[row*n:], p.panel, p.z, p.s.atol, p.s.opt.RTol)
	}
	norm(&p.sum, 0)
	if rows > 1 {
		norm(&p.slopes, 1)
		norm(&p.places, 2)
	}
	p.haveCoef = false
}

// argument makes the argument of stage i and returns f there; at the new point with what the next step begins with.
func (p *lanePool) argument(i int, end bool) []float64 {
	tab, n := p.tab, p.n
	rows := len(tab.arguments[i]) / (i + 1)
	kernel.MulPanel(p.z, n, tab.arguments[i], i+1, 1, p.panel, n, rows, i+1, n, nil, nil, nil, 0)
	times := &p.t
	if !p.s.p.Autonomous {
		times = &p.time
		for l, h := range p.h {
			t, end := p.t[l]+tab.alpha[i]*h, p.ends[l]
			if (t-end)*h > 0 {
				t = end // by roundoff
			}
			times[l] = t
		}
	}
	switch {
	case !end:
		p.f.EvalLanes(p.fi, times[:], p.z[:n])
		return p.fi
	case tab.implicit:
		p.f.EvalJacobianLanes(p.fnew, p.jacNew, p.dfdtNew, times[:], p.z[:n])
	default:
		p.f.EvalLanes(p.fnew, times[:], p.z[:n])
	}
	return p.fnew
}

// stage makes u_i from f at its argument.
func (p *lanePool) stage(i int, f []float64) {
	u := p.panel[(i+1)*p.n : (i+2)*p.n]
	if !p.tab.implicit {
		kernel.ScaleLanes(u, p.h[:], f, p.k)
		return
	}
	c := p.z[p.n:]
	if i == 0 {
		c = nil
	}
	if gi := p.tab.gammaI[i]; p.dfdt != nil && gi != 0 {
		if i == 0 {
			c = p.z[p.n:]
			clear(c)
		}
		for j, v := range p.dfdt {
			l := j % Lanes
			c[j] += p.hg[l] * gi * p.h[l] * v
		}
	}
	kernel.SolveLanes(u, p.lu, p.pivot, p.hg[:], f, c, p.k)
}

// coefficients makes the dense output of the sweep.
func (p *lanePool) coefficients() {
	if tab, n := p.tab, p.n; !p.haveCoef {
		kernel.MulPanel(p.coef, n, tab.dense, tab.stages, 1, p.panel[n:], n, tab.degree, tab.stages, n, nil, nil, nil, 0)
		p.haveCoef = true
	}
}

// read writes the dense output of lane l at the fraction θ of its step behind y.
func (p *lanePool) read(y []float64, l int, theta float64) []float64 {
	tab, n := p.tab, p.n
	p.coefficients()
	for i := l; i < n; i += Lanes {
		v := 0.0
		for j := (tab.degree-1)*n + i; j >= 0; j -= n {
			v = (v + p.coef[j]) * theta
		}
		y = append(y, p.panel[i]+v)
	}
	return y
}

// move makes the new states the states, but not in the lanes of steps that were rejected.
func (p *lanePool) move(rejected []int) {
	keep := func(to, from []float64) {
		for _, l := range rejected {
			for i := l; i < len(to); i += Lanes {
				to[i] = from[i]
			}
		}
	}
	keep(p.z[:p.n], p.panel[:p.n])
	copy(p.panel, p.z[:p.n])
	if !p.tab.fsal {
		return
	}
	keep(p.fnew, p.f0)
	keep(p.jacNew, p.jac)
	keep(p.dfdtNew, p.dfdt)
	p.f0, p.fnew = p.fnew, p.f0
	p.jac, p.jacNew = p.jacNew, p.jac
	p.dfdt, p.dfdtNew = p.dfdtNew, p.dfdt
}

// set makes the state of a lane y, and all that belongs to an earlier state zero: what is not finite would otherwise survive its
// multiplication by a step of size zero.
func (p *lanePool) set(l int, y []float64) {
	p.h[l] = 0
	for i := range p.k {
		v := 0.0
		if y != nil {
			v = y[i]
		}
		p.panel[i*Lanes+l] = v
	}
	for _, rows := range [][]float64{p.f0, p.jac, p.dfdt} {
		for i := l; i < len(rows); i += Lanes {
			rows[i] = 0
		}
	}
}

// finiteLane says whether a lane of rows is finite, and if not in which row.
func finiteLane(rows []float64, l int) (int, bool) {
	for i := l; i < len(rows); i += Lanes {
		if !(math.Abs(rows[i]) <= math.MaxFloat64) {
			return i / Lanes, false
		}
	}
	return -1, true
}
