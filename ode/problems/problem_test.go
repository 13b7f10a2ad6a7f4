package problems

import (
	"errors"
	"math"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
)

func TestProblemsAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range All() {
		if seen[plain(p.Name)] {
			t.Errorf("two problems are called %s", p.Name)
		}
		seen[plain(p.Name)] = true
		k := p.IVP.Dim
		for what, n := range map[string]int{"names": len(p.IVP.Names), "scales": len(p.IVP.Scale), "initial values": len(p.Y0), "tolerances": len(p.ATol)} {
			if n != k {
				t.Errorf("%s has %d %s for %d states", p.Name, n, what, k)
			}
		}
		if p.Units != nil && len(p.Units) != k {
			t.Errorf("%s has %d units for %d states", p.Name, len(p.Units), k)
		}
		if p.Title == "" || p.Source == "" {
			t.Errorf("%s has no title or no source", p.Name)
		}
		if len(p.Checks) == 0 || p.Checks[len(p.Checks)-1] != p.T1 {
			t.Errorf("%s is not checked at T1", p.Name)
		}
		y := make([]float64, k)
		for _, c := range p.Checks {
			if !p.Solution(y, c) {
				t.Errorf("%s has no reference at t = %g", p.Name, c)
			}
		}
		if p.Solution(y, p.T0) {
			for i := range y {
				if math.Abs(y[i]-p.Y0[i]) > 1e-15*p.IVP.Scale[i] {
					t.Errorf("%s: the solution at T0 differs from Y0 in state %d: %g, %g", p.Name, i, y[i], p.Y0[i])
				}
			}
		}
		if !p.Exact() && p.ReferenceNote == "" {
			t.Errorf("%s does not say how its reference was computed", p.Name)
		}
		for i, r := range p.Reference {
			if len(r.Y) != k || i > 0 && r.T <= p.Reference[i-1].T {
				t.Errorf("%s: row %d of the reference has %d values at t = %g", p.Name, i, len(r.Y), r.T)
			}
		}
		for i, x := range p.Times {
			if x < p.T0 || x > p.T1 || i > 0 && x <= p.Times[i-1] {
				t.Errorf("%s: observation time %d is %g", p.Name, i, x)
			}
		}
	}
}

func TestByName(t *testing.T) {
	for _, name := range []string{"rober", "ROBER", "vdpol-1e-3", "lotka volterra"} {
		if _, err := ByName(name); err != nil {
			t.Error(err)
		}
	}
	_, err := ByName("polu")
	var unknown *UnknownError
	if !errors.As(err, &unknown) || unknown.Nearest != "POLLU" {
		t.Errorf("polu: %v", err)
	}
	if _, err = ByName("zzzzzzzzzzz"); !errors.As(err, &unknown) || unknown.Nearest != "" {
		t.Errorf("nothing is near: %v", err)
	}
}

func TestWithParams(t *testing.T) {
	p := ROBER()
	q, err := p.WithParams(map[string]float64{"k1": 0.08})
	if err != nil {
		t.Fatal(err)
	}
	f := make([]float64, 3)
	for want, r := range map[float64]*Problem{-0.04: p, -0.08: q} {
		if err := r.IVP.New().Eval(f, 0, r.Y0); err != nil {
			t.Fatal(err)
		}
		if f[0] != want {
			t.Errorf("y1' is %g, want %g", f[0], want)
		}
	}
	if q.Solution(f, 40) {
		t.Error("a reference solution survived a change of parameters")
	}
	var unknown *UnknownError
	if _, err := p.WithParams(map[string]float64{"k11": 1}); !errors.As(err, &unknown) || unknown.Nearest != "k1" {
		t.Errorf("k11: %v", err)
	}
	if _, err := p.WithParams(map[string]float64{"k1": math.NaN()}); err == nil {
		t.Error("NaN is accepted")
	}
	d, err := Decay().WithParams(map[string]float64{"lambda": -3})
	if err != nil {
		t.Fatal(err)
	}
	if d.Solution(f[:1], 2); math.Abs(f[0]/math.Exp(-6)-1) > 1e-15 {
		t.Errorf("the exact solution does not follow the parameter: %g", f[0])
	}
}

// A state from which the root of a negative number would be taken is rejected, not turned into NaN.
func TestRootsOfNegativeStatesAreRejected(t *testing.T) {
	p := newPowerLaw([]string{"a"}, nil, 0, []law{{"a^0.5", "-a"}})
	f := make([]float64, 1)
	err := p.newField().Eval(f, 0, []float64{-1e-3})
	var r *ode.Rejection
	if !errors.As(err, &r) {
		t.Errorf("√a at a < 0: %v", err)
	}
	if err := p.newField().Eval(f, 0, []float64{4}); err != nil || f[0] != -2 {
		t.Errorf("√a at a = 4: %g, %v", f[0], err)
	}
}

// Scale must not exceed what the states reach, else default tolerances do not see them.
func TestScalesAreReached(t *testing.T) {
	for _, p := range All() {
		for i, s := range p.IVP.Scale {
			most := math.Abs(p.Y0[i])
			for _, r := range p.Reference {
				most = max(most, math.Abs(r.Y[i]))
			}
			if p.Exact() {
				y := make([]float64, p.IVP.Dim)
				for _, c := range p.Times {
					p.Solution(y, c)
					most = max(most, math.Abs(y[i]))
				}
			}
			if !(s > 0) || s > 10*most {
				t.Errorf("%s: scale of %s is %g, its largest value in the table %g", p.Name, p.IVP.Names[i], s, most)
			}
		}
	}
}
