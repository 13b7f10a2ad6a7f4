package plots

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"strings"
	"testing"

	"github.com/stiffnode/stiffnode/data"
)

// decaying has states that decay at different rates from different starts, at t = 0 and ten decades of time.
func decaying(states, trajectories int) *data.Set {
	s := &data.Set{TimeName: "time", TimeUnit: "s"}
	for j := range states {
		s.States, s.Units = append(s.States, fmt.Sprintf("y%d", j+1)), append(s.Units, "mol/L")
	}
	for k := range trajectories {
		tr := data.Trajectory{Name: fmt.Sprintf("run %d", k+1), Times: append([]float64{0}, data.LogSpace(1e-5, 1e5, 21)...)}
		for _, t := range tr.Times {
			for j := range states {
				tr.Values = append(tr.Values, float64(k+1)/(1+t*float64(j+1)))
			}
		}
		s.Trajectories = append(s.Trajectories, tr)
	}
	return s
}

// shown returns the series of a panel that have points in sight, by kind.
func shown(p *Panel) (discs, circles, lines []*Series) {
	for i := range p.Series {
		switch s := &p.Series[i]; {
		case s.Marker == Disc:
			discs = append(discs, s)
		case s.Marker == Circle:
			circles = append(circles, s)
		default:
			lines = append(lines, s)
		}
	}
	return discs, circles, lines
}

func TestFitShowsEveryState(t *testing.T) {
	for n := 1; n <= 33; n++ {
		f := Fit(FitData{Title: "fit", Train: decaying(n, 1), LogTime: true})
		var titles []string
		under := map[int]string{} // the label of the lowest panel of each column
		for _, row := range f.Panels {
			for k, p := range row {
				titles = append(titles, p.Title)
				under[k] = p.X.Label
				if !p.X.Log {
					t.Error("time is not logarithmic")
				}
			}
		}
		if len(titles) != min(n, maxPanels) || titles[0] != "y1 [mol/L]" || titles[len(titles)-1] != fmt.Sprintf("y%d [mol/L]", len(titles)) {
			t.Errorf("%d states: panels %q", n, titles)
		}
		for k, label := range under {
			if label != "time [s]" {
				t.Errorf("%d states: %q below column %d", n, label, k+1)
			}
		}
		if left := strings.Contains(f.Title, fmt.Sprintf("30 of %d states", n)); left != (n > maxPanels) {
			t.Errorf("%d states: title %q", n, f.Title)
		}
	}
}

