package sens

import (
	"context"
	"fmt"
	"strings"

	"github.com/stiffnode/stiffnode/ode"
)

// primal is the forward solve whose steps are recorded on a tape.
type primal struct {
	method string
	setup  Setup
	solver *ode.Solver
	field  ode.ParamField
	tape   ode.Tape
	k, m   int
	// nodes are visited by a second solver, made when a loss has an integral
	nodes    nodes
	observed *ode.Solver
	lock     *tested // with sensitivities in the error test
}

// newPrimal checks the setup and makes the solver.
func newPrimal(s Setup, method string) (*primal, error) {
	if _, err := paramField(&s, method); err != nil {
		return nil, err
	}
	if err := checkOptions(&s, method); err != nil {
		return nil, err
	}
	p := &primal{method: method, setup: s}
	opt := s.Options
	opt.SaveAt, opt.Dense = []float64{}, false
	opt.Tape = &p.tape
	p.tape.KeepFactors = true
	var err error
	if p.solver, err = ode.NewSolver(s.Problem, opt); err != nil {
		return nil, err
	}
	if p.field, err = asParamField(&s, p.solver.Field(), method); err != nil {
		return nil, err
	}
	p.k, p.m = s.Problem.Dim, p.field.NumParams()
	return p, nil
}

// The families of package ode, by the name in ode.Info.
const (
	familyExplicit   = "explicit Runge–Kutta"
	familyRosenbrock = "Rosenbrock"
	familyDIRK       = "ESDIRK"
	familyIMEX       = "additive Runge–Kutta (IMEX)"
	familyFIRK       = "fully implicit Runge–Kutta"
	familyBDF        = "linear multistep (Nordsieck)"
	familySwitching  = "switching pair"
	familyAuto       = "automatic choice"
)

// differentiable are the families whose steps have a rule.
var differentiable = []string{familyExplicit, familyRosenbrock, familyDIRK, familyIMEX, familyFIRK, familyBDF, familySwitching, familyAuto}

// orders are those of a method's steps and of its dense output; of a pair, which gives the lower ones, those of its explicit partner.
func orders(m ode.Method) (order, dense int) {
	if m == nil {
		m = ode.Auto
	}
	i := m.Info()
	switch i.Family {
	case familySwitching:
		return max(i.Order, 5), max(i.DenseOrder, 4)
	case familyAuto:
		return 8, 7
	}
	return i.Order, i.DenseOrder
}

// checkOptions refuses what a discrete method cannot differentiate.
func checkOptions(s *Setup, method string) error {
	refuse := func(format string, a ...any) error {
		return &RefusedError{Method: method, Solver: solverName(s), Reason: fmt.Sprintf(format, a...)}
	}
	if len(s.Options.Events) > 0 {
		return refuse("the times of events depend on the parameters, which frozen steps do not see; solve between events one by one")
	}
	if s.Options.Quadrature != nil {
		return refuse("quadratures are not differentiated; put the integral into the loss")
	}
	if len(s.Options.Hit) > 0 && newConstraint(s.Problem).singular() {
		return refuse("the values that are made consistent anew at every time to hit depend on the parameters, which is not differentiated; solve piece by piece")
	}
	m := s.Options.Method
	if m == nil {
		m = ode.Auto
	}
	family := m.Info().Family
	if ode.ApproximateJacobian(s.Problem.New()) {
		switch family {
		case familyRosenbrock:
			return refuse("its steps contain the Jacobian, which is a finite difference here and has no derivative; supply the Jacobian, or choose a method with Newton's iteration (KenCarp4, Radau, BDF)")
		case familySwitching, familyAuto:
			return refuse("its choice may fall on steps that contain the Jacobian, which is a finite difference here and has no derivative; supply the Jacobian, or choose a method with Newton's iteration (KenCarp4, Radau, BDF)")
		}
	}
	if m.Info().Split {
		if _, ok := s.Problem.New().(Splitter); !ok {
			return refuse("the parts of the split right-hand side cannot be differentiated apart; it must implement sens.Splitter")
		}
	}
	for _, f := range differentiable {
		if family == f {
			return nil
		}
	}
	return refuse("no derivative is known for steps of the family %q; there is one for %s", family, strings.Join(differentiable, ", "))
}

