package ode

import (
	"errors"

	"github.com/stiffnode/stiffnode/internal/linalg"
)

// sparsePays is how many multiplications of a dense factorisation take the time of one of a sparse one, which finds its operands through lists.
const sparsePays = 4

// sparseSolver holds the factors of a W of which few entries can be different from zero, or where these lose accuracy those of the whole matrix.
type sparseSolver struct {
	lu      *linalg.Sparse
	dense   *denseSolver // made when it is first needed
	inDense bool
}

// newSparseSolver returns nil where the problem's Jacobian is not sparse, or not by enough.
func newSparseSolver(p *Problem, recorded bool) linearSolver {
	rows, cols, at, ok := sparsePlaces(p, recorded)
	if !ok {
		return nil
	}
	n := p.Dim
	lu := linalg.NewSparse(n, rows, cols, at, p.Mass.Diagonal)
	if sparsePays*(lu.Operations()+lu.Entries()) >= n*n*n/3 {
		return nil
	}
	return &sparseSolver{lu: lu}
}

// sparsePlaces returns the entries of a sparse layout, each once, and their places in Data.
func sparsePlaces(p *Problem, recorded bool) (rows, cols, at []int, ok bool) {
	places, mass := p.Jacobian.pattern, &p.Mass
	if places == nil || mass.Dense != nil || recorded {
		return nil, nil, nil, false
	}
	n := p.Dim
	seen := make([]bool, n*n)
	for e, i := range places.rows {
		k := i*n + places.cols[e]
		if !seen[k] {
			seen[k] = true
			rows, cols, at = append(rows, i), append(cols, places.cols[e]), append(at, k)
		}
	}
	for i, d := range mass.Diagonal {
		if d == 0 && !seen[i*n+i] {
			return nil, nil, nil, false // this pivot would be zero
		}
	}
	return rows, cols, at, true
}

func (s *sparseSolver) factor(gamma float64, mass *Mass, jac *Jacobian) error {
	s.inDense = false
	err := s.lu.Factor(1, gamma, jac.Data)
	if err == nil {
		return nil
	}
	var singular *linalg.SingularError
	if errors.As(err, &singular) && singular.Pivot != 0 {
		return err // not finite
	}
	if s.dense == nil {
		s.dense = &denseSolver{lu: linalg.NewLU(jac.N)}
	}
	s.inDense = true
	return s.dense.factor(gamma, mass, jac)
}

func (s *sparseSolver) solve(b []float64) {
	if s.inDense {
		s.dense.solve(b)
		return
	}
	s.lu.Solve(b)
}

func (s *sparseSolver) solveTransposed(b []float64) {
	if s.inDense {
		s.dense.solveTransposed(b)
		return
	}
	s.lu.SolveTransposed(b)
}

func (s *sparseSolver) solveBlock(b []float64, cols int) {
	if s.inDense {
		s.dense.solveBlock(b, cols)
		return
	}
	s.lu.SolveBlock(b, cols)
}

// sparseComplexSolver is sparseSolver with a complex shift.
type sparseComplexSolver struct {
	lu      *linalg.ComplexSparse
	dense   *denseComplexSolver
	inDense bool
}

func newSparseComplexSolver(p *Problem, recorded bool) complexSolver {
	rows, cols, at, ok := sparsePlaces(p, recorded)
	if !ok {
		return nil
	}
	n := p.Dim
	lu := linalg.NewComplexSparse(n, rows, cols, at, p.Mass.Diagonal)
	if sparsePays*(lu.Operations()+lu.Entries()) >= n*n*n/3 {
		return nil
	}
	return &sparseComplexSolver{lu: lu}
}

func (s *sparseComplexSolver) factor(z complex128, gamma float64, mass *Mass, jac *Jacobian) error {
	s.inDense = false
	err := s.lu.Factor(z, gamma, jac.Data)
	if err == nil {
		return nil
	}
	var singular *linalg.SingularError
	if errors.As(err, &singular) && singular.Pivot != 0 {
		return err
	}
	if s.dense == nil {
		s.dense = &denseComplexSolver{lu: linalg.NewComplexLU(jac.N)}
	}
	s.inDense = true
	return s.dense.factor(z, gamma, mass, jac)
}

func (s *sparseComplexSolver) solve(b []complex128) {
	if s.inDense {
		s.dense.solve(b)
		return
	}
	s.lu.Solve(b)
}

func (s *sparseComplexSolver) solveTransposed(b []complex128) {
	if s.inDense {
		s.dense.solveTransposed(b)
		return
	}
	s.lu.SolveTransposed(b)
}
