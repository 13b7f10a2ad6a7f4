package optim

import "math"

var (
	_ FirstOrder = (*Adam)(nil)
	_ FirstOrder = (*AdamW)(nil)
)

// AdamConfig holds the hyperparameters of Adam. The zero value is the published setting.
type AdamConfig struct {
	// Beta1 is the decay rate of the first moment, in (0, 1). If Beta1 is 0, it will be defaulted to 0.9.
	Beta1 float64
	// Beta2 is the decay rate of the second moment, in (0, 1). If Beta2 is 0, it will be defaulted to 0.999.
	Beta2 float64
	// Epsilon is added to the root of the second moment, above 0. If Epsilon is 0, it will be defaulted to 1e-8.
	Epsilon float64
}

func (c AdamConfig) withDefaults() AdamConfig {
	if c.Beta1 == 0 {
		c.Beta1 = 0.9
	}
	if c.Beta2 == 0 {
		c.Beta2 = 0.999
	}
	if c.Epsilon == 0 {
		c.Epsilon = 1e-8
	}
	return c
}

// Validate reports every value that is out of range, after defaults.
func (c AdamConfig) Validate() error {
	var e configErrors
	c.withDefaults().check(&e)
	return e.err("Adam")
}

func (c AdamConfig) check(e *configErrors) {
	e.check(c.Beta1 > 0 && c.Beta1 < 1, "beta1", c.Beta1, "above 0 and below 1")
	e.check(c.Beta2 > 0 && c.Beta2 < 1, "beta2", c.Beta2, "above 0 and below 1")
	e.check(c.Epsilon > 0 && !math.IsInf(c.Epsilon, 0), "epsilon", c.Epsilon, "above 0 and finite")
}

// Adam is the method of Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, Algorithm 1:
//
//	m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²,
//	p ← p − lr · m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε).
type Adam struct {
	cfg   AdamConfig
	state adamState
	saved adamState
}

// adamState is what Adam remembers: both moments, the number of steps t, and the powers β₁ᵗ and β₂ᵗ.
type adamState struct {
	m, v       []float64
	t          uint64
	pow1, pow2 float64
}

func newAdamState(n int) adamState {
	return adamState{m: make([]float64, n), v: make([]float64, n), pow1: 1, pow2: 1}
}

func (s *adamState) copyFrom(o *adamState) {
	copy(s.m, o.m)
	copy(s.v, o.v)
	s.t, s.pow1, s.pow2 = o.t, o.pow1, o.pow2
}

// NewAdam makes the method for n parameters.
func NewAdam(n int, cfg AdamConfig) (*Adam, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if err := checkParamCount("Adam", n); err != nil {
		return nil, err
	}
	return &Adam{cfg: cfg.withDefaults(), state: newAdamState(n), saved: newAdamState(n)}, nil
}

// Step implements FirstOrder.
func (a *Adam) Step(p, g []float64, lr float64) {
	checkLengths("Adam.Step", len(a.state.m), p, g)
	a.step(p, g, lr, 0)
}

// step is Adam's step with, in the same pass, the decay p ← p − decay·p taken at the old p.
func (a *Adam) step(p, g []float64, lr, decay float64) {
	s := &a.state
	s.t++
	s.pow1 *= a.cfg.Beta1
	s.pow2 *= a.cfg.Beta2
	b1, b2, eps := a.cfg.Beta1, a.cfg.Beta2, a.cfg.Epsilon
	c1, c2 := 1-s.pow1, 1-s.pow2
	m, v := s.m[:len(g)], s.v[:len(g)]
	p = p[:len(g)]
	for i, gi := range g {
		mi := b1*m[i] + (1-b1)*gi
		vi := b2*v[i] + (1-b2)*gi*gi
		m[i], v[i] = mi, vi
		p[i] -= lr*(mi/c1)/(math.Sqrt(vi/c2)+eps) + decay*p[i]
	}
}

// Steps returns the number of steps taken, t.
func (a *Adam) Steps() int { return int(a.state.t) }

