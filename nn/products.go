package nn

import "github.com/stiffnode/stiffnode/internal/kernel"

// chunk is how many columns of a panel are carried through the network at a time.
const chunk = 32

// productSpace is the scratch of the products at the remembered point.
type productSpace struct {
	panelA, panelB []float64 // widest layer × chunk

	// For every output o, a row of neurons: zeta[o*neurons+at+i] = ∂f_o/∂z_i, eta the derivative of ∂(J u)_o/∂z_i, alpha scratch.
	zeta, eta, alpha []float64
	bend             []float64 // φ″·ż, a row of neurons
}

func newProductSpace(e *Evaluator) productSpace {
	widest := e.net.Inputs
	for _, l := range e.layers {
		widest = max(widest, l.Out)
	}
	neurons := e.k.Neurons()
	return productSpace{
		panelA: make([]float64, widest*chunk),
		panelB: make([]float64, widest*chunk),
		zeta:   make([]float64, e.net.Outputs*neurons),
		eta:    make([]float64, e.net.Outputs*neurons),
		alpha:  make([]float64, e.net.Outputs*neurons),
		bend:   make([]float64, neurons),
	}
}

// VJP adds wᵀ∂f/∂x to gx and wᵀ∂f/∂p to gp, at the remembered point. Either may be nil.
func (e *Evaluator) VJP(gx, gp, w []float64) {
	e.needPoint("VJP")
	e.checkGradients(gx, gp)
	checkLen("w", len(w), e.net.Outputs)
	copyShort(e.k.Eta()[e.output:], w)
	e.k.Backward(0, gp, gx != nil)
	addShort(gx, e.k.Eta()[:len(gx)])
}

// Defer says whether VJP, SecondOrder and Adjoint may put off their additions to gp, which is then the same slice in all calls, until Settle;
// large networks do. What has not been settled is forgotten.
func (e *Evaluator) Defer(on bool) { e.k.Defer(on) }

// Settle makes the additions that were put off.
func (e *Evaluator) Settle() { e.k.Settle() }

func (e *Evaluator) checkGradients(gx, gp []float64) {
	if gx != nil {
		checkLen("gx", len(gx), e.net.Inputs)
	}
	if gp != nil {
		checkLen("gp", len(gp), len(e.k.Params()))
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
		checkLen("q", len(q), len(e.k.Params())*n)
	}
	if v != nil && q == nil && n >= 1 && n <= kernel.MaxPairs {
		e.jvpFew(dst, v, n)
		return
	}
	for c := 0; c < n; c += chunk {
		e.jvpChunk(dst, v, q, n, c, min(chunk, n-c))
	}
}

// jvpFew is JVP for few directions in x: lanes run along the neurons instead of the directions.
func (e *Evaluator) jvpFew(dst, v []float64, n int) {
	for c := range n {
		ta := e.k.TA(c)
		for j := range e.net.Inputs {
			ta[j] = v[j*n+c]
		}
	}
	e.k.Tangents(n)
	for c := range n {
		ta := e.k.TA(c)[e.output:]
		for o := range e.net.Outputs {
			dst[o*n+c] = ta[o]
		}
	}
}

