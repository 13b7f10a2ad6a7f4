package problems

import (
	"math"

	"github.com/stiffnode/stiffnode/ode"
)

// powerLawField evaluates a powerLaw.
type powerLawField struct {
	p *powerLaw
	z []float64 // the point (y, p, 1)
	// coef are κ_j times the factors of the parameters
	coef  []float64
	rates []float64
	// partial holds ∂r_j/∂z of every factor at the point: of states and of parameters, as far as known says
	partial []float64
	known   knowledge
}

// knowledge says which partial derivatives belong to the point.
type knowledge int

const (
	nothing knowledge = iota
	ofStates
	ofAll
)

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
	f.known = nothing
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
	f.known = nothing
	p, z := f.p, f.z
	copy(z, y[:p.n])
	if p.evaluate != nil {
		p.evaluate(dst, y, f.coef)
		return nil
	}
	rates := f.rates
	coef, first, second := f.coef[:len(rates)], p.first[:len(rates)], p.second[:len(rates)]
	for j := range rates {
		rates[j] = coef[j] * z[first[j]] * z[second[j]]
	}
	for _, j := range p.long {
		rates[j] = f.rate(j, y)
	}
	k := 0
	of, c := p.f.of, p.f.coef[:len(p.f.of)]
	for i, end := range p.f.end {
		s := 0.0
		for ; k < int(end); k++ {
			s += c[k] * rates[of[k]]
		}
		dst[i] = s
	}
	return nil
}

// EvalJacobian implements ode.Field.
func (f *powerLawField) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	if err := f.Eval(dst, t, y); err != nil {
		return err
	}
	p := f.p
	jac.Zero()
	clear(dfdt)
	if p.jacobian != nil {
		p.jacobian(jac.Data, y, f.coef)
		return nil
	}
	f.need(ofStates)
	k := 0
	of, c := p.jac.of, p.jac.coef[:len(p.jac.of)]
	for i, end := range p.jac.end {
		s := 0.0
		for ; k < int(end); k++ {
			s += c[k] * f.partial[of[k]]
		}
		jac.Data[p.rows[i]*jac.Stride+p.cols[i]] = s
	}
	return nil
}

// need makes ∂r_j/∂z at the point. Products leave a factor out instead of dividing by it, so that zeros are exact.
func (f *powerLawField) need(what knowledge) {
	if f.known >= what {
		return
	}
	for j := range f.p.terms {
		t := &f.p.terms[j]
		d := f.partial[t.offset : t.offset+len(t.factors)]
		if !t.short {
			f.general(t, d)
			continue
		}
		if f.known < ofStates {
			c := f.coef[j]
			switch {
			case t.states == 2:
				d[0], d[1] = c*f.z[t.factors[1].v], c*f.z[t.factors[0].v]
			case t.states == 1 && t.factors[0].e == 2:
				d[0] = 2 * c * f.z[t.factors[0].v]
			case t.states == 1:
				d[0] = c
			}
		}
		if what == ofAll {
			r := t.kappa * f.z[f.p.first[j]] * f.z[f.p.second[j]]
			for k := t.states; k < len(t.factors); k++ {
				x := r
				for l := t.states; l < len(t.factors); l++ {
					q := t.factors[l]
					if l == k {
						x *= q.e * power(f.z[q.v], q.e-1)
					} else {
						x *= power(f.z[q.v], q.e)
					}
				}
				d[k] = x
			}
		}
	}
	f.known = what
}

// general writes ∂r/∂z of every factor of any term into d.
func (f *powerLawField) general(t *term, d []float64) {
	for k := range t.factors {
		x := t.kappa
		for l, q := range t.factors {
			if l == k {
				x *= q.e * power(f.z[q.v], q.e-1)
			} else {
				x *= power(f.z[q.v], q.e)
			}
		}
		d[k] = x
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
