package linalg

import "math"

// A Number is what a matrix is made of.
type Number interface{ float64 | complex128 }

// A Band is the factorisation P·A = L·U of a square matrix with lower diagonals below and upper ones above the main one,
// with row interchanges, which let U grow to lower+upper diagonals (Golub and Van Loan, Matrix Computations, 4th ed.,
// sec. 4.3.6; LAPACK dgbtrf).
//
// Row i is stored from column i−lower on: entry (i, j) is Matrix()[i*Stride() + j−i+lower].
type Band[T Number] struct {
	n, lower, upper int
	stride          int
	a               []T // rows as above; L is kept apart
	l               []T // multipliers of column k: l[k*lower : (k+1)*lower]
	inv             []T
	piv             []int32
	bad             SingularError
}

// NewBand returns a workspace for matrices of size n.
func NewBand[T Number](n, lower, upper int) *Band[T] {
	stride := 2*lower + upper + 1
	return &Band[T]{n: n, lower: lower, upper: upper, stride: stride, a: make([]T, n*stride), l: make([]T, n*lower), inv: make([]T, n), piv: make([]int32, n)}
}

// N is the size of the matrix.
func (f *Band[T]) N() int { return f.n }

// Stride is the distance in Matrix between the starts of two rows.
func (f *Band[T]) Stride() int { return f.stride }

// Matrix returns the storage into which the matrix is written before a call of FactorInPlace; what is not written there
// must be zero, also the last lower entries of each row, which hold the fill-in.
func (f *Band[T]) Matrix() []T { return f.a }

func magnitude[T Number](v T) float64 {
	switch x := any(v).(type) {
	case float64:
		return math.Abs(x)
	case complex128:
		return modulus(x)
	}
	return 0
}

// FactorInPlace factorises what was written into Matrix. The error is a *SingularError.
func (f *Band[T]) FactorInPlace() error {
	n, m, w := f.n, f.lower, f.stride
	for k := range n {
		last := min(n-1, k+m) // last row with an entry in column k
		p, best := k, magnitude(f.a[k*w+m])
		for i := k + 1; i <= last; i++ {
			if v := magnitude(f.a[i*w+k-i+m]); v > best {
				p, best = i, v
			}
		}
		f.piv[k] = int32(p)
		// the comparison is written so that NaN fails it
		if !(best > 0 && best <= math.MaxFloat64) {
			f.bad = SingularError{Column: k, Pivot: best}
			return &f.bad
		}
		cols := min(n-k, m+f.upper+1) // columns k … k+cols−1 of the pivot row
		rowk := f.a[k*w+m : k*w+m+cols]
		if p != k {
			rowp := f.a[p*w+k-p+m : p*w+k-p+m+cols]
			for j, v := range rowk {
				rowk[j], rowp[j] = rowp[j], v
			}
		}
		d := 1 / rowk[0]
		f.inv[k] = d
		tail := rowk[1:]
		for i := k + 1; i <= last; i++ {
			row := f.a[i*w+k-i+m : i*w+k-i+m+cols]
			l := row[0] * d
			f.l[k*m+i-k-1] = l
			if l == 0 {
				continue
			}
			row = row[1:]
			for j, v := range tail {
				row[j] -= l * v
			}
		}
	}
	return nil
}

// Solve overwrites b with the solution of A x = b.
func (f *Band[T]) Solve(b []T) {
	n, m, w := f.n, f.lower, f.stride
	b = b[:n]
	for k := range n {
		if p := int(f.piv[k]); p != k {
			b[k], b[p] = b[p], b[k]
		}
		x := b[k]
		rest := b[k+1 : min(n, k+m+1)]
		for i, l := range f.l[k*m : k*m+len(rest)] {
			rest[i] -= l * x
		}
	}
	for i := n - 1; i >= 0; i-- {
		cols := min(n-i, m+f.upper+1)
		s := b[i]
		row := f.a[i*w+m+1 : i*w+m+cols]
		for j, x := range b[i+1 : i+cols] {
			s -= row[j] * x
		}
		b[i] = s * f.inv[i]
	}
}

// SolveTransposed overwrites b with the solution of Aᵀ x = b (no conjugation).
func (f *Band[T]) SolveTransposed(b []T) {
	n, m, w := f.n, f.lower, f.stride
	b = b[:n]
	for i := range n {
		cols := min(n-i, m+f.upper+1)
		z := b[i] * f.inv[i]
		b[i] = z
		row := f.a[i*w+m+1 : i*w+m+cols]
		rest := b[i+1 : i+cols]
		for j, v := range row {
			rest[j] -= v * z
		}
	}
	for k := n - 1; k >= 0; k-- {
		rest := b[k+1 : min(n, k+m+1)]
		s := b[k]
		for i, l := range f.l[k*m : k*m+len(rest)] {
			s -= l * rest[i]
		}
		b[k] = s
		if p := int(f.piv[k]); p != k {
			b[k], b[p] = b[p], b[k]
		}
	}
}

// SolveBlock overwrites the n×cols row-major block b with the solution of A X = B.
func (f *Band[T]) SolveBlock(b []T, cols int) {
	n, m, w := f.n, f.lower, f.stride
	for k := range n {
		rk := b[k*cols : (k+1)*cols]
		if p := int(f.piv[k]); p != k {
			rp := b[p*cols : (p+1)*cols]
			for j, v := range rk {
				rk[j], rp[j] = rp[j], v
			}
		}
		for i := k + 1; i < min(n, k+m+1); i++ {
			subMultiple(b[i*cols:(i+1)*cols], f.l[k*m+i-k-1], rk)
		}
	}
	for i := n - 1; i >= 0; i-- {
		ri := b[i*cols : (i+1)*cols]
		for j := i + 1; j < min(n, i+m+f.upper+1); j++ {
			subMultiple(ri, f.a[i*w+j-i+m], b[j*cols:(j+1)*cols])
		}
		d := f.inv[i]
		for j := range ri {
			ri[j] *= d
		}
	}
}

func subMultiple[T Number](dst []T, s T, x []T) {
	if s == 0 {
		return
	}
	x = x[:len(dst)]
	for i, v := range x {
		dst[i] -= s * v
	}
}
