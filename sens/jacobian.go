package sens

import (
	"context"
	"fmt"

	"github.com/stiffnode/stiffnode/ode"
)

// JacobianOptions say what a ForwardJacobian computes and how.
type JacobianOptions struct {
	// Initial adds k columns for the initial values after the m columns of the parameters.
	Initial bool
	// Chunk is the number of columns carried at once; 0 divides them among the workers. Workers is the number of goroutines; 0 means
	// GOMAXPROCS. The result does not depend on it.
	Chunk, Workers int
	// ErrorTest lets the sensitivities take part in the error test of the solve: the Jacobian is then not only the exact derivative of
	// the numerical solution but as close to the true one as the tolerances ask for. It is computed along with the solve by one
	// goroutine.
	ErrorTest bool
	// Scale holds the sizes of the parameters, by which absolute tolerances are divided for ErrorTest; nil means their magnitudes, or 1
	// where they are zero.
	Scale []float64
}

// A ForwardJacobian computes the Jacobian of all saved states with respect to the parameters, and at will the initial values, from one
// recorded solve and one forward pass that shares every factorisation among all columns: what least-squares optimisers need. Its
// products with vectors are also there without it (Linearize, JVP, VJP).
type ForwardJacobian struct {
	*primal
	columns *columns
	dY      []float64
	cols    int
	adj     *adjoint
	tan     *tangents
	params  []float64
	saves   int
	dir     directed
	opt     JacobianOptions
	lock    *lockstep // with an error test
	scale   []float64
	latest  *ode.Tape // of the latest solve
}

// NewForwardJacobian binds the computation to a problem and a solver. The error is a *RefusedError or an *ode.InputError.
func NewForwardJacobian(s Setup, opt JacobianOptions) (*ForwardJacobian, error) {
	const name = "forward Jacobian"
	p, err := newPrimal(s, name)
	if err != nil {
		return nil, err
	}
	if opt.Scale != nil && len(opt.Scale) != p.m {
		return nil, &ode.InputError{What: "parameter scales", Msg: fmt.Sprintf("are %d for %d parameters", len(opt.Scale), p.m)}
	}
	j := &ForwardJacobian{primal: p, cols: p.m, opt: opt}
	if opt.Initial {
		j.cols += p.k
	}
	if j.columns, err = newColumns(&s, p.field, opt.Chunk, opt.Workers, j.cols, name); err != nil {
		return nil, err
	}
	if opt.ErrorTest {
		f, err := paramField(&s, name)
		if err != nil {
			return nil, err
		}
		if j.lock, err = newLockstep(&s, newTangents(newEngine(s.Problem, f)), new(ode.Tape), true, name); err != nil {
			return nil, err
		}
		j.lock.keep, j.lock.t.group = true, chunkGrain
	}
	e := newEngine(s.Problem, p.field)
	e.useBatch()
	j.adj, j.tan = newAdjoint(e), newTangents(newEngine(s.Problem, p.field))
	return j, nil
}

// Columns is the number of columns of the Jacobian: m, or m+k with initial values.
func (j *ForwardJacobian) Columns() int { return j.cols }

// SetTolerances changes the tolerances for the solves that follow; see ode.Solver.SetTolerances.
func (j *ForwardJacobian) SetTolerances(rtol float64, atol []float64) error {
	if j.lock != nil {
		if err := j.lock.solver.SetTolerances(rtol, atol); err != nil {
			return err
		}
		j.lock.setTolerances(&j.setup, rtol, atol)
	}
	return j.solver.SetTolerances(rtol, atol)
}

// saved implements sink.
func (j *ForwardJacobian) saved(o int, block []float64, c0, cols, width int) {
	for r := range j.k {
		copy(j.dY[(o*j.k+r)*j.cols+c0:], block[r*width:r*width+cols])
	}
}

