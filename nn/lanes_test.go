package nn_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stiffnode/stiffnode/nn"
)

// Every lane has the value and the Jacobian that an Evaluator has at its point.
func TestLaneEvaluator(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for _, net := range []nn.MLP{
		{Inputs: 3, Outputs: 3, Hidden: []int{5, 5, 5}, Activation: nn.GELU},
		{Inputs: 4, Outputs: 2, Hidden: []int{7}, Activation: nn.Tanh, OutputActivation: nn.Sinh},
		{Inputs: 2, Outputs: 3},
	} {
		one, err := nn.NewEvaluator(net)
		if err != nil {
			t.Fatal(err)
		}
		many, err := nn.NewLaneEvaluator(net)
		if err != nil {
			t.Fatal(err)
		}
		p := make([]float64, net.NumParams())
		net.Init(p, nn.GlorotNormal, 1)
		one.Bind(p)
		many.Bind(p)
		for i := range many.Inputs() {
			many.Inputs()[i] = rng.NormFloat64()
		}
		jac := make([]float64, net.Inputs*net.Outputs*nn.Lanes)
		f := many.ValueJacobian(jac)
		x, value, want := make([]float64, net.Inputs), make([]float64, net.Outputs), make([]float64, net.Inputs*net.Outputs)
		for l := range nn.Lanes {
			for j := range x {
				x[j] = many.Inputs()[j*nn.Lanes+l]
			}
			one.ValueJacobian(value, want, x)
			for i, v := range value {
				if got := f[i*nn.Lanes+l]; !(math.Abs(got-v) <= 1e-13*(1+math.Abs(v))) {
					t.Errorf("%+v, lane %d: value %g, want %g", net, l, got, v)
				}
				for j := range x {
					v := want[i*net.Inputs+j]
					if got := jac[(j*net.Outputs+i)*nn.Lanes+l]; !(math.Abs(got-v) <= 1e-13*(1+math.Abs(v))) {
						t.Errorf("%+v, lane %d: derivative %g, want %g", net, l, got, v)
					}
				}
			}
		}
	}
	if _, err := nn.NewLaneEvaluator(nn.MLP{}); err == nil {
		t.Error("a network without inputs")
	}
}
