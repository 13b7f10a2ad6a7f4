package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/ode"
)

type predictCmd struct {
	Model string `arg:"" help:"Model file or run folder."`

	Y0    string   `name:"y0" help:"Initial state: A=1,B=0, or a CSV file with one initial state per row." placeholder:"STATE"`
	Like  []string `help:"Initial states and times of these CSV files." placeholder:"DATA.csv"`
	Times string   `help:"Times: 0,1,2 or log:1e-5:1e5:50 or lin:0:60:20; 100 over the span of the training data if not given." placeholder:"TIMES"`
	T0    *float64 `name:"t0" help:"Time of the initial state; the start of the training data if not given." placeholder:"T"`
	Out   string   `help:"File; standard output if not given." placeholder:"FILE.csv"`
	JSON  bool     `help:"One JSON object, with what the model was not trained for."`
	solverFlags
	dataFlags
}

func (c *predictCmd) Run(a *app) error {
	if c.JSON && c.Out != "" {
		return usageError("--json writes to standard output, --out CSV to a file: give one of them")
	}
	if err := free(c.Out); err != nil {
		return err
	}
	m, err := model.Load(c.Model)
	if err != nil {
		return err
	}
	opt, err := m.Solver.Options()
	if err != nil {
		return err
	}
	if err := c.apply(&opt); err != nil {
		return err
	}
	starts, notes, err := c.starts(a, m)
	if err != nil {
		return err
	}
	batch := make([]ode.Trajectory, len(starts))
	for i := range starts {
		s := &starts[i]
		batch[i] = ode.Trajectory{T0: s.t0, Y0: s.y0, Times: s.times}
	}
	// a few are solved by the very method that one alone would be
	err = m.PredictBatch(a.ctx, batch, model.BatchOptions{Options: &opt, OneByOne: len(batch) < ode.Lanes})
	if err == nil {
		err = failures(starts, batch)
	}
	out := &data.Set{States: m.Names(), Units: m.Units(), TimeName: m.TimeName, TimeUnit: m.TimeUnit}
	for i := range batch {
		tr := &batch[i]
		if reached := len(tr.Y) / len(m.States); reached > 0 && (tr.Err == nil || len(batch) > 1) {
			out.Trajectories = append(out.Trajectories, data.Trajectory{Name: starts[i].name, Times: tr.Times[:reached], Values: tr.Y})
		}
	}
	if err != nil && len(out.Trajectories) == 0 {
		a.extrapolations(m, asked(out, starts), "what was asked for")
		return err
	}
	beyond := a.extrapolations(m, out, "the prediction")
	if c.JSON {
		return errors.Join(a.writePredicted(out, notes, beyond), err)
	}
	return errors.Join(a.writeSet(out, c.Out), err)
}

// asked is a set with the initial states, and the last times without values.
func asked(like *data.Set, starts []start) *data.Set {
	set := &data.Set{States: like.States}
	for _, s := range starts {
		unknown := slices.Repeat([]float64{math.NaN()}, len(s.y0))
		set.Trajectories = append(set.Trajectories, data.Trajectory{Name: s.name, Times: []float64{s.t0, s.times[len(s.times)-1]}, Values: append(slices.Clone(s.y0), unknown...)})
	}
	return set
}

// failures is the error of a trajectory, or that of the first with the number of all: what the others reached is worth having.
func failures(starts []start, batch []ode.Trajectory) error {
	count := 0
	var first error
	for i := range batch {
		if err := batch[i].Err; err != nil {
			if count++; count == 1 {
				first = err
				if len(batch) > 1 {
					first = fmt.Errorf("trajectory %s: %w", starts[i].name, err)
				}
			}
		}
	}
	if count > 1 {
		return fmt.Errorf("%w (%d of %d trajectories could not be solved to the end)", first, count, len(batch))
	}
	return first
}

