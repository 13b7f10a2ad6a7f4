package ode

import "github.com/stiffnode/stiffnode/internal/linalg"

// bdfPast builds the history of order q at a start from the solution before it.
type bdfPast struct {
	pending bool // the history is to be built when the first step size is known
	lu      *linalg.LU
	rows    [][]float64 // y(t0), y(t0−h), …, y(t0−(q−1)h), then h f
	b       []float64
}

// startFromPast begins at the highest order allowed.
func (st *bdfStepper) startFromPast() *stepError {
	p := &st.past
	st.q = st.m.highest()
	if p.lu == nil {
		q := st.q
		p.lu, p.b = linalg.NewLU(q+1), make([]float64, q+1)
		a := p.lu.Matrix()
		for i := range q { // Σ_j z_j (−i)^j = y(t0 − i h)
			x := 1.0
			for j := range q + 1 {
				a[i*(q+1)+j] = x
				x *= -float64(i)
			}
		}
		a[q*(q+1)+1] = 1 // z_1 = h f
		if err := p.lu.FactorInPlace(); err != nil {
			return st.c.reject(0, err)
		}
		for range q {
			p.rows = append(p.rows, make([]float64, st.c.n))
		}
	}
	p.pending = true
	st.choice.wait = st.q + 1
	return nil
}

// buildPast interpolates y and f at the start and y at q−1 points before it, h apart.
func (st *bdfStepper) buildPast(h float64) {
	c, p, q := st.c, &st.past, st.q
	copy(p.rows[0], c.y)
	for i := 1; i < q; i++ {
		st.m.Past.At(p.rows[i], c.t-float64(i)*h)
	}
	c.setDerivative(c.f0)
	for k := range c.n {
		for i, row := range p.rows {
			p.b[i] = row[k]
		}
		p.b[q] = h * c.dydt[k]
		p.lu.Solve(p.b)
		for j, v := range p.b {
			st.z[j][k] = v
		}
	}
	for i := range st.tau {
		st.tau[i] = h
	}
	st.hz = h
}
