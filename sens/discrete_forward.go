package sens

import (
	"context"

	"github.com/stiffnode/stiffnode/ode"
)

// DiscreteForward differentiates the numerical solution with frozen steps in forward mode, in chunks of parameters that run in
// parallel: what the paper's scripts do, but with one solve for all chunks and one factorisation per step.
type DiscreteForward struct {
	// Chunk is the number of columns carried at once, rounded up to a multiple of 16; 0 divides them among the workers.
	Chunk int
	// Workers is the number of goroutines; 0 means GOMAXPROCS. The result does not depend on it.
	Workers int
}

var _ Method = DiscreteForward{}

// Info implements Method.
func (DiscreteForward) Info() Info {
	return Info{
		Name: "discrete-forward", Discrete: true, Forward: true,
		Cost:   "O(N k² m) beyond the solve, with its stored factors",
		Memory: "O(s k) per column of a chunk, and O(N s k + N k²) for the recorded steps",
		Source: "Griewank and Walther, Evaluating Derivatives, 2nd ed. (2008), ch. 3; chunks: Kim et al., Chaos 31, 093122 (2021), sec. III B",
	}
}

// New implements Method.
func (d DiscreteForward) New(s Setup) (Evaluator, error) {
	p, err := newPrimal(s, d.Info().Name)
	if err != nil {
		return nil, err
	}
	c, err := newColumns(&s, p.field, d.Chunk, d.Workers, p.m+p.k, d.Info().Name)
	if err != nil {
		return nil, err
	}
	f := &discreteForward{primal: p, columns: c}
	e := newEngine(s.Problem, p.field)
	e.useBatch()
	f.adj = newAdjoint(e)
	f.safe.init(p)
	f.safe.attempt = f.look
	f.adj.guard = &f.safe.watch
	return f, nil
}

type discreteForward struct {
	*primal
	columns *columns
	adj     *adjoint
	safe    safeguard
	sol     *ode.Solution
	grads   []float64 // ∂ℓ/∂y of the saved states
	rows    []float64 // the same for all outputs on the tape
	all     []float64 // the gradient with respect to (p, y0)
	// what the call in hand asks for
	call forwardCall
	g    *Gradient
}

// saved implements sink: it adds ∂ℓ_o/∂y · S to the columns' place in the gradient.
func (d *discreteForward) saved(o int, block []float64, c0, cols, width int) {
	dst := d.all[c0 : c0+cols]
	for r := range d.k {
		if w := d.rows[o*d.k+r]; w != 0 {
			addScaledPlainly(dst, w, block[r*width:r*width+cols])
		}
	}
}

// Gradient implements Evaluator. A reverse pass, which costs little beside the columns, says first whether the solve has a derivative to be trusted.
func (d *discreteForward) Gradient(ctx context.Context, g *Gradient, p, y0 []float64, t0, t1 float64, times []float64, loss Loss) (err error) {
	d.call, d.g = forwardCall{ctx, p, y0, t0, t1, times, loss}, g
	defer func() { d.call, d.g = forwardCall{}, nil }()
	if err := d.safe.gradient(d.primal, g); err != nil {
		return err
	}
	defer d.guard(&err)
	d.all = resize(d.all, d.m+d.k)
	clear(d.all)
	if at, err := d.columns.run(ctx, &d.tape, p, d); err != nil {
		return d.failed(at, err)
	}
	s := d.columns.stats()
	g.Reverse.Add(&s)
	copy(g.Params, d.all)
	copy(g.Initial, d.all[d.m:])
	if err := g.endTime(d.columns.workers[0].t.e, d.sol, t0, t1, loss, d.grads); err != nil {
		return d.failed(len(d.tape.Steps)-1, err)
	}
	return nil
}

// look solves and makes the gradient in reverse mode, for the guard.
func (d *discreteForward) look() (err error) {
	ctx, g, p, y0, t0, t1, times, loss := d.call.ctx, d.g, d.call.p, d.call.y0, d.call.t0, d.call.t1, d.call.times, d.call.loss
	if d.sol, err = d.record(ctx, p, y0, t0, t1, times, loss); err != nil {
		return err
	}
	defer d.guard(&err)
	d.grads, d.rows = d.weigh(g, d.sol, loss, d.grads)
	d.adj.e.stats = ode.Stats{}
	d.safe.watch.begin(g.Y, y0)
	if at, err := d.adj.run(ctx, &d.tape, d.rows, g.Params); err != nil {
		return d.failed(at, err)
	}
	copy(g.Initial, d.adj.lam)
	g.Reverse = d.adj.e.stats
	return nil
}
