package linalg

import "math"

// LeftNullSpace returns an orthonormal basis of the vectors p with pᵀA = 0 for the n×n row-major matrix a, by Householder QR with
// column pivoting (Golub and Van Loan, Matrix Computations, 4th ed., algorithm 5.4.1). Columns that are reduced to less than n·ε of
// the largest one count as dependent. It allocates: it is meant for matrices that are given once.
func LeftNullSpace(a []float64, n int) [][]float64 {
	r := append([]float64(nil), a[:n*n]...)
	q := make([]float64, n*n) // Qᵀ
	for i := range n {
		q[i*n+i] = 1
	}
	rank, first := 0, 0.0
	v := make([]float64, n)
	for ; rank < n; rank++ {
		k := rank
		best, at := 0.0, k
		for j := k; j < n; j++ {
			s := 0.0
			for i := k; i < n; i++ {
				s = math.Hypot(s, r[i*n+j])
			}
			if s > best {
				best, at = s, j
			}
		}
		if k == 0 {
			first = best
		}
		if best <= float64(n)*0x1p-52*first {
			break
		}
		for i := range n {
			r[i*n+k], r[i*n+at] = r[i*n+at], r[i*n+k]
		}
		// reflect column k onto the axis
		norm2 := 0.0
		for i := k; i < n; i++ {
			v[i] = r[i*n+k]
		}
		v[k] += math.Copysign(best, v[k])
		for i := k; i < n; i++ {
			norm2 += v[i] * v[i]
		}
		for _, m := range [2][]float64{r, q} {
			for j := range n {
				s := 0.0
				for i := k; i < n; i++ {
					s += v[i] * m[i*n+j]
				}
				s *= 2 / norm2
				for i := k; i < n; i++ {
					m[i*n+j] -= s * v[i]
				}
			}
		}
	}
	var basis [][]float64
	for i := rank; i < n; i++ {
		basis = append(basis, q[i*n:(i+1)*n:(i+1)*n])
	}
	return basis
}
