package ode

import (
	"fmt"
	"slices"
)

// A JacobianLayout says which entries of ∂f/∂y can be different from zero. The zero value is a dense matrix.
type JacobianLayout struct {
	// Banded says that only Lower diagonals below and Upper diagonals above the main one are stored.
	Banded       bool
	Lower, Upper int
	// pattern are the places of a sparse layout
	pattern *pattern
}

// BandedJacobian is the layout of a matrix with lower diagonals below and upper diagonals above the main one.
func BandedJacobian(lower, upper int) JacobianLayout {
	return JacobianLayout{Banded: true, Lower: lower, Upper: upper}
}

// pattern are the places (rows[e], cols[e]) of entries that can be different from zero.
type pattern struct{ rows, cols []int }

// SparseJacobian is the layout of a matrix that is zero but for the entries (rows[e], cols[e]), counted from 0: the right-hand side of a state names few
// others, as in a reaction network. The entries are stored in a dense matrix; what gains is elimination, which visits only
// those that can become different from zero (package linalg), by the cube of the number of states for large networks. Its pivots lie on the
// diagonal; where they are too small W is factorised with partial pivoting instead, as for a dense layout.
func SparseJacobian(rows, cols []int) JacobianLayout {
	return JacobianLayout{pattern: &pattern{slices.Clone(rows), slices.Clone(cols)}}
}

// Sparse says whether the layout is one of SparseJacobian.
func (l JacobianLayout) Sparse() bool { return l.pattern != nil }

func (l JacobianLayout) check(dim int) error {
	if p := l.pattern; p != nil {
		if len(p.rows) != len(p.cols) || l.Banded {
			return &InputError{What: "Jacobian layout", Msg: fmt.Sprintf("has %d rows and %d columns of entries, banded: %t", len(p.rows), len(p.cols), l.Banded)}
		}
		for e, i := range p.rows {
			if j := p.cols[e]; i < 0 || i >= dim || j < 0 || j >= dim {
				return &InputError{What: "Jacobian layout", Msg: fmt.Sprintf("names the entry (%d, %d) (number %d), which is not one of %d states", i, j, e, dim)}
			}
		}
	}
	if l.Banded && (l.Lower < 0 || l.Upper < 0 || l.Lower >= dim || l.Upper >= dim) {
		return &InputError{What: "Jacobian layout", Msg: fmt.Sprintf("bandwidths %d and %d do not fit %d states", l.Lower, l.Upper, dim)}
	}
	return nil
}

// A Jacobian holds ∂f/∂y: entry (i, j) is ∂fᵢ/∂yⱼ. Dense storage, that of sparse layouts too, is row-major; banded storage keeps for each row the
// entries from column i−Lower to column i+Upper, also row by row.
type Jacobian struct {
	// N is the number of rows and columns.
	N int
	// Layout is how Data is arranged.
	Layout JacobianLayout
	// Stride is the distance in Data between the starts of two rows.
	Stride int
	// Data holds the entries; for a dense or sparse layout entry (i, j) is Data[i*Stride+j]. Those outside a sparse layout must stay zero.
	Data []float64
	// inside says of a sparse layout which entries belong to it
	inside []bool
	// stray is 1 + the place of an entry that was written outside a sparse layout, or 0
	stray int
}

// NewJacobian returns a zero matrix of size n.
func NewJacobian(n int, layout JacobianLayout) *Jacobian {
	stride := n
	if layout.Banded {
		stride = layout.Lower + layout.Upper + 1
	}
	j := &Jacobian{N: n, Layout: layout, Stride: stride, Data: make([]float64, n*stride)}
	if p := layout.pattern; p != nil {
		j.inside = make([]bool, n*n)
		for e, i := range p.rows {
			j.inside[i*n+p.cols[e]] = true
		}
	}
	return j
}

// Zero sets every entry to zero.
func (j *Jacobian) Zero() {
	clear(j.Data)
	j.stray = 0
}

// index returns the place of entry (row, col) in Data; it is negative outside the layout, −1 − place outside a sparse one.
func (j *Jacobian) index(row, col int) int {
	if !j.Layout.Banded {
		k := row*j.Stride + col
		if j.inside != nil && !j.inside[k] {
			return -1 - k
		}
		return k
	}
	d := col - row + j.Layout.Lower
	if d < 0 || d >= j.Stride {
		return -1
	}
	return row*j.Stride + d
}

// Set writes entry (row, col). One outside a band is ignored; one outside a sparse layout that is not zero ends the solve with an error.
func (j *Jacobian) Set(row, col int, v float64) {
	if k := j.index(row, col); k >= 0 {
		j.Data[k] = v
	} else {
		j.outside(k, v)
	}
}

// Add adds v to entry (row, col), under the rules of Set.
func (j *Jacobian) Add(row, col int, v float64) {
	if k := j.index(row, col); k >= 0 {
		j.Data[k] += v
	} else {
		j.outside(k, v)
	}
}

// outside notes a value that a sparse layout has no place for.
func (j *Jacobian) outside(k int, v float64) {
	if v != 0 && !j.Layout.Banded {
		j.stray = -k
	}
}

// lost is the error of a Jacobian of which an entry has no place in its layout.
func (j *Jacobian) lost() error {
	row, col := (j.stray-1)/j.Stride, (j.stray-1)%j.Stride
	return &InputError{What: "Jacobian layout", Msg: fmt.Sprintf("has no place for entry (%d, %d), which is not zero; add it to the entries given to ode.SparseJacobian", row, col)}
}

// At returns entry (row, col); it is zero outside the layout.
func (j *Jacobian) At(row, col int) float64 {
	if k := j.index(row, col); k >= 0 {
		return j.Data[k]
	}
	return 0
}

// CopyFrom copies src, which must have the same layout.
func (j *Jacobian) CopyFrom(src *Jacobian) { copy(j.Data, src.Data) }

// columns returns the half-open range of columns stored in a row.
func (j *Jacobian) columns(row int) (from, to int) {
	if !j.Layout.Banded {
		return 0, j.N
	}
	return max(0, row-j.Layout.Lower), min(j.N, row+j.Layout.Upper+1)
}

// row returns the entries stored of a row, those of the columns that columns returns.
func (j *Jacobian) row(i int) []float64 {
	from, to := j.columns(i)
	base := i*j.Stride + from
	if j.Layout.Banded {
		base += j.Layout.Lower - i
	}
	return j.Data[base : base+to-from]
}

// MulVec writes J·v into dst.
func (j *Jacobian) MulVec(dst, v []float64) {
	for i := range j.N {
		from, to := j.columns(i)
		row := j.row(i)
		s := 0.0
		for k, x := range v[from:to] {
			s += row[k] * x
		}
		dst[i] = s
	}
}

// AddMulVecTransposed adds Jᵀ·v to dst.
func (j *Jacobian) AddMulVecTransposed(dst, v []float64) {
	for i := range j.N {
		x := v[i]
		if x == 0 {
			continue
		}
		from, _ := j.columns(i)
		row := j.row(i)
		for k := range row {
			dst[from+k] += row[k] * x
		}
	}
}
