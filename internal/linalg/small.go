package linalg

// Solves of the smallest matrices written out: loops cost more than they compute there. Columns are subtracted as soon as their unknown is known, a
// product with an inverse pivot being formed before, so that one unknown waits for the one before it only by a product and a difference.

func (f *LU) solve2(b []float64) {
	a, inv, x := (*[4]float64)(f.a), (*[2]float64)(f.inv), (*[2]float64)(b)
	x0, x1 := x[0], x[1]
	if f.piv[0] == 1 {
		x0, x1 = x1, x0
	}
	x1 -= a[2] * x0
	x0 -= a[1] * inv[1] * x1
	x[0], x[1] = x0*inv[0], x1*inv[1]
}

func (f *LU) solve3(b []float64) {
	a, inv, x := (*[9]float64)(f.a), (*[3]float64)(f.inv), (*[3]float64)(b)
	if p := f.piv[0]; p != 0 {
		x[0], x[p] = x[p], x[0]
	}
	x0, x1, x2 := x[0], x[1], x[2]
	if f.piv[1] == 2 {
		x1, x2 = x2, x1
	}
	x1 -= a[3] * x0
	x2 -= a[6] * x0
	x2 -= a[7] * x1
	x1 -= a[5] * inv[2] * x2
	x0 -= a[2] * inv[2] * x2
	x0 -= a[1] * inv[1] * x1
	x[0], x[1], x[2] = x0*inv[0], x1*inv[1], x2*inv[2]
}

// solve8 solves L U x = b, b already permuted.
func (f *LU) solve8(b []float64) {
	a, inv, x := (*[64]float64)(f.a), (*[8]float64)(f.inv), (*[8]float64)(b)
	x0, x1, x2, x3, x4, x5, x6, x7 := x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]
	x1 -= a[8] * x0
	x2 -= a[16] * x0
	x3 -= a[24] * x0
	x4 -= a[32] * x0
	x5 -= a[40] * x0
	x6 -= a[48] * x0
	x7 -= a[56] * x0
	x2 -= a[17] * x1
	x3 -= a[25] * x1
	x4 -= a[33] * x1
	x5 -= a[41] * x1
	x6 -= a[49] * x1
	x7 -= a[57] * x1
	x3 -= a[26] * x2
	x4 -= a[34] * x2
	x5 -= a[42] * x2
	x6 -= a[50] * x2
	x7 -= a[58] * x2
	x4 -= a[35] * x3
	x5 -= a[43] * x3
	x6 -= a[51] * x3
	x7 -= a[59] * x3
	x5 -= a[44] * x4
	x6 -= a[52] * x4
	x7 -= a[60] * x4
	x6 -= a[53] * x5
	x7 -= a[61] * x5
	x7 -= a[62] * x6
	var d float64
	d = inv[7]
	x6 -= a[55] * d * x7
	x5 -= a[47] * d * x7
	x4 -= a[39] * d * x7
	x3 -= a[31] * d * x7
	x2 -= a[23] * d * x7
	x1 -= a[15] * d * x7
	x0 -= a[7] * d * x7
	d = inv[6]
	x5 -= a[46] * d * x6
	x4 -= a[38] * d * x6
	x3 -= a[30] * d * x6
	x2 -= a[22] * d * x6
	x1 -= a[14] * d * x6
	x0 -= a[6] * d * x6
	d = inv[5]
	x4 -= a[37] * d * x5
	x3 -= a[29] * d * x5
	x2 -= a[21] * d * x5
	x1 -= a[13] * d * x5
	x0 -= a[5] * d * x5
	d = inv[4]
	x3 -= a[28] * d * x4
	x2 -= a[20] * d * x4
	x1 -= a[12] * d * x4
	x0 -= a[4] * d * x4
	d = inv[3]
	x2 -= a[19] * d * x3
	x1 -= a[11] * d * x3
	x0 -= a[3] * d * x3
	d = inv[2]
	x1 -= a[10] * d * x2
	x0 -= a[2] * d * x2
	d = inv[1]
	x0 -= a[1] * d * x1
	x[0], x[1], x[2], x[3] = x0*inv[0], x1*inv[1], x2*inv[2], x3*inv[3]
	x[4], x[5], x[6], x[7] = x4*inv[4], x5*inv[5], x6*inv[6], x7*inv[7]
}

func (f *ComplexLU) solve2(b []complex128) {
	a, inv, x := (*[4]complex128)(f.a), (*[2]complex128)(f.inv), (*[2]complex128)(b)
	x0, x1 := x[0], x[1]
	if f.piv[0] == 1 {
		x0, x1 = x1, x0
	}
	x1 = (x1 - a[2]*x0) * inv[1]
	x[0], x[1] = (x0-a[1]*x1)*inv[0], x1
}

func (f *ComplexLU) solve3(b []complex128) {
	a, inv, x := (*[9]complex128)(f.a), (*[3]complex128)(f.inv), (*[3]complex128)(b)
	if p := f.piv[0]; p != 0 {
		x[0], x[p] = x[p], x[0]
	}
	x0, x1, x2 := x[0], x[1], x[2]
	if f.piv[1] == 2 {
		x1, x2 = x2, x1
	}
	x1 -= a[3] * x0
	x2 = (x2 - a[6]*x0 - a[7]*x1) * inv[2]
	x1 = (x1 - a[5]*x2) * inv[1]
	x[0], x[1], x[2] = (x0-a[2]*x2-a[1]*x1)*inv[0], x1, x2
}
