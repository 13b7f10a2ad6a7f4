package ode

import "math"

// radauMethod is a Method given by a FIRKTableau.
type radauMethod struct{ tab *FIRKTableau }

var _ Method = radauMethod{}

func (m radauMethod) Info() Info { return m.tab.Info }

func (m radauMethod) newStepper(c *core) (stepper, error) { return newRadauStepper(c, m.tab), nil }

// The rules of the family (Hairer and Wanner II, sec. IV.8).
const (
	radauNewtonMax = 10
	radauRefresh   = 0.001
)

// radauStepper steps with a fully implicit method. Newton's simplified iteration runs in the variables W = T⁻¹Z, in which the system of
// three coupled stages falls apart into a real one and a complex one (Butcher 1976; Hairer and Wanner II, sec. IV.8).
type radauStepper struct {
	c      *core
	tab    *FIRKTableau
	matrix *iterationMatrix
	stages *coupledStages
	conv   convergence

	z     []float64 // Z_1, Z_2, Z_3
	w     []float64 // W_1, W_2, W_3
	f     []float64 // f at the stages, then T⁻¹ of them
	res   []float64
	e     []float64
	pair  []complex128
	lastH float64   // size of the accepted step before this one, or 0
	past  []float64 // its Z_i
	// rejected says that the error test failed since the last accepted step
	rejected bool
}

func newRadauStepper(c *core, tab *FIRKTableau) *radauStepper {
	n := c.n
	st := &radauStepper{
		c: c, tab: tab, matrix: newIterationMatrix(c, nil, radauRefresh, 0), stages: newCoupledStages(c, tab.C[:]),
		z: make([]float64, 3*n), w: make([]float64, 3*n), f: make([]float64, 3*n), past: make([]float64, 3*n),
		res: make([]float64, n), e: make([]float64, n), pair: make([]complex128, n),
	}
	st.matrix.couple(tab.Real, tab.Complex)
	st.conv.limit = radauNewtonMax
	return st
}

func (st *radauStepper) start() *stepError {
	st.forget()
	return st.c.startF()
}

// forget makes the next attempt start from the point where it is, without memory of earlier steps.
func (st *radauStepper) forget() {
	st.matrix.reset()
	st.lastH, st.rejected = 0, false
}

func (st *radauStepper) errorOrder() int { return st.tab.Info.Embedded + 1 }

func (st *radauStepper) effort() (iterations, limit int) { return st.conv.most, st.conv.limit }

func (st *radauStepper) controller() Controller { return Predictive{Deadband: growthDeadband} }

func (st *radauStepper) attempt(h float64) (float64, *stepError) {
	c, n := st.c, st.c.n
	gamma := h / st.tab.Real
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
	for j, v := range st.z[2*n:] {
		c.ynew[j] = c.y[j] + v
	}
	return st.estimate(gamma)
}

// solve finds the increments of the stages by Newton's simplified iteration.
func (st *radauStepper) solve(h float64) *stepError {
	c, n := st.c, st.c.n
	st.predict(h)
	st.conv.system()
	for {
		if bad := st.stages.eval(c, st.f, st.z, h); bad != nil {
			return bad
		}
		size := st.iterate(h)
		transform(st.z, &st.tab.T, st.w)
		switch st.conv.judge(size) {
		case converged:
			return nil
		case failed:
			c.suspect = st.z[2*n:]
			if !finite(st.w) {
				return c.reject(RejectNonFinite, nil)
			}
			return c.reject(RejectNewton, nil)
		}
	}
}

