package sens

import (
	"context"
	"errors"
	"fmt"

	"github.com/stiffnode/stiffnode/ode"
)

// frozen is a recorded solve of which only the sequence of steps is kept: sizes, formulas and outputs. Steps are executed again from
// stored states, a block at a time, when the adjoint needs them.
type frozen struct {
	e    *engine
	k    int
	meta []frozenStep
	outs []ode.TapeOutput
	// the block that is recorded: steps lo … hi−1
	lo, hi int
	y, u   []float64
	states [][]float64 // checkpoints: the state, then the carried stage vector
	free   []int
	// the state at the start, one on its way, and weights
	start, state, weights []float64
	cur                   step
	// advanced counts the steps executed in advance in the latest reverse pass
	advanced int
}

// A frozenStep is what identifies a step.
type frozenStep struct {
	t, h        float64
	first, last float64
	formula     any
	link        bool
	stages      int // stage vectors recorded
}

// frozenBytes is the size of a frozenStep in memory, and outputBytes that of an output.
const (
	frozenBytes = 64
	outputBytes = 32
)

func (f *frozen) reset() { f.meta, f.outs = f.meta[:0], f.outs[:0] }

// take moves the steps on a tape, all recorded after those taken before, to the sequence; before holds the stage vectors of the last
// step taken.
func (f *frozen) take(tape *ode.Tape, before *[]float64) error {
	s := &f.cur
	base := len(f.meta)
	for _, o := range tape.Outputs {
		if o.Step >= 0 {
			o.Step += base
		}
		f.outs = append(f.outs, o)
	}
	for i := range tape.Steps {
		r := &tape.Steps[i]
		if err := s.load(tape, i); err != nil {
			return err
		}
		if _, ok := r.Formula.(*ode.BDFFormula); ok {
			return errNotExecutable
		}
		if base+i == 0 {
			f.start = append(f.start[:0], s.y...)
		}
		link := s.link
		if i == 0 && base > 0 && f.meta[base-1].formula == r.Formula {
			if l, ok := s.rule.(linker); ok {
				s.before = f.meta[base-1].h
				link = l.linked(s, *before)
			}
		}
		f.meta = append(f.meta, frozenStep{t: r.T, h: r.H, first: r.First, last: r.Last, formula: r.Formula, link: link, stages: len(s.u) / f.k})
		*before = append((*before)[:0], s.u...)
	}
	tape.Forget()
	return nil
}

func (f *frozen) steps() int                { return len(f.meta) }
func (f *frozen) outputs() []ode.TapeOutput { return f.outs }

// describe fills s with the identity of step i.
func (f *frozen) describe(s *step, i int) error {
	m := &f.meta[i]
	s.t, s.h, s.first, s.last, s.link, s.extra = m.t, m.h, m.first, m.last, m.link, nil
	if m.link {
		s.before = f.meta[i-1].h
		s.ratio = m.h / s.before
	}
	var err error
	s.rule, err = ruleFor(m.formula)
	return err
}

// widest is the largest number of stage vectors of a step.
func (f *frozen) widest() int {
	w := 0
	for i := range f.meta {
		w = max(w, f.meta[i].stages)
	}
	return w
}

// load implements recorded for the steps of the block.
func (f *frozen) load(s *step, i int) error {
	if err := f.describe(s, i); err != nil {
		return err
	}
	j := i - f.lo
	w := len(f.u) / (len(f.y) / f.k)
	s.y = f.y[j*f.k : (j+1)*f.k]
	s.u = f.u[j*w : j*w+f.meta[i].stages*f.k]
	return nil
}

// execute makes step i from the state (y followed by the carried stage vector), with its stage vectors in u.
func (f *frozen) execute(i int, state, u []float64) error {
	e, k := f.e, f.k
	s := &f.cur
	if err := f.describe(s, i); err != nil {
		return err
	}
	y := state[:k]
	copy(e.carry, state[k:])
	u = u[:f.meta[i].stages*k]
	s.y, s.u = y, u
	guess(s, e.carry)
	s.rule.execute(e, s, y, u)
	if e.err != nil {
		return e.err
	}
	f.weights = resize(f.weights, s.rule.stages())
	s.rule.end(f.weights, s.h)
	addVectors(y, 1, f.weights[:len(u)/k], u)
	copy(state[k:], e.carry)
	return nil
}

// guess fills the stage vectors with what Newton's iteration starts from: the slope of the step before, where that is known, or zero.
func guess(s *step, carry []float64) {
	clear(s.u)
	if !s.link {
		return
	}
	for i := range len(s.u) / len(carry) {
		for j, v := range carry {
			s.u[i*len(carry)+j] = s.ratio * v
		}
	}
}

// A checkpointed reverse pass holds a bound on memory.
type checkpointed struct {
	rec   frozen
	limit int
	// block is the number of steps recorded at a time, slots that of stored states
	block, slots int
	before       []float64
	// active says that the tape would exceed the bound, in this solve or the one before
	active bool
	tape   *ode.Tape
	user   func(*ode.Step) error
}

// begin prepares for a forward solve.
func (c *checkpointed) begin() {
	c.rec.reset()
	c.tape.KeepFactors = !c.active
}

