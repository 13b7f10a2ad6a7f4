package odetest

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
	"github.com/stiffnode/stiffnode/ode/problems"
)

// Allocations demands that a solver that has solved once allocates as much for N steps as for 2N: nothing per step.
func Allocations(t testing.TB, m ode.Method) {
	p := problems.HIRES()
	if m.Info().Split {
		p = problems.Kaps()
	}
	s, err := ode.NewSolver(p.IVP, ode.Options{Method: m, RTol: 1e-2, ATol: []float64{1e-2}, MaxStep: 1e-3, SaveAt: []float64{}})
	if err != nil {
		t.Fatal(err)
	}
	count := func(t1 float64) (allocs float64, steps int) {
		solve := func() {
			sol, err := s.Solve(context.Background(), p.T0, t1, p.Y0)
			if err != nil {
				t.Fatal(err)
			}
			steps = sol.Stats.Steps
		}
		solve()
		return testing.AllocsPerRun(3, solve), steps
	}
	few, n := count(0.2)
	many, n2 := count(0.4)
	if n2 < n*3/2 {
		t.Fatalf("%d and %d steps are too alike to compare", n, n2)
	}
	if many > few {
		t.Errorf("%v allocations in %d steps, %v in %d", few, n, many, n2)
	}
}

// Concurrency demands that one problem can be solved by many goroutines at once, with the same bits everywhere. Run it under the
// race detector.
func Concurrency(t testing.TB, m ode.Method) {
	p := problems.HIRES()
	if m.Info().Split {
		p = problems.Kaps()
	}
	opt := ode.Options{Method: m, RTol: 1e-4, ATol: p.AbsTol(1e-4)}
	want, err := ode.Solve(context.Background(), p.IVP, p.T0, p.T1, p.Y0, opt)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			got, err := ode.Solve(context.Background(), p.IVP, p.T0, p.T1, p.Y0, opt)
			switch {
			case err != nil:
				t.Error(err)
			case !slices.Equal(got.Y, want.Y) || got.Stats != want.Stats:
				t.Error("a goroutine beside others computes something else")
			}
		})
	}
	wg.Wait()
}
