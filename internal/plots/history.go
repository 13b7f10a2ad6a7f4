package plots

// HistoryData is what a picture of a training run shows: a value of each quantity for every epoch.
type HistoryData struct {
	Title    string
	Epoch    []float64
	Loss     []float64
	GradNorm []float64 // may be nil
	Held     []float64 // the loss on data that were held out; may be nil, and NaN in epochs without
	LossName string    // on the axis; "loss" if empty

	// Reference marks a loss to compare with, such as a published one; 0 means none.
	Reference     float64
	ReferenceName string
}

// History makes a figure of loss and gradient norm over epochs, both on logarithmic axes.
func History(d HistoryData) *Figure {
	name := d.LossName
	if name == "" {
		name = "loss"
	}
	loss := Panel{
		X:      Axis{Label: "epoch"},
		Y:      Axis{Label: name, Log: true},
		Series: []Series{{X: d.Epoch, Y: d.Loss, Style: Style{Color: Blue, Width: 1.1}}},
	}
	if d.Held != nil {
		loss.Series[0].Name = "training data"
		loss.Series = append(loss.Series, Series{Name: "held out", X: d.Epoch, Y: d.Held, Style: Style{Color: Vermillion, Width: 1.1}})
		joinGaps(&loss.Series[1])
	}
	if d.Reference > 0 {
		loss.Lines = []Line{{At: d.Reference, Label: d.ReferenceName}}
	}
	f := &Figure{Title: d.Title, Panels: [][]Panel{{loss}}}
	if d.GradNorm != nil {
		top := &f.Panels[0][0]
		top.X.Label, top.X.Bare = "", true
		f.Panels = append(f.Panels, []Panel{{
			X:      Axis{Label: "epoch"},
			Y:      Axis{Label: "gradient norm", Log: true},
			Series: []Series{{X: d.Epoch, Y: d.GradNorm, Style: Style{Color: Green, Width: 1.1}}},
		}})
	}
	return f
}

// joinGaps leaves out what is not a number, so that a line joins values which are not there for every epoch.
func joinGaps(s *Series) {
	var x, y []float64
	for k := range min(len(s.X), len(s.Y)) {
		if drawable(s.Y[k], true) {
			x, y = append(x, s.X[k]), append(y, s.Y[k])
		}
	}
	s.X, s.Y = x, y
}
