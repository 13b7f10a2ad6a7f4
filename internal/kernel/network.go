package kernel

// Layer is one fully connected layer of a Net: its size, its activation and where its data lie.
//
// The generator knows the order and size of the fields of Layer and Net.
type Layer struct {
	In, Out int
	Func    int // a Func
	From    int // place of the inputs in a row of neurons
	At      int // place of the outputs
	Weight  int // place of the weights in the parameters, Out×In row-major; the biases follow
	Columns int // place in the packed columns: In columns and one of biases, each of padded(Out) numbers
	Rows    int // place in the packed rows: Out rows of padded(In) numbers
}

// Net is a chain of layers with its parameters, in three layouts, and a workspace of rows that each hold one number per neuron: the
// inputs, then the outputs of every layer, each from the beginning of a cache line on.
type Net struct {
	layers  []Layer
	params  []float64
	columns []float64
	rows    []float64
	slab    []float64 // rows of neurons, one after the other
	stride  int       // neurons in a row

	// Panels of the tangents along all inputs, widest layer × padded(In of the first layer).
	panel, panelNext []float64

	// streamed says that only params is kept of the three layouts; sources is scratch, widest layer × (1 + MaxPairs).
	streamed bool
	sources  []float64
	deferred deferral
}

// The rows of neurons. Numbers in the padding mean nothing and touch nothing else. φ′ of the inputs is 1, so that they need no special case.
const (
	rowA       = 0                     // values: the inputs, φ(z)
	rowZ       = 1                     // pre-activations z
	rowD1      = 2                     // φ′(z)
	rowEta     = 3                     // adjoints of z
	rowD2      = 4                     // φ″(z)
	rowTangent = 5                     // tangents of z, MaxPairs rows
	rowTA      = rowTangent + MaxPairs // tangents of the values, MaxPairs rows
	rowZeta    = rowTA + MaxPairs      // adjoints of the tangents of z, MaxPairs rows
	rowsTotal  = rowZeta + MaxPairs
)

// MaxPairs is how many tangents a Net carries.
const MaxPairs = 4

// Lanes is the number of float64 in a register that layouts are padded to.
const Lanes = 4

// Padded is n rounded up to whole registers.
func Padded(n int) int { return (n + Lanes - 1) &^ (Lanes - 1) }

// NewNet returns a net of layers with the given sizes: sizes[0] inputs, then the outputs of every layer. All its parameters are zero.
func NewNet(sizes []int, hidden, output Func) *Net {
	params := 0
	for i, out := range sizes[1:] {
		params += (sizes[i] + 1) * out
	}
	return newNet(sizes, hidden, output, params >= streamFrom)
}

func newNet(sizes []int, hidden, output Func, streamed bool) *Net {
	n := &Net{streamed: streamed}
	at, weight, columns, rows, widest := 0, 0, 0, 0, Padded(sizes[0])
	for i, out := range sizes[1:] {
		in := sizes[i]
		l := Layer{In: in, Out: out, Func: int(hidden), From: at, At: at + onLine(in), Weight: weight, Columns: columns, Rows: rows}
		if i == len(sizes)-2 {
			l.Func = int(output)
		}
		n.layers = append(n.layers, l)
		at = l.At
		weight += (in + 1) * out
		columns += (in + 1) * Padded(out)
		rows += out * Padded(in)
		widest = max(widest, Padded(out))
	}
	n.stride = at + onLine(sizes[len(sizes)-1])
	n.params = make([]float64, weight)
	if streamed {
		n.sources = make([]float64, (1+MaxPairs)*widest)
	} else {
		n.columns = aligned(columns)
		n.rows = aligned(rows)
	}
	n.slab = aligned(rowsTotal * n.stride)
	for j := range Padded(sizes[0]) {
		n.row(rowD1)[j] = 1
	}
	n.panel = make([]float64, widest*Padded(sizes[0]))
	n.panelNext = make([]float64, widest*Padded(sizes[0]))
	return n
}

func (n *Net) row(k int) []float64 { return n.slab[k*n.stride : (k+1)*n.stride] }

// Layers returns the layers, which are not to be changed.
func (n *Net) Layers() []Layer { return n.layers }

// Streamed says that the net is so large that it is evaluated row by row.
func (n *Net) Streamed() bool { return n.streamed }

// Params returns the parameters, to be changed only by Bind.
func (n *Net) Params() []float64 { return n.params }

// Rows returns the weights of a layer as Out rows of width numbers, In or, padded to whole registers, a few more.
func (n *Net) Rows(l *Layer) (rows []float64, width int) {
	if n.streamed {
		return n.params[l.Weight : l.Weight+l.In*l.Out], l.In
	}
	width = Padded(l.In)
	return n.rows[l.Rows : l.Rows+l.Out*width], width
}

// Neurons returns the length of a row of neurons.
func (n *Net) Neurons() int { return n.stride }

// A returns the values of all neurons; its beginning is where Forward takes the inputs from.
func (n *Net) A() []float64 { return n.row(rowA) }

