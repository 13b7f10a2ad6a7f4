package odetest

import (
	"math"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
)

// A known problem has a solution that can be evaluated at any time.
type known struct {
	name string
	ivp  *ode.Problem
	t1   float64
	y0   []float64
	at   func(dst []float64, t float64)
	// coarsest is the smallest number of steps that shows an order.
	coarsest int
}

// knownProblems are a non-autonomous one and an autonomous one; both are non-linear and split.
func knownProblems() []known {
	s := NewSmooth(ode.Mass{}, nil)
	return []known{{"smooth", s.IVP, 2, s.Y0, s.At, 8}, keplerProblem()}
}

// orderProblems are knownProblems over an interval in which the errors of a method of high order show and its steps settle.
func orderProblems(m ode.Method) []known {
	list := knownProblems()
	if m.Info().Order > 5 {
		list[0].t1 = 8
		list[1].t1, list[1].coarsest = 60, 96
	}
	return list
}

const (
	// halvings bounds how often the smallest number of steps is doubled.
	halvings = 10
	// Errors below roundoff are not judged, nor those below noise that a halving hardly lowers.
	roundoff = 5e-14
	noise    = 1e-10
	// slack is what an observed order may fall short of the stated one.
	slack = 0.2
)

// errorsAt are the errors at the end point and in the sup norm over the dense output for coarsest·2^i steps of the problem.
func errorsAt(t testing.TB, m ode.Method, k known, sizes []float64) (end, sup []float64) {
	t.Helper()
	want := make([]float64, len(k.y0))
	got := make([]float64, len(k.y0))
	for i := range halvings {
		sol, taken := takePrescribed(t, m, k.ivp, k.t1, k.y0, k.coarsest<<i, sizes)
		if !taken {
			end, sup = nil, nil
			continue
		}
		k.at(want, k.t1)
		e := distance(sol.YEnd, want)
		end = append(end, e)
		worst := e
		for j := range sol.Dense.Steps() {
			from, h := sol.Dense.Step(j)
			for s := range 8 {
				at := from + h*(float64(s)+0.5)/8
				sol.Dense.AtStep(got, j, at)
				k.at(want, at)
				worst = max(worst, distance(got, want))
			}
		}
		sup = append(sup, worst)
		if n := len(sup); worst < roundoff || n > 1 && worst < noise && worst > sup[n-2]/2 {
			break
		}
	}
	return end, sup
}

// distance is the largest component of a − b.
func distance(a, b []float64) float64 {
	d := 0.0
	for i, v := range a {
		d = max(d, math.Abs(v-b[i]))
	}
	return d
}

// slope is the observed order over the last three halvings whose errors are above roundoff; ok is false when there are not as many.
func slope(errs []float64, stated int) (order float64, ok bool) {
	gain := math.Exp2(float64(stated) - 0.5)
	n := 0
	for n < len(errs) && errs[n] > roundoff && (n == 0 || errs[n] > noise || errs[n]*gain < errs[n-1]) {
		n++
	}
	if n < 4 {
		return 0, false
	}
	return math.Log2(errs[n-4]/errs[n-1]) / 3, true
}

// demand fails unless the observed order is at least the stated one, but for slack.
func demand(t testing.TB, what string, errs []float64, stated int) {
	t.Helper()
	got, ok := slope(errs, stated)
	if !ok {
		t.Errorf("%s: too few errors above roundoff to see an order: %.2g", what, errs)
		return
	}
	t.Logf("%s: observed order %.2f, stated %d", what, got, stated)
	if got < float64(stated)-slack {
		t.Errorf("%s: observed order %.2f, stated %d (errors %.3g)", what, got, stated, errs)
	}
}

// Order demands that the error at the end point falls with the stated order at constant and at varying step sizes.
func Order(t testing.TB, m ode.Method) {
	if multistep(m) {
		skip(t, "its order varies; see ToleranceProportionality")
		return
	}
	for _, k := range orderProblems(m) {
		for _, s := range stepSizes {
			end, _ := errorsAt(t, m, k, s.sizes)
			demand(t, k.name+", "+s.name, end, m.Info().Order)
		}
	}
}

// DenseOrder demands that the error of the dense output, in the sup norm, falls with order min(p, q+1) for a method of order p with
// dense output of order q.
func DenseOrder(t testing.TB, m ode.Method) {
	if multistep(m) {
		skip(t, "its order varies; see ToleranceProportionality")
		return
	}
	info := m.Info()
	for _, k := range orderProblems(m) {
		for _, s := range stepSizes {
			_, sup := errorsAt(t, m, k, s.sizes)
			demand(t, k.name+", "+s.name, sup, min(info.Order, info.DenseOrder+1))
		}
	}
}

var stepSizes = []struct {
	name  string
	sizes []float64
}{{"constant steps", constantSteps}, {"varying steps", varyingSteps}}

// skip ends a test that does not apply.
func skip(t testing.TB, why string) {
	t.Helper()
	t.Skip("not applicable: " + why)
}

// MassOrder demands the stated order for M y' = f with a regular and with a singular M of index 1, diagonal and dense.
func MassOrder(t testing.TB, m ode.Method) {
	info := m.Info()
	if !info.Mass {
		skip(t, "it does not claim problems with a mass matrix")
		return
	}
	if multistep(m) {
		skip(t, "its order varies; see ToleranceProportionality")
		return
	}
	for _, c := range massProblems() {
		end, _ := errorsAt(t, m, c, constantSteps)
		demand(t, c.name, end, info.Order)
	}
}

// massProblems are smooth problems with mass matrices of every kind.
func massProblems() []known {
	// A B with regular A and B, and A diag(1, 1, 0) B
	a := []float64{2, 1, 0.5, -1, 3, 1, 0, 1, 2}
	b := []float64{1, 0.5, 0, 0, 2, 0.5, 0.5, 0, 1}
	product := func(d [3]float64) []float64 {
		out := make([]float64, 9)
		for i := range 3 {
			for j := range 3 {
				for k := range 3 {
					out[i*3+j] += a[i*3+k] * d[k] * b[k*3+j]
				}
			}
		}
		return out
	}
	var out []known
	for _, c := range []struct {
		name string
		mass ode.Mass
		mix  []float64
	}{
		{"regular diagonal mass matrix", ode.DiagonalMass(2, 0.5, 3), nil},
		{"regular dense mass matrix", ode.Mass{Dense: product([3]float64{1, 1, 1})}, a},
		{"singular diagonal mass matrix", ode.DiagonalMass(1, 2, 0), nil},
		{"singular dense mass matrix", ode.Mass{Dense: product([3]float64{1, 1, 0})}, a},
	} {
		s := NewSmooth(c.mass, c.mix)
		out = append(out, known{c.name, s.IVP, 2, s.Y0, s.At, 8})
	}
	return out
}
