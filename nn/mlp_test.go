package nn

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestLayout(t *testing.T) {
	n := MLP{Inputs: 3, Outputs: 2, Hidden: []int{5, 4}}
	want := []Layer{{3, 5, 0, 15}, {5, 4, 20, 40}, {4, 2, 44, 52}}
	if got := n.Layers(); !slices.Equal(got, want) {
		t.Errorf("layers %v, want %v", got, want)
	}
	if n.NumParams() != 54 {
		t.Errorf("%d parameters, want 54", n.NumParams())
	}
	if (MLP{Inputs: 3, Outputs: 3, Hidden: []int{5, 5, 5, 5, 5, 5}}).NumParams() != 188 {
		t.Error("the 3→5×6→3 network has 188 parameters")
	}
}

func TestValidate(t *testing.T) {
	good := MLP{Inputs: 1, Outputs: 1}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		n    MLP
		says string
	}{
		{MLP{Outputs: 1}, "0 inputs"},
		{MLP{Inputs: 1, Outputs: -2}, "-2 outputs"},
		{MLP{Inputs: 1, Outputs: 1, Hidden: []int{3, 0}}, "hidden layer 2 has width 0"},
		{MLP{Inputs: 1, Outputs: 1, Hidden: make([]int, 5000)}, "hidden layers"},
		{MLP{Inputs: 1, Outputs: 1, Hidden: []int{1 << 16, 1 << 16}}, "parameters"},
		{MLP{Inputs: 1, Outputs: 1, Activation: 200}, "activation number 200"},
		{MLP{Inputs: 1, Outputs: 1, OutputActivation: 99}, "activation number 99"},
	} {
		if err := c.n.Validate(); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("error %v, want one that says %q", err, c.says)
		}
		if _, err := NewEvaluator(c.n); err == nil {
			t.Errorf("NewEvaluator accepts what Validate refuses: %s", c.says)
		}
	}
}

func TestNames(t *testing.T) {
	for _, name := range ActivationNames() {
		a, err := ParseActivation(name)
		if err != nil || a.String() != name {
			t.Errorf("%q parses to %v, %v", name, a, err)
		}
		var b Activation
		text, _ := a.MarshalText()
		if err := b.UnmarshalText(text); err != nil || a != b {
			t.Errorf("%q does not survive as text", name)
		}
	}
	for _, name := range InitNames() {
		s, err := ParseInit(name)
		if err != nil || s.String() != name {
			t.Errorf("%q parses to %v, %v", name, s, err)
		}
		var b Init
		text, _ := s.MarshalText()
		if err := b.UnmarshalText(text); err != nil || s != b {
			t.Errorf("%q does not survive as text", name)
		}
	}
	for wrong, suggestion := range map[string]string{"thanh": "tanh?", "Gelu": "gelu?", "soft": "softplus?", "leaky-relu": "leaky_relu?"} {
		if _, err := ParseActivation(wrong); err == nil || !strings.Contains(err.Error(), "did you mean "+suggestion) {
			t.Errorf("ParseActivation(%q): %v, want the suggestion %q", wrong, err, suggestion)
		}
	}
	if _, err := ParseActivation("zzzzzzzzzzz"); err == nil || !strings.Contains(err.Error(), "known are elu, gelu") {
		t.Errorf("a name like no other: %v", err)
	}
	if _, err := ParseInit("glorot"); err == nil || !strings.Contains(err.Error(), "glorot_uniform or glorot_normal") {
		t.Errorf("ParseInit(glorot): %v", err)
	}
}

// The weights of a wide layer have the scheme's mean and variance within five standard errors, bounds where uniform, biases zero.
func TestInitStatistics(t *testing.T) {
	n := MLP{Inputs: 200, Outputs: 300}
	count := 200. * 300
	variance := map[Init]float64{
		GlorotUniform: 2. / 500, GlorotNormal: 2. / 500, HeUniform: 2. / 200, HeNormal: 2. / 200, LeCunUniform: 1. / 200, LeCunNormal: 1. / 200,
	}
	for s, want := range variance {
		p := make([]float64, n.NumParams())
		for i := range p {
			p[i] = 7
		}
		n.Init(p, s, 11)
		l := n.Layers()[0]
		var sum, sum2, sum4, largest float64
		for _, w := range p[l.Weight:l.Bias] {
			sum += w
			sum2 += w * w
			sum4 += w * w * w * w
			largest = math.Max(largest, math.Abs(w))
		}
		mean, v := sum/count, sum2/count
		kurtosis := 3.
		if strings.HasSuffix(s.String(), "uniform") {
			kurtosis = 9. / 5
			if bound := math.Sqrt(3 * want); largest > bound || largest < 0.999*bound {
				t.Errorf("%v: largest weight %g, bound %g", s, largest, bound)
			}
		}
		if math.Abs(mean) > 5*math.Sqrt(want/count) {
			t.Errorf("%v: mean %g", s, mean)
		}
		if math.Abs(v-want) > 5*want*math.Sqrt((kurtosis-1)/count) {
			t.Errorf("%v: variance %g, want %g", s, v, want)
		}
		if k := sum4 / count / (v * v); math.Abs(k-kurtosis) > 0.1 {
			t.Errorf("%v: kurtosis %g, want %g", s, k, kurtosis)
		}
		for _, b := range p[l.Bias:] {
			if b != 0 {
				t.Fatalf("%v: a bias is %g", s, b)
			}
		}
	}
}

func TestInitIsDeterministic(t *testing.T) {
	n := MLP{Inputs: 3, Outputs: 3, Hidden: []int{5, 5}}
	a, b, c := make([]float64, n.NumParams()), make([]float64, n.NumParams()), make([]float64, n.NumParams())
	for s := range Init(len(initNames)) {
		n.Init(a, s, 1)
		n.Init(b, s, 1)
		n.Init(c, s, 2)
		if !slices.Equal(a, b) {
			t.Errorf("%v: the same seed gives other weights", s)
		}
		if slices.Equal(a, c) {
			t.Errorf("%v: another seed gives the same weights", s)
		}
	}
}
