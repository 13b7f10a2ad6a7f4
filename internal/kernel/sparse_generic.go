//go:build !amd64 || purego

package kernel

func eliminateReal(e *Elimination, w, inv, largest, values []float64, gamma, shift float64) int {
	return eliminateRealGo(e, w, inv, largest, values, gamma, shift)
}

func eliminateLanes(e *Elimination, w, inv, largest, values []float64, gamma float64, shift *[LaneEntry]float64) int {
	return eliminateLanesGo(e, w, inv, largest, values, gamma, shift)
}

func substituteLanes(s *Substitution, x, w, inv []float64) { substituteLanesGo(s, x, w, inv) }

func rowStride(n int) int { return n }

func invertLists(x, identity, w, inv []float64, lists []int32, n, stride int) {
	invertListsGo(x, identity, w, inv, lists, n, stride)
}
