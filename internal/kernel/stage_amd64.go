//go:build amd64 && !purego

package kernel

//go:generate go run -C gen . -avx512 -family stage -out ../stage_avx512_amd64.s -pkg kernel

func (s *StageKernel) stage(i int, to, y, f, sums []float64) {
	if !inverseKernel() {
		s.stageGo(i, to, y, f, sums)
		return
	}
	switch (s.n + Lanes - 1) / Lanes {
	case 1:
		stage4AVX512(s, i, &to[0], &y[0], &f[0], &sums[0])
	case 2:
		stage8AVX512(s, i, &to[0], &y[0], &f[0], &sums[0])
	case 3:
		stage12AVX512(s, i, &to[0], &y[0], &f[0], &sums[0])
	case 4:
		stage16AVX512(s, i, &to[0], &y[0], &f[0], &sums[0])
	case 5:
		stage20AVX512(s, i, &to[0], &y[0], &f[0], &sums[0])
	default:
		stage24AVX512(s, i, &to[0], &y[0], &f[0], &sums[0])
	}
}

// stage4AVX512 … are StageKernel.stageGo for sizes up to the number in their names and more than the one before.

//go:noescape
func stage4AVX512(s *StageKernel, i int, to, y, f, sums *float64)

//go:noescape
func stage8AVX512(s *StageKernel, i int, to, y, f, sums *float64)

//go:noescape
func stage12AVX512(s *StageKernel, i int, to, y, f, sums *float64)

//go:noescape
func stage16AVX512(s *StageKernel, i int, to, y, f, sums *float64)

//go:noescape
func stage20AVX512(s *StageKernel, i int, to, y, f, sums *float64)

//go:noescape
func stage24AVX512(s *StageKernel, i int, to, y, f, sums *float64)