// D1 returns φ′ at all neurons, D2 φ″ after Second.
func (n *Net) D1() []float64 { return n.row(rowD1) }

// D2 returns φ″ at all neurons, after Second.
func (n *Net) D2() []float64 { return n.row(rowD2) }

// Eta returns the adjoints of the pre-activations. Before Backward its end holds the adjoints of the outputs; afterwards its beginning
// the adjoints of the inputs.
func (n *Net) Eta() []float64 { return n.row(rowEta) }

// Tangent returns the tangents of the pre-activations of pair c, and TA those of the values, at whose beginning Tangents expects the
// direction.
func (n *Net) Tangent(c int) []float64 { return n.row(rowTangent + c) }

// TA returns the tangents of the values of pair c.
func (n *Net) TA(c int) []float64 { return n.row(rowTA + c) }

// Zeta returns the adjoints of the tangents of pair c. Before Backward its end holds the adjoints of the outputs' tangents.
func (n *Net) Zeta(c int) []float64 { return n.row(rowZeta + c) }

// Bind copies the parameters and packs them, unless the net is streamed.
func (n *Net) Bind(p []float64) {
	copy(n.params, p)
	if n.streamed {
		return
	}
	for i := range n.layers {
		l := &n.layers[i]
		stride, width := Padded(l.Out), Padded(l.In)
		columns := n.columns[l.Columns : l.Columns+(l.In+1)*stride]
		weights, biases := p[l.Weight:], p[l.Weight+l.In*l.Out:]
		for r := range l.Out {
			row := n.rows[l.Rows+r*width:][:l.In]
			for j, w := range weights[r*l.In : (r+1)*l.In] {
				row[j] = w
				columns[j*stride+r] = w
			}
			columns[l.In*stride+r] = biases[r]
		}
	}
}

// Forward carries the inputs at the beginning of A through the layers: A, the pre-activations and D1, with order 2 also D2.
func (n *Net) Forward(order int) {
	if n.streamed {
		n.forwardStreamed(order, nil)
		return
	}
	n.forward(order)
}

func (n *Net) forwardGo(order int) {
	a, z, d1, d2 := n.row(rowA), n.row(rowZ), n.row(rowD1), n.row(rowD2)
	for i := range n.layers {
		l := &n.layers[i]
		stride := Padded(l.Out)
		end := l.At + stride
		zl := z[l.At:end]
		columns := n.columns[l.Columns : l.Columns+(l.In+1)*stride]
		copy(zl, columns[l.In*stride:])
		multiplyColumnsGo(zl, columns, a[l.From:l.From+l.In])
		Func(l.Func).applyGo(order, a[l.At:end], d1[l.At:end], d2[l.At:end], zl[:l.Out])
	}
}

// multiplyColumnsGo adds Σ_j a_j·column_j to z, whose length is that of the columns.
func multiplyColumnsGo(z, columns, a []float64) {
	stride := len(z)
	for len(z) >= Lanes {
		s0, s1, s2, s3 := z[0], z[1], z[2], z[3]
		c := columns
		for _, v := range a {
			w := c[:Lanes]
			s0 += v * w[0]
			s1 += v * w[1]
			s2 += v * w[2]
			s3 += v * w[3]
			if len(c) < stride {
				break
			}
			c = c[stride:]
		}
		z[0], z[1], z[2], z[3] = s0, s1, s2, s3
		z, columns = z[Lanes:], columns[Lanes:]
	}
}

// ForwardJacobian is Forward, and writes the derivatives of the outputs with respect to the inputs, outputs×inputs row-major, into jac.
func (n *Net) ForwardJacobian(order int, jac []float64) {
	if len(jac) < n.layers[len(n.layers)-1].Out*n.layers[0].In {
		panic("kernel: ForwardJacobian with a slice too short")
	}
	if n.streamed {
		n.forwardStreamed(order, jac)
		return
	}
	n.forwardJacobian(order, jac)
}

// jacobian carries the derivatives with respect to all inputs through the layers, from D1.
func (n *Net) jacobian(jac []float64) {
	inputs := n.layers[0].In
	width := Padded(inputs)
	t, next := n.panel, n.panelNext
	d1 := n.row(rowD1)
	for i := range n.layers {
		l := &n.layers[i]
		if i == len(n.layers)-1 && width == inputs {
			next = jac
		}
		if i == 0 {
			ScaleRows(next, n.rows, d1[l.At:], l.Out, width)
		} else {
			MulPanel(next, width, n.params[l.Weight:], l.In, 1, t, width, l.Out, l.In, width, nil, d1[l.At:], nil, 0)
		}
		t, next = next, t
	}
	if width != inputs {
		n.unpad(jac, t)
	}
}

// unpad writes the rows of a panel of derivatives of the outputs with respect to the inputs into jac, without their padding.
func (n *Net) unpad(jac, panel []float64) {
	inputs := n.layers[0].In
	width := Padded(inputs)
	for range n.layers[len(n.layers)-1].Out {
		row := jac[:inputs]
		//lint:ignore S1001 for so few values the loop is faster
		for j, v := range panel[:inputs] {
			row[j] = v
		}
		jac, panel = jac[inputs:], panel[width:]
	}
}

