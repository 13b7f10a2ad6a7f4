package ode

// An Event is a function of time and state whose sign changes are looked for.
type Event struct {
	// Name for messages.
	Name string
	// Value is the function g(t, y).
	Value func(t float64, y []float64) float64
	// Direction: +1 finds only rising zeros, −1 only falling ones, 0 both.
	Direction int
	// Terminal ends the solve at the event.
	Terminal bool
	// Apply changes the state at the event, after which the solve restarts; nil leaves it alone.
	Apply func(t float64, y []float64)
}

// An EventHit is an event that happened.
type EventHit struct {
	// Event is the number of the event in Options.Events.
	Event int
	T     float64
	// Y is the state at the event, before Apply.
	Y []float64
	// Rising says that g went from negative to positive.
	Rising bool
}

// eventFinder looks for events; it is inactive when there are none.
type eventFinder struct{ events []Event }

func (e *eventFinder) init(events []Event, dim int) error {
	if len(events) > 0 {
		return &InputError{What: "events", Msg: "cannot be handled by this build"}
	}
	return nil
}
func (e *eventFinder) active() bool                                       { return len(e.events) > 0 }
func (e *eventFinder) atStart(*Solver) error                              { return nil }
func (e *eventFinder) search(_ *Solver, tnew, _ float64) (float64, error) { return tnew, nil }
func (e *eventFinder) land(*Solver, float64) (stop, restart bool, err error) {
	return false, false, nil
}
func (e *eventFinder) fire(*Solver) (stop, restart bool, err error) { return false, false, nil }
