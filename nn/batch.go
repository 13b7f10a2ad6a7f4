package nn

import "github.com/stiffnode/stiffnode/internal/kernel"

const (
	minPoints  = 16      // points carried through the network at a time, at least
	maxPoints  = 64      // and at most
	pointBytes = 1 << 15 // what the values and derivatives of a block's neurons should fit into, to stay in the first-level cache

	directions = 4 // tangents per point carried at a time by JacobianBatch
)

// batchSpace is the scratch of the calls on many points. A panel has a row per neuron and a column per point of the block.
type batchSpace struct {
	points         int       // in a full block, a multiple of 16
	act, d1        []float64 // neurons × points
	delta, next    []float64 // widest layer × points
	panelA, panelB []float64 // widest layer × (directions·points)
	z              []float64 // widest layer × points
}

func newBatchSpace(e *Evaluator) batchSpace {
	widest := e.net.Inputs
	for _, l := range e.layers {
		widest = max(widest, l.Out)
	}
	neurons := e.k.Neurons()
	points := max(minPoints, min(maxPoints, pointBytes/(2*8*neurons))&^15)
	if e.k.Streamed() {
		points = maxPoints // the weights are what has to be fetched
	}
	return batchSpace{
		points: points,
		act:    make([]float64, neurons*points),
		d1:     make([]float64, neurons*points),
		delta:  make([]float64, widest*points),
		next:   make([]float64, widest*points),
		panelA: make([]float64, widest*directions*points),
		panelB: make([]float64, widest*directions*points),
		z:      make([]float64, widest*points),
	}
}

// inLanes returns what carries many points through the network in lanes, or nil for a network too large for that.
func (e *Evaluator) inLanes() *laneSpace {
	if e.lanes == nil && len(e.k.Params()) <= laneParams {
		e.lanes = newLaneSpace(e.k, e.net)
	}
	return e.lanes
}

// ValueBatch writes f at n points into dst, n×outputs; x is n×inputs, row-major.
func (e *Evaluator) ValueBatch(dst, x []float64, n int) {
	checkLen("dst", len(dst), n*e.net.Outputs)
	checkLen("x", len(x), n*e.net.Inputs)
	for p := 0; p < n; p += e.batch.points {
		b := e.newBlock(min(e.batch.points, n-p))
		b.forward(x[p*e.net.Inputs:], false)
		b.scatter(dst[p*e.net.Outputs:], b.panel(e.batch.act, e.output), e.net.Outputs)
	}
}

// JacobianBatch writes ∂f/∂x at n points into jac, n×outputs×inputs; x is n×inputs, row-major.
func (e *Evaluator) JacobianBatch(jac, x []float64, n int) {
	inputs, outputs := e.net.Inputs, e.net.Outputs
	checkLen("jac", len(jac), n*outputs*inputs)
	checkLen("x", len(x), n*inputs)
	if s := e.inLanes(); s != nil {
		s.jacobians(jac, x, n, inputs, outputs)
		return
	}
	for p := 0; p < n; p += e.batch.points {
		b := e.newBlock(min(e.batch.points, n-p))
		b.forward(x[p*inputs:], true)
		for c := 0; c < inputs; c += directions {
			b.jacobian(jac[p*outputs*inputs:], c, min(directions, inputs-c))
		}
	}
}

// ParamVJPBatch adds Σ_i w_iᵀ∂f/∂p(x_i) to gp and writes w_iᵀ∂f/∂x(x_i), n×inputs, into gx, which may be nil; x is n×inputs, w is n×outputs,
// row-major.
func (e *Evaluator) ParamVJPBatch(gp, gx, x, w []float64, n int) {
	inputs, outputs := e.net.Inputs, e.net.Outputs
	checkLen("gp", len(gp), len(e.k.Params()))
	if gx != nil {
		checkLen("gx", len(gx), n*inputs)
	}
	checkLen("x", len(x), n*inputs)
	checkLen("w", len(w), n*outputs)
	if s := e.inLanes(); s != nil {
		s.paramVJPs(gp, gx, x, w, n, inputs, outputs)
		return
	}
	for p := 0; p < n; p += e.batch.points {
		b := e.newBlock(min(e.batch.points, n-p))
		b.forward(x[p*inputs:], true)
		delta := b.backward(gp, w[p*outputs:], gx != nil)
		if gx != nil {
			b.scatter(gx[p*inputs:], delta, inputs)
		}
	}
}

