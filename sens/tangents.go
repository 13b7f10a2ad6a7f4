package sens

import (
	"github.com/stiffnode/stiffnode/internal/kernel"
	"github.com/stiffnode/stiffnode/ode"
)

// tangents carries a block of directional derivatives of the state through the recorded steps: forward mode. The block S = ∂y/∂(·) is
// k×width, one column per direction.
//
// The directions are either columns c0, …, c0+width−1 of the identity on (p, y0), parameters first, or arbitrary ones.
type tangents struct {
	e     *engine
	width int // of the blocks
	cols  int // directions; the columns beyond are zero
	group int // columns of the parameters that the field is asked for at a time
	c0    int // first column, when directions are unit vectors
	// m×qn directions of the parameters, which belong to the columns from qAt on, or nil for unit vectors
	q       []float64
	qAt, qn int

	s, u     []float64 // derivative of the state; of the stage vectors, one k×width block after the other
	arg, tmp []float64 // k×width
	out      []float64 // k×width, derivative of a saved state
	dp       []float64 // scratch for columns of the parameters
	dy       []float64 // k×k
	square   []float64 // k×k
	weights  []float64
	carry    []float64 // derivative of the last stage vector of the step before
	hist     []float64 // derivative of the history of a multistep method
	cur      step
}

// A sink receives the derivative of saved state number o: the first cols columns of a k×width block, which belong to columns c0 … of the
// whole.
type sink interface {
	saved(o int, block []float64, c0, cols, width int)
}

func newTangents(e *engine) *tangents {
	return &tangents{e: e, dy: make([]float64, e.k*e.k), square: make([]float64, e.k*e.k)}
}

// unit prepares for the columns c0 ≤ c < c1 of the derivative with respect to (p, y0).
func (t *tangents) unit(c0, c1 int) {
	t.cols = c1 - c0
	t.resize(roundUp(t.cols, laneGrain))
	t.c0, t.q = c0, nil
	clear(t.s)
	for c := max(c0, t.e.m); c < c1; c++ {
		t.s[(c-t.e.m)*t.width+c-c0] = 1
	}
}

// direct prepares for width directions (q, dy0), q being m×width and dy0 k×width; either may be nil.
func (t *tangents) direct(q, dy0 []float64, width int) {
	t.resize(width)
	t.cols = width
	if q == nil {
		t.c0, t.q = t.e.m, nil
	} else {
		t.c0, t.q = 0, q
	}
	t.qAt, t.qn = 0, width
	clear(t.s)
	copy(t.s, dy0)
}

// fundamental prepares for the k columns of the initial values and one direction q of the parameters.
func (t *tangents) fundamental(q []float64) {
	k := t.e.k
	t.cols = k + 1
	t.resize(roundUp(t.cols, 4))
	t.c0, t.q = 0, q
	t.qAt, t.qn = k, 1
	clear(t.s)
	for j := range k {
		t.s[j*t.width+j] = 1
	}
}

func (t *tangents) resize(width int) {
	t.width = width
	n := t.e.k * width
	t.s, t.arg, t.tmp, t.out = resize(t.s, n), resize(t.arg, n), resize(t.tmp, n), resize(t.out, n)
	if t.group == 0 {
		t.group = chunkGrain
	}
	t.dp = resize(t.dp, t.e.k*max(width, t.group))
}

// room makes place for s stages.
func (t *tangents) room(s int) {
	if n := s * t.e.k * t.width; len(t.u) < n {
		t.u = make([]float64, n)
	}
	if len(t.weights) < s {
		t.weights = make([]float64, s)
	}
}

// stage is the derivative of stage vector i.
func (t *tangents) stage(i int) []float64 {
	n := len(t.s)
	return t.u[i*n : (i+1)*n]
}

// combine writes S + h Σ_j a_j U_j into dst.
func (t *tangents) combine(dst []float64, h float64, a []float64) {
	copy(dst, t.s)
	addVectors(dst, h, a, t.u)
}

// output writes the derivative of Σ_i w_i u_i, with that of y_n where the rule's sums contain it, into dst, which may be S.
func (t *tangents) output(dst []float64, r rule, w []float64) {
	if !r.relative() {
		clear(dst)
	} else if &dst[0] != &t.s[0] {
		copy(dst, t.s)
	}
	addVectors(dst, 1, w, t.u)
}

// derivative writes scale·(∂f/∂y·V + ∂f/∂p·Q) at point i into dst.
func (t *tangents) derivative(dst []float64, scale float64, i int, v []float64) {
	t.linear(dst, scale, t.e.field, t.e.jacobian(i), v)
}

// linear writes scale·(J·V + ∂f/∂p·Q) into dst, for a field that remembers the point and its Jacobian there.
func (t *tangents) linear(dst []float64, scale float64, field ode.ParamField, jac, v []float64) {
	k := t.e.k
	if scale != 1 {
		// k² numbers are scaled rather than a block
		for i, x := range jac[:k*k] {
			t.square[i] = scale * x
		}
		jac = t.square
	}
	mulBlock(dst, jac, v, k, t.width)
	t.addParams(dst, scale, field)
}

