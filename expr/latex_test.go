package expr

import "testing"

func TestLaTeX(t *testing.T) {
	for text, want := range map[string]string{
		"-k_cat*E/(K + x1)":                     `-\frac{k_{\mathrm{cat}}\,E}{K + x_{\mathrm{1}}}`,
		"(a + b)^2*exp(-x1/2)":                  `{\left(a + b\right)}^{2}\,e^{-\frac{x_{\mathrm{1}}}{2}}`,
		"sqrt(abs(a)) + log(b) + log10(a)":      `\sqrt{\left|a\right|} + \ln\left(b\right) + \log_{10}\left(a\right)`,
		"piecewise(1, a < b, 2, a >= 3, 1e-20)": `\begin{cases}1 & a < b \\ 2 & 3 \le a \\ 1 \cdot 10^{-20} & \text{otherwise}\end{cases}`,
		"max(a, NO2)*t + erf(a)":                `\max\left(a, \mathrm{NO}_{\mathrm{2}}\right)\,t + \operatorname{erf}\left(a\right)`,
		"(a/b)^3 - (a - b)":                     `{\left(\frac{a}{b}\right)}^{3} - \left(a - b\right)`,
	} {
		g := NewGraph()
		for _, n := range []string{"k_cat", "E", "K", "x1", "a", "b", "NO2"} {
			g.State(n)
		}
		e, err := g.Parse(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.LaTeX(); got != want {
			t.Errorf("%s:\n%s, want\n%s", text, got, want)
		}
	}
}
