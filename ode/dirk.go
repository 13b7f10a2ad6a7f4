package ode

import "fmt"

// dirkMethod is a Method given by a DIRKTableau.
type dirkMethod struct{ tab *DIRKTableau }

var _ Method = dirkMethod{}

// Info implements Method.
func (m dirkMethod) Info() Info {
	i := m.tab.Info
	i.StiffDense = m.tab.stiffDense()
	return i
}

// stiffDense is the order of the dense output in stiff components: that of the stages.
func (tab *DIRKTableau) stiffDense() int { return min(2, tab.Info.DenseOrder) }

func (m dirkMethod) newStepper(c *core) (stepper, error) {
	var split SplitField
	if m.tab.AE != nil {
		var ok bool
		if split, ok = c.field.(SplitField); !ok {
			return nil, &InputError{What: "method", Msg: fmt.Sprintf("%s needs a right-hand side that is split into a stiff and a non-stiff part (ode.SplitField)", m.tab.Info.Name)}
		}
	}
	return newDIRKStepper(c, m.tab, split), nil
}

// The rules of the family (measured on the stiff problems of package problems: a Jacobian and its factors cost less than the
// iterations they save).
const (
	dirkNewtonMax = 10
	dirkRefresh   = 0.02
	dirkTolerance = 0.05
)

// dirkStepper steps with any ESDIRK method or additive pair.
type dirkStepper struct {
	c      *core
	tab    *DIRKTableau
	split  SplitField
	matrix *iterationMatrix
	conv   convergence

	all   []float64 // the increments z_i, then for a pair w_i
	slope []float64 // y' at t_n, for z_1
	base  []float64 // Y_i without the term of z_i
	f     []float64
	res   []float64
	e     []float64
	// of the accepted step before this one: its size and its last increments, for the prediction of the second stage
	lastH        float64
	last, penult []float64
}

func newDIRKStepper(c *core, tab *DIRKTableau, split SplitField) *dirkStepper {
	n, s := c.n, len(tab.B)
	vectors := s
	if split != nil {
		vectors *= 2
	}
	st := &dirkStepper{c: c, tab: tab, split: split, matrix: newIterationMatrix(c, split, dirkRefresh, dirkTolerance), all: make([]float64, vectors*n)}
	st.conv.limit = dirkNewtonMax
	for _, v := range []*[]float64{&st.slope, &st.base, &st.f, &st.res, &st.e, &st.last, &st.penult} {
		*v = make([]float64, n)
	}
	return st
}

func (st *dirkStepper) start() *stepError {
	c := st.c
	st.matrix.reset()
	st.lastH = 0
	if bad := c.startF(); bad != nil {
		return bad
	}
	// the derivative at (t, y), from f where nothing better is known; z_1 and w_1 of a pair are evaluated apart in every step
	if c.p.Mass.IsIdentity() {
		copy(st.slope, c.f0)
	} else {
		copy(st.slope, c.slope)
	}
	return nil
}

func (st *dirkStepper) errorOrder() int {
	return min(st.tab.Info.Order, st.tab.Info.Embedded) + 1
}

func (st *dirkStepper) effort() (iterations, limit int) { return st.conv.most, st.conv.limit }

func (st *dirkStepper) controller() Controller { return PI{Deadband: growthDeadband} }

func (st *dirkStepper) attempt(h float64) (float64, *stepError) {
	c, tab := st.c, st.tab
	hg := h * tab.Gamma
	before := c.stats.Factorisations
	if bad := st.matrix.prepare(hg); bad != nil {
		return 0, bad
	}
	for {
		st.conv.begin(c, c.stats.Factorisations != before)
		bad := st.stages(h)
		if bad == nil {
			break
		}
		if bad.reason == 0 || bad.reason == RejectSingular {
			return 0, bad
		}
		failure := *bad
		again, bad := st.matrix.renew(hg)
		if bad != nil {
			return 0, bad
		}
		if !again {
			return 0, c.reject(failure.reason, failure.err)
		}
		before = -1
	}
	n, s := c.n, len(tab.B)
	clear(st.e)
	addScaled(st.e, 1, tab.E, st.all[:s*n])
	if st.split != nil {
		addScaled(st.e, 1, tab.E, st.all[s*n:])
	}
	if tab.Filter {
		c.p.Mass.MulVec(st.res, st.e)
		st.matrix.lin.solve(st.res)
		c.stats.Solves++
		copy(st.e, st.res)
	}
	return c.errorNorm(st.e), nil
}

// stages finds the increments of all stages and writes the new state into c.ynew.
func (st *dirkStepper) stages(h float64) *stepError {
	c, tab, n := st.c, st.tab, st.c.n
	s := len(tab.B)
	z := st.all[:n]
	if st.split == nil {
		for j, v := range st.slope {
			z[j] = h * v
		}
	} else {
		if bad := st.explicitFirst(h); bad != nil {
			return bad
		}
	}
	for i := 1; i < s; i++ {
		copy(st.base, c.y)
		addScaled(st.base, 1, tab.A[i][:i], st.all[:i*n])
		if st.split != nil {
			addScaled(st.base, 1, tab.AE[i], st.all[s*n:(s+i)*n])
		}
		z := st.all[i*n : (i+1)*n]
		st.predict(i, h, z)
		if bad := st.solve(i, h, z); bad != nil {
			return bad
		}
		if st.split != nil {
			if bad := st.explicit(i, h); bad != nil {
				return bad
			}
		}
	}
	if st.split != nil {
		copy(c.ynew, c.y)
		addScaled(c.ynew, 1, tab.B, st.all[:s*n])
		addScaled(c.ynew, 1, tab.B, st.all[s*n:])
	}
	return nil
}

