package kernel

// SolveLower overwrites the n×c panel B, rows ldb apart, with L⁻¹B for the lower triangular matrix L whose element (i, j), j ≤ i, is
// a[i*ra+j*ca]; with unit set the diagonal is taken as 1 and not read.
//
// With a row-major LU factorisation a, SolveLower(a, n, 1, true, …) and SolveUpper(a, n, 1, false, …) solve A·X = P·B, and
// SolveLower(a, 1, n, false, …), SolveUpper(a, 1, n, true, …) the transposed system. A zero on the diagonal gives infinities or NaN.
func SolveLower(a []float64, ra, ca int, unit bool, b []float64, ldb, n, c int) {
	if n <= 0 || c <= 0 {
		return
	}
	checkTriangle(a, ra, ca, b, ldb, n, c)
	substitute(a, 0, ra, ca, unit, b, 0, ldb, n, c)
}

// SolveUpper is SolveLower for the upper triangular matrix whose element (i, j), j ≥ i, is a[i*ra+j*ca].
func SolveUpper(a []float64, ra, ca int, unit bool, b []float64, ldb, n, c int) {
	if n <= 0 || c <= 0 {
		return
	}
	checkTriangle(a, ra, ca, b, ldb, n, c)
	// Counted from the last row and column an upper triangle is a lower one.
	substitute(a, (n-1)*(ra+ca), -ra, -ca, unit, b, (n-1)*ldb, -ldb, n, c)
}

func checkTriangle(a []float64, ra, ca int, b []float64, ldb, n, c int) {
	if ra < 0 || ca < 0 || ldb < c || len(a) < (n-1)*(ra+ca)+1 || len(b) < (n-1)*ldb+c {
		panic("kernel: triangular solve with a slice too short")
	}
}

// substituteGo is forward substitution with the triangle's first element at a[a0] and the panel's first row at b[b0].
func substituteGo(a []float64, a0, ra, ca int, unit bool, b []float64, b0, ldb, n, c int) {
	for i := range n {
		row := b[b0+i*ldb : b0+i*ldb+c]
		ai := a0 + i*ra
		for j := range i {
			addScaledGo(row, -a[ai+j*ca], b[b0+j*ldb:b0+j*ldb+c])
		}
		if !unit {
			Scale(row, 1/a[ai+i*ca])
		}
	}
}

// Vectorised says whether vector registers are in use: elimination by rows then beats what saves reading and writing, and four systems in lanes take the time of one.
func Vectorised() bool { return useAVX2 }

// Eliminate is a step of Gaussian elimination, column k of a row-major n×n matrix whose pivot row is in place: with d = 1/a_kk it writes the
// multipliers l_i = a_ik·d of the rows below in their place and subtracts l_i times the rest of row k from the rest of row i.
func Eliminate(a []float64, n, k int, d float64) {
	if rows := n - 1 - k; rows > 0 {
		eliminate(a[k*n+k:n*n], n, d, rows)
	}
}

// eliminateGo is Eliminate for that many rows below the pivot, which a begins with, and as many columns.
func eliminateGo(a []float64, n int, d float64, rows int) {
	pivot := a[1 : 1+rows]
	for i := 1; i <= rows; i++ {
		row := a[i*n : i*n+1+rows]
		l := row[0] * d
		row[0] = l
		row = row[1:]
		for j, v := range pivot {
			row[j] -= l * v
		}
	}
}

// DotRows writes the products of x with four rows into sums; row k begins at a[k*ld].
func DotRows(sums *[4]float64, x, a []float64, ld int) {
	if len(a) < 3*ld+len(x) {
		panic("kernel: four rows with a slice too short")
	}
	dotRows(sums, x, a, ld)
}

// dotRowsGo adds up even and odd terms apart, so that sums do not wait for one another.
func dotRowsGo(sums *[4]float64, x, a []float64, ld int) {
	n := len(x)
	r0, r1, r2, r3 := a[:n], a[ld:ld+n], a[2*ld:2*ld+n], a[3*ld:3*ld+n]
	var s0, s1, s2, s3, p0, p1, p2, p3 float64
	j := 0
	for ; j+2 <= n; j += 2 {
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
	if j < n {
		v := x[j]
		s0 += r0[j] * v
		s1 += r1[j] * v
		s2 += r2[j] * v
		s3 += r3[j] * v
	}
	*sums = [4]float64{s0 + p0, s1 + p1, s2 + p2, s3 + p3}
}
