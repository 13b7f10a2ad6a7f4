package problems

import (
	"math"

	"github.com/stiffnode/stiffnode/ode"
)

// powerLawField evaluates a powerLaw.
type powerLawField struct {
	p *powerLaw
	z []float64 // the point (y, p)
	// coef are κ_j times the factors of the parameters
	coef []float64
	// partial[j][f] is ∂r_j/∂z of factor f at the point, where havePartial says so
	partial     [][]float64
	havePartial bool
}

var (
	_ ode.ParamField = (*powerLawField)(nil)
	_ ode.SplitField = (*splitPowerLawField)(nil)
)

// power returns x^e, quickly for the exponents that occur.
func power(x, e float64) float64 {
	switch e {
	case 0:
		return 1
	case 1:
		return x
	case 2:
		return x * x
	case 3:
		return x * x * x
	case -1:
		return 1 / x
	case 0.5:
		return math.Sqrt(x)
	}
	return math.Pow(x, e)
}

// NumParams implements ode.ParamField.
func (f *powerLawField) NumParams() int { return f.p.m }

// Bind implements ode.ParamField.
func (f *powerLawField) Bind(values []float64) {
	copy(f.z[f.p.n:], values)
	f.havePartial = false
	for j := range f.p.terms {
		t := &f.p.terms[j]
		c := t.kappa
		for _, q := range t.factors[t.states:] {
			c *= power(f.z[q.v], q.e)
		}
		f.coef[j] = c
	}
}

// check rejects points at which a root is not real.
func (f *powerLawField) check(y []float64) error {
	for i, r := range f.p.domain {
		if r != nil && y[i] < 0 {
			return r
		}
	}
	return nil
}

// rate returns r_j at y.
func (f *powerLawField) rate(j int, y []float64) float64 {
	t := &f.p.terms[j]
	r := f.coef[j]
	for _, q := range t.factors[:t.states] {
		if q.e == 1 {
			r *= y[q.v]
		} else {
			r *= power(y[q.v], q.e)
		}
	}
	return r
}

// Eval implements ode.Field.
func (f *powerLawField) Eval(dst []float64, _ float64, y []float64) error {
	if err := f.check(y); err != nil {
		return err
	}
	copy(f.z, y)
	f.havePartial = false
	clear(dst)
	for j := range f.p.terms {
		r := f.rate(j, y)
		for _, e := range f.p.terms[j].net {
			dst[e.i] += e.s * r
		}
	}
	return nil
}

// EvalJacobian implements ode.Field.
func (f *powerLawField) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	if err := f.Eval(dst, t, y); err != nil {
		return err
	}
	f.partials()
	jac.Zero()
	for j := range f.p.terms {
		t := &f.p.terms[j]
		for k, q := range t.factors[:t.states] {
			d := f.partial[j][k]
			for _, e := range t.net {
				jac.Add(e.i, q.v, e.s*d)
			}
		}
	}
	clear(dfdt)
	return nil
}

// partials makes ∂r_j/∂z at the point. Products leave a factor out instead of dividing by it, so that zeros are exact.
func (f *powerLawField) partials() {
	if f.havePartial {
		return
	}
	f.havePartial = true
	for j := range f.p.terms {
		t := &f.p.terms[j]
		var v, d [maxFactors]float64
		for k, q := range t.factors {
			x := f.z[q.v]
			v[k], d[k] = power(x, q.e), q.e*power(x, q.e-1)
		}
		for k := range t.factors {
			x := t.kappa * d[k]
			for l := range t.factors {
				if l != k {
					x *= v[l]
				}
			}
			f.partial[j][k] = x
		}
	}
}

// splitPowerLawField is a powerLawField whose stiff terms are treated implicitly.
type splitPowerLawField struct{ *powerLawField }

// EvalImplicit implements ode.SplitField.
func (f *splitPowerLawField) EvalImplicit(dst []float64, jac *ode.Jacobian, _ float64, y []float64) error {
	if jac != nil {
		jac.Zero()
	}
	if err := f.part(dst, y, true); err != nil || jac == nil {
		return err
	}
	for j := range f.p.terms {
		t := &f.p.terms[j]
		if !t.implicit {
			continue
		}
		for k, q := range t.factors[:t.states] {
			d := f.coef[j] * q.e * power(y[q.v], q.e-1)
			for l, o := range t.factors[:t.states] {
				if l != k {
					d *= power(y[o.v], o.e)
				}
			}
			for _, e := range t.net {
				jac.Add(e.i, q.v, e.s*d)
			}
		}
	}
	return nil
}

// EvalExplicit implements ode.SplitField.
func (f *splitPowerLawField) EvalExplicit(dst []float64, _ float64, y []float64) error {
	return f.part(dst, y, false)
}

func (f *splitPowerLawField) part(dst, y []float64, implicit bool) error {
	if err := f.check(y); err != nil {
		return err
	}
	clear(dst)
	for j := range f.p.terms {
		t := &f.p.terms[j]
		if t.implicit != implicit {
			continue
		}
		r := f.rate(j, y)
		for _, e := range t.net {
			dst[e.i] += e.s * r
		}
	}
	return nil
}
