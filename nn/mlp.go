package nn

import "fmt"

// MLP describes a multilayer perceptron: fully connected layers, one activation for all hidden neurons and one for the outputs. With no
// hidden layer it is an affine map. A value that Validate accepts may be shared by goroutines.
//
// A network of state and time has the time as its last input, appended by the caller.
type MLP struct {
	Inputs           int        // number of inputs
	Outputs          int        // number of outputs
	Hidden           []int      // width of every hidden layer, from the input side
	Activation       Activation // of the hidden neurons; the zero value is the identity
	OutputActivation Activation // of the outputs; the zero value is the identity
}

// Layer is one fully connected layer and where its parameters lie in the flat parameter vector p: the weight from input j to
// output i is p[Weight+i*In+j], the bias of output i is p[Bias+i].
type Layer struct {
	In, Out      int
	Weight, Bias int
}

// maxWidth and maxParams keep the sizes of workspaces within bounds whatever a configuration asks for.
const (
	maxWidth  = 1 << 16
	maxDepth  = 1 << 10
	maxParams = 1 << 27
)

// Validate says what is wrong with the description, if anything.
func (n MLP) Validate() error {
	if n.Inputs < 1 || n.Inputs > maxWidth {
		return fmt.Errorf("nn: %d inputs: must be between 1 and %d", n.Inputs, maxWidth)
	}
	if n.Outputs < 1 || n.Outputs > maxWidth {
		return fmt.Errorf("nn: %d outputs: must be between 1 and %d", n.Outputs, maxWidth)
	}
	if len(n.Hidden) > maxDepth {
		return fmt.Errorf("nn: %d hidden layers: at most %d", len(n.Hidden), maxDepth)
	}
	for i, w := range n.Hidden {
		if w < 1 || w > maxWidth {
			return fmt.Errorf("nn: hidden layer %d has width %d: must be between 1 and %d", i+1, w, maxWidth)
		}
	}
	params := 0
	for l := range len(n.Hidden) + 1 {
		in, out := n.layerSize(l)
		params += (in + 1) * out
		if params > maxParams {
			return fmt.Errorf("nn: more than %d parameters: use fewer or narrower layers", maxParams)
		}
	}
	if !n.Activation.valid() {
		return fmt.Errorf("nn: activation number %d does not exist", uint8(n.Activation))
	}
	if !n.OutputActivation.valid() {
		return fmt.Errorf("nn: output activation number %d does not exist", uint8(n.OutputActivation))
	}
	return nil
}

// NumParams returns the length of the flat parameter vector.
func (n MLP) NumParams() int {
	params := 0
	for l := range len(n.Hidden) + 1 {
		in, out := n.layerSize(l)
		params += (in + 1) * out
	}
	return params
}

// Layers returns the layers from the input side.
func (n MLP) Layers() []Layer {
	layers := make([]Layer, len(n.Hidden)+1)
	offset := 0
	for l := range layers {
		in, out := n.layerSize(l)
		layers[l] = Layer{In: in, Out: out, Weight: offset, Bias: offset + in*out}
		offset += (in + 1) * out
	}
	return layers
}

func (n MLP) layerSize(l int) (in, out int) {
	in, out = n.Inputs, n.Outputs
	if l > 0 {
		in = n.Hidden[l-1]
	}
	if l < len(n.Hidden) {
		out = n.Hidden[l]
	}
	return in, out
}
