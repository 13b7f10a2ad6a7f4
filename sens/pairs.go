package sens

import "github.com/stiffnode/stiffnode/ode"

// pairs accumulates Σ_j w_jᵀ ∂f/∂p(t_j, y_j): what a quadrature for the parameters' gradient is made of. Points are kept until a block
// of them can be handed to the field in one call.
type pairs struct {
	field ode.ParamField
	batch ode.BatchParamField
	k, n  int
	t     []float64
	y, w  []float64
	f     []float64
	gp    []float64
	stats *ode.Stats
	err   error
}

func newPairs(field ode.ParamField, k int, stats *ode.Stats) *pairs {
	p := &pairs{field: field, k: k, t: make([]float64, blockPoints), y: make([]float64, blockPoints*k), w: make([]float64, blockPoints*k),
		f: make([]float64, k), stats: stats}
	p.batch, _ = field.(ode.BatchParamField)
	return p
}

// begin starts a sum that is added to gp.
func (p *pairs) begin(gp []float64) { p.n, p.gp, p.err = 0, gp, nil }

// add makes room for one more point and returns its state and covector, to be filled in before the next call.
func (p *pairs) add(t float64) (y, w []float64) {
	if p.n == len(p.t) {
		p.flush()
	}
	i := p.n
	p.n++
	p.t[i] = t
	return p.y[i*p.k : (i+1)*p.k], p.w[i*p.k : (i+1)*p.k]
}

// flush adds the points gathered so far; the first error of the field is kept in err.
func (p *pairs) flush() {
	n, k := p.n, p.k
	p.n = 0
	p.stats.Evals += n
	if p.batch != nil {
		if err := p.batch.ParamVJPs(p.gp, nil, p.t[:n], p.y[:n*k], p.w[:n*k], n); err != nil && p.err == nil {
			p.err = err
		}
		return
	}
	for i := range n {
		if err := p.field.Eval(p.f, p.t[i], p.y[i*k:(i+1)*k]); err != nil && p.err == nil {
			p.err = err
		}
		p.field.VJP(nil, p.gp, p.w[i*k:(i+1)*k])
	}
}
