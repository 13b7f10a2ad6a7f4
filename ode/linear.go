package ode

import (
	"github.com/stiffnode/stiffnode/internal/kernel"
	"github.com/stiffnode/stiffnode/internal/linalg"
)

// A linearSolver factorises the iteration matrix W = M − γ J and solves with it. It is an axis of its own: a method never
// sees how W is stored, so that an iterative solver is a further implementation and a line in newLinearSolver.
type linearSolver interface {
	// factor builds and factorises M − γ J; a *linalg.SingularError says that it cannot be done.
	factor(gamma float64, mass *Mass, jac *Jacobian) error
	// solve overwrites b with W⁻¹ b; solveTransposed with W⁻ᵀ b.
	solve(b []float64)
	solveTransposed(b []float64)
	// solveBlock overwrites the k×cols row-major block with W⁻¹ B.
	solveBlock(b []float64, cols int)
}

// A complexSolver is the same for W = z M − γ J with a complex shift z, which fully implicit methods need.
type complexSolver interface {
	factor(z complex128, gamma float64, mass *Mass, jac *Jacobian) error
	solve(b []complex128)
	solveTransposed(b []complex128)
}

// newLinearSolver chooses a solver for the layout of the problem's Jacobian and mass matrix.
// A solve that is recorded keeps dense factors of a sparse or inverted one, since its derivative uses them again.
func newLinearSolver(p *Problem, recorded bool) linearSolver {
	if s := newSparseSolver(p, recorded); s != nil {
		return s
	}
	if useBand(p) {
		return &bandSolver{lu: linalg.NewBand[float64](p.Dim, p.Jacobian.Lower, p.Jacobian.Upper)}
	}
	if linalg.InversePays(p.Dim) && !recorded {
		return &inverseSolver{inv: linalg.NewInverse(p.Dim)}
	}
	return &denseSolver{lu: linalg.NewLU(p.Dim)}
}

func newComplexSolver(p *Problem, recorded bool) complexSolver {
	if s := newSparseComplexSolver(p, recorded); s != nil {
		return s
	}
	if useBand(p) {
		return &bandComplexSolver{lu: linalg.NewBand[complex128](p.Dim, p.Jacobian.Lower, p.Jacobian.Upper)}
	}
	return &denseComplexSolver{lu: linalg.NewComplexLU(p.Dim)}
}

// useBand says whether W is banded, and by so much that banded elimination, whose rows grow to 2·Lower + Upper + 1 entries,
// is the cheaper one.
func useBand(p *Problem) bool {
	l := p.Jacobian
	return l.Banded && p.Mass.Dense == nil && 2*l.Lower+l.Upper+1 < p.Dim
}

// denseSolver holds W as a dense matrix.
type denseSolver struct{ lu *linalg.LU }

func (s *denseSolver) factor(gamma float64, mass *Mass, jac *Jacobian) error {
	fillDense(s.lu.Matrix(), 1, minusReal, scaleReal, gamma, mass, jac)
	return s.lu.FactorInPlace()
}

func (s *denseSolver) solve(b []float64)                { s.lu.Solve(b) }
func (s *denseSolver) solveTransposed(b []float64)      { s.lu.SolveTransposed(b) }
func (s *denseSolver) solveBlock(b []float64, cols int) { s.lu.SolveBlock(b, cols) }

// inverseSolver holds W⁻¹.
type inverseSolver struct{ inv *linalg.Inverse }

func (s *inverseSolver) factor(gamma float64, mass *Mass, jac *Jacobian) error {
	if mass.IsIdentity() && !jac.Layout.Banded {
		return s.inv.InvertShifted(1, -gamma, jac.Data)
	}
	fillDense(s.inv.Matrix(), 1, minusReal, scaleReal, gamma, mass, jac)
	return s.inv.Invert()
}

func (s *inverseSolver) solve(b []float64)                { s.inv.Solve(b) }
func (s *inverseSolver) solveTransposed(b []float64)      { s.inv.SolveTransposed(b) }
func (s *inverseSolver) solveBlock(b []float64, cols int) { s.inv.SolveBlock(b, cols) }

// denseComplexSolver is denseSolver with a complex shift.
type denseComplexSolver struct{ lu *linalg.ComplexLU }

