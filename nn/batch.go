package nn

import "github.com/stiffnode/stiffnode/internal/kernel"

const (
	blockPoints     = 16 // points carried through the network at a time, one column each
	blockDirections = 4  // tangents per point carried at a time by JacobianBatch
)

// batchSpace is the scratch of the calls on many points. A panel has a row per neuron and a column per point of the block.
type batchSpace struct {
	act, d1        []float64 // neurons × blockPoints
	delta, next    []float64 // widest layer × blockPoints
	panelA, panelB []float64 // widest layer × (blockDirections·blockPoints)
	z              []float64 // widest layer × blockPoints
}

func newBatchSpace(e *Evaluator) batchSpace {
	widest := e.net.Inputs
	for _, l := range e.layers {
		widest = max(widest, l.Out)
	}
	return batchSpace{
		act:    make([]float64, e.neurons*blockPoints),
		d1:     make([]float64, e.neurons*blockPoints),
		delta:  make([]float64, widest*blockPoints),
		next:   make([]float64, widest*blockPoints),
		panelA: make([]float64, widest*blockDirections*blockPoints),
		panelB: make([]float64, widest*blockDirections*blockPoints),
		z:      make([]float64, widest*blockPoints),
	}
}

// ValueBatch writes f at n points into dst, n×outputs; x is n×inputs, row-major.
func (e *Evaluator) ValueBatch(dst, x []float64, n int) {
	checkLen("dst", len(dst), n*e.net.Outputs)
	checkLen("x", len(x), n*e.net.Inputs)
	last := e.layers[len(e.layers)-1].at * blockPoints
	for p := 0; p < n; p += blockPoints {
		count := min(blockPoints, n-p)
		e.forwardBlock(x[p*e.net.Inputs:], count, false)
		scatterColumns(dst[p*e.net.Outputs:], e.batch.act[last:], e.net.Outputs, count)
	}
}

// JacobianBatch writes ∂f/∂x at n points into jac, n×outputs×inputs; x is n×inputs, row-major.
func (e *Evaluator) JacobianBatch(jac, x []float64, n int) {
	inputs, outputs := e.net.Inputs, e.net.Outputs
	checkLen("jac", len(jac), n*outputs*inputs)
	checkLen("x", len(x), n*inputs)
	for p := 0; p < n; p += blockPoints {
		count := min(blockPoints, n-p)
		e.forwardBlock(x[p*inputs:], count, true)
		for c := 0; c < inputs; c += blockDirections {
			e.jacobianBlock(jac[p*outputs*inputs:], count, c, min(blockDirections, inputs-c))
		}
	}
}

// jacobianBlock carries the tangents along the inputs c, …, c+directions−1 at all points of the block: column d*blockPoints+p of a panel is
// direction d at point p.
func (e *Evaluator) jacobianBlock(jac []float64, count, c, directions int) {
	const stride = blockDirections * blockPoints
	t, next := e.batch.panelA, e.batch.panelB
	columns := directions * blockPoints
	for i := range e.layers {
		l := &e.layers[i]
		if i == 0 {
			for r := range l.Out {
				d1 := e.batch.d1[(l.at+r)*blockPoints : (l.at+r+1)*blockPoints]
				for d := range directions {
					w := e.p[l.Weight+r*l.In+c+d]
					row := next[r*stride+d*blockPoints:]
					for q, s := range d1 {
						row[q] = w * s
					}
				}
			}
		} else {
			kernel.MulPanel(next, stride, e.p[l.Weight:], l.In, 1, t, stride, l.Out, l.In, columns)
			if l.fn != kernel.Identity {
				for r := range l.Out {
					d1 := e.batch.d1[(l.at+r)*blockPoints:]
					for d := range directions {
						row := next[r*stride+d*blockPoints : r*stride+(d+1)*blockPoints]
						kernel.Mul(row, row, d1)
					}
				}
			}
		}
		t, next = next, t
	}
	inputs, outputs := e.net.Inputs, e.net.Outputs
	for p := range count {
		for r := range outputs {
			for d := range directions {
				jac[(p*outputs+r)*inputs+c+d] = t[r*stride+d*blockPoints+p]
			}
		}
	}
}

