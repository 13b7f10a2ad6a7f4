package sens

import (
	"fmt"
	"math"

	"github.com/stiffnode/stiffnode/ode"
)

// A stageQuadrature holds the parameters' integral g′ = −(∂f/∂p)ᵀω to the tolerance of the reverse solve, as if g were among its states, without
// its m rows in any matrix: g enters neither equation, so that the stages of g follow from those of ω. For every family the step adds
//
//	Δg = −Σ_i β_i (∂f/∂p)ᵀ(t_i) ω_i,   with error −Σ_i ε_i (∂f/∂p)ᵀ(t_i) ω_i,
//
// where the weights come from the formula's own, B and E. A Rosenbrock step evaluates the Jacobian of the whole system, the rows of g among it, at its start: with r_i
// the right-hand side of stage i, u = (I − γC)⁻¹r, so that its weights are (I − γC)⁻ᵀB, and
//
//	r_i = −hγ((∂f/∂p)ᵀ(t_i) ω_i + (∂f/∂p)ᵀ(t_n) u_i) − h²γγ_i ∂/∂t((∂f/∂p)ᵀω)(t_n).
//
// The error of stiffly accurate methods is multiplied by the inverse of the iteration matrix, that of the whole system too, which the rows of g take
// part in (Hairer and Wanner II, eq. IV.8.20; Cao, Li, Petzold, Serban, SIAM J. Sci. Comput. 24, 1076, 2003, for the system of ω and g).
type stageQuadrature struct {
	c *continuous
	e *engine // for the factors of the error's filter
	s step
	// points of the step: times, states, covectors of increment and error
	n       int
	t       []float64
	y       []float64
	wv, we  []float64
	order2  [2]float64 // share of the second-order term
	omega   []float64  // ω at the start, for it
	inc     []float64  // of the step just judged
	err     []float64
	sum     []float64 // of all accepted steps since the pass began
	apart   []float64 // difference from it of the integral over the dense output
	atol    []float64
	beta    [2][]float64
	scratch []float64
	tau     [1]float64 // 1
	// the formula that is applied to the dense output of an accepted step, on [0, 1]; its difference from the sum of the stages takes part in the error
	x, w    []float64
	diff    []float64
	weights []float64
}

func newStageQuadrature(c *continuous) *stageQuadrature {
	k, m := c.k, c.m
	return &stageQuadrature{c: c, e: newEngine(c.setup.Problem, c.field.ParamField), omega: make([]float64, k), inc: make([]float64, m), err: make([]float64, m),
		sum: make([]float64, m), apart: make([]float64, m), diff: make([]float64, m), atol: make([]float64, m), scratch: make([]float64, k), tau: [1]float64{1}}
}

// begin starts a reverse pass.
func (q *stageQuadrature) begin() {
	clear(q.sum)
	clear(q.apart)
	q.c.gradientTolerances(q.atol)
}

// accept notes that the step judged last was accepted.
func (q *stageQuadrature) accept() {
	for j, v := range q.inc {
		q.sum[j] += v
	}
	if q.x != nil {
		for j, v := range q.diff {
			q.apart[j] += v
		}
	}
}

// judge is ode.Options.Judge: the norm of the integral's error over the step.
func (q *stageQuadrature) judge(shown *ode.Tape) (float64, error) {
	s, k := &q.s, q.c.k
	r := &shown.Steps[0]
	s.t, s.h, s.first, s.last, s.y, s.u = r.T, r.H, r.First, r.Last, shown.Y(0), shown.Stages(0)
	q.n, q.order2 = 0, [2]float64{}
	switch f := r.Formula.(type) {
	case *ode.ExplicitTableau:
		q.explicit(f)
	case *ode.RosenbrockTableau:
		q.rosenbrock(f)
	case *ode.DIRKTableau:
		if err := q.dirk(f); err != nil {
			return 0, err
		}
	case *ode.FIRKTableau:
		if err := q.firk(f); err != nil {
			return 0, err
		}
	default:
		return 0, fmt.Errorf("the integral over a step of type %T cannot be held to a tolerance", f)
	}
	if err := q.evaluate(k); err != nil {
		return 0, err
	}
	if err := q.compare(r.Formula); err != nil {
		return 0, err
	}
	sum := 0.0
	rtol := q.c.rev.RTol
	for j, e := range q.err {
		e = math.Abs(e) + math.Abs(q.diff[j])
		g := q.sum[j]
		x := e / (q.atol[j] + rtol*max(math.Abs(g), math.Abs(g+q.inc[j])))
		sum += x * x
	}
	return math.Sqrt(sum / float64(max(len(q.err), 1))), nil
}