func (s *denseComplexSolver) factor(z complex128, gamma float64, mass *Mass, jac *Jacobian) error {
	fillDense(s.lu.Matrix(), z, minusComplex, scaleComplex, gamma, mass, jac)
	return s.lu.FactorInPlace()
}

func (s *denseComplexSolver) solve(b []complex128)           { s.lu.Solve(b) }
func (s *denseComplexSolver) solveTransposed(b []complex128) { s.lu.SolveTransposed(b) }

// bandSolver holds W as a banded matrix.
type bandSolver struct{ lu *linalg.Band[float64] }

func (s *bandSolver) factor(gamma float64, mass *Mass, jac *Jacobian) error {
	fillBand(s.lu, 1, minusReal, scaleReal, gamma, mass, jac)
	return s.lu.FactorInPlace()
}

func (s *bandSolver) solve(b []float64)                { s.lu.Solve(b) }
func (s *bandSolver) solveTransposed(b []float64)      { s.lu.SolveTransposed(b) }
func (s *bandSolver) solveBlock(b []float64, cols int) { s.lu.SolveBlock(b, cols) }

// bandComplexSolver is bandSolver with a complex shift.
type bandComplexSolver struct{ lu *linalg.Band[complex128] }

func (s *bandComplexSolver) factor(z complex128, gamma float64, mass *Mass, jac *Jacobian) error {
	fillBand(s.lu, z, minusComplex, scaleComplex, gamma, mass, jac)
	return s.lu.FactorInPlace()
}

func (s *bandComplexSolver) solve(b []complex128)           { s.lu.Solve(b) }
func (s *bandComplexSolver) solveTransposed(b []complex128) { s.lu.SolveTransposed(b) }

// fillDense writes z M − γ J into the dense row-major matrix w.
func fillDense[T linalg.Number](w []T, z T, minus func(dst []T, gamma float64, src []float64), scale func(z T, m float64) T, gamma float64, mass *Mass, jac *Jacobian) {
	n := jac.N
	if jac.Layout.Banded {
		clear(w)
		for i := range n {
			from, to := jac.columns(i)
			minus(w[i*n+from:i*n+to], gamma, jac.row(i))
		}
	} else {
		minus(w, gamma, jac.Data)
	}
	switch {
	case mass.Diagonal != nil:
		for i, d := range mass.Diagonal {
			w[i*n+i] += scale(z, d)
		}
	case mass.Dense != nil:
		for i, v := range mass.Dense {
			w[i] += scale(z, v)
		}
	default:
		for i := 0; i < n*n; i += n + 1 {
			w[i] += z
		}
	}
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

// fillBand writes z M − γ J into the banded matrix of f, M being diagonal.
func fillBand[T linalg.Number](f *linalg.Band[T], z T, minus func(dst []T, gamma float64, src []float64), scale func(z T, m float64) T, gamma float64, mass *Mass, jac *Jacobian) {
	w, stride, lower := f.Matrix(), f.Stride(), jac.Layout.Lower
	clear(w)
	for i := range jac.N {
		from, to := jac.columns(i)
		row := w[i*stride : (i+1)*stride]
		minus(row[from-i+lower:to-i+lower], gamma, jac.row(i))
		if mass.Diagonal != nil {
			row[lower] += scale(z, mass.Diagonal[i])
		} else {
			row[lower] += z
		}
	}
}

// minusReal and minusComplex write −γ·src into dst; scaleReal and scaleComplex are the product of a shift and an entry of M.
func minusReal(dst []float64, gamma float64, src []float64) {
	src = src[:len(dst)]
	if len(dst) >= 4*kernel.Lanes {
		clear(dst)
		kernel.AddScaled(dst, -gamma, src)
		return
	}
	for i, v := range src {
		dst[i] = -gamma * v
	}
}

func minusComplex(dst []complex128, gamma float64, src []float64) {
	src = src[:len(dst)]
	for i, v := range src {
		dst[i] = complex(-gamma*v, 0)
	}
}

func scaleReal(z, m float64) float64 { return z * m }

func scaleComplex(z complex128, m float64) complex128 {
	return complex(real(z)*m, imag(z)*m)
}
