package problems

// The derivative products of a powerLaw. With g_j = Σ_i S_ij w_i, every product is a sum over the terms of g_j, or of the column
// S_j, times first or second derivatives of r_j with respect to its own few factors.

// weight returns Σ_i S_ij w_i.
func (t *term) weight(w []float64) float64 {
	g := 0.0
	for _, e := range t.net {
		g += e.s * w[e.i]
	}
	return g
}

// VJP implements ode.ParamField.
func (f *powerLawField) VJP(gy, gp, w []float64) {
	f.need(ofAll)
	for j := range f.p.terms {
		t := &f.p.terms[j]
		g := t.weight(w)
		if g == 0 {
			continue
		}
		for k, q := range t.factors {
			f.scatter(gy, gp, q.v, g*f.partial[t.offset+k])
		}
	}
}

// scatter adds x to the entry of gy or gp that belongs to variable v of z.
func (f *powerLawField) scatter(gy, gp []float64, v int, x float64) {
	if v < f.p.n {
		if gy != nil {
			gy[v] += x
		}
	} else if gp != nil {
		gp[v-f.p.n] += x
	}
}

// JVP implements ode.ParamField.
func (f *powerLawField) JVP(dst, v, q []float64, n int) {
	f.need(ofAll)
	clear(dst[:f.p.n*n])
	for j := range f.p.terms {
		t := &f.p.terms[j]
		for k, fac := range t.factors {
			var dir []float64
			if fac.v < f.p.n {
				if v == nil {
					continue
				}
				dir = v[fac.v*n : fac.v*n+n]
			} else {
				if q == nil {
					continue
				}
				dir = q[(fac.v-f.p.n)*n : (fac.v-f.p.n)*n+n]
			}
			d := f.partial[t.offset+k]
			for _, e := range t.net {
				row := dst[e.i*n : e.i*n+n]
				s := e.s * d
				for l, x := range dir {
					row[l] += s * x
				}
			}
		}
	}
}

// ParamJacobian implements ode.ParamField.
func (f *powerLawField) ParamJacobian(dst []float64, c0, c1 int) {
	f.need(ofAll)
	cols := c1 - c0
	clear(dst[:f.p.n*cols])
	for j := range f.p.terms {
		t := &f.p.terms[j]
		for k := t.states; k < len(t.factors); k++ {
			c := t.factors[k].v - f.p.n - c0
			if c < 0 || c >= cols {
				continue
			}
			for _, e := range t.net {
				dst[e.i*cols+c] += e.s * f.partial[t.offset+k]
			}
		}
	}
}

// bend writes for every factor of term j the derivative of Σ_v ∂r_j/∂y_v u_v with respect to it into h.
func (f *powerLawField) bend(h *[maxFactors]float64, j int, u []float64) {
	t := &f.p.terms[j]
	var v, d [maxFactors]float64
	for k, q := range t.factors {
		x := f.z[q.v]
		v[k], d[k] = power(x, q.e), q.e*power(x, q.e-1)
	}
	for l, o := range t.factors {
		h[l] = 0
		for k, q := range t.factors[:t.states] {
			x := t.kappa * u[q.v]
			if x == 0 {
				continue
			}
			if k == l {
				if q.e == 1 {
					continue
				}
				x *= o.e * (o.e - 1) * power(f.z[o.v], o.e-2)
			} else {
				x *= d[k] * d[l]
			}
			for i := range t.factors {
				if i != k && i != l {
					x *= v[i]
				}
			}
			h[l] += x
		}
	}
}

// SecondOrder implements ode.ParamField; f does not depend on t, so tau has no effect.
func (f *powerLawField) SecondOrder(gy, gp, w, u, _ []float64, n int) {
	k := f.p.n
	var h [maxFactors]float64
	for j := range f.p.terms {
		t := &f.p.terms[j]
		for i := range n {
			g := t.weight(w[i*k : i*k+k])
			if g == 0 {
				continue
			}
			f.bend(&h, j, u[i*k:i*k+k])
			for l, q := range t.factors {
				f.scatter(gy, gp, q.v, g*h[l])
			}
		}
	}
}

// SecondOrderJacobian implements ode.ParamField.
func (f *powerLawField) SecondOrderJacobian(dy, dp, u []float64, _ float64, c0, c1 int) {
	n, cols := f.p.n, c1-c0
	clear(dy[:n*n])
	if dp != nil {
		clear(dp[:n*cols])
	}
	var h [maxFactors]float64
	for j := range f.p.terms {
		t := &f.p.terms[j]
		f.bend(&h, j, u)
		for l, q := range t.factors {
			for _, e := range t.net {
				if q.v < n {
					dy[e.i*n+q.v] += e.s * h[l]
				} else if c := q.v - n - c0; dp != nil && c >= 0 && c < cols {
					dp[e.i*cols+c] += e.s * h[l]
				}
			}
		}
	}
}
