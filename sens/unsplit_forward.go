package sens

import (
	"context"
	"math"

	"github.com/stiffnode/stiffnode/ode"
)

// UnsplitForward solves the state and Chunk sensitivities as one system of k(1+Chunk) states with a dense Jacobian, any number of chunks after
// one another: what a solver does that knows nothing of the structure. It is here to compare with: its implicit steps factorise matrices of
// that size, where ContinuousForward's are of size k.
type UnsplitForward struct {
	// Chunk is the number of columns of (p, y0) that are solved together; 0 means all.
	Chunk int
}

var _ Method = UnsplitForward{}

// Info implements Method.
func (UnsplitForward) Info() Info {
	return Info{
		Name: "forward-unsplit", Forward: true,
		Cost:   "O(N k³m³); in chunks of l columns O(N (m/l) k³l³)",
		Memory: "O(k²l²) for the matrices",
		Source: "Eqs. 9 and 10 of Kim et al., Chaos 31, 093122 (2021), sec. III B",
	}
}

// New implements Method.
func (u UnsplitForward) New(s Setup) (Evaluator, error) {
	name := u.Info().Name
	pf, err := paramField(&s, name)
	if err != nil {
		return nil, err
	}
	refuse := func(reason string) (Evaluator, error) {
		return nil, &RefusedError{Method: name, Solver: solverName(&s), Reason: reason}
	}
	switch {
	case !s.Problem.Mass.IsIdentity():
		return refuse("it is a comparison for ordinary differential equations; use forward sensitivities or a discrete method")
	case len(s.Options.Events) > 0 || s.Options.Quadrature != nil:
		return refuse("events and quadratures are not differentiated")
	case s.Options.Method != nil && s.Options.Method.Info().Split:
		return refuse("its system is not split into a stiff and a non-stiff part; choose the diagonally implicit half of the pair")
	case u.Chunk < 0:
		return nil, &ode.InputError{What: "number of columns in a chunk", Msg: "is negative"}
	}
	k := s.Problem.Dim
	f := &unsplit{ParamField: exact(pf, k), k: k, m: pf.NumParams(), method: name}
	f.total = f.m + k
	f.size = f.total
	if u.Chunk > 0 && u.Chunk < f.total {
		f.size = u.Chunk
	}
	f.jac, f.unit = ode.NewJacobian(k, s.Problem.Jacobian), make([]float64, k)
	f.dy, f.dp, f.pj = make([]float64, k*k), make([]float64, k*f.size), make([]float64, k*f.size)
	f.z, f.atol = make([]float64, k*(1+f.size)), make([]float64, k*(1+f.size))
	opt := s.Options
	opt.SaveAt, opt.Dense, opt.Tape, opt.Judge = []float64{}, false, nil, nil
	f.rtol = opt.RTol
	if f.rtol == 0 {
		f.rtol = ode.DefaultRTol
	}
	l := lockstep{}
	l.setTolerances(&s, opt.RTol, opt.ATol)
	copy(f.atol, l.atol)
	opt.ATol = []float64{1}
	prob := &ode.Problem{Dim: len(f.z), Autonomous: s.Problem.Autonomous, New: func() ode.Field { return f }}
	if f.solver, err = ode.NewSolver(prob, opt); err != nil {
		return nil, err
	}
	f.engine = newEngine(s.Problem, pf)
	return f, nil
}

// unsplit is the system of the state and the columns c0 … c1−1, one after the other, and the evaluator that solves it.
type unsplit struct {
	part ode.Solution // the states' part of a solution
	ode.ParamField
	method      string
	k, m, total int
	size        int
	c0, c1      int
	jac         *ode.Jacobian
	unit        []float64
	dy, dp, pj  []float64
	solver      *ode.Solver
	engine      *engine
	z, atol     []float64
	rtol        float64
	y, grads    []float64
	idle        []float64
}

// params is the number of columns of the chunk that belong to parameters.
func (f *unsplit) params() int { return max(min(f.c1, f.m)-f.c0, 0) }

func (f *unsplit) Eval(dst []float64, t float64, z []float64) error {
	return f.sensitivities(dst, nil, t, z)
}

// sensitivities evaluates f, the Jacobian (left in f.jac) and the right-hand sides of all columns.
func (f *unsplit) sensitivities(dst, dfdt []float64, t float64, z []float64) error {
	k, n := f.k, f.params()
	if dfdt != nil {
		dfdt = dfdt[:k]
	}
	if err := f.ParamField.EvalJacobian(dst[:k], f.jac, dfdt, t, z[:k]); err != nil {
		return err
	}
	if n > 0 {
		f.ParamJacobian(f.pj[:k*n], f.c0, f.c0+n)
	}
	for c := range f.size {
		s := dst[k*(1+c) : k*(2+c)]
		f.jac.MulVec(s, z[k*(1+c):k*(2+c)])
		if c < n {
			for i := range s {
				s[i] += f.pj[i*n+c]
			}
		}
	}
	return nil
}

// SetTimeIncrement implements ode.TimeDifferenced.
func (f *unsplit) SetTimeIncrement(delta float64) { ode.PassTimeIncrement(f.ParamField, delta) }

