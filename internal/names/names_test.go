package names

import (
	"slices"
	"testing"
)

func TestNearest(t *testing.T) {
	known := []string{"rtol", "atol", "method", "max_steps"}
	for name, want := range map[string]string{"rtoll": "rtol", "RTOL": "rtol", "metod": "method", "maxsteps": "max_steps", "xyzzy": "", "": ""} {
		if got, ok := Nearest(name, known); got != want || ok != (want != "") {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"kitten", "sitting", 3}, {"", "abc", 3}, {"abc", "", 3}, {"flaw", "lawn", 2}, {"ÄÖ", "AO", 2}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%q, %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestNear(t *testing.T) {
	known := []string{"Rodas4", "Rodas5P", "Radau", "Radau9"}
	for name, want := range map[string][]string{"Rodas": {"Rodas4", "Rodas5P"}, "radua": {"Radau", "Radau9"}, "radaus": {"Radau", "Radau9"}, "": nil, "xyzzyxyzzy": nil} {
		if got := Near(name, known); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestUnknown(t *testing.T) {
	for name, want := range map[string]string{
		"metod": `"metod" is not known; did you mean "method"? There are method, rtol`,
		"zzzzz": `"zzzzz" is not known; there are method, rtol`,
	} {
		if got := Unknown(name, []string{"rtol", "method"}); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
