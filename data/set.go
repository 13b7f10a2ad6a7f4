package data

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Trajectory is one run of the system: its states, observed at increasing times from one initial state.
type Trajectory struct {
	Name    string    // any text; empty if there is only one trajectory and nobody named it
	Times   []float64 // strictly increasing
	Values  []float64 // len(Times) × states, row-major; NaN where nothing was observed; row 0 is the initial state
	Weights []float64 // the same shape, ≥ 0: how much each value counts in a loss; nil means 1 for all
}

// Set is a number of trajectories of the same system.
type Set struct {
	States       []string // names
	Units        []string // of the states, as written; empty where there was none
	TimeName     string   // "t" if empty
	TimeUnit     string
	Trajectories []Trajectory
	Notes        []string  // what a person should be told about the data: constant columns, missing initial values, …
	Readings     []Reading // how its files were read
	Sources      []Source  // the files that it was read from; none for data made otherwise
}

// Row returns the values of time i, of a set with n states. It shares the trajectory's memory.
func (tr *Trajectory) Row(i, n int) []float64 { return tr.Values[i*n : (i+1)*n : (i+1)*n] }

// Index returns the position of a state, or −1.
func (s *Set) Index(state string) int { return slices.Index(s.States, state) }

// Rows returns the number of rows of all trajectories together.
func (s *Set) Rows() int {
	n := 0
	for i := range s.Trajectories {
		n += len(s.Trajectories[i].Times)
	}
	return n
}

// Clone returns a copy that shares no memory with s.
func (s *Set) Clone() *Set {
	c := *s
	c.States, c.Units, c.Notes, c.Sources = slices.Clone(s.States), slices.Clone(s.Units), slices.Clone(s.Notes), slices.Clone(s.Sources)
	c.Readings = slices.Clone(s.Readings)
	c.Trajectories = make([]Trajectory, len(s.Trajectories))
	for i, tr := range s.Trajectories {
		c.Trajectories[i] = Trajectory{tr.Name, slices.Clone(tr.Times), slices.Clone(tr.Values), slices.Clone(tr.Weights)}
	}
	return &c
}

// Label returns the name of a state with its unit, as in the header of a file: "y1 [mol/L]".
func (s *Set) Label(state int) string {
	if len(s.Units) == 0 {
		return label(s.States[state], "")
	}
	return label(s.States[state], s.Units[state])
}

// TimeLabel returns the name of the time with its unit.
func (s *Set) TimeLabel() string { return label(s.timeName(), s.TimeUnit) }

func (s *Set) timeName() string {
	if s.TimeName == "" {
		return "t"
	}
	return s.TimeName
}

// Check returns an *Error if the set is not sound: lengths that do not fit, names that are empty or occur twice, times
// that do not increase, infinite values, negative weights. What ReadCSV and ReadFiles return is sound; so is what the
// methods of a sound set return.
func (s *Set) Check() error {
	n := len(s.States)
	if n == 0 {
		return &Error{Msg: "there are no states"}
	}
	if len(s.Units) != 0 && len(s.Units) != n {
		return &Error{Msg: fmt.Sprintf("%d units for %d states", len(s.Units), n)}
	}
	if len(s.Trajectories) == 0 {
		return &Error{Msg: "there are no trajectories"}
	}
	seen := map[string]bool{s.timeName(): true}
	if err := checkName(s.timeName()); err != nil {
		return err
	}
	for _, unit := range append([]string{s.TimeUnit}, s.Units...) {
		if !clean(unit) || strings.Contains(unit, "[") {
			return &Error{Msg: fmt.Sprintf("%s cannot be a unit", quote(unit)), Remedy: "units have no opening bracket, no invisible characters, and no blanks but single ones between words"}
		}
	}
	for _, name := range s.States {
		if err := checkName(name); err != nil {
			return err
		}
		if seen[name] {
			return &Error{Column: name, Msg: "the name occurs twice"}
		}
		seen[name] = true
	}
	names := map[string]bool{}
	for i := range s.Trajectories {
		tr := &s.Trajectories[i]
		if names[tr.Name] {
			return &Error{Msg: fmt.Sprintf("two trajectories have the name %s", quote(tr.Name))}
		}
		names[tr.Name] = true
		if tr.Name != "" {
			if err := checkName(tr.Name); err != nil {
				return err
			}
		}
		if err := tr.check(s.States); err != nil {
			return err
		}
	}
	return nil
}

func (tr *Trajectory) check(states []string) error {
	n, who := len(states), "trajectory "+quote(tr.Name)+": "
	if len(tr.Times) == 0 {
		return &Error{Msg: who + "there are no times"}
	}
	if len(tr.Values) != len(tr.Times)*n {
		return &Error{Msg: fmt.Sprintf("%s%d values for %d times and %d states", who, len(tr.Values), len(tr.Times), n)}
	}
	if tr.Weights != nil && len(tr.Weights) != len(tr.Values) {
		return &Error{Msg: fmt.Sprintf("%s%d weights for %d values", who, len(tr.Weights), len(tr.Values))}
	}
	for i, t := range tr.Times {
		if math.IsNaN(t) || math.IsInf(t, 0) {
			return &Error{Msg: fmt.Sprintf("%stime number %d is %g", who, i+1, t)}
		}
		if i > 0 && t <= tr.Times[i-1] {
			return &Error{Msg: fmt.Sprintf("%stime %g follows time %g", who, t, tr.Times[i-1]), Remedy: "times must increase"}
		}
	}
	for i, v := range tr.Values {
		if math.IsInf(v, 0) {
			return &Error{Column: states[i%n], Msg: fmt.Sprintf("%sthe value at time %g is infinite", who, tr.Times[i/n])}
		}
	}
	for i, w := range tr.Weights {
		if !(w >= 0) || math.IsInf(w, 0) {
			return &Error{Column: states[i%n], Msg: fmt.Sprintf("%sthe weight at time %g is %g", who, tr.Times[i/n], w), Remedy: "weights are finite and not negative"}
		}
	}
	return nil
}

// checkName refuses names that a file or a terminal could not carry.
func checkName(name string) error {
	if name == "" || !clean(name) {
		return &Error{Msg: fmt.Sprintf("%s cannot be a name", quote(name)), Remedy: "names are not empty, have no invisible characters, and no blanks but single ones between words"}
	}
	return nil
}

func clean(s string) bool {
	return s == cleanName(s) && utf8.ValidString(s) && strings.IndexFunc(s, invisible) < 0
}

// invisible characters in names would deceive readers, or command their terminal.
func invisible(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }

// cleanName makes one blank of each run of blanks and line breaks, and none at the ends.
func cleanName(s string) string { return strings.Join(strings.Fields(s), " ") }

func label(name, unit string) string {
	if unit == "" {
		return name
	}
	return name + " [" + unit + "]"
}
