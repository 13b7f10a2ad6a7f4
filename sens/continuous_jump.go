package sens

// jump adds the effect of ∂ℓ/∂y at time t to the adjoint.
func (c *continuous) jump(lam []float64, t float64, grad []float64) error {
	if c.con == nil {
		for j, v := range grad {
			lam[j] += v
		}
		return nil
	}
	f := c.field
	f.state(f.y, t)
	if c.con.algebraic != nil {
		if err := f.EvalJacobian(f.f, f.jac, nil, t, f.y); err != nil {
			return err
		}
	}
	l := c.ftmp
	copy(l, grad)
	w, err := c.con.separate(l, f.jac)
	if err != nil {
		return err
	}
	if w != nil {
		y, cov := c.pairs.add(t)
		copy(y, f.y)
		copy(cov, w)
	}
	for j, v := range l {
		lam[j] += v
	}
	c.con.consistent(lam, f.jac)
	return nil
}

// initial turns the adjoint at t0 into the derivative with respect to the initial values.
func (c *continuous) initial(g *Gradient, lam []float64) {
	if c.con == nil {
		copy(g.Initial, lam)
		return
	}
	c.con.initial(g.Initial, lam)
}
