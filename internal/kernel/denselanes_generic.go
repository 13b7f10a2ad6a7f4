//go:build !amd64 || purego

package kernel

func factorDenseLanes(w, inv, values []float64, gamma float64, order []int64, shift *[LaneEntry]float64, mass []float64) int {
	return factorDenseLanesGo(w, inv, values, gamma, order, shift, mass)
}

func solveDenseLanes(x, w, inv []float64, n int) { solveDenseLanesGo(x, w, inv, n) }