// Second makes D2 at the point of the last Forward.
func (n *Net) Second() {
	last := &n.layers[len(n.layers)-1]
	n.second(Func(n.layers[0].Func), n.layers[0].At, last.At) // all hidden layers at once
	n.second(Func(last.Func), last.At, n.stride)
}

func (n *Net) second(f Func, from, end int) {
	f.Apply(2, n.row(rowA)[from:end], n.row(rowD1)[from:end], n.row(rowD2)[from:end], n.row(rowZ)[from:end])
}

// Tangents carries the directions at the beginning of TA(c), c < pairs, through the layers, at the point of the last Forward: TA and Tangent.
func (n *Net) Tangents(pairs int) {
	if pairs < 1 || pairs > MaxPairs {
		panic("kernel: Tangents with an impossible number of pairs")
	}
	if n.streamed {
		n.tangentsStreamed(pairs)
		return
	}
	n.tangents(pairs)
}

func (n *Net) tangentsGo(pairs int) {
	d1 := n.row(rowD1)
	for i := range n.layers {
		l := &n.layers[i]
		stride := Padded(l.Out)
		end := l.At + stride
		columns := n.columns[l.Columns : l.Columns+l.In*stride]
		for c := range pairs {
			ta, z := n.TA(c), n.Tangent(c)[l.At:end]
			clear(z)
			multiplyColumnsGo(z, columns, ta[l.From:l.From+l.In])
			Mul(ta[l.At:end], z, d1[l.At:end])
		}
	}
}

// Backward is the reverse mode for the sum of
//
//	adjoint of the outputs · outputs + Σ_{c<pairs} adjoint of the tangents · tangents of the outputs,
//
// where the adjoints are what the caller has written to the ends of Eta and Zeta(c). It adds the gradient with respect to
// the parameters to gp, unless that is nil, and, if inputs is set, leaves that with respect to the inputs at the beginning of Eta. It needs
// Forward, and for pairs > 0 Second and Tangents, at the same point.
func (n *Net) Backward(pairs int, gp []float64, inputs bool) {
	if pairs < 0 || pairs > MaxPairs || gp != nil && len(gp) < len(n.params) {
		panic("kernel: Backward with an impossible number of pairs or a slice too short")
	}
	if n.streamed {
		n.backwardStreamed(pairs, gp, inputs)
		return
	}
	n.backward(pairs, gp, inputs)
}

func (n *Net) backwardGo(pairs int, gp []float64, inputs bool) {
	last := &n.layers[len(n.layers)-1]
	n.adjointOfZ(pairs, last.At, last.At+Padded(last.Out))
	for i := len(n.layers) - 1; i >= 0; i-- {
		l := &n.layers[i]
		eta := n.Eta()[l.At : l.At+l.Out]
		if gp != nil {
			weights := gp[l.Weight : l.Weight+l.In*l.Out]
			addOuterGo(weights, eta, n.A()[l.From:l.From+l.In])
			for c := range pairs {
				addOuterGo(weights, n.Zeta(c)[l.At:l.At+l.Out], n.TA(c)[l.From:l.From+l.In])
			}
			AddScaled(gp[l.Weight+l.In*l.Out:][:l.Out], 1, eta)
		}
		if i == 0 && !inputs {
			return
		}
		end := l.From + Padded(l.In)
		n.transposed(n.Eta()[l.From:end], eta, l)
		if i == 0 {
			return
		}
		for c := range pairs {
			n.transposed(n.Zeta(c)[l.From:end], n.Zeta(c)[l.At:l.At+l.Out], l)
		}
		n.adjointOfZ(pairs, l.From, end)
	}
}

// adjointOfZ turns, for the neurons from, …, end−1, adjoints of φ(z) and of its tangents in Eta and Zeta into those of z and its tangents.
func (n *Net) adjointOfZ(pairs, from, end int) {
	eta := n.Eta()[from:end]
	d1, d2 := n.D1()[from:end], n.D2()[from:end]
	Mul(eta, eta, d1)
	for c := range pairs {
		zeta, tz := n.Zeta(c)[from:end], n.Tangent(c)[from:end]
		for i := range eta {
			eta[i] += d2[i] * tz[i] * zeta[i]
			zeta[i] *= d1[i]
		}
	}
}

// transposed writes Wᵀ·d into dst.
func (n *Net) transposed(dst, d []float64, l *Layer) {
	clear(dst)
	multiplyColumnsGo(dst, n.rows[l.Rows:l.Rows+l.Out*len(dst)], d)
}

// addOuterGo adds y·xᵀ to the len(y)×len(x) matrix g.
func addOuterGo(g, y, x []float64) {
	for _, v := range y {
		row := g[:len(x)]
		for j := range row {
			row[j] += v * x[j]
		}
		g = g[len(x):]
	}
}
