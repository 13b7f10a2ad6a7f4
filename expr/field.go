package expr

import (
	"fmt"
	"slices"

	"github.com/stiffnode/stiffnode/ode"
)

// A Signal gives the inputs of a program over the time. It belongs to one field, and so to one goroutine.
type Signal interface {
	// At writes the inputs at time t into u and their derivatives with respect to t into du.
	At(u, du []float64, t float64)
}

// Setup is what turns a right-hand side into a problem.
type Setup struct {
	// Params are bound to each field that is made (len NumParams).
	Params []float64
	// Inputs makes the inputs of each field; nil where the program has none.
	Inputs func() Signal
	// Scale and Mass are those of ode.Problem.
	Scale []float64
	Mass  ode.Mass
}

// Problem makes an initial value problem of a program that has one output for every state. Each of its fields is an ode.ParamField.
func (p *Program) Problem(s Setup) (*ode.Problem, error) {
	switch {
	case p.outputs != len(p.states):
		return nil, fmt.Errorf("expr: a right-hand side has one output for every state; there are %d outputs and %d states", p.outputs, len(p.states))
	case len(s.Params) != p.NumParams():
		return nil, fmt.Errorf("expr: %d values for %d parameters", len(s.Params), p.NumParams())
	case s.Inputs == nil && len(p.inputs) > 0:
		return nil, fmt.Errorf("expr: the program has inputs (%s and others), and nothing gives them", p.inputs[0])
	}
	values := slices.Clone(s.Params)
	jac := p.jacobian()
	out := &ode.Problem{Dim: len(p.states), Names: p.states, Mass: s.Mass, Autonomous: p.autonomous, Scale: s.Scale}
	if k := out.Dim; sparseEnough(len(jac.rows), k) {
		out.Jacobian = ode.SparseJacobian(jac.rows, jac.cols)
	}
	out.New = func() ode.Field {
		f := &Field{e: p.NewEvaluator(), jac: jac, u: make([]float64, len(p.inputs)), du: make([]float64, len(p.inputs))}
		if s.Inputs != nil {
			f.signal = s.Inputs()
		}
		f.e.Bind(values)
		return f
	}
	return out, nil
}

// sparseEnough says whether a matrix of k rows is worth a sparse layout.
func sparseEnough(entries, k int) bool { return k > 1 && entries < k*k }

// A Field is a program as a right-hand side.
type Field struct {
	e      *Evaluator
	jac    *matrix
	signal Signal
	u, du  []float64
}

var _ ode.ParamField = (*Field)(nil)

// Evaluator is what the field evaluates with; its remembered point is that of the last evaluation.
func (f *Field) Evaluator() *Evaluator { return f.e }

// NumParams implements ode.ParamField.
func (f *Field) NumParams() int { return f.e.p.NumParams() }

// Bind implements ode.ParamField.
func (f *Field) Bind(p []float64) { f.e.Bind(p) }

// Eval implements ode.Field. The error is a *DomainError where an output is not finite.
func (f *Field) Eval(dst []float64, t float64, y []float64) error {
	if f.signal != nil {
		f.signal.At(f.u, f.du, t)
	}
	f.e.Eval(dst, t, y, f.u)
	return f.e.finite(dst)
}

// EvalJacobian implements ode.Field.
func (f *Field) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	if err := f.Eval(dst, t, y); err != nil {
		return err
	}
	f.e.values(f.jac.unit)
	if !jac.Layout.Sparse() { // what is outside a sparse layout is zero already
		jac.Zero()
	}
	zeros := 0.0
	for k, reg := range f.jac.out {
		v := f.e.r[reg]
		zeros += v * 0
		if jac.Layout.Banded {
			jac.Set(f.jac.rows[k], f.jac.cols[k], v)
		} else {
			jac.Data[f.jac.rows[k]*jac.Stride+f.jac.cols[k]] = v
		}
	}
	if zeros != 0 {
		return f.e.finiteMatrix(f.jac, f.e.p.states)
	}
	if dfdt != nil {
		f.e.TimeDerivative(dfdt, f.du)
	}
	return nil
}

// VJP implements ode.ParamField.
func (f *Field) VJP(gy, gp, w []float64) { f.e.VJP(gy, gp, nil, w) }

// JVP implements ode.ParamField.
func (f *Field) JVP(dst, v, q []float64, n int) { f.e.JVP(dst, v, q, nil, n) }

// ParamJacobian implements ode.ParamField.
func (f *Field) ParamJacobian(dst []float64, c0, c1 int) { f.e.ParamColumns(dst, c0, c1) }

// SecondOrder implements ode.ParamField.
func (f *Field) SecondOrder(gy, gp, w, u, tau []float64, n int) {
	k := len(f.e.p.states)
	for i := range n {
		t := 0.0
		if tau != nil {
			t = tau[i]
		}
		f.e.SecondOrder(gy, gp, w[i*k:(i+1)*k], u[i*k:(i+1)*k], t, f.du)
	}
}

// SecondOrderJacobian implements ode.ParamField.
func (f *Field) SecondOrderJacobian(dy, dp, u []float64, tau float64, c0, c1 int) {
	f.e.SecondOrderJacobian(dy, dp, u, tau, f.du, c0, c1)
}
