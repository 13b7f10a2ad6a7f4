package sens

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/ode"
)

// ReverseOptions say how a continuous adjoint solves its reverse problem. The zero value takes everything from the forward solve.
type ReverseOptions struct {
	// Method solves the reverse problem; nil means the forward method, or KenCarp4 after an IMEX pair. A one-step method is the better choice where the loss has many
	// data times, since every one of them is a restart.
	Method ode.Method
	// RTol is the relative tolerance; 0 means that of the forward solve.
	RTol float64
	// ATol is the absolute tolerance of the adjoint; 0 means 1e-3·RTol times the smallest of the states' largest loss gradients.
	ATol float64
	// Checkpoint keeps the state every so many steps of the forward solve, and solves again between two of them when the adjoint comes
	// by, instead of keeping the dense output of the whole solve; 0 keeps it all. Each checkpoint is a restart for both solves.
	Checkpoint int
	// MaxSteps bounds the steps of the whole reverse pass; 0 means 20 000. A pass that collapses ends there, or earlier, with a *ReverseError.
	MaxSteps int
}

const defaultReverseSteps = 20_000

// errReverseSteps is the cause of a reverse pass that was cut off.
type errReverseSteps struct{ limit int }

func (e errReverseSteps) Error() string {
	return fmt.Sprintf("more than %d reverse steps were needed in all: the reverse problem is unstable or too stiff for its method; choose another gradient method, loosen the reverse tolerances, or raise MaxSteps", e.limit)
}

// A reversal is what one continuous adjoint method adds to the common course: which system is solved backward, and what is done with
// its steps.
type reversal interface {
	// system is the reverse problem; the adjoint is its components at … at+k.
	system() (p *ode.Problem, at int)
	// reads says which dense outputs the method looks at.
	reads() outputs
	// observe is called after every accepted reverse step.
	observe(s *ode.Step) error
	// prepare is called before a segment that begins at ta, where z is the state of the reverse system; first says that it is the first one.
	prepare(z []float64, g *Gradient, ta float64, first bool)
	// finish is called after it.
	finish(sol *ode.Solution, ta, tb float64) error
}

// outputs are the dense outputs that a method reads: that of the forward solve, and that of a whole segment of the reverse solve.
type outputs struct{ forward, reverse bool }

// An integrating reversal has the parameters' gradient among the states of its system.
type integrating interface{ gradient(gp, z []float64) }

// A formulaic reversal integrates over the dense output of a reverse step by a formula on [0, 1]; without nodes it takes the sum of the stages.
type formulaic interface{ formula() (x, w []float64) }

// A chunked reversal needs several reverse solves.
type chunked interface {
	passes() int
	// begin prepares for solve number i and returns its first parameter.
	begin(i int) int
}

// continuous is the common course of the continuous adjoints: a forward solve with dense output, then the reverse system solved from
// data time to data time, with jumps of the adjoint by ∂ℓ/∂y at each.
type continuous struct {
	method string
	setup  Setup
	rev    ReverseOptions
	k, m   int

	forward *ode.Solver
	solver  *ode.Solver   // of the reverse system
	field   *forwardField // f and its derivatives along the forward solution
	variant reversal
	at      int
	engine  *engine     // for the slope at the end
	con     *constraint // of the mass matrix, nil for the identity
	square  []float64   // scratch for a dense Jacobian

	resolve *ode.Solver // solves again between checkpoints; nil without
	marks   marks

	params []float64
	states []float64 // saved
	cost   float64   // integral of the loss
	gauss  nodes
	z      []float64
	// absolute tolerances of the reverse system, and of the state
	atol, stateTol []float64
	end            []float64 // y(t1)
	grads          []float64
	pairs          *pairs
	stats          ode.Stats
	steps          int
	control        *stageQuadrature // holds the parameters' integral to the tolerance; nil where it is part of the system
	first          bool             // the first of several reverse passes
	offset         int              // first parameter of the pass
	ftmp           []float64
}

