package dimer_test

import (
	"context"
	"fmt"
	"log"
	"math"

	"github.com/stiffnode/stiffnode"
	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/train"
)

// equilibrium is 0 = K·A² − D. Train compares the derivatives with differences before it begins.
type equilibrium struct{ a, d int }

const k = 0.8

func (equilibrium) Len() int { return 1 }

func (e equilibrium) Value(g []float64, _ float64, y []float64) error {
	g[0] = k*y[e.a]*y[e.a] - y[e.d]
	return nil
}

func (e equilibrium) Derivatives(dy, dt []float64, _ float64, y []float64) {
	dy[e.a], dy[e.d], dt[0] = 2*k*y[e.a], -1, 0
}

func (e equilibrium) Curvature(ddy []float64, _ float64, _, u []float64, _ float64) {
	ddy[e.a], ddy[e.d] = 2*k*u[e.a], 0
}

func init() {
	err := model.RegisterEquation("dimer equilibrium", func(states []string) (model.Equation, error) {
		e := equilibrium{-1, -1}
		for i, s := range states {
			switch s {
			case "A":
				e.a = i
			case "D":
				e.d = i
			}
		}
		if e.a < 0 || e.d < 0 || len(states) != 2 {
			return nil, fmt.Errorf("the equilibrium is one of A and D, and the states are %v", states)
		}
		return e, nil
	})
	if err != nil {
		log.Fatal(err)
	}
}

// Learning a differential-algebraic model from data and a known equilibrium.
func Example() {
	ctx := context.Background()
	cfg, err := train.LoadConfig("dimer.toml")
	if err != nil {
		log.Fatal(err)
	}
	res, err := stiffnode.Train(ctx, stiffnode.Options{Config: cfg}, cfg.Data.Files...)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("learned to a thousandth:", res.Score.MAE < 1e-3)

	times := []float64{0, 0.5, 1, 2, 4}
	y, err := res.Model.Predict(ctx, []float64{0.7, 0}, times) // D(0) is made consistent with A(0)
	if err != nil {
		log.Fatal(err)
	}
	off := 0.0
	for _, row := range y {
		off = math.Max(off, math.Abs(k*row[0]*row[0]-row[1]))
	}
	fmt.Println("in equilibrium to the tolerance:", off < 1e-6)
	fmt.Printf("D(0) = %.3f\n", y[0][1])
	// Output:
	// learned to a thousandth: true
	// in equilibrium to the tolerance: true
	// D(0) = 0.392
}
