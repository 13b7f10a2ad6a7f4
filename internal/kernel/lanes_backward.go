package kernel

// SumLanes is the number of partial sums that LaneNet.Backward keeps for every parameter: every SumLanes-th lane is added to the same one.
const SumLanes = 8

// NewState makes memory for the values of one set of points and for the derivatives, which Use takes.
func (n *LaneNet) NewState() (a, d1 []float64) {
	a, d1 = aligned(n.neurons*n.width), aligned(n.neurons*n.width)
	for i := range d1[:n.inputs*n.width] {
		d1[i] = 1
	}
	return a, d1
}

// Use lets the net write values and derivatives into memory made by NewState, or go back to the points whose are there.
func (n *LaneNet) Use(a, d1 []float64) { n.a, n.d1 = a, d1 }

// Adjoints returns the rows that Backward takes the adjoints of the outputs from.
func (n *LaneNet) Adjoints() []float64 {
	return n.panel[:n.layers[len(n.layers)-1].Out*n.width]
}

// Backward is the reverse mode at the points of the last ForwardDerivative or ForwardJacobian, of LaneWidth lanes. It adds the products with the
// derivatives by every parameter to sums, a row of SumLanes numbers for each of them. With inputs it returns the rows of the adjoints of the
// inputs, valid until the next call.
func (n *LaneNet) Backward(sums []float64, inputs bool) []float64 {
	if n.width != LaneWidth || len(sums) < len(n.params)*SumLanes {
		panic("kernel: Backward with a slice too short or too few lanes")
	}
	n.backward(sums, inputs)
	if !inputs {
		return nil
	}
	adjoints := n.panel
	if len(n.layers)%2 == 1 {
		adjoints = n.panelNext
	}
	return adjoints[:n.inputs*n.width]
}

func (n *LaneNet) backwardGo(sums []float64, inputs bool) {
	last := &n.layers[len(n.layers)-1]
	now, next := n.panel, n.panelNext
	Mul(now[:last.Out*n.width], now, n.d1[last.At*n.width:])
	for i := len(n.layers) - 1; i >= 0; i-- {
		l := &n.layers[i]
		if i > 0 || inputs {
			mulPanelGo(next, n.width, n.params[l.Weight:], 1, l.In, now, n.width, l.In, l.Out, n.width, nil, nil, n.d1[l.From*n.width:], n.width)
		}
		biases := l.Weight + l.In*l.Out
		for r := range l.Out {
			eta := now[r*n.width : (r+1)*n.width]
			for j := range l.In {
				a := n.a[(l.From+j)*n.width : (l.From+j+1)*n.width]
				addByLane(sums[(l.Weight+r*l.In+j)*SumLanes:], eta, a)
			}
			to := sums[(biases+r)*SumLanes:][:SumLanes]
			for x, v := range eta {
				to[x%SumLanes] += v
			}
		}
		now, next = next, now
	}
}

func addByLane(sums, x, y []float64) {
	sums, y = sums[:SumLanes], y[:len(x)]
	for i, v := range x {
		sums[i%SumLanes] += v * y[i]
	}
}

// Collect adds the partial sums of every parameter to gp and clears them.
func (n *LaneNet) Collect(gp, sums []float64) {
	for i := range n.params {
		s := sums[i*SumLanes:][:SumLanes:SumLanes]
		gp[i] += (s[0] + s[4]) + (s[2] + s[6]) + ((s[1] + s[5]) + (s[3] + s[7]))
		clear(s)
	}
}
