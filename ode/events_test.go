package ode

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
)

const gravity = 9.81

// ball is height and speed in free fall, the exact Jacobian given.
func ball() *Problem {
	return FuncJacobian(2, func(dst []float64, _ float64, y []float64) { dst[0], dst[1] = y[1], -gravity },
		func(j *Jacobian, _ float64, _ []float64) { j.Set(0, 1, 1) })
}

// bounce reflects the speed of a ball with a coefficient of restitution.
func bounce(restitution float64) Event {
	return Event{Name: "floor", Value: func(_ float64, y []float64) float64 { return y[0] }, Direction: -1,
		Apply: func(_ float64, y []float64) { y[1] *= -restitution }}
}

// bounceTime is the time of bounce number k (from 0) of a ball dropped from a height.
func bounceTime(height, restitution float64, k int) float64 {
	fall := math.Sqrt(2 * height / gravity)
	t, flight := fall, 2*fall
	for range k {
		flight *= restitution
		t += flight
	}
	return t
}

func TestBouncingBall(t *testing.T) {
	each(t, func(t *testing.T, m Method) {
		if m.Info().Order < 2 {
			t.Skip("a first-order method would need 1e10 steps")
		}
		o := Options{Method: m, RTol: 1e-12, ATol: []float64{1e-12}, Events: []Event{bounce(0.8)}}
		sol, err := run(ball(), 0, 6, []float64{10, 0}, o)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for bounceTime(10, 0.8, n) < 6 {
			n++
		}
		if len(sol.Events) != n || n < 3 {
			t.Fatalf("%d bounces, want %d", len(sol.Events), n)
		}
		for k, e := range sol.Events {
			if d := math.Abs(e.T - bounceTime(10, 0.8, k)); d > 1e-10 {
				t.Errorf("bounce %d at %.14g is off by %g", k, e.T, d)
			}
			v := math.Sqrt(2*gravity*10) * math.Pow(0.8, float64(k))
			if math.Abs(e.Y[0]) > 1e-10 || math.Abs(e.Y[1]+v) > 1e-9 || e.Rising {
				t.Errorf("bounce %d: state %v, want (0, %g)", k, e.Y, -v)
			}
		}
		// the state between bounces
		last := sol.Events[n-1]
		dt := 6 - last.T
		if want := -0.8*last.Y[1]*dt - gravity/2*dt*dt; math.Abs(sol.YEnd[0]-want) > 1e-9 {
			t.Errorf("height %g at the end, want %g", sol.YEnd[0], want)
		}
		// both sides of a bounce are saved
		twice := 0
		for i := 1; i < len(sol.Times); i++ {
			if sol.Times[i] == sol.Times[i-1] {
				twice++
			}
		}
		if twice != n {
			t.Errorf("%d times saved twice for %d bounces", twice, n)
		}
	})
}

