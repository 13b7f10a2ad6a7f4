package ode

import (
	"fmt"
	"math"
)

// AutoSwitch pairs an explicit with an implicit one-step method. The pair starts with the explicit one and changes over after
// stiffSteps successive steps that are large enough, measured by the dominant eigenvalue, to come near the limit of the explicit method's
// stability; it changes back after nonstiffSteps steps that are well within it. Two rules keep the pair from chattering. An explicit method
// of higher order takes longer steps than the implicit one before it and so meets its stability limit where that one did not: it stays as
// long as its steps are longer than the last implicit one, since shorter steps that cost more are no gain. And a
// stay with the explicit method that was brief doubles the number of steps that the next change to it needs. A relaxation oscillation is
// left with two changes a jump. Steps also speak for the implicit method where the growth of oscillations that are no part of the solution sets their size. The dominant eigenvalue comes free of charge
// from the last two stages of an explicit step (Hairer and Wanner II, sec. IV.2) and from a few products with the Jacobian for an
// implicit one.
func AutoSwitch(explicit, implicit Method) (Method, error) {
	e, ok := explicit.(explicitMethod)
	if !ok || !e.tab.FSAL || e.tab.StiffLimit <= 0 {
		return nil, &InputError{What: "method", Msg: fmt.Sprintf("%s cannot be the explicit partner of a switching pair; Tsit5 can", explicit.Info().Name)}
	}
	switch implicit.(type) {
	case rosenbrockMethod, dirkMethod, radauMethod:
		return switchMethod{e, implicit}, nil
	}
	return nil, &InputError{What: "method", Msg: fmt.Sprintf("%s cannot be the implicit partner of a switching pair, which must be an implicit one-step method", implicit.Info().Name)}
}

// Partners returns the methods of a switching pair; ok is false for other methods.
func Partners(m Method) (explicit, implicit Method, ok bool) {
	p, ok := m.(switchMethod)
	if !ok {
		return nil, nil, false
	}
	return p.explicit, p.implicit, true
}

// AutoTsit5Rosenbrock23 is the pair with which the paper's networks were trained.
var AutoTsit5Rosenbrock23 Method = switchMethod{explicitMethod{&tsit5}, Rosenbrock23}

const (
	stiffSteps    = 10
	nonstiffSteps = 3
	// A step speaks for the implicit method when h times the dominant eigenvalue exceeds this fraction of the stability limit, and for the
	// explicit one when it falls below the other. The first is well below 1 because components that decay fast limit the accuracy of an explicit
	// method before they limit its stability; the gap between the two is the hysteresis.
	stiffFraction    = 0.5
	nonstiffFraction = 0.3
	// a stay with the explicit method of fewer steps was brief; mostNonstiffSteps bounds the doubling of what a change back takes
	briefStay         = 2 * stiffSteps
	mostNonstiffSteps = 1000
	// The size of the last implicit step is older news with every explicit one: it counts for so much more each time, and so cannot hold up a
	// change for long when the implicit method could take far longer steps by now (a factor of 1000 takes 350 steps).
	reachGrowth = 1.02
)

type switchMethod struct {
	explicit explicitMethod
	implicit Method
}

func (m switchMethod) Info() Info {
	e, i := m.explicit.Info(), m.implicit.Info()
	return Info{
		Name: "Auto" + e.Name + "(" + i.Name + ")", Family: "switching pair", Order: min(e.Order, i.Order), Embedded: min(e.Embedded, i.Embedded),
		DenseOrder: min(e.DenseOrder, i.DenseOrder), StiffDense: i.StiffDense, Implicit: true, Stability: i.Stability + " when stiff", Source: e.Source + "; " + i.Source,
	}
}

// The steppers that can be the implicit one of a pair.
var (
	_ partner = (*rosenbrockStepper)(nil)
	_ partner = (*dirkStepper)(nil)
	_ partner = (*collocationStepper)(nil)
)

// partner is what a stepper must offer to be the implicit one of a pair.
type partner interface {
	stepper
	// jacobian is the Jacobian in use.
	jacobian() *Jacobian
}

func (m switchMethod) newStepper(c *core) (stepper, error) {
	imp, err := m.implicit.newStepper(c)
	if err != nil {
		return nil, err
	}
	st := &switchStepper{c: c, exp: newExplicitStepper(c, m.explicit.tab), imp: imp.(partner), radius: newSpectralRadius(c.n), limit: m.explicit.tab.StiffLimit}
	st.newton, _ = imp.(newtonStepper)
	return st, nil
}

// switchStepper steps with one of two steppers and decides after every accepted step which one comes next.
type switchStepper struct {
	c      *core
	exp    *explicitStepper
	imp    partner
	newton newtonStepper // imp, if it iterates
	radius *spectralRadius
	limit  float64

	stiff bool
	last  bool // the latest attempt was made by the implicit method
	fresh bool // the method in use has not been started since the change to it
	count int  // successive steps that speak for a change
	need  int  // steps needed for a change back to the explicit method
	stay  int  // explicit steps since the latest change to that method
	// reach is the size of the last implicit step, growing with every explicit step since; steps of at most this size may speak for the
	// implicit method
	reach float64
}

