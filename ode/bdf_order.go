package ode

import "math"

// Constants of step and order selection (Hindmarsh et al. 2005, sec. 2.1).
const (
	// safety factors of the local errors at orders q−1, q and q+1
	biasLower, biasSame, biasHigher = 6, 6, 10
	bdfEtaFloor                     = 1e-6 // keeps growth finite when there is no error
	bdfLeastGrowth                  = 1.5  // smaller growth is not worth new coefficients and factors
	bdfFirstGrowth                  = 1e4  // largest growth after the first step, whose size is a guess
	bdfGrowth                       = 10   // and after any other
	bdfLeastFactor                  = 0.1  // after a failed error test
	bdfRepeatedFactor               = 0.2  // after more than one
	bdfFailuresToLower              = 3    // failed error tests of a step after which the order is lowered
)

// bdfChoice is the state of step and order selection.
type bdfChoice struct {
	wait      int     // steps until the order may change again
	maxGrowth float64 // of the step that comes next
	failed    bool    // the step in hand has had a failure
	failures  int     // of its error test
}

// sizeFactor is the factor of the step size at which an error norm, already multiplied by its bias, becomes 1 at order q.
func sizeFactor(err float64, q int) float64 {
	return 1 / (nthRoot(err, q+1) + bdfEtaFloor)
}

// nthRoot is the n-th root of x ≥ 0, for the roots that have functions of their own without a power.
func nthRoot(x float64, n int) float64 {
	switch n {
	case 2:
		return math.Sqrt(x)
	case 3:
		return math.Cbrt(x)
	case 4:
		return math.Sqrt(math.Sqrt(x))
	case 6:
		return math.Cbrt(math.Sqrt(x))
	}
	return math.Exp(math.Log(x) / float64(n))
}

// nextSize implements sizer.
func (st *bdfStepper) nextSize(h, err float64, accepted bool, reason RejectReason) float64 {
	if !accepted {
		return st.sizeAfterFailure(h, err, reason)
	}
	ch := &st.choice
	ch.wait--
	eta, q := 1.0, st.q
	if ch.failed {
		// no growth and no change of order after a failure
		ch.wait = max(ch.wait, 2)
	} else {
		eta, q = st.choose(err)
		if q >= st.q && !st.m.IgnoreStabilityLimit && st.limit.reached(st) {
			q = st.q - 1
			eta = sizeFactor(st.lowerError(), q)
			st.limit.lowered(q)
			st.c.stats.StabilityReductions++
		}
		eta = min(eta, ch.maxGrowth)
	}
	ch.failed, ch.failures, ch.maxGrowth = false, 0, bdfGrowth
	switch {
	case q > st.q:
		st.raise()
	case q < st.q:
		st.lower()
	}
	st.v.E, st.v.EPrev = st.v.EPrev, st.v.E
	st.prevDiff = st.form.diffCoef
	return h * eta
}

// choose returns growth and order of the next step.
func (st *bdfStepper) choose(err float64) (eta float64, q int) {
	ch := &st.choice
	same := biasSame * err
	lower, higher := math.Inf(1), math.Inf(1) // errors at other orders, where these may be taken
	if ch.wait <= 0 {
		ch.wait = 2
		if !st.fixed {
			if st.q > 1 {
				lower = st.lowerError()
			}
			if st.q < st.m.highest() && st.limit.allows(st.q+1) {
				higher = st.higherError()
			}
		}
	}
	// mostly no order allows enough, which is seen without a root
	if !worthGrowing(same, st.q) && !worthGrowing(lower, st.q-1) && !worthGrowing(higher, st.q+1) {
		return 1, st.q
	}
	eta, q = 0, st.q
	for i, err := range [...]float64{same, lower, higher} {
		order := [...]int{st.q, st.q - 1, st.q + 1}[i]
		if worthGrowing(err, order) {
			if f := sizeFactor(err, order); f > eta {
				eta, q = f, order
			}
		}
	}
	if eta < bdfLeastGrowth {
		return 1, st.q
	}
	return eta, q
}

// worthGrowing says, without a root, whether a biased error lets the step size grow by bdfLeastGrowth at order q.
func worthGrowing(err float64, q int) bool { return err*leastGrowthPower[q] <= 1 }

// leastGrowthPower[q] is bdfLeastGrowth to the power q+1.
var leastGrowthPower = func() (p [maxBDFOrder + 2]float64) {
	power := 1.0
	for q := range p {
		power *= bdfLeastGrowth
		p[q] = power
	}
	return p
}()

// bdfSquares are sums of squares, in units of the tolerances of a step, of its correction, of the corrected rows q and q−1 of the history, and of
// the difference of the correction and the one before which the error of order q+1 is proportional to, where the order may change.
type bdfSquares struct{ latest, top, below, difference float64 }

// differenceRatio is the multiple of the correction before in that difference.
func (st *bdfStepper) differenceRatio(h float64) float64 {
	c := st.form.diffCoef / st.prevDiff
	if before := st.tau[1]; h != before {
		r := h / before
		for range st.q + 1 {
			c *= r
		}
	}
	return c
}

// lowerError is the biased error that order q−1 would have made.
func (st *bdfStepper) lowerError() float64 {
	return biasLower * st.mean(st.squares.top) * st.form.lowerCoef
}

// higherError is the biased error that order q+1 would have made.
func (st *bdfStepper) higherError() float64 {
	return biasHigher * st.mean(st.squares.difference) * st.form.higherCoef
}

// sizeAfterFailure chooses the size, and after repeated failures the order, of the next attempt.
func (st *bdfStepper) sizeAfterFailure(h, err float64, reason RejectReason) float64 {
	ch := &st.choice
	ch.failed = true
	if reason != RejectError {
		st.newt.distrust = true
		return h * failedFactor
	}
	st.newt.stale = true
	ch.failures++
	if ch.failures <= bdfFailuresToLower {
		eta := max(sizeFactor(biasSame*err, st.q), bdfLeastFactor)
		if ch.failures > 1 {
			eta = min(eta, bdfRepeatedFactor)
		}
		return h * eta
	}
	// the history does not describe the solution ahead, as behind a discontinuity
	switch {
	case st.fixed:
	case st.q > 1:
		st.lower()
	default:
		st.c.haveF = false
		if bad := st.c.startF(); bad == nil {
			st.begin()
		}
	}
	ch.wait = st.q + 1
	return h * bdfLeastFactor
}

// raise takes the history to order q+1 with the correction of the step just accepted.
func (st *bdfStepper) raise() {
	q := st.q
	l, multiple := raising(q, &st.tau)
	top := st.z[q+1]
	for i, e := range st.v.E[:len(top)] {
		top[i] = multiple * e
	}
	for j := 2; j <= q; j++ {
		addTo(st.z[j], l[j], top)
	}
	st.change.raise(q, &l, multiple)
	st.q++
	st.choice.wait = st.q + 1
}

// lower takes the history to order q−1.
func (st *bdfStepper) lower() {
	q := st.q
	l := lowering(q, &st.tau)
	top := st.z[q]
	for j := 2; j < q; j++ {
		addTo(st.z[j], -l[j], top)
	}
	clear(top)
	st.change.lower(q, &l)
	st.q--
	st.choice.wait = st.q + 1
}
