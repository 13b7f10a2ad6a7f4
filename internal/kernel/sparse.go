package kernel

import "math"

// Elimination of sparse matrices along lists that are made once. A matrix is stored as the entries of L row by row, those of U row by row, and its diagonal; an
// entry is one number, or eight for four complex matrices side by side: four real parts, then four imaginary ones. Lists name entries by their
// distance in numbers from the first.

// LaneEntry is the size of an entry of four complex matrices.
const LaneEntry = 8

// An Elimination lists the operations on matrices with certain places that are not zero.
type Elimination struct {
	// N is the size of the matrix, Below and Above are the numbers of its entries on either side of the diagonal.
	N, Below, Above int
	// Mass is the diagonal of M in the order of elimination.
	Mass []float64
	// Given has three numbers for every entry of A: where it is among the values, of which there are at least Values, the entry it goes to, and its column, in units
	// of entries.
	Given  []int32
	Values int
	// Rows has for every row the number of its entries below the diagonal and for each of them, in column c: c, the first entry of row c of U
	// (counted from the first of all), how many there are, and for each the entry of this row that it changes. Columns are in units of entries.
	Rows []int32
	// Growth has the column of every entry of U.
	Growth []int32
}

// The limits within which elimination without interchanges is taken for stable: the usual threshold of sparse pivoting, by which no
// pivot is smaller than a tenth of an entry below it, and the growth of the largest entry of a column (Duff, Erisman and Reid, Direct Methods for
// Sparse Matrices, 2nd ed. 2017, secs. 4.4 and 5.2).
const (
	SteepestMultiplier = 10
	LargestGrowth      = 1e3
)

// What Eliminate returns instead of the row whose pivot cannot be inverted.
const (
	Eliminated = -1
	Unstable   = -2
)

// leastSquare is the least squared modulus of a complex pivot that is inverted; a smaller one has lost digits.
const leastSquare = 0x1p-960

// EliminateReal factorises shift·M − gamma·A into w, whose entries off the diagonal are zero. inv gets the inverse pivots. largest is scratch space for n numbers.
func (e *Elimination) EliminateReal(w, inv, largest, values []float64, gamma, shift float64) int {
	e.check(1, w, inv, largest, values)
	return eliminateReal(e, w, inv, largest, values, gamma, shift)
}

// EliminateLanes is EliminateReal for four complex shifts, whose matrices are side by side.
func (e *Elimination) EliminateLanes(w, inv, largest, values []float64, gamma float64, shift *[LaneEntry]float64) int {
	e.check(LaneEntry, w, inv, largest, values)
	return eliminateLanes(e, w, inv, largest, values, gamma, shift)
}

func (e *Elimination) check(size int, w, inv, largest, values []float64) {
	if n := e.N; n < 1 || len(w) < size*(e.Below+e.Above+n) || len(inv) < size*n || len(largest) < size*n || len(values) < e.Values || len(e.Mass) < n {
		panic("kernel: elimination with a slice too short")
	}
}

func eliminateRealGo(e *Elimination, w, inv, largest, values []float64, gamma, shift float64) int {
	upper, d := w[e.Below:], w[e.Below+e.Above:]
	for k, m := range e.Mass[:e.N] {
		d[k] = m * shift
		largest[k] = math.Abs(d[k])
	}
	for given := e.Given; len(given) > 0; given = given[3:] {
		v := &w[given[1]]
		*v -= gamma * values[given[0]]
		// what is not a number is found by the check of growth
		if m := math.Abs(*v); !(m <= largest[given[2]]) {
			largest[given[2]] = m
		}
	}
	unstable, rows, entry := false, e.Rows, 0
	for k := range e.N {
		count := rows[0]
		rows = rows[1:]
		for range count {
			l := w[entry] * inv[rows[0]]
			w[entry] = l
			entry++
			unstable = unstable || !(math.Abs(l) <= SteepestMultiplier)
			u := upper[rows[1]:][:rows[2]]
			rows = rows[3:]
			for j, v := range u {
				w[rows[j]] -= l * v
			}
			rows = rows[len(u):]
		}
		if m := math.Abs(d[k]); !(m > 0 && m <= math.MaxFloat64) {
			return k
		}
		inv[k] = 1 / d[k]
	}
	for j, c := range e.Growth {
		unstable = unstable || !(math.Abs(upper[j]) <= LargestGrowth*largest[c])
	}
	if unstable {
		return Unstable
	}
	return Eliminated
}

// A laneNumber is an entry of four complex matrices.
type laneNumber [LaneEntry]float64

func lanesAt(x []float64, i int32) *laneNumber { return (*laneNumber)(x[i:]) }

func (z *laneNumber) modulus(k int) float64 { return math.Abs(z[k]) + math.Abs(z[k+4]) }

func (z *laneNumber) times(x *laneNumber) (product laneNumber) {
	for k := range 4 {
		product[k] = z[k]*x[k] - z[k+4]*x[k+4]
		product[k+4] = z[k]*x[k+4] + z[k+4]*x[k]
	}
	return product
}

