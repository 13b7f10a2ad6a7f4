package ode

import (
	"errors"
	"fmt"
)

// A Problem is an initial value problem M y' = f(t, y): what is solved, not how. It is immutable and may be shared by
// goroutines; each worker evaluates it through a Field of its own.
type Problem struct {
	// Dim is the number of states.
	Dim int
	// Names are the names of the states, for messages; nil means y1, y2, ….
	Names []string
	// Mass is the matrix M; the zero value is the identity.
	Mass Mass
	// Jacobian is the layout of ∂f/∂y; the zero value is dense (see BandedJacobian and SparseJacobian).
	Jacobian JacobianLayout
	// Autonomous says that f does not depend on t, so that ∂f/∂t is never asked for.
	Autonomous bool
	// Scale holds a typical size of each state, for the default absolute tolerances; nil means 1.
	Scale []float64
	// New makes a Field with scratch space of its own, for one goroutine.
	New func() Field
}

// A Field evaluates a right-hand side. It owns its scratch space and, where it has them, its parameters; it belongs to
// one goroutine. An error that is (or wraps) a *Rejection asks for a smaller step; any other error ends the solve.
type Field interface {
	// Eval writes f(t, y) into dst (len Dim).
	Eval(dst []float64, t float64, y []float64) error
	// EvalJacobian writes f(t, y) into dst, ∂f/∂y into jac and, where dfdt is not nil, ∂f/∂t into dfdt, in one pass.
	EvalJacobian(dst []float64, jac *Jacobian, dfdt []float64, t float64, y []float64) error
}

// A SplitField is a right-hand side f = fI + fE whose stiff part fI is treated implicitly and whose rest fE explicitly
// by an IMEX method. Eval and EvalJacobian are those of the sum, so that every other method can solve it too.
type SplitField interface {
	Field
	// EvalImplicit writes fI(t, y) into dst and, where jac is not nil, ∂fI/∂y into jac.
	EvalImplicit(dst []float64, jac *Jacobian, t float64, y []float64) error
	// EvalExplicit writes fE(t, y) into dst.
	EvalExplicit(dst []float64, t float64, y []float64) error
}

// A ParamField is a right-hand side f(t, y; p) with m parameters and the derivative products that sensitivities need.
// The products belong to the point (t, y) of the latest call of Eval or EvalJacobian and reuse its work.
// Blocks are row-major; k is Dim.
type ParamField interface {
	Field
	// NumParams is m.
	NumParams() int
	// Bind sets the parameters (len m; copied).
	Bind(p []float64)
	// VJP adds wᵀ ∂f/∂y to gy and wᵀ ∂f/∂p to gp; either may be nil.
	VJP(gy, gp, w []float64)
	// JVP writes ∂f/∂y·V + ∂f/∂p·Q into dst (k×n) for n directions at once: V is k×n, Q is m×n; either may be nil.
	JVP(dst, v, q []float64, n int)
	// ParamJacobian writes columns c0 ≤ c < c1 of ∂f/∂p into dst (k×(c1−c0)).
	ParamJacobian(dst []float64, c0, c1 int)
	// SecondOrder adds to gy and gp (either may be nil) the gradient with respect to y and p of
	// Σ_{i<n} wᵢᵀ (∂f/∂y·uᵢ + ∂f/∂t·τᵢ), which the exact derivative of a Rosenbrock step needs;
	// w and u are n×k, tau has n values or is nil.
	SecondOrder(gy, gp, w, u, tau []float64, n int)
	// SecondOrderJacobian writes ∂(∂f/∂y·u + ∂f/∂t·τ)/∂y into dy (k×k) and columns c0 ≤ c < c1 of its derivative with
	// respect to p into dp (k×(c1−c0), may be nil).
	SecondOrderJacobian(dy, dp, u []float64, tau float64, c0, c1 int)
}

// A BatchParamField evaluates many points in one call, in SIMD lanes across points, and writes an m-long result once.
// Points are rows: y and w are n×k.
type BatchParamField interface {
	ParamField
	// Jacobians writes ∂f/∂y at n points into jac (n×k×k).
	Jacobians(jac []float64, t, y []float64, n int) error
	// ParamVJPs adds Σ_j w_jᵀ ∂f/∂p(t_j, y_j) to gp and, where gy is not nil, writes w_jᵀ ∂f/∂y into its rows (n×k).
	ParamVJPs(gp, gy []float64, t, y, w []float64, n int) error
}

// A StageField evaluates f at several points in one call, in SIMD lanes across points: the stages of a fully implicit method.
type StageField interface {
	Field
	// EvalStages writes f(t_j, y_j) at n points into the rows of dst (n×k), y being n×k too. The products of a ParamField belong to no point after
	// it.
	EvalStages(dst, t, y []float64, n int) error
}

