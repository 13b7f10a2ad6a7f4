package nn

import (
	"fmt"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// Evaluator evaluates a network and its derivatives at one point or many. It is the workspace of one goroutine, holds its own copy of the
// parameters, and remembers the last point of Value or ValueJacobian, which the products VJP, JVP, ParamJacobian, SecondOrder, Adjoint and
// SecondOrderJacobian refer to. The calls on many points (ValueBatch, JacobianBatch, ParamVJPBatch) leave the remembered point alone.
type Evaluator struct {
	net    MLP
	k      *kernel.Net
	layers []kernel.Layer
	output int // place of the outputs in a row of neurons

	// What has been made at the remembered point.
	haveValue, haveSecond, haveBack bool
	// second is set once φ″ has been asked for: from then on it is made with the values, which costs next to nothing.
	second bool

	products productSpace
	batch    batchSpace
	stages   *kernel.LaneNet // made when first needed
	lanes    *laneSpace      // of a small network, made when first needed

	fewestStages int
}

// NewEvaluator returns an evaluator of the network, with all parameters zero. The error is that of n.Validate.
func NewEvaluator(n MLP) (*Evaluator, error) {
	if err := n.Validate(); err != nil {
		return nil, err
	}
	n.Hidden = append([]int(nil), n.Hidden...)
	sizes := append(append([]int{n.Inputs}, n.Hidden...), n.Outputs)
	e := &Evaluator{net: n, k: kernel.NewNet(sizes, kernel.Func(n.Activation), kernel.Func(n.OutputActivation))}
	e.layers = e.k.Layers()
	e.output = e.layers[len(e.layers)-1].At
	e.fewestStages = fewestStages(n)
	e.products = newProductSpace(e)
	e.batch = newBatchSpace(e)
	return e, nil
}

// MLP returns the network's description.
func (e *Evaluator) MLP() MLP { return e.net }

// Bind sets the parameters, in the layout described at Layer. The evaluator keeps a copy: call Bind after every change of p. The
// remembered point is forgotten.
func (e *Evaluator) Bind(p []float64) {
	checkLen("p", len(p), len(e.k.Params()))
	e.k.Bind(p)
	e.haveValue = false
	if e.lanes != nil {
		e.lanes.forget()
	}
}

// Value writes f(x, p) into dst and remembers the point.
func (e *Evaluator) Value(dst, x []float64) {
	checkLen("dst", len(dst), e.net.Outputs)
	checkLen("x", len(x), e.net.Inputs)
	copyShort(e.k.A(), x)
	e.k.Forward(e.remember())
	copyShort(dst, e.k.A()[e.output:][:len(dst)])
}

// ValueStages writes f at the n points that are the rows of x into the rows of dst, side by side in vector registers where that takes less time
// than one after the other. It forgets the remembered point.
func (e *Evaluator) ValueStages(dst, x []float64, n int) {
	in, out := e.net.Inputs, e.net.Outputs
	checkLen("dst", len(dst), n*out)
	checkLen("x", len(x), n*in)
	for n >= e.fewestStages {
		few := min(n, kernel.StageLanes)
		e.valueLanes(dst[:few*out], x[:few*in], few)
		x, dst, n = x[few*in:], dst[few*out:], n-few
	}
	for ; n > 0; n-- {
		e.Value(dst[:out], x[:in])
		x, dst = x[in:], dst[out:]
	}
	e.haveValue = false
}

// fewestStages is from how many points on a net is evaluated at all of them side by side, measured for layers of 5, 10 and 50 neurons: a wide
// layer fills the registers with its neurons already.
func fewestStages(n MLP) int {
	widest := n.Outputs
	for _, width := range n.Hidden {
		widest = max(widest, width)
	}
	return 2 + widest/5
}

// valueLanes makes f at up to kernel.StageLanes points.
func (e *Evaluator) valueLanes(dst, x []float64, n int) {
	const lanes = kernel.StageLanes
	if e.stages == nil {
		e.stages = e.k.Lanes(kernel.StageLanes)
	}
	in, out := e.net.Inputs, e.net.Outputs
	rows := e.stages.Inputs()
	for j := range in {
		for c := range n {
			rows[j*lanes+c] = x[c*in+j]
		}
	}
	e.stages.Forward()
	rows = e.stages.Outputs()
	for c := range n {
		for r := range out {
			dst[c*out+r] = rows[r*lanes+c]
		}
	}
}

// ValueJacobian writes f(x, p) into dst and ∂f/∂x, outputs×inputs row-major, into jac, and remembers the point.
func (e *Evaluator) ValueJacobian(dst, jac, x []float64) {
	inputs := e.net.Inputs
	checkLen("dst", len(dst), e.net.Outputs)
	checkLen("jac", len(jac), e.net.Outputs*inputs)
	checkLen("x", len(x), inputs)
	copyShort(e.k.A(), x)
	e.k.ForwardJacobian(e.remember(), jac)
	copyShort(dst, e.k.A()[e.output:][:len(dst)])
}

// remember notes that the point is about to be evaluated and returns the order of the activations' derivatives to make with it.
func (e *Evaluator) remember() (order int) {
	e.haveValue, e.haveSecond, e.haveBack = true, e.second, false
	if e.second {
		return 2
	}
	return 1
}

// needSecond makes φ″ at the remembered point.
func (e *Evaluator) needSecond() {
	if !e.haveSecond {
		e.k.Second()
		e.haveSecond, e.second = true, true
	}
}

func (e *Evaluator) needPoint(call string) {
	if !e.haveValue {
		panic("nn: " + call + " without a remembered point: call Value or ValueJacobian after Bind")
	}
}

// copyShort is copy for vectors so short that a loop beats the call.
func copyShort(dst, src []float64) {
	dst = dst[:len(src)]
	//lint:ignore S1001 for so few values the loop is faster
	for i, v := range src {
		dst[i] = v
	}
}

// addShort adds src to dst.
func addShort(dst, src []float64) {
	dst = dst[:len(src)]
	for i, v := range src {
		dst[i] += v
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
