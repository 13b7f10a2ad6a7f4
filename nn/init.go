package nn

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Init is a scheme for the initial weights of a layer with fan_in inputs and fan_out outputs: a zero-mean distribution whose variance
// keeps signals (and gradients) of the same size from layer to layer. The zero value is GlorotUniform.
type Init uint8

// The schemes. A uniform distribution has the bounds ±√(3·variance). Glorot: variance 2/(fan_in + fan_out) (Glorot and Bengio, AISTATS
// 2010, Eq. 12 and 16); He: 2/fan_in (He et al., ICCV 2015, Eq. 10); LeCun: 1/fan_in (LeCun et al., Efficient BackProp, 1998, section 4.6).
const (
	GlorotUniform Init = iota
	GlorotNormal
	HeUniform
	HeNormal
	LeCunUniform
	LeCunNormal
)

var initNames = [...]string{
	GlorotUniform: "glorot_uniform",
	GlorotNormal:  "glorot_normal",
	HeUniform:     "he_uniform",
	HeNormal:      "he_normal",
	LeCunUniform:  "lecun_uniform",
	LeCunNormal:   "lecun_normal",
}

// InitNames returns the names that ParseInit knows.
func InitNames() []string { return append([]string(nil), initNames[:]...) }

// ParseInit returns the scheme of that name. The error for an unknown name lists the nearest known ones.
func ParseInit(name string) (Init, error) {
	for i, known := range initNames {
		if name == known {
			return Init(i), nil
		}
	}
	return GlorotUniform, unknownName("initialisation", name, initNames[:])
}

// String returns the name that ParseInit takes.
func (s Init) String() string {
	if int(s) >= len(initNames) {
		return fmt.Sprintf("init(%d)", uint8(s))
	}
	return initNames[s]
}

// MarshalText writes the scheme's name.
func (s Init) MarshalText() ([]byte, error) {
	if int(s) >= len(initNames) {
		return nil, fmt.Errorf("nn: initialisation number %d does not exist", uint8(s))
	}
	return []byte(initNames[s]), nil
}

// UnmarshalText reads a scheme's name.
func (s *Init) UnmarshalText(text []byte) error {
	v, err := ParseInit(string(text))
	if err != nil {
		return err
	}
	*s = v
	return nil
}

func (s Init) variance(in, out int) float64 {
	switch s {
	case HeUniform, HeNormal:
		return 2 / float64(in)
	case LeCunUniform, LeCunNormal:
		return 1 / float64(in)
	}
	return 2 / float64(in+out)
}

func (s Init) normal() bool { return s == GlorotNormal || s == HeNormal || s == LeCunNormal }

// seedStream separates the initialisation's random numbers from those that other uses draw from the same seed.
const seedStream = 0x696e697469616c // "initial"

// Init fills p, of length NumParams, with random weights and zero biases. The same seed gives the same numbers.
func (n MLP) Init(p []float64, scheme Init, seed uint64) {
	checkLen("p", len(p), n.NumParams())
	rng := rand.New(rand.NewPCG(seed, seedStream))
	for _, l := range n.Layers() {
		sigma := math.Sqrt(scheme.variance(l.In, l.Out))
		weights := p[l.Weight:l.Bias]
		if scheme.normal() {
			for i := range weights {
				weights[i] = sigma * rng.NormFloat64()
			}
		} else {
			bound := math.Sqrt(3) * sigma
			for i := range weights {
				weights[i] = bound * (2*rng.Float64() - 1)
			}
		}
		clear(p[l.Bias : l.Bias+l.Out])
	}
}
