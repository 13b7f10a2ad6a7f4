//go:build amd64 && !purego

package kernel

//go:generate go run -C gen . -family collocation -out ../collocation_amd64.s -pkg kernel

func stagesToLanes(dst []float64, places []int32, f []float64, coef [][LaneEntry]float64, u, mass []float64, scale float64, shift *[LaneEntry]float64) {
	switch {
	case useAVX2 && len(coef) == 3:
		stagesToLanes3AVX2(&dst[0], &places[0], &f[0], len(places), &coef[0][0], &u[0], &mass[0], scale, &shift[0])
	case useAVX2 && len(coef) == 5:
		stagesToLanes5AVX2(&dst[0], &places[0], &f[0], len(places), &coef[0][0], &u[0], &mass[0], scale, &shift[0])
	default:
		stagesToLanesGo(dst, places, f, coef, u, mass, scale, shift)
	}
}

func lanesToStages(z, states, u, x []float64, places []int32, y, w, t []float64, s int) float64 {
	switch {
	case !useAVX2:
		return lanesToStagesGo(z, states, u, x, places, y, w, t, s)
	case s == 3:
		return lanesToStages3AVX2(&z[0], &states[0], &u[0], &x[0], &places[0], &y[0], &w[0], &t[0], len(places))
	}
	return lanesToStages5AVX2(&z[0], &states[0], &u[0], &x[0], &places[0], &y[0], &w[0], &t[0], len(places))
}

//go:noescape
func stagesToLanes3AVX2(dst *float64, places *int32, f *float64, n int, coef, u, mass *float64, scale float64, shift *float64)

//go:noescape
func stagesToLanes5AVX2(dst *float64, places *int32, f *float64, n int, coef, u, mass *float64, scale float64, shift *float64)

//go:noescape
func lanesToStages3AVX2(z, states, u, x *float64, places *int32, y, w, t *float64, n int) float64

//go:noescape
func lanesToStages5AVX2(z, states, u, x *float64, places *int32, y, w, t *float64, n int) float64
