package model

import "github.com/stiffnode/stiffnode/ode"

var _ ode.StageField = (*scaledField)(nil)

// EvalStages implements ode.StageField.
func (f *scaledField) EvalStages(dst, t, y []float64, n int) error {
	x := f.points(t, y, n)
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
