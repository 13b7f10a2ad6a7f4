package ode

import (
	"github.com/stiffnode/stiffnode/internal/linalg"
)

// rosenbrockMethod is a Method given by a RosenbrockTableau.
type rosenbrockMethod struct{ tab *RosenbrockTableau }

var _ Method = rosenbrockMethod{}

// Info implements Method.
func (m rosenbrockMethod) Info() Info {
	i := m.tab.Info
	i.StiffDense = m.tab.stiffDense()
	return i
}

func (m rosenbrockMethod) newStepper(c *core) (stepper, error) {
	return newRosenbrockStepper(c, m.tab), nil
}

// rosenbrockStepper steps with any Rosenbrock tableau. Its iteration matrix is M − hγJ, the equations being multiplied by hγ.
type rosenbrockStepper struct {
	c   *core
	tab *RosenbrockTableau
	lin linearSolver
	all []float64 // the stage vectors u_i
	rhs []float64
	sum []float64
	e   []float64
	// zero is where sums of stages alone begin
	zero []float64
	// weights are those of the stages at a point of the dense output
	weights []float64
	// jac and dfdt belong to (t, y); spare to the argument of the last stage, when that is the new point
	jac, spare      *Jacobian
	dfdt, spareDfdt []float64
	fspare          []float64
	haveJ           bool
	over            float64 // size of the attempt for which dfdt was made
	factoredAt      float64 // hγ of the factors in lin, or 0
	refine          *refinement
	fused           *fusedStages // nil where there are none
}

func newRosenbrockStepper(c *core, tab *RosenbrockTableau) *rosenbrockStepper {
	n, s := c.n, len(tab.B)
	all := make([]float64, s*n)
	fused := newFusedStages(c, tab, all)
	st := &rosenbrockStepper{
		c: c, tab: tab, lin: stageSolver(c, fused), fused: fused, all: all, rhs: make([]float64, n), sum: make([]float64, n), e: make([]float64, n), zero: make([]float64, n), weights: make([]float64, s),
		jac: NewJacobian(n, c.p.Jacobian), spare: NewJacobian(n, c.p.Jacobian), fspare: make([]float64, n),
		refine: newRefinement(n),
	}
	if !c.p.Autonomous {
		st.dfdt, st.spareDfdt = make([]float64, n), make([]float64, n)
	}
	return st
}

func (st *rosenbrockStepper) start() *stepError {
	st.haveJ = false
	return st.c.startF()
}

// prepare makes f0 and the Jacobian belong to (t, y).
func (st *rosenbrockStepper) prepare() *stepError {
	c := st.c
	if st.haveJ && c.haveF && (st.dfdt == nil || !c.outgrown(st.dfdt, st.over)) {
		return nil
	}
	c.haveF, st.haveJ = false, false
	if bad := c.evalJacobian(c.f0, st.jac, st.dfdt, c.t, c.y); bad != nil {
		return bad
	}
	c.haveF, st.haveJ, st.factoredAt, st.over = true, true, 0, c.h
	return nil
}

func (st *rosenbrockStepper) errorOrder() int {
	return min(st.tab.Info.Order, st.tab.Info.Embedded) + 1
}

func (st *rosenbrockStepper) attempt(h float64) (float64, *stepError) {
	c, tab, n := st.c, st.tab, st.c.n
	if bad := st.prepare(); bad != nil {
		return 0, bad
	}
	hg := h * tab.Gamma
	if st.factoredAt != hg {
		st.factoredAt = 0
		if err := st.lin.factor(hg, &c.p.Mass, st.jac); err != nil {
			st.haveJ = false // the next one may be better
			return 0, c.factorError(err)
		}
		c.stats.Factorisations++
		st.factoredAt = hg
	}
	if st.fused.begin(st, hg) {
		return st.fused.attempt(st, h)
	}
	last := len(tab.B) - 1
	for i := range tab.B {
		f := c.f0
		if i > 0 {
			combine(c.ynew, c.y, 1, tab.A[i], st.all)
			f = st.rhs
			if i == last && tab.FSAL {
				// f and J at the new point in one pass: both serve the next step
				f = st.fspare
				if bad := c.evalJacobian(f, st.spare, st.spareDfdt, c.t+h, c.ynew); bad != nil {
					return 0, bad
				}
			} else if bad := c.eval(f, c.t+tab.Alpha[i]*h, c.ynew); bad != nil {
				return 0, bad
			}
		}
		st.stage(i, f, h, hg)
	}
	if !tab.FSAL {
		combine(c.ynew, c.y, 1, tab.B, st.all)
	}
	combine(st.e, st.zero, 1, tab.E, st.all[:(last+1)*n])
	return c.errorNorm(st.e), nil
}

