//go:build amd64 && !purego

package kernel

//go:generate go run -C gen . -family collocation -out ../collocation_amd64.s -pkg kernel

func stagesToLanes(dst []float64, places []int32, f []float64, coef *LaneCoefficients, u, mass []float64, scale float64, shift *[LaneEntry]float64) {
	if !useAVX2 {
		stagesToLanesGo(dst, places, f, coef, u, mass, scale, shift)
		return
	}
	stagesToLanesAVX2(&dst[0], &places[0], &f[0], len(places), &coef[0][0], &u[0], &mass[0], scale, &shift[0])
}

func lanesToStages(z, states, u, x []float64, places []int32, y, w []float64, t *[CollocationStages][CollocationStages]float64) float64 {
	if !useAVX2 {
		return lanesToStagesGo(z, states, u, x, places, y, w, t)
	}
	return lanesToStagesAVX2(&z[0], &states[0], &u[0], &x[0], &places[0], &y[0], &w[0], &t[0][0], len(places))
}

//go:noescape
func stagesToLanesAVX2(dst *float64, places *int32, f *float64, n int, coef, u, mass *float64, scale float64, shift *float64)

//go:noescape
func lanesToStagesAVX2(z, states, u, x *float64, places *int32, y, w, t *float64, n int) float64
