package kernel

import "math"

// FactorDenseLanes factorises shift·M − gamma·A of four complex shifts side by side into w, n² entries row by row, with exchanges of rows that
// all four share: the diagonal is the pivot unless an entry below is more than SteepestMultiplier times as large in some lane, and otherwise the row with
// the largest sum over the lanes. values are A row by row, mass is the diagonal of M. inv gets the inverse pivots; row i is that of equation order[i]. It returns what
// EliminateLanes returns, Unstable where a multiplier is larger all the same.
func FactorDenseLanes(w, inv, values []float64, gamma float64, order []int64, shift *[LaneEntry]float64, mass []float64) int {
	n := len(order)
	if n < 1 || len(w) < LaneEntry*n*n || len(inv) < LaneEntry*n || len(values) < n*n || len(mass) < n {
		panic("kernel: dense lanes with a slice too short")
	}
	return factorDenseLanes(w, inv, values, gamma, order, shift, mass)
}

func factorDenseLanesGo(w, inv, values []float64, gamma float64, order []int64, shift *[LaneEntry]float64, mass []float64) int {
	const size = LaneEntry
	n := len(order)
	at := func(i, j int) *laneNumber { return lanesAt(w, int32(size*(i*n+j))) }
	for i := range n {
		order[i] = int64(i)
		for j := range n {
			z, v := at(i, j), -gamma*values[i*n+j]
			*z = laneNumber{v, v, v, v}
		}
		z := at(i, i)
		for l, s := range shift {
			z[l] += s * mass[i]
		}
	}
	unstable := false
	for k := range n {
		if pivot := k + laneExchange(n-k, func(i int) *laneNumber { return at(k+i, k) }); pivot != k {
			order[k], order[pivot] = order[pivot], order[k]
			for j := range n {
				a, b := at(k, j), at(pivot, j)
				*a, *b = *b, *a
			}
		}
		inverse := lanesAt(inv, int32(size*k))
		if !at(k, k).invert(inverse) {
			return k
		}
		for i := k + 1; i < n; i++ {
			z := at(i, k)
			l := z.times(inverse)
			*z = l
			unstable = unstable || l.steep()
			for j := k + 1; j < n; j++ {
				at(i, j).subtract(&l, at(k, j))
			}
		}
	}
	if unstable {
		return Unstable
	}
	return Eliminated
}

// laneExchange is which of the entries of a column, the diagonal first, becomes the pivot.
func laneExchange(rows int, entry func(i int) *laneNumber) int {
	diagonal, keep := entry(0), true
	best, most := 0, 0.0
	for i := range rows {
		z, sum := entry(i), 0.0
		for l := range 4 {
			m := z.modulus(l)
			keep = keep && m <= SteepestMultiplier*diagonal.modulus(l)
		}
		sum = (z.modulus(0) + z.modulus(2)) + (z.modulus(1) + z.modulus(3))
		if sum > most {
			best, most = i, sum
		}
	}
	if keep {
		return 0
	}
	return best
}

// steep says whether a multiplier is too large in some lane, or no number.
func (z *laneNumber) steep() bool {
	for l := range 4 {
		if !(z.modulus(l) <= SteepestMultiplier) {
			return true
		}
	}
	return false
}

// invert writes 1/z and says whether z can be inverted in every lane.
func (z *laneNumber) invert(to *laneNumber) bool {
	for l := range 4 {
		a, b := z[l], z[l+4]
		square := a*a + b*b
		if !(square >= leastSquare && square <= math.MaxFloat64) {
			return false
		}
		q := 1 / square
		to[l], to[l+4] = a*q, -(b * q)
	}
	return true
}

// SolveDenseLanes overwrites x, of n entries in the order of the rows, with the solutions, given what FactorDenseLanes wrote.
func SolveDenseLanes(x, w, inv []float64, n int) {
	if n < 1 || len(x) < LaneEntry*n || len(w) < LaneEntry*n*n || len(inv) < LaneEntry*n {
		panic("kernel: dense lanes with a slice too short")
	}
	solveDenseLanes(x, w, inv, n)
}

func solveDenseLanesGo(x, w, inv []float64, n int) {
	const size = LaneEntry
	at := func(v []float64, i int) *laneNumber { return lanesAt(v, int32(size*i)) }
	for i := range n {
		for j := range i {
			at(x, i).subtract(at(w, i*n+j), at(x, j))
		}
	}
	for i := n - 1; i >= 0; i-- {
		z := at(x, i)
		for j := i + 1; j < n; j++ {
			z.subtract(at(w, i*n+j), at(x, j))
		}
		*z = z.times(at(inv, i))
	}
}
