package optim

import (
	"fmt"
	"strings"
)

// ConfigError lists every impossible value of a configuration at once.
type ConfigError struct {
	Of       string // the method or schedule
	Problems []ConfigProblem
}

// ConfigProblem is one impossible value.
type ConfigProblem struct {
	Field string // its usual name in a configuration
	Value any
	Want  string
}

func (e *ConfigError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "optim: %s: ", e.Of)
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%s = %v must be %s", p.Field, p.Value, p.Want)
	}
	return b.String()
}

// configErrors collects the problems of one configuration.
type configErrors []ConfigProblem

func (e *configErrors) check(ok bool, field string, value any, want string) {
	if !ok {
		*e = append(*e, ConfigProblem{Field: field, Value: value, Want: want})
	}
}

func (e configErrors) err(of string) error {
	if len(e) == 0 {
		return nil
	}
	return &ConfigError{Of: of, Problems: e}
}

func checkParamCount(of string, n int) error {
	var e configErrors
	e.check(n > 0, "number of parameters", n, "above 0")
	return e.err(of)
}
