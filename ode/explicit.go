package ode

import (
	"math"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// explicitMethod is a Method given by an ExplicitTableau.
type explicitMethod struct{ tab *ExplicitTableau }

var _ Method = explicitMethod{}

func (m explicitMethod) Info() Info { return m.tab.Info }

func (m explicitMethod) newStepper(c *core) (stepper, error) {
	return newExplicitStepper(c, m.tab), nil
}

// explicitStepper steps with any explicit Runge–Kutta tableau.
type explicitStepper struct {
	c   *core
	tab *ExplicitTableau
	k   [][]float64 // stage derivatives, slices of all
	all []float64
	e   []float64
	// stage holds the argument of the stage before the last, for the estimate of the spectral radius, then those of further stages
	stage    []float64
	extended bool // the further stages belong to the latest attempt
	// bound is h times the estimate of the dominant eigenvalue made from the last two stages of the latest attempt, h its size.
	bound, h float64
	// polynomial is the stability polynomial; wild is positive where, of late, growth of oscillations that are noise has set the step size
	polynomial []float64
	wild       int
}

func newExplicitStepper(c *core, tab *ExplicitTableau) *explicitStepper {
	s := len(tab.A)
	st := &explicitStepper{c: c, tab: tab, all: make([]float64, s*c.n), e: make([]float64, c.n), stage: make([]float64, c.n)}
	if st.seesStiffness() {
		st.polynomial = stabilityPolynomial(tab)
	}
	for i := range s {
		st.k = append(st.k, st.all[i*c.n:(i+1)*c.n])
	}
	return st
}

func (st *explicitStepper) start() *stepError {
	st.wild = 0
	return st.c.startF()
}

func (st *explicitStepper) errorOrder() int {
	if st.tab.ECoarse != nil {
		return st.tab.Info.Order
	}
	return st.tab.Info.Embedded + 1
}

func (st *explicitStepper) attempt(h float64) (float64, *stepError) {
	c, tab := st.c, st.tab
	if bad := c.startF(); bad != nil {
		return 0, bad
	}
	copy(st.k[0], c.f0)
	s := len(tab.B)
	for i := 1; i < s; i++ {
		if i == s-1 && tab.FSAL {
			copy(st.stage, c.ynew)
		}
		combine(c.ynew, c.y, h, tab.A[i], st.all)
		if bad := c.eval(st.k[i], c.t+tab.C[i]*h, c.ynew); bad != nil {
			return 0, bad
		}
	}
	if !tab.FSAL {
		combine(c.ynew, c.y, h, tab.B, st.all)
	}
	norm := st.estimate(h)
	if st.polynomial != nil {
		share, noise := st.growth(h)
		if st.wild--; noise && share > norm {
			st.wild = growthNews
		}
		norm = max(norm, share)
	}
	st.extended, st.h = false, h
	if c.wantDense && norm <= 1 && len(tab.A) > s {
		for i := s; i < len(tab.A); i++ {
			combine(st.stage, c.y, h, tab.A[i], st.all)
			if bad := c.eval(st.k[i], c.t+tab.C[i]*h, st.stage); bad != nil {
				return 0, bad
			}
		}
		st.extended = true
	}
	return norm, nil
}

// seesStiffness says whether the last two stages lie at the same time, so that they tell of the dominant eigenvalue.
func (st *explicitStepper) seesStiffness() bool { return st.tab.StiffLimit > 0 && st.tab.FSAL }

// growth sets bound, and returns by how much the attempt exceeds its share of the growth that oscillations may have, and whether these are noise.
func (st *explicitStepper) growth(h float64) (share float64, noise bool) {
	c, s := st.c, len(st.tab.B)
	num, den := 0.0, 0.0
	last, before := st.k[s-1], st.k[s-2]
	for j := range last {
		w := c.invW[j]
		d, x := (last[j]-before[j])*w, (c.ynew[j]-st.stage[j])*w
		num += d * d
		den += x * x
	}
	st.bound = 0
	if den > 0 {
		st.bound = math.Abs(h) * math.Sqrt(num/den)
	}
	var o oscillationNorm
	first, period := st.k[0], 0.0
	for range 2 {
		o, period = oscillationNorm{}, h*o.period()
		for j, v := range last {
			size := max(math.Abs(c.y[j]), math.Abs(c.ynew[j]), math.Abs(period*first[j]))
			o.add(1/max(c.atol[j]+c.rtol*size, weightFloor), h*(v-before[j]), c.ynew[j]-st.stage[j], h*(v-first[j]))
		}
	}
	return o.judge(st.polynomial, h/(c.t1-c.t), c.n)
}

// estimate returns the norm of the error estimate.
func (st *explicitStepper) estimate(h float64) float64 {
	c, tab := st.c, st.tab
	if tab.ECoarse == nil {
		clear(st.e)
		addScaled(st.e, h, tab.E, st.all)
		return c.errorNorm(st.e)
	}
	clear(st.e)
	addScaled(st.e, h, tab.ECoarse, st.all)
	coarse := c.errorNorm(st.e)
	clear(st.e)
	addScaled(st.e, h, tab.E, st.all)
	fine := c.errorNorm(st.e)
	if fine == 0 {
		return 0
	}
	return fine * fine / math.Sqrt(fine*fine+0.01*coarse*coarse)
}

// explicitStiffReading is h times the dominant eigenvalue from which on the stages that only the dense output needs magnify what is left of stiff components:
// DOP853's values between the ends of steps were off by up to 90 times what its steps were (λ = 100 at rtol 1e-3).
const explicitStiffReading = 2

// filtering implements filterer: dense output without further stages is never worse than the steps.
func (st *explicitStepper) filtering() bool { return st.extended && st.bound > explicitStiffReading }

// filter implements filterer, with |λ| for −J.
func (st *explicitStepper) filter(v []float64) float64 {
	scale(v, 1/(1+st.bound))
	return st.h
}

// stiffDense implements filterer; the steps are limited by stability, so that a little less is much less.
func (st *explicitStepper) stiffDense() int { return st.tab.Info.DenseOrder }

func (st *explicitStepper) accepted(float64) {
	c := st.c
	if st.tab.FSAL {
		copy(c.f0, st.k[len(st.tab.B)-1])
		c.haveF = true
		return
	}
	c.haveF = false
}

func (st *explicitStepper) dense(coef []float64, h float64) int {
	return denseFromStages(coef, st.c.y, h, st.tab.D, st.all)
}

func (st *explicitStepper) record(tape *Tape, t, h float64) {
	tape.begin(st.tab, 0, t, h, st.c.y)
	if st.extended {
		tape.stage(st.all)
	} else {
		tape.stage(st.all[:len(st.tab.B)*st.c.n])
	}
}

// combine writes y + h Σ a_j k_j into dst, where all holds the vectors k_j one after the other.
func combine(dst, y []float64, h float64, a, all []float64) {
	kernel.Combine(dst, y, h, a, all)
}

// addScaled adds h Σ a_j k_j to dst.
func addScaled(dst []float64, h float64, a, all []float64) {
	kernel.Combine(dst, dst, h, a, all)
}

// denseFromStages writes the polynomial y + h Σ_i Σ_p d_ip θ^{p+1} k_i and returns its degree.
func denseFromStages(coef, y []float64, h float64, d [][]float64, all []float64) int {
	n := len(y)
	degree := len(d[0])
	copy(coef, y)
	clear(coef[n : (degree+1)*n])
	addDense(coef, h, d, all)
	return degree
}

// addDense adds h Σ_i Σ_p d_ip θ^{p+1} k_i to a polynomial.
func addDense(coef []float64, h float64, d [][]float64, all []float64) {
	if len(d) == 0 {
		return
	}
	n := len(all) / len(d)
	for i, row := range d {
		k := all[i*n : i*n+n]
		for p, w := range row {
			if w == 0 {
				continue
			}
			w *= h
			c := coef[(p+1)*n : (p+2)*n]
			for j, v := range k {
				c[j] += w * v
			}
		}
	}
}
