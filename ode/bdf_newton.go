package ode

import (
	"math"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// Constants of the Newton iteration (Hindmarsh et al. 2005, sec. 2.1).
const (
	bdfIterations = 3
	// rate assumed after a factorisation. CVODE assumes 1, which costs a second iteration; with the tighter tolerance this is as safe.
	bdfSetupRate   = 0.3
	bdfRateDecay   = 0.3 // the rate in use is not below this times the one before
	bdfDivergence  = 2   // a correction so many times the one before it ends the iteration
	bdfFactorAge   = 20  // steps for which factors are kept
	bdfJacobianAge = 50  // steps for which a Jacobian is kept
	// below this Newton tolerance the equations are to be solved to roundoff: more iterations are allowed, and one that stagnates
	// at relative corrections below bdfNoise has converged
	bdfTight           = 1e-3
	bdfTightIterations = 10
	bdfNoise           = 1e-12
	bdfSlowRate        = 0.2 // a Jacobian with which the iteration was once slower than this is not used for new factors
	bdfGammaChange     = 0.3 // relative change of gamma beyond which W is factorised anew
	bdfSmallChange     = 0.2 // and below which a failure is blamed on the Jacobian
)

// bdfNewton is the state of the modified Newton iteration for e in G(e) = gamma f(t, z'_0+e) − M (z'_1/l_1 + e) = 0, with
// the iteration matrix W = M − gamma J of an earlier point.
type bdfNewton struct {
	jac     *Jacobian
	haveJac bool
	gamma   float64 // of the factors, 0 if there are none
	rate    float64 // estimate of the rate of convergence
	slowest float64 // rate measured with this Jacobian
	// steps since W was factorised and since J was evaluated
	age, jacAge int
	// stale asks for new factors: the error test failed. distrust asks for a new Jacobian too: an attempt could not be used.
	stale, distrust bool
	inverted        bool // the inverse of W is known, rather than factors alone

	f, rhs, mdot, dot []float64
}

// forget drops what belongs to an earlier point.
func (nt *bdfNewton) forget() {
	nt.haveJac, nt.gamma, nt.stale, nt.distrust = false, 0, false, false
}

// outdated says that W must be factorised before the iteration.
func (nt *bdfNewton) outdated(gamma float64) bool {
	return nt.gamma == 0 || nt.stale || nt.distrust || nt.age >= bdfFactorAge || math.Abs(gamma/nt.gamma-1) > bdfGammaChange
}

// enough is the sum of squares of the latest change at which what the iteration leaves is within a tolerance. Norms are compared as sums of squares, since the
// processor would wait for a root before it knew whether to go on.
func (nt *bdfNewton) enough(tolerance float64, n int) float64 {
	size := tolerance / min(1, nt.rate)
	return size * size * float64(n)
}

// solve finds the correction e of a step of size h and the new state. If the iteration fails with an old Jacobian it is
// repeated with a new one.
func (st *bdfStepper) solve(h float64) *stepError {
	c, nt := st.c, &st.newt
	t, gamma := c.t+h, st.form.gamma
	setup, fresh := nt.outdated(gamma), nt.distrust
	for {
		current := false
		if setup {
			var bad *stepError
			if current, bad = st.setup(t, gamma, fresh); bad != nil {
				return bad
			}
		}
		if !current {
			// otherwise f has been evaluated together with J
			if bad := c.eval(nt.f, t, st.zp[0]); bad != nil {
				return bad
			}
		}
		bad := st.iterate(t)
		if bad == nil || bad.reason == 0 || current {
			return bad
		}
		setup, fresh = true, math.Abs(gamma/nt.gamma-1) < bdfSmallChange
		clear(st.v.E)
	}
}

// setup factorises W, after evaluating J if it is old or not to be trusted. It returns whether J, and with it nt.f, belong to
// the predicted point.
func (st *bdfStepper) setup(t, gamma float64, fresh bool) (current bool, bad *stepError) {
	c, nt := st.c, &st.newt
	if fresh || !nt.haveJac || nt.jacAge >= bdfJacobianAge || nt.slowest > bdfSlowRate {
		nt.haveJac, nt.gamma = false, 0
		if bad := c.evalJacobian(nt.f, nt.jac, nil, t, st.zp[0]); bad != nil {
			return false, bad
		}
		nt.haveJac, nt.jacAge, nt.slowest, current = true, 0, 0, true
	}
	nt.gamma = 0
	if err := st.lin.factor(gamma, &c.p.Mass, nt.jac); err != nil {
		nt.haveJac = false
		return false, c.factorError(err)
	}
	c.stats.Factorisations++
	columns, stride := inverseColumns(st.lin)
	if nt.inverted = columns != nil && stride >= kernel.Padded(c.n) && c.mass == nil; nt.inverted {
		st.v.UseInverse(columns, stride)
	}
	nt.gamma, nt.rate, nt.age = gamma, bdfSetupRate, 0
	nt.stale, nt.distrust = false, false
	return current, nil
}

// iterate runs the modified Newton iteration from the predicted point, at which nt.f is f and the correction is zero.
func (st *bdfStepper) iterate(t float64) *stepError {
	c, nt, k := st.c, &st.newt, &st.form
	// W belongs to an old gamma: for fast components the correction would be too large or small by the ratio of the two, for slow
	// ones right; the mean serves both
	scale := 1.0
	if nt.gamma != k.gamma {
		scale = 2 / (1 + k.gamma/nt.gamma)
	}
	r := 1 / k.l[1]
	tolerance := c.newtonTol / k.errorCoef
	enough := nt.enough(tolerance, c.n)
	tight, most := c.newtonTol < bdfTight, bdfIterations
	if tight {
		most = bdfTightIterations
	}
	before := 0.0
	for m := 1; ; m++ {
		var sum float64
		if nt.inverted {
			sum = st.v.Newton(k.gamma, r, scale)
		} else {
			st.residual(r)
			st.lin.solve(nt.rhs)
			sum = st.v.Advance(scale)
		}
		c.stats.Solves++
		c.stats.NewtonIterations++
		if !(sum <= math.MaxFloat64) {
			c.suspect, c.component = st.v.E[:c.n], -1
			return c.reject(RejectNonFinite, nil)
		}
		ratio := 0.0
		if m > 1 {
			ratio = math.Sqrt(sum / before)
			nt.slowest = max(nt.slowest, ratio)
			nt.rate = max(bdfRateDecay*nt.rate, ratio)
			enough = nt.enough(tolerance, c.n)
		}
		if sum <= enough {
			return nil
		}
		if tight && m > 1 && ratio > bdfRateDecay && st.mean(sum) <= bdfNoise*c.norm(c.ynew) {
			return nil // as far as roundoff permits
		}
		if m == most || ratio > bdfDivergence {
			c.suspect, c.component = nt.rhs, -1
			return c.reject(RejectNewton, nil)
		}
		before = sum
		if bad := c.eval(nt.f, t, c.ynew); bad != nil {
			return bad
		}
	}
}

// residual writes G(e) = gamma f − M (r z'_1 + e) into rhs.
func (st *bdfStepper) residual(r float64) {
	c, nt := st.c, &st.newt
	clear(st.v.D[c.n:])
	gamma, zp1, e, f := st.form.gamma, st.zp[1], st.v.E[:c.n], nt.f
	if c.mass == nil {
		// number by number, as a field mostly writes f: a register could not be loaded before these stores are done
		zp1, e, rhs := zp1[:len(f)], e[:len(f)], nt.rhs[:len(f)]
		for i, v := range f {
			rhs[i] = gamma*v - (r*zp1[i] + e[i])
		}
		return
	}
	for i, v := range zp1 {
		nt.dot[i] = r*v + e[i]
	}
	c.p.Mass.MulVec(nt.mdot, nt.dot)
	for i, v := range f {
		nt.rhs[i] = gamma*v - nt.mdot[i]
	}
}
