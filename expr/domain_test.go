package expr_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/stiffnode/stiffnode/expr"
	"github.com/stiffnode/stiffnode/internal/formulas"
	"github.com/stiffnode/stiffnode/ode"
)

// TestDomain refuses what is not finite by name, and finds limits where there are some.
func TestDomain(t *testing.T) {
	for _, c := range []struct {
		rhs    string
		x      float64
		f, j   float64 // NaN: refused
		refuse string
	}{
		{"x*log(x)", 0, 0, math.NaN(), "log(x)"},
		{"x^2*log(x)", 0, 0, 0, ""},
		{"k*x^2*log(x/k)", 0, 0, 0, ""},
		{"x^0.5", 0, 0, math.NaN(), "derivative with respect to x"},
		{"x^1.5", 0, 0, 0, ""},
		{"x^0", 0, 1, 0, ""},
		{"x^k", 0, 0, 0, ""},
		{"sqrt(x)", -1, math.NaN(), math.NaN(), "sqrt(x) is NaN where x = -1"},
		{"1/(x - 2)", 2, math.NaN(), math.NaN(), "x - 2 = 0"},
		{"2 + log(-1)", 1, math.NaN(), math.NaN(), "log(-1)"},
		{"piecewise(sqrt(x), x > 0, 3)", -1, 3, 0, ""},
		{"piecewise(x*log(x), x > 0, 0)", 0, 0, 0, ""},
		{"max(0, x)^1.5", -1, 0, 0, ""},
		{"abs(x)", 0, 0, 0, ""},
	} {
		p, err := formulas.Compile([]string{"x"}, []string{"k"}, []string{c.rhs})
		if err != nil {
			t.Fatal(err)
		}
		ivp, err := p.Problem(expr.Setup{Params: []float64{3}})
		if err != nil {
			t.Fatal(err)
		}
		f := ivp.New()
		dst, jac := make([]float64, 1), ode.NewJacobian(1, ivp.Jacobian)
		check := func(what string, err error, got, want float64) {
			t.Helper()
			var d *expr.DomainError
			var r *ode.Rejection
			switch {
			case !math.IsNaN(want):
				if err != nil || got != want {
					t.Errorf("%s of %s at %g: %g (%v), want %g", what, c.rhs, c.x, got, err, want)
				}
			case !errors.As(err, &d) || !errors.As(err, &r) || !strings.Contains(err.Error(), c.refuse):
				t.Errorf("%s of %s at %g: %g, error %v, want one that names %q", what, c.rhs, c.x, got, err, c.refuse)
			}
		}
		err = f.Eval(dst, 0, []float64{c.x})
		check("value", err, dst[0], c.f)
		err = f.EvalJacobian(dst, jac, nil, 0, []float64{c.x})
		check("derivative", err, jac.Data[0], c.j)
	}
}
