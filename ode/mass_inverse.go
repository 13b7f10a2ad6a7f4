package ode

import "math"

// A MassInverse is a matrix S with M S f = f for every f in the range of M: the inverse where there is one. Otherwise it is
// the basic solution found by elimination with complete pivoting (Golub and Van Loan, Matrix Computations, 4th ed.,
// sec. 3.4.8): states that M does not determine get the value zero.
type MassInverse struct {
	diagonal []float64
	dense    []float64
	n        int
}

// NewMassInverse makes S for a matrix M of size n that is not the identity.
func NewMassInverse(m Mass, n int) *MassInverse {
	s := &MassInverse{n: n}
	if m.Diagonal != nil {
		s.diagonal = make([]float64, n)
		for i, d := range m.Diagonal {
			if d != 0 {
				s.diagonal[i] = 1 / d
			}
		}
		return s
	}
	// Gauss–Jordan elimination of [M | I] to [E | B], E having a unit column for every pivot
	a, b := append([]float64(nil), m.Dense...), make([]float64, n*n)
	largest := 0.0
	for i, v := range a {
		largest = max(largest, math.Abs(v))
		if i%(n+1) == 0 {
			b[i] = 1
		}
	}
	tiny := float64(n) * 2.220446049250313e-16 * largest
	rowOf := make([]int, n) // pivot row of a column, or −1
	used := make([]bool, n)
	for j := range rowOf {
		rowOf[j] = -1
	}
	for range n {
		row, col, best := -1, -1, tiny
		for i := range n {
			for j := range n {
				if v := math.Abs(a[i*n+j]); !used[i] && rowOf[j] < 0 && v > best {
					row, col, best = i, j, v
				}
			}
		}
		if row < 0 {
			break
		}
		used[row], rowOf[col] = true, row
		pivot := 1 / a[row*n+col]
		for j := range n {
			a[row*n+j] *= pivot
			b[row*n+j] *= pivot
		}
		for i := range n {
			l := a[i*n+col]
			if i == row || l == 0 {
				continue
			}
			for j := range n {
				a[i*n+j] -= l * a[row*n+j]
				b[i*n+j] -= l * b[row*n+j]
			}
		}
	}
	s.dense = make([]float64, n*n)
	for col, row := range rowOf {
		if row >= 0 {
			copy(s.dense[col*n:(col+1)*n], b[row*n:(row+1)*n])
		}
	}
	return s
}

// Apply writes S·f into dst, which must not overlap f for a dense M.
func (s *MassInverse) Apply(dst, f []float64) {
	if s.diagonal != nil {
		for i, d := range s.diagonal {
			dst[i] = d * f[i]
		}
		return
	}
	n := s.n
	for i := range n {
		row := s.dense[i*n : (i+1)*n]
		sum := 0.0
		for j, x := range f {
			sum += row[j] * x
		}
		dst[i] = sum
	}
}

// ApplyTransposed writes Sᵀ·v into dst, which must not overlap v for a dense M.
func (s *MassInverse) ApplyTransposed(dst, v []float64) {
	if s.diagonal != nil {
		s.Apply(dst, v)
		return
	}
	n := s.n
	clear(dst[:n])
	for i, x := range v {
		for j, a := range s.dense[i*n : (i+1)*n] {
			dst[j] += a * x
		}
	}
}
