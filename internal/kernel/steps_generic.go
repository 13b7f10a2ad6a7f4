//go:build !amd64 || purego

package kernel

const useAVX2 = false

func weights(w, y, atol []float64, rtol float64) { weightsGo(w, y, atol, rtol) }

func weightedSquares(v, w []float64) float64 { return weightedSquaresGo(v, w) }

func errorSquares(e, y, z, atol []float64, rtol float64) float64 {
	return errorSquaresGo(e, y, z, atol, rtol)
}

func combine(dst, y []float64, h float64, a, x []float64) { combineGo(dst, y, 0, h, a, x) }

func eliminate(a []float64, n int, d float64, rows int) { eliminateGo(a, n, d, rows) }

func dotRows(sums *[4]float64, x, a []float64, ld int) { dotRowsGo(sums, x, a, ld) }
