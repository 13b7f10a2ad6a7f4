package kernel

// AddScaled adds s·x to y, the first len(y) numbers of each.
func AddScaled(y []float64, s float64, x []float64) { addScaled(y, s, x[:len(y)]) }

func addScaledGo(y []float64, s float64, x []float64) {
	x = x[:len(y)]
	for len(y) >= 4 && len(x) >= 4 {
		y[0] += s * x[0]
		y[1] += s * x[1]
		y[2] += s * x[2]
		y[3] += s * x[3]
		y, x = y[4:], x[4:]
	}
	for i := range y {
		y[i] += s * x[i]
	}
}

// addRows adds Σ_i s[i]·row_i to y, where row_i = x[i·ldx:], the first len(y) numbers of it.
func addRows(y, s, x []float64, ldx int) {
	for len(s) > 4 {
		addFewRows(y, s[:4], x, ldx)
		s, x = s[4:], x[4*ldx:]
	}
	if len(s) == 1 {
		AddScaled(y, s[0], x)
	} else if len(s) > 0 {
		addFewRows(y, s, x[:(len(s)-1)*ldx+len(y)], ldx)
	}
}

func addFewRowsGo(y, s, x []float64, ldx int) {
	for _, v := range s[:len(s)-1] {
		addScaledGo(y, v, x)
		x = x[ldx:]
	}
	addScaledGo(y, s[len(s)-1], x)
}

// Dot returns xᵀy over the length of x.
func Dot(x, y []float64) float64 { return dot(x, y[:len(x)]) }

// dotGo adds up in four interleaved partial sums.
func dotGo(x, y []float64) float64 {
	y = y[:len(x)]
	var s0, s1, s2, s3 float64
	for len(x) >= 4 && len(y) >= 4 {
		s0 += x[0] * y[0]
		s1 += x[1] * y[1]
		s2 += x[2] * y[2]
		s3 += x[3] * y[3]
		x, y = x[4:], y[4:]
	}
	for i, v := range x {
		s0 += v * y[i]
	}
	return (s0 + s2) + (s1 + s3)
}

// Mul writes the elementwise product x∘y into dst, which may be either of them, over the length of dst.
func Mul(dst, x, y []float64) {
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = x[i] * y[i]
	}
}

// Scale multiplies x by s.
func Scale(x []float64, s float64) {
	for i := range x {
		x[i] *= s
	}
}
