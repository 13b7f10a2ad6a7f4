package sens

import (
	"context"

	"github.com/stiffnode/stiffnode/ode"
)

// DiscreteReverse is the discrete adjoint: the exact derivative of the numerical solution with frozen steps, in reverse mode. It is
// the default: its cost does not depend on the number of parameters but for the products wᵀ∂f/∂p, one per stage.
type DiscreteReverse struct{}

var _ Method = DiscreteReverse{}

// Info implements Method.
func (DiscreteReverse) Info() Info {
	return Info{
		Name: "discrete-reverse", Discrete: true,
		Cost:   "O(N(k² + m)) beyond the solve, with its stored factors",
		Memory: "O(N s k) for states and stages, O(N k²) for Jacobians and factors of implicit methods",
		Source: "Hager, Numer. Math. 87, 247 (2000); Sandu, ICCS 2006, LNCS 3991, 550; Zhang and Sandu, SIAM J. Sci. Comput. 36, C504 (2014)",
	}
}

// New implements Method.
func (d DiscreteReverse) New(s Setup) (Evaluator, error) {
	p, err := newPrimal(s, d.Info().Name)
	if err != nil {
		return nil, err
	}
	e := newEngine(s.Problem, p.field)
	e.useBatch()
	return &discreteReverse{primal: p, adj: newAdjoint(e)}, nil
}

type discreteReverse struct {
	*primal
	adj   *adjoint
	grads []float64
}

// Gradient implements Evaluator.
func (d *discreteReverse) Gradient(ctx context.Context, g *Gradient, p, y0 []float64, t0, t1 float64, times []float64, loss Loss) (err error) {
	sol, err := d.record(ctx, p, y0, t0, t1, times, loss)
	if err != nil {
		return err
	}
	defer d.guard(&err)
	var all []float64
	d.grads, all = d.weigh(g, sol, loss, d.grads)
	e := d.adj.e
	e.stats = ode.Stats{}
	if at, err := d.adj.run(ctx, &d.tape, all, g.Params); err != nil {
		return d.failed(at, err)
	}
	g.Reverse = e.stats
	g.Reverse.Steps = len(d.tape.Steps)
	copy(g.Initial, d.adj.lam)
	if err := g.endTime(e, sol, t0, t1, loss, d.grads); err != nil {
		return d.failed(len(d.tape.Steps)-1, err)
	}
	return nil
}