// A pendulum released at 90° passes the vertical at odd multiples of K(1/√2)/ω, which the arithmetic-geometric mean gives: a
// nonlinear problem whose dense output is not exact. A terminal event must have the accuracy of the method.
func TestTerminalEventHasTheAccuracyOfTheMethod(t *testing.T) {
	p := Func(2, func(dst []float64, _ float64, y []float64) { dst[0], dst[1] = y[1], -math.Sin(y[0]) })
	a, b := 1.0, math.Sqrt(0.5) // agm(1, cos 45°)
	for range 6 {
		a, b = (a+b)/2, math.Sqrt(a*b)
	}
	quarter := math.Pi / 2 / a
	each(t, func(t *testing.T, m Method) {
		if m.Info().Order < 2 {
			return
		}
		rtol := 1e-8
		if m.Info().Order >= 4 {
			rtol = 1e-10
		}
		o := Options{Method: m, RTol: rtol, ATol: []float64{rtol}, Events: []Event{
			{Name: "vertical", Value: func(_ float64, y []float64) float64 { return y[0] }, Direction: 1, Terminal: true},
			{Name: "turning", Value: func(_ float64, y []float64) float64 { return y[1] }},
		}}
		sol, err := run(p, 0, 100, []float64{math.Pi / 2, 0}, o)
		if err != nil {
			t.Fatal(err)
		}
		// the pendulum starts at rest, at a zero of the second event, turns once, and ends the solve on its way back
		if len(sol.Events) != 2 || sol.Events[0].Event != 1 || sol.Events[1].Event != 0 || !sol.Events[1].Rising {
			t.Fatalf("events %+v", sol.Events)
		}
		if e := math.Abs(sol.T - 3*quarter); e > 1e3*rtol {
			t.Errorf("ended at %.12g, want %.12g: off by %.2g", sol.T, 3*quarter, e)
		}
		if e := math.Abs(sol.Events[0].T - 2*quarter); e > 1e4*rtol {
			t.Errorf("turned at %.12g, want %.12g: off by %.2g", sol.Events[0].T, 2*quarter, e)
		}
		if e := math.Abs(sol.YEnd[0]); e > 1e-12 {
			t.Errorf("the angle at the end is %g", e)
		}
		if e := math.Abs(sol.YEnd[1] - math.Sqrt2); e > 1e3*rtol {
			t.Errorf("the speed at the end is off by %g", e)
		}
		if n := len(sol.Times); sol.Times[n-1] != sol.T {
			t.Errorf("the last saved time is %g, the end %g", sol.Times[n-1], sol.T)
		}
	})
}

// Two balls dropped from the same height, and a clock that strikes when they land, act together; one half a metre higher follows.
func TestSimultaneousEvents(t *testing.T) {
	p := FuncJacobian(6, func(dst []float64, _ float64, y []float64) {
		for i := 0; i < 6; i += 2 {
			dst[i], dst[i+1] = y[i+1], -gravity
		}
	}, func(j *Jacobian, _ float64, _ []float64) {
		for i := 0; i < 6; i += 2 {
			j.Set(i, i+1, 1)
		}
	})
	floor := func(i int) Event {
		return Event{Value: func(_ float64, y []float64) float64 { return y[i] }, Direction: -1, Apply: func(_ float64, y []float64) { y[i+1] *= -1 }}
	}
	land := math.Sqrt(2 * 5 / gravity)
	strikes := 0
	each(t, func(t *testing.T, m Method) {
		if m.Info().Order < 2 {
			return
		}
		strikes = 0
		clock := Event{Value: func(x float64, _ []float64) float64 { return x - land }, Apply: func(float64, []float64) { strikes++ }}
		o := Options{Method: m, RTol: 1e-12, ATol: []float64{1e-12}, Events: []Event{floor(0), clock, floor(2), floor(4)}}
		sol, err := run(p, 0, 1.3, []float64{5, 0, 5, 0, 5.5, 0}, o)
		if err != nil {
			t.Fatal(err)
		}
		if len(sol.Events) != 4 || strikes != 1 {
			t.Fatalf("%d events, %d strikes", len(sol.Events), strikes)
		}
		a, b := sol.Events[0], sol.Events[2]
		if a.T != b.T && math.Abs(a.T-b.T) > 1e-11 || math.Abs(a.T-land) > 1e-10 {
			t.Errorf("balls land at %.14g and %.14g, want %.14g", a.T, b.T, land)
		}
		if late := sol.Events[3]; late.Event != 3 || math.Abs(late.T-math.Sqrt(11/gravity)) > 1e-10 {
			t.Errorf("third ball: %+v", late)
		}
		if math.Abs(sol.YEnd[0]-sol.YEnd[2]) > 1e-9 || sol.YEnd[1] < 0 == (sol.YEnd[3] > 0) {
			t.Errorf("the twins part: %v", sol.YEnd)
		}
	})
}

// Exactly equal events happen at the same step and time.
func TestIdenticalEventsHappenTogether(t *testing.T) {
	each(t, func(t *testing.T, m Method) {
		o := loose(m)
		var order []int
		for i := range 3 {
			o.Events = append(o.Events, Event{Value: func(_ float64, y []float64) float64 { return y[0] - 0.5 }, Terminal: i == 1, Apply: func(float64, []float64) { order = append(order, i) }})
		}
		sol, err := run(scalar(func(_, y float64) float64 { return -y }), 0, 5, []float64{1}, o)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(order) != "[0 1 2]" || len(sol.Events) != 3 || sol.Events[0].T != sol.T || sol.Events[2].T != sol.T {
			t.Errorf("order %v, events %+v, end %g", order, sol.Events, sol.T)
		}
	})
}

