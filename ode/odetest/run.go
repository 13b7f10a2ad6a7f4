package odetest

import (
	"strings"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
)

// Run puts a method through everything that it claims.
func Run(t *testing.T, m ode.Method) {
	for _, c := range []struct {
		name string
		run  func(testing.TB, ode.Method)
	}{
		{"Tableau", Tableau},
		{"Order", Order},
		{"DenseOrder", DenseOrder},
		{"MassOrder", MassOrder},
		{"ToleranceProportionality", ToleranceProportionality},
		{"Stability", Stability},
		{"StiffOrder", StiffOrder},
		{"References", References},
		{"Backwards", Backwards},
		{"Memory", Memory},
		{"Sides", Sides},
		{"TimeUnits", TimeUnits},
		{"Scaling", Scaling},
		{"Permutation", Permutation},
		{"Allocations", Allocations},
		{"Concurrency", Concurrency},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, m) })
	}
}

// multistep says that a method has a history, chooses its own step sizes and has no order of its own at constant steps from
// one initial value.
func multistep(m ode.Method) bool { return strings.HasPrefix(m.Info().Family, "linear multistep") }

// automatic is the family of a method that chooses another one.
const automatic = "automatic choice"

// switching says that a method changes over between two others.
func switching(m ode.Method) bool { return m.Info().Family == "switching pair" }