// ParamVJPBatch adds Σ_i w_iᵀ∂f/∂p(x_i) to gp and writes w_iᵀ∂f/∂x(x_i), n×inputs, into gx, which may be nil; x is n×inputs, w is n×outputs,
// row-major.
func (e *Evaluator) ParamVJPBatch(gp, gx, x, w []float64, n int) {
	inputs, outputs := e.net.Inputs, e.net.Outputs
	checkLen("gp", len(gp), len(e.p))
	if gx != nil {
		checkLen("gx", len(gx), n*inputs)
	}
	checkLen("x", len(x), n*inputs)
	checkLen("w", len(w), n*outputs)
	for p := 0; p < n; p += blockPoints {
		count := min(blockPoints, n-p)
		e.forwardBlock(x[p*inputs:], count, true)
		delta := e.backwardBlock(gp, w[p*outputs:], count, gx != nil)
		if gx != nil {
			scatterColumns(gx[p*inputs:], delta, inputs, count)
		}
	}
}

// backwardBlock adds the block's parameter gradient to gp and, if asked, returns the panel of its input gradients.
func (e *Evaluator) backwardBlock(gp, w []float64, count int, inputGradient bool) []float64 {
	b := &e.batch
	delta, next := b.delta, b.next
	gatherColumns(delta, w, e.net.Outputs, count)
	for i := len(e.layers) - 1; i >= 0; i-- {
		l := &e.layers[i]
		if l.fn != kernel.Identity {
			kernel.Mul(delta[:l.Out*blockPoints], delta, b.d1[l.at*blockPoints:])
		}
		kernel.AddPanelTransposed(gp[l.Weight:l.Bias], l.In, delta, blockPoints, b.act[l.from*blockPoints:], blockPoints, l.Out, l.In, blockPoints)
		for r := range l.Out {
			gp[l.Bias+r] += kernel.Sum(delta[r*blockPoints : (r+1)*blockPoints])
		}
		if i > 0 || inputGradient {
			kernel.MulPanel(next, blockPoints, e.p[l.Weight:], 1, l.In, delta, blockPoints, l.In, l.Out, blockPoints)
			delta, next = next, delta
		}
	}
	return delta
}

// forwardBlock carries count ≤ blockPoints points through the network; missing ones are replaced by zero inputs.
func (e *Evaluator) forwardBlock(x []float64, count int, derivative bool) {
	b := &e.batch
	gatherColumns(b.act, x, e.net.Inputs, count)
	for i := range e.layers {
		l := &e.layers[i]
		a := b.act[l.at*blockPoints : (l.at+l.Out)*blockPoints]
		z := a
		if l.fn != kernel.Identity {
			z = b.z[:len(a)]
		}
		kernel.AffinePanel(z, blockPoints, e.p[l.Weight:], l.In, 1, e.p[l.Bias:], b.act[l.from*blockPoints:], blockPoints, l.Out, l.In, blockPoints)
		d1 := b.d1[l.at*blockPoints:][:len(a)]
		switch {
		case derivative:
			l.fn.Value1(a, d1, z)
		case l.fn != kernel.Identity:
			l.fn.Value(a, z)
		}
	}
}

// gatherColumns turns count rows of width numbers into the columns of a panel, the rest of whose columns become zero.
func gatherColumns(panel, rows []float64, width, count int) {
	for j := range width {
		row := panel[j*blockPoints : (j+1)*blockPoints]
		for p := range count {
			row[p] = rows[p*width+j]
		}
		clear(row[count:])
	}
}

// scatterColumns is the inverse of gatherColumns.
func scatterColumns(rows, panel []float64, width, count int) {
	for j := range width {
		for p, v := range panel[j*blockPoints : j*blockPoints+count] {
			rows[p*width+j] = v
		}
	}
}
