package reaction

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stiffnode/stiffnode/expr"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"A + 2 B -> C":      "A + 2 B -> C",
		"A+2*B=>C":          "A + 2 B -> C",
		"H2 <=> 2 H":        "H2 <-> 2 H",
		"A + A → 1.5 B":     "2 A -> 1.5 B",
		"-> A":              "-> A",
		"A -> 0":            "A ->",
		"NO + O3 -> NO2":    "NO + O3 -> NO2",
		"0.0000001 A -> B":  "0.0000001 A -> B", // an exponent would read as a name
		"O1D -> 0.5 O3 + x": "O1D -> 0.5 O3 + x",
	} {
		r, err := Parse(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := r.String(); got != want {
			t.Errorf("%q read as %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]struct {
		column int
		words  string
	}{
		"A + B":          {6, "no arrow"},
		"A + -> C":       {5, "missing"},
		"A + + B -> C":   {5, "missing"},
		"A -> 2":         {7, "missing after"},
		"1000001 A -> B": {1, "at most"},
		"A -> 0 B":       {6, "coefficient"},
		"A -> B-C":       {7, `"-"`},
		"->":             {1, "no species"},
		"1.2.3 A -> B":   {1, "coefficient"},
	} {
		_, err := Parse(text)
		var e *SyntaxError
		if !errors.As(err, &e) || e.Column != want.column || !strings.Contains(e.Msg, want.words) {
			t.Errorf("%q: %v, want column %d and %q", text, err, want.column, want.words)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"A + 2 B -> C", "H2 <=> 2 H", "-> A", "", "+", "2 → x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(r.String())
		if err != nil || again.String() != r.String() {
			t.Fatalf("%q was written as %q, which reads as %v, %v", text, r, again, err)
		}
	})
}

func parse(t *testing.T, texts ...string) []*Reaction {
	t.Helper()
	var out []*Reaction
	for _, s := range texts {
		r, err := Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

func TestLaws(t *testing.T) {
	for _, c := range []struct {
		species   []string
		reactions []string
		laws      [][]float64
	}{
		{[]string{"A", "B", "C"}, []string{"A -> B", "B + B -> C + B", "B + C -> A + C"}, [][]float64{{1, 1, 1}}},
		{[]string{"A", "B"}, []string{"2 A <-> B"}, [][]float64{{1, 2}}},
		{[]string{"E", "S", "ES", "P"}, []string{"E + S <-> ES", "ES -> E + P"}, [][]float64{{1, 0, 1, 0}, {1, -1, 0, -1}}},
		{[]string{"A"}, []string{"A ->"}, nil},
		{[]string{"A", "B"}, []string{"A -> 0.5 B"}, [][]float64{{1, 2}}},
		{[]string{"A", "B", "I"}, []string{"A -> B"}, [][]float64{{1, 1, 0}, {0, 0, 1}}},
	} {
		laws, err := Laws(c.species, parse(t, c.reactions...))
		if err != nil {
			t.Fatal(err)
		}
		s, _ := Stoichiometry(c.species, parse(t, c.reactions...))
		n := len(c.reactions)
		for _, w := range laws {
			for j := range n {
				sum := 0.0
				for i, v := range w {
					sum += v * s[i*n+j]
				}
				if sum != 0 {
					t.Errorf("%v: %v is changed by reaction %d", c.reactions, w, j)
				}
			}
		}
		if len(laws) != len(c.laws) {
			t.Errorf("%v: laws %v, want %v", c.reactions, laws, c.laws)
			continue
		}
		if len(laws) == 1 && !slices.Equal(laws[0], c.laws[0]) {
			t.Errorf("%v: law %v, want %v", c.reactions, laws[0], c.laws[0])
		}
	}
}

func TestRates(t *testing.T) {
	g := expr.NewGraph()
	a, b, c := g.State("A"), g.State("B"), g.State("C")
	k, kr, temperature := g.Param("k"), g.Param("kr"), g.Param("T")
	r := parse(t, "A + 2 B <-> C")[0]
	rate, err := r.MassAction(g, k, kr, Species{"A": a, "B": b, "C": c})
	if err != nil {
		t.Fatal(err)
	}
	balances, err := Balances(g, []string{"A", "B", "C"}, []*Reaction{r}, []expr.Expr{rate})
	if err != nil {
		t.Fatal(err)
	}
	outs := append(balances, Arrhenius(k, kr, temperature, g.Num(1.0/400)), MichaelisMenten(k, kr, a), Hill(k, kr, g.Num(2), a))
	p, err := expr.NewProgram(g, outs...)
	if err != nil {
		t.Fatal(err)
	}
	e := p.NewEvaluator()
	e.Bind([]float64{3, 0.5, 500})
	got := make([]float64, len(outs))
	e.Eval(got, 0, []float64{2, 5, 7}, nil)
	v := 3*2*25 - 0.5*7.0
	want := []float64{-v, -2 * v, v, math.Exp(3 - 0.5*(1.0/500-1.0/400)), 3 * 2 / 2.5, 3 * 4 / (0.25 + 4)}
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-13*math.Abs(want[i]) {
			t.Errorf("output %d: %g, want %g", i, got[i], want[i])
		}
	}
	if _, err := r.MassAction(g, k, kr, Species{"A": a}); err == nil || !strings.Contains(err.Error(), `"B"`) {
		t.Errorf("a species that is not known: %v", err)
	}
}
