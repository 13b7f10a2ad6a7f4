package data

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestConvertKnowsUnits(t *testing.T) {
	for _, c := range []struct {
		from, to string
		x, want  float64
	}{
		{"min", "s", 1, 60}, {"s", "min", 60, 1}, {"h", "s", 2, 7200}, {"ms", "s", 3, 3e-3}, {"days", "h", 1, 24}, {"Minutes", "seconds", 1, 60},
		{"uM", "mM", 1000, 1}, {"µM", "mM", 1000, 1}, {"μM", "nM", 1, 1000}, {"mol/L", "M", 1, 1}, {"mmol/l", "mol/m^3", 1, 1}, {"mol/m3", "mM", 2, 2},
		{"mol m⁻³", "mmol·L^-1", 5, 5}, {"mmol/ml", "mol/L", 1, 1}, {"mg/mL", "g/L", 1, 1}, {"mg/(L h)", "g/L/h", 1000, 1}, {"mol L-1 s-1", "M/s", 1, 1},
		{"°C", "K", 25, 298.15}, {"degC", "K", 0, 273.15}, {"K", "°C", 273.15, 0}, {"°F", "°C", 212, 100}, {"atm", "Pa", 1, 101325}, {"bar", "kPa", 1, 100},
		{"molecules/cm3", "mol/m3", 6.02214076e17, 1}, {"%", "1", 50, 0.5}, {"ppm", "%", 1e4, 1}, {"1/s", "Hz", 3, 3}, {"1/s", "min^-1", 1, 60}, {"kcal", "J", 1, 4184},
		{"", "s", 7, 7}, {"s", "", 7, 7}, {"blobs", "blobs", 7, 7},
	} {
		conv, err := Convert(c.from, c.to)
		if err != nil {
			t.Errorf("%s to %s: %v", c.from, c.to, err)
			continue
		}
		if got := conv.Of(c.x); math.Abs(got-c.want) > 1e-12*math.Max(1, math.Abs(c.want)) {
			t.Errorf("%g %s is %g %s, want %g", c.x, c.from, got, c.to, c.want)
		}
	}
	for _, c := range [][2]string{{"min", "mM"}, {"g/L", "mol/L"}, {"m", "s"}, {"blobs", "s"}, {"J/mol K", "J/(mol K)"}, {"s^", "s"}, {"(s", "s"}, {"s)", "s"}, {"°C/s", "K/s"}, {"°C2", "K2"}, {"OD", "mM"}, {"s^99", "s"}, {"((((((((((s))))))))))", "s"}} {
		_, err := Convert(c[0], c[1])
		var e *Error
		if !errors.As(err, &e) || e.Remedy == "" {
			t.Errorf("%s to %s: %v", c[0], c[1], err)
		}
	}
}

func TestConvertToBringsASetToAModelsUnits(t *testing.T) {
	set := read(t, "t [min],A [uM],B\n0,1000,0\n0.5,,1\n1,250,2\n", ReadOptions{})
	before := set.Clone()
	notes, err := set.ConvertTo([]string{"A", "B"}, []string{"mM", "g"}, "s")
	if err != nil {
		t.Fatal(err)
	}
	tr := set.Trajectories[0]
	if !equal(tr.Times, []float64{0, 30, 60}) || !equal(tr.Values, []float64{1, 0, nan, 1, 0.25, 2}) || set.TimeUnit != "s" || !slices.Equal(set.Units, []string{"mM", "g"}) {
		t.Errorf("times %v, values %v, units %q, %q", tr.Times, tr.Values, set.TimeUnit, set.Units)
	}
	if len(notes) != 2 || !strings.Contains(notes[0], "t was converted from min to s") || !strings.Contains(notes[1], "A was converted from uM to mM") {
		t.Errorf("notes %q", notes)
	}
	if before.Trajectories[0].Times[2] != 1 {
		t.Error("a copy changed too")
	}
	for _, wrong := range [][2]string{{"g/L", "s"}, {"mM", "m"}} {
		again := before.Clone()
		if _, err := again.ConvertTo([]string{"A"}, wrong[:1], wrong[1]); err == nil || again.TimeUnit != "min" || !equal(again.Trajectories[0].Times, before.Trajectories[0].Times) {
			t.Errorf("%q: %v; the set is now in %s", wrong, err, again.TimeUnit)
		}
	}
	close := &Set{States: []string{"x"}, TimeUnit: "h", Trajectories: []Trajectory{{Times: []float64{0, 1e305}, Values: []float64{1, 2}}}}
	if _, err := close.ConvertTo(nil, nil, "s"); err == nil {
		t.Error("a time overflows in silence")
	}
}

func FuzzParseUnit(f *testing.F) {
	for _, s := range []string{"mol/L", "mg/(L h)", "m⁻³", "1/s", "°C", "s**2", "J/mol K", "((", "", "%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := ParseUnit(s)
		if err == nil && (math.IsNaN(u.Factor) || !(u.Factor > 0)) {
			t.Fatalf("%q has the factor %g", s, u.Factor)
		}
	})
}
