package nn

import "github.com/stiffnode/stiffnode/internal/kernel"

// Lanes is the number of points that a LaneEvaluator evaluates side by side.
const Lanes = kernel.LaneWidth

// LaneEvaluator evaluates a network at Lanes points at once, each in a lane of the processor's vector registers. Its vectors have a row of
// Lanes numbers for every component. A point's results are the same to the bit in every lane and beside any neighbours. It is the
// workspace of one goroutine and holds its own copy of the parameters.
type LaneEvaluator struct {
	net MLP
	k   *kernel.LaneNet
}

// NewLaneEvaluator returns an evaluator of the network, with all parameters zero. The error is that of n.Validate.
func NewLaneEvaluator(n MLP) (*LaneEvaluator, error) {
	if err := n.Validate(); err != nil {
		return nil, err
	}
	n.Hidden = append([]int(nil), n.Hidden...)
	sizes := append(append([]int{n.Inputs}, n.Hidden...), n.Outputs)
	return &LaneEvaluator{net: n, k: kernel.NewLaneNet(sizes, kernel.Func(n.Activation), kernel.Func(n.OutputActivation))}, nil
}

// Bind sets the parameters, in the layout described at Layer.
func (e *LaneEvaluator) Bind(p []float64) {
	checkLen("p", len(p), len(e.k.Params()))
	copy(e.k.Params(), p)
}

// Inputs returns the rows, inputs×Lanes, that Value and ValueJacobian take the points from; they keep what was written into them.
func (e *LaneEvaluator) Inputs() []float64 { return e.k.Inputs() }

// Value returns f at the points, outputs×Lanes, valid until the next call.
func (e *LaneEvaluator) Value() []float64 {
	e.k.Forward()
	return e.k.Outputs()
}

// ValueJacobian returns f at the points and writes ∂f/∂x into jac: row j·outputs+i holds ∂f_i/∂x_j.
func (e *LaneEvaluator) ValueJacobian(jac []float64) []float64 {
	checkLen("jac", len(jac), e.net.Inputs*e.net.Outputs*Lanes)
	e.k.ForwardJacobian(jac)
	return e.k.Outputs()
}
