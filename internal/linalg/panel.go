package linalg

import (
	"math"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

const (
	// panelWidth columns are eliminated in one pass over the rest of the matrix, so that it is read and written a quarter as often.
	panelWidth = 4
	// panelFrom is the size from which that pays without vector registers (measured: twice as fast from 50 on; below 12 the bookkeeping costs more
	// than it saves). With them whole rows, one column at a time, take half the time of panels.
	panelFrom = 12
)

// Matrices of blockFrom rows and more (measured: 64 gains a fifth, 128 nearly half) are eliminated by blockWidth columns, the rest of the matrix being updated by products of panels in
// vector registers, blockRows rows at a time.
const (
	blockWidth = 16
	blockRows  = 8
	blockFrom  = 64
)

// factorBlocks is FactorInPlace by blocks of columns. The sums of a block are formed before they are subtracted.
func (f *LU) factorBlocks() error {
	n, a := f.n, f.a
	for k0 := 0; k0 < n; k0 += blockWidth {
		k1 := min(k0+blockWidth, n)
		if err := f.factorPanel(k0, k1); err != nil {
			return err
		}
		if k1 == n {
			break
		}
		kernel.SolveLower(a[k0*n+k0:], n, 1, true, a[k0*n+k1:], n, k1-k0, n-k1)
		for i := k1; i < n; i += blockRows {
			rows := min(blockRows, n-i)
			kernel.MulPanel(f.work, n-k1, a[i*n+k0:], n, 1, a[k0*n+k1:], n, rows, k1-k0, n-k1, nil, nil, nil, 0)
			for r := range rows {
				kernel.AddScaled(a[(i+r)*n+k1:(i+r)*n+n], -1, f.work[r*(n-k1):])
			}
		}
	}
	return nil
}

// factorPanels is FactorInPlace by panels of columns (Golub and Van Loan, Matrix Computations, 4th ed., sec. 3.4.8). Every entry is
// updated in the same order as column by column, so the result is the same to the last bit.
func (f *LU) factorPanels() error {
	n, a := f.n, f.a
	for k0 := 0; k0 < n; k0 += panelWidth {
		k1 := min(k0+panelWidth, n)
		if err := f.factorPanel(k0, k1); err != nil {
			return err
		}
		// rows of U to the right of the panel
		for k := k0 + 1; k < k1; k++ {
			row := a[k*n+k1 : k*n+n]
			for p := k0; p < k; p++ {
				subScaled(row, a[k*n+p], a[p*n+k1:p*n+n])
			}
		}
		if k1-k0 < panelWidth {
			break // the last, narrow panel has no rows below it
		}
		u0 := a[k0*n+k1 : k0*n+n]
		u1 := a[(k0+1)*n+k1 : (k0+1)*n+n]
		u2 := a[(k0+2)*n+k1 : (k0+2)*n+n]
		u3 := a[(k0+3)*n+k1 : (k0+3)*n+n]
		for i := k1; i < n; i++ {
			l := a[i*n+k0 : i*n+k0+panelWidth]
			subFour(a[i*n+k1:i*n+n], l[0], l[1], l[2], l[3], u0, u1, u2, u3)
		}
	}
	return nil
}

// factorPanel factorises columns k0 ≤ k < k1 of rows k0…n−1, with exchanges of whole rows.
func (f *LU) factorPanel(k0, k1 int) error {
	n, a := f.n, f.a
	for k := k0; k < k1; k++ {
		p, best := k, math.Abs(a[k*n+k])
		for i := k + 1; i < n; i++ {
			if v := math.Abs(a[i*n+k]); v > best {
				p, best = i, v
			}
		}
		f.piv[k] = int32(p)
		if p != k {
			rowk, rowp := a[k*n:k*n+n], a[p*n:p*n+n]
			for j, v := range rowk {
				rowk[j], rowp[j] = rowp[j], v
			}
		}
		pivot := a[k*n+k]
		// the comparison is written so that NaN fails it
		if !(best > 0 && best <= math.MaxFloat64) || math.IsNaN(pivot) {
			f.bad = SingularError{Column: k, Pivot: pivot}
			return &f.bad
		}
		d := 1 / pivot
		f.inv[k] = d
		tail := a[k*n+k+1 : k*n+k1]
		for i := k + 1; i < n; i++ {
			row := a[i*n+k : i*n+k1]
			l := row[0] * d
			row[0] = l
			row = row[1:]
			for j, v := range tail {
				row[j] -= l * v
			}
		}
	}
	return nil
}

// subFour computes r -= l0·u0 + l1·u1 + l2·u2 + l3·u3, one product after the other.
func subFour(r []float64, l0, l1, l2, l3 float64, u0, u1, u2, u3 []float64) {
	u0, u1, u2, u3 = u0[:len(r)], u1[:len(r)], u2[:len(r)], u3[:len(r)]
	for j, v := range r {
		v -= l0 * u0[j]
		v -= l1 * u1[j]
		v -= l2 * u2[j]
		v -= l3 * u3[j]
		r[j] = v
	}
}
