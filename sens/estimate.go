package sens

import (
	"math"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// An estimator is a rule that can estimate the error of the sensitivities of a step by the formula that the solver applies to the state. All
// stages with a weight in the estimate must be live.
type estimator interface {
	// errorStages is the number of stage vectors in the estimate.
	errorStages() int
	// estimate writes the estimate, a k×width block, into dst.
	estimate(t *tangents, s *step, first int, dst []float64)
}

func (r explicitRule) errorStages() int { return len(r.tab.E) }

func (r explicitRule) estimate(t *tangents, s *step, _ int, dst []float64) {
	clear(dst)
	addVectors(dst, s.h, r.tab.E, t.u)
}

func (r rosenbrockRule) errorStages() int { return len(r.tab.E) }

func (r rosenbrockRule) estimate(t *tangents, _ *step, _ int, dst []float64) {
	clear(dst)
	addVectors(dst, 1, r.tab.E, t.u)
}

func (r dirkRule) errorStages() int { return len(r.tab.E) }

func (r dirkRule) estimate(t *tangents, _ *step, _ int, dst []float64) {
	clear(dst)
	addVectors(dst, 1, r.tab.E, t.u)
	if r.tab.Filter || t.e.con != nil {
		// the factors in hand are those of the last stage
		copy(t.arg, dst)
		copy(dst, t.massTimes(t.arg))
		t.e.lu.SolveBlock(dst, t.width)
	}
}

func (r imexRule) errorStages() int { return r.stages() }

func (r imexRule) estimate(t *tangents, _ *step, _ int, dst []float64) {
	clear(dst)
	addVectors(dst, 1, r.tab.E, t.u)
	addVectors(dst, 1, r.tab.E, t.u[len(r.tab.E)*len(t.s):])
	if r.tab.Filter {
		t.e.lu.SolveBlock(dst, t.width)
	}
}

func (r firkRule) errorStages() int { return firkStages }

// estimate is (M − hγ0 J)⁻¹ (hγ0 (Js + ∂f/∂p) + M Σ E_i U_i) with J and ∂f/∂p at the start of the step.
func (r firkRule) estimate(t *tangents, s *step, _ int, dst []float64) {
	e := t.e
	clear(t.arg)
	addVectors(t.arg, 1, r.tab.E[:], t.u)
	copy(dst, t.massTimes(t.arg))
	gamma := s.h / r.tab.Real
	e.current = -1
	jac := e.jacobianOf(e.field, s.time(0), s.y)
	t.linear(t.arg, gamma, e.field, jac, t.s)
	kernel.AddScaled(dst, 1, t.arg)
	e.factor(gamma, jac)
	e.lu.SolveBlock(dst, t.width)
}

// columnNorm is the largest weighted norm of a column of the estimate err: weights are rtol·|S| + atol_j/scale_c, S being the larger of before
// and after.
func columnNorm(err, before, after, atol, scale []float64, rtol float64, width, cols int) float64 {
	worst := 0.0
	k := len(atol)
	for c := range cols {
		sum := 0.0
		for j := range k {
			i := j*width + c
			w := rtol*max(math.Abs(before[i]), math.Abs(after[i])) + atol[j]/scale[c]
			if e := err[i]; e != 0 {
				x := e / w
				sum += x * x
			}
		}
		if n := math.Sqrt(sum / float64(k)); !(n <= worst) {
			worst = n
		}
	}
	return worst
}