// iterate adds one increment to W, given f at the stages, and returns its size.
func (st *radauStepper) iterate(h float64) float64 {
	c, n := st.c, st.c.n
	transform(st.f, &st.tab.TInv, st.f)
	gamma := h / st.tab.Real
	w, f := st.w, st.f
	identity := c.p.Mass.IsIdentity()

	// (M − γ0 h J) ΔW_1 = γ0 h f_1 − M W_1
	d := st.e
	mw := w[:n]
	if !identity {
		c.p.Mass.MulVec(st.res, mw)
		mw = st.res
	}
	for j, v := range mw {
		d[j] = gamma*f[j] - v
	}
	st.matrix.lin.solve(d)
	sum := 0.0
	for j, v := range d {
		w[j] += v
		x := v * c.invW[j]
		sum += x * x
	}

	// ((α + iβ) M − h J) Δ(W_2 − i W_3) = h (f_2 − i f_3) − (α + iβ) M (W_2 − i W_3)
	pair, shift := st.pair, st.tab.Complex
	w2, w3 := w[n:2*n], w[2*n:]
	if identity {
		for j, v := range w2 {
			pair[j] = complex(h*f[n+j], -h*f[2*n+j]) - shift*complex(v, -w3[j])
		}
	} else {
		c.p.Mass.MulVec(st.res, w2)
		c.p.Mass.MulVec(d, w3)
		for j, v := range st.res {
			pair[j] = complex(h*f[n+j], -h*f[2*n+j]) - shift*complex(v, -d[j])
		}
	}
	st.matrix.pairs[0].solve(pair)
	for j, v := range pair {
		a, b := real(v), imag(v)
		w2[j] += a
		w3[j] -= b
		s := c.invW[j]
		sum += a*s*a*s + b*s*b*s
	}
	c.stats.Solves += 2
	c.stats.NewtonIterations++
	return math.Sqrt(sum / float64(3*n))
}

// predict extrapolates the collocation polynomial of the step before (Hairer and Wanner II, eq. IV.8.5).
func (st *radauStepper) predict(h float64) {
	n := st.c.n
	if st.lastH == 0 {
		clear(st.z)
		clear(st.w)
		return
	}
	clear(st.z)
	for i, c := range st.tab.C {
		z := st.z[i*n : (i+1)*n]
		theta := 1 + c*h/st.lastH
		for k, row := range st.tab.D {
			v := ((row[2]*theta+row[1])*theta + row[0]) * theta
			if k == 2 {
				v-- // measured from the end of that step
			}
			for j, x := range st.past[k*n : (k+1)*n] {
				z[j] += v * x
			}
		}
	}
	transform(st.w, &st.tab.TInv, st.z)
}

// estimate returns the norm of the error estimate of the step in c.ynew. Where it is too large at the start or after a rejection, when
// the stiff components may not have died out, it is filtered once more (Hairer and Wanner II, eq. IV.8.20).
func (st *radauStepper) estimate(gamma float64) (float64, *stepError) {
	c, n := st.c, st.c.n
	sum := st.f[:n]
	clear(sum)
	addScaled(sum, 1, st.tab.E[:], st.z)
	if !c.p.Mass.IsIdentity() {
		c.p.Mass.MulVec(st.res, sum)
		copy(sum, st.res)
	}
	for j, v := range sum {
		st.e[j] = v + gamma*c.f0[j]
	}
	st.matrix.lin.solve(st.e)
	c.stats.Solves++
	e := c.errorNorm(st.e)
	if e > 1 && (st.lastH == 0 || st.rejected) {
		at := st.w[:n] // free by now
		for j, v := range st.e {
			at[j] = c.y[j] + v
		}
		if bad := c.eval(st.res, c.t, at); bad != nil {
			return 0, bad
		}
		for j, v := range sum {
			st.e[j] = v + gamma*st.res[j]
		}
		st.matrix.lin.solve(st.e)
		c.stats.Solves++
		e = c.errorNorm(st.e)
	}
	st.rejected = st.rejected || e > 1
	return e, nil
}

func (st *radauStepper) jacobian() *Jacobian { return st.matrix.jac }

func (st *radauStepper) accepted(h float64) {
	st.matrix.accepted(st.conv.rate)
	st.c.haveF = false
	st.lastH, st.rejected = h, false
	copy(st.past, st.z)
}

func (st *radauStepper) dense(coef []float64, _ float64) int {
	return denseFromStages(coef, st.c.y, 1, st.tab.D, st.z)
}

func (st *radauStepper) record(tape *Tape, t, h float64) {
	tape.begin(st.tab, 0, t, h, st.c.y)
	tape.stage(st.z)
	st.matrix.keep(tape)
}

// transform writes the combinations Σ_j m_ij x_j of the thirds of x into the thirds of dst, which may be x.
func transform(dst []float64, m *[3][3]float64, x []float64) {
	n := len(x) / 3
	x1, x2, x3 := x[:n], x[n:2*n], x[2*n:]
	d1, d2, d3 := dst[:n], dst[n:2*n], dst[2*n:]
	for j, a := range x1 {
		b, c := x2[j], x3[j]
		d1[j] = m[0][0]*a + m[0][1]*b + m[0][2]*c
		d2[j] = m[1][0]*a + m[1][1]*b + m[1][2]*c
		d3[j] = m[2][0]*a + m[2][1]*b + m[2][2]*c
	}
}
