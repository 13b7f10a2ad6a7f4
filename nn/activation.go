package nn

import (
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/internal/kernel"
)

// Activation is a scalar function applied to every neuron of a layer. The zero value is the identity.
type Activation uint8

// The activations. Their values and derivatives are accurate to a few units in the last place over the whole range and cannot overflow
// where the function itself does not; results smaller than about 1e-290 are flushed to zero.
const (
	// Identity is φ(x) = x.
	Identity = Activation(kernel.Identity)
	// Tanh is the hyperbolic tangent.
	Tanh = Activation(kernel.Tanh)
	// GELU is ½x(1 + tanh(√(2/π)(x + 0.044715x³))) (Hendrycks and Gimpel, Gaussian error linear units, 2016), the form used by
	// most machine learning libraries under the name gelu.
	GELU = Activation(kernel.GELU)
	// GELUErf is x·Φ(x), Φ the normal distribution function: the function which GELU approximates.
	GELUErf = Activation(kernel.GELUErf)
	// ReLU is max(x, 0); its derivative at 0 is taken as 0.
	ReLU = Activation(kernel.ReLU)
	// LeakyReLU is x for x > 0, else 0.01x; its derivative at 0 is taken as 0.01.
	LeakyReLU = Activation(kernel.LeakyReLU)
	// Softplus is log(1 + exp(x)).
	Softplus = Activation(kernel.Softplus)
	// SiLU is x/(1 + exp(−x)), also called swish.
	SiLU = Activation(kernel.SiLU)
	// ELU is x for x > 0, else exp(x) − 1; its second derivative at 0 is taken as 1.
	ELU = Activation(kernel.ELU)
	// Sinh is the hyperbolic sine, meant for outputs that span decades of both signs.
	Sinh = Activation(kernel.Sinh)
)

var activationNames = [kernel.NumFuncs]string{
	kernel.Identity:  "identity",
	kernel.Tanh:      "tanh",
	kernel.GELU:      "gelu",
	kernel.GELUErf:   "gelu_erf",
	kernel.ReLU:      "relu",
	kernel.LeakyReLU: "leaky_relu",
	kernel.Softplus:  "softplus",
	kernel.SiLU:      "silu",
	kernel.ELU:       "elu",
	kernel.Sinh:      "sinh",
}

// ActivationNames returns the names that ParseActivation knows.
func ActivationNames() []string { return append([]string(nil), activationNames[:]...) }

// ParseActivation returns the activation of that name. The error for an unknown name lists the nearest known ones.
func ParseActivation(name string) (Activation, error) {
	for i, known := range activationNames {
		if name == known {
			return Activation(i), nil
		}
	}
	return Identity, unknownName("activation", name, activationNames[:])
}

// String returns the name that ParseActivation takes.
func (a Activation) String() string {
	if !a.valid() {
		return fmt.Sprintf("activation(%d)", uint8(a))
	}
	return activationNames[a]
}

// MarshalText writes the activation's name.
func (a Activation) MarshalText() ([]byte, error) {
	if !a.valid() {
		return nil, fmt.Errorf("nn: activation number %d does not exist", uint8(a))
	}
	return []byte(activationNames[a]), nil
}

// UnmarshalText reads an activation's name.
func (a *Activation) UnmarshalText(text []byte) error {
	v, err := ParseActivation(string(text))
	if err != nil {
		return err
	}
	*a = v
	return nil
}

// Value returns φ(x).
func (a Activation) Value(x float64) float64 { v, _, _ := a.Derivatives(x); return v }

// Derivative returns φ′(x).
func (a Activation) Derivative(x float64) float64 { _, d1, _ := a.Derivatives(x); return d1 }

// Second returns φ″(x).
func (a Activation) Second(x float64) float64 { _, _, d2 := a.Derivatives(x); return d2 }

// Derivatives returns φ(x), φ′(x) and φ″(x): the limits at infinities, and NaN for NaN.
func (a Activation) Derivatives(x float64) (value, first, second float64) {
	if !a.valid() {
		return math.NaN(), math.NaN(), math.NaN()
	}
	return kernel.Func(a).At(x)
}

func (a Activation) valid() bool { return int(a) < len(activationNames) }
