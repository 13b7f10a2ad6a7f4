package expr

import (
	"errors"
	"math"
	"testing"
)

// at evaluates an expression of states at y.
func at(t *testing.T, e Expr, y ...float64) float64 {
	t.Helper()
	p, err := NewProgram(e.g, e)
	if err != nil {
		t.Fatal(err)
	}
	ev := p.NewEvaluator()
	dst := make([]float64, 1)
	ev.Eval(dst, 0, y, nil)
	return dst[0]
}

// Values of formulas, by hand.
var formulas = []struct {
	text string
	want float64
}{
	{"1 + 2 * 3", 7}, {"-2^2", -4}, {"2^3^2", 512}, {"2^-1", 0.5}, {"2^-x^2", math.Pow(2, -9)}, {"(-2)^2", 4}, {"--x", 3}, {"6/3/2", 1}, {"7 - 4 - 2", 1},
	{"log(8, 2)", 3}, {"log(100, 10)", 2}, {"log(27, 3)", 3}, {"ln(exp(x))", 3}, {"sqrt(16)", 4}, {"x^0.5", math.Sqrt(3)},
	{"true || false && false", 0}, {"false && true || true", 1}, {"!x == 0", 1}, {"!(x == 3)", 0}, {"1 < 2 && x > 2", 1}, {"3 + true", 4},
	{"piecewise(1, x < 2, 2, x < 4, 3)", 2}, {"min(4, x, 5)", 3}, {"max(1, x)", 3}, {"abs(-x)", 3}, {"sign(-x)", -1}, {"floor(-x/2)", -2}, {"ceil(x/2)", 2},
	{"arcsin(1)", math.Pi / 2}, {"asin(1)", math.Pi / 2}, {"cot(1)", 1 / math.Tan(1)}, {"arccot(1)", math.Pi / 4}, {"arccoth(1)", math.Inf(1)}, {"erf(x)", math.Erf(3)},
	{"1.5e-3*x", 4.5e-3}, {".5 + 1.", 1.5}, {"-inf", math.Inf(-1)}, {"log(0)", math.Inf(-1)}, {"x*log(x)", 3 * math.Log(3)}, {"x - -x", 6}, {"a_1 + β", 11},
	{"x != 3", 0}, {"x >= 3", 1}, {"x <= 2", 0}, {"pow(x, 2)", 9}, {"x^7", 2187}, {"x^-3", 1. / 27}, {"x*x*x", 27}, {"2*x/(4*y)", 1.5}, {"-x*y", -3},
}

func testGraph() *Graph {
	g := NewGraph()
	for _, n := range []string{"x", "y", "a_1", "β"} {
		g.State(n)
	}
	return g
}

func TestFormulas(t *testing.T) {
	for _, f := range formulas {
		g := testGraph()
		e, err := g.Parse(f.text, nil)
		if err != nil {
			t.Errorf("%s: %v", f.text, err)
			continue
		}
		if got := at(t, e, 3, 1, 4, 7); got != f.want && math.Abs(got-f.want) > 4e-16*math.Abs(f.want) {
			t.Errorf("%s: %v, want %v", f.text, got, f.want)
		}
		again, err := g.Parse(e.String(), nil)
		if err != nil || again != e {
			t.Errorf("%s is printed as %s, which is read as %v (%v)", f.text, e, again, err)
		}
	}
}

func TestSyntaxErrors(t *testing.T) {
	for _, c := range []struct {
		text    string
		column  int
		nearest string
	}{
		{"", 1, ""}, {"1 +", 4, ""}, {"(x", 1, ""}, {"x)", 2, ""}, {"x y", 3, ""}, {"2x", 2, ""}, {"x ** 2", 4, ""}, {"x = 2", 3, ""}, {"sqr(x)", 1, "sqrt"},
		{"x + bet_1", 5, ""}, {"a_2*3", 1, "a_1"}, {"min(x)", 1, ""}, {"sin(x, y)", 1, ""}, {"1 < x < 2", 7, ""}, {"x(2)", 1, ""}, {"sin", 1, ""}, {"1e+", 2, ""}, {"1.2.3", 4, ""},
		{"piecewise(1, x)", 1, ""}, {"piecewise(1, x, 2, x)", 1, ""}, {"x, y", 2, ""}, {"(x, y)", 3, ""}, {"sin()", 1, ""}, {"x + #", 5, ""}, {"β + §", 5, ""}, {"x &\n & y", 3, ""}, {"x\n+ zz)", 3, ""},
	} {
		_, err := testGraph().Parse(c.text, nil)
		var s *SyntaxError
		if !errors.As(err, &s) {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if s.Line == 1 && s.Column != c.column || s.Nearest != c.nearest || s.Text != c.text {
			t.Errorf("%q: %v (column %d, nearest %q)", c.text, err, s.Column, s.Nearest)
		}
	}
}
