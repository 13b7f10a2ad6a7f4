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
func (e *Evaluator) SecondOrder(gx, gp, w, u []float64, n int) {
	e.needPoint("SecondOrder")
	checkLen("w", len(w), n*e.net.Outputs)
	checkLen("u", len(u), n*e.net.Inputs)
	if gx != nil {
		checkLen("gx", len(gx), e.net.Inputs)
	}
	if gp != nil {
		checkLen("gp", len(gp), len(e.p))
	}
	e.second()
	for c := 0; c < n; c += maxPairs {
		count := min(maxPairs, n-c)
		e.secondChunk(gx, gp, w[c*e.net.Outputs:], u[c*e.net.Inputs:], count)
	}
}

func (e *Evaluator) secondChunk(gx, gp, w, u []float64, n int) {
	s := &e.products
	for c := range n {
		e.tangent(c, u[c*e.net.Inputs:(c+1)*e.net.Inputs])
	}
	// Row c < n of delta: adjoint of pair c's tangents; row n: adjoint of the values, summed over the pairs.
	delta, next := s.delta, s.next
	stride := len(delta) / (maxPairs + 1)
	for c := range n {
		copy(delta[c*stride:], w[c*e.net.Outputs:(c+1)*e.net.Outputs])
	}
	clear(delta[n*stride : n*stride+e.net.Outputs])
	for i := len(e.layers) - 1; i >= 0; i-- {
		l := &e.layers[i]
		beta := delta[n*stride : n*stride+l.Out]
		if l.fn != kernel.Identity {
			for r := range beta {
				sum := 0.0
				for c := range n {
					sum += s.tz[c*e.neurons+l.at+r] * delta[c*stride+r]
					delta[c*stride+r] *= e.d1[l.at+r]
				}
				beta[r] = e.d1[l.at+r]*beta[r] + e.d2[l.at+r]*sum
			}
		}
		if gp != nil {
			for r := range l.Out {
				row := gp[l.Weight+r*l.In : l.Weight+(r+1)*l.In]
				for c := range n {
					kernel.AddScaled(row, delta[c*stride+r], s.ta[c*e.neurons+l.from:])
				}
				kernel.AddScaled(row, beta[r], e.act[l.from:])
			}
			kernel.AddScaled(gp[l.Bias:l.Bias+l.Out], 1, beta)
		}
		if i > 0 || gx != nil {
			first := 0
			if i == 0 {
				first = n // the tangents' own adjoints end here: u is constant
			}
			for c := first; c <= n; c++ {
				e.transposedLayer(next[c*stride:c*stride+l.In], delta[c*stride:c*stride+l.Out], l)
			}
			delta, next = next, delta
		}
	}
	if gx != nil {
		kernel.AddScaled(gx, 1, delta[n*stride:n*stride+len(gx)])
	}
}

// tangent carries the direction u from the inputs to all neurons, into place c of tz and ta.
func (e *Evaluator) tangent(c int, u []float64) {
	tz, ta := e.products.tz[c*e.neurons:(c+1)*e.neurons], e.products.ta[c*e.neurons:(c+1)*e.neurons]
	copy(ta, u)
	for i := range e.layers {
		l := &e.layers[i]
		stride := padded(l.Out)
		z := tz[l.at : l.at+stride]
		clear(z)
		for j := range l.In {
			kernel.AddScaled(z, ta[l.from+j], e.packed[l.columns+j*stride:])
		}
		if l.fn == kernel.Identity {
			copy(ta[l.at:], z)
		} else {
			kernel.Mul(ta[l.at:l.at+stride], z, e.d1[l.at:])
		}
	}
}

// SecondOrderJacobian writes, at the remembered point, ∂(J u)/∂x, outputs×inputs row-major, into dx and the columns c0, …, c1−1 of
// ∂(J u)/∂p, outputs×(c1−c0) row-major, into dp; J = ∂f/∂x and u has length inputs. dx may be nil.
func (e *Evaluator) SecondOrderJacobian(dx, dp, u []float64, c0, c1 int) {
	e.needPoint("SecondOrderJacobian")
	outputs, inputs := e.net.Outputs, e.net.Inputs
	if dx != nil {
		checkLen("dx", len(dx), outputs*inputs)
	}
	checkLen("u", len(u), inputs)
	e.checkColumns("dp", len(dp), c0, c1)
	e.second()
	e.backward()
	e.tangent(0, u)
	s := &e.products
	for i := len(e.layers) - 1; i >= 0; i-- {
		l := &e.layers[i]
		for o := range outputs {
			base := o*e.neurons + l.at
			eta, alpha := s.eta[base:base+l.Out], s.alpha[base:base+l.Out]
			if i == len(e.layers)-1 {
				clear(eta)
			}
			if l.fn != kernel.Identity {
				for r := range eta {
					eta[r] = e.d1[l.at+r]*eta[r] + e.d2[l.at+r]*s.tz[l.at+r]*alpha[r]
				}
			}
			from := o*e.neurons + l.from
			e.transposedLayer(s.eta[from:from+l.In], eta, l)
			e.secondColumns(dp[o*(c1-c0):(o+1)*(c1-c0)], l, s.zeta[base:], eta, c0, c1)
		}
	}
	if dx != nil {
		for o := range outputs {
			copy(dx[o*inputs:(o+1)*inputs], s.eta[o*e.neurons:])
		}
	}
}

// secondColumns writes the columns of one layer's parameters into one output's row of ∂(J u)/∂p.
func (e *Evaluator) secondColumns(row []float64, l *layer, zeta, eta []float64, c0, c1 int) {
	a, ta := e.act[l.from:l.from+l.In], e.products.ta[l.from:l.from+l.In]
	for r := range l.Out {
		first := l.Weight + r*l.In
		for j := max(0, c0-first); j < min(l.In, c1-first); j++ {
			row[first+j-c0] = zeta[r]*ta[j] + eta[r]*a[j]
		}
	}
	for r := max(0, c0-l.Bias); r < min(l.Out, c1-l.Bias); r++ {
		row[l.Bias+r-c0] = eta[r]
	}
}
