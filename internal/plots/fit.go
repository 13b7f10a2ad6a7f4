package plots

import (
	"fmt"
	"image/color"
	"math"

	"github.com/stiffnode/stiffnode/data"
)

// FitData is what a picture of a fit shows. All sets have the same states in the same order.
type FitData struct {
	Title string
	Train *data.Set         // drawn as discs
	Held  *data.Set         // data that were held out, drawn as open circles; may be nil
	Model []data.Trajectory // the model on dense times, by the trajectories' names, drawn as lines; may be empty

	LogTime  bool   // logarithmic time; rows at t ≤ 0 have no place on it and are left out
	LogValue []bool // which states have a logarithmic axis; nil: none. Values ≤ 0 are left out there
}

const (
	maxPanels       = 30
	maxTrajectories = 12 // that are drawn
	maxNamed        = 8  // that get a colour of their own and a name in the legend
)

// Fit makes a figure of every state over time, one panel for each (of the first 30 states).
//
// The axes follow the data, and the model for a little way: one that has blown up leaves the panel. Of more than 12
// trajectories, 12 are drawn, evenly chosen; more than 8 have colours in their order rather than one each. The title says what
// was left out.
func Fit(d FitData) *Figure {
	f := &Figure{Title: d.Title}
	names, colors := d.trajectories(f)
	states := d.Train.States
	if len(states) > maxPanels {
		f.addToTitle("%d of %d states", maxPanels, len(states))
		states = states[:maxPanels]
	}
	columns := fitColumns(len(states))
	for j := range states {
		if j%columns == 0 {
			f.Panels = append(f.Panels, nil)
		}
		p := d.panel(j, names, colors)
		if j+columns < len(states) {
			p.X.Label = "" // the panel below says it
		}
		row := &f.Panels[len(f.Panels)-1]
		*row = append(*row, p)
	}
	f.Key = d.key(names, colors)
	return f
}

func fitColumns(n int) int {
	switch {
	case n <= 3:
		return max(1, n)
	case n == 4:
		return 2
	case n <= 9:
		return 3
	case n <= 16:
		return 4
	case n <= 25:
		return 5
	}
	return 6
}

func (f *Figure) addToTitle(format string, args ...any) {
	note := fmt.Sprintf(format, args...)
	if f.Title == "" {
		f.Title = note
	} else {
		f.Title += " – " + note
	}
}

// trajectories chooses which are drawn, and in which colours.
func (d *FitData) trajectories(f *Figure) ([]string, map[string]color.Color) {
	var all []string
	seen := map[string]bool{}
	collect := func(trs []data.Trajectory) {
		for i := range trs {
			if name := trs[i].Name; !seen[name] {
				seen[name] = true
				all = append(all, name)
			}
		}
	}
	collect(d.Train.Trajectories)
	if d.Held != nil {
		collect(d.Held.Trajectories)
	}
	collect(d.Model)
	names := all
	if len(all) > maxTrajectories {
		f.addToTitle("%d of %d trajectories", maxTrajectories, len(all))
		names = nil
		for i := range maxTrajectories {
			names = append(names, all[i*(len(all)-1)/(maxTrajectories-1)])
		}
	}
	colors := map[string]color.Color{}
	for i, name := range names {
		switch {
		case len(names) > maxNamed:
			colors[name] = Sequence(i, len(names))
		default:
			colors[name] = Palette(i)
		}
	}
	return names, colors
}

