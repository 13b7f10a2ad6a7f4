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
	if err := f.linearize(t); err != nil {
		return err
	}
	if err := c.con.factor(denseJacobian(f.jac, c.square)); err != nil {
		return err
	}
	copy(c.ftmp, grad)
	w := c.con.separate(c.ftmp)
	if c.con.singular() && c.first {
		y, cov := c.pairs.add(t)
		copy(y, f.y)
		copy(cov, w)
	}
	for j, v := range c.ftmp {
		lam[j] += v
	}
	return nil
}

// initial turns the adjoint at t0 into the derivative with respect to the initial values, Mᵀλ.
func (c *continuous) initial(g *Gradient, lam []float64) {
	c.setup.Problem.Mass.MulVecTransposed(g.Initial, lam)
}
