package kernel

import "math"

// LaneWidth is the number of points, or of trajectories, that the lane primitives carry side by side: four registers, so that the chains of
// one fill the waiting times of the others. A lane vector of n components has a row of LaneWidth numbers per component.
//
// Whatever a lane holds, NaN and infinity included, touches no other lane, and gives the same bits in every lane.
const LaneWidth = 16

// StageLanes is the number of points of a LaneNet for the stages of a step: one register or two.
const StageLanes = 8

// LaneNet is a chain of layers evaluated at LaneWidth or StageLanes points at once, lanes along the points. The generator knows the order
// and size of its fields.
type LaneNet struct {
	layers []Layer   // From and At count neurons, Columns and Rows are not used
	params []float64 // of every layer the weights, Out×In row-major, then the biases
	a      []float64 // values, a row per neuron: the inputs, then the outputs of every layer
	d1     []float64 // φ′ of the same neurons
	// tangents along all inputs: for every input a panel of a row per neuron of a layer, inputs × widest layer × width
	panel, panelNext []float64
	inputs, widest   int
	scratch          []float64 // of the activations
	width            int       // lanes
	neurons          int       // inputs included
}

// NewLaneNet returns a net with the given sizes, as NewNet does. All its parameters are zero.
func NewLaneNet(sizes []int, hidden, output Func) *LaneNet {
	params := 0
	for i, out := range sizes[1:] {
		params += (sizes[i] + 1) * out
	}
	return newLaneNet(sizes, hidden, output, make([]float64, params), LaneWidth)
}

// Lanes returns a net of LaneWidth or StageLanes lanes that shares the parameters of n.
func (n *Net) Lanes(width int) *LaneNet {
	sizes := []int{n.layers[0].In}
	for i := range n.layers {
		sizes = append(sizes, n.layers[i].Out)
	}
	return newLaneNet(sizes, Func(n.layers[0].Func), Func(n.layers[len(n.layers)-1].Func), n.params, width)
}

func newLaneNet(sizes []int, hidden, output Func, params []float64, width int) *LaneNet {
	n := &LaneNet{params: params, inputs: sizes[0], scratch: aligned(6 * width), width: width}
	at, weight := 0, 0
	for i, out := range sizes[1:] {
		in := sizes[i]
		l := Layer{In: in, Out: out, Func: int(hidden), From: at, At: at + in, Weight: weight}
		if i == len(sizes)-2 {
			l.Func = int(output)
		}
		n.layers = append(n.layers, l)
		at += in
		weight += (in + 1) * out
		n.widest = max(n.widest, out)
	}
	n.neurons = at + sizes[len(sizes)-1]
	n.Use(n.NewState())
	n.panel, n.panelNext = aligned(n.inputs*n.widest*width), aligned(n.inputs*n.widest*width)
	return n
}

// Params returns the parameters, which may be changed.
func (n *LaneNet) Params() []float64 { return n.params }

// Inputs returns the rows that Forward and ForwardJacobian take the inputs from.
func (n *LaneNet) Inputs() []float64 { return n.a[:n.inputs*n.width] }

// Outputs returns the rows of outputs of the last Forward or ForwardJacobian.
func (n *LaneNet) Outputs() []float64 {
	l := &n.layers[len(n.layers)-1]
	return n.a[l.At*n.width : (l.At+l.Out)*n.width]
}

// Forward carries the inputs through the layers.
func (n *LaneNet) Forward() { n.forward(0) }

// ForwardDerivative is Forward, and makes what Backward needs.
func (n *LaneNet) ForwardDerivative() { n.forward(1) }

// ForwardJacobian is Forward, and writes the derivatives of the outputs with respect to the inputs into jac: row c·outputs+r is that of
// output r with respect to input c.
func (n *LaneNet) ForwardJacobian(jac []float64) {
	out := n.layers[len(n.layers)-1].Out
	if len(jac) < n.inputs*out*n.width {
		panic("kernel: ForwardJacobian with a slice too short")
	}
	n.forwardJacobian()
	stride := n.widest * n.width
	for c := range n.inputs {
		copy(jac[c*out*n.width:(c+1)*out*n.width], n.panel[c*stride:])
	}
}

