package nn

import "github.com/stiffnode/stiffnode/internal/kernel"

// chunk is how many columns of a panel are carried through the network at a time.
const chunk = 16

// maxPairs is how many pairs SecondOrder carries through the network at a time.
const maxPairs = 4

// productSpace is the scratch of the products at the remembered point.
type productSpace struct {
	panelA, panelB []float64 // (widest layer) × max(chunk, padded inputs)
	delta, next    []float64 // (maxPairs+1) × widest layer: adjoints of one layer

	// Of SecondOrder, per pair: tangents of the pre-activations and of the activations, maxPairs × neurons.
	tz, ta []float64

	// Adjoints for every output o: alpha[o*neurons+at+i] = ∂f_o/∂a_i, zeta the same of z_i, eta the derivative of ∂(J u)_o/∂z_i.
	alpha, zeta, eta []float64
}

func newProductSpace(e *Evaluator) productSpace {
	widest := padded(e.net.Inputs)
	for _, l := range e.layers {
		widest = max(widest, padded(l.Out))
	}
	columns := max(chunk, padded(e.net.Inputs))
	return productSpace{
		panelA: make([]float64, widest*columns),
		panelB: make([]float64, widest*columns),
		delta:  make([]float64, (maxPairs+1)*widest),
		next:   make([]float64, (maxPairs+1)*widest),
		tz:     make([]float64, maxPairs*e.neurons),
		ta:     make([]float64, maxPairs*e.neurons),
		alpha:  make([]float64, e.net.Outputs*e.neurons),
		zeta:   make([]float64, e.net.Outputs*e.neurons),
		eta:    make([]float64, e.net.Outputs*e.neurons),
	}
}

// VJP adds wᵀ∂f/∂x to gx and wᵀ∂f/∂p to gp, at the remembered point. Either may be nil.
func (e *Evaluator) VJP(gx, gp, w []float64) {
	e.needPoint("VJP")
	checkLen("w", len(w), e.net.Outputs)
	if gx != nil {
		checkLen("gx", len(gx), e.net.Inputs)
	}
	if gp != nil {
		checkLen("gp", len(gp), len(e.p))
	}
	delta, next := e.products.delta, e.products.next
	copy(delta, w)
	for i := len(e.layers) - 1; i >= 0; i-- {
		l := &e.layers[i]
		d := delta[:l.Out]
		if l.fn != kernel.Identity {
			kernel.Mul(d, d, e.d1[l.at:])
		}
		if gp != nil {
			a := e.act[l.from : l.from+l.In]
			for r, dr := range d {
				kernel.AddScaled(gp[l.Weight+r*l.In:l.Weight+(r+1)*l.In], dr, a)
			}
			kernel.AddScaled(gp[l.Bias:l.Bias+l.Out], 1, d)
		}
		if i > 0 || gx != nil {
			e.transposedLayer(next[:l.In], d, l)
			delta, next = next, delta
		}
	}
	if gx != nil {
		kernel.AddScaled(gx, 1, delta[:len(gx)])
	}
}

// transposedLayer writes Wᵀ·d into dst.
func (e *Evaluator) transposedLayer(dst, d []float64, l *layer) {
	clear(dst)
	for r, dr := range d {
		kernel.AddScaled(dst, dr, e.p[l.Weight+r*l.In:l.Weight+(r+1)*l.In])
	}
}

// JVP writes ∂f/∂x·v + ∂f/∂p·q at the remembered point into dst, for n directions at once: v is inputs×n, q is NumParams×n, dst outputs×n,
// all row-major. Either of v and q may be nil, which stands for zero.
func (e *Evaluator) JVP(dst, v, q []float64, n int) {
	e.needPoint("JVP")
	checkLen("dst", len(dst), e.net.Outputs*n)
	if v != nil {
		checkLen("v", len(v), e.net.Inputs*n)
	}
	if q != nil {
		checkLen("q", len(q), len(e.p)*n)
	}
	for c := 0; c < n; c += chunk {
		e.jvpChunk(dst, v, q, n, c, min(chunk, n-c))
	}
}

// jvpChunk is JVP for the directions c, …, c+count−1.
func (e *Evaluator) jvpChunk(dst, v, q []float64, n, c, count int) {
	t, next := e.products.panelA, e.products.panelB
	if v != nil {
		for j := range e.net.Inputs {
			copy(t[j*chunk:j*chunk+count], v[j*n+c:])
		}
	}
	for i := range e.layers {
		l := &e.layers[i]
		if i > 0 || v != nil {
			kernel.MulPanel(next, chunk, e.p[l.Weight:], l.In, 1, t, chunk, l.Out, l.In, count)
		} else {
			clear(next[:l.Out*chunk])
		}
		if q != nil {
			for r := range l.Out {
				row := next[r*chunk : r*chunk+count]
				for j, a := range e.act[l.from : l.from+l.In] {
					kernel.AddScaled(row, a, q[(l.Weight+r*l.In+j)*n+c:])
				}
				kernel.AddScaled(row, 1, q[(l.Bias+r)*n+c:])
			}
		}
		e.scaleRows(next, chunk, l, count)
		t, next = next, t
	}
	for r := range e.net.Outputs {
		copy(dst[r*n+c:r*n+c+count], t[r*chunk:])
	}
}

// ParamJacobian writes the columns c0, …, c1−1 of ∂f/∂p at the remembered point into dst, outputs×(c1−c0) row-major.
func (e *Evaluator) ParamJacobian(dst []float64, c0, c1 int) {
	e.needPoint("ParamJacobian")
	e.checkColumns("dst", len(dst), c0, c1)
	e.backward()
	for i := range e.layers {
		l := &e.layers[i]
		for o := range e.net.Outputs {
			row := dst[o*(c1-c0) : (o+1)*(c1-c0)]
			zeta := e.products.zeta[o*e.neurons+l.at:]
			for r := range l.Out {
				a := e.act[l.from : l.from+l.In]
				first := l.Weight + r*l.In
				for j := max(0, c0-first); j < min(l.In, c1-first); j++ {
					row[first+j-c0] = zeta[r] * a[j]
				}
			}
			for r := max(0, c0-l.Bias); r < min(l.Out, c1-l.Bias); r++ {
				row[l.Bias+r-c0] = zeta[r]
			}
		}
	}
}

func (e *Evaluator) checkColumns(what string, got, c0, c1 int) {
	if c0 < 0 || c1 < c0 || c1 > len(e.p) {
		panic("nn: columns outside the parameter vector")
	}
	checkLen(what, got, e.net.Outputs*(c1-c0))
}

// backward makes the adjoints alpha and zeta of every output.
func (e *Evaluator) backward() {
	if e.have.back {
		return
	}
	s := &e.products
	for i := len(e.layers) - 1; i >= 0; i-- {
		l := &e.layers[i]
		for o := range e.net.Outputs {
			alpha := s.alpha[o*e.neurons+l.at : o*e.neurons+l.at+l.Out]
			zeta := s.zeta[o*e.neurons+l.at : o*e.neurons+l.at+l.Out]
			if i == len(e.layers)-1 {
				clear(alpha)
				alpha[o] = 1
			}
			if l.fn == kernel.Identity {
				copy(zeta, alpha)
			} else {
				kernel.Mul(zeta, alpha, e.d1[l.at:])
			}
			e.transposedLayer(s.alpha[o*e.neurons+l.from:o*e.neurons+l.from+l.In], zeta, l)
		}
	}
	e.have.back = true
}
