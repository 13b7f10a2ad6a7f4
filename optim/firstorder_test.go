package optim

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

// firstOrderMethods makes one of each, for n parameters.
func firstOrderMethods(t testing.TB, n int) map[string]FirstOrder {
	t.Helper()
	must := func(m FirstOrder, err error) FirstOrder {
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	made := map[string]FirstOrder{}
	add := func(name string, m FirstOrder, err error) { made[name] = must(m, err) }
	sgd, err := NewSGD(n, SGDConfig{})
	add("SGD", sgd, err)
	momentum, err := NewSGD(n, SGDConfig{Momentum: 0.9})
	add("SGD momentum", momentum, err)
	nesterov, err := NewSGD(n, SGDConfig{Momentum: 0.9, Nesterov: true})
	add("SGD Nesterov", nesterov, err)
	adam, err := NewAdam(n, AdamConfig{})
	add("Adam", adam, err)
	adamW, err := NewAdamW(n, AdamWConfig{WeightDecay: 0.01})
	add("AdamW", adamW, err)
	flux, err := NewAdamW(n, AdamWConfig{WeightDecay: 1e-3, Decay: DecayFlux})
	add("AdamW flux", flux, err)
	return made
}

func randomVector(rng *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return v
}

func equalBits(a, b []float64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if math.Float64bits(a[i]) != math.Float64bits(b[i]) {
			return false
		}
	}
	return true
}

// The moments written as sums over all gradients so far, not as recursions: m_t = (1−β₁) Σ β₁^(t−s) g_s.
func TestAdamAgainstTheSums(t *testing.T) {
	const b1, b2, eps, lr, lambda = 0.8, 0.95, 1e-6, 0.03, 0.2
	cfg := AdamConfig{Beta1: b1, Beta2: b2, Epsilon: eps}
	adam, err := NewAdam(1, cfg)
	if err != nil {
		t.Fatal(err)
	}
	decoupled, err := NewAdamW(1, AdamWConfig{AdamConfig: cfg, WeightDecay: lambda})
	if err != nil {
		t.Fatal(err)
	}
	flux, err := NewAdamW(1, AdamWConfig{AdamConfig: cfg, WeightDecay: lambda, Decay: DecayFlux})
	if err != nil {
		t.Fatal(err)
	}
	grads := []float64{0.5, -1.25, 3, 0.01, -0.7, 0}
	pa, pd, pf := []float64{2}, []float64{2}, []float64{2}
	wantA, wantD, wantF := 2.0, 2.0, 2.0
	for step := 1; step <= len(grads); step++ {
		var m, v float64
		for s := 1; s <= step; s++ {
			g := grads[s-1]
			m += (1 - b1) * math.Pow(b1, float64(step-s)) * g
			v += (1 - b2) * math.Pow(b2, float64(step-s)) * g * g
		}
		mHat := m / (1 - math.Pow(b1, float64(step)))
		vHat := v / (1 - math.Pow(b2, float64(step)))
		d := lr * mHat / (math.Sqrt(vHat) + eps)
		wantA -= d
		wantD = wantD - d - lr*lambda*wantD
		wantF = wantF - d - lambda*wantF
		g := grads[step-1 : step]
		adam.Step(pa, g, lr)
		decoupled.Step(pd, g, lr)
		flux.Step(pf, g, lr)
		for _, c := range []struct {
			name      string
			got, want float64
		}{{"Adam", pa[0], wantA}, {"AdamW decoupled", pd[0], wantD}, {"AdamW flux", pf[0], wantF}} {
			if math.Abs(c.got-c.want) > 1e-13 {
				t.Errorf("%s, step %d: p = %.17g, the definition gives %.17g", c.name, step, c.got, c.want)
			}
		}
	}
	if adam.Steps() != len(grads) {
		t.Errorf("Steps() = %d after %d steps", adam.Steps(), len(grads))
	}
}

// A flux decay λ is a decoupled decay λ/lr.
func TestDecayConventionsAreRelated(t *testing.T) {
	const lr, lambda = 0.005, 1e-3
	rng := rand.New(rand.NewPCG(1, 2))
	flux, err := NewAdamW(7, AdamWConfig{WeightDecay: lambda, Decay: DecayFlux})
	if err != nil {
		t.Fatal(err)
	}
	decoupled, err := NewAdamW(7, AdamWConfig{WeightDecay: lambda / lr})
	if err != nil {
		t.Fatal(err)
	}
	p := randomVector(rng, 7)
	q := append([]float64(nil), p...)
	for range 50 {
		g := randomVector(rng, 7)
		flux.Step(p, g, lr)
		decoupled.Step(q, g, lr)
	}
	for i := range p {
		if math.Abs(p[i]-q[i]) > 1e-13 {
			t.Errorf("parameter %d: %.17g and %.17g", i, p[i], q[i])
		}
	}
	for _, d := range []Decay{DecayDecoupled, DecayFlux} {
		if got, err := ParseDecay(d.String()); err != nil || got != d {
			t.Errorf("ParseDecay(%q) = %v, %v", d.String(), got, err)
		}
	}
	var ce *ConfigError
	if _, err := ParseDecay("fluxx"); !errors.As(err, &ce) {
		t.Errorf("ParseDecay of an unknown name: %v", err)
	}
}

