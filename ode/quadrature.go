package ode

// A Quadrature asks for integrals ∫ g(t, y) dt along the solution.
type Quadrature struct {
	// N is the number of integrals.
	N int
	// Eval writes g(t, y) into dst.
	Eval func(dst []float64, t float64, y []float64) error
}

type quadratureState struct{ q *Quadrature }

func (q *quadratureState) init(def *Quadrature, dim int) error {
	if def != nil {
		return &InputError{What: "quadrature", Msg: "cannot be handled by this build"}
	}
	return nil
}
func (q *quadratureState) active() bool                            { return q.q != nil }
func (q *quadratureState) reset()                                  {}
func (q *quadratureState) advance(*Solver, float64, float64) error { return nil }
func (q *quadratureState) save(*Solution)                          {}
func (q *quadratureState) saveAt(*Solver, float64, float64)        {}
