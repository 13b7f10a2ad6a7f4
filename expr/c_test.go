package expr_test

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stiffnode/stiffnode/internal/formulas"
)

// TestCSource compiles C and compares its values and Jacobian.
func TestCSource(t *testing.T) {
	gcc, err := exec.LookPath("gcc")
	if err != nil || testing.Short() {
		t.Skip("needs gcc, and a second")
	}
	p, err := formulas.Compile([]string{"x", "y"}, []string{"a", "b"}, []string{
		"a*x^3*exp(-b/y) + piecewise(x, x < y, 2*y) + min(x, y)^-2 - log(x, 3) + arcsin(x/3) + (x > 1 || y > 1)", "-x*y*sqrt(a) + max(x, 0.5)*tanh(y)*b^2 + abs(x - y)*sign(-x) + erf(y)",
	})
	if err != nil {
		t.Fatal(err)
	}
	source, room, err := p.CSource("fun")
	if err != nil {
		t.Fatal(err)
	}
	y, par, f := []float64{1.25, 0.75}, []float64{1.5, 2.5}, make([]float64, 2)
	jac := make([]float64, len(p.JacobianPattern().Rows))
	source += fmt.Sprintf("#include <stdio.h>\nint main(void) { double f[2], j[4], y[] = {1.25, 0.75}, p[] = {1.5, 2.5}, c[%d]; fun_bind(c, p); fun(f, j, 0, y, 0, c);\n"+
		"printf(\"%%.17g %%.17g %%.17g %%.17g %%.17g %%.17g\", f[0], f[1], j[0], j[1], j[2], j[3]); return 0; }\n", room)
	dir := t.TempDir()
	file := filepath.Join(dir, "fun.c")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "fun")
	if out, err := exec.Command(gcc, "-std=c99", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", "-o", bin, file, "-lm").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command(bin).Output()
	if err != nil {
		t.Fatal(err)
	}
	e := p.NewEvaluator()
	e.Bind(par)
	e.Eval(f, 0, y, nil)
	e.Jacobian(jac)
	words := strings.Fields(string(out))
	for i, want := range append(f, jac...) {
		var got float64
		if _, err := fmt.Sscan(words[i], &got); err != nil || math.Abs(got-want) > 1e-14*math.Abs(want) {
			t.Errorf("number %d: %g, want %g", i, got, want)
		}
	}
}