func TestEventDirections(t *testing.T) {
	circle := FuncJacobian(2, func(dst []float64, _ float64, y []float64) { dst[0], dst[1] = y[1], -y[0] },
		func(j *Jacobian, _ float64, _ []float64) { j.Set(0, 1, 1); j.Set(1, 0, -1) })
	sine := func(_ float64, y []float64) float64 { return y[0] } // sin t, zero at the start
	each(t, func(t *testing.T, m Method) {
		if m.Info().Order < 2 {
			return
		}
		for _, sign := range []float64{1, -1} {
			o := Options{Method: m, RTol: 1e-7, ATol: []float64{1e-7}}
			for _, d := range []int{0, 1, -1} {
				o.Events = append(o.Events, Event{Value: sine, Direction: d})
			}
			sol, err := run(circle, 0, sign*10, []float64{0, 1}, o)
			if err != nil {
				t.Fatal(err)
			}
			count := [3]int{}
			for _, e := range sol.Events {
				count[e.Event]++
				k := math.Round(e.T * sign / math.Pi)
				if k < 1 || math.Abs(e.T*sign-k*math.Pi) > 1e-4 {
					t.Errorf("a zero of the sine at %g", e.T)
				}
				// along the integration in either direction: −sin when backwards
				if rising := (int(k)%2 == 0) == (sign > 0); rising != e.Rising {
					t.Errorf("zero at %g: rising %v", e.T, e.Rising)
				}
			}
			want := [3]int{3, 1, 2} // π falling, 2π rising, 3π falling; reversed backwards
			if sign < 0 {
				want = [3]int{3, 2, 1}
			}
			if count != want {
				t.Errorf("direction of time %+g: counts %v, want %v", sign, count, want)
			}
		}
	})
}

// Several zeros within one step: a solution so smooth that steps are long, events that are not.
func TestSeveralZerosInOneStep(t *testing.T) {
	each(t, func(t *testing.T, m Method) {
		p := FuncJacobian(1, func(dst []float64, _ float64, _ []float64) { dst[0] = 1 }, func(*Jacobian, float64, []float64) {})
		o := Options{Method: m, RTol: 1e-3, FirstStep: 1, Events: []Event{
			{Name: "near double", Value: func(_ float64, y []float64) float64 { return (y[0]-0.31)*(y[0]-0.31) - 1e-4 }},
			{Name: "cubic", Value: func(_ float64, y []float64) float64 { return (y[0] - 0.2) * (y[0] - 0.6) * (y[0] - 0.8) }},
			{Name: "touching", Value: func(_ float64, y []float64) float64 { return (y[0] - 0.5) * (y[0] - 0.5) * -1 }},
		}}
		sol, err := run(p, 0, 1, []float64{0}, o)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range sol.Events {
			if e.Event < 2 { // a zero that touches without a change of sign may be found or not
				got = append(got, fmt.Sprintf("%d:%.4f", e.Event, e.T))
			}
		}
		if s := strings.Join(got, " "); s != "1:0.2000 0:0.3000 0:0.3200 1:0.6000 1:0.8000" {
			t.Errorf("found %s (%d steps)", s, sol.Stats.Steps)
		}
	})
}

func TestEventNaN(t *testing.T) {
	each(t, func(t *testing.T, m Method) {
		for _, apply := range []func(float64, []float64){nil, func(float64, []float64) {}} {
			o := loose(m)
			o.Events = []Event{{Name: "root of y", Value: func(_ float64, y []float64) float64 { return math.Sqrt(y[0]-0.5) + 0.1 }, Apply: apply}}
			f := mustFail(t, scalar(func(_, y float64) float64 { return -y }), 0, 5, []float64{1}, o)
			if f.Cause != CauseEvent || !strings.Contains(f.Error(), `"root of y"`) || f.Time > 0.7 {
				t.Errorf("got %v", f)
			}
		}
		o := loose(m)
		o.Events = []Event{{Value: func(float64, []float64) float64 { return math.NaN() }}}
		if f := mustFail(t, scalar(func(_, y float64) float64 { return -y }), 0, 5, []float64{1}, o); f.Cause != CauseEvent || f.Time != 0 {
			t.Errorf("NaN at the start: %v", f)
		}
	})
}

