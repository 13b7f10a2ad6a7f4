package sens

import "github.com/stiffnode/stiffnode/ode"

// exactJacobian makes the Jacobian of a field that differences it from its derivative products instead, k of them at once.
type exactJacobian struct {
	ode.ParamField
	k         int
	unit, out []float64
}

// exact returns a field whose Jacobian is exact.
func exact(f ode.ParamField, k int) ode.ParamField {
	if !ode.ApproximateJacobian(f) {
		return f
	}
	e := &exactJacobian{ParamField: f, k: k, unit: make([]float64, k*k), out: make([]float64, k*k)}
	for i := range k {
		e.unit[i*k+i] = 1
	}
	return e
}

// SetTimeIncrement implements ode.TimeDifferenced.
func (e *exactJacobian) SetTimeIncrement(delta float64) { ode.PassTimeIncrement(e.ParamField, delta) }

// EvalJacobian implements ode.Field. The derivative with respect to time stays a difference.
func (e *exactJacobian) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	if dfdt != nil {
		if err := e.ParamField.EvalJacobian(dst, jac, dfdt, t, y); err != nil {
			return err
		}
	} else if err := e.Eval(dst, t, y); err != nil {
		return err
	}
	e.JVP(e.out, e.unit, nil, e.k)
	for i := range e.k {
		for j := range e.k {
			jac.Set(i, j, e.out[i*e.k+j])
		}
	}
	return nil
}