// Snapshot implements FirstOrder.
func (a *Adam) Snapshot() { a.saved.copyFrom(&a.state) }

// Rollback implements FirstOrder.
func (a *Adam) Rollback() { a.state.copyFrom(&a.saved) }

const adamVersion = 1

// MarshalBinary implements encoding.BinaryMarshaler.
func (a *Adam) MarshalBinary() ([]byte, error) {
	w := newStateWriter("Adam", adamVersion)
	w.uint64(a.state.t)
	w.float64(a.state.pow1)
	w.float64(a.state.pow2)
	w.vector(a.state.m)
	w.vector(a.state.v)
	return w.finish(), nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (a *Adam) UnmarshalBinary(data []byte) error {
	r := newStateReader("Adam", adamVersion, data)
	var s adamState
	s.t = r.uint64()
	s.pow1, s.pow2 = r.float64(), r.float64()
	s.m = r.vector(len(a.state.m))
	s.v = r.vector(len(a.state.v))
	if err := r.finish(); err != nil {
		return err
	}
	a.state.copyFrom(&s)
	return nil
}

// Decay says how AdamW couples weight decay to the learning rate.
type Decay int

const (
	// DecayDecoupled takes lr·λ·p from the parameters: Loshchilov and Hutter 2019, Algorithm 2, with both the schedule and
	// the base rate multiplying the decay, the convention of PyTorch and Optax (the article's own λ, which only the
	// schedule multiplies, is this λ times the base rate). The default.
	DecayDecoupled Decay = iota
	// DecayFlux takes λ·p from the parameters, without the learning rate: ADAMW of Flux.jl at the time of Kim et al. (2021), a
	// chain of ADAM and WeightDecay. It is the setting of their released scripts (λ = 1e-6 there
	// equals a decoupled λ of 2e-4 at the rate 0.005).
	DecayFlux
)

// String returns the name used in configurations: decoupled or flux.
func (d Decay) String() string {
	switch d {
	case DecayDecoupled:
		return "decoupled"
	case DecayFlux:
		return "flux"
	}
	return "unknown"
}

// ParseDecay is the inverse of Decay.String.
func ParseDecay(name string) (Decay, error) {
	for _, d := range []Decay{DecayDecoupled, DecayFlux} {
		if d.String() == name {
			return d, nil
		}
	}
	var e configErrors
	e.check(false, "decay", name, "decoupled or flux")
	return 0, e.err("AdamW")
}

// AdamWConfig holds the hyperparameters of AdamW.
type AdamWConfig struct {
	AdamConfig
	// WeightDecay is λ, at least 0.
	WeightDecay float64
	// Decay says whether the learning rate multiplies the decay.
	Decay Decay
}

// Validate reports every value that is out of range, after defaults.
func (c AdamWConfig) Validate() error {
	var e configErrors
	c.withDefaults().check(&e)
	e.check(c.WeightDecay >= 0 && !math.IsInf(c.WeightDecay, 0), "weight_decay", c.WeightDecay, "at least 0 and finite")
	e.check(c.Decay == DecayDecoupled || c.Decay == DecayFlux, "decay", int(c.Decay), "decoupled or flux")
	return e.err("AdamW")
}

// AdamW is Adam with a weight decay that does not pass through the moments: Loshchilov and Hutter, "Decoupled weight decay
// regularization", ICLR 2019. Its memory is Adam's, and so is its state.
type AdamW struct {
	Adam
	lambda float64
	decay  Decay
}

// NewAdamW makes the method for n parameters.
func NewAdamW(n int, cfg AdamWConfig) (*AdamW, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	a, err := NewAdam(n, cfg.AdamConfig)
	if err != nil {
		return nil, err
	}
	return &AdamW{Adam: *a, lambda: cfg.WeightDecay, decay: cfg.Decay}, nil
}

// Step implements FirstOrder.
func (a *AdamW) Step(p, g []float64, lr float64) {
	checkLengths("AdamW.Step", len(a.state.m), p, g)
	decay := a.lambda
	if a.decay == DecayDecoupled {
		decay *= lr
	}
	a.step(p, g, lr, decay)
}
