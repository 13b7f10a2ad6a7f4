package linalg

import (
	"math"
	"slices"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// UnstableError says that elimination in the order chosen beforehand would lose accuracy on a matrix; partial pivoting may still succeed.
type UnstableError struct{}

func (UnstableError) Error() string {
	return "the pivots chosen beforehand are too small beside the entries below them"
}

var errUnstable error = UnstableError{}

// A sparsity is what elimination of a matrix needs to know of the places of its entries. The order of elimination is chosen once, from the places of the
// entries: pivots lie on the diagonal, and the next one is that which can fill the fewest places (Markowitz, Management Sci. 3, 255,
// 1957; in the symmetric form of Tinney and Walker, Proc. IEEE 55, 1801, 1967). A factorisation then is a fixed sequence of
// operations on entries that can be different from zero. What it cannot do is exchange rows: whether the pivots are large enough is checked.
type sparsity struct {
	n, operations int
	order         []int32 // the k-th pivot is the diagonal entry of row order[k]
	// in the order of elimination: entries of row k below the diagonal and above it
	lower, upper sparseRows
	given        []sparseEntry
}

// A sparseEntry is one that may be different from zero: its row and column in the order of elimination, and its place among the values.
type sparseEntry struct{ row, col, at int32 }

// entries returns how many entries lie below the diagonal, and how many off it.
func (f *sparsity) entries() (below, off int) {
	return len(f.lower.cols), len(f.lower.cols) + len(f.upper.cols)
}

// place returns where entry c of row k is stored.
func (f *sparsity) place(k, c int) int32 {
	below, off := f.entries()
	switch {
	case c < k:
		return f.lower.find(k, c)
	case c > k:
		return int32(below) + f.upper.find(k, c)
	}
	return int32(off + k)
}

// sparseRows are the columns of the entries of all rows: those of row k are cols[start[k]:start[k+1]], ascending.
type sparseRows struct{ start, cols []int32 }

func (s *sparseRows) add(cols []int32) {
	if s.start == nil {
		s.start = []int32{0}
	}
	s.cols = append(s.cols, cols...)
	s.start = append(s.start, int32(len(s.cols)))
}

// find returns which of all entries is that of row k in column c.
func (s *sparseRows) find(k, c int) int32 {
	at, _ := slices.BinarySearch(s.of(k), int32(c))
	return s.start[k] + int32(at)
}

// of returns the entries of row k.
func (s *sparseRows) of(k int) []int32 { return s.cols[s.start[k]:s.start[k+1]] }

// newSparsity chooses the order for matrices of size n whose entries outside the diagonal are zero except at (rows[e], cols[e]), no place
// being named twice; entry e is found at place at[e] of the values.
func newSparsity(n int, rows, cols, at []int) sparsity {
	f := sparsity{n: n}
	filled := make([]bool, n*n) // entries of A and of its factors
	for i := range n {
		filled[i*n+i] = true
	}
	place := make([]int32, n*n)
	for e, i := range rows {
		filled[i*n+cols[e]] = true
		place[i*n+cols[e]] = int32(at[e]) + 1
	}
	f.order = markowitz(n, filled)
	var below, above []int32
	for k, i := range f.order {
		below, above = below[:0], above[:0]
		row := filled[int(i)*n : int(i+1)*n]
		for c, j := range f.order {
			switch {
			case !row[j]:
				continue
			case c < k:
				below = append(below, int32(c))
			case c > k:
				above = append(above, int32(c))
			}
			if p := place[int(i)*n+int(j)]; p != 0 {
				f.given = append(f.given, sparseEntry{int32(k), int32(c), p - 1})
			}
		}
		f.lower.add(below)
		f.upper.add(above)
	}
	f.operations = len(f.lower.cols)
	for _, c := range f.lower.cols {
		f.operations += len(f.upper.of(int(c)))
	}
	return f
}

// elimination lists the operations on matrices whose entries are size numbers, with M = diagonal, nil for the identity.
func (f *sparsity) elimination(size int32, diagonal []float64) kernel.Elimination {
	below, _ := f.entries()
	e := kernel.Elimination{N: f.n, Below: below, Above: len(f.upper.cols)}
	for _, i := range f.order {
		m := 1.0
		if diagonal != nil {
			m = diagonal[i]
		}
		e.Mass = append(e.Mass, m)
	}
	for _, g := range f.given {
		e.Values = max(e.Values, int(g.at)+1)
		e.Given = append(e.Given, g.at, size*f.place(int(g.row), int(g.col)), size*g.col)
	}
	for k := range f.n {
		e.Rows = append(e.Rows, int32(len(f.lower.of(k))))
		for _, c := range f.lower.of(k) {
			row := f.upper.of(int(c))
			e.Rows = append(e.Rows, size*c, size*f.upper.start[c], int32(len(row)))
			for _, j := range row {
				e.Rows = append(e.Rows, size*f.place(k, int(j)))
			}
		}
	}
	for _, c := range f.upper.cols {
		e.Growth = append(e.Growth, size*c)
	}
	return e
}

// substitution lists the operations on right-hand sides whose entries are size numbers.
func (f *sparsity) substitution(size int32) kernel.Substitution {
	s := kernel.Substitution{N: f.n, Below: len(f.lower.cols), Above: len(f.upper.cols)}
	row := func(list, cols []int32) []int32 {
		list = append(list, int32(len(cols)))
		for _, c := range cols {
			list = append(list, size*c)
		}
		return list
	}
	for k := range f.n {
		s.Lower = row(s.Lower, f.lower.of(k))
		s.Upper = row(s.Upper, f.upper.of(f.n-1-k))
	}
	return s
}

// outcome makes an error of what elimination returned.
func (f *sparsity) outcome(status int, pivot func(k int) float64, bad *SingularError) error {
	switch status {
	case kernel.Eliminated:
		return nil
	case kernel.Unstable:
		return errUnstable
	}
	*bad = SingularError{Column: int(f.order[status]), Pivot: pivot(status)}
	return bad
}

// markowitz returns the order of elimination and adds the places that it fills.
func markowitz(n int, filled []bool) []int32 {
	inRow, inCol := make([]int, n), make([]int, n)
	for i := range n {
		for j := range n {
			if filled[i*n+j] {
				inRow[i]++
				inCol[j]++
			}
		}
	}
	gone := make([]bool, n)
	var order []int32
	var row []int
	for range n {
		k, least := -1, math.MaxInt
		for i := range n {
			if cost := (inRow[i] - 1) * (inCol[i] - 1); !gone[i] && cost < least {
				k, least = i, cost
			}
		}
		gone[k] = true
		order = append(order, int32(k))
		row = row[:0]
		for j := range n {
			if filled[k*n+j] && !gone[j] {
				row = append(row, j)
				inCol[j]--
			}
		}
		for i := range n {
			if gone[i] || !filled[i*n+k] {
				continue
			}
			inRow[i]--
			for _, j := range row {
				if !filled[i*n+j] {
					filled[i*n+j] = true
					inRow[i]++
					inCol[j]++
				}
			}
		}
	}
	return order
}

// N is the size of the matrix.
func (f *sparsity) N() int { return f.n }

// Operations is the number of multiplications of a factorisation, and Entries that of the entries of L and U, each of which is one multiplication of
// a solve.
func (f *sparsity) Operations() int { return f.operations }
func (f *sparsity) Entries() int    { return len(f.lower.cols) + len(f.upper.cols) + f.n }