// addParams adds scale·∂f/∂p·Q at the point that the field remembers to dst.
func (t *tangents) addParams(dst []float64, scale float64, field ode.ParamField) {
	k, w := t.e.k, t.width
	switch {
	case t.q != nil:
		field.JVP(t.dp[:k*t.qn], nil, t.q, t.qn)
		for r := range k {
			addScaledPlainly(dst[r*w+t.qAt:r*w+t.qAt+t.qn], scale, t.dp[r*t.qn:(r+1)*t.qn])
		}
	default:
		for c0 := t.c0; c0 < t.paramEnd(); c0 += t.group {
			c1 := min(c0+t.group, t.paramEnd())
			field.ParamJacobian(t.dp[:k*(c1-c0)], c0, c1)
			t.addColumns(dst, scale, c0, c1)
		}
	}
}

// applyMassInverse writes S·V into dst, S being what stands for the inverse of the mass matrix.
func (t *tangents) applyMassInverse(dst, v []float64) {
	e, w := t.e, t.width
	if e.minv == nil {
		copy(dst, v)
		return
	}
	for c := range w {
		for r := range e.k {
			e.sum[r] = v[r*w+c]
		}
		e.minv.Apply(e.f, e.sum)
		for r, x := range e.f {
			dst[r*w+c] = x
		}
	}
}

// paramEnd is the end of those columns of the block that belong to parameters.
func (t *tangents) paramEnd() int { return min(t.c0+t.cols, t.e.m) }

// addColumns adds scale times the k×(c1−c0) block dp to the columns c0 … c1−1 of the whole, of which dst holds a part.
func (t *tangents) addColumns(dst []float64, scale float64, c0, c1 int) {
	n, at := c1-c0, c0-t.c0
	for r := range t.e.k {
		addScaledPlainly(dst[r*t.width+at:r*t.width+at+n], scale, t.dp[r*n:(r+1)*n])
	}
}

// addSecond adds scale times the derivative of ∂f/∂y·u + ∂f/∂t·tau, u and tau fixed, to dst; the field must be at y_n, whose
// derivative is S.
func (t *tangents) addSecond(dst []float64, scale float64, u []float64, tau float64) {
	k, w, m, field := t.e.k, t.width, t.e.m, t.e.field
	if t.q == nil {
		for c0 := t.c0; c0 < t.paramEnd(); c0 += t.group {
			c1 := min(c0+t.group, t.paramEnd())
			field.SecondOrderJacobian(t.dy, t.dp[:k*(c1-c0)], u, tau, c0, c1)
			t.addColumns(dst, scale, c0, c1)
		}
		if t.c0 >= m {
			field.SecondOrderJacobian(t.dy, nil, u, tau, 0, 0)
		}
	} else {
		for c0 := 0; c0 < m; c0 += t.group {
			c1 := min(c0+t.group, m)
			n := c1 - c0
			field.SecondOrderJacobian(t.dy, t.dp[:k*n], u, tau, c0, c1)
			for r := range k {
				if t.qn == 1 {
					dst[r*w+t.qAt] += scale * kernel.Dot(t.dp[r*n:(r+1)*n], t.q[c0:c1])
					continue
				}
				for c := range n {
					addScaledPlainly(dst[r*w+t.qAt:r*w+t.qAt+t.qn], scale*t.dp[r*n+c], t.q[(c0+c)*t.qn:(c0+c+1)*t.qn])
				}
			}
		}
		if m == 0 {
			field.SecondOrderJacobian(t.dy, nil, u, tau, 0, 0)
		}
	}
	mulBlock(t.dp, t.dy, t.s, k, w)
	kernel.AddScaled(dst, scale, t.dp[:k*w])
}

// massTimes returns M·V, which is valid until tmp is used again.
func (t *tangents) massTimes(v []float64) []float64 {
	k, w, mass := t.e.k, t.width, &t.e.prob.Mass
	switch {
	case mass.Diagonal != nil:
		for r, d := range mass.Diagonal {
			row := t.tmp[r*w : (r+1)*w]
			copy(row, v[r*w:(r+1)*w])
			kernel.Scale(row, d)
		}
	case mass.Dense != nil:
		mulBlock(t.tmp, mass.Dense, v, k, w)
	default:
		return v
	}
	return t.tmp
}

// run carries the block through all steps of the tape and hands the derivative of every saved state to out.
func (t *tangents) run(tape *ode.Tape, out sink) (at int, err error) {
	e := t.e
	e.err = nil
	o := 0
	if len(tape.Steps) > 0 {
		t.consistentTangent(tape.T0, tape.Y(0))
	}
	for o < len(tape.Outputs) && tape.Outputs[o].Step < 0 {
		out.saved(o, t.s, t.c0, t.cols, t.width)
		o++
	}
	s := &t.cur
	for i := range tape.Steps {
		if err := s.load(tape, i); err != nil {
			return i, err
		}
		last, dense := o, false
		for last < len(tape.Outputs) && tape.Outputs[last].Step == i {
			dense = dense || !tape.Outputs[last].End
			last++
		}
		stages, live := s.rule.stages(), s.rule.live(dense)
		t.room(stages)
		e.restart()
		s.rule.points(e, s, live)
		s.rule.tangent(t, s, live, 0)
		if e.err != nil {
			return i, e.err
		}
		w := t.weights[:stages]
		for ; o < last && !tape.Outputs[o].End; o++ {
			s.rule.dense(w, tape.Outputs[o].Theta, s.h)
			t.output(t.out, s.rule, w[:live])
			out.saved(o, t.out, t.c0, t.cols, t.width)
		}
		s.rule.end(w, s.h)
		t.output(t.s, s.rule, w[:live])
		for ; o < last; o++ {
			out.saved(o, t.s, t.c0, t.cols, t.width)
		}
	}
	return 0, nil
}