// Solve solves from (t0, y0) to t1 with parameters p and returns the solution saved at times with the Jacobian of its states: row
// o·k+r, column c of dY (len(times)·k × Columns, row-major) is ∂y_r(times[o])/∂(p, y0)_c. Both are valid until the next call.
func (j *ForwardJacobian) Solve(ctx context.Context, p, y0 []float64, t0, t1 float64, times []float64) (sol *ode.Solution, dY []float64, err error) {
	if j.lock != nil {
		return j.solveTogether(ctx, p, y0, t0, t1, times)
	}
	sol, err = j.Linearize(ctx, p, y0, t0, t1, times)
	if err != nil {
		return sol, nil, err
	}
	defer j.guard(&err)
	j.dY = resize(j.dY, len(sol.Y)*j.cols)
	if at, err := j.columns.run(ctx, &j.tape, p, j); err != nil {
		return sol, nil, j.failed(at, err)
	}
	return sol, j.dY, nil
}

// solveTogether is Solve with the sensitivities in the error test.
func (j *ForwardJacobian) solveTogether(ctx context.Context, p, y0 []float64, t0, t1 float64, times []float64) (sol *ode.Solution, dY []float64, err error) {
	j.saves = 0
	if err := checkGradient(j.m, p, times); err != nil {
		return nil, nil, err
	}
	if len(y0) != j.k {
		return nil, nil, &ode.InputError{What: "initial state", Msg: fmt.Sprintf("has %d values for %d states", len(y0), j.k)}
	}
	defer j.guard(&err)
	j.scale = sizes(j.scale, p, y0, j.opt.Scale, j.setup.Problem)
	j.lock.t.unit(0, j.cols)
	j.dY = resize(j.dY, len(times)*j.k*j.cols)
	if sol, err = j.lock.run(ctx, p, y0, t0, t1, times, j.scale[:j.cols], j); err != nil {
		return sol, nil, err
	}
	j.params, j.saves, j.latest = append(j.params[:0], p...), len(sol.Times), j.lock.tape
	return sol, j.dY, nil
}

// Linearize only solves and records the steps, for products with JVP and VJP.
func (j *ForwardJacobian) Linearize(ctx context.Context, p, y0 []float64, t0, t1 float64, times []float64) (*ode.Solution, error) {
	j.saves = 0
	sol, err := j.solve(ctx, p, y0, t0, t1, times)
	if err != nil {
		return sol, err
	}
	j.params = append(j.params[:0], p...)
	j.saves, j.latest = len(sol.Times), &j.tape
	return sol, nil
}

// JVP writes the derivative of the saved states of the latest solve in the direction (dp, dy0) into dst (len(times)·k); dp or dy0
// may be nil.
func (j *ForwardJacobian) JVP(dst, dp, dy0 []float64) (err error) {
	if err := j.check("JVP", dst, dp, dy0); err != nil {
		return err
	}
	defer j.guard(&err)
	bind(j.field, j.params)
	j.tan.direct(dp, dy0, 1)
	j.dir.dst = dst
	if at, err := j.tan.run(j.latest, &j.dir); err != nil {
		return j.failed(at, err)
	}
	return nil
}

// VJP writes Σ_o w_oᵀ ∂y_o/∂p into gp and Σ_o w_oᵀ ∂y_o/∂y0 into gy0, for the saved states y_o of the latest solve and the rows w_o of w
// (len(times)·k); gp or gy0 may be nil.
func (j *ForwardJacobian) VJP(ctx context.Context, gp, gy0, w []float64) (err error) {
	if err := j.check("VJP", w, gp, gy0); err != nil {
		return err
	}
	defer j.guard(&err)
	bind(j.field, j.params)
	clear(gp)
	if at, err := j.adj.run(ctx, j.latest, w, gp); err != nil {
		return j.failed(at, err)
	}
	copy(gy0, j.adj.lam)
	return nil
}

func (j *ForwardJacobian) check(call string, rows, params, initial []float64) error {
	switch {
	case j.saves == 0:
		return &ode.InputError{What: call, Msg: "needs a successful solve first"}
	case len(rows) != j.saves*j.k:
		return &ode.InputError{What: call, Msg: fmt.Sprintf("was given %d values for %d saved states of %d components", len(rows), j.saves, j.k)}
	case params != nil && len(params) != j.m, initial != nil && len(initial) != j.k:
		return &ode.InputError{What: call, Msg: fmt.Sprintf("was given %d parameters and %d initial values; there are %d and %d", len(params), len(initial), j.m, j.k)}
	}
	return nil
}

// directed is the sink for one direction.
type directed struct{ dst []float64 }

func (d *directed) saved(o int, block []float64, _, _, _ int) { copy(d.dst[o*len(block):], block) }