// The bounces of a ball that loses half its speed accumulate at 3 fall times: no solver can pass, none may hang or let the
// ball fall through the floor.
func TestZeno(t *testing.T) {
	each(t, func(t *testing.T, m Method) {
		if m.Info().Order < 2 {
			return
		}
		for _, restitution := range []float64{0.5, 0.1} {
			o := Options{Method: m, RTol: 1e-8, ATol: []float64{1e-10}, Events: []Event{bounce(restitution)}, MaxSteps: 20000}
			f := mustFail(t, ball(), 0, 100, []float64{1, 0}, o)
			fall := math.Sqrt(2 / gravity)
			end := fall * (1 + 2*restitution/(1-restitution))
			if f.Cause != CauseEvent && f.Cause != CauseStepTooSmall || math.Abs(f.Time-end) > 1e-4 {
				t.Errorf("restitution %g: %v; bounces accumulate at %g", restitution, f, end)
			}
			for _, y := range f.Solution.Y {
				if y < -10 {
					t.Errorf("the ball fell through the floor")
					break
				}
			}
			if f.Cause == CauseEvent && !strings.Contains(f.Error(), "Zeno") {
				t.Errorf("message: %v", f)
			}
		}
	})
}

// An event that moves the state away, one at the very end, one that is zero all the time, and one whose change is not finite.
func TestEventCorners(t *testing.T) {
	rise := scalar(func(_, _ float64) float64 { return 1 })
	at := func(level float64) func(float64, []float64) float64 {
		return func(_ float64, y []float64) float64 { return y[0] - level }
	}
	each(t, func(t *testing.T, m Method) {
		o := loose(m)
		o.Events = []Event{{Value: at(1), Apply: func(_ float64, y []float64) { y[0] = 0 }}}
		sol, err := run(rise, 0, 4.5, []float64{0}, o)
		if err != nil || len(sol.Events) != 4 || math.Abs(sol.YEnd[0]-0.5) > 1e-9 {
			t.Errorf("sawtooth: %v, %+v, %v", err, sol.Events, sol.YEnd)
		}
		// the event coincides with a time to hit, a time to save and the end
		o.SaveAt, o.Hit = []float64{0.5, 1}, []float64{1}
		sol, err = run(rise, 0, 1, []float64{0}, o)
		if err != nil || len(sol.Events) > 1 || len(sol.Times) != 2 || math.Abs(sol.Y[1]-1) > 1e-12 {
			t.Errorf("event at the end: %v, %+v, %v", err, sol.Events, sol.Y)
		}
		o = loose(m)
		o.Events = []Event{{Value: func(float64, []float64) float64 { return 0 }, Terminal: true}}
		if sol, err = run(rise, 0, 1, []float64{0}, o); err != nil || len(sol.Events) != 0 || sol.T != 1 {
			t.Errorf("a function that is zero: %v, %+v", err, sol.Events)
		}
		o.Events = []Event{{Value: at(0.5), Apply: func(_ float64, y []float64) { y[0] = math.NaN() }}}
		f := (*Failure)(nil)
		if _, err = run(rise, 0, 1, []float64{0}, o); !errors.As(err, &f) || f.Cause != CauseEvent || math.Abs(f.Time-0.5) > 1e-9 {
			t.Errorf("state change to NaN: %v", err)
		}
	})
	var in *InputError
	for _, e := range []Event{{}, {Value: at(0), Direction: 2}} {
		if _, err := NewSolver(rise, Options{Events: []Event{e}}); !errors.As(err, &in) {
			t.Errorf("%+v: %v", e, err)
		}
	}
}