// newContinuous checks the setup and makes the forward solver; variant makes the reverse system from the parts made so far.
// controlled says that the parameters' integral is not among the states of that system and has to be held to the tolerance beside it.
func newContinuous(s Setup, name string, rev ReverseOptions, controlled bool, variant func(*continuous) reversal) (*continuous, error) {
	refuse := func(format string, a ...any) error {
		return &RefusedError{Method: name, Solver: solverName(&s), Reason: fmt.Sprintf(format, a...)}
	}
	pf, err := paramField(&s, name)
	if err != nil {
		return nil, err
	}
	if len(s.Options.Events) > 0 {
		return nil, refuse("the adjoint does not cross events; solve between events one by one")
	}
	if s.Options.Quadrature != nil {
		return nil, refuse("quadratures are not differentiated; put the integral into the loss")
	}
	c := &continuous{method: name, setup: s, rev: rev, k: s.Problem.Dim, m: pf.NumParams()}
	if err := c.chooseReverse(controlled); err != nil {
		return nil, err
	}
	if c.rev.RTol == 0 {
		c.rev.RTol = s.Options.RTol
		if c.rev.RTol == 0 {
			c.rev.RTol = ode.DefaultRTol
		}
	}
	if c.rev.MaxSteps == 0 {
		c.rev.MaxSteps = defaultReverseSteps
	}
	if c.con = newConstraint(s.Problem); c.con != nil {
		c.square = make([]float64, c.k*c.k)
	}
	c.field = &forwardField{ParamField: exact(pf, c.k), k: c.k, y: make([]float64, c.k), f: make([]float64, c.k), jac: ode.NewJacobian(c.k, s.Problem.Jacobian),
		before: make([]float64, c.k), after: make([]float64, c.k), grad: make([]float64, c.k)}
	c.engine = newEngine(s.Problem, pf)
	c.pairs = newPairs(pf, c.k, &c.stats)
	c.variant = variant(c)
	opt := s.Options
	whole := c.variant.reads().forward && rev.Checkpoint == 0
	opt.SaveAt, opt.Dense, opt.Tape = []float64{}, whole, nil
	_, dense := orders(opt.Method)
	c.gauss.init(dense)
	opt.Observer = c.integrate
	if c.forward, err = ode.NewSolver(s.Problem, opt); err != nil {
		return nil, err
	}
	if c.variant.reads().forward && !whole {
		opt.Dense, opt.Observer = true, nil
		if c.resolve, err = ode.NewSolver(s.Problem, opt); err != nil {
			return nil, err
		}
	}
	sys, at := c.variant.system()
	c.at = at
	var judge func(*ode.Tape) (float64, error)
	if controlled {
		c.control = newStageQuadrature(c)
		judge = c.control.judge
		if v, ok := c.variant.(formulaic); ok {
			c.control.x, c.control.w = v.formula()
		}
	}
	if c.solver, err = ode.NewSolver(sys, ode.Options{
		Method: c.rev.Method, RTol: c.rev.RTol, ATol: []float64{1}, MaxSteps: c.rev.MaxSteps, SaveAt: []float64{}, Observer: c.observe,
		Dense: c.variant.reads().reverse, MaxStep: s.Options.MaxStep, Judge: judge,
	}); err != nil {
		var in *ode.InputError
		if errors.As(err, &in) {
			return nil, refuse("its reverse problem cannot be solved by %s: %v", c.rev.Method.Info().Name, err)
		}
		return nil, err
	}
	c.atol, c.stateTol = make([]float64, sys.Dim), make([]float64, c.k)
	for i := range c.stateTol {
		switch a := s.Options.ATol; {
		case len(a) == 1:
			c.stateTol[i] = a[0]
		case len(a) > 1:
			c.stateTol[i] = a[i]
		default:
			c.stateTol[i] = 1e-3 * c.rev.RTol
			if s.Problem.Scale != nil {
				c.stateTol[i] *= math.Abs(s.Problem.Scale[i])
			}
		}
	}
	c.z, c.ftmp = make([]float64, sys.Dim), make([]float64, c.k)
	return c, nil
}

// chooseReverse is the method of the reverse solve. Where the parameters' integral is not part of the system it must be one whose steps can be looked at
// stage by stage.
func (c *continuous) chooseReverse(controlled bool) error {
	if c.rev.Method == nil {
		m := c.setup.Options.Method
		switch {
		case m == nil:
			m = ode.Auto
		case m.Info().Split: // the reverse problem is not
			m = ode.KenCarp4
		}
		if controlled && !inspectable(m) {
			m = ode.Radau
		}
		c.rev.Method = m
		return nil
	}
	if m := c.rev.Method; controlled && !inspectable(m) {
		return &RefusedError{Method: c.method, Solver: solverName(&c.setup),
			Reason: fmt.Sprintf("its reverse method %s does not show the stages of its steps, which the integral for the parameters is held to the tolerance with; choose a Runge–Kutta or Rosenbrock method, or the interpolating adjoint", m.Info().Name)}
	}
	return nil
}

// inspectable says that a method's steps show their stages.
func inspectable(m ode.Method) bool {
	if m.Info().Family == familyBDF {
		return false
	}
	_, err := ode.NewSolver(probe(m), ode.Options{Method: m, Judge: func(*ode.Tape) (float64, error) { return 0, nil }})
	return err == nil
}

