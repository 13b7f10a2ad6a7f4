package ode

import "fmt"

// A JacobianLayout says which entries of ∂f/∂y can be different from zero. The zero value is a dense matrix.
type JacobianLayout struct {
	// Banded says that only Lower diagonals below and Upper diagonals above the main one are stored.
	Banded       bool
	Lower, Upper int
}

// BandedJacobian is the layout of a matrix with lower diagonals below and upper diagonals above the main one.
func BandedJacobian(lower, upper int) JacobianLayout {
	return JacobianLayout{Banded: true, Lower: lower, Upper: upper}
}

func (l JacobianLayout) check(dim int) error {
	if l.Banded && (l.Lower < 0 || l.Upper < 0 || l.Lower >= dim || l.Upper >= dim) {
		return &InputError{What: "Jacobian layout", Msg: fmt.Sprintf("bandwidths %d and %d do not fit %d states", l.Lower, l.Upper, dim)}
	}
	return nil
}

// A Jacobian holds ∂f/∂y: entry (i, j) is ∂fᵢ/∂yⱼ. Dense storage is row-major; banded storage keeps for each row the
// entries from column i−Lower to column i+Upper, also row by row.
type Jacobian struct {
	// N is the number of rows and columns.
	N int
	// Layout is how Data is arranged.
	Layout JacobianLayout
	// Stride is the distance in Data between the starts of two rows.
	Stride int
	// Data holds the entries; for a dense layout entry (i, j) is Data[i*Stride+j].
	Data []float64
}

// NewJacobian returns a zero matrix of size n.
func NewJacobian(n int, layout JacobianLayout) *Jacobian {
	stride := n
	if layout.Banded {
		stride = layout.Lower + layout.Upper + 1
	}
	return &Jacobian{N: n, Layout: layout, Stride: stride, Data: make([]float64, n*stride)}
}

// Zero sets every entry to zero.
func (j *Jacobian) Zero() { clear(j.Data) }

// index returns the place of entry (row, col) in Data, or -1 outside the band.
func (j *Jacobian) index(row, col int) int {
	if !j.Layout.Banded {
		return row*j.Stride + col
	}
	d := col - row + j.Layout.Lower
	if d < 0 || d >= j.Stride {
		return -1
	}
	return row*j.Stride + d
}

// Set writes entry (row, col); an entry outside the band is ignored.
func (j *Jacobian) Set(row, col int, v float64) {
	if k := j.index(row, col); k >= 0 {
		j.Data[k] = v
	}
}

// Add adds v to entry (row, col); an entry outside the band is ignored.
func (j *Jacobian) Add(row, col int, v float64) {
	if k := j.index(row, col); k >= 0 {
		j.Data[k] += v
	}
}

// At returns entry (row, col); it is zero outside the band.
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
	base := j.index(i, from)
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
