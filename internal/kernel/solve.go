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
