package ode

import "math"

// maxStages is the largest number of stages of a collocation method here.
const maxStages = radau9Stages

// A stageMatrix takes stages to stages; what lies beyond the stages of a method is zero.
type stageMatrix [maxStages][maxStages]float64

// A collocation is a fully implicit Runge–Kutta method, stiffly accurate, in the notation of FIRKTableau: A⁻¹ has one real eigenvalue and, for the rest, pairs of complex
// ones.
type collocation struct {
	nodes, e []float64
	// d[i] are the coefficients of θ, θ², … of the Lagrange polynomial of node i among 0, c_1, …, c_s, and powers[p][i] is d[i][p]
	d      [][]float64
	powers stageMatrix
	// bend are the coefficients of θ, θ², … of a further term of the dense output, or nil: see collocationStepper.dense
	bend    []float64
	real    float64
	complex []complex128
	// t⁻¹A⁻¹t has the block real, then a block [[α, β], [−β, α]] for each α + iβ of complex
	t, tInv stageMatrix

	errorOrder int
	newtonMax  int
	// relaxation, if not nil, is the factor of the error norm for a tolerance
	relaxation func(rtol float64) float64
	// recorded is what a Tape calls the method, or nil
	recorded *FIRKTableau
}

// setPowers fills powers.
func (tab *collocation) setPowers() {
	for i, row := range tab.d {
		for p, v := range row {
			tab.powers[p][i] = v
		}
	}
}

// extrapolation takes the increments of a step to those of the next one, ratio times as long, by the collocation polynomial.
func (tab *collocation) extrapolation(ratio float64) (m stageMatrix) {
	last := len(tab.nodes) - 1
	for i, c := range tab.nodes {
		theta, row := 1+c*ratio, &m[i]
		for p := last; p >= 0; p-- {
			for k, d := range tab.powers[p] {
				row[k] = (row[k] + d) * theta
			}
		}
		row[last]-- // measured from the end of that step
	}
	return m
}

// apply writes the combinations Σ_j m_ij x_j of the s rows of x into the rows of dst, which may be x.
func (m *stageMatrix) apply(dst, x []float64, s int) {
	n := len(x) / s
	x1, x2, x3 := x[:n], x[n:2*n], x[2*n:3*n]
	d1, d2, d3 := dst[:n], dst[n:2*n], dst[2*n:3*n]
	if s == 3 {
		for j, a := range x1 {
			b, c := x2[j], x3[j]
			d1[j] = m[0][0]*a + m[0][1]*b + m[0][2]*c
			d2[j] = m[1][0]*a + m[1][1]*b + m[1][2]*c
			d3[j] = m[2][0]*a + m[2][1]*b + m[2][2]*c
		}
		return
	}
	x4, x5, d4, d5 := x[3*n:4*n], x[4*n:5*n], dst[3*n:4*n], dst[4*n:5*n]
	for j, a := range x1 {
		b, c, d, e := x2[j], x3[j], x4[j], x5[j]
		d1[j] = m[0][0]*a + m[0][1]*b + m[0][2]*c + m[0][3]*d + m[0][4]*e
		d2[j] = m[1][0]*a + m[1][1]*b + m[1][2]*c + m[1][3]*d + m[1][4]*e
		d3[j] = m[2][0]*a + m[2][1]*b + m[2][2]*c + m[2][3]*d + m[2][4]*e
		d4[j] = m[3][0]*a + m[3][1]*b + m[3][2]*c + m[3][3]*d + m[3][4]*e
		d5[j] = m[4][0]*a + m[4][1]*b + m[4][2]*c + m[4][3]*d + m[4][4]*e
	}
}

// collocationStepper steps with a collocation method. Newton's simplified iteration runs in the variables W = T⁻¹Z, in which the coupled
// stages fall apart into a real system and complex ones (Butcher 1976; Hairer and Wanner II, sec. IV.8).
type collocationStepper struct {
	c      *core
	tab    *collocation
	s      int // stages
	matrix *iterationMatrix
	stages *coupledStages
	conv   convergence
	lanes  *collocationLanes // nil where it does not pay

	z, w   []float64 // increments Z_i of the stages, and W_i
	f      []float64 // f at the stages, then T⁻¹ of them
	res, e []float64
	pair   []complex128
	past   []float64 // Z_i of the step before
	lastH  float64   // size of the accepted step before this one, or 0
	// attempts counts those from the point in hand
	attempts int
}

func newCollocationStepper(c *core, tab *collocation) *collocationStepper {
	s, n := len(tab.nodes), c.n
	st := &collocationStepper{
		c: c, tab: tab, s: s, matrix: newIterationMatrix(c, nil, radauRefresh, 0), stages: newCoupledStages(c, tab.nodes),
		z: make([]float64, s*n), w: make([]float64, s*n), f: make([]float64, s*n), past: make([]float64, s*n),
		res: make([]float64, n), e: make([]float64, n), pair: make([]complex128, n),
	}
	st.matrix.couple(tab.real, tab.complex...)
	st.conv.limit = tab.newtonMax
	if st.lanes = newCollocationLanes(c, tab); st.lanes != nil {
		st.matrix.sideBySide = func(h float64) bool { return st.lanes.factor(h, st.matrix.jac) }
	}
	return st
}

func (st *collocationStepper) start() *stepError {
	st.matrix.reset()
	st.lastH, st.attempts = 0, 0
	return st.c.startF()
}

func (st *collocationStepper) errorOrder() int { return st.tab.errorOrder }

func (st *collocationStepper) effort() (iterations, limit int) { return st.conv.most, st.conv.limit }

func (st *collocationStepper) controller() Controller { return Predictive{Deadband: growthDeadband} }