func (z *laneNumber) subtract(x, y *laneNumber) {
	for k := range 4 {
		z[k] = z[k] - x[k]*y[k] + x[k+4]*y[k+4]
		z[k+4] = z[k+4] - x[k]*y[k+4] - x[k+4]*y[k]
	}
}

func eliminateLanesGo(e *Elimination, w, inv, largest, values []float64, gamma float64, shift *[LaneEntry]float64) int {
	const size = LaneEntry
	upper, d := w[size*e.Below:], w[size*(e.Below+e.Above):]
	for k, m := range e.Mass[:e.N] {
		z, most := lanesAt(d, int32(size*k)), lanesAt(largest, int32(size*k))
		for i, s := range shift {
			z[i] = m * s
		}
		for i := range 4 {
			most[i] = z.modulus(i)
		}
	}
	for given := e.Given; len(given) > 0; given = given[3:] {
		z, most := lanesAt(w, given[1]), lanesAt(largest, given[2])
		for i := range 4 {
			z[i] -= gamma * values[given[0]]
			if m := z.modulus(i); !(m <= most[i]) {
				most[i] = m
			}
		}
	}
	unstable, rows, entry := false, e.Rows, int32(0)
	for k := range e.N {
		count := rows[0]
		rows = rows[1:]
		for range count {
			z := lanesAt(w, entry)
			entry += size
			l := z.times(lanesAt(inv, rows[0]))
			*z = l
			unstable = unstable || l.steep()
			first, targets := rows[1], rows[3:3+rows[2]]
			for j, to := range targets {
				lanesAt(w, to).subtract(&l, lanesAt(upper, first+int32(size*j)))
			}
			rows = rows[3+len(targets):]
		}
		if !lanesAt(d, int32(size*k)).invert(lanesAt(inv, int32(size*k))) {
			return k
		}
	}
	for j, c := range e.Growth {
		u, most := lanesAt(upper, int32(size*j)), lanesAt(largest, c)
		for i := range 4 {
			unstable = unstable || !(u.modulus(i) <= LargestGrowth*most[i])
		}
	}
	if unstable {
		return Unstable
	}
	return Eliminated
}

// A Substitution lists the entries of L, row by row from the first, and of U, row by row from the last: for every row their number and their columns, in
// numbers.
type Substitution struct {
	N, Below, Above int
	Lower, Upper    []int32
}

// Lanes overwrites x, of four complex vectors side by side, with the solutions of L·U·x = x, factorised by EliminateLanes.
func (s *Substitution) Lanes(x, w, inv []float64) {
	if n := s.N; n < 1 || len(x) < LaneEntry*n || len(w) < LaneEntry*(s.Below+s.Above) || len(inv) < LaneEntry*n {
		panic("kernel: substitution with a slice too short")
	}
	substituteLanes(s, x, w, inv)
}

func substituteLanesGo(s *Substitution, x, w, inv []float64) {
	const size = LaneEntry
	n := int32(s.N)
	list, entry := s.Lower, int32(0)
	for k := range n {
		to, cols := lanesAt(x, size*k), list[1:1+list[0]]
		for _, c := range cols {
			to.subtract(lanesAt(w, entry), lanesAt(x, c))
			entry += size
		}
		list = list[1+len(cols):]
	}
	list, entry = s.Upper, int32(size*(s.Below+s.Above))
	for k := n - 1; k >= 0; k-- {
		to, cols := lanesAt(x, size*k), list[1:1+list[0]]
		entry -= int32(size * len(cols))
		for j, c := range cols {
			to.subtract(lanesAt(w, entry+int32(size*j)), lanesAt(x, c))
		}
		*to = to.times(lanesAt(inv, size*k))
		list = list[1+len(cols):]
	}
}

// RowStride is how far rows of n numbers lie apart for InvertLists and its products.
func RowStride(n int) int { return rowStride(n) }

// InvertLists writes the inverse of L·U by columns, stride = RowStride(n) apart, into x: w are the entries of L and U, inv the inverse pivots. lists has for each
// column, first in the order of the pivots and then in the opposite one, where it starts, the number of its terms, and for each term an entry of w
// and where the column starts of which that multiple is subtracted. identity is the unit matrix, laid out like x.
func InvertLists(x, identity, w, inv []float64, lists []int32, n, stride int) {
	if n < 1 || len(x) < n*stride || len(identity) < n*stride || len(inv) < n || len(lists) < 4*n {
		panic("kernel: InvertLists with a slice too short")
	}
	invertLists(x, identity, w, inv, lists, n, stride)
}

func invertListsGo(x, identity, w, inv []float64, lists []int32, n, stride int) {
	for pass, start := range [2][]float64{identity, x} {
		for k := range n {
			at := int(lists[0])
			to, terms := x[at:at+n], lists[2:2+2*lists[1]]
			copy(to, start[at:at+n])
			for ; len(terms) > 0; terms = terms[2:] {
				addScaledGo(to, -w[terms[0]], x[terms[1]:int(terms[1])+n])
			}
			if pass == 0 {
				Scale(to, inv[k])
			}
			lists = lists[2+2*lists[1]:]
		}
	}
}
