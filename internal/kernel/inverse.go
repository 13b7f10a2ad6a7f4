package kernel

import "math"

// InverseSize is the size of the largest matrix that Invert takes; its columns are single registers of AVX-512.
const InverseSize = 8

// smallestInverse is the size from which an inverse beats the solution with factors.
const smallestInverse = 6

// InversePays says whether n×n systems are solved fastest with an explicit inverse: for factors, unknowns would wait for one another, and
// the solution takes far longer than its multiplications.
func InversePays(n int) bool { return n >= smallestInverse && n <= LargestInverse && inverseKernel() }

// Invert writes the inverse of shift·I + scale·A, A being the row-major n×n matrix a, n ≤ InverseSize, column by column into inv, InverseSize apart and
// filled up with zeros, by the exchange algorithm of Gauss and Jordan. The pivot of every column is its largest element, or one as large but for the last
// three bits. It returns the column that has no finite pivot other than zero, or −1.
func Invert(inv, a []float64, n int, shift, scale float64) (singular int) {
	if n < 1 || n > InverseSize || len(a) < n*n || len(inv) < InverseSize*InverseSize {
		panic("kernel: Invert with a slice too short or a matrix too large")
	}
	clear(inv[InverseSize*n : InverseSize*InverseSize])
	return invert(inv, a, n, shift, scale)
}

// TimesInverse overwrites x with A⁻¹x, given what Invert wrote.
func TimesInverse(x, inv []float64, n int) {
	if n < 1 || n > InverseSize || len(x) < n || len(inv) < InverseSize*InverseSize {
		panic("kernel: TimesInverse with a slice too short or a matrix too large")
	}
	timesInverse(x, inv, n)
}

func invertGo(inv, a []float64, n int, shift, scale float64) int {
	const size = InverseSize
	var m [size][size]float64 // by columns
	for i := range n {
		for j := range n {
			m[j][i] = scale * a[i*n+j]
		}
		m[i][i] += shift
	}
	var taken [size]bool
	var pivot [size]int
	for k := range n {
		p, most := -1, 0.0
		for i := range n {
			if v := math.Abs(m[k][i]); !taken[i] && v > most {
				p, most = i, v
			}
		}
		if p < 0 || most > math.MaxFloat64 {
			return k
		}
		taken[p], pivot[k] = true, p
		d := 1 / m[k][p]
		for j := range n {
			if j == k {
				continue
			}
			t := m[j][p] * d
			for i := range n {
				m[j][i] -= m[k][i] * t
			}
			m[j][p] = t
		}
		for i := range n {
			m[k][i] *= -d
		}
		m[k][p] = d
	}
	for k := range n {
		column := inv[size*pivot[k]:][:size]
		clear(column)
		for i := range n {
			column[i] = m[k][pivot[i]]
		}
	}
	return -1
}

func timesInverseGo(x, inv []float64, n int) {
	var y [InverseSize]float64
	for j, v := range x[:n] {
		for i := range n {
			y[i] += inv[InverseSize*j+i] * v
		}
	}
	copy(x, y[:n])
}
