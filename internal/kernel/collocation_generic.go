//go:build !amd64 || purego

package kernel

func stagesToLanes(dst []float64, places []int32, f []float64, coef [][LaneEntry]float64, u, mass []float64, scale float64, shift *[LaneEntry]float64) {
	stagesToLanesGo(dst, places, f, coef, u, mass, scale, shift)
}

func lanesToStages(z, states, u, x []float64, places []int32, y, w, t []float64, s int) float64 {
	return lanesToStagesGo(z, states, u, x, places, y, w, t, s)
}
