package ode

import (
	"fmt"
	"slices"
	"strings"
)

// Auto picks a method by problem size and tolerance.
var Auto Method = AutoTsit5Rosenbrock23

// Methods lists every method by the name used on the command line.
func Methods() []Method {
	return []Method{
		Tsit5, DOP853,
		ImplicitEuler, TRBDF2, KenCarp3, KenCarp4, KenCarp5,
		KenCarp3IMEX, KenCarp4IMEX, KenCarp5IMEX,
		Rosenbrock23, Rodas4, Rodas5P,
		Radau,
		BDF,
		AutoTsit5Rosenbrock23,
	}
}

// MethodByName finds a method, ignoring case. The error lists what there is.
func MethodByName(name string) (Method, error) {
	if strings.EqualFold(name, "auto") {
		return Auto, nil
	}
	var names []string
	for _, m := range Methods() {
		n := m.Info().Name
		if strings.EqualFold(n, name) {
			return m, nil
		}
		names = append(names, n)
	}
	slices.Sort(names)
	return nil, &InputError{What: "method", Msg: fmt.Sprintf("%q is not known; there are auto, %s", name, strings.Join(names, ", "))}
}
