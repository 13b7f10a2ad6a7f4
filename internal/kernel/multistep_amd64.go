//go:build amd64 && !purego

package kernel

//go:generate go run -C gen . -family multistep -out ../multistep_amd64.s -pkg kernel
//go:generate go run -C gen . -avx512 -family multistep -out ../multistep_avx512_amd64.s -pkg kernel

func multistepPredict(m *Multistep, r, rtol float64) {
	switch {
	case useAVX512:
		multistepPredictAVX512(m, r, rtol)
	case useAVX2:
		multistepPredictAVX2(m, r, rtol)
	default:
		multistepPredictGo(m, r, rtol)
	}
}

func multistepNewton(m *Multistep, gamma, r, scale float64) float64 {
	switch {
	case useAVX512:
		return multistepNewtonAVX512(m, gamma, r, scale)
	case useAVX2:
		return multistepNewtonAVX2(m, gamma, r, scale)
	}
	return multistepNewtonGo(m, gamma, r, scale)
}

func multistepAdvance(m *Multistep, scale float64) float64 {
	switch {
	case m.n < smallestInverse:
		return multistepAdvanceGo(m, scale) // D was written number by number just now: a register would wait for the last
	case useAVX512:
		return multistepAdvanceAVX512(m, scale)
	case useAVX2:
		return multistepAdvanceAVX2(m, scale)
	}
	return multistepAdvanceGo(m, scale)
}

func multistepCorrect(m *Multistep, q int, l *[HistoryRows]float64, c, rtol float64) (latest, top, below, difference float64) {
	switch {
	case useAVX512:
		return multistepCorrectAVX512(m, q, &l[0], c, rtol)
	case useAVX2:
		return multistepCorrectAVX2(m, q, &l[0], c, rtol)
	}
	return multistepCorrectGo(m, q, l, c, rtol)
}

// multistepPredictAVX2 … are the methods of these names.

//go:noescape
func multistepPredictAVX2(m *Multistep, r, rtol float64)

//go:noescape
func multistepNewtonAVX2(m *Multistep, gamma, r, scale float64) float64

//go:noescape
func multistepAdvanceAVX2(m *Multistep, scale float64) float64

//go:noescape
func multistepCorrectAVX2(m *Multistep, q int, l *float64, c, rtol float64) (latest, top, below, difference float64)

//go:noescape
func multistepPredictAVX512(m *Multistep, r, rtol float64)

//go:noescape
func multistepNewtonAVX512(m *Multistep, gamma, r, scale float64) float64

//go:noescape
func multistepAdvanceAVX512(m *Multistep, scale float64) float64

//go:noescape
func multistepCorrectAVX512(m *Multistep, q int, l *float64, c, rtol float64) (latest, top, below, difference float64)
