package linalg

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
	i := 0
	for ; i+tile <= n; i += tile {
		r0, r1, r2, r3 := a[i*n:i*n+n], a[(i+1)*n:(i+1)*n+n], a[(i+2)*n:(i+2)*n+n], a[(i+3)*n:(i+3)*n+n]
		s0, s1, s2, s3 := dotFour(b[:i], r0, r1, r2, r3)
		x0 := b[i] - s0
		x1 := b[i+1] - s1 - r1[i]*x0
		x2 := b[i+2] - s2 - r2[i]*x0 - r2[i+1]*x1
		x3 := b[i+3] - s3 - r3[i]*x0 - r3[i+1]*x1 - r3[i+2]*x2
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
		r0, r1, r2, r3 := a[k*n+k:k*n+n], a[(k+1)*n+k:(k+1)*n+n], a[(k+2)*n+k:(k+2)*n+n], a[(k+3)*n+k:(k+3)*n+n]
		s0, s1, s2, s3 := dotFour(b[i:], r0[tile:], r1[tile:], r2[tile:], r3[tile:])
		x3 := (b[k+3] - s3) * f.inv[k+3]
		x2 := (b[k+2] - s2 - r2[3]*x3) * f.inv[k+2]
		x1 := (b[k+1] - s1 - r1[3]*x3 - r1[2]*x2) * f.inv[k+1]
		x0 := (b[k] - s0 - r0[3]*x3 - r0[2]*x2 - r0[1]*x1) * f.inv[k]
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

// dotFour returns the products of four rows with x.
func dotFour(x, r0, r1, r2, r3 []float64) (s0, s1, s2, s3 float64) {
	r0, r1, r2, r3 = r0[:len(x)], r1[:len(x)], r2[:len(x)], r3[:len(x)]
	var p0, p1, p2, p3 float64
	j := 0
	for ; j+2 <= len(x); j += 2 {
		v, w := x[j], x[j+1]
		s0 += r0[j] * v
		s1 += r1[j] * v
		s2 += r2[j] * v
		s3 += r3[j] * v
		p0 += r0[j+1] * w
		p1 += r1[j+1] * w
		p2 += r2[j+1] * w
		p3 += r3[j+1] * w
	}
	if j < len(x) {
		v := x[j]
		s0 += r0[j] * v
		s1 += r1[j] * v
		s2 += r2[j] * v
		s3 += r3[j] * v
	}
	return s0 + p0, s1 + p1, s2 + p2, s3 + p3
}
