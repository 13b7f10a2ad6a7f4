package ode

import (
	"fmt"
	"math"
)

// AutoSwitch pairs an explicit with an implicit method. It starts with the explicit one, changes over after
// stiffSteps successive steps that run at the border of the explicit method's stability, and back after nonstiffSteps steps on which the
// explicit method would be stable at the step size in use. Every return to stiffness doubles the number of
// steps that the next change back needs, so that the pair does not chatter.
func AutoSwitch(explicit, implicit Method) (Method, error) {
	e, ok := explicit.(explicitMethod)
	if !ok || !e.tab.FSAL || e.tab.StiffLimit <= 0 {
		return nil, &InputError{What: "method", Msg: fmt.Sprintf("%s cannot be the explicit partner of a switching pair; Tsit5 can", explicit.Info().Name)}
	}
	if !implicit.Info().Implicit {
		return nil, &InputError{What: "method", Msg: fmt.Sprintf("%s is not implicit", implicit.Info().Name)}
	}
	return switchMethod{e, implicit}, nil
}

// AutoTsit5Rosenbrock23 is the pair with which the paper's networks were trained.
var AutoTsit5Rosenbrock23 Method = switchMethod{explicitMethod{&tsit5}, Rosenbrock23}

const (
	stiffSteps    = 10
	nonstiffSteps = 3
	// a step counts as limited by stability from this fraction of the stability limit on (both directions: Hairer and
	// Wanner II, sec. IV.2, "automatic stiffness detection", with hysteresis)
	stiffFraction    = 0.9
	nonstiffFraction = 0.7
)

type switchMethod struct {
	explicit explicitMethod
	implicit Method
}

func (m switchMethod) Info() Info {
	e, i := m.explicit.Info(), m.implicit.Info()
	return Info{
		Name: "Auto" + e.Name + "(" + i.Name + ")", Family: "switching pair", Order: min(e.Order, i.Order), Embedded: min(e.Embedded, i.Embedded),
		DenseOrder: min(e.DenseOrder, i.DenseOrder), Implicit: true, Stability: i.Stability + " when stiff", Source: e.Source + "; " + i.Source,
	}
}

// spectral is a stepper that can bound the spectral radius of the Jacobian in use.
type spectral interface{ spectralBound() float64 }

func (m switchMethod) newStepper(c *core) (stepper, error) {
	imp, err := m.implicit.newStepper(c)
	if err != nil {
		return nil, err
	}
	sp, ok := imp.(spectral)
	if !ok {
		return nil, &InputError{What: "method", Msg: fmt.Sprintf("%s cannot be the implicit partner of a switching pair", m.implicit.Info().Name)}
	}
	if _, ok := imp.(sizer); ok {
		return nil, &InputError{What: "method", Msg: fmt.Sprintf("%s chooses its own step sizes and cannot be the implicit partner of a switching pair", m.implicit.Info().Name)}
	}
	return &switchStepper{c: c, exp: newExplicitStepper(c, m.explicit.tab), imp: imp, bound: sp, limit: m.explicit.tab.StiffLimit}, nil
}

// switchStepper steps with one of two steppers and decides after every accepted step which one comes next.
type switchStepper struct {
	c     *core
	exp   *explicitStepper
	imp   stepper
	bound spectral
	limit float64

	stiff bool
	count int // successive steps that speak for a change
	need  int // steps needed for a change back to the explicit method
}

func (st *switchStepper) now() stepper {
	if st.stiff {
		return st.imp
	}
	return st.exp
}

func (st *switchStepper) start() *stepError {
	st.stiff, st.count, st.need = false, 0, nonstiffSteps
	return st.exp.start()
}

func (st *switchStepper) attempt(h float64) (float64, *stepError) { return st.now().attempt(h) }
func (st *switchStepper) errorOrder() int                         { return st.now().errorOrder() }
func (st *switchStepper) dense(coef []float64, h float64) int     { return st.now().dense(coef, h) }
func (st *switchStepper) record(tape *Tape, t, h float64)         { st.now().record(tape, t, h) }

func (st *switchStepper) accepted(h float64) {
	c := st.c
	if st.stiff {
		c.stats.StiffSteps++
	}
	vote := false
	if st.stiff {
		vote = math.Abs(h)*st.bound.spectralBound() < nonstiffFraction*st.limit
	} else {
		vote = st.exp.bound > stiffFraction*st.limit
	}
	st.now().accepted(h)
	if !vote {
		st.count = 0
		return
	}
	st.count++
	if !st.stiff && st.count >= stiffSteps {
		st.change(true)
	} else if st.stiff && st.count >= st.need {
		st.need = min(2*st.need, 1000)
		st.change(false)
	}
}

func (st *switchStepper) change(stiff bool) {
	st.stiff, st.count = stiff, 0
	st.c.stats.Switches++
	if stiff {
		st.resetImplicit()
	}
}

// resetImplicit makes the implicit stepper forget what belongs to an earlier point.
func (st *switchStepper) resetImplicit() {
	if r, ok := st.imp.(interface{ forget() }); ok {
		r.forget()
	}
}
