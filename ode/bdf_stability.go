package ode

import "math"

// Constants of the detection of stability limits (Hindmarsh 1992).
const (
	stabilityHistory    = 5        // steps that the test looks at
	stabilityInterval   = 8        // steps between tests, a power of two
	unstableAbove       = 0.98     // |root|² from which the step size counts as limited by stability
	equalRatios         = 1e-4     // spread of ratios below which the dominant root is taken as real
	similarRatios       = 5e-4     // and spread that the other sequences may then have
	smallResidual       = 1e-3     // relative residual at which a root of the quartics is accepted
	agreement           = 1e-2     // within which two estimates of |root|² must agree
	leastHold, mostHold = 20, 1000 // steps for which the order stays low
	negligible          = 1e-90
)

// bdfStability watches for the stability limit of orders 3 to 5 (Hindmarsh, Detecting stability barriers in BDF solvers, in:
// Computational Ordinary Differential Equations, Oxford 1992; and Appl. Numer. Math. 17, 311, 1995).
//
// While order and step size are constant and the linear recursion of the formula is dominated by a complex pair of roots r e^{±iθ},
// the squared norms s_n of scaled derivatives behave like r^{2n}(a + b cos(2nθ + φ)). With ρ = r² and u_n = s_n ρ^{−n}, the
// differences d_n of successive u_n obey d_{n−1} + d_{n+1} = 2 cos 2θ · d_n; eliminating θ from two such equations leaves a
// quartic in ρ for each sequence. The sequences of the derivatives of order q−1, q and q+1 share ρ. A ρ near 1 or above
// means that the method neither damps nor resolves a component: a lower order allows larger steps.
type bdfStability struct {
	// s[j][k] is the squared norm of derivative q−1+j of the k-th step before the one at which the test is made
	s     [3][stabilityHistory]float64
	count int // successive steps of constant order and size
	// An order that was left is not taken again for a while, which doubles every time: hold steps remain in which the
	// order must not exceed top, and the next while is span steps long.
	top, hold, span int
}

func (b *bdfStability) reset() { *b = bdfStability{} }

// step counts a step; one of another size or order starts anew.
func (b *bdfStability) step(constant bool) {
	if !constant {
		b.count = 0
	}
	b.count++
	b.hold = max(b.hold-1, 0)
}

// lowered notes that the order was lowered to q.
func (b *bdfStability) lowered(q int) {
	b.span = min(max(2*b.span, leastHold), mostHold)
	b.top, b.hold = q, b.span
}

// allows says whether order q may be taken.
func (b *bdfStability) allows(q int) bool { return b.hold == 0 || q <= b.top }

// reached takes up the norms of the step just accepted and says whether the step size is limited by stability.
func (b *bdfStability) reached(st *bdfStepper) bool {
	q := st.q
	if q < 3 || st.fixed {
		return false
	}
	// the test is not cheap and a limit stays: look from time to time, at the steps just before; this one is the k-th before the next test
	wait := b.count - (q + 5)
	k := -wait & (stabilityInterval - 1)
	if wait <= -stabilityHistory || k >= stabilityHistory {
		return false
	}
	factorial := 1.0
	for i := 2; i < q; i++ {
		factorial *= float64(i)
	}
	p := float64(q)
	for j, sum := range [...]float64{st.squares.below, st.squares.top, st.squares.latest} {
		m := factorial
		switch j {
		case 1:
			m *= p
		case 2:
			m *= p * (p + 1) / max(st.form.diffCoef, negligible)
		}
		b.s[j][k] = m * m * sum / float64(st.c.n)
	}
	if k > 0 {
		return false
	}
	rho, ok := b.root()
	return ok && b.plausible(rho, p) && rho > unstableAbove
}

// root estimates ρ.
func (b *bdfStability) root() (rho float64, ok bool) {
	var scale [3]float64 // of the terms of the quartics
	spreadMin, spreadMax := math.Inf(1), 0.0
	var mean [3]float64
	for j := range b.s {
		s := &b.s[j]
		lo, hi := s[0], s[0]
		sum, squares := 0.0, 0.0
		for k, v := range s {
			lo, hi = min(lo, v), max(hi, v)
			if k > 0 {
				r := s[k-1] / v
				sum += r
				squares += r * r
			}
		}
		if !(lo >= negligible*hi) || lo == 0 {
			return 0, false
		}
		scale[j] = hi * hi
		mean[j] = sum / (stabilityHistory - 1)
		spread := math.Abs(squares/(stabilityHistory-1) - mean[j]*mean[j])
		spreadMin, spreadMax = min(spreadMin, spread), max(spreadMax, spread)
	}
	if spreadMin < equalRatios*equalRatios {
		// a dominant real root: the ratios themselves estimate ρ
		rho = (mean[0] + mean[1] + mean[2]) / 3
		for _, m := range mean {
			if math.Abs(m-rho) > similarRatios {
				return 0, false
			}
		}
		return rho, spreadMax <= similarRatios*similarRatios
	}
	var q [3]quartic
	for j := range q {
		q[j] = newQuartic(&b.s[j])
	}
	if rho, ok = commonRoot(q, scale); !ok {
		return 0, false
	}
	return refine(rho, q, scale)
}

