package ode

import "github.com/stiffnode/stiffnode/internal/linalg"

// A linearSolver factorises the iteration matrix W = M − γ J and solves with it. It is an axis of its own: a method never
// sees how W is stored.
type linearSolver interface {
	// factor builds and factorises M − γ J; a *linalg.SingularError says that it cannot be done.
	factor(gamma float64, mass *Mass, jac *Jacobian) error
	// solve overwrites b with W⁻¹ b; solveTransposed with W⁻ᵀ b.
	solve(b []float64)
	solveTransposed(b []float64)
	// solveBlock overwrites the k×cols row-major block with W⁻¹ B.
	solveBlock(b []float64, cols int)
}

// newLinearSolver chooses a solver for the layout of the problem's Jacobian and mass matrix.
func newLinearSolver(p *Problem) linearSolver {
	return &denseSolver{lu: linalg.NewLU(p.Dim)}
}

// denseSolver holds W as a dense matrix.
type denseSolver struct{ lu *linalg.LU }

func (s *denseSolver) factor(gamma float64, mass *Mass, jac *Jacobian) error {
	w := s.lu.Matrix()
	n := jac.N
	if jac.Layout.Banded {
		clear(w)
		for i := range n {
			from, to := jac.columns(i)
			for j := from; j < to; j++ {
				w[i*n+j] = -gamma * jac.At(i, j)
			}
		}
	} else {
		for i, v := range jac.Data[:n*n] {
			w[i] = -gamma * v
		}
	}
	addMass(w, n, mass)
	return s.lu.FactorInPlace()
}

// addMass adds M to the dense row-major matrix w.
func addMass(w []float64, n int, mass *Mass) {
	switch {
	case mass.Diagonal != nil:
		for i, d := range mass.Diagonal {
			w[i*n+i] += d
		}
	case mass.Dense != nil:
		for i, v := range mass.Dense {
			w[i] += v
		}
	default:
		for i := 0; i < n*n; i += n + 1 {
			w[i]++
		}
	}
}

func (s *denseSolver) solve(b []float64)                { s.lu.Solve(b) }
func (s *denseSolver) solveTransposed(b []float64)      { s.lu.SolveTransposed(b) }
func (s *denseSolver) solveBlock(b []float64, cols int) { s.lu.SolveBlock(b, cols) }
