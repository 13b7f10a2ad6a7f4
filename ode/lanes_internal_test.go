package ode

import (
	"math"
	"slices"
	"testing"
)

func TestQuickLogarithms(t *testing.T) {
	for x := 1e-300; x < 1e300; x *= 1.37 {
		if got, want := log2(x), math.Log2(x); !(math.Abs(got-want) <= 2e-6) {
			t.Fatalf("log2(%g) = %g, want %g", x, got, want)
		}
	}
	for x := -999.7; x < 1000; x += 0.37 {
		if got, want := exp2(x), math.Exp2(x); !(math.Abs(got/want-1) <= 6e-5) {
			t.Fatalf("exp2(%g) = %g, want %g", x, got, want)
		}
	}
}

// relaxingLanes is y1' = −k (y1 − cos t) − sin t, y2' = y1, with another k in every trajectory: y3.
type relaxingLanes struct{}

func (relaxingLanes) EvalLanes(dst, t, y []float64) {
	for l := range Lanes {
		s, c := math.Sincos(t[l])
		dst[l], dst[Lanes+l], dst[2*Lanes+l] = -y[2*Lanes+l]*(y[l]-c)-s, y[l], 0
	}
}

func (f relaxingLanes) EvalJacobianLanes(dst, jac, dfdt, t, y []float64) {
	f.EvalLanes(dst, t, y)
	clear(jac)
	for l := range Lanes {
		s, c := math.Sincos(t[l])
		k := y[2*Lanes+l]
		jac[0*Lanes+l], jac[(2*3+0)*Lanes+l], jac[1*Lanes+l] = -k, -(y[l] - c), 1
		if dfdt != nil {
			dfdt[l], dfdt[Lanes+l], dfdt[2*Lanes+l] = -k*s-c, 0, 0
		}
	}
}

// A trajectory that changes from the lanes of the explicit method to those of the implicit one goes on there as a new one does that starts with the step
// proposed: to the bit, beside whatever it comes to lie.
func TestLanesForgetTheOtherMethod(t *testing.T) {
	p := Func(3, func(dst []float64, _ float64, _ []float64) { clear(dst) }) // lanes have a field of their own
	opt := Options{Method: AutoTsit5Rodas5P, RTol: 1e-6, ATol: []float64{1e-6}}
	times := []float64{0.5, 3, 10}
	batch := make([]Trajectory, 40)
	for i := range batch {
		batch[i] = Trajectory{Y0: []float64{1 + 0.01*float64(i), 0, 100 * math.Pow(1.3, float64(i%20))}, Times: times}
	}
	s, err := NewLaneSolver(p, relaxingLanes{}, opt)
	if err != nil {
		t.Fatal(err)
	}
	next := 0
	s.next = func() *Trajectory {
		if next == len(batch) {
			return nil
		}
		next++
		return &batch[next-1]
	}
	type handed struct {
		tr *Trajectory
		t  float64
		h  float64
		y  []float64
	}
	var changed []handed
	for _, pool := range s.pools {
		pool.reset()
	}
	for pool := s.ready(); pool != nil; pool = s.ready() {
		before := len(s.waiting)
		pool.sweep()
		for _, w := range s.waiting[before:] {
			changed = append(changed, handed{w.tr, w.t, w.h, slices.Clone(w.y)})
		}
	}
	if len(changed) < 10 {
		t.Fatalf("%d trajectories changed to the implicit method", len(changed))
	}
	for _, c := range changed {
		if c.tr.Err != nil {
			t.Fatal(c.tr.Err)
		}
		late := times[slices.IndexFunc(times, func(at float64) bool { return at > c.t }):]
		opt := opt
		opt.Method, opt.FirstStep = Rodas5P, math.Abs(c.h)
		alone := Trajectory{T0: c.t, Y0: c.y, Times: late}
		s, err := NewLaneSolver(p, relaxingLanes{}, opt)
		if err != nil {
			t.Fatal(err)
		}
		one := &alone
		if err := s.Solve(t.Context(), func() *Trajectory { tr := one; one = nil; return tr }); err != nil || alone.Err != nil {
			t.Fatal(err, alone.Err)
		}
		if want := c.tr.Y[len(c.tr.Y)-len(alone.Y):]; !slices.Equal(alone.Y, want) {
			t.Errorf("from t = %g on: %v, with a new solver %v", c.t, want, alone.Y)
		}
	}
}
