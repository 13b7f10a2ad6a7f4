//go:build !amd64 || purego

package kernel

func tapePoint(r []float64, records, args []int32) { tapePointGo(r, records, args) }

func tapeLanes(r []float64, records, args []int32) { tapeLanesGo(r, records, args) }
