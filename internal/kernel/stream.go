package kernel

// A net whose weights do not fit into the caches of a core is evaluated row by row from one copy of its parameters: every pass reads the
// weights in the order in which they lie, so that the processor fetches them ahead, and a row, or a few, serve all that is to
// be done with them while they are at hand. Small nets are faster by columns (network.go), in whose order the weights of a large one
// would be read with a stride of pages.

// streamFrom is the number of parameters from which on a net is streamed (measured at widths from 64 to 1000).
const streamFrom = 1 << 15

// streamBlock is how many weights are used together: a part of the second-level cache.
const streamBlock = 1 << 14

// streamRows is how many rows of a layer are used together.
func streamRows(l *Layer) int { return max(4, streamBlock/l.In&^3) }

// forwardStreamed is Forward and, for a jac that is not nil, ForwardJacobian, which reads the weights once for both.
func (n *Net) forwardStreamed(order int, jac []float64) {
	a, z, d1, d2 := n.row(rowA), n.row(rowZ), n.row(rowD1), n.row(rowD2)
	inputs := n.layers[0].In
	width := Padded(inputs)
	t, next := n.panel, n.panelNext
	for i := range n.layers {
		l := &n.layers[i]
		w, x := n.params[l.Weight:l.Weight+l.In*l.Out], a[l.From:l.From+l.In]
		biases := n.params[l.Weight+l.In*l.Out:]
		rows := streamRows(l)
		for r := 0; r < l.Out; r += rows {
			count := min(rows, l.Out-r)
			for q := r; q < r+count; q++ {
				z[l.At+q] = biases[q] + Dot(w[q*l.In:(q+1)*l.In], x)
			}
			if jac != nil && i > 0 {
				MulPanel(next[r*width:], width, w[r*l.In:], l.In, 1, t, width, count, l.In, width, nil, nil, nil, 0)
			}
		}
		end := l.At + Padded(l.Out)
		Func(l.Func).Apply(order, a[l.At:end], d1[l.At:end], d2[l.At:end], z[l.At:l.At+l.Out])
		if jac == nil {
			continue
		}
		if i == 0 {
			for r := range l.Out {
				copy(next[r*width:(r+1)*width], w[r*inputs:(r+1)*inputs])
			}
		}
		ScaleRows(next, next, d1[l.At:], l.Out, width)
		t, next = next, t
	}
	if jac != nil {
		n.unpad(jac, t)
	}
}

// tangentsStreamed is Tangents.
func (n *Net) tangentsStreamed(pairs int) {
	d1 := n.row(rowD1)
	for i := range n.layers {
		l := &n.layers[i]
		w := n.params[l.Weight:]
		for r := range l.Out {
			for c := range pairs {
				n.Tangent(c)[l.At+r] = Dot(w[:l.In], n.TA(c)[l.From:])
			}
			w = w[l.In:]
		}
		end := l.At + l.Out
		for c := range pairs {
			Mul(n.TA(c)[l.At:end], n.Tangent(c)[l.At:end], d1[l.At:end])
		}
	}
}

