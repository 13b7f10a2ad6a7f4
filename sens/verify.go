package sens

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/ode"
)

// Verified computes every gradient twice, by the method at the tolerances asked for and at a tighter tolerance, returns the first and states in
// Gradient.Error how far it is from the second: what ode.Verify is for solutions. Local error control bounds the error of no gradient; this
// estimates it, for every method alike, at the price of the second gradient.
type Verified struct {
	// Method computes the gradients.
	Method Method
	// Factor is that of the second gradient's tolerances, between 0 and 1; 0 means 1/30.
	Factor float64
}

var _ Method = Verified{}

// defaultVerifyFactor leaves the second gradient of a method of order 2 five to ten times as accurate as the first.
const defaultVerifyFactor = 1. / 30

// stateFloor is what rounding leaves of a gradient's digits, relative to its largest component.
const stateFloor = 1e-12

// An Estimate states the error of a gradient. Statements are absolute and never below what rounding leaves.
type Estimate struct {
	// Loss is the error of the loss; Params (len m) and Initial (len k) are those of the components of the gradient.
	Loss            float64
	Params, Initial []float64
	// Relative is the error of the whole relative to its size, ‖s∘Δ‖/‖s∘g‖ over parameters and initial values, s being their magnitudes, or 1
	// where they are zero: a relative change of each counts alike.
	Relative float64
	// RTol is the relative tolerance of the gradient that this one was compared with.
	RTol float64
}

// Info implements Method.
func (v Verified) Info() Info {
	if v.Method == nil {
		return Info{Name: "verified"}
	}
	i := v.Method.Info()
	i.Name += "-verified"
	i.Cost = "that of the method at two tolerances: " + i.Cost
	return i
}

// New implements Method.
func (v Verified) New(s Setup) (Evaluator, error) {
	if v.Method == nil {
		return nil, &ode.InputError{What: "gradient method", Msg: "is missing: Verified needs one to verify"}
	}
	f := v.Factor
	if f == 0 {
		f = defaultVerifyFactor
	}
	if !(f > 0 && f < 1) {
		return nil, &ode.InputError{What: "factor of the tolerances", Msg: fmt.Sprintf("is %g; it must be between 0 and 1", f)}
	}
	out := &verified{method: v.Method.Info().Name}
	var err error
	if out.first, err = v.Method.New(s); err != nil {
		return nil, err
	}
	rtol := s.Options.RTol
	if rtol == 0 {
		rtol = ode.DefaultRTol
	}
	out.rtol = rtol * f
	if out.rtol < tightestVerified {
		return nil, &RefusedError{Method: v.Info().Name, Solver: solverName(&s),
			Reason: fmt.Sprintf("the second gradient would be computed at rtol %.2g, which double precision does not serve; loosen the tolerance, or choose a larger Factor", out.rtol)}
	}
	out.asked, out.factor, out.setup, out.base = rtol, f, s, v.Method
	out.seconds = map[float64]Evaluator{}
	if _, err := out.second(out.rtol); err != nil {
		return nil, err
	}
	return out, nil
}

// second is the evaluator at a relative tolerance, other tolerances in proportion.
func (v *verified) second(rtol float64) (Evaluator, error) {
	if e, ok := v.seconds[rtol]; ok {
		return e, nil
	}
	s, f := v.setup, rtol/v.asked
	s.Options.RTol = rtol
	s.Options.ATol = multiplied(s.Options.ATol, f)
	if s.Options.MaxSteps == 0 {
		s.Options.MaxSteps = 10 * defaultReverseSteps
	}
	e, err := tightened(v.base, f).New(s)
	if err == nil {
		v.seconds[rtol] = e
	}
	return e, err
}

// tightestVerified is the smallest relative tolerance of a second gradient.
const tightestVerified = 1e-13

func multiplied(v []float64, f float64) []float64 {
	out := append([]float64(nil), v...)
	scaleVector(out, f)
	return out
}