// point adds one at time t and returns its covectors of increment and error, which are zero.
func (q *stageQuadrature) point(t float64) (wv, we []float64) {
	k := q.c.k
	i := q.n
	q.n++
	q.t = append(q.t[:i], t)
	if n := q.n * k; len(q.y) < n {
		q.y, q.wv, q.we = append(q.y, make([]float64, n)...), append(q.wv, make([]float64, n)...), append(q.we, make([]float64, n)...)
	}
	q.c.field.state(q.y[i*k:(i+1)*k], t)
	wv, we = q.wv[i*k:(i+1)*k], q.we[i*k:(i+1)*k]
	clear(wv)
	clear(we)
	return wv, we
}

// stage adds −hβ and −hε times ω at a stage, ω being the state at the start plus scale·Σ a_j u_j.
func (q *stageQuadrature) stage(c, scale float64, a []float64, beta, epsilon float64) {
	s := &q.s
	wv, we := q.point(s.time(c))
	copy(q.scratch, s.y)
	addVectors(q.scratch, scale, a, s.u)
	for l, v := range q.scratch {
		wv[l] = -s.h * beta * v
		we[l] = -s.h * epsilon * v
	}
}

func (q *stageQuadrature) explicit(f *ode.ExplicitTableau) {
	for i := range f.B {
		if f.B[i] != 0 || f.E[i] != 0 {
			q.stage(f.C[i], q.s.h, f.A[i], f.B[i], f.E[i])
		}
	}
}

func (q *stageQuadrature) dirk(f *ode.DIRKTableau) error {
	s, k := &q.s, q.c.k
	for i := range f.B {
		q.stage(f.C[i], 1, f.A[i], f.B[i], f.E[i])
	}
	if !f.Filter {
		return nil
	}
	// the filter's factors are those of the last stage
	clear(q.scratch)
	addVectors(q.scratch, 1, f.E, s.u)
	last := q.n - 1
	return q.filter(q.y[last*k:(last+1)*k], q.t[last], s.h*f.Gamma, nil, q.we[last*k:(last+1)*k])
}

func (q *stageQuadrature) firk(f *ode.FIRKTableau) error {
	s, k := &q.s, q.c.k
	for i := range f.C {
		epsilon := 0.0
		for j, e := range f.E {
			epsilon += e * f.A[j][i]
		}
		one := [firkStages]float64{}
		one[i] = 1
		q.stage(f.C[i], 1, one[:], f.A[firkStages-1][i], epsilon)
	}
	clear(q.scratch)
	addVectors(q.scratch, 1, f.E[:], s.u)
	gamma := s.h / f.Real
	_, we := q.point(s.time(0))
	for l, v := range s.y {
		we[l] = -gamma * v
	}
	at := q.n - 1
	return q.filter(q.y[at*k:(at+1)*k], s.t, gamma, s.y, we)
}

// filter adds −γ times (Mᵀ + γJᵀ)⁻¹ (Mᵀ e − γ Jᵀω) to we, e being in scratch: what the error of ω, as the solver estimates it, adds to that of g. The
// adjoint equation has the Jacobian −Jᵀ.
func (q *stageQuadrature) filter(y []float64, t, gamma float64, omega, we []float64) error {
	e := q.e
	e.err = nil
	jac := e.jacobianOf(e.field, t, y)
	e.prob.Mass.MulVecTransposed(e.f, q.scratch)
	if omega != nil {
		clear(e.sum)
		addTransposed(e.sum, jac, omega)
		for l, v := range e.sum {
			e.f[l] -= gamma * v
		}
	}
	e.factor(-gamma, jac)
	e.lu.SolveTransposed(e.f)
	for l, v := range e.f {
		we[l] -= gamma * v
	}
	return e.err
}

func (q *stageQuadrature) rosenbrock(f *ode.RosenbrockTableau) {
	s := &q.s
	n := len(f.B)
	for part, b := range [2][]float64{f.B, f.E} {
		x := append(q.beta[part][:0], b...)
		for i := n - 1; i >= 0; i-- {
			for j, c := range f.C[i] {
				x[j] += f.Gamma * c * x[i]
			}
		}
		q.beta[part] = x
	}
	hg := s.h * f.Gamma
	for i := range n {
		q.stage(f.Alpha[i], 1, f.A[i], f.Gamma*q.beta[0][i], f.Gamma*q.beta[1][i])
		for part := range q.order2 {
			q.order2[part] -= hg * s.h * f.GammaI[i] * q.beta[part][i]
		}
	}
	wv, we := q.point(s.time(0))
	addVectors(wv, -hg, q.beta[0], s.u)
	addVectors(we, -hg, q.beta[1], s.u)
	copy(q.omega, s.y)
}