// start is an initial state and the times at which the model is wanted.
type start struct {
	name  string
	t0    float64
	y0    []float64
	times []float64
}

// starts are the trajectories that are wanted, and notes on how they were read.
func (c *predictCmd) starts(a *app, m *model.Model) (out []start, notes []string, err error) {
	if (c.Y0 == "") == (len(c.Like) == 0) {
		return nil, nil, usageError("give the initial state with --y0 A=1,B=0 or --y0 FILE.csv, or take it from data with --like DATA.csv")
	}
	var times []float64
	if c.Times != "" {
		if times, err = data.ParseTimes(c.Times); err != nil {
			return nil, nil, err
		}
	}
	t0 := m.Span.T0
	if c.T0 != nil {
		t0 = *c.T0
	}
	switch {
	case len(c.Like) > 0:
		out, notes, err = c.like(a, m)
	case strings.Contains(c.Y0, "="):
		var values map[string]float64
		var y0 []float64
		if values, err = assignments("--y0", c.Y0); err == nil {
			y0, err = vector("--y0", m.Names(), values)
		}
		out = []start{{t0: t0, y0: y0}}
	default:
		out, notes, err = c.fromFile(a, m, t0)
	}
	if err != nil {
		return nil, nil, err
	}
	for i := range out {
		s := &out[i]
		switch {
		case times != nil:
			s.times = times
		case s.times == nil:
			tr := data.Trajectory{Times: []float64{m.Span.T0, m.Span.First, m.Span.T1}}
			s.times = tr.Grid(100, m.Span.Log)
		}
		if s.times[0] < s.t0 {
			return nil, nil, usageError(fmt.Sprintf("time %g lies before the initial state at t = %g; give its time with --t0", s.times[0], s.t0))
		}
		if len(out) > 1 && s.name == "" {
			s.name = strconv.Itoa(i + 1)
		}
	}
	return out, notes, nil
}

// fromFile takes initial states from a file; those that it gives no time for are of the time t0.
func (c *predictCmd) fromFile(a *app, m *model.Model, t0 float64) ([]start, []string, error) {
	f, err := os.Open(c.Y0)
	if err != nil && bareNumbers(c.Y0) {
		return nil, nil, usageError(fmt.Sprintf("--y0: %s does not say which state has which value; write --y0 %s", c.Y0, named(m.Names(), c.Y0)))
	}
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	set, err := data.ReadInitial(f, c.Y0, m.Names())
	if err != nil {
		return nil, nil, err
	}
	notes, err := a.toUnits(m, set)
	if err != nil {
		return nil, nil, inFile(err, c.Y0)
	}
	var out []start
	for i := range set.Trajectories {
		tr := &set.Trajectories[i]
		s := start{name: tr.Name, t0: tr.Times[0], y0: tr.Values}
		if math.IsNaN(s.t0) {
			s.t0 = t0
		}
		out = append(out, s)
	}
	return out, notes, nil
}

// like takes initial states and times from data.
func (c *predictCmd) like(a *app, m *model.Model) ([]start, []string, error) {
	set, notes, err := a.readFor(m, c.Like, &c.dataFlags)
	if err != nil {
		return nil, nil, err
	}
	var out []start
	for i := range set.Trajectories {
		tr := &set.Trajectories[i]
		y0 := make([]float64, len(m.States))
		for j, name := range m.Names() {
			at := set.Index(name)
			if at < 0 {
				return nil, nil, &data.Error{Msg: fmt.Sprintf("the model's state %s is not among the columns", name)}
			}
			if y0[j] = tr.Values[at]; math.IsNaN(y0[j]) {
				return nil, nil, &data.Error{Column: name, Msg: fmt.Sprintf("the initial value of trajectory %q is missing", tr.Name), Remedy: "give the initial state with --y0"}
			}
		}
		out = append(out, start{name: tr.Name, t0: tr.Times[0], y0: y0, times: tr.Times})
	}
	return out, notes, nil
}
