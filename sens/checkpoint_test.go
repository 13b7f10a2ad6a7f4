package sens

import (
	"context"
	"errors"
	"testing"

	"github.com/stiffnode/stiffnode/ode"
)

// best is the least number of steps executed in advance, by dynamic programming.
func best(n, slots int) [][]int {
	t := make([][]int, slots+1)
	for s := 1; s <= slots; s++ {
		t[s] = make([]int, n+1)
		for l := 2; l <= n; l++ {
			if s == 1 {
				t[s][l] = l * (l - 1) / 2
				continue
			}
			t[s][l] = 1 << 60
			for m := 1; m < l; m++ {
				t[s][l] = min(t[s][l], m+t[s-1][l-m]+t[s][m])
			}
		}
	}
	return t
}

// The closed form of the least work and the splits that reach it are those of dynamic programming.
func TestBinomialSchedule(t *testing.T) {
	const n, slots = 120, 8
	want := best(n, slots)
	for s := 1; s <= slots; s++ {
		for l := 1; l <= n; l++ {
			if got := advances(l, s); got != want[s][l] {
				t.Fatalf("%d steps with %d states: %d in advance, least is %d", l, s, got, want[s][l])
			}
			if s > 1 && l > 1 {
				m := split(l, s)
				if got := m + want[s-1][l-m] + want[s][m]; got != want[s][l] {
					t.Fatalf("%d steps with %d states: split after %d takes %d, least is %d", l, s, m, got, want[s][l])
				}
			}
		}
	}
}

// Gradients under a bound on memory equal those without, the bound holds, and no more steps are executed again than necessary.
func TestMemoryLimit(t *testing.T) {
	active := 0
	for _, c := range discreteCases() {
		if c.opt.Method.Info().Family == familyBDF {
			continue
		}
		c.opt.RTol, c.opt.ATol = c.opt.RTol/30, []float64{c.opt.ATol[0] / 30}
		c.opt.NewtonTol = 1e-9
		want, _ := gradientOf(t, DiscreteReverse{}, c, curved)
		for _, limit := range []int{2 << 10, 4 << 10, 16 << 10} {
			ev, err := DiscreteReverse{MemoryLimit: limit}.New(Setup{Problem: c.prob, Options: c.opt})
			if err != nil {
				t.Fatal(err)
			}
			var g Gradient
			err = ev.Gradient(context.Background(), &g, c.p, c.y0, c.t0, c.t1, c.times, curved)
			d := ev.(*discreteReverse)
			var little errTooLittle
			if errors.As(err, &little) && little.need > limit && limit < frozenBytes*2*want.Forward.Steps+outputBytes*2*len(c.times)+1000 {
				continue // the sequence alone does not fit
			}
			if err != nil {
				t.Fatalf("%s, %d bytes: %v", c.name, limit, err)
			}
			if e := relL2(g.joined(), want.joined()); !(e <= 1e-6) {
				t.Errorf("%s, %d bytes: gradient differs by %.2g", c.name, limit, e)
			}
			if !d.check.active {
				if d.tape.Bytes() > limit {
					t.Errorf("%s, %d bytes: the tape takes %d", c.name, limit, d.tape.Bytes())
				}
				continue
			}
			if b := d.check.bytes(); b > limit {
				t.Errorf("%s, %d bytes: %d were used", c.name, limit, b)
			}
			active++
			if p := g.Checkpoints; p.Advanced > p.Least || p.Units*p.Block < g.Forward.Steps || p.Bytes > limit {
				t.Errorf("%s, %d bytes: %+v for %d steps", c.name, limit, p, g.Forward.Steps)
			}
		}
	}
	if active < 50 {
		t.Errorf("only %d cases needed checkpoints", active)
	}
	prob, _, _ := roberProblem()
	var refused *RefusedError
	if _, err := (DiscreteReverse{MemoryLimit: 1000}).New(Setup{Problem: prob, Options: ode.Options{Method: ode.BDF}}); !errors.As(err, &refused) {
		t.Errorf("BDF with a memory limit: %v", err)
	}
}
