package odetest

import (
	"testing"

	"github.com/stiffnode/stiffnode/ode"
)

// Every method that there is goes through everything that it claims.
func TestMethods(t *testing.T) {
	for _, m := range ode.Methods() {
		t.Run(m.Info().Name, func(t *testing.T) { Run(t, m) })
	}
}

// The methods that only solve, the automatic choice and every pair that can be built forget what they must, see the right side of jumps, and know no unit of time.
func TestPairs(t *testing.T) {
	list := []ode.Method{ode.Auto, ode.Radau9, ode.BDFMethod{MaxOrder: 2}, ode.BDFMethod{IgnoreStabilityLimit: true}}
	for _, explicit := range ode.Solvers() {
		for _, implicit := range ode.Solvers() {
			if m, err := ode.AutoSwitch(explicit, implicit); err == nil && !implicit.Info().Split {
				list = append(list, m)
			}
		}
	}
	for _, m := range list {
		t.Run(m.Info().Name, func(t *testing.T) {
			Memory(t, m)
			Sides(t, m)
			TimeUnits(t, m)
		})
	}
}

// The formulas of every order, started from exact values of the past, have that order at constant steps, and so has their dense output.
func TestBDFOrders(t *testing.T) {
	for order := 1; order <= 5; order++ {
		m := ode.BDFMethod{Order: order}
		for _, k := range knownProblems() {
			m.Past = past(k.at)
			end, sup := errorsAt(t, m, k, constantSteps)
			demand(t, m.Info().Name+", "+k.name, end, order)
			demand(t, m.Info().Name+", "+k.name+", dense output", sup, min(order, m.Info().DenseOrder+1))
		}
	}
}

// past is a known solution as the past of a multistep method.
type past func(dst []float64, t float64)

func (p past) At(dst []float64, t float64) { p(dst, t) }