// observe drops the tape and keeps the sequence of steps once the tape has grown to a third of the bound: a growing tape may exist twice.
func (c *checkpointed) observe(s *ode.Step) error {
	t := c.tape
	if !c.active && t.Bytes() > c.limit/3 {
		c.active = true
		if err := c.rec.take(t, &c.before); err != nil {
			return err
		}
		*t = ode.Tape{Dim: t.Dim, T0: t.T0, T1: t.T1}
	} else if c.active {
		if err := c.rec.take(t, &c.before); err != nil {
			return err
		}
	}
	if c.user != nil {
		return c.user(s)
	}
	return nil
}

// errTooLittle says that a bound cannot be held.
type errTooLittle struct{ limit, need int }

func (e errTooLittle) Error() string {
	return fmt.Sprintf("a memory limit of %d bytes is too small: the sequence of steps, one stored state and one recorded step take %d", e.limit, e.need)
}

// plan divides the memory between the recorded block and the stored states.
func (c *checkpointed) plan() error {
	f := &c.rec
	n, k := f.steps(), f.k
	perState := 8 * 2 * k
	perStep := 8 * (1 + f.widest()) * k
	rest := c.limit - frozenBytes*cap(f.meta) - outputBytes*cap(f.outs)
	if rest < perState+perStep {
		return errTooLittle{c.limit, c.limit - rest + perState + perStep}
	}
	// as few blocks as leave a repetition of the whole at most twice: half of the memory each
	c.block = max(1, min(n, (rest-perState)/(2*perStep)))
	if all := rest - perState; all >= n*perStep {
		c.block = n
	}
	c.slots = max(1, (rest-c.block*perStep)/perState)
	c.slots = min(c.slots, (n+c.block-1)/c.block)
	f.y, f.u = resize(f.y, c.block*k), resize(f.u, c.block*f.widest()*k)
	if len(f.states) != c.slots || len(f.states[0]) != 2*k {
		f.states = f.states[:0]
		for range c.slots {
			f.states = append(f.states, make([]float64, 2*k))
		}
	}
	f.free = f.free[:0]
	for i := 1; i < c.slots; i++ {
		f.free = append(f.free, i)
	}
	f.advanced = 0
	return nil
}

// bytes is what a planned pass holds.
func (c *checkpointed) bytes() int {
	f := &c.rec
	return frozenBytes*cap(f.meta) + outputBytes*cap(f.outs) + 8*(cap(f.y)+cap(f.u)) + 16*f.k*len(f.states)
}

// describe says how the latest pass was made.
func (c *checkpointed) describe() Checkpoints {
	units := (c.rec.steps() + c.block - 1) / c.block
	return Checkpoints{Units: units, Block: c.block, States: c.slots, Advanced: c.rec.advanced, Least: advances(units, c.slots) * c.block, Bytes: c.bytes()}
}

// reverse carries the adjoint through all steps.
func (c *checkpointed) reverse(ctx context.Context, a *adjoint) (at int, err error) {
	f := &c.rec
	copy(f.states[0], f.start)
	units := (f.steps() + c.block - 1) / c.block
	return c.span(ctx, a, 0, units, 0, c.slots)
}

// span reverses units from … to−1, of block steps each, with the state at unit from stored in a slot and s slots to use, that one included.
func (c *checkpointed) span(ctx context.Context, a *adjoint, from, to, slot, s int) (at int, err error) {
	f := &c.rec
	for to-from > 1 {
		if err := context.Cause(ctx); err != nil {
			return from * c.block, err
		}
		if s == 1 {
			// no state but the first: advance to the last unit every time
			f.state = append(f.state[:0], f.states[slot]...)
			if at, err := c.advance(f.state, from, to-1); err != nil {
				return at, err
			}
			if at, err := c.unit(ctx, a, to-1); err != nil {
				return at, err
			}
			to--
			continue
		}
		mid := from + split(to-from, s)
		next := f.free[len(f.free)-1]
		f.free = f.free[:len(f.free)-1]
		copy(f.states[next], f.states[slot])
		if at, err := c.advance(f.states[next], from, mid); err != nil {
			return at, err
		}
		if at, err := c.span(ctx, a, mid, to, next, s-1); err != nil {
			return at, err
		}
		f.free = append(f.free, next)
		to = mid
	}
	f.state = append(f.state[:0], f.states[slot]...)
	return c.unit(ctx, a, from)
}

// advance executes units from … to−1 without recording them.
func (c *checkpointed) advance(state []float64, from, to int) (at int, err error) {
	f := &c.rec
	f.e.err = nil
	for i := from * c.block; i < to*c.block; i++ {
		if err := f.execute(i, state, f.u); err != nil {
			return i, err
		}
		f.advanced++
	}
	return 0, nil
}

// unit executes a block from its state in f.state with the stages recorded, and reverses it.
func (c *checkpointed) unit(ctx context.Context, a *adjoint, number int) (at int, err error) {
	f := &c.rec
	f.lo, f.hi = number*c.block, min((number+1)*c.block, f.steps())
	f.e.err = nil
	w := f.widest() * f.k
	for i := f.lo; i < f.hi; i++ {
		j := i - f.lo
		copy(f.y[j*f.k:(j+1)*f.k], f.state)
		if err := f.execute(i, f.state, f.u[j*w:(j+1)*w]); err != nil {
			return i, err
		}
	}
	return a.sweep(ctx, f, f.lo, f.hi)
}

// errNotExecutable is returned for methods whose steps are not executed again from a stored state.
var errNotExecutable = errors.New("a BDF keeps two states per step, no more than a checkpoint takes; leave the memory limit at 0, or choose a one-step method")