// A quartic is c₄ρ⁴ + c₃ρ³ + c₁ρ + c₀.
type quartic struct{ c0, c1, c3, c4 float64 }

// newQuartic expands (d₁ + d₃)d₃ − (d₂ + d₄)d₂, where d_k = s_k ρ^{k−1} − s_{k+1} ρ^k, and divides by ρ².
func newQuartic(s *[stabilityHistory]float64) quartic {
	return quartic{
		c0: s[0]*s[2] - s[1]*s[1],
		c1: s[1]*s[2] - s[0]*s[3],
		c3: s[1]*s[4] - s[2]*s[3],
		c4: s[3]*s[3] - s[2]*s[4],
	}
}

func (q *quartic) at(x float64) float64    { return q.c0 + x*(q.c1+x*x*(q.c3+x*q.c4)) }
func (q *quartic) slope(x float64) float64 { return q.c1 + x*x*(3*q.c3+4*x*q.c4) }

// commonRoot eliminates ρ⁴ and ρ³ from the three quartics, as if the powers were independent unknowns.
func commonRoot(q [3]quartic, scale [3]float64) (float64, bool) {
	if math.Abs(q[0].c4) < negligible*scale[0] {
		return 0, false
	}
	for j := 1; j < 3; j++ {
		m := q[j].c4 / q[0].c4
		q[j] = quartic{c0: q[j].c0 - m*q[0].c0, c1: q[j].c1 - m*q[0].c1, c3: q[j].c3 - m*q[0].c3}
	}
	if math.Abs(q[1].c3) < negligible*scale[1] {
		return 0, false
	}
	m := q[2].c3 / q[1].c3
	c0, c1 := q[2].c0-m*q[1].c0, q[2].c1-m*q[1].c1
	if math.Abs(c1) < negligible*scale[2] {
		return 0, false
	}
	rho := -c0 / c1
	return rho, rho > negligible && rho < 100
}

// refine improves a common root by Newton's method until all quartics are small there; of the three corrections that the
// quartics propose it takes the best.
func refine(rho float64, q [3]quartic, scale [3]float64) (float64, bool) {
	residual := func(x float64) (r float64) {
		for j := range q {
			r = max(r, math.Abs(q[j].at(x))/scale[j])
		}
		return r
	}
	best := residual(rho)
	for it := 0; best >= smallResidual; it++ {
		if it == 3 {
			return 0, false
		}
		from := rho
		best = math.Inf(1)
		for j := range q {
			x := from
			if d := q[j].slope(from); math.Abs(d) > negligible*scale[j] {
				x -= q[j].at(from) / d
			}
			if r := residual(x); r < best {
				rho, best = x, r
			}
		}
	}
	return rho, rho > negligible && rho < 100
}

// plausible checks ρ against a second estimate, from the ratios of the mean squares of the three sequences: for a dominant
// pair of roots these are tied to ρ by the characteristic polynomial of the formula (Hindmarsh 1995, sec. 3).
func (b *bdfStability) plausible(rho, q float64) bool {
	var mean [3]float64
	for j := range b.s {
		s := &b.s[j]
		u := [4]float64{s[0], s[1] * rho, s[2] * rho * rho, s[3] * rho * rho * rho}
		d := [3]float64{u[0] - u[1], u[1] - u[2], u[2] - u[3]}
		first, second := d[0]-d[1], d[1]-d[2]
		if math.Abs(d[1]) < negligible*s[0] {
			return false
		}
		c := -(first - second) / d[1] // 2 − 2 cos 2θ
		if c < negligible || c > 4 {
			return false
		}
		mean[j] = s[2] + second/c/(rho*rho)
	}
	if mean[1] < negligible {
		return false
	}
	up, down := mean[2]/mean[1], mean[0]/mean[1]
	b1 := up*down - 1 - 0.25*(q*q-1)*up
	d := 1 - 2/(q-1)*b1
	return math.Abs(d) >= negligible && math.Abs(1/d-rho) <= agreement
}
