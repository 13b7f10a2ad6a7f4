//go:build amd64 && !purego

package kernel

func columnStride(n int) int {
	switch {
	case useAVX512:
		return onLine(n)
	case useAVX2:
		return Padded(n)
	}
	return 0
}

func solveColumns(x, columns, inv []float64, n, stride int) {
	if useAVX512 && stride == onLine(n) {
		switch stride {
		case 16:
			solveColumns16AVX512(&x[0], &columns[0], &inv[0], n)
		case 24:
			solveColumns24AVX512(&x[0], &columns[0], &inv[0], n)
		default:
			solveColumns32AVX512(&x[0], &columns[0], &inv[0], n)
		}
		return
	}
	if !useAVX2 || stride != Padded(n) {
		solveColumnsGo(x, columns, inv, n, stride)
		return
	}
	switch stride {
	case 12:
		solveColumns12AVX2(&x[0], &columns[0], &inv[0], n)
	case 16:
		solveColumns16AVX2(&x[0], &columns[0], &inv[0], n)
	case 20:
		solveColumns20AVX2(&x[0], &columns[0], &inv[0], n)
	case 24:
		solveColumns24AVX2(&x[0], &columns[0], &inv[0], n)
	case 28:
		solveColumns28AVX2(&x[0], &columns[0], &inv[0], n)
	default:
		solveColumns32AVX2(&x[0], &columns[0], &inv[0], n)
	}
}

func factorColumns(columns, inv []float64, order []int64, exchanged []int32, n, stride int) bool {
	if useAVX512 && stride == onLine(n) {
		switch stride {
		case 16:
			return factorColumns16AVX512(&columns[0], &inv[0], &order[0], &exchanged[0], n)
		case 24:
			return factorColumns24AVX512(&columns[0], &inv[0], &order[0], &exchanged[0], n)
		default:
			return factorColumns32AVX512(&columns[0], &inv[0], &order[0], &exchanged[0], n)
		}
	}
	if !useAVX2 || stride != Padded(n) {
		return factorColumnsGo(columns, inv, order, exchanged, n, stride)
	}
	switch stride {
	case 12:
		return factorColumns12AVX2(&columns[0], &inv[0], &order[0], &exchanged[0], n)
	case 16:
		return factorColumns16AVX2(&columns[0], &inv[0], &order[0], &exchanged[0], n)
	case 20:
		return factorColumns20AVX2(&columns[0], &inv[0], &order[0], &exchanged[0], n)
	case 24:
		return factorColumns24AVX2(&columns[0], &inv[0], &order[0], &exchanged[0], n)
	case 28:
		return factorColumns28AVX2(&columns[0], &inv[0], &order[0], &exchanged[0], n)
	default:
		return factorColumns32AVX2(&columns[0], &inv[0], &order[0], &exchanged[0], n)
	}
}

func invertColumns(inv, columns []float64, order []int64, n, stride int) int {
	switch {
	case !useAVX512 || stride > LargestInverse || stride != onLine(n):
		return invertColumnsGo(inv, columns, order, n, stride)
	case stride == 16:
		return invertColumns16AVX512(&inv[0], &columns[0], &order[0], n)
	}
	return invertColumns24AVX512(&inv[0], &columns[0], &order[0], n)
}

func timesColumns(x, columns []float64, n, stride int) {
	switch {
	case !useAVX512 || !hasBitManipulation || stride > LargestInverse || stride != onLine(n):
		timesColumnsGo(x, columns, n, stride)
	case stride == 16:
		timesColumns16AVX512(&x[0], &columns[0], n)
	default:
		timesColumns24AVX512(&x[0], &columns[0], n)
	}
}

// solveColumns12AVX2 … are solveColumnsGo for n up to the number in their names and more than the one before.

//go:noescape
func solveColumns12AVX2(x, columns, inv *float64, n int)

//go:noescape
func solveColumns16AVX2(x, columns, inv *float64, n int)

//go:noescape
func solveColumns20AVX2(x, columns, inv *float64, n int)

//go:noescape
func solveColumns24AVX2(x, columns, inv *float64, n int)

//go:noescape
func solveColumns28AVX2(x, columns, inv *float64, n int)

//go:noescape
func solveColumns32AVX2(x, columns, inv *float64, n int)

//go:noescape
func solveColumns16AVX512(x, columns, inv *float64, n int)

//go:noescape
func solveColumns24AVX512(x, columns, inv *float64, n int)

//go:noescape
func solveColumns32AVX512(x, columns, inv *float64, n int)

// factorColumns12AVX2 … are factorColumnsGo for the same sizes.

//go:noescape
func factorColumns12AVX2(columns, inv *float64, order *int64, exchanged *int32, n int) bool

//go:noescape
func factorColumns16AVX2(columns, inv *float64, order *int64, exchanged *int32, n int) bool

//go:noescape
func factorColumns20AVX2(columns, inv *float64, order *int64, exchanged *int32, n int) bool

//go:noescape
func factorColumns24AVX2(columns, inv *float64, order *int64, exchanged *int32, n int) bool

//go:noescape
func factorColumns28AVX2(columns, inv *float64, order *int64, exchanged *int32, n int) bool

//go:noescape
func factorColumns32AVX2(columns, inv *float64, order *int64, exchanged *int32, n int) bool

//go:noescape
func factorColumns16AVX512(columns, inv *float64, order *int64, exchanged *int32, n int) bool

//go:noescape
func factorColumns24AVX512(columns, inv *float64, order *int64, exchanged *int32, n int) bool

//go:noescape
func factorColumns32AVX512(columns, inv *float64, order *int64, exchanged *int32, n int) bool

// invertColumns16AVX512 and invertColumns24AVX512 are invertColumnsGo, timesColumns16AVX512 and timesColumns24AVX512 timesColumnsGo.

//go:noescape
func invertColumns16AVX512(inv, columns *float64, order *int64, n int) int

//go:noescape
func invertColumns24AVX512(inv, columns *float64, order *int64, n int) int

//go:noescape
func timesColumns16AVX512(x, columns *float64, n int)

//go:noescape
func timesColumns24AVX512(x, columns *float64, n int)