func (n *LaneNet) forwardGo(order int) {
	for i := range n.layers {
		l := &n.layers[i]
		from, to := n.a[l.From*n.width:], n.a[l.At*n.width:(l.At+l.Out)*n.width]
		weights := n.params[l.Weight:]
		mulPanelGo(to, n.width, weights, l.In, 1, from, n.width, l.Out, l.In, n.width, weights[l.In*l.Out:], nil, nil, 0)
		Func(l.Func).applyGo(order, to, n.d1[l.At*n.width:], nil, to)
	}
}

// forwardJacobianGo leaves the tangents of the outputs in panel.
func (n *LaneNet) forwardJacobianGo() {
	n.forwardGo(1)
	stride := n.widest * n.width
	for i := range n.layers {
		l := &n.layers[i]
		d1 := n.d1[l.At*n.width : (l.At+l.Out)*n.width]
		weights := n.params[l.Weight:]
		for c := range n.inputs {
			to := n.panelNext[c*stride:]
			if i > 0 {
				mulPanelGo(to, n.width, weights, l.In, 1, n.panel[c*stride:], n.width, l.Out, l.In, n.width, nil, nil, d1, n.width)
				continue
			}
			for r := range l.Out {
				w := weights[r*l.In+c]
				row := to[r*n.width : (r+1)*n.width]
				for x, d := range d1[r*n.width : (r+1)*n.width] {
					row[x] = w * d
				}
			}
		}
		n.panel, n.panelNext = n.panelNext, n.panel
	}
}

// FactorLanes makes and factorises the k×k matrices W = I − g·J, one per lane, with partial pivoting in every lane. J and the factors have their
// columns one after the other: row c·k+r belongs to element (r, c). The factors keep the reciprocals of the pivots on their diagonal;
// pivot[p] is, lane by lane, the row that took the place of row p. A singular matrix gives factors that are not finite.
func FactorLanes(lu, pivot, g, jac []float64, k int) {
	if k < 1 || len(lu) < k*k*LaneWidth || len(jac) < k*k*LaneWidth || len(pivot) < k*LaneWidth || len(g) < LaneWidth {
		panic("kernel: FactorLanes with a slice too short")
	}
	factorLanes(lu, pivot, g, jac, k)
}

func factorLanesGo(lu, pivot, g, jac []float64, k int) {
	at := func(r, c, lane int) *float64 { return &lu[(c*k+r)*LaneWidth+lane] }
	for i, v := range jac[:k*k*LaneWidth] {
		lu[i] = -g[i%LaneWidth] * v
	}
	for i := range k {
		row := lu[(i*k+i)*LaneWidth : (i*k+i+1)*LaneWidth]
		for lane := range row {
			row[lane]++
		}
	}
	for lane := range LaneWidth {
		for p := range k {
			best, row := math.Abs(*at(p, p, lane)), p
			for i := p + 1; i < k; i++ {
				if v := math.Abs(*at(i, p, lane)); v > best {
					best, row = v, i
				}
			}
			pivot[p*LaneWidth+lane] = float64(row)
			if row != p {
				for c := range k {
					a, b := at(p, c, lane), at(row, c, lane)
					*a, *b = *b, *a
				}
			}
			inverse := 1 / *at(p, p, lane)
			*at(p, p, lane) = inverse
			for i := p + 1; i < k; i++ {
				*at(i, p, lane) *= inverse
			}
			for c := p + 1; c < k; c++ {
				u := *at(p, c, lane)
				for i := p + 1; i < k; i++ {
					*at(i, c, lane) -= *at(i, p, lane) * u
				}
			}
		}
	}
}

