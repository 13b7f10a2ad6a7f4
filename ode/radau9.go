package ode

import "math"

// Radau9 is the Radau IIA method of order 9, for tight tolerances. Its error estimate, of order 5, is far larger than its error; the error test is
// relaxed as in the program RADAU of Hairer and Wanner, so that the error, not the estimate, behaves like the tolerance. It cannot be recorded
// on a Tape, nor shown to Options.Judge.
var Radau9 Method = radau9Method{}

type radau9Method struct{}

// Info implements Method.
func (radau9Method) Info() Info {
	return Info{
		Name: "Radau9", Family: "fully implicit Runge–Kutta", Order: 9, Embedded: 5, DenseOrder: 6, Stages: radau9Stages, Implicit: true, Mass: true, Stability: "L-stable",
		Source: "Hairer and Wanner, Stiff differential equations solved by Radau methods, J. Comput. Appl. Math. 111:93, 1999 (Radau IIA; program RADAU)",
	}
}

func (radau9Method) newStepper(c *core) (stepper, error) {
	if c.recorded {
		return nil, &InputError{What: "method", Msg: "Radau9 cannot be recorded: its derivative is not known; choose Radau"}
	}
	return newRadau9Stepper(c), nil
}

// The iterations allowed for one system, and the relaxation of the error test: rtol counts as 0.1·rtol^0.6 (program RADAU).
const (
	radau9NewtonMax = 12
	radau9Strict    = 0.1
	radau9Exponent  = (radau9Stages + 1) / (2. * radau9Stages)
)

// radau9Stepper is radauStepper with five stages: Newton's simplified iteration in the variables W = T⁻¹Z falls apart into a real system and two
// complex ones.
type radau9Stepper struct {
	c      *core
	tab    *radau9Tableau
	matrix *iterationMatrix
	stages *coupledStages
	conv   convergence
	lanes  *radau9Lanes // nil where it does not pay

	z, w     []float64 // increments Z_i of the stages, and W_i
	f        []float64 // f at the stages, then T⁻¹ of them
	res, e   []float64
	pair     []complex128
	past     []float64 // Z_i of the step before
	lastH    float64   // size of the accepted step before this one, or 0
	relaxed  float64   // factor of the error norm
	rejected bool      // the error test failed since the last accepted step
}

func newRadau9Stepper(c *core) *radau9Stepper {
	const s = radau9Stages
	n := c.n
	st := &radau9Stepper{
		c: c, tab: radauIIA9(), matrix: newIterationMatrix(c, nil, radauRefresh, 0),
		z: make([]float64, s*n), w: make([]float64, s*n), f: make([]float64, s*n), past: make([]float64, s*n),
		res: make([]float64, n), e: make([]float64, n), pair: make([]complex128, n),
	}
	st.stages = newCoupledStages(c, st.tab.c[:])
	st.matrix.couple(st.tab.real, st.tab.complex[:]...)
	st.conv.limit = radau9NewtonMax
	if st.lanes = newRadau9Lanes(c, st.tab); st.lanes != nil {
		st.matrix.sideBySide = func(h float64) bool { return st.lanes.factor(h, c, st.matrix.jac) }
	}
	return st
}

func (st *radau9Stepper) start() *stepError {
	st.forget()
	rtol := st.c.rtol
	st.relaxed = min(1, rtol/(radau9Strict*math.Pow(rtol, radau9Exponent)))
	return st.c.startF()
}

// forget makes the next attempt start from the point where it is, without memory of earlier steps.
func (st *radau9Stepper) forget() {
	st.matrix.reset()
	st.lastH, st.rejected = 0, false
}

func (st *radau9Stepper) errorOrder() int { return radau9Stages + 1 }

func (st *radau9Stepper) effort() (iterations, limit int) { return st.conv.most, st.conv.limit }

func (st *radau9Stepper) controller() Controller { return Predictive{Deadband: growthDeadband} }

func (st *radau9Stepper) attempt(h float64) (float64, *stepError) {
	c := st.c
	gamma := h / st.tab.real
	before := c.stats.Factorisations
	if bad := st.matrix.prepare(gamma); bad != nil {
		return 0, bad
	}
	if bad := c.startF(); bad != nil {
		return 0, bad
	}
	for {
		st.conv.begin(c, c.stats.Factorisations != before)
		bad := st.solve(h)
		if bad == nil {
			break
		}
		if bad.reason == 0 {
			return 0, bad
		}
		failure := *bad
		again, bad := st.matrix.renew(gamma)
		if bad != nil {
			return 0, bad
		}
		if !again {
			return 0, c.reject(failure.reason, failure.err)
		}
		before = -1
	}
	for j, v := range st.last() {
		c.ynew[j] = c.y[j] + v
	}
	return st.estimate(gamma)
}

// last is the increment of the last stage, which is that of the step.
func (st *radau9Stepper) last() []float64 { return st.z[(radau9Stages-1)*st.c.n:] }

// solve finds the increments of the stages by Newton's simplified iteration.
func (st *radau9Stepper) solve(h float64) *stepError {
	c := st.c
	st.predict(h)
	st.conv.system()
	for {
		size, bad := st.improve(h)
		if bad != nil {
			return bad
		}
		switch st.conv.judge(size) {
		case converged:
			return nil
		case failed:
			c.suspect = st.last()
			if !finite(st.z) {
				return c.reject(RejectNonFinite, nil)
			}
			return c.reject(RejectNewton, nil)
		}
	}
}

// sideBySide says whether the factors in use are those of the lanes.
func (st *radau9Stepper) sideBySide() bool { return st.lanes != nil && st.lanes.inUse }

