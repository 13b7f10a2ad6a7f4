package linalg

import "github.com/stiffnode/stiffnode/internal/kernel"

const (
	// tile rows are substituted at a time, so that a value of the right-hand side is read once for all of them and their sums do not wait for
	// one another.
	tile = 4
	// tileFrom is the size from which that pays.
	tileFrom = 8
)

// solveTiles solves L U x = b, b already permuted, by rows in groups.
func (f *LU) solveTiles(b []float64) {
	n, a := f.n, f.a
	var s [tile]float64
	i := 0
	for ; i+tile <= n; i += tile {
		r1, r2, r3 := a[(i+1)*n:(i+1)*n+n], a[(i+2)*n:(i+2)*n+n], a[(i+3)*n:(i+3)*n+n]
		kernel.DotRows(&s, b[:i], a[i*n:], n)
		x0 := b[i] - s[0]
		x1 := b[i+1] - s[1] - r1[i]*x0
		x2 := b[i+2] - s[2] - r2[i]*x0 - r2[i+1]*x1
		x3 := b[i+3] - s[3] - r3[i]*x0 - r3[i+1]*x1 - r3[i+2]*x2
		b[i], b[i+1], b[i+2], b[i+3] = x0, x1, x2, x3
	}
	for ; i < n; i++ {
		s := b[i]
		for j, v := range a[i*n : i*n+i] {
			s -= v * b[j]
		}
		b[i] = s
	}
	i = n
	for ; i >= tile; i -= tile {
		k := i - tile
		r0, r1, r2 := a[k*n+k:k*n+n], a[(k+1)*n+k:(k+1)*n+n], a[(k+2)*n+k:(k+2)*n+n]
		kernel.DotRows(&s, b[i:], a[k*n+i:], n)
		x3 := (b[k+3] - s[3]) * f.inv[k+3]
		x2 := (b[k+2] - s[2] - r2[3]*x3) * f.inv[k+2]
		x1 := (b[k+1] - s[1] - r1[3]*x3 - r1[2]*x2) * f.inv[k+1]
		x0 := (b[k] - s[0] - r0[3]*x3 - r0[2]*x2 - r0[1]*x1) * f.inv[k]
		b[k], b[k+1], b[k+2], b[k+3] = x0, x1, x2, x3
	}
	for i--; i >= 0; i-- {
		row := a[i*n : i*n+n]
		s := b[i]
		for j := i + 1; j < n; j++ {
			s -= row[j] * b[j]
		}
		b[i] = s * f.inv[i]
	}
}
