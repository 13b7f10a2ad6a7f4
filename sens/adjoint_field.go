package sens

import "github.com/stiffnode/stiffnode/ode"

// adjointField is the right-hand side of the adjoint equation along a known forward solution,
//
//	Mᵀ λ′ = −J(t, y(t))ᵀ λ − ∂g/∂y
//
// (Cao, Li, Petzold, Serban, SIAM J. Sci. Comput. 24, 1076, 2003), in the direction of time, g being an integral cost; it is solved backward. Its Jacobian −Jᵀ and
// its time derivative −(d/dt J(t, y(t)))ᵀλ are exact, up to the dense output y(t).
type adjointField struct {
	fwd *forwardField
	tau [1]float64
}

var _ ode.SplitField = (*adjointField)(nil)

// adjointProblem is the adjoint equation as a problem that shares the forward field f: it serves one solver.
func adjointProblem(p *ode.Problem, f *forwardField) *ode.Problem {
	return &ode.Problem{Dim: p.Dim, Mass: transposedMass(p), New: func() ode.Field { return &adjointField{fwd: f, tau: [1]float64{1}} }}
}

// transposedMass is Mᵀ.
func transposedMass(p *ode.Problem) ode.Mass {
	if p.Mass.Dense == nil {
		return p.Mass
	}
	k := p.Dim
	t := make([]float64, k*k)
	for i := range k {
		for j := range k {
			t[j*k+i] = p.Mass.Dense[i*k+j]
		}
	}
	return ode.Mass{Dense: t}
}

// Eval evaluates the whole Jacobian where that is cheap: Newton's iteration and the stages of the next step then find it at hand.
func (a *adjointField) Eval(dst []float64, t float64, lam []float64) error {
	f := a.fwd
	clear(dst)
	if f.few() {
		if !f.known || f.at != t {
			if err := f.linearize(t); err != nil {
				return err
			}
		}
		addTransposed(dst, f.jac.Data[:f.k*f.k], lam)
	} else {
		if err := f.visit(t); err != nil {
			return err
		}
		f.VJP(dst, nil, lam)
	}
	negate(dst)
	f.addSource(dst, t)
	return nil
}

func (a *adjointField) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, lam []float64) error {
	f := a.fwd
	// the second-order product needs the field at this point, not only its Jacobian
	if !f.known || f.at != t || dfdt != nil {
		if err := f.linearize(t); err != nil {
			return err
		}
	}
	for i := range f.k {
		for j := range f.k {
			jac.Set(j, i, -f.jac.At(i, j))
		}
	}
	jac.MulVec(dst, lam)
	f.addSource(dst, t)
	if dfdt != nil {
		clear(dfdt)
		f.SecondOrder(dfdt, nil, lam, f.slope(t), a.tau[:], 1)
		negate(dfdt)
		f.addSourceSlope(dfdt, t)
	}
	return nil
}

// EvalImplicit implements ode.SplitField: all of the adjoint equation is implicit.
func (a *adjointField) EvalImplicit(dst []float64, jac *ode.Jacobian, t float64, lam []float64) error {
	if jac == nil {
		return a.Eval(dst, t, lam)
	}
	return a.EvalJacobian(dst, jac, nil, t, lam)
}

// EvalExplicit implements ode.SplitField.
func (a *adjointField) EvalExplicit(dst []float64, _ float64, _ []float64) error {
	clear(dst)
	return nil
}

func negate(v []float64) {
	for i, x := range v {
		v[i] = -x
	}
}