// panel draws a state.
func (d *FitData) panel(j int, names []string, colors map[string]color.Color) Panel {
	p := Panel{
		Title: d.Train.Label(j),
		X:     Axis{Label: d.Train.TimeLabel(), Log: d.LogTime},
		Y:     Axis{Log: j < len(d.LogValue) && d.LogValue[j]},
	}
	n := len(d.Train.States)
	single := len(names) == 1
	size := 4.2
	if len(d.Train.States) > 9 {
		size = 3.4
	}
	observed, started := newSpan(), map[string]bool{}
	points := func(trs []data.Trajectory, held bool) (out []Series) {
		for i := range trs {
			tr := &trs[i]
			c, drawn := colors[tr.Name]
			if !drawn {
				continue
			}
			s := Series{Style: Style{Color: c, Dash: NoLine, Marker: Disc, Size: size}}
			if single {
				s.Color = Black
			}
			first := 0
			if held {
				s.Marker, s.Size = Circle, size+0.8
				if single {
					s.Color = Vermillion
				}
				if started[tr.Name] {
					first = 1 // both parts of a trajectory have its initial row
				}
			}
			started[tr.Name] = true
			s.X, s.Y = column(tr, j, n, first)
			for k, y := range s.Y {
				if drawable(y, p.Y.Log) && drawable(s.X[k], p.X.Log) {
					observed.add(y)
				}
			}
			out = append(out, s)
		}
		return out
	}
	train := points(d.Train.Trajectories, false)
	var held []Series
	if d.Held != nil {
		held = points(d.Held.Trajectories, true)
	}
	modelled := newSpan()
	for i := range d.Model {
		tr := &d.Model[i]
		c, drawn := colors[tr.Name]
		if !drawn {
			continue
		}
		if single {
			c = Blue
		}
		s := Series{Style: Style{Color: c, Width: 1.5}}
		s.X, s.Y = column(tr, j, n, 0)
		for k, y := range s.Y {
			if drawable(y, p.Y.Log) && drawable(s.X[k], p.X.Log) {
				modelled.add(y)
			}
		}
		p.Series = append(p.Series, s)
	}
	p.Y.Min, p.Y.Max = fitBounds(observed, modelled, p.Y.Log)
	p.Series = append(append(p.Series, train...), held...)
	return p
}

// column returns a state's values over time.
func column(tr *data.Trajectory, j, n, first int) (x, y []float64) {
	for i := first; i < len(tr.Times) && (i+1)*n <= len(tr.Values); i++ {
		x, y = append(x, tr.Times[i]), append(y, tr.Values[i*n+j])
	}
	return x, y
}

// fitBounds bounds a state's axis: by the data, and by the model as far as it stays within half their range of them, or three decades.
// NaN, NaN leaves it to the points.
func fitBounds(observed, modelled span, log bool) (lo, hi float64) {
	if observed.empty() {
		return math.NaN(), math.NaN()
	}
	frame := newScale(Axis{Log: log}, observed)
	reach := span{observed.lo - 0.5*(frame.hi-frame.lo), observed.hi + 0.5*(frame.hi-frame.lo)}
	if log {
		reach = span{observed.lo / 1e3, observed.hi * 1e3}
	}
	all := observed
	if !modelled.empty() {
		all.add(max(modelled.lo, reach.lo))
		all.add(min(modelled.hi, reach.hi))
	}
	if log && !(all.lo > 0) {
		all.lo = observed.lo
	}
	frame = newScale(Axis{Log: log}, all)
	return frame.lo, frame.hi
}

// key explains marks and colours.
func (d *FitData) key(names []string, colors map[string]color.Color) []Series {
	points, line, held := Black, Blue, Vermillion
	if len(names) > 1 {
		points, line, held = Grey, Grey, Grey
	}
	key := []Series{{Name: "data", Style: Style{Color: points, Dash: NoLine, Marker: Disc}}}
	if d.Held != nil {
		key = append(key, Series{Name: "held out", Style: Style{Color: held, Dash: NoLine, Marker: Circle}})
	}
	if len(d.Model) > 0 {
		key = append(key, Series{Name: "model", Style: Style{Color: line}})
	}
	if len(names) > 1 && len(names) <= maxNamed {
		for _, name := range names {
			key = append(key, Series{Name: name, Style: Style{Color: colors[name], Marker: Disc}})
		}
	}
	return key
}
