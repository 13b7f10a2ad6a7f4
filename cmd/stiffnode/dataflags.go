package main

import (
	"slices"
	"strings"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/train"
)

// dataFlags say what the columns of files mean, for every verb that reads some.
type dataFlags struct {
	Time       string   `help:"Time column, or its number in a file without header; the one that its name makes the time if not given." placeholder:"NAME"`
	States     []string `help:"Columns that are states; all others if not given." placeholder:"A,B"`
	Ignore     []string `help:"Columns left out." placeholder:"A,B"`
	Trajectory []string `help:"Columns that together name the trajectory of a row; trajectory if not given." placeholder:"A,B"`
	Long       []string `help:"The table is long: the column with the names of the states, and the one with their values." placeholder:"NAME,VALUE"`
	Wells      string   `help:"The columns are wells of a plate: trajectories of one state of this name." placeholder:"NAME"`
	Replicates bool     `help:"Rows of equal time are replicates, even where few times have two."`
}

func (f *dataFlags) options() data.ReadOptions {
	return data.ReadOptions{Time: f.Time, States: f.States, Ignore: f.Ignore, Trajectory: f.Trajectory, Long: f.Long, Wells: f.Wells, Replicates: f.Replicates}
}

// change gives a configuration what was asked for.
func (f *dataFlags) change(d *train.DataConfig) {
	for _, c := range []struct {
		to   *[]string
		from []string
	}{{&d.States, f.States}, {&d.Ignore, f.Ignore}, {&d.Trajectory, f.Trajectory}, {&d.Long, f.Long}} {
		if len(c.from) > 0 {
			*c.to = slices.Clone(c.from)
		}
	}
	if f.Time != "" {
		d.Time = f.Time
	}
	if f.Wells != "" {
		d.Wells = f.Wells
	}
	d.Replicates = d.Replicates || f.Replicates
}

// dataWords are options of reading as one writes them in a command, each with a blank before it.
func dataWords(o data.ReadOptions) string {
	var b strings.Builder
	for _, f := range []struct {
		flag  string
		names []string
	}{{"time", []string{o.Time}}, {"states", o.States}, {"ignore", o.Ignore}, {"trajectory", o.Trajectory}, {"long", o.Long}, {"wells", []string{o.Wells}}} {
		if names := strings.Join(f.names, ","); names != "" {
			b.WriteString(" --" + f.flag + " " + shellWord(names))
		}
	}
	if o.Replicates {
		b.WriteString(" --replicates")
	}
	return b.String()
}

// readFor reads data for a model: its states, in its units. It says how the files were read and what was converted, and returns the notes on the latter.
func (a *app) readFor(m *model.Model, files []string, flags *dataFlags) (*data.Set, []string, error) {
	opt := flags.options()
	if len(opt.States) == 0 && opt.Wells == "" {
		opt.States = m.Names()
	}
	set, err := data.ReadFilesContext(a.ctx, files, opt)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range set.Readings {
		for _, how := range r.Notes {
			a.say("note: %s: %s", r.File, how)
		}
	}
	notes, err := a.toUnits(m, set)
	if err != nil {
		return nil, nil, inFile(err, files[0])
	}
	return set, notes, nil
}