// gaussNodes is the number of Gauss nodes for a step of the reverse method: a formula of order 2n ≥ order + 2, so that it adds less than
// the dense output's own error.
func gaussNodes(r *ReverseOptions) int {
	order, _ := orders(r.Method)
	return max(2, (order+3)/2)
}

// integrate notes checkpoints and adds a forward step's share of an integral cost.
func (c *continuous) integrate(s *ode.Step) error {
	if c.resolve != nil {
		c.marks.step(s)
	}
	if c.field.integral != nil {
		for j, x := range c.gauss.x {
			t := s.T + x*s.H
			s.AtTheta(c.ftmp, x)
			c.cost += c.gauss.w[j] * math.Abs(s.H) * c.field.integral.Integrand(t, c.ftmp, nil)
		}
	}
	if o := c.setup.Options.Observer; o != nil {
		return o(s)
	}
	return nil
}

// observe counts the reverse steps and hands them to the variant.
func (c *continuous) observe(s *ode.Step) error {
	c.steps++
	if c.steps > c.rev.MaxSteps {
		return errReverseSteps{c.rev.MaxSteps}
	}
	if c.control != nil {
		c.control.accept()
	}
	return c.variant.observe(s)
}

// Gradient implements Evaluator.
func (c *continuous) Gradient(ctx context.Context, g *Gradient, p, y0 []float64, t0, t1 float64, times []float64, loss Loss) (err error) {
	if err := checkGradient(c.m, p, times); err != nil {
		return err
	}
	c.field.integral, _ = loss.(IntegralLoss)
	if c.field.integral != nil && !c.variant.reads().forward {
		return &ode.InputError{What: "loss", Msg: "has an integral cost, which backsolve does not take; use another gradient method"}
	}
	c.cost = 0
	c.marks.start(t0, y0, c.rev.Checkpoint)
	c.field.sign = math.Copysign(1, t1-t0)
	bind(c.forward.Field().(ode.ParamField), p)
	c.forward.SetSaveAt(times)
	c.forward.SetObserveEnds(c.field.integral == nil && (c.setup.Options.Observer == nil || c.setup.Options.ObserveEnds))
	sol, err := c.forward.Solve(ctx, t0, t1, y0)
	if err != nil {
		return err
	}
	defer func() {
		if r := recover(); r != nil {
			err = &ReverseError{Method: c.method, Err: panicError{r}}
		}
	}()
	bind(c.field.ParamField, p)
	c.params = p
	c.field.look(sol.Dense)
	if c.resolve != nil {
		bind(c.resolve.Field().(ode.ParamField), p)
	}
	c.grads = resize(c.grads, len(sol.Y))
	g.begin(sol, loss, c.grads, c.k, c.m)
	g.Loss += c.cost
	c.states = g.Y
	c.end = append(c.end[:0], sol.YEnd...)
	c.stats, c.steps = ode.Stats{}, 0
	passes := 1
	parts, ok := c.variant.(chunked)
	if ok {
		passes = parts.passes()
	}
	c.pairs.begin(g.Params)
	for i := range passes {
		c.first, c.offset = i == 0, 0
		if ok {
			c.offset = parts.begin(i)
		}
		if err := c.tolerances(); err != nil {
			return err
		}
		if err := c.sweep(ctx, g, t0, t1); err != nil {
			return err
		}
		if v, ok := c.variant.(integrating); ok {
			v.gradient(g.Params, c.z)
		}
	}
	c.pairs.flush()
	if c.control != nil {
		if err := c.control.finish(g.Params); err != nil {
			return &ReverseError{Method: c.method, Time: t0, Err: err}
		}
	}
	if c.pairs.err != nil {
		return &ReverseError{Method: c.method, Time: t0, Err: c.pairs.err}
	}
	g.Reverse = c.stats
	if err := g.endTime(c.engine, sol, t0, t1, loss, c.grads); err != nil {
		return &ReverseError{Method: c.method, Time: t1, Err: err}
	}
	return nil
}

// tolerances sets those of the reverse solve.
func (c *continuous) tolerances() error {
	atol := c.rev.ATol
	if atol == 0 {
		least := math.Inf(1)
		for j := range c.k {
			most := 0.0
			for i := j; i < len(c.grads); i += c.k {
				most = max(most, math.Abs(c.grads[i]))
			}
			if most > 0 {
				least = min(least, most)
			}
		}
		if math.IsInf(least, 1) {
			least = 1
		}
		atol = 1e-3 * c.rev.RTol * least
	}
	for i := range c.atol {
		c.atol[i] = atol
	}
	c.gradientTolerances(c.atol[c.gradientAt():])
	if c.control != nil {
		c.control.begin()
	}
	copy(c.atol[:c.at], c.stateTol) // a state that is solved backward keeps the tolerance that it had forward
	return c.solver.SetTolerances(c.rev.RTol, c.atol)
}

