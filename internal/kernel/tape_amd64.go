//go:build amd64 && !purego

package kernel

//go:generate go run -C gen . -family tape -out ../tape_amd64.s -pkg kernel
//go:generate go run -C gen . -avx512 -family tape -out ../tape_avx512_amd64.s -pkg kernel

func tapePoint(r []float64, records, args []int32) {
	if !useAVX2 || len(args) == 0 {
		tapePointGo(r, records, args)
		return
	}
	tapePointAVX2(&r[0], &records[0], &args[0])
}

func tapeLanes(r []float64, records, args []int32) {
	switch {
	case !useAVX2 || len(args) == 0:
		tapeLanesGo(r, records, args)
	case useAVX512:
		tapeLanesAVX512(&r[0], &records[0], &args[0])
	default:
		tapeLanesAVX2(&r[0], &records[0], &args[0])
	}
}

//go:noescape
func tapePointAVX2(r *float64, records, args *int32)

//go:noescape
func tapeLanesAVX2(r *float64, records, args *int32)

//go:noescape
func tapeLanesAVX512(r *float64, records, args *int32)
