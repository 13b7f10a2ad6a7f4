package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/model"
)

// toUnits brings data to a model's units and says what was converted; it adds those notes to the ones given.
func (a *app) toUnits(m *model.Model, set *data.Set) ([]string, error) {
	notes, err := set.ConvertTo(m.Names(), m.Units(), m.TimeUnit)
	for _, n := range notes {
		a.say("note: %s, the unit of the model", n)
	}
	return notes, err
}

// inFile names the file in an error about data that does not.
func inFile(err error, file string) error {
	var e *data.Error
	if errors.As(err, &e) && e.File == "" {
		e.File = file
	}
	return err
}

// extrapolation is how --json tells that something leads out of what a model was trained on.
type extrapolation struct {
	Trajectory string     `json:"trajectory,omitempty"`
	Quantity   string     `json:"quantity"` // the name of a state, or of the time
	At         float64    `json:"at"`       // the first time
	Value      float64    `json:"value"`
	Trained    [2]float64 `json:"trained"`
}

// extrapolations says on standard error where trajectories lead out of what a model was trained on, and returns it for --json. The time and each
// state are told of once, however many trajectories there are. What the trajectories are is said by subject: "the prediction", "the data".
func (a *app) extrapolations(m *model.Model, set *data.Set, subject string) []extrapolation {
	out := []extrapolation{}
	first := make([]*extrapolation, len(m.States)+1)
	count := make([]int, len(first))
	unit := func(state int) string {
		u := m.TimeUnit
		if state >= 0 {
			u = m.States[state].Unit
		}
		return strings.TrimRight(" "+u, " ")
	}
	states := len(m.States)
	values := make([]float64, 0, states)
	for k := range set.Trajectories {
		tr := &set.Trajectories[k]
		values = values[:0]
		for i := range tr.Times {
			row := tr.Row(i, len(set.States))
			for _, name := range m.Names() {
				values = append(values, row[set.Index(name)])
			}
		}
		for _, e := range m.Extrapolations(tr.Times, values) {
			x := extrapolation{Trajectory: tr.Name, Quantity: m.TimeName, At: e.At, Value: e.Value, Trained: [2]float64{e.Trained.Min, e.Trained.Max}}
			if e.State >= 0 {
				x.Quantity = m.States[e.State].Name
			}
			out = append(out, x)
			if count[e.State+1]++; first[e.State+1] == nil {
				first[e.State+1] = &x
			}
		}
	}
	for i, x := range first {
		if x == nil {
			continue
		}
		of := ""
		switch {
		case count[i] > 1:
			of = fmt.Sprintf(" in %d of %d trajectories", count[i], len(set.Trajectories))
		case x.Trajectory != "":
			of = " in trajectory " + x.Trajectory
		}
		if i == 0 {
			a.say("warning: %s: the time %.6g%s%s lies outside the span that the model was trained on, %.6g to %.6g%s: it extrapolates", subject, x.At, unit(-1), of, x.Trained[0], x.Trained[1], unit(-1))
			continue
		}
		a.say("warning: %s: %s is %.6g%s at %.6g%s%s; in training it lay between %.6g and %.6g: it extrapolates", subject, x.Quantity, x.Value, unit(i-1), x.At, unit(-1), of, x.Trained[0], x.Trained[1])
	}
	return out
}

// predicted is what predict --json prints.
type predicted struct {
	Time          quantity              `json:"time"`
	States        []quantity            `json:"states"`
	Trajectories  []predictedTrajectory `json:"trajectories"`
	Notes         []string              `json:"notes"`
	Extrapolation []extrapolation       `json:"extrapolation"`
}

type quantity struct {
	Name string `json:"name"`
	Unit string `json:"unit,omitempty"`
}

type predictedTrajectory struct {
	Name   string      `json:"name,omitempty"`
	Times  []float64   `json:"times"`
	Values [][]float64 `json:"values"` // one row for each time
}

func (a *app) writePredicted(set *data.Set, notes []string, beyond []extrapolation) error {
	p := predicted{Time: quantity{set.TimeName, set.TimeUnit}, Trajectories: []predictedTrajectory{}, Notes: append([]string{}, notes...), Extrapolation: beyond}
	for i, name := range set.States {
		p.States = append(p.States, quantity{name, set.Units[i]})
	}
	for k := range set.Trajectories {
		tr := &set.Trajectories[k]
		t := predictedTrajectory{Name: tr.Name, Times: tr.Times}
		for i := range tr.Times {
			t.Values = append(t.Values, tr.Row(i, len(set.States)))
		}
		p.Trajectories = append(p.Trajectories, t)
	}
	return json.NewEncoder(a.out).Encode(p)
}

// withNotes is a score as evaluate --json prints it.
func withNotes(s *data.Score, notes []string, beyond []extrapolation) (any, error) {
	raw, err := s.MarshalJSON()
	if err != nil {
		return nil, err
	}
	var parts struct {
		MAE    json.RawMessage `json:"mae"`
		States json.RawMessage `json:"states"`
		Notes  []string        `json:"notes"`

		Extrapolation []extrapolation `json:"extrapolation"`
	}
	err = json.Unmarshal(raw, &parts)
	parts.Notes, parts.Extrapolation = append([]string{}, notes...), beyond
	return parts, err
}
