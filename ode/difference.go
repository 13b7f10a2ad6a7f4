package ode

import "math"

// FiniteDifference returns the problem with its Jacobian approximated by forward differences of f. The increment of a
// column is √u times the typical size of the state, which is |y_j| or, where that is small, a thousandth of the largest |y_j| of late or of
// Problem.Scale; it points away from zero. A column whose differences drown in roundoff gets a larger increment the next
// time, or at once if nothing is left of them (Salane, SANDIA report 86-1319, 1986; Shampine and Reichelt, SIAM J. Sci. Comput. 18, 1,
// 1997), so that components of size 1e-5 to 1e-18 keep their derivative. Banded layouts perturb whole groups of columns at once
// (Curtis, Powell, Reid, J. Inst. Math. Appl. 13, 117, 1974). ∂f/∂t is a difference of second order over
// a small part of the step.
//
// The fields stay what they were besides: a ParamField or BatchParamField keeps its derivative products, a SplitField its parts, whose
// implicit one is then differenced. A field that is both is treated as a SplitField.
func FiniteDifference(p *Problem) *Problem {
	q := *p
	q.New = func() Field {
		f := p.New()
		d := newDifferencer(p, f.Eval)
		switch f := f.(type) {
		case SplitField:
			return &differencedSplit{f, d, newDifferencer(p, func(dst []float64, t float64, y []float64) error {
				return f.EvalImplicit(dst, nil, t, y)
			})}
		case BatchParamField:
			return &differencedBatch{f, d}
		case ParamField:
			return &differencedParam{f, d}
		}
		return &differenced{f, d}
	}
	return &q
}

// differenced supplies the Jacobian of a Field, the types below those of fields that can do more.
type (
	differenced struct {
		Field
		*differencer
	}
	differencedParam struct {
		ParamField
		*differencer
	}
	differencedBatch struct {
		BatchParamField
		*differencer
	}
	differencedSplit struct {
		SplitField
		*differencer
		implicit *differencer
	}
)

// EvalJacobian implements Field.
func (d *differenced) EvalJacobian(dst []float64, jac *Jacobian, dfdt []float64, t float64, y []float64) error {
	return d.jacobian(dst, jac, dfdt, t, y)
}

// EvalJacobian implements Field. The point of the derivative products is (t, y) afterwards.
func (d *differencedParam) EvalJacobian(dst []float64, jac *Jacobian, dfdt []float64, t float64, y []float64) error {
	return d.jacobianAt(dst, jac, dfdt, t, y)
}

// EvalJacobian implements Field. The point of the derivative products is (t, y) afterwards.
func (d *differencedBatch) EvalJacobian(dst []float64, jac *Jacobian, dfdt []float64, t float64, y []float64) error {
	return d.jacobianAt(dst, jac, dfdt, t, y)
}

// EvalJacobian implements Field.
func (d *differencedSplit) EvalJacobian(dst []float64, jac *Jacobian, dfdt []float64, t float64, y []float64) error {
	return d.jacobian(dst, jac, dfdt, t, y)
}

// EvalImplicit implements SplitField.
func (d *differencedSplit) EvalImplicit(dst []float64, jac *Jacobian, t float64, y []float64) error {
	if jac == nil {
		return d.implicit.eval(dst, t, y)
	}
	err := d.implicit.jacobian(dst, jac, nil, t, y)
	d.evals += d.implicit.spent()
	return err
}

// A differencer approximates the Jacobian of one function.
type differencer struct {
	p    *Problem
	eval func(dst []float64, t float64, y []float64) error
	fac  []float64 // increment of a column relative to its typical size
	seen []float64 // largest |y_j| seen of late
	ys   []float64
	f1   []float64
	timeDifferencer
	// floor, if not nil, holds sizes below which no state counts as typical
	floor []float64
	// evals counts evaluations of f spent on differences, for the statistics.
	evals int
}

const (
	sqrtEps = 1.4901161193847656e-08
	facMin  = 1e-12
	facMax  = 1e-1
	// the memory of how large a state was fades from one Jacobian to the next: long enough to bridge a change of sign, short enough
	// to follow a state that decays for good
	forget = 0.3
	// a column's increment is enlarged when its largest difference has fewer correct digits than these fractions of f leave, and
	// reduced again when it has more than enough
	noDigits     = 1e-12
	fewDigits    = 1e-9
	plentyDigits = 1e-3
)

func newDifferencer(p *Problem, eval func(dst []float64, t float64, y []float64) error) *differencer {
	n := p.Dim
	d := &differencer{p: p, eval: eval, fac: make([]float64, n), seen: make([]float64, n), ys: make([]float64, n), f1: make([]float64, n)}
	for j := range d.fac {
		d.fac[j] = sqrtEps
	}
	return d
}

// spent returns and clears the count of evaluations.
func (d *differencer) spent() int {
	n := d.evals
	d.evals = 0
	return n
}

