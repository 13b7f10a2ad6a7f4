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

// LargestInverse is the size of the largest matrix that InvertColumns takes; its columns are three registers of AVX-512.
const LargestInverse = 24

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

// InvertColumns writes the inverse of an n×n matrix, n ≤ LargestInverse, column by column to inv, given its columns, which are used up, both
// stride = ColumnStride(n) apart, by the exchange algorithm of Gauss and Jordan with the largest element of every column as its pivot. It returns
// a column from which no pivot that is finite and not zero was found, or −1. order has stride elements, for its use.
func InvertColumns(inv, columns []float64, order []int64, n, stride int) (singular int) {
	if n > LargestInverse || stride < n || len(inv) < n*stride || len(columns) < n*stride || len(order) < stride {
		panic("kernel: columns with a slice too short")
	}
	return invertColumns(inv, columns, order, n, stride)
}

// TimesColumns overwrites x with the product of the matrix with these columns and x.
func TimesColumns(x, columns []float64, n, stride int) {
	if stride < n || len(x) < n || len(columns) < n*stride {
		panic("kernel: columns with a slice too short")
	}
	timesColumns(x, columns, n, stride)
}

func invertColumnsGo(inv, m []float64, order []int64, n, stride int) int {
	var taken [LargestInverse]bool
	for k := range n {
		column := m[k*stride : k*stride+n]
		p, most := -1, 0.0
		for i, v := range column {
			if v = math.Abs(v); !taken[i] && v > most {
				p, most = i, v
			}
		}
		if p < 0 || most > math.MaxFloat64 {
			return k
		}
		taken[p], order[k] = true, int64(p)
		d := 1 / column[p]
		Scale(column, d)
		column[p] = 0
		for j := range n {
			if j == k {
				continue
			}
			c := m[j*stride : j*stride+n]
			u := c[p]
			addScaledGo(c, -u, column)
			c[p] = u * d
		}
		Scale(column, -1)
		column[p] = d
	}
	for k, p := range order[:n] {
		column := inv[int(p)*stride : int(p+1)*stride]
		clear(column)
		for i, q := range order[:n] {
			column[i] = m[k*stride+int(q)]
		}
	}
	return -1
}

func timesColumnsGo(x, columns []float64, n, stride int) {
	var y [columnsTo]float64
	for j, v := range x[:n] {
		addScaledGo(y[:n], v, columns[j*stride:j*stride+n])
	}
	copy(x, y[:n])
}