// record solves and records for a loss; with an integral it also visits the quadrature nodes of every step.
func (p *primal) record(ctx context.Context, params, y0 []float64, t0, t1 float64, times []float64, loss Loss) (*ode.Solution, error) {
	p.nodes.reset()
	_, integral := loss.(IntegralLoss)
	if p.lock != nil {
		return p.lock.solve(ctx, params, y0, t0, t1, times, integral)
	}
	if !integral {
		return p.solve(ctx, params, y0, t0, t1, times)
	}
	if p.observed == nil {
		opt := p.setup.Options
		opt.SaveAt, opt.Dense, opt.Tape = []float64{}, false, &p.tape
		_, dense := orders(p.solver.Method())
		p.nodes.init(dense)
		opt.Observer = p.visit
		var err error
		if p.observed, err = ode.NewSolver(p.setup.Problem, opt); err != nil {
			return nil, err
		}
	}
	plain := p.solver
	p.solver = p.observed
	defer func() { p.solver = plain }()
	bind(p.observed.Field().(ode.ParamField), params)
	return p.solve(ctx, params, y0, t0, t1, times)
}

// visit notes the nodes of a step.
func (p *primal) visit(s *ode.Step) error {
	p.nodes.step(s, len(p.tape.Steps)-1, p.k)
	if o := p.setup.Options.Observer; o != nil {
		return o(s)
	}
	return nil
}

// solve records the solve from (t0, y0) to t1 with parameters p, saved at times.
func (p *primal) solve(ctx context.Context, params, y0 []float64, t0, t1 float64, times []float64) (*ode.Solution, error) {
	if err := checkGradient(p.m, params, times); err != nil {
		return nil, err
	}
	bind(p.field, params)
	p.solver.SetSaveAt(times)
	return p.solver.Solve(ctx, t0, t1, y0)
}

// failed describes an error of the derivative pass at step i.
func (p *primal) failed(i int, err error) error {
	e := &ReverseError{Method: p.method, Err: err}
	if i < len(p.tape.Steps) {
		e.Time, e.Step = p.tape.Steps[i].T, p.tape.Steps[i].H
	}
	return e
}

// checkGradient checks the arguments that the solver does not.
func checkGradient(m int, p, times []float64) error {
	if len(p) != m {
		return &ode.InputError{What: "parameters", Msg: fmt.Sprintf("have %d values; the right-hand side has %d", len(p), m)}
	}
	if len(times) == 0 {
		return &ode.InputError{What: "times to save", Msg: "are none; a loss needs at least one"}
	}
	return nil
}

// A panicError is a panic of a user's function.
type panicError struct{ value any }

func (e panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// guard turns a panic of a user's function during the derivative pass into an error.
func (p *primal) guard(err *error) {
	if r := recover(); r != nil {
		*err = &ReverseError{Method: p.method, Err: panicError{r}}
	}
}

// resize returns v with length n, reusing its memory.
func resize(v []float64, n int) []float64 {
	if cap(v) < n {
		return make([]float64, n)
	}
	return v[:n]
}

// begin fills the parts of g that belong to the forward solve and evaluates the loss; row o of grads is ∂ℓ_o/∂y.
func (g *Gradient) begin(sol *ode.Solution, loss Loss, grads []float64, k, m int) {
	g.Params, g.Initial = resize(g.Params, m), resize(g.Initial, k)
	clear(g.Params)
	clear(g.Initial)
	g.Times = append(g.Times[:0], sol.Times...)
	g.Y = append(g.Y[:0], sol.Y...)
	g.Forward, g.Reverse = sol.Stats, ode.Stats{}
	g.Loss, g.End, g.Checkpoints = 0, 0, Checkpoints{}
	g.Tightened, g.Error = 0, nil
	for i, t := range g.Times {
		grad := grads[i*k : (i+1)*k]
		clear(grad)
		g.Loss += loss.At(i, t, g.Y[i*k:(i+1)*k], grad)
	}
}

// weigh fills g from a recorded solve. It returns the covectors of the saved states, and those of all outputs on the tape, among which
// an integral puts the nodes of every step.
func (p *primal) weigh(g *Gradient, sol *ode.Solution, loss Loss, grads []float64) (saved, all []float64) {
	saved = resize(grads, len(sol.Y))
	g.begin(sol, loss, saved, p.k, p.m)
	if integral, ok := loss.(IntegralLoss); ok {
		return saved, p.nodes.merge(g, &p.tape, integral, saved, p.k)
	}
	return saved, saved
}
