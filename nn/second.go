package nn

import "github.com/stiffnode/stiffnode/internal/kernel"

// SecondOrder adds to gx and gp the gradients with respect to x and p of
//
//	Σ_{i<n} w_iᵀ J(x, p) u_i,    J = ∂f/∂x,
//
// at the remembered point; w is n×outputs, u is n×inputs, row-major. Either of gx and gp may be nil. It is what differentiating a Rosenbrock
// step exactly takes, where J multiplies known vectors u_i and w_i are the adjoints of the products.
//
// Method: the tangents ż_l = W_l ȧ_{l−1}, ȧ_l = φ′(z_l)ż_l of every pair are carried forward, then the reverse mode is applied to
// values and tangents together (reverse over forward; Pearlmutter, Neural Computation 6, 1994). The adjoints of the values of all pairs
// are summed, so that n pairs cost n+1 backward passes and one pass over gp.
func (e *Evaluator) SecondOrder(gx, gp, w, u []float64, n int) { e.Adjoint(gx, gp, nil, w, u, n) }

// Adjoint is VJP and SecondOrder in one: it adds to gx and gp the gradients of
//
//	w0ᵀ f(x, p) + Σ_{i<n} w_iᵀ J(x, p) u_i
//
// at the cost of SecondOrder alone. w0 may be nil, which stands for zero.
func (e *Evaluator) Adjoint(gx, gp, w0, w, u []float64, n int) {
	e.needPoint("a second-order product")
	e.checkGradients(gx, gp)
	if w0 != nil {
		checkLen("w0", len(w0), e.net.Outputs)
	}
	checkLen("w", len(w), n*e.net.Outputs)
	checkLen("u", len(u), n*e.net.Inputs)
	if n == 0 {
		if w0 != nil {
			e.VJP(gx, gp, w0)
		}
		return
	}
	e.needSecond()
	outputs, inputs := e.net.Outputs, e.net.Inputs
	for n > 0 {
		pairs := min(n, kernel.MaxPairs)
		for c := range pairs {
			copyShort(e.k.TA(c), u[c*inputs:(c+1)*inputs])
		}
		e.k.Tangents(pairs)
		for c := range pairs {
			copyShort(e.k.Zeta(c)[e.output:], w[c*outputs:(c+1)*outputs])
		}
		if w0 != nil {
			copyShort(e.k.Eta()[e.output:], w0)
		} else {
			clear(e.k.Eta()[e.output:])
		}
		e.k.Backward(pairs, gp, gx != nil)
		addShort(gx, e.k.Eta()[:len(gx)])
		w, u, w0 = w[pairs*outputs:], u[pairs*inputs:], nil
		n -= pairs
	}
}

// SecondOrderJacobian writes, at the remembered point, ∂(J u)/∂x, outputs×inputs row-major, into dx and the columns c0, …, c1−1 of
// ∂(J u)/∂p, outputs×(c1−c0) row-major, into dp; J = ∂f/∂x and u has length inputs. dx may be nil. Every call costs a pass through the
// network for each output, so few calls with many columns are better than many with few.
func (e *Evaluator) SecondOrderJacobian(dx, dp, u []float64, c0, c1 int) {
	e.needPoint("SecondOrderJacobian")
	outputs, inputs := e.net.Outputs, e.net.Inputs
	if dx != nil {
		checkLen("dx", len(dx), outputs*inputs)
	}
	checkLen("u", len(u), inputs)
	e.checkColumns("dp", len(dp), c0, c1)
	e.needSecond()
	e.needBack()
	copyShort(e.k.TA(0), u)
	e.k.Tangents(1)

	s, neurons := &e.products, e.k.Neurons()
	tz, ta, a := e.k.Tangent(0), e.k.TA(0), e.k.A()
	kernel.Mul(s.bend[e.layers[0].At:], e.k.D2()[e.layers[0].At:], tz[e.layers[0].At:])
	for o := range outputs {
		// The outputs' adjoint is the unit vector: all that reaches z_o is by the bend of the output activation.
		eta := s.eta[o*neurons+e.output : o*neurons+e.output+outputs]
		clear(eta)
		eta[o] = s.bend[e.output+o]
	}
	for i := len(e.layers) - 1; i >= 0; i-- {
		l := &e.layers[i]
		width := kernel.Padded(l.In)
		for o := range outputs {
			zeta := s.zeta[o*neurons+l.At:][:l.Out]
			eta := s.eta[o*neurons+l.At:][:l.Out]
			writeColumns(dp[o*(c1-c0):(o+1)*(c1-c0)], l, zeta, ta[l.From:l.From+width], eta, a[l.From:l.From+width], eta, c0, c1)
		}
		e.multiplyRows(s.eta, s.eta, l, e.k.D1())
		if i == 0 {
			break
		}
		e.multiplyRows(s.alpha, s.zeta, l, s.bend)
		for o := range outputs {
			from := o*neurons + l.From
			addShort(s.eta[from:from+l.In], s.alpha[from:from+l.In])
		}
	}
	if dx != nil {
		for o := range outputs {
			copyShort(dx[o*inputs:(o+1)*inputs], s.eta[o*neurons:][:inputs])
		}
	}
}
