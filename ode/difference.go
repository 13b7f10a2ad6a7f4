package ode

import "math"

// FiniteDifference returns the problem with its Jacobian approximated by forward differences of f. The increment of a
// column is √u·max(|y_j|, typical size), signed away from zero, where the typical size is 1/weight-free: the largest |y_j| seen
// so far, or Problem.Scale; a column whose differences drown in roundoff is repeated with a larger increment
// (Salane 1986; Shampine and Reichelt 1997), so that components of size 1e-5 to 1e-18 keep their derivative. Banded
// layouts perturb whole groups of columns at once (Curtis, Powell, Reid 1974). ∂f/∂t is a forward difference too.
func FiniteDifference(p *Problem) *Problem {
	q := *p
	q.New = func() Field {
		return &differenced{Field: p.New(), p: p, fac: make([]float64, p.Dim), seen: make([]float64, p.Dim), ys: make([]float64, p.Dim), f1: make([]float64, p.Dim)}
	}
	return &q
}

// differenced supplies the Jacobian of a Field.
type differenced struct {
	Field
	p    *Problem
	fac  []float64 // increment of a column relative to its typical size
	seen []float64 // largest |y_j| seen
	ys   []float64
	f1   []float64
	// evals counts evaluations of f spent on differences, for the statistics.
	evals int
}

// spent returns and clears the count of evaluations.
func (d *differenced) spent() int {
	n := d.evals
	d.evals = 0
	return n
}

const (
	sqrtEps = 1.4901161193847656e-08
	facMin  = 1e-12
	facMax  = 1e-1
)

// EvalJacobian implements Field.
func (d *differenced) EvalJacobian(dst []float64, jac *Jacobian, dfdt []float64, t float64, y []float64) error {
	if err := d.Eval(dst, t, y); err != nil {
		return err
	}
	n := len(y)
	jac.Zero()
	copy(d.ys, y)
	for j := range n {
		if v := math.Abs(y[j]); v > d.seen[j] && v <= math.MaxFloat64 {
			d.seen[j] = v
		}
		if d.fac[j] == 0 {
			d.fac[j] = sqrtEps
		}
	}
	group := 1
	if jac.Layout.Banded {
		group = jac.Layout.Lower + jac.Layout.Upper + 1
	}
	if group > 1 && group < n {
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
		d.evals++
		return timeDifference(d.Field, dfdt, dst, d.f1, t, y)
	}
	return nil
}

// increment is the perturbation of component j, exactly representable in y[j]+δ.
func (d *differenced) increment(y []float64, j int) float64 {
	typical := max(math.Abs(y[j]), 1e-3*d.seen[j])
	if typical == 0 {
		typical = 1
		if d.p.Scale != nil && d.p.Scale[j] != 0 {
			typical = math.Abs(d.p.Scale[j])
		}
		typical *= 1e-3
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

// column differences column j and adapts its increment for the next time.
func (d *differenced) column(f0 []float64, jac *Jacobian, t float64, y []float64, j int) error {
	for try := 0; ; try++ {
		delta := d.increment(y, j)
		d.ys[j] = y[j] + delta
		d.evals++
		err := d.Eval(d.f1, t, d.ys)
		d.ys[j] = y[j]
		if err != nil {
			return err
		}
		largest, at := 0.0, 0
		finite := true
		for i, v := range d.f1 {
			diff := v - f0[i]
			if !(math.Abs(diff) <= math.MaxFloat64) {
				finite = false
			}
			jac.Set(i, j, diff/delta)
			if math.Abs(diff) > largest {
				largest, at = math.Abs(diff), i
			}
		}
		if !finite && try == 0 {
			d.fac[j] = max(d.fac[j]*1e-3, facMin)
			continue
		}
		if largest > 0 {
			scale := max(math.Abs(f0[at]), math.Abs(d.f1[at]))
			switch {
			case largest < 1e-12*scale && d.fac[j] < facMax:
				// the difference has few correct digits: enlarge, and repeat once at once
				d.fac[j] = min(d.fac[j]*1e3, facMax)
				if try == 0 {
					continue
				}
			case largest < 1e-9*scale:
				d.fac[j] = min(d.fac[j]*10, facMax)
			case largest > 1e-3*scale && d.fac[j] > sqrtEps:
				d.fac[j] = max(d.fac[j]*0.1, sqrtEps)
			}
		}
		return nil
	}
}

// groups differences columns that share no row together.
func (d *differenced) groups(f0 []float64, jac *Jacobian, t float64, y []float64, group int) error {
	n := len(y)
	for g := range group {
		for j := g; j < n; j += group {
			d.ys[j] = y[j] + d.increment(y, j)
		}
		d.evals++
		if err := d.Eval(d.f1, t, d.ys); err != nil {
			return err
		}
		for j := g; j < n; j += group {
			delta := d.ys[j] - y[j]
			for i := max(0, j-jac.Layout.Upper); i < min(n, j+jac.Layout.Lower+1); i++ {
				jac.Set(i, j, (d.f1[i]-f0[i])/delta)
			}
			d.ys[j] = y[j]
		}
	}
	return nil
}

// timeDifference writes (f(t+δ, y) − f0)/δ into dfdt.
func timeDifference(f Field, dfdt, f0, tmp []float64, t float64, y []float64) error {
	delta := sqrtEps * max(math.Abs(t), 1e-3)
	delta = (t + delta) - t
	if err := f.Eval(tmp, t+delta, y); err != nil {
		return err
	}
	for i, v := range tmp {
		dfdt[i] = (v - f0[i]) / delta
	}
	return nil
}
