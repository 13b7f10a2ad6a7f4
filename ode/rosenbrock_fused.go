package ode

import (
	"github.com/stiffnode/stiffnode/internal/kernel"
	"github.com/stiffnode/stiffnode/internal/linalg"
)

// fusedStages makes the stages of a Rosenbrock method for few unknowns, M = I and an f that knows no time: where W has an explicit inverse, all that lies
// between two evaluations of f is one call.
type fusedStages struct {
	kernel *kernel.StageKernel
	// sums holds of every stage what the argument of the next and its right-hand side are summed with, in turn; of the last the result and its error
	sums [][]float64
	// unused is where the last stage writes a result that is there already
	unused []float64
}

// newFusedStages returns what writes the stages into all, or nil where there is nothing to gain, or where derivatives use factors.
func newFusedStages(c *core, tab *RosenbrockTableau, all []float64) *fusedStages {
	if c.recorded || !c.p.Autonomous || !c.p.Mass.IsIdentity() || !kernel.StagesPay(c.n) {
		return nil
	}
	f := &fusedStages{kernel: kernel.NewStageKernel(c.n, all), unused: kernel.Vectors(1, c.n)[0]}
	for i := range tab.B {
		a, b, scale := tab.B, tab.E, 1.0
		if i+1 < len(tab.B) {
			a, b, scale = tab.A[i+1], tab.C[i+1], tab.Gamma
		}
		var pairs []float64
		for j := range i + 1 {
			pairs = append(pairs, a[j], scale*b[j])
		}
		f.sums = append(f.sums, pairs)
	}
	return f
}

// stageSolver is the linear solver of a Rosenbrock method: where the stages gain from an inverse, also one of matrices so small that factors are made sooner.
func stageSolver(c *core, fused *fusedStages) linearSolver {
	lin := newLinearSolver(c.p, c.recorded)
	if _, dense := lin.(*denseSolver); dense && fused != nil && c.rtol >= refineBelow {
		return &inverseSolver{inv: linalg.NewInverse(c.n)}
	}
	return lin
}

// begin says whether the stages of the step to come can be made so, and prepares for them.
func (f *fusedStages) begin(st *rosenbrockStepper, hg float64) bool {
	if f == nil || st.c.rtol < refineBelow {
		return false
	}
	columns, stride := inverseColumns(st.lin)
	if columns == nil {
		return false
	}
	f.kernel.Begin(columns, stride, hg)
	return true
}

// inverseColumns returns the columns of W⁻¹ and how far they lie apart, or nil where only factors are known.
func inverseColumns(lin linearSolver) (columns []float64, stride int) {
	switch lin := lin.(type) {
	case *inverseSolver:
		return lin.inv.Columns()
	case *sparseSolver:
		if !lin.inDense {
			return lin.lu.Columns()
		}
	}
	return nil, 0
}

// attempt is the rest of rosenbrockStepper.attempt.
func (f *fusedStages) attempt(st *rosenbrockStepper, h float64) (float64, *stepError) {
	c, tab := st.c, st.tab
	last := len(tab.B) - 1
	rhs, to := c.f0, c.ynew
	for i, sums := range f.sums {
		switch {
		case i == last && tab.FSAL:
			rhs, to = st.fspare, f.unused
			if bad := c.evalJacobian(rhs, st.spare, st.spareDfdt, c.t+h, c.ynew); bad != nil {
				return 0, bad
			}
		case i > 0:
			rhs = st.rhs
			if bad := c.eval(rhs, c.t+tab.Alpha[i]*h, c.ynew); bad != nil {
				return 0, bad
			}
		}
		f.kernel.Stage(i, to, c.y, rhs, sums)
		c.stats.Solves++
	}
	return c.errorNorm(f.kernel.Sum()), nil
}