func TestFitTellsHeldOutDataApart(t *testing.T) {
	all := decaying(2, 2)
	all.Trajectories[0].Values[4] = math.NaN()
	train, held, err := all.SplitTimes(4, 1)
	if err != nil {
		t.Fatal(err)
	}
	f := Fit(FitData{Train: train, Held: held, Model: all.Trajectories, LogValue: []bool{false, true}})
	discs, circles, lines := shown(&f.Panels[0][0])
	if len(discs) != 2 || len(circles) != 2 || len(lines) != 2 {
		t.Fatalf("%d, %d, %d series", len(discs), len(circles), len(lines))
	}
	for k := range discs {
		if len(discs[k].X)+len(circles[k].X) != len(all.Trajectories[k].Times) {
			t.Errorf("%d points and %d held out of %d", len(discs[k].X), len(circles[k].X), len(all.Trajectories[k].Times))
		}
		if discs[k].Color != circles[k].Color || discs[k].Color != lines[k].Color {
			t.Error("a trajectory has several colours")
		}
	}
	if discs[0].Color == discs[1].Color {
		t.Error("two trajectories have one colour")
	}
	if f.Panels[0][0].Y.Log || !f.Panels[0][1].Y.Log {
		t.Error("the wrong state has a logarithmic axis")
	}
	var names []string
	for _, k := range f.Key {
		names = append(names, k.Name)
	}
	if got := strings.Join(names, ", "); got != "data, held out, model, run 1, run 2" {
		t.Errorf("the legend says %s", got)
	}

	// A trajectory that was held out as a whole shows its initial row too.
	train, held, err = all.SplitTrajectories(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	f = Fit(FitData{Train: train, Held: held})
	_, circles, _ = shown(&f.Panels[0][0])
	if len(circles) != 1 || len(circles[0].X) != len(held.Trajectories[0].Times) {
		t.Errorf("%+v", circles)
	}
}

func TestFitColoursOfOneTrajectory(t *testing.T) {
	all := decaying(1, 1)
	train, held, err := all.SplitTimes(3, 1)
	if err != nil {
		t.Fatal(err)
	}
	f := Fit(FitData{Train: train, Held: held, Model: all.Trajectories})
	discs, circles, lines := shown(&f.Panels[0][0])
	seen := map[color.Color]bool{discs[0].Color: true, circles[0].Color: true, lines[0].Color: true}
	if len(seen) != 3 {
		t.Error("data, held-out data and model do not have a colour each")
	}
	for i, s := range []*Series{discs[0], circles[0], lines[0]} {
		if f.Key[i].Color != s.Color {
			t.Errorf("the legend has another colour for %s", f.Key[i].Name)
		}
	}
}

func TestFitOfManyTrajectories(t *testing.T) {
	for _, n := range []int{8, 9, 12, 13, 100} {
		s := decaying(1, n)
		f := Fit(FitData{Train: s, Model: s.Trajectories})
		discs, _, lines := shown(&f.Panels[0][0])
		if len(discs) != min(n, maxTrajectories) || len(lines) != len(discs) {
			t.Errorf("%d trajectories: %d are drawn, %d of the model", n, len(discs), len(lines))
		}
		colors := map[color.Color]bool{}
		for _, d := range discs {
			colors[d.Color] = true
		}
		if len(colors) != len(discs) {
			t.Errorf("%d trajectories in %d colours", len(discs), len(colors))
		}
		if named := len(f.Key) > 2; named != (n <= maxNamed) {
			t.Errorf("%d trajectories: %d names in the legend", n, len(f.Key))
		}
		if noted := strings.Contains(f.Title, fmt.Sprintf("12 of %d trajectories", n)); noted != (n > maxTrajectories) {
			t.Errorf("%d trajectories: title %q", n, f.Title)
		}
		if first, last := discs[0].Y[0], discs[len(discs)-1].Y[0]; first != 1 || last != float64(n) {
			t.Errorf("trajectories %g to %g of %d are drawn", first, last, n)
		}
	}
}

func TestFitAxesFollowTheData(t *testing.T) {
	s := decaying(1, 1) // values from about 0 to 1
	model := data.Trajectory{Name: "run 1", Times: []float64{1, 2, 3}, Values: []float64{0.5, 1e9, -1e300}}
	wild := Fit(FitData{Train: s, Model: []data.Trajectory{model}}).Panels[0][0].Y
	if !(wild.Min < -0.3 && wild.Min > -1 && wild.Max > 1.3 && wild.Max < 2) {
		t.Errorf("a model that blows up sets the axis from %g to %g", wild.Min, wild.Max)
	}
	model.Values = []float64{0.5, 1.2, 0}
	if near := Fit(FitData{Train: s, Model: []data.Trajectory{model}}).Panels[0][0].Y; !(near.Max > 1.2 && near.Max < 1.3) {
		t.Errorf("a model that reaches 1.2 sets the axis to %g", near.Max)
	}
	model.Values = []float64{0.5, 1e-200, 1e200}
	if log := Fit(FitData{Train: s, Model: []data.Trajectory{model}, LogValue: []bool{true}}).Panels[0][0].Y; !(log.Min > 1e-10 && log.Min < 1e-7 && log.Max > 100 && log.Max < 1e5) {
		t.Errorf("a model that blows up sets the logarithmic axis from %g to %g", log.Min, log.Max)
	}
}

func TestFitIsDrawnWhateverIsMissing(t *testing.T) {
	empty := decaying(3, 2)
	for k := range empty.Trajectories {
		for i := range empty.Trajectories[k].Values {
			empty.Trajectories[k].Values[i] = math.NaN()
		}
	}
	negative := decaying(3, 2)
	for k := range negative.Trajectories {
		for i := range negative.Trajectories[k].Values {
			negative.Trajectories[k].Values[i] *= -1
		}
	}
	short := data.Trajectory{Name: "run 1", Times: []float64{1, 2, 3}, Values: []float64{1, 2, 3, 4}}
	for _, s := range []*data.Set{empty, negative, {States: []string{"x"}}, {}} {
		for _, log := range []bool{false, true} {
			picture(t, Fit(FitData{Train: s, Held: s, Model: append([]data.Trajectory{short}, s.Trajectories...), LogTime: log, LogValue: []bool{log, log, log, log}}))
		}
	}
	f := Fit(FitData{Train: decaying(20, 3), LogTime: true})
	if !bytes.Equal(render(t, f, "png"), render(t, f, "png")) {
		t.Error("two pictures of the same fit differ")
	}
}

func TestHistory(t *testing.T) {
	d := HistoryData{Title: "run", Epoch: []float64{1, 2, 3, 4}, Loss: []float64{1, 0.1, math.NaN(), 0.01}, GradNorm: []float64{1, 10, math.Inf(1), 0}, Held: []float64{2, math.NaN(), math.NaN(), 0.02}, Reference: 0.0059, ReferenceName: "published"}
	f := History(d)
	if len(f.Panels) != 2 || !f.Panels[0][0].Y.Log || !f.Panels[1][0].Y.Log || len(f.Panels[0][0].Lines) != 1 || f.Panels[0][0].X.Label != "" || f.Panels[1][0].X.Label != "epoch" {
		t.Errorf("%+v", f)
	}
	if held := f.Panels[0][0].Series[1]; len(held.X) != 2 || held.X[1] != 4 {
		t.Errorf("the loss on data that were held out is not joined: %+v", held)
	}
	picture(t, f)
	d.GradNorm, d.Held, d.Reference = nil, nil, 0
	if f = History(d); len(f.Panels) != 1 || f.Panels[0][0].X.Label != "epoch" || len(f.Panels[0][0].Series) != 1 {
		t.Errorf("%+v", f)
	}
	picture(t, History(HistoryData{}))
}
