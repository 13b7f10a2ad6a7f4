package ode_test

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/ode"
)

// Robertson's chemical reactions, solved with the defaults over eleven decades of time.
func Example() {
	p := ode.Func(3, func(dst []float64, t float64, y []float64) {
		slow, fast, back := 0.04*y[0], 3e7*y[1]*y[1], 1e4*y[1]*y[2]
		dst[0] = back - slow
		dst[1] = slow - back - fast
		dst[2] = fast
	})
	p.Names = []string{"A", "B", "C"}
	sol, err := ode.Solve(context.Background(), p, 0, 1e5, []float64{1, 0, 0}, ode.Options{
		RTol:   1e-6,
		ATol:   []float64{1e-10, 1e-14, 1e-10}, // B is small
		SaveAt: []float64{1e-3, 1, 1e5},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, t := range sol.Times {
		y := sol.State(i)
		fmt.Printf("t = %-5g  A = %.4f  B = %.3e  C = %.4f\n", t, y[0], y[1], y[2])
	}
	// Output:
	// t = 0.001  A = 1.0000  B = 2.917e-05  C = 0.0000
	// t = 1      A = 0.9665  B = 3.075e-05  C = 0.0335
	// t = 100000  A = 0.0179  B = 7.275e-08  C = 0.9821
}

// The solution at any time, from the dense output of every step.
func ExampleDense() {
	p := ode.Func(2, func(dst []float64, t float64, y []float64) { dst[0], dst[1] = y[1], -y[0] })
	sol, err := ode.Solve(context.Background(), p, 0, 10, []float64{0, 1}, ode.Options{Method: ode.Tsit5, RTol: 1e-8, Dense: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	y := make([]float64, 2)
	for _, t := range []float64{1, math.Pi, 7.5} {
		sol.Dense.At(y, t)
		fmt.Printf("sin %.4f = %+.6f\n", t, y[0])
	}
	// Output:
	// sin 1.0000 = +0.841471
	// sin 3.1416 = -0.000000
	// sin 7.5000 = +0.938000
}

// A ball that loses a fifth of its speed when it hits the floor.
func ExampleEvent() {
	p := ode.Func(2, func(dst []float64, t float64, y []float64) { dst[0], dst[1] = y[1], -9.81 })
	floor := ode.Event{
		Name:      "floor",
		Value:     func(t float64, y []float64) float64 { return y[0] },
		Direction: -1, // only on the way down
		Apply:     func(t float64, y []float64) { y[1] *= -0.8 },
	}
	sol, err := ode.Solve(context.Background(), p, 0, 6, []float64{10, 0}, ode.Options{RTol: 1e-9, Events: []ode.Event{floor}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range sol.Events {
		fmt.Printf("bounce at t = %.6f with speed %.4f\n", e.T, -e.Y[1])
	}
	// Output:
	// bounce at t = 1.427843 with speed 14.0071
	// bounce at t = 3.712392 with speed 11.2057
	// bounce at t = 5.540031 with speed 8.9646
}

// Robertson's reactions as a differential-algebraic problem: the third equation is conservation of mass. The inconsistent
// initial value of C is corrected, and said so.
func ExampleDiagonalMass() {
	p := ode.Func(3, func(dst []float64, t float64, y []float64) {
		dst[0] = -0.04*y[0] + 1e4*y[1]*y[2]
		dst[1] = 0.04*y[0] - 1e4*y[1]*y[2] - 3e7*y[1]*y[1]
		dst[2] = y[0] + y[1] + y[2] - 1
	})
	p.Names = []string{"A", "B", "C"}
	p.Mass = ode.DiagonalMass(1, 1, 0)
	sol, err := ode.Solve(context.Background(), p, 0, 40, []float64{1, 0, 0.3}, ode.Options{
		Method: ode.Rodas5P, RTol: 1e-8, ATol: []float64{1e-12},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range sol.Initialized {
		fmt.Printf("%s started at %.1f instead of %.1f\n", a.Name, math.Abs(a.To), a.From)
	}
	fmt.Printf("A = %.7f  B = %.4e  C = %.7f\n", sol.YEnd[0], sol.YEnd[1], sol.YEnd[2])
	// Output:
	// C started at 0.0 instead of 0.3
	// A = 0.7158271  B = 9.1855e-06  C = 0.2841637
}

// A right-hand side with its own Jacobian: implicit methods then need no differences.
func ExampleFuncJacobian() {
	const mu = 1e3
	p := ode.FuncJacobian(2,
		func(dst []float64, t float64, y []float64) {
			dst[0] = y[1]
			dst[1] = mu*(1-y[0]*y[0])*y[1] - y[0]
		},
		func(jac *ode.Jacobian, t float64, y []float64) {
			jac.Set(0, 1, 1)
			jac.Set(1, 0, -2*mu*y[0]*y[1]-1)
			jac.Set(1, 1, mu*(1-y[0]*y[0]))
		})
	sol, err := ode.Solve(context.Background(), p, 0, 2000, []float64{2, 0}, ode.Options{Method: ode.BDF, RTol: 1e-7})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("y = %.4f, evaluations for differences: %d\n", sol.YEnd[0], sol.Stats.JacobianEvals)
	// Output: y = 1.7062, evaluations for differences: 0
}

// brake is a Field without a Jacobian: it refuses to be evaluated where the speed would be negative.
type brake struct{}

func (brake) Eval(dst []float64, t float64, y []float64) error {
	if y[0] < 0 {
		return &ode.Rejection{Reason: "negative speed"} // asks for a smaller step
	}
	dst[0] = -math.Sqrt(y[0]) - 50*(y[0]-math.Exp(-t))
	return nil
}

func (brake) EvalJacobian([]float64, *ode.Jacobian, []float64, float64, []float64) error {
	return ode.ErrNoJacobian
}

// A field with state of its own, its Jacobian approximated by finite differences.
func ExampleFiniteDifference() {
	p := ode.FiniteDifference(&ode.Problem{Dim: 1, New: func() ode.Field { return brake{} }})
	sol, err := ode.Solve(context.Background(), p, 0, 1, []float64{1}, ode.Options{Method: ode.Rosenbrock23, RTol: 1e-6})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("y = %.4f\n", sol.YEnd[0])
	// Output: y = 0.3632
}

// The integral of the square of a solution rides along, outside the Newton matrix.
func ExampleQuadrature() {
	p := ode.Func(1, func(dst []float64, t float64, y []float64) { dst[0] = -y[0] })
	sol, err := ode.Solve(context.Background(), p, 0, 3, []float64{1}, ode.Options{
		RTol: 1e-8,
		Quadrature: &ode.Quadrature{N: 1, Eval: func(dst []float64, t float64, y []float64) error {
			dst[0] = y[0] * y[0]
			return nil
		}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.6f, exactly %.6f\n", sol.Quadrature[0], (1-math.Exp(-6))/2)
	// Output: 0.498761, exactly 0.498761
}

// A failure says where, why and what to try, and carries what was computed.
func ExampleFailure() {
	p := ode.Func(1, func(dst []float64, t float64, y []float64) { dst[0] = y[0] * y[0] })
	p.Names = []string{"temperature"}
	_, err := ode.Solve(context.Background(), p, 0, 2, []float64{1}, ode.Options{})
	var f *ode.Failure
	if errors.As(err, &f) {
		fmt.Printf("%v at t = %.3f in %s: %s\n", f.Cause, f.Time, f.Name, f.Advice)
	}
	// Output: step size too small at t = 1.000 in temperature: the solution appears to have a singularity here: the state has grown without bound
}

// CVODE's method held to order 2, where it is L-stable.
func ExampleBDFMethod() {
	p := ode.Func(1, func(dst []float64, t float64, y []float64) { dst[0] = -1000 * (y[0] - math.Cos(t)) })
	sol, err := ode.Solve(context.Background(), p, 0, 1, []float64{1}, ode.Options{Method: ode.BDFMethod{MaxOrder: 2}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("y = %.4f\n", sol.YEnd[0])
	// Output: y = 0.5411
}
