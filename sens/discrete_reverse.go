package sens

import (
	"context"
	"fmt"

	"github.com/stiffnode/stiffnode/ode"
)

// DiscreteReverse is the discrete adjoint: the exact derivative of the numerical solution with frozen steps, in reverse mode. It is
// the default: its cost does not depend on the number of parameters but for the products wᵀ∂f/∂p, one per stage.
type DiscreteReverse struct {
	// MemoryLimit bounds the memory of the recorded solve in bytes; 0 means no bound. Where all steps do not fit, only their sequence is kept (48
	// bytes a step), and they are executed again from stored states, placed so that the number of steps executed again is
	// the least (binomial checkpointing). Stages are then solved to roundoff. Solves by BDF are refused: they keep two states
	// per step anyway.
	MemoryLimit int
	// ErrorTest lets the sensitivities to the initial values and to one random direction of the parameters take part in the error test. Without
	// it an exact derivative of the numerical solution can still be far from that of the true one, whose error nobody looked at. It
	// costs k+1 columns beside the solve, and cannot be had together with MemoryLimit or on a solver by BDF.
	ErrorTest bool
}

// At loose tolerances the exact derivative of a solve that is accurate can be off by orders of magnitude. The growth of the adjoint over every
// step is therefore held to what the Jacobian allows; where it is beyond that, solve and derivative are made again at a tenth of the tolerances,
// until it is not, or until two gradients in a row agree to a tenth. Gradient.Tightened says which tolerance it was. Where neither
// comes about, the error is a *ReverseError.

var _ Method = DiscreteReverse{}

// Info implements Method.
func (d DiscreteReverse) Info() Info {
	i := Info{
		Name: "discrete-reverse", Discrete: true,
		Cost:   "O(N(k² + m)) beyond the solve, with its stored factors",
		Memory: "O(N s k) for states and stages, O(N k²) for Jacobians and factors of implicit methods",
		Source: "Hager, Numer. Math. 87, 247 (2000); Sandu, ICCS 2006, LNCS 3991, 550; Zhang and Sandu, SIAM J. Sci. Comput. 36, C504 (2014)",
	}
	if d.ErrorTest {
		i.Name = "discrete-reverse-tested"
		i.Cost = "O(N(k³ + m)) beyond the solve"
	}
	if d.MemoryLimit > 0 {
		i.Name = "discrete-reverse-checkpointed"
		i.Cost = "O(r N(k³ + m)), every step being executed again at most r times, N ≤ C(c + r, r) for c stored states"
		i.Memory = "the bound that was set"
		i.Source += "; Griewank and Walther, ACM TOMS 26, 19 (2000)"
	}
	return i
}

// New implements Method.
func (d DiscreteReverse) New(s Setup) (Evaluator, error) {
	name := d.Info().Name
	if d.MemoryLimit < 0 {
		return nil, &ode.InputError{What: "memory limit", Msg: fmt.Sprintf("is %d bytes; it must not be negative", d.MemoryLimit)}
	}
	if d.MemoryLimit > 0 && d.ErrorTest {
		return nil, &ode.InputError{What: "memory limit", Msg: "cannot be combined with sensitivities in the error test"}
	}
	r := &discreteReverse{}
	if d.MemoryLimit > 0 {
		if m := s.Options.Method; m != nil && m.Info().Family == familyBDF {
			return nil, &RefusedError{Method: name, Solver: solverName(&s), Reason: errNotExecutable.Error()}
		}
		r.check = &checkpointed{limit: d.MemoryLimit, user: s.Options.Observer}
		s.Options.ObserveEnds = s.Options.ObserveEnds || s.Options.Observer == nil
		s.Options.Observer = r.check.observe
	}
	var err error
	if r.primal, err = newPrimal(s, name); err != nil {
		return nil, err
	}
	if d.ErrorTest {
		if r.lock, err = newTested(&s, r.primal); err != nil {
			return nil, err
		}
	}
	e := newEngine(s.Problem, r.field)
	e.useBatch()
	r.adj = newAdjoint(e)
	r.safe.init(r.primal)
	r.safe.attempt = r.attempt
	r.adj.guard = &r.safe.watch
	if r.check != nil {
		r.check.tape = &r.tape
		r.check.rec.e, r.check.rec.k = e, r.k
	}
	return r, nil
}

type discreteReverse struct {
	*primal
	adj   *adjoint
	check *checkpointed // nil without a bound on memory
	grads []float64
	safe  safeguard
	// what the call in hand asks for
	call forwardCall
	g    *Gradient
}

// Gradient implements Evaluator.
func (d *discreteReverse) Gradient(ctx context.Context, g *Gradient, p, y0 []float64, t0, t1 float64, times []float64, loss Loss) error {
	if d.check != nil {
		if _, ok := loss.(IntegralLoss); ok {
			return &ode.InputError{What: "loss", Msg: "has an integral cost, which a memory limit leaves no room for; remove the limit, or use a continuous method"}
		}
	}
	d.call, d.g = forwardCall{ctx, p, y0, t0, t1, times, loss}, g
	defer func() { d.call, d.g = forwardCall{}, nil }()
	return d.safe.gradient(d.primal, g)
}

// attempt is Gradient at the tolerances that the solver has.
func (d *discreteReverse) attempt() (err error) {
	ctx, g, p, y0, t0, t1, times, loss := d.call.ctx, d.g, d.call.p, d.call.y0, d.call.t0, d.call.t1, d.call.times, d.call.loss
	if d.check != nil {
		d.check.begin()
	}
	sol, err := d.record(ctx, p, y0, t0, t1, times, loss)
	if err != nil {
		return err
	}
	defer d.guard(&err)
	var all []float64
	d.grads, all = d.weigh(g, sol, loss, d.grads)
	e := d.adj.e
	e.stats = ode.Stats{}
	d.safe.watch.begin(g.Y, y0)
	if at, err := d.sweep(ctx, t0, all, g.Params); err != nil {
		return d.failed(at, err)
	}
	g.Reverse = e.stats
	g.Reverse.Steps = sol.Stats.Steps
	if c := d.check; c != nil && c.active {
		g.Checkpoints = c.describe()
	}
	copy(g.Initial, d.adj.lam)
	if err := g.endTime(e, sol, t0, t1, loss, d.grads); err != nil {
		return d.failed(len(d.tape.Steps)-1, err)
	}
	return nil
}

// sweep runs the adjoint through the recorded steps, or through steps executed again.
func (d *discreteReverse) sweep(ctx context.Context, t0 float64, w, gp []float64) (at int, err error) {
	if d.check == nil || !d.check.active {
		return d.adj.run(ctx, &d.tape, w, gp)
	}
	c := d.check
	if err := c.rec.take(&d.tape, &c.before); err != nil { // outputs at the start, when there were no steps
		return 0, err
	}
	if err := c.plan(); err != nil {
		return 0, err
	}
	d.adj.begin(&c.rec, w, gp)
	if at, err := c.reverse(ctx, d.adj); err != nil {
		return at, err
	}
	return 0, d.adj.finish(t0, c.rec.start)
}
