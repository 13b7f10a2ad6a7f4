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
)

// differentiable are the families whose steps have a rule.
var differentiable = []string{familyExplicit, familyRosenbrock, familyDIRK, familyIMEX, familyFIRK, familyBDF, familySwitching}

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
	m := s.Options.Method
	if m == nil {
		m = ode.Auto
	}
	family := m.Info().Family
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

// solve records the solve from (t0, y0) to t1 with parameters p, saved at times.
func (p *primal) solve(ctx context.Context, params, y0 []float64, t0, t1 float64, times []float64) (*ode.Solution, error) {
	if len(params) != p.m {
		return nil, &ode.InputError{What: "parameters", Msg: fmt.Sprintf("have %d values; the right-hand side has %d", len(params), p.m)}
	}
	if len(times) == 0 {
		return nil, &ode.InputError{What: "times to save", Msg: "are none; a loss needs at least one"}
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

// guard turns a panic of a user's function during the derivative pass into an error.
func (p *primal) guard(err *error) {
	if r := recover(); r != nil {
		*err = &ReverseError{Method: p.method, Err: fmt.Errorf("panic: %v", r)}
	}
}

// resize returns v with length n, reusing its memory.
func resize(v []float64, n int) []float64 {
	if cap(v) < n {
		return make([]float64, n)
	}
	return v[:n]
}

// begin fills the parts of g that belong to the forward solve and evaluates the loss; row o of grads is ∂ℓ_o/∂y. It returns dL/dt1.
func (g *Gradient) begin(sol *ode.Solution, loss Loss, grads []float64, k, m int) {
	g.Params, g.Initial = resize(g.Params, m), resize(g.Initial, k)
	clear(g.Params)
	clear(g.Initial)
	g.Times = append(g.Times[:0], sol.Times...)
	g.Y = append(g.Y[:0], sol.Y...)
	g.Forward, g.Reverse = sol.Stats, ode.Stats{}
	g.Loss, g.End = 0, 0
	for i, t := range g.Times {
		grad := grads[i*k : (i+1)*k]
		clear(grad)
		g.Loss += loss.At(i, t, g.Y[i*k:(i+1)*k], grad)
	}
}

// end computes dL/dt1 = Σ_{t_i = t1} ∂ℓ_i/∂y · y'(t1): the saved times at the end move with it.
func (g *Gradient) end(p *primal, t1 float64, grads []float64, f []float64) error {
	k := p.k
	last := len(g.Times) - 1
	if last < 0 || g.Times[last] != t1 || !p.setup.Problem.Mass.IsIdentity() {
		return nil
	}
	if err := p.field.Eval(f, t1, g.Y[last*k:(last+1)*k]); err != nil {
		return err
	}
	for i := last; i >= 0 && g.Times[i] == t1; i-- {
		for j, v := range grads[i*k : (i+1)*k] {
			g.End += v * f[j]
		}
	}
	return nil
}
