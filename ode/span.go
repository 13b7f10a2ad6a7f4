package ode

import (
	"math"
	"slices"
)

// f is evaluated only between c.first and c.last, which are t0 and t1 or lie on the near side of a declared jump (Options.Hit): a step that ends
// on a jump sees f as it is before it, one that starts there as it is behind it, whatever value f itself takes at the jump. Sums like t + c_i h
// may exceed a limit by roundoff.

// jumpSide·|t| is the distance from a jump at t at which f is evaluated in place of t: a few units of roundoff, so that the side survives a conversion of
// units in the right-hand side. At t = 0 it is jumpSideZero, which is nothing on any scale of time.
const (
	jumpSide     = 4 * unitRound
	jumpSideZero = 0x1p-1000
)

// besideJump is the time next to a jump at t in direction dir.
func besideJump(t, dir float64) float64 {
	d := jumpSide * math.Abs(t)
	if t == 0 {
		d = jumpSideZero
	}
	return t + dir*d
}

// segment sets the limits for the steps from c.t to the next jump, which it makes the target, and returns the jumps that are left.
func (s *Solver) segment(hit []float64) []float64 {
	c := s.c
	c.first, c.last, s.target = c.t, c.t1, c.t1
	for len(hit) > 0 && (hit[0]-c.t)*c.dir <= 0 {
		if hit[0] == c.t {
			c.first = besideJump(c.t, c.dir)
		}
		hit = hit[1:]
	}
	if len(hit) > 0 {
		s.target = hit[0]
		c.last = besideJump(s.target, -c.dir)
	}
	if (c.last-c.first)*c.dir < 0 {
		// two jumps within roundoff
		c.first = c.t + (s.target-c.t)/2
		c.last = c.first
	}
	c.h = c.dir * startFraction * math.Abs(s.target-c.t)
	if s.opt.Tape != nil {
		s.opt.Tape.between(c)
	}
	s.shown.between(c)
	return hit
}

// inside is the time at which f is evaluated for time t.
func (c *core) inside(t float64) float64 {
	switch {
	case (t-c.first)*c.dir < 0:
		return c.first
	case (t-c.last)*c.dir > 0:
		return c.last
	}
	return t
}

// A TimeDifferenced field takes ∂f/∂t by differences. It evaluates f at t, t+δ and t+2δ, where δ is set before each call of EvalJacobian that asks for ∂f/∂t: the
// solver takes a fraction of the step and the direction in which f is known to be smooth; δ = 0 says that there is no time but t. A field that wraps another one
// passes it on.
type TimeDifferenced interface {
	SetTimeIncrement(delta float64)
}

// PassTimeIncrement tells a field that another one wraps what the other has been told.
func PassTimeIncrement(f Field, delta float64) {
	if d, ok := f.(TimeDifferenced); ok {
		d.SetTimeIncrement(delta)
	}
}

const (
	// timeIncrement is the increment of t relative to the step. The difference is of order two: its error, (2/3)·10⁻⁶ of what a third derivative makes over the step, and
	// the roundoff of f divided by it are both far below the errors of steps.
	timeIncrement = 1e-3
	// startFraction of the way to the next jump takes the place of the step before there is one
	startFraction = 1e-4
)

// setTimeIncrement tells a field that differences f in time how, at time t of the step in hand.
func (c *core) setTimeIncrement(t float64) {
	d, ok := c.field.(TimeDifferenced)
	if !ok {
		return
	}
	// from the start of the step ahead, from its end back
	end, ahead := c.last, math.Copysign(1, c.h)
	if t != c.inside(c.t) {
		end, ahead = c.first, -ahead
	}
	size := max(timeIncrement*math.Abs(c.h), jumpSide*math.Abs(t))
	d.SetTimeIncrement(ahead * min(size, math.Abs(c.h)/2, math.Abs(end-t)/2))
}

// outgrown says whether ∂f/∂t is a difference for a step of another size, far larger than the one to come.
func (c *core) outgrown(dfdt []float64, size float64) bool {
	if math.Abs(c.h) >= 0.1*math.Abs(size) {
		return false
	}
	_, ok := c.field.(TimeDifferenced)
	return ok && slices.ContainsFunc(dfdt, func(v float64) bool { return v != 0 })
}

// A timeDifferencer takes ∂f/∂t by differences.
type timeDifferencer struct {
	delta float64
	given bool // delta holds for the next call
}

// SetTimeIncrement implements TimeDifferenced.
func (d *timeDifferencer) SetTimeIncrement(delta float64) { d.delta, d.given = delta, true }

// time writes ∂f/∂t into dfdt by a difference of second order from f0 = f(t, y), f(t+δ, y) and f(t+2δ, y). Where nobody has given an increment, it is a fraction of t,
// or of the time in which the state changes by its own size.
func (d *timeDifferencer) time(eval func(dst []float64, t float64, y []float64) error, dfdt, f0, tmp []float64, t float64, y []float64) error {
	delta := d.delta
	switch {
	case !d.given:
		delta = strangeIncrement * changeTime(t, y, f0)
	case delta == 0:
		clear(dfdt)
		return nil
	}
	d.given = false
	near := (t + delta) - t
	far := (t + 2*delta) - t
	if near == 0 || near == far {
		near = math.Nextafter(t, math.Inf(1)) - t
		near = math.Copysign(near, delta)
		far = (t + 2*near) - t
	}
	if err := eval(dfdt, t+far, y); err != nil {
		return err
	}
	if err := eval(tmp, t+near, y); err != nil {
		return err
	}
	// the parabola through the three values
	for i, f := range f0 {
		a, b := (tmp[i]-f)/near, (dfdt[i]-f)/far
		dfdt[i] = a + (a-b)*near/(far-near)
	}
	return nil
}

// strangeIncrement is the cube root of the roundoff.
const strangeIncrement = 6e-6

// changeTime is |t| or, at t = 0, the time in which y changes by its own size, or 1 where it rests.
func changeTime(t float64, y, f []float64) float64 {
	if t != 0 {
		return math.Abs(t)
	}
	size, rate := 0.0, 0.0
	for i, v := range y {
		size, rate = max(size, math.Abs(v)), max(rate, math.Abs(f[i]))
	}
	if ratio := size / rate; ratio > 0 && ratio <= math.MaxFloat64 {
		return ratio
	}
	return 1
}