func (st *switchStepper) now() stepper {
	if st.stiff {
		return st.imp
	}
	return st.exp
}

// start prepares for stepping; after a discontinuity within a solve the method in use remains.
func (st *switchStepper) start() *stepError {
	if st.c.stats.Steps == 0 {
		st.stiff = false
	}
	st.count, st.need, st.stay, st.reach = 0, nonstiffSteps, 0, math.Inf(1)
	st.radius.forget()
	st.fresh = false
	return st.now().start()
}

func (st *switchStepper) attempt(h float64) (float64, *stepError) {
	st.last = st.stiff
	if st.fresh {
		if bad := st.now().start(); bad != nil {
			return 0, bad
		}
		st.fresh = false
	}
	return st.now().attempt(h)
}

func (st *switchStepper) errorOrder() int                     { return st.now().errorOrder() }
func (st *switchStepper) dense(coef []float64, h float64) int { return st.now().dense(coef, h) }
func (st *switchStepper) record(tape *Tape, t, h float64)     { st.now().record(tape, t, h) }

// tried is the stepper of the latest attempt, as a filterer.
func (st *switchStepper) tried() filterer {
	if st.last {
		return st.imp.(filterer)
	}
	return st.exp
}

func (st *switchStepper) filtering() bool            { return st.tried().filtering() }
func (st *switchStepper) filter(v []float64) float64 { return st.tried().filter(v) }
func (st *switchStepper) stiffDense() int            { return st.tried().stiffDense() }

func (st *switchStepper) effort() (iterations, limit int) {
	if st.last && st.newton != nil {
		return st.newton.effort()
	}
	return 0, 0
}

func (st *switchStepper) controller() Controller {
	c := switchController{st: st, explicit: PI{}, implicit: PI{}}
	if st.newton != nil {
		c.implicit = st.newton.controller()
	}
	return c
}

// switchController controls each step in the manner of the method that made it.
type switchController struct {
	st                 *switchStepper
	explicit, implicit Controller
}

func (c switchController) now() Controller {
	if c.st.last {
		return c.implicit
	}
	return c.explicit
}

// Accept implements Controller.
func (c switchController) Accept(a *Attempt) float64 { return c.now().Accept(a) }

// Reject implements Controller.
func (c switchController) Reject(a *Attempt) float64 { return c.now().Reject(a) }

func (st *switchStepper) accepted(h float64) {
	c := st.c
	vote := false
	if st.stiff {
		c.stats.StiffSteps++
		vote = math.Abs(h)*st.radius.estimate(st.imp.jacobian(), c.invW) < nonstiffFraction*st.limit
	} else {
		vote = (st.exp.bound > stiffFraction*st.limit || st.exp.wild > 0) && math.Abs(h) <= st.reach
		st.stay++
		st.reach *= reachGrowth
	}
	st.now().accepted(h)
	if !vote {
		st.count = 0
		return
	}
	st.count++
	if !st.stiff && st.count >= stiffSteps {
		if st.stay < briefStay {
			st.need = min(2*st.need, mostNonstiffSteps)
		} else {
			st.need = nonstiffSteps
		}
		st.change(true)
	} else if st.stiff && st.count >= st.need {
		st.stay, st.reach = 0, math.Abs(h)
		st.change(false)
	}
}

func (st *switchStepper) change(stiff bool) {
	st.stiff, st.count, st.fresh = stiff, 0, true
	st.c.stats.Switches++
	st.radius.forget()
}

// spectralRadius follows the modulus of the dominant eigenvalue of the Jacobian along a solution by power iteration, a few products
// per step from the vector of the step before (Shampine, SIAM J. Sci. Stat. Comput. 2, 165, 1981; Sommeijer, Shampine and Verwer, RKC, J.
// Comput. Appl. Math. 88, 315, 1998).
type spectralRadius struct {
	v, w []float64
	know bool // v belongs to the step before
}

const (
	// products per step, and for the first step of a stiff phase
	followProducts = 2
	firstProducts  = 10
)

func newSpectralRadius(n int) *spectralRadius {
	return &spectralRadius{v: make([]float64, n), w: make([]float64, n)}
}

func (r *spectralRadius) forget() { r.know = false }

// estimate returns the geometric mean of the last two growth factors, which does not oscillate much when the dominant eigenvalues
// are a complex pair. Norms are taken in the error weights.
func (r *spectralRadius) estimate(j *Jacobian, weights []float64) float64 {
	products := followProducts
	if !r.know {
		// a vector with a share of everything
		for i, w := range weights {
			r.v[i] = 0
			if w > 0 {
				r.v[i] = (1 + float64(i%3)) / w
			}
			if i%2 == 1 {
				r.v[i] = -r.v[i]
			}
		}
		r.know, products = true, firstProducts
	}
	growth, before := 0.0, 0.0
	for range products {
		size := weightedNorm(r.v, weights)
		if !(size > 0 && size <= math.MaxFloat64) {
			r.know = false
			return math.Inf(1)
		}
		scale(r.v, 1/size)
		j.MulVec(r.w, r.v)
		r.v, r.w = r.w, r.v
		growth, before = weightedNorm(r.v, weights), growth
		if growth == 0 {
			r.know = false
			return 0
		}
	}
	return math.Sqrt(growth * before)
}
