package linalg

import "math"

// ComplexLU is the factorisation P·A = L·U of a square complex matrix with row interchanges.
type ComplexLU struct {
	n   int
	a   []complex128 // L below the diagonal (unit diagonal not stored), U on and above, row-major
	inv []complex128 // 1/U[i][i]
	piv []int32      // row i was exchanged with row piv[i]
	bad SingularError
}

// NewComplexLU returns a workspace for matrices of size n.
func NewComplexLU(n int) *ComplexLU {
	return &ComplexLU{n: n, a: make([]complex128, n*n), inv: make([]complex128, n), piv: make([]int32, n)}
}

// N is the size of the matrix.
func (f *ComplexLU) N() int { return f.n }

// Matrix returns the storage into which the matrix is written (row-major) before a call of FactorInPlace.
func (f *ComplexLU) Matrix() []complex128 { return f.a }

// FactorInPlace factorises what was written into Matrix. The error is a *SingularError.
func (f *ComplexLU) FactorInPlace() error {
	n, a := f.n, f.a
	for k := range n {
		rowk := a[k*n : k*n+n]
		p, best := k, modulus(rowk[k])
		for i := k + 1; i < n; i++ {
			if v := modulus(a[i*n+k]); v > best {
				p, best = i, v
			}
		}
		f.piv[k] = int32(p)
		if p != k {
			rowp := a[p*n : p*n+n]
			for j, v := range rowk {
				rowk[j], rowp[j] = rowp[j], v
			}
		}
		// the comparison is written so that NaN fails it
		if !(best > 0 && best <= math.MaxFloat64) {
			f.bad = SingularError{Column: k, Pivot: best}
			return &f.bad
		}
		d := reciprocal(rowk[k])
		f.inv[k] = d
		tail := rowk[k+1:]
		for i := k + 1; i < n; i++ {
			rowi := a[i*n+k : i*n+n]
			l := rowi[0] * d
			rowi[0] = l
			if l == 0 {
				continue
			}
			subScaledComplex(rowi[1:], l, tail)
		}
	}
	return nil
}

// modulus is |re| + |im|, the measure by which LAPACK chooses complex pivots.
func modulus(z complex128) float64 { return math.Abs(real(z)) + math.Abs(imag(z)) }

// reciprocal is 1/z of a finite z ≠ 0 (Smith, Algorithm 116, Commun. ACM 5, 435, 1962), without the cases of a general division.
func reciprocal(z complex128) complex128 {
	a, b := real(z), imag(z)
	if math.Abs(a) >= math.Abs(b) {
		r := b / a
		d := 1 / (a + b*r)
		return complex(d, -r*d)
	}
	r := a / b
	d := 1 / (a*r + b)
	return complex(r*d, -d)
}

// subScaledComplex computes dst -= s·x.
func subScaledComplex(dst []complex128, s complex128, x []complex128) {
	x = x[:len(dst)]
	for i, v := range x {
		dst[i] -= s * v
	}
}

// Solve overwrites b with the solution of A x = b.
func (f *ComplexLU) Solve(b []complex128) {
	n, a := f.n, f.a
	b = b[:n]
	switch n {
	case 2:
		f.solve2(b)
		return
	case 3:
		f.solve3(b)
		return
	}
	for i, p := range f.piv {
		if int(p) != i {
			b[i], b[p] = b[p], b[i]
		}
	}
	for i := 1; i < n; i++ {
		s := b[i]
		for j, v := range a[i*n : i*n+i] {
			s -= v * b[j]
		}
		b[i] = s
	}
	for i := n - 1; i >= 0; i-- {
		row := a[i*n : i*n+n]
		s := b[i]
		for j := i + 1; j < n; j++ {
			s -= row[j] * b[j]
		}
		b[i] = s * f.inv[i]
	}
}

// SolveTransposed overwrites b with the solution of Aᵀ x = b (no conjugation).
func (f *ComplexLU) SolveTransposed(b []complex128) {
	n, a := f.n, f.a
	b = b[:n]
	for i := range n {
		z := b[i] * f.inv[i]
		b[i] = z
		subScaledComplex(b[i+1:], z, a[i*n+i+1:i*n+n])
	}
	for i := n - 1; i > 0; i-- {
		subScaledComplex(b[:i], b[i], a[i*n:i*n+i])
	}
	for i := n - 1; i >= 0; i-- {
		if p := int(f.piv[i]); p != i {
			b[i], b[p] = b[p], b[i]
		}
	}
}
