package ode

// coupledStages evaluates f at the stages of a fully implicit method, in one call where the field can do that.
type coupledStages struct {
	nodes []float64
	field StageField // nil if it evaluates one point at a time
	t, y  []float64
}

func newCoupledStages(c *core, nodes []float64) *coupledStages {
	s := &coupledStages{nodes: nodes}
	if f, ok := c.field.(StageField); ok {
		s.field, s.t, s.y = f, make([]float64, len(nodes)), make([]float64, len(nodes)*c.n)
	}
	return s
}

// eval writes f(t + c_i h, y + Z_i) into the rows of f.
func (s *coupledStages) eval(c *core, f, z []float64, h float64) *stepError {
	n := c.n
	if s.field == nil {
		for i, node := range s.nodes {
			for j, v := range z[i*n : (i+1)*n] {
				c.ynew[j] = c.y[j] + v
			}
			if bad := c.eval(f[i*n:(i+1)*n], c.t+node*h, c.ynew); bad != nil {
				return bad
			}
		}
		return nil
	}
	for i := range s.nodes {
		to := s.y[i*n : (i+1)*n]
		for j, v := range z[i*n : (i+1)*n] {
			to[j] = c.y[j] + v
		}
	}
	return s.evalAt(c, f, s.y, h)
}

// evalAt writes f(t + c_i h, y_i) into the rows of f, given the rows y_i.
func (s *coupledStages) evalAt(c *core, f, y []float64, h float64) *stepError {
	n := c.n
	if s.field == nil {
		for i, node := range s.nodes {
			if bad := c.eval(f[i*n:(i+1)*n], c.t+node*h, y[i*n:(i+1)*n]); bad != nil {
				return bad
			}
		}
		return nil
	}
	for i, node := range s.nodes {
		s.t[i] = c.inside(c.t + node*h)
	}
	c.stats.Evals += len(s.nodes)
	c.enter(inField, c.t, y[:n])
	err := s.field.EvalStages(f, s.t, y, len(s.nodes))
	c.leave()
	if err != nil {
		return c.fieldError(err)
	}
	return nil
}
