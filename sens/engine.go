package sens

import (
	"fmt"

	"github.com/stiffnode/stiffnode/internal/kernel"
	"github.com/stiffnode/stiffnode/internal/linalg"
	"github.com/stiffnode/stiffnode/ode"
)

// An engine evaluates, for one goroutine, what the derivative of a recorded solve needs of its field: Jacobians and products at the
// points where the solver evaluated f. The points of a block of steps are gathered first, so that a field that can evaluate many
// points in one call is asked once per block.
type engine struct {
	prob  *ode.Problem
	field ode.ParamField
	// batcher is the field where it evaluates points in blocks, batch where the block in hand is evaluated in that way: it pays for
	// rules that need every Jacobian
	batcher, batch ode.BatchParamField
	// deferring is the field where it can put off its additions to the gradient
	deferring ode.DeferringField
	// fused is the field where it does first and second-order products in one pass
	fused ode.AdjointField
	// the parts of a split field, nil otherwise
	implicit, explicit ode.ParamField
	k, m               int
	stats              ode.Stats
	lu                 *linalg.LU
	// err is the first error of the field or of a factorisation.
	err error

	// the points gathered: n of them, y is n×k; with batch also the Jacobians (n×k×k) and the covectors w (n×k) of which
	// Σ wᵀ∂f/∂p is still to be added to the gradient
	n       int
	t, y    []float64
	jac, w  []float64
	current int // the point that the field was evaluated at last, or -1

	point *ode.Jacobian // the Jacobian at one point
	dense []float64     // the same, dense, for a banded layout
	f     []float64
	gp    []float64 // the parameter gradient that pull adds to
	// scratch of the rules: cov and arg hold a vector per stage
	cov, arg []float64
	tau      []float64
	sum      []float64
	// back is the adjoint that a step passes to the last stage vector of the step before, if haveBack; carry is that vector when
	// steps are executed again
	back, carry []float64
	haveBack    bool
	// hist is the history of a multistep method: its adjoint in reverse mode, itself when steps are executed again
	hist []float64
	con  *constraint      // of the mass matrix, nil for the identity
	minv *ode.MassInverse // the same
	dfdt []float64
	// of methods with coupled stages: the factors of all stages together, scratch, and M as a dense matrix
	big        *linalg.LU
	wide, unit []float64
	coupling   firkInverse
}

// newEngine makes the workspace for a problem whose field is given.
func newEngine(p *ode.Problem, field ode.ParamField) *engine {
	k := p.Dim
	field = exact(field, k)
	e := &engine{prob: p, field: field, k: k, m: field.NumParams(), lu: linalg.NewLU(k), point: ode.NewJacobian(k, p.Jacobian),
		f: make([]float64, k), sum: make([]float64, k), back: make([]float64, k), carry: make([]float64, k), current: -1}
	if p.Jacobian.Banded {
		e.dense = make([]float64, k*k)
	}
	if f, ok := field.(Splitter); ok {
		e.implicit, e.explicit = f.Parts()
	}
	e.deferring, _ = field.(ode.DeferringField)
	e.fused, _ = field.(ode.AdjointField)
	if e.con = newConstraint(p); e.con != nil {
		e.minv = ode.NewMassInverse(p.Mass, k)
	}
	return e
}

// The largest numbers of states for which the Jacobians of a block of points are evaluated in one call, where the Jacobians themselves are needed and
// where only one product with each of them is. Beyond, a Jacobian costs more than is saved (measured on networks of 2 to 20 states).
const (
	batchStates   = 8
	batchProducts = 4
)

// byJacobians says whether single products come cheapest from Jacobians of a block of points, which takes points side by side in registers.
func byJacobians(k int) bool { return k <= batchProducts && kernel.Vectorised() }

// useBatch lets the engine evaluate points in blocks, where the field can.
func (e *engine) useBatch() { e.batcher, _ = e.field.(ode.BatchParamField) }

// room makes the stage scratch large enough for s stages.
func (e *engine) room(s int) {
	if n := s * e.k; len(e.cov) < n {
		e.cov, e.arg, e.tau = make([]float64, n), make([]float64, n), make([]float64, s)
	}
}

// restart forgets the points gathered so far.
func (e *engine) restart() { e.n, e.current = 0, -1 }

// add gathers a point and returns its state, to be filled in by the caller.
func (e *engine) add(t float64) []float64 {
	k := e.k
	e.n++
	e.t = append(e.t[:e.n-1], t)
	if len(e.y) < e.n*k {
		e.y = append(e.y, make([]float64, e.n*k)...)
	}
	return e.y[(e.n-1)*k : e.n*k]
}

// evaluate computes the Jacobians of all gathered points where that is done in one call.
func (e *engine) evaluate() {
	if e.batch == nil || e.n == 0 {
		return
	}
	k := e.k
	if len(e.jac) < e.n*k*k {
		e.jac = make([]float64, e.n*k*k)
	}
	if len(e.w) < e.n*k {
		e.w = make([]float64, e.n*k)
	}
	clear(e.w[:e.n*k])
	e.stats.Jacobians += e.n
	e.stats.Evals += e.n
	e.fail(e.batch.Jacobians(e.jac[:e.n*k*k], e.t[:e.n], e.y[:e.n*k], e.n))
}

// putOff says whether additions to the gradient may wait until flush.
func (e *engine) putOff(on bool) {
	if e.deferring != nil {
		e.deferring.Defer(on)
	}
}

