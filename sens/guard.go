package sens

import (
	"fmt"
	"math"
)

// A guard watches an adjoint on its way back through recorded steps. The derivative of a solve with frozen steps is exact for the
// numerical solution, which at a loose tolerance may be accurate while its derivative is not: Rosenbrock steps across which the Jacobian changes,
// and explicit steps held at the edge of stability by the error test, amplify perturbations that the equation damps, by orders of magnitude a step.
//
// The adjoint's growth over a step is therefore held to what the Jacobian allows. A step over which it grows by more than suspectGrowth, or a
// row of steps over which it grows by more than suspectRow, is examined: the adjoint equation is solved over the step by an L-stable method
// of its own. Where the frozen step gives excessFactor times as much, the excess is noted, and once the product of the excesses is beyond
// excessLimit the derivative is poor. Ordinary steps cost two weighted norms.
type guard struct {
	weights []float64 // squares of the sizes of the states
	row     float64   // square of the growth over the latest steps, at least 1
	before  float64   // square of the norm at the end of the step in hand
	excess  float64   // logarithm of the product of all excesses
	// where the first one was found
	found      bool
	time, step float64
	// passed says that the step after passed back to the last stage of the step in hand
	passed bool
	back   []float64
	lam, y []float64
	ends   []float64
	// Jacobians at both ends and between
	jac0, jac1, jac []float64
}

const (
	suspectGrowth = 3
	suspectRow    = 20
	excessFactor  = 2
	excessLimit   = 50
	// guardSubsteps is the number of implicit Euler steps in which an examined step is repeated.
	guardSubsteps = 4
)

// begin prepares for a reverse pass; the states' sizes are their largest magnitudes among the saved ones and at the start.
func (g *guard) begin(saved, y0 []float64) {
	k := len(y0)
	g.weights = resize(g.weights, k)
	g.row, g.excess, g.found = 1, 0, false
	for j, v := range y0 {
		g.weights[j] = v * v
	}
	for at := 0; at+k <= len(saved); at += k {
		for j, v := range saved[at : at+k] {
			g.weights[j] = max(g.weights[j], v*v)
		}
	}
	for j, w := range g.weights {
		if !(w > 0 && w <= math.MaxFloat64) {
			g.weights[j] = 1
		}
	}
}

// norm is the square of the adjoint's weighted norm.
func (g *guard) norm(lam []float64) float64 {
	s := 0.0
	for j, v := range lam {
		s += g.weights[j] * v * v
	}
	return s
}

// enter notes the adjoint at the end of a step: that of the state there, and the share of the outputs within.
func (g *guard) enter(e *engine, lam, outputs []float64) {
	if g.passed = e.haveBack; g.passed {
		g.back = append(g.back[:0], e.back...)
	}
	s := 0.0
	for j, v := range lam {
		v += outputs[j]
		s += g.weights[j] * v * v
	}
	g.before = s
	g.lam = append(g.lam[:0], lam...)
	for j, v := range outputs {
		g.lam[j] += v
	}
}

// leave compares the adjoint at the start of the step.
func (g *guard) leave(e *engine, s *step, lam []float64) {
	after := g.norm(lam)
	if after <= g.before && g.row == 1 || g.before == 0 {
		return
	}
	if !(after <= math.MaxFloat64) {
		g.note(s, math.Inf(1))
		return
	}
	growth := after / g.before
	g.row = max(1, g.row*growth)
	if growth <= suspectGrowth*suspectGrowth && g.row <= suspectRow*suspectRow {
		return
	}
	g.row = 1
	after, allowed := g.repeat(e, s, lam)
	if after > excessFactor*excessFactor*allowed {
		g.note(s, math.Log(after/allowed)/2)
	}
}

func (g *guard) note(s *step, excess float64) {
	if !g.found {
		g.found, g.time, g.step = true, s.t, s.h
	}
	g.excess += excess
}

// poor says that the derivative is not to be trusted.
func (g *guard) poor() bool { return g.excess > math.Log(excessLimit) }

// repeat solves the adjoint equation over the step by implicit Euler steps, with the Jacobian interpolated between both ends. It returns the
// squares of the norms at the start, of the adjoint that the step gave and of its own.
func (g *guard) repeat(e *engine, s *step, lam []float64) (after, allowed float64) {
	k := e.k
	g.y = append(g.y[:0], s.y...)
	g.ends = resize(g.ends, s.rule.stages())
	s.rule.end(g.ends, s.h)
	addVectors(g.y, 1, g.ends[:min(len(g.ends), len(s.u)/k)], s.u)
	start := append(g.jac0[:0], e.jacobianOf(e.field, s.time(0), s.y)[:k*k]...)
	end := append(g.jac1[:0], e.jacobianOf(e.field, s.time(1), g.y)[:k*k]...)
	g.jac0, g.jac1, g.jac = start, end, resize(g.jac, k*k)
	// a first stage that is the last one of the step before keeps a share of the adjoint
	if g.passed {
		g.share(e, g.lam, end, g.back, s.h)
	}
	copy(g.y, lam)
	if e.haveBack {
		g.share(e, g.y, start, e.back, s.before)
	}
	after = g.norm(g.y)
	for i := range guardSubsteps {
		theta := 1 - float64(i+1)/guardSubsteps
		for j, v := range end {
			g.jac[j] = theta*v + (1-theta)*start[j]
		}
		g.damp(e, g.lam, g.jac, s.h)
	}
	e.current = -1
	return after, g.norm(g.lam)
}

// share adds the adjoint of y through z = h M⁻¹f(y), of which back is the adjoint, to lam. The stage z was solved for, which damps what is stiff in
// the sum.
func (g *guard) share(e *engine, lam, jac, back []float64, h float64) {
	copy(e.sum, back)
	if e.minv != nil {
		e.minv.ApplyTransposed(e.f, e.sum)
		copy(e.sum, e.f)
	}
	scaleVector(e.sum, h)
	addTransposed(lam, jac, e.sum)
	g.damp(e, lam, jac, h)
}

// damp makes one of guardSubsteps implicit Euler steps of a step of size h.
func (g *guard) damp(e *engine, lam, jac []float64, h float64) {
	e.factor(h/guardSubsteps, jac)
	e.lu.SolveTransposed(lam)
	if e.con != nil {
		e.prob.Mass.MulVecTransposed(e.f, lam)
		copy(lam, e.f)
	}
}

// errPoor is the cause of a gradient that was refused.
type errPoor struct {
	rtol   float64
	excess float64
	cause  error
}

func (e errPoor) Error() string {
	s := fmt.Sprintf("the derivative of the solve grows beyond what the equation allows (by a factor of %.2g at the tolerance asked for), and so it still does at rtol %.2g",
		math.Exp(min(e.excess, 700)), e.rtol)
	if e.cause != nil {
		s = fmt.Sprintf("the derivative of the solve grows beyond what the equation allows (by a factor of %.2g at the tolerance asked for), and at rtol %.2g the solve fails: %v",
			math.Exp(min(e.excess, 700)), e.rtol, e.cause)
	}
	return s + "; choose a method for stiff problems (Radau, KenCarp4), a tighter tolerance, or a continuous gradient method"
}

func (e errPoor) Unwrap() error { return e.cause }