// On f(p) = c p²/2 momentum obeys p_{t+1} − p_t = μ (p_t − p_{t−1}) − lr ∇f, Nesterov's with ∇f at p_t + μ (p_t − p_{t−1}) in
// the shifted variable x_t = p_t + lr μ v_t.
func TestMomentumRecurrences(t *testing.T) {
	const mu, lr, c = 0.9, 0.05, 3.0
	heavy, err := NewSGD(1, SGDConfig{Momentum: mu})
	if err != nil {
		t.Fatal(err)
	}
	p, before := 1.0, 1.0
	q := []float64{1}
	for step := range 40 {
		p, before = p+mu*(p-before)-lr*c*p, p
		heavy.Step(q, []float64{c * q[0]}, lr)
		if math.Abs(q[0]-p) > 1e-14 {
			t.Fatalf("momentum, step %d: %.17g, want %.17g", step, q[0], p)
		}
	}

	nesterov, err := NewSGD(1, SGDConfig{Momentum: mu, Nesterov: true})
	if err != nil {
		t.Fatal(err)
	}
	// Textbook form: y is the point where the gradient is taken, x the iterate.
	x, y := 1.0, 1.0
	q[0] = 1
	for step := range 40 {
		next := y - lr*c*y
		y, x = next+mu*(next-x), next
		nesterov.Step(q, []float64{c * q[0]}, lr)
		if math.Abs(q[0]-y) > 1e-14 {
			t.Fatalf("Nesterov, step %d: %.17g, want %.17g", step, q[0], y)
		}
	}
}

func TestFirstOrderResumesBitForBit(t *testing.T) {
	const n = 23
	for name, m := range firstOrderMethods(t, n) {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(3, 4))
			p := randomVector(rng, n)
			for range 10 {
				m.Step(p, randomVector(rng, n), 0.01)
			}
			state, err := m.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			fresh := firstOrderMethods(t, n)[name]
			if err := fresh.UnmarshalBinary(state); err != nil {
				t.Fatal(err)
			}
			q := append([]float64(nil), p...)
			for range 10 {
				g := randomVector(rng, n)
				m.Step(p, g, 0.01)
				fresh.Step(q, g, 0.01)
			}
			if !equalBits(p, q) {
				t.Error("the resumed run differs from the uninterrupted one")
			}

			other := firstOrderMethods(t, n+1)[name]
			var se *StateError
			if err := other.UnmarshalBinary(state); !errors.As(err, &se) {
				t.Errorf("a state of %d parameters read into a method for %d: %v", n, n+1, err)
			}
		})
	}
}

// A state cut short or changed anywhere is an error, never a panic, and leaves the method as it was.
func TestDamagedStateIsRefused(t *testing.T) {
	const n = 3
	for name, m := range firstOrderMethods(t, n) {
		t.Run(name, func(t *testing.T) {
			m.Step(make([]float64, n), []float64{1, 2, 3}, 0.1)
			state, err := m.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			var se *StateError
			for cut := range state {
				if err := m.UnmarshalBinary(state[:cut]); !errors.As(err, &se) {
					t.Fatalf("cut to %d of %d bytes: %v", cut, len(state), err)
				}
			}
			for i := range state {
				damaged := append([]byte(nil), state...)
				damaged[i] ^= 0x40
				if err := m.UnmarshalBinary(damaged); !errors.As(err, &se) {
					t.Fatalf("byte %d changed: %v", i, err)
				}
			}
			if err := m.UnmarshalBinary(append(state, 0)); !errors.As(err, &se) {
				t.Fatalf("a byte too many: %v", err)
			}
			after, err := m.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			if string(after) != string(state) {
				t.Error("a refused state changed the method")
			}
		})
	}
	sgd, adam := firstOrderMethods(t, n)["SGD"], firstOrderMethods(t, n)["Adam"]
	state, err := adam.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var se *StateError
	if err := sgd.UnmarshalBinary(state); !errors.As(err, &se) {
		t.Errorf("Adam's state read by SGD: %v", err)
	}
}

