//go:build !amd64 || purego

package kernel

func (s *StageKernel) stage(i int, to, y, f, sums []float64) { s.stageGo(i, to, y, f, sums) }