// improve evaluates f at the stages and takes one iteration, whose increment's size it returns.
func (st *radau9Stepper) improve(h float64) (float64, *stepError) {
	c := st.c
	if st.sideBySide() {
		if bad := st.stages.evalAt(c, st.f, st.lanes.states, h); bad != nil {
			return 0, bad
		}
		sum := st.lanes.iterate(h, st.f, st.z, c.y, c.invW)
		return st.iterated(sum), nil
	}
	if bad := st.stages.eval(c, st.f, st.z, h); bad != nil {
		return 0, bad
	}
	size := st.iterated(st.iterate(h))
	st.tab.t.apply(st.z, st.w)
	return size, nil
}

// iterated counts an iteration and returns the size of its increment, given the sum of weighted squares.
func (st *radau9Stepper) iterated(sum float64) float64 {
	st.c.stats.Solves += 1 + radau9Pairs
	st.c.stats.NewtonIterations++
	return math.Sqrt(sum / float64(radau9Stages*st.c.n))
}

// massTimes returns M·v, in dst unless M is the identity.
func (st *radau9Stepper) massTimes(dst, v []float64) []float64 {
	if st.c.p.Mass.IsIdentity() {
		return v
	}
	st.c.p.Mass.MulVec(dst, v)
	return dst
}

// iterate adds one increment to W, given f at the stages, and returns the sum of its weighted squares; the equations are those of radauStepper.iterate.
func (st *radau9Stepper) iterate(h float64) float64 {
	c, n := st.c, st.c.n
	st.tab.tInv.apply(st.f, st.f)
	gamma := h / st.tab.real
	w, f, d, pair := st.w, st.f, st.e, st.pair
	for j, v := range st.massTimes(st.res, w[:n]) {
		d[j] = gamma*f[j] - v
	}
	st.matrix.lin.solve(d)
	sum := 0.0
	for j, v := range d {
		w[j] += v
		x := v * c.invW[j]
		sum += x * x
	}
	for k, shift := range st.tab.complex {
		i := (1 + 2*k) * n
		wa, wb, fa, fb := w[i:i+n], w[i+n:i+2*n], f[i:i+n], f[i+n:i+2*n]
		ma, mb := st.massTimes(st.res, wa), st.massTimes(d, wb)
		for j, v := range ma {
			pair[j] = complex(h*fa[j], -h*fb[j]) - shift*complex(v, -mb[j])
		}
		st.matrix.pairs[k].solve(pair)
		for j, v := range pair {
			a, b := real(v), imag(v)
			wa[j] += a
			wb[j] -= b
			s := c.invW[j]
			sum += a*s*a*s + b*s*b*s
		}
	}
	return sum
}

// predict extrapolates the collocation polynomial of the step before.
func (st *radau9Stepper) predict(h float64) {
	if st.lastH == 0 {
		if st.sideBySide() {
			st.lanes.predict(nil, nil, st.z, st.c.y)
			return
		}
		clear(st.z)
		clear(st.w)
		return
	}
	m := st.tab.extrapolation(h / st.lastH)
	if st.sideBySide() {
		st.lanes.predict(&m, st.past, st.z, st.c.y)
		return
	}
	m.apply(st.z, st.past)
	st.tab.tInv.apply(st.w, st.z)
}

// estimate returns the relaxed norm of the error estimate of the step in c.ynew, filtered once more where radauStepper does.
func (st *radau9Stepper) estimate(gamma float64) (float64, *stepError) {
	c, n := st.c, st.c.n
	sum := st.f[:n]
	clear(sum)
	addScaled(sum, 1, st.tab.e[:], st.z)
	copy(sum, st.massTimes(st.res, sum))
	filtered := func(f []float64) float64 {
		for j, v := range sum {
			st.e[j] = v + gamma*f[j]
		}
		if st.sideBySide() {
			st.lanes.solveReal(st.e)
		} else {
			st.matrix.lin.solve(st.e)
		}
		c.stats.Solves++
		return min(st.relaxed*c.errorNorm(st.e), math.MaxFloat64)
	}
	e := filtered(c.f0)
	if e > 1 && (st.lastH == 0 || st.rejected) {
		at := st.w[:n] // free by now
		for j, v := range st.e {
			at[j] = c.y[j] + v
		}
		if bad := c.eval(st.res, c.t, at); bad != nil {
			return 0, bad
		}
		e = filtered(st.res)
	}
	st.rejected = st.rejected || e > 1
	return e, nil
}

func (st *radau9Stepper) jacobian() *Jacobian { return st.matrix.jac }

func (st *radau9Stepper) accepted(h float64) {
	st.matrix.accepted(st.conv.rate)
	st.c.haveF = false
	st.lastH, st.rejected = h, false
	copy(st.past, st.z)
}

// dense is the collocation polynomial and, for one order more, a polynomial whose slope vanishes at the nodes, as much of it as the slope at the start
// asks for. That is what the error estimate holds, stiff components filtered out.
func (st *radau9Stepper) dense(coef []float64, _ float64) int {
	n := st.c.n
	degree := denseFromStages(coef, st.c.y, 1, st.tab.d, st.z) + 1
	clear(coef[degree*n : (degree+1)*n])
	for p, b := range st.tab.bend {
		row := coef[(p+1)*n : (p+2)*n]
		for j, v := range st.e {
			row[j] += b * v
		}
	}
	return degree
}

// record is not called: newStepper refuses what would record.
func (st *radau9Stepper) record(*Tape, float64, float64) {}