// stage solves for u_i, given f at its argument.
func (st *rosenbrockStepper) stage(i int, f []float64, h, hg float64) {
	c, tab, n := st.c, st.tab, st.c.n
	u := st.all[i*n : (i+1)*n]
	if i == 0 {
		for j, v := range f {
			u[j] = hg * v
		}
	} else {
		// f last and number by number, as a field mostly writes it: a register could not be loaded before these stores are done
		sum := st.e
		combine(sum, st.zero, tab.Gamma, tab.C[i], st.all)
		if !c.p.Mass.IsIdentity() {
			c.p.Mass.MulVec(st.sum, sum)
			sum = st.sum
		}
		for j, v := range f {
			u[j] = hg*v + sum[j]
		}
	}
	if st.dfdt != nil && tab.GammaI[i] != 0 {
		w := hg * tab.GammaI[i] * h
		for j, v := range st.dfdt {
			u[j] += w * v
		}
	}
	if c.rtol < refineBelow {
		st.refine.solve(st.lin, u, hg, &c.p.Mass, st.jac)
		c.stats.Solves++
	} else {
		st.lin.solve(u)
	}
	c.stats.Solves++
}

func (st *rosenbrockStepper) accepted(h float64) {
	c := st.c
	if !st.tab.FSAL {
		c.haveF, st.haveJ = false, false
		return
	}
	copy(c.f0, st.fspare)
	st.jac, st.spare = st.spare, st.jac
	st.dfdt, st.spareDfdt = st.spareDfdt, st.dfdt
	c.haveF, st.haveJ, st.factoredAt, st.over = true, true, 0, h
}

func (st *rosenbrockStepper) dense(coef []float64, _ float64) int {
	return denseFromStages(coef, st.c.y, 1, st.tab.D, st.all)
}

// evaluate implements evaluator: the polynomials of the stages are evaluated first.
func (st *rosenbrockStepper) evaluate(dst []float64, theta float64) {
	for i, row := range st.tab.D {
		w := 0.0
		for p := len(row) - 1; p >= 0; p-- {
			w = (w + row[p]) * theta
		}
		st.weights[i] = w
	}
	combine(dst, st.c.y, 1, st.weights, st.all)
}

// record keeps y_n and the stage vectors u_i; with KeepFactors also J (dense layout only) and the factors of M − hγJ.
func (st *rosenbrockStepper) record(tape *Tape, t, h float64) {
	tape.begin(st.tab, 0, t, h, st.c.y)
	tape.stage(st.all)
	if d, ok := st.lin.(*denseSolver); ok && tape.KeepFactors && !st.jac.Layout.Banded {
		n := st.c.n
		dst := tape.keep(n*n + linalg.FloatsPerFactor(n))
		copy(dst, st.jac.Data)
		d.lu.Save(dst[n*n:])
	}
}

// stiffDense is the order of the dense output in stiff components (measured on the problem of Prothero and Robinson), or 0 where that is as good as the ends
// of steps: an estimate that holds f at the new point, unfiltered, keeps steps as short as stiff components ask for.
func (tab *RosenbrockTableau) stiffDense() int {
	if tab.FSAL {
		return 0
	}
	return tab.Info.DenseOrder - 1
}

// stiffDense implements filterer.
func (st *rosenbrockStepper) stiffDense() int { return st.tab.stiffDense() }

func (st *rosenbrockStepper) filtering() bool { return st.tab.stiffDense() > 0 }

// filter implements filterer.
func (st *rosenbrockStepper) filter(v []float64) float64 {
	st.lin.solve(v)
	return st.factoredAt
}

func (st *rosenbrockStepper) jacobian() *Jacobian { return st.jac }
