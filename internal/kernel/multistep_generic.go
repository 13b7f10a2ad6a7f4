//go:build !amd64 || purego

package kernel

func multistepPredict(m *Multistep, r, rtol float64) { multistepPredictGo(m, r, rtol) }

func multistepNewton(m *Multistep, gamma, r, scale float64) float64 {
	return multistepNewtonGo(m, gamma, r, scale)
}

func multistepAdvance(m *Multistep, scale float64) float64 { return multistepAdvanceGo(m, scale) }

func multistepCorrect(m *Multistep, q int, l *[HistoryRows]float64, c, rtol float64) (latest, top, below, difference float64) {
	return multistepCorrectGo(m, q, l, c, rtol)
}