// gradientAt is where the parameters' gradient begins in the reverse system, or its size.
func (c *continuous) gradientAt() int { return c.at + c.k }

// gradientTolerances sets the absolute tolerances of gradient components that are integrated as states: a parameter's gradient is
// of the size of the loss's change, taken as Σ|∂ℓ/∂y·y|, divided by the parameter.
func (c *continuous) gradientTolerances(atol []float64) {
	size := 0.0
	for i, g := range c.grads {
		size += math.Abs(g * c.states[i])
	}
	for j := range atol {
		atol[j] = 1e-3 * c.rev.RTol * size / c.size(c.offset+j)
		if !(atol[j] > 0) {
			atol[j] = 1e-3 * c.rev.RTol
		}
	}
}

// size is the magnitude of a parameter, or 1.
func (c *continuous) size(i int) float64 {
	if i < c.m && c.params[i] != 0 {
		return math.Abs(c.params[i])
	}
	return 1
}

// sweep carries the adjoint from t1 back to t0 and leaves it in g.Initial.
func (c *continuous) sweep(ctx context.Context, g *Gradient, t0, t1 float64) error {
	clear(c.z)
	if c.resolve != nil {
		c.marks.finish(t1)
	}
	lam := c.z[c.at : c.at+c.k]
	i := len(g.Times) - 1
	zero, first := c.field.integral == nil, true
	for t := t1; ; {
		for ; i >= 0 && g.Times[i] == t; i-- {
			zero = zero && isZero(c.grads[i*c.k:(i+1)*c.k])
			if err := c.cover(ctx, t); err != nil {
				return err
			}
			if err := c.jump(lam, t, c.grads[i*c.k:(i+1)*c.k]); err != nil {
				return &ReverseError{Method: c.method, Time: t, Err: err}
			}
		}
		if t == t0 {
			break
		}
		next := t0
		if i >= 0 {
			next = g.Times[i]
		}
		if c.resolve != nil {
			if err := c.cover(ctx, t); err != nil {
				return err
			}
			next = c.marks.stop(next)
		}
		next = c.hit(t, next)
		if !zero || !c.variant.reads().forward {
			c.variant.prepare(c.z, g, t, first)
			first = false
			if err := c.segment(ctx, t, next); err != nil {
				return err
			}
		}
		t = next
	}
	c.initial(g, lam)
	return nil
}

// hit is the latest time between t and next, going back, that the forward solve was to step on, where f may be discontinuous; or next.
func (c *continuous) hit(t, next float64) float64 {
	for _, h := range c.setup.Options.Hit {
		if (t-h)*c.field.sign > 0 && (h-next)*c.field.sign > 0 {
			next = h
		}
	}
	return next
}

// cover makes the dense output between the checkpoints around t, or before it, available.
func (c *continuous) cover(ctx context.Context, t float64) error {
	if c.resolve == nil {
		return nil
	}
	m := &c.marks
	if !m.leave(t) {
		return nil
	}
	a, b := m.interval()
	sol, err := c.resolve.Solve(ctx, a, b, m.y[m.at*c.k:(m.at+1)*c.k])
	if sol != nil {
		c.stats.Add(&sol.Stats)
		c.stats.Steps -= sol.Stats.Steps // counted are reverse steps
	}
	if err != nil {
		return &ReverseError{Method: c.method, Time: a, Err: fmt.Errorf("the forward solve could not be repeated from a checkpoint: %w", err)}
	}
	c.field.look(sol.Dense)
	return nil
}

func (c *continuous) segment(ctx context.Context, ta, tb float64) error {
	sol, err := c.solver.Solve(ctx, ta, tb, c.z)
	if sol != nil {
		c.stats.Add(&sol.Stats)
	}
	if err == nil {
		copy(c.z, sol.YEnd)
		err = c.variant.finish(sol, ta, tb)
		if err == nil {
			return nil
		}
	}
	e := &ReverseError{Method: c.method, Time: ta, Err: err}
	var f *ode.Failure
	if errors.As(err, &f) {
		e.Time, e.Step = f.Time, f.Step
		var cut errReverseSteps
		if errors.As(err, &cut) {
			e.Err = cut
		}
	}
	return e
}
