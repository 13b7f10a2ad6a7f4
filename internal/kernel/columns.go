package kernel

import "math"

// ColumnStride is how far the columns of a factorised n×n matrix lie apart for SolveColumns, or 0 where that does not pay: for the smallest
// and larger matrices, and without vector registers.
func ColumnStride(n int) int {
	if n < columnsFrom || n > columnsTo {
		return 0
	}
	return columnStride(n)
}

const (
	columnsFrom = 9
	columnsTo   = 32
)

// SolveColumns overwrites x with the solution of L·U·x = x for an n×n matrix: L, whose unit diagonal is not read, lies below and U above the
// diagonal of columns, the elements of which are consecutive and which lie stride = ColumnStride(n) apart; inv has the reciprocals of U's diagonal. x
// and inv have stride elements too; of x those beyond n, and of columns those beyond row n, are zero.
func SolveColumns(x, columns, inv []float64, n, stride int) {
	if stride < n || len(x) < stride || len(inv) < stride || len(columns) < n*stride {
		panic("kernel: columns with a slice too short")
	}
	solveColumns(x, columns, inv, n, stride)
}

func solveColumnsGo(x, columns, inv []float64, n, stride int) {
	x = x[:n]
	for k := range n {
		addScaledGo(x[k+1:], -x[k], columns[k*stride+k+1:k*stride+n])
	}
	for k := n - 1; k >= 0; k-- {
		x[k] *= inv[k]
		addScaledGo(x[:k], -x[k], columns[k*stride:k*stride+k])
	}
}

// FactorColumns overwrites the n×n matrix whose columns are as in SolveColumns with the factors of P·A = L·U, pivots being the largest of their column
// below, of several the first, and writes their reciprocals to inv: row i of P·A is row order[i] of A, and was exchanged with row exchanged[i] in
// step i. order has stride elements too. It is false, and nothing written means anything, if a pivot is zero or not finite.
func FactorColumns(columns, inv []float64, order []int64, exchanged []int32, n, stride int) bool {
	if stride < n || len(inv) < stride || len(columns) < n*stride || len(order) < stride || len(exchanged) < n {
		panic("kernel: columns with a slice too short")
	}
	return factorColumns(columns, inv, order, exchanged, n, stride)
}

func factorColumnsGo(columns, inv []float64, order []int64, exchanged []int32, n, stride int) bool {
	for i := range order {
		order[i] = int64(i)
	}
	for k := range n {
		column := columns[k*stride : k*stride+n]
		p, best := k, math.Abs(column[k])
		for i, v := range column[k:] {
			if v = math.Abs(v); v > best {
				p, best = k+i, v
			}
		}
		if !(best > 0) || best > math.MaxFloat64 {
			return false
		}
		exchanged[k] = int32(p)
		order[k], order[p] = order[p], order[k]
		for j := range n {
			c := columns[j*stride:]
			c[k], c[p] = c[p], c[k]
		}
		inv[k] = 1 / column[k]
		l := column[k+1:]
		Scale(l, inv[k])
		for j := k + 1; j < n; j++ {
			c := columns[j*stride : j*stride+n]
			addScaledGo(c[k+1:], -c[k], l)
		}
	}
	return true
}