// After an event has changed the state, a stiff problem goes on as one started there.
func TestRestartAfterEvent(t *testing.T) {
	// concentration relaxes to 1 with rate 1000; at t = 0.3 a dose of 2 is added
	p := FuncJacobian(2, func(dst []float64, x float64, y []float64) {
		dst[0] = -1000 * (y[0] - math.Cos(x))
		dst[1] = y[0]
	}, func(j *Jacobian, _ float64, _ []float64) { j.Set(0, 0, -1000); j.Set(1, 0, 1) })
	each(t, func(t *testing.T, m Method) {
		if m.Info().Order < 2 {
			return
		}
		tape := &Tape{}
		o := Options{Method: m, RTol: 1e-7, ATol: []float64{1e-9}, Tape: tape,
			Events: []Event{{Value: func(x float64, _ []float64) float64 { return x - 0.3 }, Apply: func(_ float64, y []float64) { y[0] += 2 }}}}
		sol, err := run(p, 0, 1, []float64{1, 0}, o)
		if err != nil {
			t.Fatal(err)
		}
		// the linear problem superposes: ∫ of the free solution plus 2/1000 of the dose
		free, err := run(p, 0, 1, []float64{1, 0}, Options{Method: m, RTol: 1e-8, ATol: []float64{1e-10}})
		if err != nil {
			t.Fatal(err)
		}
		if d := sol.YEnd[1] - free.YEnd[1] - 2e-3; math.Abs(d) > 1e-6 {
			t.Errorf("the dose is off by %g", d)
		}
		if tape.Jumps != 1 || len(sol.Events) != 1 || math.Abs(sol.Events[0].T-0.3) > 1e-13 {
			t.Errorf("%d jumps, events %+v", tape.Jumps, sol.Events)
		}
	})
}

func TestEventsDoNotAllocatePerStep(t *testing.T) {
	s, err := NewSolver(ball(), Options{Method: BDF, RTol: 1e-6, SaveAt: []float64{0.1}, Events: []Event{bounce(1), {Value: func(_ float64, y []float64) float64 { return y[1] }}}})
	if err != nil {
		t.Fatal(err)
	}
	count := func(t1 float64) (allocs float64, events int) {
		solve := func() {
			sol, err := s.Solve(context.Background(), 0, t1, []float64{1, 0})
			if err != nil {
				t.Fatal(err)
			}
			events = len(sol.Events)
		}
		solve()
		return testing.AllocsPerRun(3, solve), events
	}
	a, few := count(5)
	b, many := count(20)
	if many < 3*few || b > a {
		t.Errorf("%g allocations for %d events, %g for %d", a, few, b, many)
	}
}

func TestRoot(t *testing.T) {
	evals := 0
	for name, c := range map[string]struct {
		f    func(x float64) float64
		want float64
	}{
		"line":      {func(x float64) float64 { return x - 0.3 }, 0.3},
		"cubic":     {func(x float64) float64 { return x*x*x - 0.2 }, math.Cbrt(0.2)},
		"flat":      {func(x float64) float64 { return math.Pow(x-0.4, 9) }, 0.4},
		"step":      {func(x float64) float64 { return math.Copysign(1, x-0.7) }, 0.7},
		"steep":     {func(x float64) float64 { return math.Exp(50*x) - math.Exp(10) }, 0.2},
		"infinite":  {func(x float64) float64 { return math.Log(x / 0.5) }, 0.5},
		"left end":  {func(x float64) float64 { return x }, 0},
		"right end": {func(x float64) float64 { return x - 1 }, 1},
	} {
		evals = 0
		f := func(x float64) float64 { evals++; return c.f(x) }
		const tol = 1e-14
		if got := root(f, 0, c.f(0), 1, c.f(1), tol); math.Abs(got-c.want) > 2*tol {
			t.Errorf("%s: %.17g, want %.17g", name, got, c.want)
		}
		if most := 48; evals > most { // bisection needs 47
			t.Errorf("%s: %d evaluations", name, evals)
		}
	}
	if !math.IsNaN(root(func(float64) float64 { return math.NaN() }, 0, -1, 1, 1, 1e-14)) {
		t.Error("NaN is lost")
	}
}