// jvpChunk is JVP for the directions c, …, c+count−1.
func (e *Evaluator) jvpChunk(dst, v, q []float64, n, c, count int) {
	t, next := e.products.panelA, e.products.panelB
	width := kernel.Padded(count)
	for j := range e.net.Inputs {
		row := t[j*chunk : j*chunk+width]
		if v != nil {
			clear(row[copy(row[:count], v[j*n+c:]):])
		} else {
			clear(row)
		}
	}
	p, a, d1 := e.k.Params(), e.k.A(), e.k.D1()
	for i := range e.layers {
		l := &e.layers[i]
		if q == nil {
			kernel.MulPanel(next, chunk, p[l.Weight:], l.In, 1, t, chunk, l.Out, l.In, width, nil, d1[l.At:], nil, 0)
			t, next = next, t
			continue
		}
		kernel.MulPanel(next, chunk, p[l.Weight:], l.In, 1, t, chunk, l.Out, l.In, width, nil, nil, nil, 0)
		for r := range l.Out {
			row := next[r*chunk : r*chunk+count]
			for j, s := range a[l.From : l.From+l.In] {
				kernel.AddScaled(row, s, q[(l.Weight+r*l.In+j)*n+c:])
			}
			kernel.AddScaled(row, 1, q[(l.Weight+l.In*l.Out+r)*n+c:])
			kernel.Scale(row, d1[l.At+r])
		}
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
	e.needBack()
	for i := range e.layers {
		l := &e.layers[i]
		a := e.k.A()[l.From : l.From+kernel.Padded(l.In)]
		for o := range e.net.Outputs {
			zeta := e.products.zeta[o*e.k.Neurons()+l.At:][:l.Out]
			writeColumns(dst[o*(c1-c0):(o+1)*(c1-c0)], l, zeta, a, nil, nil, zeta, c0, c1)
		}
	}
}

// writeColumns writes those of a layer's parameters that are among the columns c0, …, c1−1 into one output's row: y·xᵀ + u·vᵀ for the
// weights, or y·xᵀ for a nil u, and bias for the biases.
func writeColumns(row []float64, l *kernel.Layer, y, x, u, v, bias []float64, c0, c1 int) {
	start := l.Weight + l.In*l.Out
	if c0 <= l.Weight && start+l.Out <= c1 {
		weights := row[l.Weight-c0 : start-c0]
		kernel.Outer(weights, y, x, u, v, l.In)
		copyShort(row[start-c0:], bias)
		return
	}
	// Rows of weights that lie entirely within the columns, and single weights of those that do not.
	first := min(max(0, (c0-l.Weight+l.In-1)/l.In), l.Out)
	last := max(min((c1-l.Weight)/l.In, l.Out), first)
	if c1 <= l.Weight {
		first, last = 0, 0
	}
	single := func(from, end int) {
		for k := max(from, c0-l.Weight); k < min(end, c1-l.Weight, l.In*l.Out); k++ {
			r, j := k/l.In, k%l.In
			g := y[r] * x[j]
			if u != nil {
				g += u[r] * v[j]
			}
			row[l.Weight+k-c0] = g
		}
	}
	single(0, first*l.In)
	if first < last {
		var whole []float64
		if u != nil {
			whole = u[first:last]
		}
		kernel.Outer(row[l.Weight+first*l.In-c0:], y[first:last], x, whole, v, l.In)
	}
	single(last*l.In, l.In*l.Out)
	for r := max(0, c0-start); r < min(l.Out, c1-start); r++ {
		row[start+r-c0] = bias[r]
	}
}

func (e *Evaluator) checkColumns(what string, got, c0, c1 int) {
	if c0 < 0 || c1 < c0 || c1 > len(e.k.Params()) {
		panic("nn: columns outside the parameter vector")
	}
	checkLen(what, got, e.net.Outputs*(c1-c0))
}

// needBack makes zeta, the derivatives of every output with respect to all pre-activations.
func (e *Evaluator) needBack() {
	if e.haveBack {
		return
	}
	e.haveBack = true
	outputs, neurons := e.net.Outputs, e.k.Neurons()
	zeta, d1 := e.products.zeta, e.k.D1()
	for o := range outputs {
		row := zeta[o*neurons+e.output : o*neurons+e.output+outputs]
		clear(row)
		row[o] = d1[e.output+o]
	}
	for i := len(e.layers) - 1; i > 0; i-- {
		e.multiplyRows(zeta, zeta, &e.layers[i], d1)
	}
}

// multiplyRows carries a row of adjoints per output from the layer's outputs in src to its inputs in dst and multiplies each by factor.
func (e *Evaluator) multiplyRows(dst, src []float64, l *kernel.Layer, factor []float64) {
	neurons := e.k.Neurons()
	rows, width := e.k.Rows(l)
	kernel.MulPanel(dst[l.From:], neurons, src[l.At:], neurons, 1, rows, width, e.net.Outputs, l.Out, width, nil, nil, factor[l.From:], 0)
}