// tightened is a method with tolerances of its own multiplied by f, and with room for the steps that it takes.
func tightened(m Method, f float64) Method {
	change := func(r ReverseOptions) ReverseOptions {
		r.RTol *= f
		r.ATol *= f
		if r.MaxSteps == 0 {
			r.MaxSteps = 10 * defaultReverseSteps
		}
		return r
	}
	switch x := m.(type) {
	case GaussAdjoint:
		x.Reverse = change(x.Reverse)
		return x
	case QuadratureAdjoint:
		x.Reverse = change(x.Reverse)
		return x
	case IMEXAdjoint:
		x.Reverse = change(x.Reverse)
		return x
	case InterpolatingAdjoint:
		x.Reverse = change(x.Reverse)
		return x
	case Backsolve:
		x.Reverse = change(x.Reverse)
		return x
	}
	return m
}

type verified struct {
	method string
	base   Method
	setup  Setup
	first  Evaluator
	// the evaluators of second gradients by their tolerance: more than one where first gradients were tightened
	seconds             map[float64]Evaluator
	asked, factor, rtol float64 // rtol is that of the second gradient
	g                   Gradient
	e                   Estimate
}

// A gapped evaluator knows a part of its own error: by how much two integrals for the parameters differ, component by component; nil where there are
// no two.
type gapped interface{ gap() []float64 }

// An UnverifiedError says that a gradient was computed and that its error could not be estimated. The gradient is in place.
type UnverifiedError struct {
	// Method is the gradient method and RTol the tolerance of the second gradient, which failed.
	Method string
	RTol   float64
	// Err is why.
	Err error
}

func (e *UnverifiedError) Error() string {
	return fmt.Sprintf("sens: the error of the gradient by %s cannot be stated: the second gradient, at rtol %.2g, failed: %v", e.Method, e.RTol, e.Err)
}

func (e *UnverifiedError) Unwrap() error { return e.Err }

// Gradient implements Evaluator.
func (v *verified) Gradient(ctx context.Context, g *Gradient, p, y0 []float64, t0, t1 float64, times []float64, loss Loss) error {
	if err := v.first.Gradient(ctx, g, p, y0, t0, t1, times, loss); err != nil {
		return err
	}
	// a gradient that was tightened is not to be compared with one at the same tolerance, or a looser one
	v.rtol = v.asked * v.factor
	if g.Tightened > 0 {
		v.rtol = g.Tightened * v.factor
	}
	second, err := v.second(max(v.rtol, tightestVerified))
	if err != nil {
		return &UnverifiedError{Method: v.method, RTol: v.rtol, Err: err}
	}
	if err := second.Gradient(ctx, &v.g, p, y0, t0, t1, times, loss); err != nil {
		if cause := context.Cause(ctx); cause != nil && errors.Is(err, cause) {
			return err
		}
		return &UnverifiedError{Method: v.method, RTol: v.rtol, Err: err}
	}
	v.state(g, p, y0)
	g.Error = &v.e
	return nil
}

// state compares the gradients.
func (v *verified) state(g *Gradient, p, y0 []float64) {
	e, h := &v.e, &v.g
	e.RTol = v.rtol
	if h.Tightened > 0 {
		e.RTol = h.Tightened
	}
	e.Loss = max(math.Abs(g.Loss-h.Loss), stateFloor*math.Abs(g.Loss))
	e.Params, e.Initial = resize(e.Params, len(g.Params)), resize(e.Initial, len(g.Initial))
	diff, size := 0.0, 0.0
	var gap []float64
	if own, ok := v.first.(gapped); ok {
		gap = own.gap()
	}
	compare := func(dst, a, b, at, gap []float64) {
		for i, x := range a {
			s := math.Abs(at[i])
			if s == 0 {
				s = 1
			}
			d := x - b[i]
			if gap != nil {
				d = max(math.Abs(d), math.Abs(gap[i]))
			}
			dst[i] = math.Abs(d)
			diff += s * d * s * d
			size += s * x * s * x
		}
	}
	compare(e.Params, g.Params, h.Params, p, gap)
	compare(e.Initial, g.Initial, h.Initial, y0, nil)
	diff, size = math.Sqrt(diff), math.Sqrt(size)
	e.Relative = stateFloor
	if diff > stateFloor*size {
		e.Relative = diff / size
	}
	// a single component may agree by chance: none is stated better than a tenth of the whole
	least := max(diff/10, stateFloor*size)
	raise := func(dst, at []float64) {
		for i := range dst {
			s := math.Abs(at[i])
			if s == 0 {
				s = 1
			}
			dst[i] = max(dst[i], least/s)
		}
	}
	raise(e.Params, p)
	raise(e.Initial, y0)
}
