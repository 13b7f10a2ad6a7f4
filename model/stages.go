package model

import "github.com/stiffnode/stiffnode/ode"

var _ ode.StageField = (*scaledField)(nil)

// EvalStages implements ode.StageField.
func (f *scaledField) EvalStages(dst, t, y []float64, n int) error {
	x := y[:n*f.k]
	if !f.plain {
		x = grow(&f.batch.x, n*f.ni)
		for c := range n {
			copy(x[c*f.ni:(c+1)*f.ni], f.point(t[c], y[c*f.k:(c+1)*f.k]))
		}
	}
	if f.all {
		f.net.ValueStages(dst[:n*f.k], x, n)
		for c := range n {
			row := dst[c*f.k:][:len(f.s.gain)]
			for r, g := range f.s.gain {
				row[r] *= g
			}
		}
		return nil
	}
	o := grow(&f.batch.o, n*f.no)
	f.net.ValueStages(o, x, n)
	for c := range n {
		f.scatter(dst[c*f.k:(c+1)*f.k], o[c*f.no:])
	}
	return nil
}
