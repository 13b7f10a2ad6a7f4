package kernel

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