// flush adds what has been put off to the gradient.
func (e *engine) flush() {
	if e.deferring != nil {
		e.deferring.Settle()
	}
	if e.batch == nil || e.n == 0 || e.gp == nil {
		return
	}
	e.stats.Evals += e.n
	e.fail(e.batch.ParamVJPs(e.gp, nil, e.t[:e.n], e.y[:e.n*e.k], e.w[:e.n*e.k], e.n))
}

func (e *engine) fail(err error) {
	if err != nil && e.err == nil {
		e.err = err
	}
}

// visit makes the field remember point i.
func (e *engine) visit(i int) {
	if e.current == i {
		return
	}
	e.stats.Evals++
	e.fail(e.field.Eval(e.f, e.t[i], e.y[i*e.k:(i+1)*e.k]))
	e.current = i
}

// jacobian returns ∂f/∂y at point i, dense and row-major; it is valid until the next call.
func (e *engine) jacobian(i int) []float64 {
	if e.batch != nil {
		return e.jac[i*e.k*e.k : (i+1)*e.k*e.k]
	}
	e.current = i
	return e.jacobianOf(e.field, e.t[i], e.y[i*e.k:(i+1)*e.k])
}

// jacobianOf evaluates a field with its Jacobian, returned dense; f is left in e.f.
func (e *engine) jacobianOf(field ode.ParamField, t float64, y []float64) []float64 {
	e.stats.Evals++
	e.stats.Jacobians++
	e.fail(field.EvalJacobian(e.f, e.point, nil, t, y))
	return e.densePoint()
}

// bind sets the parameters of a field and of its parts.
func bind(f ode.ParamField, p []float64) {
	f.Bind(p)
	if s, ok := f.(Splitter); ok {
		a, b := s.Parts()
		a.Bind(p)
		b.Bind(p)
	}
}

func (e *engine) densePoint() []float64 {
	return denseJacobian(e.point, e.dense)
}

// denseJacobian returns the entries of a Jacobian as a dense row-major matrix; scratch is used for a banded layout.
func denseJacobian(j *ode.Jacobian, scratch []float64) []float64 {
	n := j.N
	if !j.Layout.Banded {
		return j.Data[:n*n]
	}
	for i := range n {
		for l := range n {
			scratch[i*n+l] = j.At(i, l)
		}
	}
	return scratch
}

// pull adds wᵀ∂f/∂y at point i to gy and sees to it that wᵀ∂f/∂p is added to the gradient. With batch it may be called once per point.
func (e *engine) pull(gy []float64, i int, w []float64) {
	if e.batch != nil {
		copy(e.w[i*e.k:(i+1)*e.k], w)
		addTransposed(gy, e.jac[i*e.k*e.k:(i+1)*e.k*e.k], w)
		return
	}
	e.visit(i)
	e.field.VJP(gy, e.gp, w)
}

// factor factorises M − γJ for a dense row-major J.
func (e *engine) factor(gamma float64, jac []float64) {
	k := e.k
	w := e.lu.Matrix()
	for i, v := range jac[:k*k] {
		w[i] = -gamma * v
	}
	addMass(w, k, &e.prob.Mass)
	e.stats.Factorisations++
	if err := e.lu.FactorInPlace(); err != nil {
		e.fail(fmt.Errorf("iteration matrix M − %.3g·J: %w", gamma, err))
	}
}

// history returns the history of a multistep method.
func (e *engine) history(k int) []float64 {
	if n := bdfVectors * k; len(e.hist) < n {
		e.hist = make([]float64, n)
	}
	return e.hist[:bdfVectors*k]
}

// passBack adds ratio·z to the adjoint of the last stage vector of the step before.
func (e *engine) passBack(z []float64, ratio float64) {
	for j, v := range z {
		e.back[j] = ratio * v
	}
	e.haveBack = true
}

// addTransposed adds Aᵀw to dst, for a dense row-major square A.
func addTransposed(dst, a, w []float64) {
	n := len(w)
	dst = dst[:n]
	for i, x := range w {
		if x == 0 {
			continue
		}
		row := a[i*n : i*n+n]
		for j, v := range row {
			dst[j] += x * v
		}
	}
}

// shortVector is up to how many numbers a loop over a vector beats the call of a kernel.
const shortVector = 6

// addVectors adds s·Σ_j a_j v_j to dst, where all holds the vectors v_j one after the other.
func addVectors(dst []float64, s float64, a, all []float64) {
	n := len(dst)
	if n <= shortVector {
		for j, w := range a {
			if w != 0 {
				w *= s
				for l, v := range all[j*n : (j+1)*n] {
					dst[l] += w * v
				}
			}
		}
		return
	}
	for j, w := range a {
		if w != 0 {
			kernel.AddScaled(dst, s*w, all[j*n:(j+1)*n])
		}
	}
}

func isZero(v []float64) bool {
	for _, x := range v {
		if x != 0 {
			return false
		}
	}
	return true
}

// paramField makes a field and checks that it has what sensitivities need.
func paramField(s *Setup, method string) (ode.ParamField, error) {
	if s.Problem == nil || s.Problem.New == nil {
		return nil, &ode.InputError{What: "problem", Msg: "is nil or has no right-hand side"}
	}
	return asParamField(s, s.Problem.New(), method)
}

func asParamField(s *Setup, f ode.Field, method string) (ode.ParamField, error) {
	if pf, ok := f.(ode.ParamField); ok {
		return pf, nil
	}
	return nil, &RefusedError{Method: method, Solver: solverName(s),
		Reason: fmt.Sprintf("the right-hand side (%T) has no derivatives with respect to parameters; it must implement ode.ParamField", f)}
}

func solverName(s *Setup) string {
	m := s.Options.Method
	if m == nil {
		m = ode.Auto
	}
	return m.Info().Name
}
