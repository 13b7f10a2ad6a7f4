//go:build amd64 && !purego

package kernel

//go:generate go run -C gen . -family denselanes -out ../denselanes_amd64.s -pkg kernel

func factorDenseLanes(w, inv, values []float64, gamma float64, order []int64, shift *[LaneEntry]float64, mass []float64) int {
	if !useAVX2 {
		return factorDenseLanesGo(w, inv, values, gamma, order, shift, mass)
	}
	return factorDenseLanesAVX2(&w[0], &inv[0], &values[0], gamma, &order[0], len(order), &shift[0], &mass[0])
}

func solveDenseLanes(x, w, inv []float64, n int) {
	if !useAVX2 {
		solveDenseLanesGo(x, w, inv, n)
		return
	}
	solveDenseLanesAVX2(&x[0], &w[0], &inv[0], n)
}

//go:noescape
func factorDenseLanesAVX2(w, inv, values *float64, gamma float64, order *int64, n int, shift, mass *float64) int

//go:noescape
func solveDenseLanesAVX2(x, w, inv *float64, n int)
