//go:build amd64 && !purego

package kernel

//go:generate go run -C gen . -avx512 -family inverse -out ../inverse_avx512_amd64.s -pkg kernel

func inverseKernel() bool { return useAVX512 && hasBitManipulation }

func invert(inv, a []float64, n int, shift, scale float64) int {
	if !inverseKernel() {
		return invertGo(inv, a, n, shift, scale)
	}
	return invert8AVX512(&inv[0], &a[0], n, shift, scale)
}

func timesInverse(x, inv []float64, n int) {
	if inverseKernel() {
		timesInverse8AVX512(&x[0], &inv[0], n)
	} else {
		timesInverseGo(x, inv, n)
	}
}

// invert8AVX512 is invertGo.
//
//go:noescape
func invert8AVX512(inv, a *float64, n int, shift, scale float64) int

// timesInverse8AVX512 is timesInverseGo.
//
//go:noescape
func timesInverse8AVX512(x, inv *float64, n int)
