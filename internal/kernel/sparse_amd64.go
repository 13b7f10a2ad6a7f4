//go:build amd64 && !purego

package kernel

//go:generate go run -C gen . -family sparse -out ../sparse_amd64.s -pkg kernel
//go:generate go run -C gen . -avx512 -family sparse -out ../sparse_avx512_amd64.s -pkg kernel

func eliminateReal(e *Elimination, w, inv, largest, values []float64, gamma, shift float64) int {
	if !useAVX2 || len(values) == 0 {
		return eliminateRealGo(e, w, inv, largest, values, gamma, shift)
	}
	return eliminateRealAVX2(&w[0], &inv[0], &largest[0], &values[0], gamma, listed(e.Given), len(e.Given)/3, listed(e.Rows), listed(e.Growth), e.N, e.Below, e.Above, &shift, &e.Mass[0])
}

func eliminateLanes(e *Elimination, w, inv, largest, values []float64, gamma float64, shift *[LaneEntry]float64) int {
	if !useAVX2 || len(values) == 0 {
		return eliminateLanesGo(e, w, inv, largest, values, gamma, shift)
	}
	return eliminateLanesAVX2(&w[0], &inv[0], &largest[0], &values[0], gamma, listed(e.Given), len(e.Given)/3, listed(e.Rows), listed(e.Growth), e.N, e.Below, e.Above, &shift[0], &e.Mass[0])
}

func substituteLanes(s *Substitution, x, w, inv []float64) {
	if !useAVX2 {
		substituteLanesGo(s, x, w, inv)
		return
	}
	substituteLanesAVX2(&x[0], &w[0], &inv[0], listed(s.Lower), listed(s.Upper), s.N, s.Below, s.Above)
}

func rowStride(n int) int {
	switch {
	case useAVX512:
		return onLine(n)
	case useAVX2:
		return Padded(n)
	}
	return n
}

func invertLists(x, identity, w, inv []float64, lists []int32, n, stride int) {
	switch {
	case len(w) == 0: // diagonal
		invertListsGo(x, identity, w, inv, lists, n, stride)
	case useAVX512 && stride == onLine(n):
		invertListsAVX512(&x[0], &identity[0], &w[0], &inv[0], &lists[0], n, stride)
	case useAVX2 && stride%Lanes == 0:
		invertListsAVX2(&x[0], &identity[0], &w[0], &inv[0], &lists[0], n, stride)
	default:
		invertListsGo(x, identity, w, inv, lists, n, stride)
	}
}

// listed is where a list starts, nil if there is none.
func listed(list []int32) *int32 {
	if len(list) == 0 {
		return nil
	}
	return &list[0]
}

//go:noescape
func eliminateRealAVX2(w, inv, largest, values *float64, gamma float64, given *int32, count int, rows, growth *int32, n, below, above int, shift, mass *float64) int

//go:noescape
func eliminateLanesAVX2(w, inv, largest, values *float64, gamma float64, given *int32, count int, rows, growth *int32, n, below, above int, shift, mass *float64) int

//go:noescape
func substituteLanesAVX2(x, w, inv *float64, lower, upper *int32, n, below, above int)

//go:noescape
func invertListsAVX2(x, identity, w, inv *float64, lists *int32, n, stride int)

//go:noescape
func invertListsAVX512(x, identity, w, inv *float64, lists *int32, n, stride int)