func (f *unsplit) EvalJacobian(dst []float64, jac *ode.Jacobian, dfdt []float64, t float64, z []float64) error {
	k, n := f.k, f.params()
	if err := f.sensitivities(dst, dfdt, t, z); err != nil {
		return err
	}
	jac.Zero()
	for c := range 1 + f.size {
		for i := range k {
			for j := range k {
				jac.Set(c*k+i, c*k+j, f.jac.At(i, j))
			}
		}
	}
	for c := range f.size {
		f.SecondOrderJacobian(f.dy, nil, z[k*(1+c):k*(2+c)], 0, 0, 0)
		for i := range k {
			for j := range k {
				jac.Add((1+c)*k+i, j, f.dy[i*k+j])
			}
		}
	}
	for j := range k {
		// ∂(∂f/∂y_j)/∂p, the mixed derivative
		f.unit[j] = 1
		f.SecondOrderJacobian(f.dy, f.dp[:k*n], f.unit, 0, min(f.c0, f.m), min(f.c0, f.m)+n)
		for i := range k {
			for c := range n {
				jac.Add((1+c)*k+i, j, f.dp[i*n+c])
			}
		}
		f.unit[j] = 0
	}
	if dfdt == nil {
		return nil
	}
	f.SecondOrderJacobian(f.dy, f.dp[:k*n], f.unit, 1, min(f.c0, f.m), min(f.c0, f.m)+n)
	for c := range f.size {
		s := z[k*(1+c) : k*(2+c)]
		for i := range k {
			d := 0.0
			for j, v := range s {
				d += f.dy[i*k+j] * v
			}
			if c < n {
				d += f.dp[i*n+c]
			}
			dfdt[k*(1+c)+i] = d
		}
	}
	return nil
}

// Gradient implements Evaluator.
func (f *unsplit) Gradient(ctx context.Context, g *Gradient, p, y0 []float64, t0, t1 float64, times []float64, loss Loss) (err error) {
	if err := checkGradient(f.m, p, times); err != nil {
		return err
	}
	k := f.k
	if len(y0) != k {
		return &ode.InputError{What: "initial state", Msg: "has the wrong number of values"}
	}
	if _, ok := loss.(IntegralLoss); ok {
		return &ode.InputError{What: "loss", Msg: "has an integral cost, which the unsplit comparison does not take; use another gradient method"}
	}
	defer func() {
		if r := recover(); r != nil {
			err = &ReverseError{Method: f.method, Err: panicError{r}}
		}
	}()
	bind(f.ParamField, p)
	f.solver.SetSaveAt(times)
	params, initial := resize(g.Params, f.m), resize(g.Initial, k)
	f.idle = resize(f.idle, k)
	g.Params, g.Initial = nil, f.idle // params and initial are kept from what states does to g
	var forward, reverse ode.Stats
	for f.c0 = 0; f.c0 < f.total; f.c0 += f.size {
		f.c1 = min(f.c0+f.size, f.total)
		if err := f.prepare(p, y0); err != nil {
			return err
		}
		sol, err := f.solver.Solve(ctx, t0, t1, f.z)
		if err != nil {
			return err
		}
		if f.c0 == 0 {
			forward = sol.Stats
		} else {
			reverse.Add(&sol.Stats)
		}
		f.states(g, sol, loss)
		for c := f.c0; c < f.c1; c++ {
			sum := 0.0
			for o := range len(sol.Times) {
				s := sol.State(o)[k*(1+c-f.c0) : k*(2+c-f.c0)]
				for j, v := range s {
					sum += f.grads[o*k+j] * v
				}
			}
			if c < f.m {
				params[c] = sum
			} else {
				initial[c-f.m] = sum
			}
		}
	}
	g.Params, g.Initial, g.Forward, g.Reverse = params, initial, forward, reverse
	f.part = ode.Solution{}
	return g.endTime(f.engine, &f.part, t0, t1, loss, f.grads)
}

// prepare sets initial values and tolerances of a chunk.
func (f *unsplit) prepare(p, y0 []float64) error {
	k := f.k
	clear(f.z)
	copy(f.z, y0)
	for c := range f.size {
		size := 1.0
		switch i := f.c0 + c; {
		case i < f.m:
			size = p[i]
		case i < f.total:
			size = y0[i-f.m]
			f.z[k*(1+c)+i-f.m] = 1
		}
		if size == 0 || math.IsNaN(size) || math.IsInf(size, 0) {
			size = 1 // the solver reports values that are not finite
		}
		for j := range k {
			f.atol[k*(1+c)+j] = f.atol[j] / math.Abs(size)
		}
	}
	return f.solver.SetTolerances(f.rtol, f.atol)
}

// states takes the states out of a solution of the system and evaluates the loss.
func (f *unsplit) states(g *Gradient, sol *ode.Solution, loss Loss) {
	k := f.k
	n := len(sol.Times)
	f.y, f.grads = resize(f.y, n*k), resize(f.grads, n*k)
	for o := range n {
		copy(f.y[o*k:(o+1)*k], sol.State(o)[:k])
	}
	f.part = ode.Solution{Times: sol.Times, Y: f.y, Stats: sol.Stats}
	g.begin(&f.part, loss, f.grads, k, 0)
}
