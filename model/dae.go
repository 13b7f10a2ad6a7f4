package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sort"

	"github.com/stiffnode/stiffnode/ode"
)

// KindDAE is what a model file calls a DAE.
const KindDAE = "scaled neural DAE"

// An Equation is a system of algebraic equations 0 = g(t, y) with its derivatives. It has no state and is called by many goroutines.
type Equation interface {
	// Len is the number r of equations.
	Len() int
	// Value writes g(t, y) into dst (r). A *ode.Rejection asks for a smaller step.
	Value(dst []float64, t float64, y []float64) error
	// Derivatives writes ∂g/∂y into dy (r×k, row-major) and ∂g/∂t into dt (r).
	Derivatives(dy, dt []float64, t float64, y []float64)
	// Curvature writes ∂(∂g/∂y·u + ∂g/∂t·τ)/∂y into dst (r×k).
	Curvature(dst []float64, t float64, y, u []float64, tau float64)
}

// equations are the algebraic equations that models may name, by name.
var equations = map[string]func(states []string) (Equation, error){}

// RegisterEquation makes a system of algebraic equations known under a name, for configurations and for model files, which
// keep the name alone. The function is told the names of the states and says by its error what it misses. It is meant to be called from
// init; a name that is taken is an error.
func RegisterEquation(name string, make func(states []string) (Equation, error)) error {
	if name == "" || make == nil || equations[name] != nil {
		return fmt.Errorf("model: an equation cannot be registered under the name %q: it is empty or taken", name)
	}
	equations[name] = make
	return nil
}

