package bench

import "github.com/stiffnode/stiffnode/ode"

// work counts floating-point operations by their leading terms: a network of m parameters takes 2m for a value, as much again for every
// direction that is carried along or back.
type work struct{ flops float64 }

// counted returns the problem with every evaluation of its fields counted in w. Its fields evaluate one point at a time. It is for
// one goroutine.
func counted(p *ode.Problem, w *work) *ode.Problem {
	q := *p
	q.New = func() ode.Field {
		f := p.New().(ode.ParamField)
		return &countedField{ParamField: f, w: w, k: float64(p.Dim), m: float64(f.NumParams())}
	}
	return &q
}

type countedField struct {
	ode.ParamField
	w    *work
	k, m float64
}

func (f *countedField) passes(n float64) { f.w.flops += 2 * f.m * n }

func (f *countedField) Eval(dst []float64, t float64, y []float64) error {
	f.passes(1)
	return f.ParamField.Eval(dst, t, y)
}

func (f *countedField) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	f.passes(1 + f.k)
	return f.ParamField.EvalJacobian(dst, jac, dfdt, t, y)
}

func (f *countedField) VJP(gy, gp, w []float64) {
	f.passes(1)
	if gp != nil {
		f.passes(1)
	}
	f.ParamField.VJP(gy, gp, w)
}

func (f *countedField) JVP(dst, v, q []float64, n int) {
	f.passes(float64(n))
	f.ParamField.JVP(dst, v, q, n)
}

func (f *countedField) ParamJacobian(dst []float64, c0, c1 int) {
	f.passes(f.k * float64(c1-c0) / f.m)
	f.ParamField.ParamJacobian(dst, c0, c1)
}

func (f *countedField) SecondOrder(gy, gp, w, u, tau []float64, n int) {
	f.passes(4 * float64(n))
	f.ParamField.SecondOrder(gy, gp, w, u, tau, n)
}

func (f *countedField) SecondOrderJacobian(dy, dp, u []float64, tau float64, c0, c1 int) {
	f.passes(4 * f.k * float64(max(c1-c0, 1)) / f.m)
	f.ParamField.SecondOrderJacobian(dy, dp, u, tau, c0, c1)
}

// factorised adds what the linear algebra of a run took: factorisations and solves of size k forward and of size rev backward.
func (w *work) factorised(run *gradientRun, k, rev float64) {
	w.linear(&run.stats, k)
	w.linear(&run.reverse, rev)
}

func (w *work) linear(s *ode.Stats, n float64) {
	w.flops += float64(s.Factorisations)*2*n*n*n/3 + float64(s.Solves)*2*n*n
}
