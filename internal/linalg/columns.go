package linalg

import "github.com/stiffnode/stiffnode/internal/kernel"

// registersFrom is the size from which elimination by columns beats that by rows.
const registersFrom = 12

// byColumns holds factors by columns, stride apart, where matrices are factorised and right-hand sides solved fastest so: columns that are
// registers wait for one another less than rows do, whose products must be added up.
type byColumns struct {
	stride  int // 0: the rows are used
	columns []float64
	order   []int64   // of the rows after all exchanges
	x       []float64 // a right-hand side, padded
	// Of rows and columns, those that are not yet made of the others.
	staleRows, staleColumns bool
}

func newByColumns(n int) byColumns {
	stride := kernel.ColumnStride(n)
	if stride == 0 {
		return byColumns{}
	}
	return byColumns{stride: stride, columns: make([]float64, n*stride), order: make([]int64, stride), x: make([]float64, stride)}
}

// factorRegisters factorises by columns. It leaves the rows alone where that does not pay, or fails.
func (f *LU) factorRegisters() bool {
	if f.stride == 0 || f.n < registersFrom {
		return false
	}
	kernel.Transpose(f.columns, f.stride, f.a, f.n, f.n, f.n)
	if !kernel.FactorColumns(f.columns, f.inv[:f.stride], f.order, f.piv, f.n, f.stride) {
		clear(f.columns)
		return false
	}
	f.staleRows, f.staleColumns = true, false
	return true
}

// rows are the factors by rows.
func (f *LU) rows() []float64 {
	if f.staleRows {
		kernel.Transpose(f.a, f.n, f.columns, f.stride, f.n, f.n)
		f.staleRows = false
	}
	return f.a
}

// solveColumns overwrites b with the solution of A x = b.
func (f *LU) solveColumns(b []float64) {
	if f.staleColumns {
		kernel.Transpose(f.columns, f.stride, f.a, f.n, f.n, f.n)
		for i := range f.order {
			f.order[i] = int64(i)
		}
		for i, p := range f.piv {
			f.order[i], f.order[p] = f.order[p], f.order[i]
		}
		f.staleColumns = false
	}
	x := f.x
	for i, p := range f.order[:f.n] {
		x[i] = b[p]
	}
	kernel.SolveColumns(x, f.columns, f.inv[:f.stride], f.n, f.stride)
	copy(b, x)
}
