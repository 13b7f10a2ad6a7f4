package expr

import (
	"strings"
	"testing"
)

// TestLongFormulas reads formulas of a million characters and of depth 10⁵, and makes, prints and differentiates them.
func TestLongFormulas(t *testing.T) {
	if testing.Short() {
		t.Skip("millions of characters")
	}
	const deep = 100_000
	for name, text := range map[string]string{
		"sum":      strings.TrimSuffix(strings.Repeat("x*y + 2.5*", 100_000), " + 2.5*"),
		"brackets": strings.Repeat("(", deep) + "x" + strings.Repeat(")", deep),
		"calls":    strings.Repeat("sin(", deep) + "x" + strings.Repeat(")", deep),
		"signs":    strings.Repeat("-", 1_000_000) + "x",
		"powers":   strings.Repeat("x^", deep) + "1",
		"choices":  strings.Repeat("piecewise(1, x > 2, ", 50_000) + "0" + strings.Repeat(")", 50_000),
	} {
		g := testGraph()
		e, err := g.Parse(text, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if again, err := g.Parse(e.String(), nil); err != nil || again != e {
			t.Errorf("%s is not read back: %v", name, err)
		}
		p, err := NewProgram(g, e)
		if err != nil {
			t.Fatal(err)
		}
		ev := p.NewEvaluator()
		ev.Eval(make([]float64, 1), 0, []float64{0.5, 1, 1, 1}, nil)
		gy := make([]float64, 4)
		ev.VJP(gy, nil, nil, []float64{1})
	}
	for _, text := range []string{strings.Repeat("(", 1_000_000), strings.Repeat("x", 1_000_000), strings.Repeat("x ", 500_000), strings.Repeat("9", 1_000_000)} {
		if _, err := testGraph().Parse(text, nil); err == nil {
			t.Errorf("%q… is accepted", text[:3])
		} else if len(err.Error()) > 300 {
			t.Errorf("a message of %d characters", len(err.Error()))
		}
	}
}

// FuzzParse reads anything without panic, and reads what it prints as the same.
func FuzzParse(f *testing.F) {
	for _, c := range formulas {
		f.Add(c.text)
	}
	for _, s := range []string{"((", "1e", "x**2", "piecewise(", "!x&&", "a_1^-β", "log(x,)", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		g := testGraph()
		e, err := g.Parse(text, nil)
		if err != nil {
			return
		}
		if len(text) > 200 {
			return // repeated parts can make the text of what is read long
		}
		if again, err := g.Parse(e.text(1<<20), nil); err == nil && again != e {
			t.Errorf("%q is printed as %q, which is %q", text, e, again)
		}
	})
}

// TestNoAllocation evaluates everything twice and counts.
func TestNoAllocation(t *testing.T) {
	g := testGraph()
	k := g.Param("k")
	x, y := g.at(0), g.at(1)
	p, err := NewProgram(g, k.Mul(x).Mul(y.Exp()), x.Sqrt().Div(y), x.Less(y).If(k, x), g.Num(1))
	if err != nil {
		t.Fatal(err)
	}
	e := p.NewEvaluator()
	par, at, dst := []float64{2}, []float64{1, 2, 3, 4}, make([]float64, 4)
	jac, gy, gp, dy, dp := make([]float64, len(p.JacobianPattern().Rows)), make([]float64, 4), make([]float64, 1), make([]float64, 16), make([]float64, 4)
	if n := testing.AllocsPerRun(20, func() {
		e.Bind(par)
		e.Eval(dst, 0, at, nil)
		e.Jacobian(jac)
		e.TimeDerivative(dst, nil)
		e.VJP(gy, gp, nil, dst)
		e.JVP(dst, at, par, nil, 1)
		e.ParamColumns(dst, 0, 1)
		e.SecondOrder(gy, gp, at, at, 1, nil)
		e.SecondOrderJacobian(dy, dp, at, 1, nil, 0, 1)
	}); n != 0 {
		t.Errorf("%g allocations", n)
	}
}