// evaluate makes the increment and its error from the points.
func (q *stageQuadrature) evaluate(k int) error {
	clear(q.inc)
	clear(q.err)
	f := q.c.field
	q.c.stats.Evals += q.n
	f.known = false
	if b, ok := f.ParamField.(ode.BatchParamField); ok {
		n := q.n
		if err := b.ParamVJPs(q.inc, nil, q.t[:n], q.y[:n*k], q.wv[:n*k], n); err != nil {
			return err
		}
		if err := b.ParamVJPs(q.err, nil, q.t[:n], q.y[:n*k], q.we[:n*k], n); err != nil {
			return err
		}
	} else {
		for i := range q.n {
			if err := f.Eval(f.f, q.t[i], q.y[i*k:(i+1)*k]); err != nil {
				return err
			}
			f.VJP(nil, q.inc, q.wv[i*k:(i+1)*k])
			f.VJP(nil, q.err, q.we[i*k:(i+1)*k])
		}
	}
	if q.order2 == [2]float64{} {
		return nil
	}
	if err := f.visit(q.s.t); err != nil {
		return err
	}
	for part, dst := range [2][]float64{q.inc, q.err} {
		copy(q.scratch, q.omega)
		scaleVector(q.scratch, q.order2[part])
		f.SecondOrder(nil, dst, q.scratch, f.slope(q.s.t), q.tau[:], 1)
	}
	return nil
}

// finish adds the sum of the stages to the gradient where no formula was applied to the dense output, and otherwise holds the two against each other.
func (q *stageQuadrature) finish(gp []float64) error {
	if q.x == nil {
		for j, v := range q.sum {
			gp[j] += v
		}
		return nil
	}
	if q.c.con == nil { // without jumps that go into the gradient directly it is nothing but the integral
		for j, v := range gp {
			q.apart[j] = v - q.sum[j]
		}
	}
	diff, size := 0.0, 0.0
	for j, v := range q.apart {
		s := q.c.size(j)
		diff += s * v * s * v
		size += s * q.sum[j] * s * q.sum[j]
	}
	if diff, size = math.Sqrt(diff), math.Sqrt(size); diff > integralSlack*q.c.rev.RTol*size {
		return errIntegral{diff / size, q.c.rev.RTol}
	}
	return nil
}

// gap implements gapped.
func (c *continuous) gap() []float64 {
	if c.control == nil || c.control.x == nil {
		return nil
	}
	return c.control.apart
}

// integralSlack is how many times the relative tolerance the integral over the dense output may be off the sum of the stages.
const integralSlack = 100

// errIntegral says that the parameters' integral does not hold the tolerance.
type errIntegral struct{ difference, rtol float64 }

func (e errIntegral) Error() string {
	return fmt.Sprintf("the parameters' integral over the dense output of the adjoint differs by %.2g of its size from that over the stages, with a relative tolerance of %.2g: the dense output is not accurate in stiff components; choose the gauss or interpolating adjoint, or a discrete method", e.difference, e.rtol)
}

// compare makes the difference between the integral over the dense output and the sum of the stages.
func (q *stageQuadrature) compare(formula any) error {
	clear(q.diff)
	s, k := &q.s, q.c.k
	rule, err := ruleFor(formula)
	if err != nil || q.x == nil || rule.live(true) > len(s.u)/k {
		return err
	}
	q.weights = resize(q.weights, rule.stages())
	q.n = 0
	for j, x := range q.x {
		wv, _ := q.point(s.time(x))
		copy(wv, s.y)
		rule.dense(q.weights, x, s.h)
		addVectors(wv, 1, q.weights[:len(s.u)/k], s.u)
		scaleVector(wv, -s.h*q.w[j])
	}
	f := q.c.field
	q.c.stats.Evals += q.n
	f.known = false
	if b, ok := f.ParamField.(ode.BatchParamField); ok {
		if err := b.ParamVJPs(q.diff, nil, q.t[:q.n], q.y[:q.n*k], q.wv[:q.n*k], q.n); err != nil {
			return err
		}
	} else {
		for i := range q.n {
			if err := f.Eval(f.f, q.t[i], q.y[i*k:(i+1)*k]); err != nil {
				return err
			}
			f.VJP(nil, q.diff, q.wv[i*k:(i+1)*k])
		}
	}
	for j, v := range q.inc {
		q.diff[j] -= v
	}
	return nil
}
