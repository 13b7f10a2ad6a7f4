package ode

// consult shows the step just attempted to Options.Judge, as the only step of a tape, and raises the error norm to what it returns.
func (s *Solver) consult(h float64, e *float64) (*stepError, error) {
	c := s.c
	s.shown.reset(s.p.Dim, c.t, c.t1)
	s.shown.KeepFactors = true
	s.st.record(&s.shown, c.t, h)
	norm, err := s.opt.Judge(&s.shown)
	if err != nil {
		if bad := c.fieldError(err); bad.reason != 0 {
			return bad, nil
		}
		return nil, s.fail(CauseObserver, h, err, "the judge of the steps asked to stop")
	}
	if !(norm <= *e) { // NaN rejects
		*e = norm
	}
	if *e != *e {
		return c.reject(RejectNonFinite, nil), nil
	}
	return nil, nil
}
