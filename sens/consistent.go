package sens

import (
	"github.com/stiffnode/stiffnode/internal/kernel"
)

// The discrete methods differentiate the consistent initial state of a problem with singular mass matrix, K y0 = M y0 with Pᵀf = 0, and
// the slope that a diagonally implicit method starts with, K y′ = (I − PPᵀ) f − PPᵀ ∂f/∂t.

// startPoint makes the factors of K at (t, y); the field remembers the point.
func (e *engine) startPoint(t float64, y []float64) {
	e.current = -1
	e.stats.Evals++
	e.stats.Jacobians++
	e.fail(e.field.EvalJacobian(e.f, e.point, e.ft(), t, y))
	e.fail(e.con.factor(e.densePoint()))
}

// ft is scratch for ∂f/∂t, or nil where f does not depend on time.
func (e *engine) ft() []float64 {
	if e.prob.Autonomous {
		return nil
	}
	if e.dfdt == nil {
		e.dfdt = make([]float64, e.k)
	}
	return e.dfdt
}

// initialAdjoint turns the adjoint of the consistent state at t0 into that of the given one and adds to the parameter gradient.
func (e *engine) initialAdjoint(t float64, y, lam []float64) {
	if !e.con.singular() {
		return
	}
	e.startPoint(t, y)
	if e.err != nil {
		return
	}
	w := e.con.separate(lam)
	e.field.VJP(nil, e.gp, w)
	copy(e.sum, lam)
	e.prob.Mass.MulVecTransposed(lam, e.sum)
}

// slopeAdjoint adds to adj and to the parameter gradient the effect of the covector z, overwritten, of the starting slope at (t, y);
// slope is its value.
func (e *engine) slopeAdjoint(t float64, y, slope, z, adj []float64) {
	e.startPoint(t, y)
	if e.err != nil {
		return
	}
	w := e.con.separate(z)
	if e.con.singular() {
		e.tau[0] = 1
		e.field.SecondOrder(adj, e.gp, w, slope, e.tau[:1], 1)
		kernel.AddScaled(z, 1, w)
	}
	e.field.VJP(adj, e.gp, z)
}

// project moves y to consistent values, to roundoff: Newton's iteration K δ = −PPᵀf.
func (e *engine) project(t float64, y []float64) {
	if !e.con.singular() {
		return
	}
	d := make([]float64, e.k)
	newtonToRoundoff(func() float64 {
		e.startPoint(t, y)
		if e.err != nil {
			return 0
		}
		e.con.algebraic(d, e.f)
		negate(d)
		e.con.lu.Solve(d)
		return addIncrement(y, d)
	})
}

// slope writes y′ at (t, y) into dst.
func (e *engine) slope(dst []float64, t float64, y []float64) {
	if e.con == nil {
		e.current = -1
		e.stats.Evals++
		e.fail(e.field.Eval(dst, t, y))
		return
	}
	e.startPoint(t, y)
	if e.err != nil {
		return
	}
	copy(dst, e.f)
	if e.con.singular() {
		e.con.algebraic(e.con.w, e.f)
		kernel.AddScaled(dst, -1, e.con.w)
		if ft := e.ft(); ft != nil {
			e.con.algebraic(e.con.w, ft)
			kernel.AddScaled(dst, -1, e.con.w)
		}
	}
	e.con.lu.Solve(dst)
}

// consistentTangent turns the block S, the derivative of the given initial state, into that of the consistent one.
func (t *tangents) consistentTangent(at float64, y []float64) {
	e := t.e
	if !e.con.singular() {
		return
	}
	e.startPoint(at, y)
	if e.err != nil {
		return
	}
	copy(t.arg, t.massTimes(t.s))
	clear(t.tmp)
	t.addParams(t.tmp, 1, e.field)
	t.subtractAlgebraic(t.arg, t.tmp)
	e.con.lu.SolveBlock(t.arg, t.width)
	copy(t.s, t.arg)
}

// slopeTangent writes the derivative of the starting slope at (at, y) into dst.
func (t *tangents) slopeTangent(dst []float64, at float64, y, slope []float64) {
	e, k, w := t.e, t.e.k, t.width
	e.startPoint(at, y)
	if e.err != nil {
		return
	}
	mulBlock(dst, e.densePoint(), t.s, k, w)
	t.addParams(dst, 1, e.field)
	if e.con.singular() {
		copy(t.arg, dst)
		t.addSecond(t.arg, 1, slope, 1)
		t.subtractAlgebraic(dst, t.arg)
	}
	e.con.lu.SolveBlock(dst, w)
}

// subtractAlgebraic subtracts PPᵀV from dst.
func (t *tangents) subtractAlgebraic(dst, v []float64) {
	w := t.width
	row := t.out[:w]
	for _, p := range t.e.con.null {
		clear(row)
		for i, x := range p {
			kernel.AddScaled(row, x, v[i*w:(i+1)*w])
		}
		for i, x := range p {
			kernel.AddScaled(dst[i*w:(i+1)*w], -x, row)
		}
	}
}