// Equations are the names of the registered equations.
func Equations() []string {
	out := []string{}
	for name := range equations {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

// DAE is a scaled neural ODE for some states and algebraic equations for the others (Kim et al. 2021, Eqs. 21–24),
//
//	dyᵢ/dt = fᵢ(t, y; p) for differential states,   0 = g(t, y),
//
// which is M y′ = f with a singular diagonal M. The network sees all states and learns the derivatives of the differential ones; there
// are as many states with the role Algebraic as equations, and ∂g/∂z must be regular in them: index 1.
type DAE struct {
	*Scaled
	laws []Law
	name string
	g    Equation
	alg  []int // state of every equation
}

var _ RHS = (*DAE)(nil)

// NewLawDAE makes a DAE of linear conservation laws, each with a Total, for the states of inner, which NewAlgebraic made.
func NewLawDAE(inner *Scaled, laws []Law) (*DAE, error) {
	if len(laws) == 0 {
		return nil, errors.New("model: algebraic equations need conservation laws or a registered equation")
	}
	states := inner.cfg.States
	if err := checkLaws(laws, states, inner.cfg.Magnitude); err != nil {
		return nil, err
	}
	for _, l := range laws {
		if l.Total == nil {
			return nil, &LawError{Law: l.Format(names(states)), Reason: "has no constant, without which it is no algebraic equation", Remedy: "write … = constant, or use the projection, which keeps what every trajectory begins with"}
		}
	}
	d := &DAE{Scaled: inner, laws: laws, g: linearEquation(laws)}
	if err := d.place(); err != nil {
		return nil, err
	}
	// the derivatives are constant, so index 1 can be judged here
	var sub []Law
	for _, l := range laws {
		w := make([]float64, len(d.alg)+1)
		for j, i := range d.alg {
			w[j] = l.Weights[i] * inner.cfg.Magnitude[i]
		}
		sub = append(sub, Law{Weights: w})
	}
	reduced, ones := make([]State, len(d.alg)+1), slices.Repeat([]float64{1}, len(d.alg)+1)
	for j := range reduced {
		reduced[j] = State{Name: fmt.Sprint(j), Role: Learned}
	}
	if err := checkLaws(sub, reduced, ones); err != nil {
		var at []string
		for _, i := range d.alg {
			at = append(at, states[i].Name)
		}
		return nil, &IndexError{States: at, Reason: "the laws do not determine them: ∂g/∂z is singular, so that their derivatives would have to be differentiated (index above 1)"}
	}
	return d, nil
}

// NewEquationDAE makes a DAE of a registered system of equations.
func NewEquationDAE(inner *Scaled, name string) (*DAE, error) {
	mk := equations[name]
	if mk == nil {
		return nil, fmt.Errorf("model: no algebraic equation is registered under the name %q; there are %v", name, Equations())
	}
	g, err := mk(names(inner.cfg.States))
	if err != nil {
		return nil, err
	}
	d := &DAE{Scaled: inner, name: name, g: g}
	return d, d.place()
}

// NewAlgebraic is NewScaled for states of which some are algebraic: the network's inputs and not its outputs. It is not a right-hand side
// by itself, but the inner part of a DAE.
func NewAlgebraic(c ScaledConfig) (*Scaled, error) { return newScaled(c) }

// An IndexError says that algebraic equations do not determine the algebraic states.
type IndexError struct {
	States []string
	Reason string
}

func (e *IndexError) Error() string {
	return fmt.Sprintf("model: the algebraic states %v cannot be solved for: %s; choose other algebraic states, or differentiate the constraint until it determines them", e.States, e.Reason)
}

// place gives every equation its row.
func (d *DAE) place() error {
	for i, s := range d.cfg.States {
		if s.Role == Algebraic {
			d.alg = append(d.alg, i)
		}
	}
	if len(d.alg) != d.g.Len() {
		return fmt.Errorf("model: %d algebraic equations for %d algebraic states; there must be as many", d.g.Len(), len(d.alg))
	}
	return nil
}

// Laws are the conservation laws that are the algebraic equations; nil where these are others.
func (d *DAE) Laws() []Law { return d.laws }

// Kind implements RHS.
func (d *DAE) Kind() string { return KindDAE }

// Problem implements RHS.
func (d *DAE) Problem() *ode.Problem {
	p := d.Scaled.Problem()
	diagonal := slices.Repeat([]float64{1}, p.Dim)
	for _, i := range d.alg {
		diagonal[i] = 0
	}
	p.Mass = ode.DiagonalMass(diagonal...)
	p.Autonomous = p.Autonomous && d.laws != nil
	p.New = func() ode.Field { return newDAEField(d) }
	return p
}

type daeDescription struct {
	Scaled   scaledDescription `json:"scaled"`
	Laws     []Law             `json:"laws,omitempty"`
	Equation string            `json:"equation,omitempty"`
}

// Describe implements RHS.
func (d *DAE) Describe() any {
	return daeDescription{d.Scaled.Describe().(scaledDescription), d.laws, d.name}
}

func readDAE(states []State, raw json.RawMessage) (RHS, error) {
	var d daeDescription
	if err := strictJSON(raw, &d); err != nil {
		return nil, err
	}
	inner, err := newScaled(d.Scaled.config(states))
	if err != nil {
		return nil, err
	}
	if d.Equation != "" && len(d.Laws) > 0 {
		return nil, errors.New("it has both conservation laws and a named equation")
	}
	if d.Equation != "" {
		return NewEquationDAE(inner, d.Equation)
	}
	return NewLawDAE(inner, d.Laws)
}

// linearEquation is g = Cᵀy − const.
type linearEquation []Law

func (e linearEquation) Len() int { return len(e) }

func (e linearEquation) Value(dst []float64, _ float64, y []float64) error {
	for r, l := range e {
		dst[r] = l.Value(y) - *l.Total
	}
	return nil
}

func (e linearEquation) Derivatives(dy, dt []float64, _ float64, y []float64) {
	for r, l := range e {
		copy(dy[r*len(y):], l.Weights)
		dt[r] = 0
	}
}

func (e linearEquation) Curvature(dst []float64, _ float64, _, _ []float64, _ float64) { clear(dst) }

// Inner returns the scaled neural ODE that a right-hand side is made of.
func Inner(rhs RHS) (*Scaled, bool) {
	switch r := rhs.(type) {
	case *Scaled:
		return r, true
	case *Projected:
		return r.Scaled, true
	case *DAE:
		return r.Scaled, true
	}
	return nil, false
}
