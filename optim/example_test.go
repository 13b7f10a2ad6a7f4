package optim_test

import (
	"context"
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/optim"
)

// decay is the fit of y = a·exp(−b t) to three measurements, for rates b that are not negative.
type decay struct{ t, y []float64 }

func (d decay) Dims() (residuals, params int) { return len(d.t), 2 }

func (d decay) Residual(_ context.Context, r, p []float64) error {
	if p[1] < 0 {
		return &optim.FailedError{Err: fmt.Errorf("the rate %g is negative", p[1])}
	}
	for i, t := range d.t {
		r[i] = p[0]*math.Exp(-p[1]*t) - d.y[i]
	}
	return nil
}

func (d decay) ResidualJacobian(ctx context.Context, r, jac, p []float64) error {
	if err := d.Residual(ctx, r, p); err != nil {
		return err
	}
	for i, t := range d.t {
		e := math.Exp(-p[1] * t)
		jac[2*i], jac[2*i+1] = e, -p[0]*t*e
	}
	return nil
}

func ExampleLevenbergMarquardt() {
	problem := decay{t: []float64{0, 1, 2, 3}, y: []float64{8, 4, 2, 1}}
	lm, err := optim.NewLevenbergMarquardt(problem, []float64{1, 0}, optim.LMConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	status, err := optim.Minimise(context.Background(), lm, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	p := make([]float64, 2)
	lm.Params(p)
	fmt.Printf("%.6f·exp(−%.6f t), %v\n", p[0], p[1], status)
	// Output: 8.000000·exp(−0.693147 t), gradient small
}

func ExampleAdamW() {
	adamW, err := optim.NewAdamW(1, optim.AdamWConfig{WeightDecay: 1e-6, Decay: optim.DecayFlux})
	if err != nil {
		fmt.Println(err)
		return
	}
	rate := optim.Cosine{Base: 0.1, Final: 1e-5, Warmup: 10, Epochs: 500}
	p, g := []float64{3}, []float64{0}
	for epoch := range 500 {
		g[0] = 2 * (p[0] - 1) // of (p − 1)²
		adamW.Step(p, g, rate.Rate(epoch))
	}
	fmt.Printf("%.3f\n", p[0])
	// Output: 1.000
}
