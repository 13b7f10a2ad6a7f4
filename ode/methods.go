package ode

import (
	"strings"

	"github.com/stiffnode/stiffnode/internal/names"
)

// Methods lists every method whose steps can be recorded, and so differentiated.
func Methods() []Method {
	return []Method{
		Tsit5, DOP853,
		ImplicitEuler, TRBDF2, KenCarp3, KenCarp4, KenCarp5,
		KenCarp3IMEX, KenCarp4IMEX, KenCarp5IMEX,
		Rosenbrock23, Rodas4, Rodas5P,
		Radau,
		BDF,
		AutoTsit5Rosenbrock23, AutoTsit5KenCarp4, AutoTsit5Rodas5P,
	}
}

// Solvers lists every method by the name used on the command line: Methods, and those that only solve.
func Solvers() []Method { return append(Methods(), Radau9) }

// MethodByName finds a method, ignoring case; "auto" is Auto and "AutoX(Y)" the switching pair of X and Y. The error suggests the
// nearest name and lists what there is.
func MethodByName(name string) (Method, error) {
	if strings.EqualFold(name, "auto") {
		return Auto, nil
	}
	if explicit, implicit, ok := pairName(name); ok {
		e, err := MethodByName(explicit)
		if err != nil {
			return nil, err
		}
		i, err := MethodByName(implicit)
		if err != nil {
			return nil, err
		}
		return AutoSwitch(e, i)
	}
	known := []string{"auto"}
	for _, m := range Solvers() {
		n := m.Info().Name
		if strings.EqualFold(n, name) {
			return m, nil
		}
		known = append(known, n)
	}
	return nil, &InputError{What: "method", Msg: names.Unknown(name, known)}
}

// pairName splits "AutoX(Y)" into X and Y.
func pairName(name string) (explicit, implicit string, ok bool) {
	const prefix = "auto"
	if len(name) < len(prefix) || !strings.EqualFold(name[:len(prefix)], prefix) {
		return "", "", false
	}
	explicit, implicit, ok = strings.Cut(name[len(prefix):], "(")
	if !ok || !strings.HasSuffix(implicit, ")") {
		return "", "", false
	}
	return explicit, strings.TrimSuffix(implicit, ")"), true
}