func TestUndoableTakesTheStepBack(t *testing.T) {
	const n = 9
	for name := range firstOrderMethods(t, n) {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(5, 6))
			u := NewUndoable(firstOrderMethods(t, n)[name], n)
			straight := firstOrderMethods(t, n)[name]
			p := randomVector(rng, n)
			q := append([]float64(nil), p...)
			if u.Undo(p) {
				t.Error("Undo reports success before the first step")
			}
			for range 5 {
				g := randomVector(rng, n)
				u.Step(p, g, 0.01)
				straight.Step(q, g, 0.01)
			}
			before := append([]float64(nil), p...)
			state, err := u.Method().MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}

			g := randomVector(rng, n)
			u.Step(p, g, 0.01)
			if !u.Undo(p) {
				t.Fatal("Undo reports that there is no step")
			}
			if u.Undo(p) {
				t.Error("a second Undo reports success")
			}
			after, err := u.Method().MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			if !equalBits(p, before) || string(state) != string(after) {
				t.Fatal("Undo did not return to where it was")
			}

			// Retrying by 1/2 and 1/4 ends where one step of 1/8 does: powers of two are exact.
			u.Step(p, g, 0.01)
			u.Retry(p, 0.5)
			lr, ok := u.Retry(p, 0.25)
			straight.Step(q, g, 0.01/8)
			if !ok || lr != 0.01/8 {
				t.Errorf("Retry = %v, %v", lr, ok)
			}
			if !equalBits(p, q) {
				t.Error("a retried step differs from the same step made at once")
			}
		})
	}
}

func TestFirstOrderDoesNotAllocate(t *testing.T) {
	const n = 50
	for name, m := range firstOrderMethods(t, n) {
		u := NewUndoable(m, n)
		p, g := make([]float64, n), make([]float64, n)
		g[3] = 1
		if allocs := testing.AllocsPerRun(20, func() {
			u.Step(p, g, 0.01)
			u.Retry(p, 0.5)
			ClipNorm(g, 1)
			RescaleNorm(g, 100)
		}); allocs != 0 {
			t.Errorf("%s: %v allocations a step", name, allocs)
		}
	}
}

func TestFirstOrderConfigurations(t *testing.T) {
	cases := []struct {
		name   string
		err    error
		fields []string
	}{
		{"momentum 1", SGDConfig{Momentum: 1}.Validate(), []string{"momentum"}},
		{"momentum NaN", SGDConfig{Momentum: math.NaN()}.Validate(), []string{"momentum"}},
		{"Nesterov alone", SGDConfig{Nesterov: true}.Validate(), []string{"momentum"}},
		{"all of Adam", AdamConfig{Beta1: -1, Beta2: 1, Epsilon: -1}.Validate(), []string{"beta1", "beta2", "epsilon"}},
		{"AdamW", AdamWConfig{WeightDecay: -1, Decay: 7}.Validate(), []string{"weight_decay", "decay"}},
	}
	for _, c := range cases {
		checkConfigError(t, c.name, c.err, c.fields)
	}
	if _, err := NewAdam(0, AdamConfig{}); err == nil {
		t.Error("Adam for no parameters is accepted")
	}
}

func checkConfigError(t *testing.T, name string, err error, fields []string) {
	t.Helper()
	var ce *ConfigError
	if !errors.As(err, &ce) {
		t.Errorf("%s: error %v is no *ConfigError", name, err)
		return
	}
	if len(ce.Problems) != len(fields) {
		t.Errorf("%s: %v, want problems in %v", name, err, fields)
		return
	}
	for i, p := range ce.Problems {
		if p.Field != fields[i] {
			t.Errorf("%s: problem %d is in %s, want %s", name, i, p.Field, fields[i])
		}
	}
}

// Every first-order method goes downhill on an ill-conditioned quadratic.
func TestFirstOrderReducesAQuadratic(t *testing.T) {
	const n = 10
	for name, m := range firstOrderMethods(t, n) {
		p, g := make([]float64, n), make([]float64, n)
		for i := range p {
			p[i] = 1
		}
		curvature := func(i int) float64 { return math.Pow(10, float64(i)/float64(n-1)) }
		for range 2000 {
			for i := range g {
				g[i] = curvature(i) * p[i]
			}
			m.Step(p, g, 0.02)
		}
		if norm := Norm(p); !(norm < 1e-2) {
			t.Errorf("%s: distance from the minimum %g after 2000 steps", name, norm)
		}
	}
}