// block is a block of points: count of them, in panels whose rows hold width ≥ count numbers, whole registers. The columns beyond the count
// are points with zero inputs and zero adjoints.
type block struct {
	e            *Evaluator
	count, width int
}

func (e *Evaluator) newBlock(count int) block { return block{e, count, kernel.Padded(count)} }

// panel is the panel of a layer's neurons within that of all neurons.
func (b block) panel(all []float64, at int) []float64 { return all[at*b.width:] }

// gather turns the rows of the points, n numbers each, into the columns of a panel.
func (b block) gather(panel, rows []float64, n int) {
	kernel.Transpose(panel, b.width, rows, n, b.count, n)
	for j := range n {
		clear(panel[j*b.width+b.count : (j+1)*b.width])
	}
}

// scatter is the inverse of gather.
func (b block) scatter(rows, panel []float64, n int) {
	kernel.Transpose(rows, n, panel, b.width, n, b.count)
}

// forward carries the points through the network.
func (b block) forward(x []float64, derivative bool) {
	s, p := &b.e.batch, b.e.k.Params()
	b.gather(s.act, x, b.e.net.Inputs)
	for i := range b.e.layers {
		l := &b.e.layers[i]
		size := l.Out * b.width
		a, z := b.panel(s.act, l.At)[:size], s.z[:size]
		f := kernel.Func(l.Func)
		if f == kernel.Identity {
			z = a
		}
		kernel.MulPanel(z, b.width, p[l.Weight:], l.In, 1, b.panel(s.act, l.From), b.width, l.Out, l.In, b.width, p[l.Weight+l.In*l.Out:], nil, nil, 0)
		switch {
		case derivative:
			f.Apply(1, a, b.panel(s.d1, l.At), nil, z)
		case f != kernel.Identity:
			f.Apply(0, a, nil, nil, z)
		}
	}
}

// jacobian carries the tangents along the inputs c, …, c+count−1 at all points: column d·width+q of a panel is direction d at point q.
func (b block) jacobian(jac []float64, c, count int) {
	s, p, w := &b.e.batch, b.e.k.Params(), b.width
	stride := count * w
	t, next := s.panelA, s.panelB
	for i := range b.e.layers {
		l := &b.e.layers[i]
		d1 := b.panel(s.d1, l.At)
		if i == 0 {
			for r := range l.Out {
				weights := p[l.Weight+r*l.In+c : l.Weight+r*l.In+c+count]
				kernel.Outer(next[r*stride:(r+1)*stride], weights, d1[r*w:(r+1)*w], nil, nil, w)
			}
		} else {
			// all directions pass while a tile of weights is at hand
			kernel.MulPanel(next, stride, p[l.Weight:], l.In, 1, t, stride, l.Out, l.In, stride, nil, nil, nil, 0)
			for r := range l.Out {
				for d := range count {
					row := next[r*stride+d*w:][:w]
					kernel.Mul(row, row, d1[r*w:])
				}
			}
		}
		t, next = next, t
	}
	inputs, outputs := b.e.net.Inputs, b.e.net.Outputs
	for r := range outputs {
		kernel.Transpose(jac[r*inputs+c:], outputs*inputs, t[r*stride:], w, count, b.count)
	}
}

// backward adds the block's parameter gradient to gp and, if asked, returns the panel of its input gradients.
func (b block) backward(gp, w []float64, inputGradient bool) []float64 {
	s, p := &b.e.batch, b.e.k.Params()
	delta, next := s.delta, s.next
	b.gather(delta, w, b.e.net.Outputs)
	if last := &b.e.layers[len(b.e.layers)-1]; kernel.Func(last.Func) != kernel.Identity {
		kernel.Mul(delta[:last.Out*b.width], delta, b.panel(s.d1, last.At))
	}
	for i := len(b.e.layers) - 1; i >= 0; i-- {
		l := &b.e.layers[i]
		a := b.panel(s.act, l.From)
		kernel.AddPanelTransposed(gp[l.Weight:], l.In, gp[l.Weight+l.In*l.Out:], delta, b.width, a, b.width, l.Out, l.In, b.width)
		if i == 0 && !inputGradient {
			break
		}
		var factor []float64
		if i > 0 {
			factor = b.panel(s.d1, l.From)
		}
		kernel.MulPanel(next, b.width, p[l.Weight:], 1, l.In, delta, b.width, l.In, l.Out, b.width, nil, nil, factor, b.width)
		delta, next = next, delta
	}
	return delta
}
