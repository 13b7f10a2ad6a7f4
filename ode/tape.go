package ode

import "slices"

// A Tape records the accepted steps of a solve: what the exact derivative of the numerical solution with frozen steps needs.
// Put one into Options.Tape; it is reset at the start of every solve and keeps its memory.
type Tape struct {
	// Dim is the number of states; T0 and T1 are the interval.
	Dim    int
	T0, T1 float64
	// Steps are the accepted steps in order.
	Steps []TapeStep
	// Outputs say how each saved time was obtained, in order.
	Outputs []TapeOutput
	// Jumps counts the state changes that events made. Their derivatives are not recorded, so that a tape with jumps cannot be
	// differentiated.
	Jumps int
	// KeepFactors says whether Jacobians and factorised iteration matrices are kept too, so that they need not be made again.
	KeepFactors bool

	data []float64
	// limits of the times at which f is evaluated in the steps to come
	first, last float64
	bdf         []*BDFFormula // made so far, the first nbdf of them in use
	nbdf        int
}

// A TapeStep is one accepted step from T to T+H.
type TapeStep struct {
	T, H float64
	// Formula holds the coefficients: *ExplicitTableau, *RosenbrockTableau, *DIRKTableau, *BDFFormula, ….
	Formula any
	// Order is the order of a variable-order formula.
	Order int
	// First and Last are the limits of the times at which f was evaluated: those of the solve, or the near sides of declared jumps (Options.Hit).
	First, Last float64
	// Place of this step's numbers: the state at T, then the stage vectors, then Jacobian and factors.
	at, stages, extra, end int
}

// Time is the time at which f was evaluated for the point at the fraction c of the step: T + cH, but not beyond First and Last.
func (s *TapeStep) Time(c float64) float64 {
	t := s.T + c*s.H
	lo, hi := s.First, s.Last
	if lo == hi {
		return t // nobody has set limits
	}
	if s.H < 0 {
		lo, hi = hi, lo
	}
	return min(max(t, lo), hi)
}

// A TapeOutput says that a saved state was read off step Step (−1: the initial state) at θ = (t−T)/H; End says that it is the
// state at the end of the step rather than a value of the dense output.
type TapeOutput struct {
	T     float64
	Step  int
	Theta float64
	End   bool
}

func (tp *Tape) reset(dim int, t0, t1 float64) {
	tp.Dim, tp.T0, tp.T1 = dim, t0, t1
	tp.Steps, tp.Outputs, tp.data = tp.Steps[:0], tp.Outputs[:0], tp.data[:0]
	tp.Jumps, tp.nbdf = 0, 0
}

// output notes a saved time; it is called before the step it lies in is recorded.
func (tp *Tape) output(t, theta float64, end bool) {
	tp.Outputs = append(tp.Outputs, TapeOutput{T: t, Step: len(tp.Steps), Theta: theta, End: end})
}

// initial notes a saved time that is the start of the solve.
func (tp *Tape) initial(t float64) {
	tp.Outputs = append(tp.Outputs, TapeOutput{T: t, Step: -1})
}

// between notes the limits within which c evaluates f.
func (tp *Tape) between(c *core) { tp.first, tp.last = c.first, c.last }

// begin opens a step whose state at T is y; stage and extra follow.
func (tp *Tape) begin(formula any, order int, t, h float64, y []float64) {
	at := len(tp.data)
	tp.data = append(tp.data, y...)
	n := len(tp.data)
	tp.Steps = append(tp.Steps, TapeStep{T: t, H: h, Formula: formula, Order: order, at: at, stages: n, extra: n, end: n, First: tp.first, Last: tp.last})
}

// stage appends numbers to the stage vectors of the step just begun.
func (tp *Tape) stage(v []float64) {
	tp.data = append(tp.data, v...)
	s := &tp.Steps[len(tp.Steps)-1]
	s.extra, s.end = len(tp.data), len(tp.data)
}

// keep appends numbers to the extra part of the step just begun, and returns the place for further ones.
func (tp *Tape) keep(n int) []float64 {
	from := len(tp.data)
	tp.data = slices.Grow(tp.data, n)[:from+n]
	clear(tp.data[from:])
	tp.Steps[len(tp.Steps)-1].end = len(tp.data)
	return tp.data[from:]
}

// Y is the state at the start of step i.
func (tp *Tape) Y(i int) []float64 { s := &tp.Steps[i]; return tp.data[s.at:s.stages] }

// Stages are the stage vectors of step i, one after the other; what they are depends on the formula.
func (tp *Tape) Stages(i int) []float64 { s := &tp.Steps[i]; return tp.data[s.stages:s.extra] }

// Extra holds what KeepFactors kept of step i: the Jacobian (k×k, dense row-major), then the factors.
func (tp *Tape) Extra(i int) []float64 { s := &tp.Steps[i]; return tp.data[s.extra:s.end] }

// Bytes is the memory that the recorded numbers take.
func (tp *Tape) Bytes() int {
	return 8*cap(tp.data) + 88*cap(tp.Steps) + 32*cap(tp.Outputs) + bdfFormulaBytes*len(tp.bdf)
}
