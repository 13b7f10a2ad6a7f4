package data

import (
	"errors"
	"fmt"
	"math"
)

// ConvertTo brings the set to the units of a model, in place: names and units are those of the model's states, timeUnit that of its
// time. Units that either side does not give are taken to agree, and the set then has the model's. What was converted is returned in words and added to the notes; what cannot be converted is
// an *Error, and the set is left as it was.
func (s *Set) ConvertTo(names, units []string, timeUnit string) ([]string, error) {
	wanted := make(map[string]string, len(names))
	for j, name := range names {
		if j < len(units) {
			wanted[name] = units[j]
		}
	}
	var notes []string
	time, err := s.conversion(s.timeName(), s.TimeUnit, timeUnit, &notes)
	if err != nil {
		return nil, err
	}
	all, changed := make([]Conversion, len(s.States)), false
	for j, name := range s.States {
		from := ""
		if j < len(s.Units) {
			from = s.Units[j]
		}
		if all[j], err = s.conversion(name, from, wanted[name], &notes); err != nil {
			return nil, err
		}
		changed = changed || !all[j].Same()
	}
	if err := s.convert(time, all, changed); err != nil {
		return nil, err
	}
	if timeUnit != "" {
		s.TimeUnit = timeUnit
	}
	if len(s.Units) == 0 {
		s.Units = make([]string, len(s.States))
	}
	for j, name := range s.States {
		if u := wanted[name]; u != "" {
			s.Units[j] = u
		}
	}
	s.Notes = append(s.Notes, notes...)
	return notes, nil
}

func (s *Set) conversion(column, from, to string, notes *[]string) (Conversion, error) {
	c, err := Convert(from, to)
	var e *Error
	if errors.As(err, &e) {
		return c, &Error{Column: column, Msg: "the unit is not the one that is wanted: " + e.Msg, Remedy: e.Remedy, Err: err}
	}
	if !c.Same() {
		*notes = append(*notes, fmt.Sprintf("%s was converted from %s to %s", column, from, to))
	}
	return c, err
}

// convert changes times and values, or nothing if one would overflow or two times would become the same.
func (s *Set) convert(time Conversion, states []Conversion, values bool) error {
	out := make([]Trajectory, len(s.Trajectories))
	copy(out, s.Trajectories)
	n := len(s.States)
	for k := range out {
		tr := &out[k]
		if !time.Same() {
			old := tr.Times
			tr.Times = make([]float64, len(old))
			for i, t := range old {
				tr.Times[i] = time.Of(t)
				if math.IsInf(tr.Times[i], 0) || i > 0 && tr.Times[i] <= tr.Times[i-1] {
					return &Error{Column: s.timeName(), Msg: fmt.Sprintf("the time %g does not survive the conversion of units", t), Remedy: "write the times in another unit"}
				}
			}
		}
		if !values {
			continue
		}
		old := tr.Values
		tr.Values = make([]float64, len(old))
		for i, x := range old {
			if tr.Values[i] = states[i%n].Of(x); math.IsInf(tr.Values[i], 0) {
				return &Error{Column: s.States[i%n], Msg: fmt.Sprintf("the value %g does not survive the conversion of units", x), Remedy: "write the values in another unit"}
			}
		}
	}
	s.Trajectories = out
	return nil
}