// SolveLanes writes W⁻¹(g·f + c) into x, given the factors of FactorLanes; without c if it is nil. All hold k rows.
func SolveLanes(x, lu, pivot, g, f, c []float64, k int) {
	n := k * LaneWidth
	if k < 1 || len(x) < n || len(lu) < k*n || len(pivot) < n || len(g) < LaneWidth || len(f) < n || c != nil && len(c) < n {
		panic("kernel: SolveLanes with a slice too short")
	}
	solveLanes(x, lu, pivot, g, f, c, k)
}

func solveLanesGo(x, lu, pivot, g, f, c []float64, k int) {
	scaleLanesGo(x, g, f, k)
	if c != nil {
		for i := range x[:k*LaneWidth] {
			x[i] += c[i]
		}
	}
	for lane := range LaneWidth {
		for p := range k - 1 {
			if i := int(pivot[p*LaneWidth+lane]); i != p {
				x[p*LaneWidth+lane], x[i*LaneWidth+lane] = x[i*LaneWidth+lane], x[p*LaneWidth+lane]
			}
		}
	}
	for p := range k {
		for i := p + 1; i < k; i++ {
			subtractProductLanes(x[i*LaneWidth:], lu[(p*k+i)*LaneWidth:], x[p*LaneWidth:])
		}
	}
	for p := k - 1; p >= 0; p-- {
		row := x[p*LaneWidth : (p+1)*LaneWidth]
		for lane, d := range lu[(p*k+p)*LaneWidth : (p*k+p+1)*LaneWidth] {
			row[lane] *= d
		}
		for i := range p {
			subtractProductLanes(x[i*LaneWidth:], lu[(p*k+i)*LaneWidth:], row)
		}
	}
}

func subtractProductLanes(y, a, b []float64) {
	y, a, b = y[:LaneWidth], a[:LaneWidth], b[:LaneWidth]
	for lane := range y {
		y[lane] -= a[lane] * b[lane]
	}
}

// ScaleLanes writes g·f into x: k rows, each multiplied lane by lane with g.
func ScaleLanes(x, g, f []float64, k int) {
	if k < 1 || len(x) < k*LaneWidth || len(f) < k*LaneWidth || len(g) < LaneWidth {
		panic("kernel: ScaleLanes with a slice too short")
	}
	scaleLanes(x, g, f, k)
}

func scaleLanesGo(x, g, f []float64, k int) {
	g = g[:LaneWidth]
	for ; k > 0; k-- {
		to, from := x[:LaneWidth], f[:LaneWidth]
		for lane, s := range g {
			to[lane] = s * from[lane]
		}
		x, f = x[LaneWidth:], f[LaneWidth:]
	}
}

// smallestWeight is the smallest error weight of NormLanes: the smallest normal number.
const smallestWeight = 0x1p-1022

// NormLanes writes Σ_i (e_i/w_i)² of every lane into sum, w_i = atol_i + rtol·max(|y_i|, |z_i|): NaN in a lane where z is not finite.
func NormLanes(sum, e, y, z, atol []float64, rtol float64) {
	n := len(atol) * LaneWidth
	if n == 0 || len(sum) < LaneWidth || len(e) < n || len(y) < n || len(z) < n {
		panic("kernel: NormLanes with a slice too short")
	}
	normLanes(sum, e, y, z, atol, rtol)
}

func normLanesGo(sum, e, y, z, atol []float64, rtol float64) {
	sum = sum[:LaneWidth]
	clear(sum)
	for i, a := range atol {
		ei, yi, zi := e[i*LaneWidth:][:LaneWidth], y[i*LaneWidth:][:LaneWidth], z[i*LaneWidth:][:LaneWidth]
		for lane := range sum {
			w := max(a+rtol*max(math.Abs(yi[lane]), math.Abs(zi[lane])), smallestWeight)
			x := ei[lane] / w
			sum[lane] += x*x + 0*zi[lane]
		}
	}
}
