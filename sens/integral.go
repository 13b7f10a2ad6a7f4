package sens

import (
	"math"

	"github.com/stiffnode/stiffnode/ode"
)

// nodes are the points at which an integral cost is evaluated: Gauss nodes of every step, read off its dense output.
type nodes struct {
	x, w  []float64 // on [0, 1]
	t     []float64
	index []int // the step of every node
	place []float64
	size  []float64 // weight times |step|
	y     []float64
	outs  []ode.TapeOutput
	rows  []float64
}

// init chooses a formula whose order exceeds that of the dense output.
func (n *nodes) init(order int) { n.x, n.w = gaussLegendre(max(2, (order+3)/2)) }

func (n *nodes) reset() {
	n.t, n.index, n.place, n.size, n.y = n.t[:0], n.index[:0], n.place[:0], n.size[:0], n.y[:0]
}

// step notes the nodes of a step, number i on the tape.
func (n *nodes) step(s *ode.Step, i, k int) {
	for j, x := range n.x {
		t := s.T + x*s.H
		n.t, n.index, n.place, n.size = append(n.t, t), append(n.index, i), append(n.place, x), append(n.size, n.w[j]*math.Abs(s.H))
		at := len(n.y)
		for range k {
			n.y = append(n.y, 0)
		}
		s.AtTheta(n.y[at:], x)
	}
}

// merge adds the integral to g.Loss, puts the nodes among the outputs of the tape, and returns the covectors of all of them: those of the
// saved states as given, and weight·∂g/∂y of the nodes.
func (n *nodes) merge(g *Gradient, tape *ode.Tape, loss IntegralLoss, grads []float64, k int) []float64 {
	saved := tape.Outputs
	n.outs, n.rows = n.outs[:0], n.rows[:0]
	o, j := 0, 0
	for i := -1; i < len(tape.Steps); i++ {
		for ; j < len(n.index) && n.index[j] == i; j++ {
			n.outs = append(n.outs, ode.TapeOutput{T: n.t[j], Step: i, Theta: n.place[j]})
			at := len(n.rows)
			for range k {
				n.rows = append(n.rows, 0)
			}
			row := n.rows[at:]
			g.Loss += n.size[j] * loss.Integrand(n.t[j], n.y[j*k:(j+1)*k], row)
			scaleVector(row, n.size[j])
		}
		for ; o < len(saved) && saved[o].Step == i; o++ {
			n.outs = append(n.outs, saved[o])
			n.rows = append(n.rows, grads[o*k:(o+1)*k]...)
		}
	}
	tape.Outputs = append(tape.Outputs[:0], n.outs...)
	return n.rows
}

// endTime computes dL/dt1 = g(t1, y(t1)) + Σ_{t_i = t1} ∂ℓ_i/∂y · y′(t1): saved times at the end move with it.
func (g *Gradient) endTime(e *engine, sol *ode.Solution, t0, t1 float64, loss Loss, grads []float64) error {
	k := e.k
	if integral, ok := loss.(IntegralLoss); ok {
		g.End = math.Copysign(1, t1-t0) * integral.Integrand(t1, sol.YEnd, nil)
	}
	last := len(g.Times) - 1
	if last < 0 || g.Times[last] != t1 {
		return nil
	}
	e.err = nil
	e.slope(e.sum, t1, g.Y[last*k:(last+1)*k])
	for i := last; i >= 0 && g.Times[i] == t1; i-- {
		for j, v := range grads[i*k : (i+1)*k] {
			g.End += v * e.sum[j]
		}
	}
	return e.err
}
