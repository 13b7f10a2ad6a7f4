package names

import "testing"

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
