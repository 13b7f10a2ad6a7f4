package ode

// Forget drops the steps and outputs recorded so far and keeps the memory: for an Observer that has used them and wants the tape of a
// running solve to stay short.
func (tp *Tape) Forget() {
	tp.Steps, tp.Outputs, tp.data, tp.nbdf = tp.Steps[:0], tp.Outputs[:0], tp.data[:0], 0
}
