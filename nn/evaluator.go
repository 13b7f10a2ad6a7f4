package nn

import (
	"fmt"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// lanes is the number of float64 in a vector register that layouts are padded to.
const lanes = 4

func padded(n int) int { return (n + lanes - 1) &^ (lanes - 1) }

// layer is a Layer with the place of its neurons in the workspaces: output i is at index at+i of every array of neurons, input j at
// index from+j.
type layer struct {
	Layer
	from, at int
	columns  int // offset of the packed weights: In columns of padded(Out), then the biases
	fn       kernel.Func
}

// Evaluator evaluates a network and its derivatives at one point or many. It is the workspace of one goroutine, holds its own copy of the
// parameters, and remembers the last point of Value or ValueJacobian, which the products VJP, JVP, ParamJacobian, SecondOrder and
// SecondOrderJacobian refer to. The calls on many points (ValueBatch, JacobianBatch, ParamVJPBatch) leave the remembered point alone.
type Evaluator struct {
	net     MLP
	layers  []layer
	neurons int // length of an array of neurons: inputs and all layers' outputs, each padded

	p      []float64 // flat parameters
	packed []float64 // the same, columns padded to whole registers

	// The remembered point.
	have   progress
	act    []float64 // a_0 = x, a_1, …, a_L
	z      []float64 // pre-activations
	d1, d2 []float64 // φ′(z), φ″(z)

	products productSpace
	batch    batchSpace
}

// progress says what has been computed at the remembered point.
type progress struct {
	value  bool // act, z, d1
	second bool // d2
	back   bool // products.alpha, products.zeta
}

// NewEvaluator returns an evaluator of the network, with all parameters zero. The error is that of n.Validate.
func NewEvaluator(n MLP) (*Evaluator, error) {
	if err := n.Validate(); err != nil {
		return nil, err
	}
	n.Hidden = append([]int(nil), n.Hidden...)
	e := &Evaluator{net: n}
	at, columns := 0, 0
	for i, l := range n.Layers() {
		fn := kernel.Func(n.Activation)
		if i == len(n.Hidden) {
			fn = kernel.Func(n.OutputActivation)
		}
		from := at
		at += padded(l.In)
		e.layers = append(e.layers, layer{Layer: l, from: from, at: at, columns: columns, fn: fn})
		columns += (l.In + 1) * padded(l.Out)
	}
	e.neurons = at + padded(n.Outputs)
	e.p = make([]float64, n.NumParams())
	e.packed = make([]float64, columns)
	e.act = make([]float64, e.neurons)
	e.z = make([]float64, e.neurons)
	e.d1 = make([]float64, e.neurons)
	e.d2 = make([]float64, e.neurons)
	e.products = newProductSpace(e)
	e.batch = newBatchSpace(e)
	return e, nil
}

// MLP returns the network's description.
func (e *Evaluator) MLP() MLP { return e.net }

// Bind sets the parameters, in the layout described at Layer. The evaluator keeps a copy: call Bind after every change of p. The
// remembered point is forgotten.
func (e *Evaluator) Bind(p []float64) {
	checkLen("p", len(p), len(e.p))
	copy(e.p, p)
	for _, l := range e.layers {
		stride := padded(l.Out)
		for i := range l.Out {
			for j, w := range p[l.Weight+i*l.In : l.Weight+(i+1)*l.In] {
				e.packed[l.columns+j*stride+i] = w
			}
			e.packed[l.columns+l.In*stride+i] = p[l.Bias+i]
		}
	}
	e.have = progress{}
}

// Value writes f(x, p) into dst and remembers the point.
func (e *Evaluator) Value(dst, x []float64) {
	checkLen("dst", len(dst), e.net.Outputs)
	checkLen("x", len(x), e.net.Inputs)
	e.forward(x)
	copy(dst, e.act[e.neurons-padded(e.net.Outputs):])
}

// ValueJacobian writes f(x, p) into dst and ∂f/∂x, outputs×inputs row-major, into jac, and remembers the point.
func (e *Evaluator) ValueJacobian(dst, jac, x []float64) {
	inputs := e.net.Inputs
	checkLen("jac", len(jac), e.net.Outputs*inputs)
	e.Value(dst, x)

	// Tangents along all inputs at once: rows are neurons, columns are inputs.
	width := padded(inputs)
	t, next := e.products.panelA, e.products.panelB
	for i := range e.layers {
		l := &e.layers[i]
		if i == 0 {
			for r := range l.Out {
				copy(next[r*width:], e.p[l.Weight+r*inputs:l.Weight+(r+1)*inputs])
			}
		} else {
			kernel.MulPanel(next, width, e.p[l.Weight:], l.In, 1, t, width, l.Out, l.In, inputs)
		}
		e.scaleRows(next, width, l, inputs)
		t, next = next, t
	}
	for r := range e.net.Outputs {
		copy(jac[r*inputs:(r+1)*inputs], t[r*width:])
	}
}

// scaleRows multiplies row i of a panel with a row per output of the layer by φ′(z_i).
func (e *Evaluator) scaleRows(panel []float64, stride int, l *layer, n int) {
	if l.fn == kernel.Identity {
		return
	}
	for r := range l.Out {
		kernel.Scale(panel[r*stride:r*stride+n], e.d1[l.at+r])
	}
}

func (e *Evaluator) forward(x []float64) {
	copy(e.act, x)
	for i := range e.layers {
		l := &e.layers[i]
		stride := padded(l.Out)
		z := e.z[l.at : l.at+stride]
		copy(z, e.packed[l.columns+l.In*stride:])
		for j := range l.In {
			kernel.AddScaled(z, e.act[l.from+j], e.packed[l.columns+j*stride:])
		}
		l.fn.Value1(e.act[l.at:l.at+stride], e.d1[l.at:l.at+stride], z)
	}
	e.have = progress{value: true}
}

// second makes φ″ at the remembered point.
func (e *Evaluator) second() {
	if e.have.second {
		return
	}
	for i := range e.layers {
		l := &e.layers[i]
		end := l.at + l.Out
		l.fn.Value2(e.act[l.at:end], e.d1[l.at:end], e.d2[l.at:end], e.z[l.at:end])
	}
	e.have.second = true
}

func (e *Evaluator) needPoint(call string) {
	if !e.have.value {
		panic("nn: " + call + " without a remembered point: call Value or ValueJacobian after Bind")
	}
}

func checkLen(what string, got, want int) {
	if got != want {
		badLen(what, got, want)
	}
}

func badLen(what string, got, want int) {
	panic(fmt.Sprintf("nn: %s has length %d, want %d", what, got, want))
}
