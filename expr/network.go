package expr

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stiffnode/stiffnode/nn"
)

// A Network is a multilayer perceptron whose outputs are expressions. Its weights and biases are parameters of the programs that it is part of.
type Network struct {
	g     *Graph
	index int
	name  string
	net   nn.MLP
}

// Network adds a network. Formulas without a scope of their own call its outputs as name_1(…), name_2(…), …, and that of one with a single output as
// name(…) too. The error says that the name is taken, or is that of net.Validate.
func (g *Graph) Network(name string, net nn.MLP) (*Network, error) {
	if err := net.Validate(); err != nil {
		return nil, fmt.Errorf("expr: network %s: %w", name, err)
	}
	for _, n := range g.nets {
		if n.name == name {
			return nil, fmt.Errorf("expr: the network name %q is taken", name)
		}
	}
	net.Hidden = slices.Clone(net.Hidden)
	n := &Network{g, len(g.nets), name, net}
	g.nets = append(g.nets, n)
	return n, nil
}

// Name is the name it was added under.
func (n *Network) Name() string { return n.name }

// MLP is its description.
func (n *Network) MLP() nn.MLP { return n.net }

// Apply returns the outputs of the network at inputs. The error says that their number is wrong.
func (n *Network) Apply(inputs ...Expr) ([]Expr, error) {
	if len(inputs) != n.net.Inputs {
		return nil, fmt.Errorf("expr: network %s takes %d inputs, not %d", n.name, n.net.Inputs, len(inputs))
	}
	ids := make([]int32, len(inputs))
	for i, e := range inputs {
		if e.g != n.g {
			panic("expr: expressions of different graphs, or none")
		}
		ids[i] = e.id
	}
	return n.g.call(netCall{net: n.index, part: netValue, inputs: ids}), nil
}

// function returns the output that a name in a formula calls.
func (g *Graph) networkFunction(name string) func([]Expr) (Expr, error) {
	for _, n := range g.nets {
		for i := range n.net.Outputs {
			if name == n.outputName(i) || n.net.Outputs == 1 && name == n.name {
				return func(args []Expr) (Expr, error) {
					out, err := n.Apply(args...)
					if err != nil {
						return Expr{}, err
					}
					return out[i], nil
				}
			}
		}
	}
	return nil
}

func (n *Network) outputName(i int) string { return fmt.Sprintf("%s_%d", n.name, i+1) }

// netPart is what of a network a node makes, J being the derivatives of its outputs with respect to its inputs.
type netPart uint8

const (
	netValue   netPart = iota // outputs
	netJac                    // J, row by row
	netTangent                // J·u
	netAdjoint                // wᵀJ
	netSecond                 // the gradient of wᵀJu with respect to the inputs
)

// A netCall is a network at inputs that are expressions, or a part of its derivatives there.
type netCall struct {
	net    int
	part   netPart
	inputs []int32
	// direction u of the inputs, and adjoints w of the outputs, as the part has them
	direction, adjoint []int32
}

func (c *netCall) key() string {
	return strings.Trim(fmt.Sprint(c.net, c.part, c.inputs, c.direction, c.adjoint), " ")
}

// size is the number of values of a call.
func (g *Graph) callSize(c *netCall) int {
	net := &g.nets[c.net].net
	switch c.part {
	case netJac:
		return net.Inputs * net.Outputs
	case netAdjoint, netSecond:
		return net.Inputs
	}
	return net.Outputs
}

// call returns the values of a call as expressions.
func (g *Graph) call(c netCall) []Expr {
	id := g.internCall(c)
	out := make([]Expr, g.callSize(&c))
	for i := range out {
		out[i] = g.intern(node{op: opOut, a: id, b: int32(i)})
	}
	return out
}

func (g *Graph) internCall(c netCall) int32 {
	key := c.key()
	k, ok := g.callIndex[key]
	if !ok {
		if g.callIndex == nil {
			g.callIndex = map[string]int32{}
		}
		k = int32(len(g.calls))
		g.calls = append(g.calls, c)
		g.callIndex[key] = k
	}
	return g.intern(node{op: opNet, a: k}).id
}

// ids are the nodes of expressions, that of 0 for those that are none.
func (g *Graph) ids(list []Expr) []int32 {
	out := make([]int32, len(list))
	for i, e := range list {
		out[i] = e.orZero(g).id
	}
	return out
}

// tangent is the derivative of value i of a call along the tangents d of the nodes, none if all of its inputs' are.
func (g *Graph) callTangent(id int32, i int32, d []Expr) Expr {
	c := g.calls[g.nodes[id].a]
	along := make([]Expr, len(c.inputs))
	some := false
	for j, a := range c.inputs {
		along[j] = d[a]
		some = some || d[a].Valid() && !d[a].is(0)
	}
	if !some {
		return Expr{}
	}
	return g.call(netCall{net: c.net, part: netTangent, inputs: c.inputs, direction: g.ids(along)})[i]
}

// callAdjoints adds the adjoints of what a call is made of, given those of its values, and returns the node whose evaluation adds to the gradient with
// respect to the network's parameters.
func (g *Graph) callAdjoints(id int32, w []Expr, add func(a int32, x Expr)) (sink int32) {
	c := g.calls[g.nodes[id].a]
	adjoint := g.ids(w)
	back := netCall{net: c.net, part: netAdjoint, inputs: c.inputs, adjoint: adjoint}
	if c.part == netValue {
		for j, x := range g.call(back) {
			add(c.inputs[j], x)
		}
		return g.internCall(back)
	}
	// of wᵀJ(x)u: with respect to u, and to x
	for j, x := range g.call(back) {
		add(c.direction[j], x)
	}
	bend := netCall{net: c.net, part: netSecond, inputs: c.inputs, adjoint: adjoint, direction: c.direction}
	for j, x := range g.call(bend) {
		add(c.inputs[j], x)
	}
	return g.internCall(bend)
}

// jacobianOf returns the derivatives of output i of a call's value with respect to its inputs.
func (g *Graph) callJacobian(id int32, i int32) (inputs []int32, row []Expr) {
	c := g.calls[g.nodes[id].a]
	n := len(c.inputs)
	return c.inputs, g.call(netCall{net: c.net, part: netJac, inputs: c.inputs})[int(i)*n : (int(i)+1)*n]
}