func (st *collocationStepper) attempt(h float64) (float64, *stepError) {
	c := st.c
	st.attempts++
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
func (st *collocationStepper) last() []float64 { return st.z[(st.s-1)*st.c.n:] }

// solve finds the increments of the stages by Newton's simplified iteration.
func (st *collocationStepper) solve(h float64) *stepError {
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
func (st *collocationStepper) sideBySide() bool { return st.lanes != nil && st.lanes.inUse }

// improve evaluates f at the stages and takes one iteration, whose increment's size it returns.
func (st *collocationStepper) improve(h float64) (float64, *stepError) {
	c := st.c
	var sum float64
	if st.sideBySide() {
		if bad := st.stages.evalAt(c, st.f, st.lanes.states, h); bad != nil {
			return 0, bad
		}
		sum = st.lanes.iterate(h, st.f, st.z, c.y, c.invW)
	} else {
		if bad := st.stages.eval(c, st.f, st.z, h); bad != nil {
			return 0, bad
		}
		sum = st.iterate(h)
		st.tab.t.apply(st.z, st.w, st.s)
	}
	c.stats.Solves += 1 + len(st.tab.complex)
	c.stats.NewtonIterations++
	return math.Sqrt(sum / float64(st.s*c.n)), nil
}

// massTimes returns M·v, in dst unless M is the identity.
func (st *collocationStepper) massTimes(dst, v []float64) []float64 {
	if st.c.p.Mass.IsIdentity() {
		return v
	}
	st.c.p.Mass.MulVec(dst, v)
	return dst
}

// iterate adds one increment to W, given f at the stages, and returns the sum of its weighted squares.
func (st *collocationStepper) iterate(h float64) float64 {
	c, n := st.c, st.c.n
	st.tab.tInv.apply(st.f, st.f, st.s)
	gamma := h / st.tab.real
	w, f, d, pair := st.w, st.f, st.e, st.pair

	// (M − γ0 h J) ΔW_1 = γ0 h f_1 − M W_1
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

	// ((α + iβ) M − h J) Δ(W_2 − i W_3) = h (f_2 − i f_3) − (α + iβ) M (W_2 − i W_3), and so on
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

// predict extrapolates the collocation polynomial of the step before (Hairer and Wanner II, eq. IV.8.5).
func (st *collocationStepper) predict(h float64) {
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
	m.apply(st.z, st.past, st.s)
	st.tab.tInv.apply(st.w, st.z, st.s)
}

// estimate returns the norm, relaxed where that is the method's rule, of the error estimate of the step in c.ynew. Where it is too large at the start or when
// the step is repeated, and the stiff components may not have died out, it is filtered once more (Hairer and Wanner II, eq. IV.8.20).
func (st *collocationStepper) estimate(gamma float64) (float64, *stepError) {
	c, n := st.c, st.c.n
	sum := st.f[:n]
	clear(sum)
	addScaled(sum, 1, st.tab.e, st.z)
	copy(sum, st.massTimes(st.res, sum))
	e := st.filtered(gamma, sum, c.f0)
	if e > 1 && (st.lastH == 0 || st.attempts > 1) {
		at := st.w[:n] // free by now
		for j, v := range st.e {
			at[j] = c.y[j] + v
		}
		if bad := c.eval(st.res, c.t, at); bad != nil {
			return 0, bad
		}
		e = st.filtered(gamma, sum, st.res)
	}
	return e, nil
}

// filtered leaves (M − γJ)⁻¹ (sum + γ f) in e and returns its norm.
func (st *collocationStepper) filtered(gamma float64, sum, f []float64) float64 {
	c := st.c
	for j, v := range sum {
		st.e[j] = v + gamma*f[j]
	}
	st.filter(st.e)
	c.stats.Solves++
	norm := c.errorNorm(st.e)
	if st.tab.relaxation != nil {
		norm *= st.tab.relaxation(c.rtol)
	}
	return min(norm, math.MaxFloat64)
}

// stiffDense implements filterer: the polynomial interpolates at the stages and at the start.
func (st *collocationStepper) stiffDense() int { return st.s }

func (st *collocationStepper) filtering() bool { return true }

// filter implements filterer.
func (st *collocationStepper) filter(v []float64) float64 {
	if st.sideBySide() {
		st.lanes.solveReal(v)
	} else {
		st.matrix.lin.solve(v)
	}
	return st.matrix.gamma
}

func (st *collocationStepper) jacobian() *Jacobian { return st.matrix.jac }

func (st *collocationStepper) accepted(h float64) {
	st.matrix.accepted(st.conv.rate)
	st.c.haveF = false
	st.lastH, st.attempts = h, 0
	copy(st.past, st.z)
}

// dense is the collocation polynomial and, for one order more where the method has it, a polynomial whose slope vanishes at the nodes, as much of it as the slope at
// the start asks for. That is what the error estimate holds, stiff components filtered out.
func (st *collocationStepper) dense(coef []float64, _ float64) int {
	n := st.c.n
	degree := denseFromStages(coef, st.c.y, 1, st.tab.d, st.z)
	if st.tab.bend == nil {
		return degree
	}
	degree++
	clear(coef[degree*n : (degree+1)*n])
	for p, b := range st.tab.bend {
		row := coef[(p+1)*n : (p+2)*n]
		for j, v := range st.e {
			row[j] += b * v
		}
	}
	return degree
}

// record is not called for a method that cannot be recorded: its newStepper refuses.
func (st *collocationStepper) record(tape *Tape, t, h float64) {
	tape.begin(st.tab.recorded, 0, t, h, st.c.y)
	tape.stage(st.z)
	st.matrix.keep(tape)
}
