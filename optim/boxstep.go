package optim

import "math"

// boxStep minimises ½‖J d + s‖² + ½μ‖D d‖² over lower ≤ d ≤ upper by an active set (Stark and Parker, "Bounded-variable least-squares", Computational Statistics 10,
// 1995, 129–141). J enters once, as its triangle; every subproblem is a Householder factorisation of that and of the damping, which keeps the digits that JᵀJ
// would lose.
type boxStep struct {
	n     int
	tri   []float64 // the triangle of J, n×n row-major, zeros below the diagonal
	qs    []float64 // Qᵀ s, n
	free  []bool
	d     []float64
	grad  []float64
	work  []float64 // a subproblem: 2n×(n+1) by columns
	image []float64
	index []int
}

func newBoxStep(n int) *boxStep {
	return &boxStep{
		n: n, tri: make([]float64, n*n), qs: make([]float64, n), free: make([]bool, n), d: make([]float64, n), grad: make([]float64, n),
		work: make([]float64, 2*n*(n+1)), image: make([]float64, n), index: make([]int, 0, n),
	}
}

// set takes J (rows×n, row-major) and s; scratch holds at least (rows+1)·(n+1) numbers.
func (b *boxStep) set(jac, s, scratch []float64) {
	n, rows := b.n, len(s)
	tall := max(rows, n)
	a := scratch[:tall*(n+1)]
	clear(a)
	for i := range rows {
		for j := range n {
			a[j*tall+i] = jac[i*n+j]
		}
		a[n*tall+i] = s[i]
	}
	triangulate(a, tall, n, n+1)
	for i := range n {
		for j := range n {
			v := 0.0
			if j >= i {
				v = a[j*tall+i]
			}
			b.tri[i*n+j] = v
		}
		b.qs[i] = a[n*tall+i]
	}
}

// triangulate brings the first k of cols columns, each of rows numbers, into upper triangular form by Householder reflections, which it applies to all of
// them (Golub and Van Loan, Matrix Computations, 4th ed., 2013, algorithm 5.2.1).
func triangulate(a []float64, rows, k, cols int) {
	for j := range min(k, rows-1) {
		v := a[j*rows+j : (j+1)*rows]
		largest := 0.0
		for _, x := range v {
			largest = math.Max(largest, math.Abs(x))
		}
		if largest == 0 {
			continue
		}
		norm := 0.0
		for _, x := range v {
			norm += (x / largest) * (x / largest)
		}
		norm = largest * math.Sqrt(norm)
		if v[0] > 0 {
			norm = -norm
		}
		head := v[0] - norm
		if head == 0 {
			continue
		}
		// the reflection is I − β w wᵀ with w = (1, v[1:]/head), β = −head/norm
		beta := -head / norm
		for i := 1; i < len(v); i++ {
			v[i] /= head
		}
		v[0] = norm
		for c := j + 1; c < cols; c++ {
			x := a[c*rows+j : (c+1)*rows]
			sum := x[0]
			for i := 1; i < len(v); i++ {
				sum += v[i] * x[i]
			}
			sum *= beta
			x[0] -= sum
			for i := 1; i < len(v); i++ {
				x[i] -= sum * v[i]
			}
		}
	}
}

// solve returns the minimiser, valid until the next call; scale holds D.
func (b *boxStep) solve(mu float64, scale, lower, upper []float64) []float64 {
	n := b.n
	clear(b.d)
	for j := range n {
		// zero is inside of the box; what lies on a bound starts there and is released where that lowers the objective
		b.free[j] = lower[j] < 0 && upper[j] > 0
	}
	root := math.Sqrt(mu)
	// every round frees or fixes one variable; cycling, which rounding could cause, ends at the bound on their number
	for range 20 * (n + 1) {
		b.least(root, scale)
		worst, at := b.stretch(lower, upper)
		if at >= 0 {
			b.free[at] = false
			b.d[at] = worst
			continue
		}
		at = b.release(mu, scale, lower, upper)
		if at < 0 {
			break
		}
		b.free[at] = true
	}
	return b.d
}

// least solves for the free variables, the others staying where they are, into image: the free ones' values.
func (b *boxStep) least(root float64, scale []float64) {
	n := b.n
	b.index = b.index[:0]
	for j, f := range b.free {
		if f {
			b.index = append(b.index, j)
		}
	}
	k, rows := len(b.index), 2*n
	if k == 0 {
		return
	}
	a := b.work[:rows*(k+1)]
	clear(a)
	for c, j := range b.index {
		for i := range n {
			a[c*rows+i] = b.tri[i*n+j]
		}
		a[c*rows+n+j] = root * scale[j]
	}
	rhs := a[k*rows:]
	for i := range n {
		sum := -b.qs[i]
		for j := range n {
			if !b.free[j] {
				sum -= b.tri[i*n+j] * b.d[j]
			}
		}
		rhs[i] = sum
	}
	triangulate(a, rows, k, k+1)
	for c := k - 1; c >= 0; c-- {
		sum := rhs[c]
		for e := c + 1; e < k; e++ {
			sum -= a[e*rows+c] * b.image[b.index[e]]
		}
		if p := a[c*rows+c]; p != 0 {
			b.image[b.index[c]] = sum / p
		} else {
			b.image[b.index[c]] = 0
		}
	}
}

// stretch moves the free variables towards their solution as far as the box allows. It returns the first that meets a bound and that bound, or −1 where all
// arrive.
func (b *boxStep) stretch(lower, upper []float64) (bound float64, at int) {
	step, at := 1.0, -1
	for _, j := range b.index {
		x := b.image[j]
		limit := 0.0
		switch {
		case x < lower[j]:
			limit = lower[j]
		case x > upper[j]:
			limit = upper[j]
		default:
			continue
		}
		t := 0.0
		if x != b.d[j] {
			t = (limit - b.d[j]) / (x - b.d[j])
		}
		if t < step || at < 0 {
			step, at, bound = math.Max(0, math.Min(1, t)), j, limit
		}
	}
	for _, j := range b.index {
		b.d[j] += step * (b.image[j] - b.d[j])
		b.d[j] = math.Max(lower[j], math.Min(upper[j], b.d[j]))
	}
	return bound, at
}

// release returns the variable on a bound whose release lowers the objective most, or −1.
func (b *boxStep) release(mu float64, scale, lower, upper []float64) int {
	n := b.n
	for i := range n {
		sum := b.qs[i]
		for j := i; j < n; j++ {
			sum += b.tri[i*n+j] * b.d[j]
		}
		b.image[i] = sum
	}
	at, most := -1, 0.0
	for j := range n {
		g, size := mu*scale[j]*scale[j]*b.d[j], 0.0
		for i := 0; i <= j; i++ {
			g += b.tri[i*n+j] * b.image[i]
			size += math.Abs(b.tri[i*n+j] * b.image[i])
		}
		b.grad[j] = g
		if b.free[j] || lower[j] == upper[j] || math.Abs(g) <= 1e-14*size {
			continue
		}
		inward := b.d[j] <= lower[j] && g < 0 || b.d[j] >= upper[j] && g > 0
		if gain := math.Abs(g) / math.Max(scale[j], math.SmallestNonzeroFloat64); inward && gain > most {
			at, most = j, gain
		}
	}
	return at
}

// predicted is the reduction of the linear model by d, without the damping.
func (b *boxStep) predicted(d []float64) float64 {
	n := b.n
	gain := 0.0
	for i := range n {
		jd := 0.0
		for j := i; j < n; j++ {
			jd += b.tri[i*n+j] * d[j]
		}
		gain -= jd * (b.qs[i] + 0.5*jd)
	}
	return gain
}
