package ode

import (
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// BDF is the variable-order, variable-step BDF of order 1 to 5.
var BDF Method = BDFMethod{}

// BDFMethod is the family of backward differentiation formulas with variable order and step size in the
// fixed-leading-coefficient form, on a Nordsieck history array, with a modified Newton iteration: the method of CVODE.
//
// Formulas: Byrne and Hindmarsh, ACM TOMS 1, 71 (1975); Jackson and Sacks-Davis, ACM TOMS 6, 295 (1980). Strategy: Brown, Byrne and Hindmarsh,
// SIAM J. Sci. Stat. Comput. 10, 1038 (1989); Hindmarsh et al., ACM TOMS 31, 363 (2005). It differs from CVODE in
// three respects. Newton's iteration is held to a tenth of CVODE's tolerance (Options.NewtonTol), and a Jacobian with which it was seen to
// converge slowly is renewed when W is next factorised: with the looser rules the iteration error accumulates along nearly neutral
// directions, where nothing damps it, and a loose tolerance can return a wrong trajectory as a success. The error weights of a
// step use the larger of old and new state. And an order that was left for its stability is not taken again for a while.
//
// Orders 1 and 2 are A-stable; orders 3 to 5 are stable in a wedge only (A(86°), A(73°), A(52°)), so that solutions which oscillate fast
// and are hardly damped limit the step size. That is detected, and the order lowered (Hindmarsh 1992). Orders are raised one at a time
// from 1, at the start and after every discontinuity: where there are many of these a one-step method is cheaper.
type BDFMethod struct {
	// MaxOrder bounds the order; 0 means 5.
	MaxOrder int
	// Order fixes the order; 0 lets it vary. A fixed order above 1 needs Past to start from; behind a discontinuity, where the past is
	// of no use, the order varies up to it.
	Order int
	// Past is the solution before the start, the dense output of an earlier solve for example: the method then starts at full
	// order from values at t0, t0 − h, …. nil starts from the initial state alone.
	Past interface {
		At(dst []float64, t float64)
	}
	// IgnoreStabilityLimit turns the detection of stability limits off.
	IgnoreStabilityLimit bool
}

// maxBDFOrder is the highest order of a BDF that is stable at zero and of use.
const maxBDFOrder = 5

// highest is the highest order that may be used.
func (m BDFMethod) highest() int {
	switch {
	case m.Order > 0:
		return m.Order
	case m.MaxOrder > 0:
		return m.MaxOrder
	}
	return maxBDFOrder
}

// Info implements Method.
func (m BDFMethod) Info() Info {
	name := "BDF"
	switch {
	case m.Order > 0:
		name = fmt.Sprintf("BDF%d", m.Order)
	case m.MaxOrder > 0 && m.MaxOrder < maxBDFOrder:
		name = fmt.Sprintf("BDF1-%d", m.MaxOrder)
	}
	q := m.highest()
	stability := "L-stable at orders 1 and 2, A(86°), A(73°), A(52°) at orders 3, 4, 5"
	if q <= 2 {
		stability = "L-stable"
	}
	return Info{
		Name: name, Family: "linear multistep (Nordsieck)", Order: q, Embedded: q, DenseOrder: q, Implicit: true, Mass: true, Stability: stability,
		Source: "Byrne & Hindmarsh, ACM TOMS 1:71, 1975; Jackson & Sacks-Davis, ACM TOMS 6:295, 1980; Hindmarsh et al., ACM TOMS 31:363, 2005",
	}
}

func (m BDFMethod) newStepper(c *core) (stepper, error) {
	bad := func(format string, a ...any) error {
		return &InputError{What: "method", Msg: fmt.Sprintf(format, a...)}
	}
	switch {
	case m.MaxOrder < 0 || m.MaxOrder > maxBDFOrder:
		return nil, bad("BDF cannot have the maximum order %d; choose 1 to %d", m.MaxOrder, maxBDFOrder)
	case m.Order < 0 || m.Order > maxBDFOrder:
		return nil, bad("BDF has no order %d; choose 1 to %d", m.Order, maxBDFOrder)
	case m.Order > 1 && m.Past == nil:
		return nil, bad("BDF of fixed order %d cannot start from the initial state alone; give Past, or let the order vary up to MaxOrder", m.Order)
	}
	return newBDFStepper(c, m), nil
}

// bdfStepper steps with the BDF of order q. The solution near t is the polynomial Σ_j z_j ((τ−t)/hz)^j of degree q, whose
// coefficients are the Nordsieck array z_j = hz^j y^(j)(t)/j!. A step predicts by evaluating that polynomial at t+h, solves for the correction e,
// and adds e·Λ, a fixed polynomial; z stays as it is until the step is accepted.
type bdfStepper struct {
	c   *core
	m   BDFMethod
	lin linearSolver

	q  int     // order of the next attempt
	hz float64 // step size to which z is scaled, 0 at a start
	// v holds z and the predicted z', the corrections of the latest attempt and of the accepted step before it, and error weights; z and zp are the
	// rows of its arrays
	v        *kernel.Multistep
	z, zp    *[maxBDFOrder + 1][]float64
	tau      [maxBDFOrder + 2]float64 // tau[i]: size of the i-th latest accepted step, from 1
	form     bdfCoefficients
	prevDiff float64 // differenced coefficient with which the correction before was found
	squares  bdfSquares

	restart bool // no step has been accepted since the start
	fixed   bool // the order must not change
	change  bdfChange
	newt    bdfNewton
	choice  bdfChoice
	limit   bdfStability
	past    bdfPast
}

func newBDFStepper(c *core, m BDFMethod) *bdfStepper {
	n := c.n
	st := &bdfStepper{c: c, m: m, lin: newLinearSolver(c.p, c.recorded), v: kernel.NewMultistep(n, c.invW, c.atol)}
	st.z, st.zp = st.rows(st.v.Z), st.rows(st.v.P)
	st.newt = bdfNewton{jac: NewJacobian(n, c.p.Jacobian), f: st.v.F[:n:n], rhs: st.v.D[:n:n]}
	if c.mass != nil {
		st.newt.mdot, st.newt.dot = make([]float64, n), make([]float64, n)
	}
	c.ownWeights, c.provesFinite = true, true
	return st
}

// rows returns the rows of a Nordsieck array.
func (st *bdfStepper) rows(all []float64) *[maxBDFOrder + 1][]float64 {
	z := new([maxBDFOrder + 1][]float64)
	for j := range z {
		z[j] = st.v.Row(all, j)
	}
	return z
}

func (st *bdfStepper) errorOrder() int { return st.q + 1 }

// start begins at order 1 with z = (y, h y'), or at full order from the past.
func (st *bdfStepper) start() *stepError {
	c := st.c
	if bad := c.startF(); bad != nil {
		return bad
	}
	st.begin()
	st.choice = bdfChoice{wait: 2, maxGrowth: bdfFirstGrowth}
	st.fixed = st.m.Order == 1
	if st.m.Past != nil && c.stats.Steps == 0 {
		st.fixed = st.m.Order > 0
		return st.startFromPast()
	}
	return nil
}

// begin makes the history (y, h y') of order 1, h being the size of the step that comes next.
func (st *bdfStepper) begin() {
	c := st.c
	st.q, st.hz, st.restart = 1, 0, true
	st.change.any = false
	st.limit.reset()
	st.newt.forget()
	st.past.pending = false
	copy(st.z[0], c.y)
	c.setDerivative(c.f0)
	copy(st.z[1], c.dydt)
	for j := 2; j <= maxBDFOrder; j++ {
		clear(st.z[j])
	}
}

// scaleStart scales the history of a start, which has no step size of its own, to step size h.
func (st *bdfStepper) scaleStart(h float64) {
	if st.hz != 0 {
		return
	}
	if st.past.pending {
		st.buildPast(h)
		return
	}
	for i, v := range st.z[1] {
		st.z[1][i] = h * v
	}
	for i := range st.tau {
		st.tau[i] = h
	}
	st.hz = h
}

func (st *bdfStepper) attempt(h float64) (float64, *stepError) {
	c := st.c
	st.scaleStart(h)
	st.v.Predict(h/st.hz, c.rtol) // rows above q are zero
	if h != st.form.h || st.q != st.form.q || st.limit.count <= st.q+1 {
		st.form.compute(st.q, h, &st.tau) // otherwise all steps that matter are of this size, and nothing changes
	}
	st.v.Iterate(c.ynew)
	if bad := st.solve(h); bad != nil {
		return 0, bad
	}
	ratio := 0.0
	if st.choice.wait <= 1 {
		st.form.neighbours(st.q, h, &st.tau)
		ratio = st.differenceRatio(h)
	}
	c.suspect, c.component = st.v.E[:c.n], -1
	s := &st.squares
	s.latest, s.top, s.below, s.difference = st.v.Correct(st.q, (*[maxBDFOrder + 1]float64)(&st.form.l), ratio, c.rtol)
	return min(st.mean(s.latest)*st.form.errorCoef, math.MaxFloat64), nil
}

// mean is the root mean square that belongs to a sum of squares.
func (st *bdfStepper) mean(sum float64) float64 { return math.Sqrt(sum / float64(st.c.n)) }

func (st *bdfStepper) accepted(h float64) {
	st.limit.step(h == st.hz && !st.change.any)
	st.z, st.zp = st.zp, st.z
	st.v.Z, st.v.P = st.v.P, st.v.Z
	st.hz = h
	for i := maxBDFOrder; i > 0; i-- {
		st.tau[i+1] = st.tau[i]
	}
	if st.restart {
		// the formula of order 2 needs two steps; before the first one there was none
		st.tau[2] = h
	}
	st.tau[1] = h
	st.restart, st.past.pending = false, false
	st.change.any = false
	st.newt.age++
	st.newt.jacAge++
	st.c.haveF = false
}

// dense is the polynomial of the corrected history, written in θ = 1 + (τ−t_{n+1})/h.
func (st *bdfStepper) dense(coef []float64, _ float64) int {
	n := st.c.n
	rows := coef[:(st.q+1)*n]
	for j := 0; j <= st.q; j++ {
		copy(rows[j*n:], st.zp[j])
	}
	for k := 1; k <= st.q; k++ {
		for j := st.q; j >= k; j-- {
			addTo(rows[(j-1)*n:], -1, rows[j*n:(j+1)*n])
		}
	}
	return st.q
}

// evaluate implements evaluator.
func (st *bdfStepper) evaluate(dst []float64, theta float64) {
	x := theta - 1
	copy(dst, st.zp[st.q])
	for j := st.q - 1; j >= 0; j-- {
		for i, v := range st.zp[j] {
			dst[i] = dst[i]*x + v
		}
	}
}
