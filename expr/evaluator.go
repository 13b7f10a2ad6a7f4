package expr

import "fmt"

// An Evaluator evaluates a program and its derivatives. It is the workspace of one goroutine, holds a copy of the parameters, and remembers the point of the last Eval,
// which all derivatives refer to. Vectors y, u and p have the lengths of the program's states, inputs and parameters.
// A slice of the wrong length is a programmer's error and panics.
type Evaluator struct {
	p    *Program
	r    []float64
	done int // constants that are in their registers
	nets netSpace
	row  struct{ w, gp []float64 } // scratch

	epoch int   // counts bindings
	fixed []int // by number of the unit, the binding that its fixed part was made for
}

// NewEvaluator makes an evaluator; its parameters are 0.
func (p *Program) NewEvaluator() *Evaluator {
	e := &Evaluator{p: p, epoch: 1, nets: newNetSpace(p)}
	e.prepare(p.value)
	return e
}

// Program is what is evaluated.
func (e *Evaluator) Program() *Program { return e.p }

// grow makes room for the registers that derivative programs have added.
func (e *Evaluator) grow() {
	e.p.mu.Lock()
	defer e.p.mu.Unlock()
	if len(e.r) < e.p.registers {
		r := make([]float64, e.p.registers)
		copy(r, e.r)
		e.r = r
	}
	for ; e.done < len(e.p.constants); e.done++ {
		c := e.p.constants[e.done]
		e.r[c.register] = c.value
	}
}

// prepare makes what a unit needs of the parameters alone, where that is not there.
func (e *Evaluator) prepare(u *unit) {
	if u.number < len(e.fixed) && e.fixed[u.number] == e.epoch {
		return
	}
	e.refresh(u)
}

func (e *Evaluator) refresh(u *unit) {
	for len(e.fixed) <= u.number {
		e.fixed = append(e.fixed, 0)
	}
	if e.fixed[u.number] == 0 {
		e.grow()
	}
	u.bound.run(e.r, &e.nets)
	e.fixed[u.number] = e.epoch
}

func (e *Evaluator) vector(k varKind, n int) []float64 {
	at := e.p.first[k]
	return e.r[at : at+n : at+n]
}

// Bind sets the parameters (copied).
func (e *Evaluator) Bind(params []float64) {
	check("p", len(params), e.p.NumParams())
	copy(e.vector(varParam, len(e.p.params)), params)
	e.nets.bind(params)
	e.epoch++
	e.prepare(e.p.value)
}

func check(what string, got, want int) {
	if got != want {
		panic(fmt.Sprintf("expr: %s has length %d, want %d", what, got, want))
	}
}

// Eval writes the outputs at (t, y, u) into dst and remembers the point. u is nil where there are no inputs.
func (e *Evaluator) Eval(dst []float64, t float64, y, u []float64) {
	p := e.p
	check("y", len(y), len(p.states))
	check("u", len(u), len(p.inputs))
	e.r[p.first[varTime]] = t
	copy(e.vector(varState, len(y)), y)
	copy(e.vector(varInput, len(u)), u)
	p.value.body.run(e.r, &e.nets)
	e.gather(dst, p.value)
}

func (e *Evaluator) gather(dst []float64, u *unit) {
	check("dst", len(dst), len(u.out))
	copy(dst, e.r[u.first:])
}

// values runs a unit at the remembered point.
func (e *Evaluator) values(u *unit) {
	e.prepare(u)
	u.body.run(e.r, &e.nets)
}

// A Pattern lists the entries of a sparse matrix: entry e is in row Rows[e] and column Cols[e]. They are sorted by row, then column, and must not be changed.
type Pattern struct{ Rows, Cols []int }

func (m *matrix) pattern() Pattern { return Pattern{m.rows, m.cols} }

// JacobianPattern are the entries of ∂/∂y that are not always zero.
func (p *Program) JacobianPattern() Pattern { return p.jacobian().pattern() }

// ParamPattern are those of ∂/∂p.
func (p *Program) ParamPattern() Pattern { return p.paramJacobian().pattern() }

// InputPattern are those of ∂/∂u.
func (p *Program) InputPattern() Pattern { return p.inputJacobian().pattern() }

// Jacobian writes the entries of JacobianPattern at the remembered point into dst.
func (e *Evaluator) Jacobian(dst []float64) { e.matrix(dst, e.p.jacobian()) }

// ParamJacobian writes the entries of ParamPattern.
func (e *Evaluator) ParamJacobian(dst []float64) { e.matrix(dst, e.p.paramJacobian()) }

// InputJacobian writes the entries of InputPattern.
func (e *Evaluator) InputJacobian(dst []float64) { e.matrix(dst, e.p.inputJacobian()) }

func (e *Evaluator) matrix(dst []float64, m *matrix) {
	e.values(m.unit)
	e.gather(dst, m.unit)
}