// jacobian writes f, ∂f/∂y and, where dfdt is not nil, ∂f/∂t.
func (d *differencer) jacobian(dst []float64, jac *Jacobian, dfdt []float64, t float64, y []float64) error {
	if err := d.eval(dst, t, y); err != nil {
		return err
	}
	n := len(y)
	jac.Zero()
	copy(d.ys, y)
	for j, v := range y {
		d.seen[j] *= forget
		if v = math.Abs(v); v > d.seen[j] && v <= math.MaxFloat64 {
			d.seen[j] = v
		}
	}
	group := n
	if jac.Layout.Banded {
		group = jac.Layout.Lower + jac.Layout.Upper + 1
	}
	if group < n {
		if err := d.groups(dst, jac, t, y, group); err != nil {
			return err
		}
	} else {
		for j := range n {
			if err := d.column(dst, jac, t, y, j); err != nil {
				return err
			}
		}
	}
	if dfdt != nil {
		d.evals += 2
		return d.time(d.eval, dfdt, dst, d.f1, t, y)
	}
	return nil
}

// jacobianAt is jacobian with (t, y) as the point of the latest evaluation.
func (d *differencer) jacobianAt(dst []float64, jac *Jacobian, dfdt []float64, t float64, y []float64) error {
	if err := d.jacobian(dst, jac, dfdt, t, y); err != nil {
		return err
	}
	d.evals++
	return d.eval(dst, t, y)
}

// reset forgets what earlier steps taught about the increments, so that a solve, or what follows a discontinuity, gives the same whatever came
// before it.
func (d *differencer) reset() {
	for j := range d.fac {
		d.fac[j], d.seen[j] = sqrtEps, 0
	}
	d.floor = nil
}

func (d *differencedSplit) reset() {
	d.differencer.reset()
	d.implicit.reset()
}

// widen makes the increments at least those that states of size atol/rtol get. It is called when an iteration matrix is
// singular: an increment that suits a tiny state can drown in the roundoff of a constraint such as y1 + y2 + y3 = 1.
func (d *differencer) widen(atol []float64, rtol float64) {
	if d.floor == nil {
		d.floor = make([]float64, len(atol))
	}
	for j, a := range atol {
		d.floor[j] = a / rtol
	}
}

// increment is the perturbation of component j, exactly representable in y[j]+δ.
func (d *differencer) increment(y []float64, j int) float64 {
	typical := max(math.Abs(y[j]), 1e-3*d.seen[j])
	if d.floor != nil {
		typical = max(typical, d.floor[j])
	}
	if typical == 0 {
		typical = 1e-3
		if d.p.Scale != nil && d.p.Scale[j] != 0 {
			typical = 1e-3 * math.Abs(d.p.Scale[j])
		}
	}
	delta := d.fac[j] * typical
	if y[j] < 0 {
		delta = -delta
	}
	delta = (y[j] + delta) - y[j]
	if delta == 0 {
		delta = math.Nextafter(y[j], math.Inf(1)) - y[j]
	}
	return delta
}

// column differences column j and adapts its increment.
func (d *differencer) column(f0 []float64, jac *Jacobian, t float64, y []float64, j int) error {
	for try := 0; ; try++ {
		delta := d.increment(y, j)
		d.ys[j] = y[j] + delta
		d.evals++
		err := d.eval(d.f1, t, d.ys)
		d.ys[j] = y[j]
		if err != nil {
			return err
		}
		largest, size, finite := d.entries(f0, jac, j, 0, len(y), delta)
		if again := d.adapt(j, largest, size, finite); !again || try > 0 {
			return nil
		}
	}
}

// entries writes rows from ≤ i < to of column j, given f at the perturbed point in f1, and returns the largest difference and the size of
// f where it is.
func (d *differencer) entries(f0 []float64, jac *Jacobian, j, from, to int, delta float64) (largest, size float64, finite bool) {
	finite = true
	for i := from; i < to; i++ {
		diff := d.f1[i] - f0[i]
		jac.Set(i, j, diff/delta)
		a := math.Abs(diff)
		if !(a <= math.MaxFloat64) {
			finite = false
		}
		if a > largest {
			largest, size = a, max(math.Abs(f0[i]), math.Abs(d.f1[i]))
		}
	}
	return largest, size, finite
}

// adapt changes the increment of column j for the next time; it says whether it should be used at once.
func (d *differencer) adapt(j int, largest, size float64, finite bool) bool {
	switch {
	case !finite:
		d.fac[j] = max(d.fac[j]*1e-3, facMin)
		return true
	case largest == 0:
		return false
	case largest < noDigits*size && d.fac[j] < facMax:
		d.fac[j] = min(d.fac[j]*1e3, facMax)
		return true
	case largest < fewDigits*size:
		d.fac[j] = min(d.fac[j]*10, facMax)
	case largest > plentyDigits*size && d.fac[j] > sqrtEps:
		d.fac[j] = max(d.fac[j]*0.1, sqrtEps)
	}
	return false
}

// groups differences columns that share no row together.
func (d *differencer) groups(f0 []float64, jac *Jacobian, t float64, y []float64, group int) error {
	n := len(y)
	for g := range group {
		for j := g; j < n; j += group {
			d.ys[j] = y[j] + d.increment(y, j)
		}
		d.evals++
		err := d.eval(d.f1, t, d.ys)
		for j := g; j < n; j += group {
			delta := d.ys[j] - y[j]
			d.ys[j] = y[j]
			if err == nil {
				largest, size, finite := d.entries(f0, jac, j, max(0, j-jac.Layout.Upper), min(n, j+jac.Layout.Lower+1), delta)
				d.adapt(j, largest, size, finite)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}
