package model

import "github.com/stiffnode/stiffnode/ode"

var _ ode.StageField = (*scaledField)(nil)

// EvalStages implements ode.StageField.
func (f *scaledField) EvalStages(dst, t, y []float64, n int) error {
	x, _ := f.points(t, y, n)
	o := grow(&f.batch.o, n*f.no)
	f.net.ValueStages(o, x[:n*f.ni], n)
	for c := range n {
		f.scatter(dst[c*f.k:(c+1)*f.k], o[c*f.no:])
	}
	return nil
}
