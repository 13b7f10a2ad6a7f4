package plots

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// roomy is a ticker on which labels are as wide as they have characters.
func roomy(sc scale, length float64) ticker {
	return ticker{scale: sc, length: length, minor: minorRoom, fits: func(t []tick) bool {
		for i := 1; i < len(t); i++ {
			width := 3 * float64(utf8.RuneCountInString(t[i-1].label)+utf8.RuneCountInString(t[i].label))
			if (sc.at(t[i].value)-sc.at(t[i-1].value))*length < width+4 {
				return false
			}
		}
		return true
	}}
}

func labelled(ticks []tick) (out []tick) {
	for _, t := range ticks {
		if t.label != "" {
			out = append(out, t)
		}
	}
	return out
}

// said reads a label back: "−2.5", "10⁻⁵", "2×10³".
func said(t *testing.T, s string) float64 {
	t.Helper()
	plain := strings.NewReplacer("−", "-", "⁻", "-", "⁰", "0", "¹", "1", "²", "2", "³", "3", "⁴", "4", "⁵", "5", "⁶", "6", "⁷", "7", "⁸", "8", "⁹", "9")
	mantissa, exponent := s, ""
	if i := strings.IndexAny(s, "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"); i >= 0 {
		exponent = plain.Replace(s[i:])
		mantissa = strings.TrimSuffix(strings.TrimSuffix(s[:i], "10"), "×")
		if mantissa == "" || mantissa == "−" {
			mantissa += "1"
		}
	}
	if exponent != "" {
		exponent = "e" + exponent
	}
	x, err := strconv.ParseFloat(plain.Replace(mantissa)+exponent, 64)
	if err != nil {
		t.Fatalf("label %q: %v", s, err)
	}
	return x
}

// saidFactor reads "×10⁻⁵ + 0.5".
func saidFactor(t *testing.T, s string) (factor, summand float64) {
	t.Helper()
	factor, rest := 1.0, s
	if r, ok := strings.CutPrefix(rest, "×"); ok {
		first, after, _ := strings.Cut(r, " ")
		factor, rest = said(t, first), after
	}
	rest = strings.ReplaceAll(rest, " ", "")
	if r, ok := strings.CutPrefix(rest, "+"); ok {
		return factor, said(t, r)
	}
	if r, ok := strings.CutPrefix(rest, "−"); ok {
		return factor, -said(t, r)
	}
	if rest != "" {
		t.Fatalf("factor %q", s)
	}
	return factor, 0
}

// checkTicks checks what must hold for the ticks of any axis.
func checkTicks(t *testing.T, tk ticker) {
	t.Helper()
	ticks, factor := tk.ticks()
	f, plus := saidFactor(t, factor)
	seen := map[string]bool{}
	named := labelled(ticks)
	for i, k := range named {
		if !tk.shows(k.value) {
			t.Errorf("%+v: tick %g is out of sight", tk.scale, k.value)
		}
		if seen[k.label] {
			t.Errorf("%+v: label %q occurs twice", tk.scale, k.label)
		}
		seen[k.label] = true
		if i > 0 && k.value <= named[i-1].value {
			t.Errorf("%+v: ticks do not increase: %g, %g", tk.scale, named[i-1].value, k.value)
		}
		if x := said(t, k.label)*f + plus; math.Abs(x-k.value) > 1e-14*max(math.Abs(k.value), math.Abs(plus)) {
			t.Errorf("%+v: tick %g is labelled %q (%s), which is %g", tk.scale, k.value, k.label, factor, x)
		}
		if n := utf8.RuneCountInString(k.label); n > 9 {
			t.Errorf("%+v: label %q is long", tk.scale, k.label)
		}
	}
	for _, k := range ticks {
		if !tk.shows(k.value) {
			t.Errorf("%+v: minor tick %g is out of sight", tk.scale, k.value)
		}
	}
	if len(named) > 2 && !tk.fits(named) {
		t.Errorf("%+v, %g points: labels overlap: %v", tk.scale, tk.length, named)
	}
	if len(named) < 2 && tk.length >= 150 {
		t.Errorf("%+v, %g points: %d labels", tk.scale, tk.length, len(named))
	}
	if len(ticks) > 2000 {
		t.Errorf("%+v: %d ticks", tk.scale, len(ticks))
	}
}

func TestTicksOfRandomAxes(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 3))
	for range 3000 {
		length := 40 + 600*rng.Float64()
		a := math.Pow(10, 24*rng.Float64()-12)
		b := a * math.Pow(10, 12*rng.Float64()*rng.Float64())
		if rng.IntN(2) == 0 {
			checkTicks(t, roomy(newScale(Axis{Log: true}, span{a, b}), length))
			continue
		}
		centre := a * float64(rng.IntN(3)-1) * math.Pow(10, 8*rng.Float64())
		checkTicks(t, roomy(newScale(Axis{}, span{centre - a, centre + a*rng.Float64()}), length))
		if t.Failed() {
			return
		}
	}
}

