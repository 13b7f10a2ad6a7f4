package sens

import (
	"context"
	"math"

	"github.com/stiffnode/stiffnode/ode"
)

// A Checker holds gradients, of any method, against the dot-product identity: the gradient times a direction must be the derivative of the
// loss in that direction, which one forward pass through the recorded solve gives. Discrete gradients satisfy it to rounding, continuous
// ones to their tolerances; a wrong gradient does not.
type Checker struct {
	*primal
	tan   *tangents
	dir   []float64 // of parameters, then of initial values
	rows  []float64
	g     Gradient
	seed  uint64
	grads []float64
	sum   dotSink
	safe  safeguard // of the tolerances alone
}

// NewChecker binds the check to a problem and a solver.
func NewChecker(s Setup) (*Checker, error) {
	p, err := newPrimal(s, "gradient check")
	if err != nil {
		return nil, err
	}
	c := &Checker{primal: p, tan: newTangents(newEngine(s.Problem, p.field)), dir: make([]float64, p.m+p.k)}
	c.safe.init(p)
	return c, nil
}

// A Check is the outcome of one.
type Check struct {
	// Forward is the derivative of the loss in a random direction by the forward pass, Gradient the gradient times that direction.
	Forward, Gradient float64
	// Error is their difference relative to the sum of the moduli that the forward derivative is made of, ‖w‖‖Jv‖ where w is the loss's
	// gradient with respect to the saved states and v the direction.
	Error float64
	// Loss is the loss of the check's own solve, to compare.
	Loss float64
}

// Check examines a gradient that was computed with the arguments given. Every component of the direction is of the size of
// the parameter or initial value that it belongs to, or 1 where that is zero; the signs are random, and new at every call.
func (c *Checker) Check(ctx context.Context, g *Gradient, p, y0 []float64, t0, t1 float64, times []float64, loss Loss) (out Check, err error) {
	// the gradient may be that of a solve at tighter tolerances
	rtol := c.safe.asked
	if g.Tightened > 0 {
		rtol = g.Tightened
	}
	if err := c.safe.use(c.primal, rtol); err != nil {
		return out, err
	}
	sol, err := c.record(ctx, p, y0, t0, t1, times, loss)
	if err != nil {
		return out, err
	}
	defer c.guard(&err)
	c.grads, c.rows = c.weigh(&c.g, sol, loss, c.grads)
	for i := range c.dir {
		v := 0.0
		if i < c.m {
			v = p[i]
		} else {
			v = y0[i-c.m]
		}
		if v = math.Abs(v); v == 0 {
			v = 1
		}
		c.seed = c.seed*6364136223846793005 + 1442695040888963407 // Knuth's linear congruential generator
		if c.seed>>63 != 0 {
			v = -v
		}
		c.dir[i] = v
	}
	c.tan.direct(c.dir[:c.m], c.dir[c.m:], 1)
	c.sum = dotSink{w: c.rows}
	if at, err := c.tan.run(&c.tape, &c.sum); err != nil {
		return out, c.failed(at, err)
	}
	out.Forward, out.Loss = c.sum.dot, c.g.Loss
	for i, d := range c.dir[:c.m] {
		out.Gradient += g.Params[i] * d
	}
	for i, d := range c.dir[c.m:] {
		out.Gradient += g.Initial[i] * d
	}
	out.Error = math.Abs(out.Forward - out.Gradient)
	if scale := math.Sqrt(c.sum.ww * c.sum.jj); scale > 0 {
		out.Error /= scale
	}
	return out, nil
}

// dotSink adds up Σ wᵀ(derivative of a saved state) in one direction.
type dotSink struct {
	w           []float64
	dot, ww, jj float64
}

func (d *dotSink) saved(o int, block []float64, _, _, _ int) {
	k := len(block)
	for j, v := range block {
		w := d.w[o*k+j]
		d.dot += w * v
		d.ww += w * w
		d.jj += v * v
	}
}

var _ sink = (*dotSink)(nil)

var _ ode.SplitField = (*splitDecay)(nil)
