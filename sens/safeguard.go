package sens

import (
	"math"

	"github.com/stiffnode/stiffnode/ode"
)

const (
	// tightenings is how often a gradient is repeated at a tenth of the tolerances before it is given up.
	tightenings = 6
	tightest    = 1e-12
	// agreement is the relative difference at which two gradients that were both found poor confirm each other: their growth is the equation's.
	agreement = 0.1
	// looseMultistep bounds the tolerance of solves by BDF that are differentiated. Its formulas of variable order and step size
	// amplify nothing that a look at single steps would show, but beyond this tolerance their derivative is off by more than itself.
	looseMultistep = 1e-3
)

// A safeguard repeats a gradient at tighter tolerances where its guard finds that the derivative is poor.
type safeguard struct {
	watch guard
	// attempt makes a gradient at the tolerances that the solver has
	attempt func() error
	// of the solver
	asked    float64
	begin    float64   // of the first attempt
	atol     []float64 // as given
	tight    []float64
	now      float64
	previous []float64
}

// init notes the tolerances that were asked for.
func (s *safeguard) init(p *primal) {
	s.asked = p.setup.Options.RTol
	if s.asked == 0 {
		s.asked = ode.DefaultRTol
	}
	s.now, s.atol = s.asked, p.setup.Options.ATol
	s.tight = make([]float64, len(s.atol))
	s.begin = s.asked
	if p.solver.Method().Info().Family == familyBDF {
		s.begin = min(s.begin, looseMultistep)
	}
}

// use sets the tolerances of the solver to those asked for times rtol/asked.
func (s *safeguard) use(p *primal, rtol float64) error {
	if rtol == s.now {
		return nil
	}
	s.now = rtol
	atol := s.atol
	if rtol != s.asked && len(atol) > 0 {
		atol = s.tight
		for i, a := range s.atol {
			atol[i] = a * (rtol / s.asked)
		}
	}
	return p.setTolerances(rtol, atol)
}

// gradient makes attempts until one is good; g is what they write.
func (s *safeguard) gradient(p *primal, g *Gradient) error {
	rtol := s.begin
	var forward, reverse ode.Stats
	first := 0.0 // excess
	for i := 0; ; i++ {
		if err := s.use(p, rtol); err != nil {
			return err
		}
		err := s.attempt()
		if err != nil && i == 0 {
			return err
		}
		if err != nil {
			return &ReverseError{Method: p.method, Time: s.watch.time, Step: s.watch.step, Err: errPoor{rtol, first, err}}
		}
		if rtol != s.asked {
			g.Tightened = rtol
		}
		finite := allFinite(g.Params) && allFinite(g.Initial)
		if finite && !s.watch.poor() || finite && i > 0 && s.agrees(g) {
			break
		}
		if i == 0 {
			first = s.watch.excess
		}
		if rtol /= 10; i == tightenings || rtol < tightest {
			return &ReverseError{Method: p.method, Time: s.watch.time, Step: s.watch.step, Err: errPoor{10 * rtol, first, nil}}
		}
		s.previous = append(append(s.previous[:0], g.Params...), g.Initial...)
		forward.Add(&g.Forward)
		reverse.Add(&g.Reverse)
	}
	g.Forward.Add(&forward)
	g.Reverse.Add(&reverse)
	return nil
}

// agrees compares a gradient with the one before.
func (s *safeguard) agrees(g *Gradient) bool {
	diff, size := 0.0, 0.0
	add := func(a, b []float64) {
		for i, v := range a {
			diff += (v - b[i]) * (v - b[i])
			size += v * v
		}
	}
	add(g.Params, s.previous)
	add(g.Initial, s.previous[len(g.Params):])
	return diff <= agreement*agreement*size && size <= math.MaxFloat64
}

// allFinite says that there is neither an infinity nor a NaN.
func allFinite(v []float64) bool {
	s := 0.0
	for _, x := range v {
		s += x - x
	}
	return s == 0
}

// setTolerances changes those of every solver.
func (p *primal) setTolerances(rtol float64, atol []float64) error {
	if err := p.solver.SetTolerances(rtol, atol); err != nil {
		return err
	}
	if p.observed != nil {
		if err := p.observed.SetTolerances(rtol, atol); err != nil {
			return err
		}
	}
	if p.lock != nil {
		if err := p.lock.l.solver.SetTolerances(rtol, atol); err != nil {
			return err
		}
		p.lock.l.setTolerances(&p.setup, rtol, atol)
	}
	return nil
}
