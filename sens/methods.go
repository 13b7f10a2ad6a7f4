package sens

import (
	"strings"

	"github.com/stiffnode/stiffnode/internal/names"
	"github.com/stiffnode/stiffnode/ode"
)

// defaultMemoryLimit is the bound of the checkpointed method in the list.
const defaultMemoryLimit = 16 << 20

// Methods lists every gradient method, with its default options, by the name used on the command line.
func Methods() []Method {
	return []Method{
		DiscreteReverse{}, DiscreteReverse{ErrorTest: true}, DiscreteReverse{MemoryLimit: defaultMemoryLimit}, DiscreteForward{}, ContinuousForward{},
		QuadratureAdjoint{}, GaussAdjoint{}, IMEXAdjoint{}, InterpolatingAdjoint{}, UnsplitForward{}, Backsolve{}, Backsolve{Checkpoint: true},
	}
}

// MethodByName finds a gradient method, ignoring case. The error suggests the nearest name and lists what there is.
func MethodByName(name string) (Method, error) {
	var known []string
	for _, m := range Methods() {
		n := m.Info().Name
		if strings.EqualFold(n, name) {
			return m, nil
		}
		known = append(known, n)
	}
	return nil, &ode.InputError{What: "gradient method", Msg: names.Unknown(name, known)}
}

// A Combination is one that is refused, with the reason.
type Combination struct {
	// Gradient is the gradient method; Solvers are the solvers with which it is refused under the condition, or "all".
	Gradient string
	Solvers  []string
	// Condition is what holds besides, for example a singular mass matrix.
	Condition string
	// Reason says why, and what to do.
	Reason string
}

// A condition is something about problem or loss under which combinations are tried.
type condition struct {
	name  string
	apply func(*Setup)
}

var conditions = []condition{
	{"", func(*Setup) {}},
	{"a mass matrix", func(s *Setup) { s.Problem.Mass = ode.DiagonalMass(1) }},
	{"a Jacobian by finite differences", func(s *Setup) { s.Problem = ode.FiniteDifference(s.Problem) }},
	{"a right-hand side without parameter derivatives", func(s *Setup) {
		s.Problem = ode.Func(1, func(dst []float64, _ float64, y []float64) { dst[0] = -y[0] })
	}},
	{"events", func(s *Setup) {
		s.Options.Events = []ode.Event{{Name: "zero", Value: func(_ float64, y []float64) float64 { return y[0] }}}
	}},
	{"integrals asked of the solver", func(s *Setup) {
		s.Options.Quadrature = &ode.Quadrature{N: 1, Eval: func(dst []float64, _ float64, y []float64) error {
			dst[0] = y[0]
			return nil
		}}
	}},
}

// Combinations lists what is refused when it is built, found by trying every gradient method with every solver under every condition on a
// small problem, and what is refused by the loss. A combination that the solver itself refuses, such as an explicit method with
// a mass matrix, is not listed.
func Combinations() []Combination {
	var out []Combination
	for _, g := range Methods() {
		always := map[string]bool{} // solvers with which it is refused whatever the condition
		for i, c := range conditions {
			found := refusals(g, c, always)
			if i == 0 {
				for _, f := range found {
					for _, name := range f.Solvers {
						always[name] = true
					}
				}
			}
			out = append(out, found...)
		}
		switch d := g.(type) {
		case Backsolve, UnsplitForward:
			out = append(out, Combination{g.Info().Name, []string{"all"}, "an integral cost", "its source term is not part of the system solved; use another gradient method"})
		case DiscreteReverse:
			if d.MemoryLimit > 0 {
				out = append(out, Combination{g.Info().Name, []string{"all"}, "an integral cost", "the nodes of the integral would have to be kept; remove the limit, or use a continuous method"})
			}
		}
	}
	return out
}

// refusals tries one gradient method under one condition with every solver but those excepted.
func refusals(g Method, c condition, except map[string]bool) (out []Combination) {
	reasons := map[string]int{}
	tried := 0
	for _, m := range ode.Methods() {
		if except[m.Info().Name] {
			continue
		}
		s := Setup{Problem: probe(m), Options: ode.Options{Method: m}}
		c.apply(&s)
		if _, err := ode.NewSolver(s.Problem, s.Options); err != nil {
			continue
		}
		tried++
		_, err := g.New(s)
		refused, ok := err.(*RefusedError)
		if !ok {
			continue
		}
		i, known := reasons[refused.Reason]
		if !known {
			i = len(out)
			reasons[refused.Reason] = i
			out = append(out, Combination{Gradient: g.Info().Name, Condition: c.name, Reason: refused.Reason})
		}
		out[i].Solvers = append(out[i].Solvers, m.Info().Name)
	}
	for i := range out {
		if len(out[i].Solvers) == tried {
			out[i].Solvers = []string{"all"}
		}
	}
	return out
}

// probe is y′ = −p y for a solver, split where the solver splits.
func probe(m ode.Method) *ode.Problem {
	p := &ode.Problem{Dim: 1, Autonomous: true, New: func() ode.Field { return &decay{} }}
	if m.Info().Split {
		p.New = func() ode.Field { return &splitDecay{} }
	}
	return p
}

// decay is the right-hand side −p y.
type decay struct{ p, y float64 }

func (d *decay) NumParams() int   { return 1 }
func (d *decay) Bind(p []float64) { d.p = p[0] }

func (d *decay) Eval(dst []float64, _ float64, y []float64) error {
	d.y = y[0]
	dst[0] = -d.p * d.y
	return nil
}

func (d *decay) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, y []float64) error {
	jac.Set(0, 0, -d.p)
	clear(dfdt)
	return d.Eval(dst, t, y)
}

func (d *decay) VJP(gy, gp, w []float64) {
	if gy != nil {
		gy[0] -= d.p * w[0]
	}
	if gp != nil {
		gp[0] -= d.y * w[0]
	}
}

func (d *decay) JVP(dst, v, q []float64, n int) {
	for c := range n {
		dst[c] = 0
		if v != nil {
			dst[c] -= d.p * v[c]
		}
		if q != nil {
			dst[c] -= d.y * q[c]
		}
	}
}

func (d *decay) ParamJacobian(dst []float64, c0, c1 int) {
	if c0 < c1 {
		dst[0] = -d.y
	}
}

func (d *decay) SecondOrder(_, gp, w, u, _ []float64, n int) {
	for i := range n {
		if gp != nil {
			gp[0] -= w[i] * u[i]
		}
	}
}

func (d *decay) SecondOrderJacobian(dy, dp, u []float64, _ float64, c0, c1 int) {
	dy[0] = 0
	if dp != nil && c0 < c1 {
		dp[0] = -u[0]
	}
}

// splitDecay is the same with an explicit part of zero.
type splitDecay struct{ decay }

func (d *splitDecay) EvalImplicit(dst []float64, jac *ode.Jacobian, t float64, y []float64) error {
	if jac != nil {
		return d.EvalJacobian(dst, jac, nil, t, y)
	}
	return d.Eval(dst, t, y)
}

func (d *splitDecay) EvalExplicit(dst []float64, _ float64, _ []float64) error {
	dst[0] = 0
	return nil
}
