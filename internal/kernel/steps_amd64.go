//go:build amd64 && !purego

package kernel

// minSteps is the length from which the calls pay.
const minSteps = 8

// whole is how many of n numbers the assembly takes.
func whole(n int) int {
	if !useAVX2 || n < minSteps {
		return 0
	}
	return n &^ (Lanes - 1)
}

func weights(w, y, atol []float64, rtol float64) {
	n := whole(len(w))
	if n > 0 {
		weightsAVX2(&w[0], &y[0], &atol[0], rtol, n)
	}
	if n < len(w) {
		weightsGo(w[n:], y[n:], atol[n:], rtol)
	}
}

func weightedSquares(v, w []float64) float64 {
	n, s := whole(len(v)), 0.0
	if n > 0 {
		s = weightedSquaresAVX2(&v[0], &w[0], n)
	}
	if n < len(v) {
		s += weightedSquaresGo(v[n:], w[n:])
	}
	return s
}

func errorSquares(e, y, z, atol []float64, rtol float64) float64 {
	n, s := whole(len(e)), 0.0
	if n > 0 {
		s = errorSquaresAVX2(&e[0], &y[0], &z[0], &atol[0], rtol, n)
	}
	if n < len(e) {
		s += errorSquaresGo(e[n:], y[n:], z[n:], atol[n:], rtol)
	}
	return s
}

func combine(dst, y []float64, h float64, a, x []float64) {
	n := whole(len(dst))
	if len(a) == 0 {
		n = 0
	}
	if n > 0 {
		combineAVX2(&dst[0], &y[0], h, &a[0], &x[0], len(dst), len(a), n)
	}
	if n < len(dst) {
		combineGo(dst, y, n, h, a, x)
	}
}

func eliminate(a []float64, n int, d float64, rows int) {
	if !useAVX2 || rows < Lanes {
		eliminateGo(a, n, d, rows)
		return
	}
	eliminateAVX2(&a[0], n, d, rows, rows)
}

func dotRows(sums *[4]float64, x, a []float64, ld int) {
	n := len(x)
	if !useAVX2 || n == 0 || n%Lanes != 0 {
		dotRowsGo(sums, x, a, ld)
		return
	}
	dotRowsAVX2(&sums[0], &x[0], &a[0], ld, n)
}

//go:noescape
func dotRowsAVX2(sums *float64, x, a *float64, ld, n int)

//go:noescape
func eliminateAVX2(a *float64, ld int, d float64, rows, cols int)

//go:noescape
func weightsAVX2(w, y, atol *float64, rtol float64, n int)

//go:noescape
func weightedSquaresAVX2(v, w *float64, n int) float64

//go:noescape
func errorSquaresAVX2(e, y, z, atol *float64, rtol float64, n int) float64

//go:noescape
func combineAVX2(dst, y *float64, h float64, a, x *float64, ld, terms, n int)