func TestTicksByHand(t *testing.T) {
	for _, c := range []struct {
		axis   Axis
		length float64
		labels string
		factor string
	}{
		{Axis{Min: 0, Max: 1}, 120, "0.0 0.2 0.4 0.6 0.8 1.0", ""},
		{Axis{Min: 0, Max: 60}, 150, "0 10 20 30 40 50 60", ""},
		{Axis{Min: -1, Max: 1}, 120, "−1.0 −0.5 0.0 0.5 1.0", ""},
		{Axis{Min: 0, Max: 4e-5}, 60, "0 1 2 3 4", "×10⁻⁵"},
		{Axis{Min: 0, Max: 50_000}, 200, "0 10000 20000 30000 40000 50000", ""},
		{Axis{Min: 0, Max: 3e6}, 40, "0 1 2 3", "×10⁶"},
		{Axis{Min: 0.0069, Max: 0.007}, 100, "6.90 6.95 7.00", "×10⁻³"},
		{Axis{Min: 99_999.989, Max: 100_000}, 120, "0.000 0.005 0.010", "+99999.99"},
		{Axis{Min: 1, Max: 1 + 4e-9}, 60, "0 1 2 3 4", "×10⁻⁹ + 1"},
		{Axis{Log: true, Min: 1e-5, Max: 1e5}, 400, "10⁻⁵ 10⁻⁴ 10⁻³ 10⁻² 10⁻¹ 10⁰ 10¹ 10² 10³ 10⁴ 10⁵", ""},
		{Axis{Log: true, Min: 1e-5, Max: 1e5}, 200, "10⁻⁴ 10⁻² 10⁰ 10² 10⁴", ""},
		{Axis{Log: true, Min: 1e-30, Max: 1e30}, 220, "10⁻³⁰ 10⁻²⁰ 10⁻¹⁰ 10⁰ 10¹⁰ 10²⁰ 10³⁰", ""},
		{Axis{Log: true, Min: 1, Max: 10}, 60, "10⁰ 10¹", ""},
		{Axis{Log: true, Min: 0.2, Max: 5}, 100, "0.2 0.5 1 2 5", ""},
		{Axis{Log: true, Min: 2e-6, Max: 9e-6}, 100, "2×10⁻⁶ 5×10⁻⁶", ""},
		{Axis{Log: true, Min: 31, Max: 39}, 80, "32 34 36 38", ""},
	} {
		ticks, factor := roomy(newScale(c.axis, newSpan()), c.length).ticks()
		var got []string
		for _, k := range labelled(ticks) {
			got = append(got, k.label)
		}
		if s := strings.Join(got, " "); s != c.labels || factor != c.factor {
			t.Errorf("%+v: %s (%s), want %s (%s)", c.axis, s, factor, c.labels, c.factor)
		}
	}
}

func TestMinorTicks(t *testing.T) {
	minor := func(a Axis, length float64) string {
		ticks, _ := roomy(newScale(a, newSpan()), length).ticks()
		var s []string
		for _, k := range ticks {
			if k.label == "" {
				s = append(s, fmt.Sprintf("%.3g", k.value))
			}
		}
		return strings.Join(s, " ")
	}
	for _, c := range []struct {
		axis   Axis
		length float64
		want   string
	}{
		{Axis{Log: true, Min: 1, Max: 100}, 100, "2 3 4 5 6 7 8 9 20 30 40 50 60 70 80 90"},
		{Axis{Log: true, Min: 1, Max: 1e4}, 60, "10 1e+03"}, // between 10⁰, 10² and 10⁴
		{Axis{Log: true, Min: 1, Max: 1e40}, 100, ""},       // no room
		{Axis{Min: 0, Max: 2}, 60, "0.2 0.4 0.6 0.8 1.2 1.4 1.6 1.8"},
		{Axis{Min: 0, Max: 2}, 40, ""},
	} {
		if got := minor(c.axis, c.length); got != c.want {
			t.Errorf("%+v, %g points: %q, want %q", c.axis, c.length, got, c.want)
		}
	}
}

func FuzzTicks(f *testing.F) {
	f.Add(0.0, 1.0, false, 100.0)
	f.Add(1e-5, 1e5, true, 200.0)
	f.Add(-1e300, 1e300, false, 50.0)
	f.Add(5e-324, 1e-300, true, 300.0)
	f.Add(1.0, 1.0000000001, false, 20.0)
	f.Add(99999.98999, 1e5, false, 200.0)
	f.Add(3.1, 3.9, true, 200.0)
	f.Add(1e-4, 1e5, false, 33.0)
	f.Add(math.Inf(-1), math.NaN(), false, 200.0)
	f.Fuzz(func(t *testing.T, a, b float64, log bool, length float64) {
		if !(length >= 20 && length <= 2000) {
			length = 200
		}
		// As bounds that were asked for, and as the span of data.
		checkTicks(t, roomy(newScale(Axis{Log: log, Min: a, Max: b}, newSpan()), length))
		s := newSpan()
		for _, v := range []float64{a, b} {
			if drawable(v, log) {
				s.add(v)
			}
		}
		checkTicks(t, roomy(newScale(Axis{Log: log}, s), length))
	})
}

func TestScaleShowsItsData(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for range 2000 {
		s := newSpan()
		log := rng.IntN(2) == 0
		for range 1 + rng.IntN(3) {
			v := math.Pow(10, 600*rng.Float64()-300)
			if rng.IntN(2) == 0 && !log {
				v = -v
			}
			if rng.IntN(3) == 0 {
				v = 1 + 1e-13*rng.Float64()
			}
			s.add(v)
		}
		sc := newScale(Axis{Log: log}, s)
		for _, v := range []float64{s.lo, s.hi} {
			if x := sc.at(v); !(x >= 0 && x <= 1) {
				t.Fatalf("%+v puts %g at %g", sc, v, x)
			}
		}
		if !(sc.lo < sc.hi) {
			t.Fatalf("%+v", sc)
		}
	}
}
