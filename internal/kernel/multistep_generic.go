//go:build !amd64 || purego

package kernel

func multistepPredict(m *Multistep, r, rtol float64) { multistepPredictGo(m, r, rtol) }

func multistepNewton(m *Multistep, inverse []float64, ld int, gamma, r, scale float64) float64 {
	return multistepNewtonGo(m, inverse, ld, gamma, r, scale)
}

func multistepAdvance(m *Multistep, scale float64) float64 { return multistepAdvanceGo(m, scale) }

func multistepCorrect(m *Multistep, l *[HistoryRows]float64, rtol float64) float64 {
	return multistepCorrectGo(m, l, rtol)
}

func multistepSquares(m *Multistep, q int, c, rtol float64) (below, top, above float64) {
	return multistepSquaresGo(m, q, c, rtol)
}
