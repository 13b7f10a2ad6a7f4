package optim

var _ FirstOrder = (*SGD)(nil)

// SGDConfig holds the hyperparameters of stochastic gradient descent.
type SGDConfig struct {
	// Momentum is the factor μ, in [0, 1), by which the velocity of the step before is kept. 0 is plain gradient descent.
	Momentum float64
	// Nesterov evaluates the velocity one step ahead. It needs a Momentum above 0.
	Nesterov bool
}

// Validate reports every value that is out of range.
func (c SGDConfig) Validate() error {
	var e configErrors
	e.check(c.Momentum >= 0 && c.Momentum < 1, "momentum", c.Momentum, "at least 0 and below 1")
	e.check(!c.Nesterov || c.Momentum > 0, "momentum", c.Momentum, "above 0 where Nesterov's form is asked for")
	return e.err("SGD")
}

// SGD is gradient descent with momentum (Polyak 1964) in the form
//
//	v ← μ v + g,   p ← p − lr v          (Nesterov: p ← p − lr (g + μ v)),
//
// in which the velocity does not depend on the learning rate, so that a schedule acts at once. Nesterov's form is that
// of Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep learning", ICML 2013, Eqs. 3–4, at
// shifted variables.
type SGD struct {
	cfg   SGDConfig
	v     []float64
	saved []float64
}

// NewSGD makes the method for n parameters.
func NewSGD(n int, cfg SGDConfig) (*SGD, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if err := checkParamCount("SGD", n); err != nil {
		return nil, err
	}
	return &SGD{cfg: cfg, v: make([]float64, n), saved: make([]float64, n)}, nil
}

// Step implements FirstOrder.
func (s *SGD) Step(p, g []float64, lr float64) {
	checkLengths("SGD.Step", len(s.v), p, g)
	mu := s.cfg.Momentum
	for i, gi := range g {
		v := mu*s.v[i] + gi
		s.v[i] = v
		if s.cfg.Nesterov {
			v = gi + mu*v
		}
		p[i] -= lr * v
	}
}

// Snapshot implements FirstOrder.
func (s *SGD) Snapshot() { copy(s.saved, s.v) }

// Rollback implements FirstOrder.
func (s *SGD) Rollback() { copy(s.v, s.saved) }

const sgdVersion = 1

// MarshalBinary implements encoding.BinaryMarshaler.
func (s *SGD) MarshalBinary() ([]byte, error) {
	w := newStateWriter("SGD", sgdVersion)
	w.vector(s.v)
	return w.finish(), nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (s *SGD) UnmarshalBinary(data []byte) error {
	r := newStateReader("SGD", sgdVersion, data)
	v := r.vector(len(s.v))
	if err := r.finish(); err != nil {
		return err
	}
	copy(s.v, v)
	return nil
}