// TimeDerivative writes ∂/∂t + ∂/∂u·du into dst, du being the derivatives of the inputs with respect to the time, or nil.
func (e *Evaluator) TimeDerivative(dst, du []float64) {
	u := e.p.timeDerivative()
	e.prepare(u)
	e.seed(varSeedU, len(e.p.inputs), du, 1)
	u.body.run(e.r, &e.nets)
	e.gather(dst, u)
}

// seed writes s·x into the seeds of a kind, or zeros where x is nil.
func (e *Evaluator) seed(k varKind, n int, x []float64, s float64) {
	to := e.vector(k, n)
	if x == nil {
		clear(to)
		return
	}
	check("direction", len(x), n)
	for i, v := range x {
		to[i] = s * v
	}
}

// VJP adds wᵀ∂/∂y to gy, wᵀ∂/∂p to gp and wᵀ∂/∂u to gu; each may be nil.
func (e *Evaluator) VJP(gy, gp, gu, w []float64) { e.scatter(e.p.vjp(), gy, gp, gu, w) }

func (e *Evaluator) scatter(u *product, gy, gp, gu, w []float64) {
	e.prepare(u.unit)
	check("w", len(w), e.p.outputs)
	copy(e.vector(varAdjoint, len(w)), w)
	e.nets.gradient = gp
	u.body.run(e.r, &e.nets)
	e.nets.gradient = nil
	for i, k := range u.out {
		g := gy
		switch u.kind[i] {
		case varParam:
			g = gp
		case varInput:
			g = gu
		}
		if g != nil {
			g[u.cols[i]] += e.r[k]
		}
	}
}

// JVP writes ∂/∂y·V + ∂/∂p·Q + ∂/∂u·S into dst (outputs×n) for n directions at once, which are the columns of V, Q and S, row-major; each may be nil.
func (e *Evaluator) JVP(dst, v, q, s []float64, n int) {
	check("dst", len(dst), e.p.outputs*n)
	clear(dst)
	if v != nil {
		e.timesColumns(dst, e.p.jacobian(), v, n)
	}
	if q != nil {
		e.timesColumns(dst, e.p.paramJacobian(), q, n)
		e.timesWeights(dst, q, n)
	}
	if s != nil {
		e.timesColumns(dst, e.p.inputJacobian(), s, n)
	}
}

func (e *Evaluator) timesColumns(dst []float64, m *matrix, v []float64, n int) {
	e.values(m.unit)
	for k, reg := range m.out {
		x := e.r[reg]
		to := dst[m.rows[k]*n : (m.rows[k]+1)*n]
		for c, d := range v[m.cols[k]*n : (m.cols[k]+1)*n] {
			to[c] += x * d
		}
	}
}

// SecondOrder adds to gy and gp (either may be nil) the gradient with respect to y and p of wᵀ(∂f/∂y·v + (∂f/∂t + ∂f/∂u·du)·τ). du is nil where there are no inputs.
func (e *Evaluator) SecondOrder(gy, gp, w, v []float64, tau float64, du []float64) {
	u := e.p.secondAdjoint()
	e.prepare(u.unit)
	e.direction(v, tau, du)
	e.scatter(u, gy, gp, nil, w)
}

func (e *Evaluator) direction(v []float64, tau float64, du []float64) {
	e.seed(varSeedY, len(e.p.states), v, 1)
	e.r[e.p.first[varSeedT]] = tau
	e.seed(varSeedU, len(e.p.inputs), du, tau)
}

// SecondOrderJacobian writes the derivatives of ∂f/∂y·v + (∂f/∂t + ∂f/∂u·du)·τ with respect to y into dy (outputs×states) and columns c0 ≤ c < c1 of those with
// respect to p into dp (outputs×(c1−c0)); either may be nil.
func (e *Evaluator) SecondOrderJacobian(dy, dp, v []float64, tau float64, du []float64, c0, c1 int) {
	if len(e.nets.sites) > 0 {
		e.secondByRows(dy, dp, v, tau, du, c0, c1)
		return
	}
	my, mp := e.p.secondMatrices()
	e.prepare(my.unit)
	e.prepare(mp.unit)
	e.direction(v, tau, du)
	if dy != nil {
		e.dense(dy, my, 0, len(e.p.states))
	}
	if dp != nil {
		e.dense(dp, mp, c0, c1)
	}
}

// ParamColumns writes columns c0 ≤ c < c1 of ∂/∂p into dst (outputs×(c1−c0)).
func (e *Evaluator) ParamColumns(dst []float64, c0, c1 int) {
	e.dense(dst, e.p.paramJacobian(), c0, c1)
	e.weightColumns(dst, c0, c1)
}

// dense writes columns c0 ≤ c < c1 of a matrix.
func (e *Evaluator) dense(dst []float64, m *matrix, c0, c1 int) {
	n := c1 - c0
	check("dst", len(dst), e.p.outputs*n)
	e.values(m.unit)
	clear(dst)
	for k, reg := range m.out {
		if c := m.cols[k] - c0; c >= 0 && c < n {
			dst[m.rows[k]*n+c] = e.r[reg]
		}
	}
}
