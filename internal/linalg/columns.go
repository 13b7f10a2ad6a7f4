package linalg

import "github.com/stiffnode/stiffnode/internal/kernel"

// byColumns holds factors by columns, stride apart, where a right-hand side is solved fastest so: columns that are registers wait for one
// another less than rows do, whose products must be added up.
type byColumns struct {
	stride  int // 0: the rows are used
	columns []float64
	x       []float64 // a right-hand side, padded
	stale   bool      // the columns are those of factors before
}

func newByColumns(n int) byColumns {
	stride := kernel.ColumnStride(n)
	if stride == 0 {
		return byColumns{}
	}
	return byColumns{stride: stride, columns: make([]float64, n*stride), x: make([]float64, stride)}
}

// solveColumns solves L U x = b, b already permuted.
func (f *LU) solveColumns(b []float64) {
	if f.stale {
		kernel.Transpose(f.columns, f.stride, f.a, f.n, f.n, f.n)
		f.stale = false
	}
	copy(f.x, b)
	kernel.SolveColumns(f.x, f.columns, f.inv[:f.stride], f.n, f.stride)
	copy(b, f.x)
}