// A DeferringField can put off what it adds to the gradient with respect to the parameters, so that a gradient that does not fit into the
// caches is read and written once for many products.
type DeferringField interface {
	ParamField
	// Defer says whether VJP and SecondOrder may put off their additions to gp, which is then the same slice in all calls, until Settle.
	// It forgets what has not been settled.
	Defer(on bool)
	// Settle makes the additions that were put off.
	Settle()
}

// An AdjointField does VJP and SecondOrder at one point in one pass.
type AdjointField interface {
	ParamField
	// Adjoint is VJP(gy, gp, w0) and SecondOrder(gy, gp, w, u, tau, n) together.
	Adjoint(gy, gp, w0, w, u, tau []float64, n int)
}

// A Rejection is the error with which a Field asks for a smaller step, for example because a trial point lies where f is
// not defined. It is counted, and reported if no smaller step helps.
type Rejection struct {
	// Reason says what was wrong at the point.
	Reason string
}

func (r *Rejection) Error() string { return "right-hand side asked for a smaller step: " + r.Reason }

// Func makes a Problem from a plain right-hand side with dim states; its Jacobian is approximated by finite differences
// (see FiniteDifference). The function f must not keep state between calls, since every goroutine calls it.
func Func(dim int, f func(dst []float64, t float64, y []float64)) *Problem {
	return FiniteDifference(&Problem{Dim: dim, New: func() Field { return evalFunc(f) }})
}

// evalFunc is a right-hand side without a Jacobian.
type evalFunc func(dst []float64, t float64, y []float64)

func (f evalFunc) Eval(dst []float64, t float64, y []float64) error {
	f(dst, t, y)
	return nil
}

func (f evalFunc) EvalJacobian([]float64, *Jacobian, []float64, float64, []float64) error {
	return ErrNoJacobian
}

// ErrNoJacobian is returned by EvalJacobian of a Field that has none. FiniteDifference supplies one.
var ErrNoJacobian = errors.New("ode: the right-hand side has no Jacobian; wrap the problem with ode.FiniteDifference or choose an explicit method")

// FuncJacobian makes a Problem from a right-hand side and its dense Jacobian; jac.Set(i, j, ∂fᵢ/∂yⱼ) is called on a
// matrix that has been set to zero. Time derivatives are approximated by a finite difference.
func FuncJacobian(dim int, f func(dst []float64, t float64, y []float64), jac func(jac *Jacobian, t float64, y []float64)) *Problem {
	return &Problem{Dim: dim, New: func() Field {
		return &funcJacobian{f: f, jac: jac, tmp: make([]float64, dim)}
	}}
}

type funcJacobian struct {
	f   func(dst []float64, t float64, y []float64)
	jac func(jac *Jacobian, t float64, y []float64)
	tmp []float64
	timeDifferencer
}

func (f *funcJacobian) Eval(dst []float64, t float64, y []float64) error {
	f.f(dst, t, y)
	return nil
}

func (f *funcJacobian) EvalJacobian(dst []float64, jac *Jacobian, dfdt []float64, t float64, y []float64) error {
	f.f(dst, t, y)
	jac.Zero()
	f.jac(jac, t, y)
	if dfdt != nil {
		return f.time(f.Eval, dfdt, dst, f.tmp, t, y)
	}
	return nil
}

// Name returns the name of state i for messages.
func (p *Problem) Name(i int) string {
	if i < 0 {
		return ""
	}
	if i < len(p.Names) {
		return p.Names[i]
	}
	return fmt.Sprintf("y%d", i+1)
}

// check reports what is wrong with the description itself.
func (p *Problem) check() error {
	switch {
	case p == nil:
		return &InputError{What: "problem", Msg: "is nil"}
	case p.Dim < 1:
		return &InputError{What: "problem", Msg: fmt.Sprintf("has dimension %d; at least one state is needed", p.Dim)}
	case p.New == nil:
		return &InputError{What: "problem", Msg: "has no right-hand side (New is nil)"}
	case p.Names != nil && len(p.Names) != p.Dim:
		return &InputError{What: "problem", Msg: fmt.Sprintf("has %d names for %d states", len(p.Names), p.Dim)}
	case p.Scale != nil && len(p.Scale) != p.Dim:
		return &InputError{What: "problem", Msg: fmt.Sprintf("has %d scales for %d states", len(p.Scale), p.Dim)}
	}
	if err := p.Mass.check(p.Dim); err != nil {
		return err
	}
	return p.Jacobian.check(p.Dim)
}
