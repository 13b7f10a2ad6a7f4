package optim

import "math"

var (
	_ Schedule = Constant{}
	_ Schedule = StepDecay{}
	_ Schedule = Exponential{}
	_ Schedule = Cosine{}
)

// Schedule is a learning rate as a function of the epoch. It has no memory, so that a resumed run sees the same rates.
type Schedule interface {
	// Rate returns the learning rate of an epoch, counted from 0. A negative epoch counts as 0.
	Rate(epoch int) float64
	// Validate returns a *ConfigError that names every impossible value. Rate means something only where it returns nil.
	Validate() error
}

// Constant is the same rate throughout.
type Constant struct {
	Base float64 // above 0
}

// Rate implements Schedule.
func (s Constant) Rate(int) float64 { return s.Base }

// Validate implements Schedule.
func (s Constant) Validate() error {
	var e configErrors
	checkRate(&e, "rate", s.Base)
	return e.err("constant schedule")
}

// StepDecay multiplies the rate by Factor after every Every epochs: Base·Factor^⌊epoch/Every⌋.
type StepDecay struct {
	Base   float64 // above 0
	Factor float64 // above 0, at most 1
	Every  int     // epochs, at least 1
	Floor  float64 // the rate never falls below it; 0 is no floor
}

// Rate implements Schedule.
func (s StepDecay) Rate(epoch int) float64 {
	return math.Max(s.Floor, s.Base*math.Pow(s.Factor, float64(max(epoch, 0)/s.Every)))
}

// Validate implements Schedule.
func (s StepDecay) Validate() error {
	var e configErrors
	checkDecay(&e, s.Base, s.Factor, s.Every, s.Floor)
	return e.err("step schedule")
}

// Exponential lets the rate fall smoothly, by Factor over every Every epochs: Base·Factor^(epoch/Every).
type Exponential struct {
	Base   float64 // above 0
	Factor float64 // above 0, at most 1
	Every  int     // epochs, at least 1
	Floor  float64 // the rate never falls below it; 0 is no floor
}

// Rate implements Schedule.
func (s Exponential) Rate(epoch int) float64 {
	return math.Max(s.Floor, s.Base*math.Pow(s.Factor, float64(max(epoch, 0))/float64(s.Every)))
}

// Validate implements Schedule.
func (s Exponential) Validate() error {
	var e configErrors
	checkDecay(&e, s.Base, s.Factor, s.Every, s.Floor)
	return e.err("exponential schedule")
}

// Cosine rises linearly to Base over Warmup epochs, reaching it in epoch Warmup − 1 (Goyal et al., "Accurate, large minibatch
// SGD", 2017, section 2.2), then falls along half a cosine to Final in epoch Epochs − 1 and stays there
// (Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, Eq. 5, without restarts).
type Cosine struct {
	Base   float64 // above 0
	Final  float64 // at least 0, at most Base
	Warmup int     // epochs, at least 0; 0 starts at Base
	Epochs int     // in all, above Warmup
}

// Rate implements Schedule.
func (s Cosine) Rate(epoch int) float64 {
	epoch = max(epoch, 0)
	if epoch < s.Warmup {
		return s.Base * float64(epoch+1) / float64(s.Warmup)
	}
	// The first epoch of the cosine is the one that has Base: the last of the warm-up where there is one.
	first := max(s.Warmup-1, 0)
	last := s.Epochs - 1
	switch {
	case epoch >= last:
		return s.Final
	case epoch == first:
		return s.Base
	}
	x := float64(epoch-first) / float64(last-first)
	return s.Final + 0.5*(s.Base-s.Final)*(1+math.Cos(math.Pi*x))
}

// Validate implements Schedule.
func (s Cosine) Validate() error {
	var e configErrors
	checkRate(&e, "rate", s.Base)
	e.check(s.Final >= 0 && s.Final <= s.Base, "final", s.Final, "at least 0 and at most the base rate")
	e.check(s.Warmup >= 0, "warmup", s.Warmup, "at least 0")
	e.check(s.Epochs > max(s.Warmup, 0), "epochs", s.Epochs, "above the number of warm-up epochs")
	return e.err("cosine schedule")
}

func checkRate(e *configErrors, field string, v float64) {
	e.check(v > 0 && !math.IsInf(v, 0), field, v, "above 0 and finite")
}

func checkDecay(e *configErrors, base, factor float64, every int, floor float64) {
	checkRate(e, "rate", base)
	e.check(factor > 0 && factor <= 1, "factor", factor, "above 0 and at most 1")
	e.check(every >= 1, "every", every, "at least 1")
	e.check(floor >= 0 && floor <= base, "floor", floor, "at least 0 and at most the base rate")
}