// explicitFirst evaluates the first stage of a pair, both parts.
func (st *dirkStepper) explicitFirst(h float64) *stepError {
	c, n := st.c, st.c.n
	z := st.all[:n]
	if st.matrix.current {
		copy(z, st.matrix.f)
	} else if bad := c.evalImplicit(st.split, z, nil, c.t, c.y); bad != nil {
		return bad
	}
	scale(z, h)
	copy(c.ynew, c.y)
	return st.explicit(0, h)
}

// explicit evaluates w_i at the stage value in c.ynew.
func (st *dirkStepper) explicit(i int, h float64) *stepError {
	c, n, s := st.c, st.c.n, len(st.tab.B)
	w := st.all[(s+i)*n : (s+i+1)*n]
	if bad := c.evalExplicit(st.split, w, c.t+st.tab.C[i]*h, c.ynew); bad != nil {
		return bad
	}
	scale(w, h)
	return nil
}

// predict writes a guess of z_i: the polynomial through earlier stages of the step or, for the second stage, the line through the
// last two distinct increments of the step before.
func (st *dirkStepper) predict(i int, h float64, z []float64) {
	n := st.c.n
	if i > 1 {
		clear(z)
		addScaled(z, 1, st.tab.predict[i], st.all[:i*n])
		return
	}
	copy(z, st.all[:n])
	if st.lastH == 0 || st.split != nil {
		return
	}
	// z/h is y'; its change over the second half of the step before continues over c_2 h
	s := len(st.tab.B)
	r := h / st.lastH
	slope := r * st.tab.C[1] * r / (1 - st.tab.C[s-2])
	for j := range z {
		z[j] += slope * (st.last[j] - st.penult[j])
	}
}

// solve finds z_i by Newton's simplified iteration from the guess in z and leaves Y_i in c.ynew.
func (st *dirkStepper) solve(i int, h float64, z []float64) *stepError {
	c, g := st.c, st.tab.Gamma
	t := c.t + st.tab.C[i]*h
	correct := st.matrix.correction(h * g)
	identity := c.p.Mass.IsIdentity()
	st.conv.system()
	for {
		for j, v := range z {
			c.ynew[j] = st.base[j] + g*v
		}
		var bad *stepError
		if st.split != nil {
			bad = c.evalImplicit(st.split, st.f, nil, t, c.ynew)
		} else {
			bad = c.eval(st.f, t, c.ynew)
		}
		if bad != nil {
			return bad
		}
		if identity {
			for j, v := range st.f {
				st.res[j] = correct * (h*v - z[j])
			}
		} else {
			c.p.Mass.MulVec(st.res, z)
			for j, v := range st.f {
				st.res[j] = correct * (h*v - st.res[j])
			}
		}
		st.matrix.lin.solve(st.res)
		c.stats.Solves++
		c.stats.NewtonIterations++
		for j, v := range st.res {
			z[j] += v
		}
		switch st.conv.judge(g * c.norm(st.res)) {
		case converged:
			for j, v := range z {
				c.ynew[j] = st.base[j] + g*v
			}
			return nil
		case failed:
			c.suspect = st.res
			if !finite(st.res) {
				return c.reject(RejectNonFinite, nil)
			}
			return c.reject(RejectNewton, nil)
		}
	}
}

// stiffDense implements filterer.
func (st *dirkStepper) stiffDense() int { return st.tab.stiffDense() }

func (st *dirkStepper) filtering() bool { return true }

// filter implements filterer.
func (st *dirkStepper) filter(v []float64) float64 {
	st.matrix.lin.solve(v)
	return st.matrix.gamma
}

func (st *dirkStepper) jacobian() *Jacobian { return st.matrix.jac }

func (st *dirkStepper) accepted(h float64) {
	c, n, s := st.c, st.c.n, len(st.tab.B)
	st.matrix.accepted(st.conv.rate)
	c.haveF = false
	st.lastH = h
	if st.split != nil {
		return
	}
	copy(st.last, st.all[(s-1)*n:s*n])
	copy(st.penult, st.all[(s-2)*n:(s-1)*n])
	for j, v := range st.last {
		st.slope[j] = v / h
	}
}

func (st *dirkStepper) dense(coef []float64, _ float64) int {
	n, s := st.c.n, len(st.tab.B)
	degree := denseFromStages(coef, st.c.y, 1, st.tab.D, st.all[:s*n])
	if st.split != nil {
		addDense(coef, 1, st.tab.D, st.all[s*n:])
	}
	return degree
}

func (st *dirkStepper) record(tape *Tape, t, h float64) {
	tape.begin(st.tab, 0, t, h, st.c.y)
	tape.stage(st.all)
	st.matrix.keep(tape)
}

func scale(v []float64, s float64) {
	for i := range v {
		v[i] *= s
	}
}
