package optim

import (
	"encoding"
	"fmt"
)

// FirstOrder is a method that turns a gradient into a step. A value is made for a fixed number of parameters and holds what it
// remembers of earlier gradients; it is not safe for concurrent use.
type FirstOrder interface {
	// Step moves p in place along a direction made of the gradient g and the memory of earlier ones, with learning rate lr.
	// It does not change g and does not allocate. It panics where len(p) or len(g) is not the number of parameters the
	// method was made for.
	Step(p, g []float64, lr float64)

	// Snapshot remembers the method's memory in buffers of its own, replacing the snapshot before; Rollback returns to it.
	// The parameters are the caller's: [Undoable] keeps both together.
	Snapshot()
	// Rollback returns to the last snapshot, exactly. Before the first snapshot it returns to the state of a new method.
	Rollback()

	// MarshalBinary writes the memory, exact to the bit. Hyperparameters are not part of it, they belong to the
	// configuration. UnmarshalBinary returns a *StateError where the data are of another method, version or number of
	// parameters, or damaged, and then leaves the method as it was. Neither includes the snapshot.
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// Undoable is a first-order method whose last step can be taken back, exactly, and retried with a smaller learning rate: what is
// needed where the point that a step leads to cannot be evaluated.
type Undoable struct {
	method  FirstOrder
	p, g    []float64
	lr      float64
	pending bool
}

// NewUndoable makes an Undoable around method, which must have been made for n parameters.
func NewUndoable(method FirstOrder, n int) *Undoable {
	return &Undoable{method: method, p: make([]float64, n), g: make([]float64, n)}
}

// Method returns the method inside, whose MarshalBinary and UnmarshalBinary serve a checkpoint.
func (u *Undoable) Method() FirstOrder { return u.method }

// Step is the method's step, and remembers p, g and lr first.
func (u *Undoable) Step(p, g []float64, lr float64) {
	checkLengths("Undoable.Step", len(u.p), p, g)
	copy(u.p, p)
	copy(u.g, g)
	u.lr = lr
	u.method.Snapshot()
	u.method.Step(p, g, lr)
	u.pending = true
}

// Undo takes the last step back: p and the method's memory become what they were, bit for bit. It reports false, and changes
// nothing, where there is no step to take back (only the last one can be).
func (u *Undoable) Undo(p []float64) bool {
	checkLengths("Undoable.Undo", len(u.p), p)
	if !u.pending {
		return false
	}
	copy(p, u.p)
	u.method.Rollback()
	u.pending = false
	return true
}

// Retry takes the last step back and makes it again from the same gradient with the learning rate multiplied by factor
// (0 < factor < 1 for a shorter step). It returns the learning rate now used, and reports false where there is no step to
// take back. It may be called again and again: the factors multiply.
func (u *Undoable) Retry(p []float64, factor float64) (lr float64, ok bool) {
	if !u.Undo(p) {
		return u.lr, false
	}
	u.lr *= factor
	u.method.Step(p, u.g, u.lr)
	u.pending = true
	return u.lr, true
}

// checkLengths panics where one of the vectors does not have n elements.
func checkLengths(where string, n int, vectors ...[]float64) {
	for _, v := range vectors {
		if len(v) != n {
			panic(fmt.Sprintf("optim: %s: a vector has %d elements, want %d", where, len(v), n))
		}
	}
}