// backwardStreamed is Backward.
func (n *Net) backwardStreamed(pairs int, gp []float64, inputs bool) {
	last := &n.layers[len(n.layers)-1]
	n.adjointOfZ(pairs, last.At, last.At+last.Out)
	var s [1 + MaxPairs]float64
	now := gp != nil && !n.deferred.on
	for i := len(n.layers) - 1; i >= 0; i-- {
		l := &n.layers[i]
		eta := n.Eta()[l.At : l.At+l.Out]
		back := i > 0 || inputs
		if now {
			// what a row of the gradient is made of, side by side
			copy(n.sources, n.A()[l.From:l.From+l.In])
			for c := range pairs {
				copy(n.sources[(c+1)*l.In:], n.TA(c)[l.From:l.From+l.In])
			}
			AddScaled(gp[l.Weight+l.In*l.Out:][:l.Out], 1, eta)
		}
		if back {
			clear(n.Eta()[l.From : l.From+l.In])
		}
		if i > 0 {
			for c := range pairs {
				clear(n.Zeta(c)[l.From : l.From+l.In])
			}
		}
		// a few parts of rows stay in the first-level cache for the adjoints of all pairs
		const group, part = 4, 512
		for r := 0; r < l.Out; r += group {
			count := min(group, l.Out-r)
			w := n.params[l.Weight+r*l.In:]
			for from := 0; from < l.In && back; from += part {
				a, b := l.From+from, l.From+min(from+part, l.In)
				addRows(n.Eta()[a:b], eta[r:r+count], w[from:], l.In)
				for c := 0; c < pairs && i > 0; c++ {
					addRows(n.Zeta(c)[a:b], n.Zeta(c)[l.At+r:l.At+r+count], w[from:], l.In)
				}
			}
			if !now {
				continue
			}
			for q := r; q < r+count; q++ {
				s[0] = eta[q]
				for c := range pairs {
					s[1+c] = n.Zeta(c)[l.At+q]
				}
				addRows(gp[l.Weight+q*l.In:][:l.In], s[:1+pairs], n.sources, l.In)
			}
		}
		if i > 0 {
			n.adjointOfZ(pairs, l.From, l.From+l.In)
		}
	}
	if gp != nil && !now {
		n.putOff(pairs, gp)
	}
}

// A deferral holds rows of neurons whose outer products, adjoints of a layer's outputs times its inputs, are still to be added to gp.
type deferral struct {
	on               bool
	gp               []float64
	count            int
	values, adjoints []float64 // mostDeferred rows of neurons each
	biased           [mostDeferred]bool
	// the same transposed
	valuePanel, adjointPanel []float64
}

// mostDeferred is the number of products that are put off: as many rows of neurons as stay in the second-level cache.
const mostDeferred = 32

// Defer says whether Backward may put off its additions to gp, which is then the same slice in all calls, until Settle. What has not been settled
// is forgotten. Nets that are not streamed add at once, since their gradients stay in the caches.
func (n *Net) Defer(on bool) {
	d := &n.deferred
	d.on, d.count, d.gp = on && n.streamed, 0, nil
	if d.on && d.values == nil {
		size := mostDeferred * n.stride
		d.values, d.adjoints, d.valuePanel, d.adjointPanel = make([]float64, size), make([]float64, size), make([]float64, size), make([]float64, size)
	}
}

// putOff keeps what the latest Backward is to add.
func (n *Net) putOff(pairs int, gp []float64) {
	d := &n.deferred
	if d.count+1+pairs > mostDeferred {
		n.Settle()
	}
	d.gp = gp
	n.keep(n.A(), n.Eta(), true)
	for c := range pairs {
		n.keep(n.TA(c), n.Zeta(c), false)
	}
}

// keep copies a row of values and one of adjoints; biased says that the adjoints are also those of the biases.
func (n *Net) keep(values, adjoints []float64, biased bool) {
	d := &n.deferred
	from := d.count * n.stride
	copy(d.values[from:from+n.stride], values)
	copy(d.adjoints[from:from+n.stride], adjoints)
	d.biased[d.count] = biased
	d.count++
}

// Settle adds what was put off.
func (n *Net) Settle() {
	d := &n.deferred
	count := d.count
	d.count = 0
	if count == 0 {
		return
	}
	// a row per neuron and a column per product, as AddPanelTransposed has it, in whole registers
	width := Padded(count)
	clear(d.values[count*n.stride : width*n.stride])
	clear(d.adjoints[count*n.stride : width*n.stride])
	Transpose(d.valuePanel, mostDeferred, d.values, n.stride, width, n.stride)
	Transpose(d.adjointPanel, mostDeferred, d.adjoints, n.stride, width, n.stride)
	for i := range n.layers {
		l := &n.layers[i]
		AddPanelTransposed(d.gp[l.Weight:], l.In, n.sources, d.adjointPanel[l.At*mostDeferred:], mostDeferred,
			d.valuePanel[l.From*mostDeferred:], mostDeferred, l.Out, l.In, width)
		biases := d.gp[l.Weight+l.In*l.Out:][:l.Out]
		for c, biased := range d.biased[:count] {
			if biased {
				AddScaled(biases, 1, d.adjoints[c*n.stride+l.At:])
			}
		}
	}
}
