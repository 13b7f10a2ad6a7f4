package ode

import "math"

// refineBelow is the relative tolerance below which the stages of Rosenbrock methods are refined. Nothing corrects the roundoff of their
// linear systems later, as a further evaluation of f does for Newton's iteration: with W = M − γJ formed in floating point, M can be lost beside a
// large γJ, and with it what M conserves (on E5, y2 − y3 − y4 was off by 1e-22 to 2e-21, as much as these states are worth: at rtol 1e-8 five
// digits were left by chance, four as often).
const refineBelow = 3e-8

// refinement improves solutions of (M − γJ) u = b by the iteration of Wilkinson with residuals in twice the working precision, from M and J
// themselves rather than from their difference (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed. 2002, sec. 12.1).
type refinement struct {
	b, r []float64
}

func newRefinement(n int) *refinement {
	return &refinement{b: make([]float64, n), r: make([]float64, n)}
}

// solve overwrites u, which holds the right-hand side, with the solution.
func (f *refinement) solve(lin linearSolver, u []float64, gamma float64, mass *Mass, jac *Jacobian) {
	n := jac.N
	copy(f.b, u)
	lin.solve(u)
	for i := range n {
		s := doubled{hi: f.b[i]}
		switch {
		case mass.Diagonal != nil:
			s.addProduct(-mass.Diagonal[i], u[i])
		case mass.Dense != nil:
			for j, m := range mass.Dense[i*n : (i+1)*n] {
				s.addProduct(-m, u[j])
			}
		default:
			s.add(-u[i])
		}
		from, row := 0, []float64(nil)
		if jac.Layout.Banded {
			from, _ = jac.columns(i)
			row = jac.row(i)
		} else {
			row = jac.Data[i*n : (i+1)*n]
		}
		for j, v := range row {
			g := gamma * v
			s.addProduct(g, u[from+j])
			s.lo += math.FMA(gamma, v, -g) * u[from+j]
		}
		f.r[i] = s.hi + s.lo
	}
	if !finite(f.r) {
		return // the step will be rejected for what is not finite, or the residual is beyond all numbers
	}
	lin.solve(f.r)
	for i, v := range f.r {
		u[i] += v
	}
}

// doubled is a sum in twice the working precision (Ogita, Rump and Oishi, SIAM J. Sci. Comput. 26, 1955, 2005, algorithm 5.3).
type doubled struct{ hi, lo float64 }

func (s *doubled) add(x float64) {
	t := s.hi + x
	z := t - s.hi
	s.lo += (s.hi - (t - z)) + (x - z)
	s.hi = t
}

func (s *doubled) addProduct(a, b float64) {
	p := a * b
	s.lo += math.FMA(a, b, -p)
	s.add(p)
}
